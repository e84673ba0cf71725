//! One node: what it knows, how old that is, and what it has asked.
//!
//! Written from the rules (docs/model.md), not from the code, so that the two can be compared.

use crate::bounds::{BOUND, Instant, Millis, Mutant, REMEMBERED_FOR, TOKEN_LIFE};
use crate::database::{Database, Position, Row, RowSet, Snapshot};

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Node {
    pub link: Link,
    /// Since when the database cannot be reached, for whichever reason.
    pub lost_at: Option<Instant>,
    pub phase: Phase,
    pub known: RowSet,
    pub confirmed_at: Option<Instant>,
    pub reads: Vec<Reading>,
    /// What the last step answered to a request that had to ask the database.
    pub answered: Option<Answered>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Link {
    Up,
    Cut,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Phase {
    Starting,
    Following { position: Position },
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Purpose {
    /// The node's own: a poll, a wake-up or a retry. It may ask at any instant and need not.
    Following,
    /// Of a request that found the node stale.
    Request,
}

/// A question on its way, with its answer once the database gave one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Reading {
    pub purpose: Purpose,
    pub asked_at: Instant,
    pub question: Question,
    pub answer: Option<Snapshot>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Question {
    WhereToStart,
    /// A page of rows; `settled` is what the first page of the pass said.
    Rows {
        after: Position,
        settled: Option<Position>,
    },
}

/// The whole of a request's judgement: `knows` decides for every token.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answered {
    Judged { asked_at: Instant, knows: RowSet },
    Unavailable,
}

/// What the database is, for a node that hears from it.
#[derive(Clone, Copy)]
pub struct Ledger<'a> {
    pub rows: &'a [Row],
    pub database: &'a Database,
    pub limit: usize,
    pub mutant: Option<Mutant>,
}

impl Node {
    pub fn starting() -> Self {
        Self {
            link: Link::Up,
            lost_at: None,
            phase: Phase::Starting,
            known: RowSet::default(),
            confirmed_at: None,
            reads: Vec::new(),
            answered: None,
        }
    }

    pub fn is_current(&self, now: Instant) -> bool {
        self.confirmed_at.is_some_and(|at| now.since(at) < BOUND && at.since(now) < BOUND)
    }

    pub fn ask(&mut self, purpose: Purpose, now: Instant) {
        self.reads.push(Reading {
            purpose,
            asked_at: now,
            question: self.question(),
            answer: None,
        });
    }

    /// Takes the answer of a read that has one.
    pub fn hear(&mut self, read: usize, now: Instant, ledger: Ledger<'_>) {
        let reading = self.reads.remove(read);
        let Some(snapshot) = reading.answer else { return };
        let next = match reading.question {
            Question::WhereToStart => self.start(&reading, snapshot, ledger),
            Question::Rows { after, settled } => {
                self.learn(reading.asked_at, (after, settled), snapshot, now, ledger)
            }
        };
        if let Some(question) = next {
            self.reads.push(Reading { question, answer: None, ..reading });
        } else if reading.purpose == Purpose::Request {
            let asked_at = reading.asked_at;
            self.answered = Some(if self.is_current(asked_at) {
                Answered::Judged { asked_at, knows: self.known }
            } else {
                Answered::Unavailable
            });
        }
    }

    /// A read that will not be answered; who waited for it gets no answer either.
    pub fn lose(&mut self, read: usize) {
        if self.reads.remove(read).purpose == Purpose::Request {
            self.answered = Some(Answered::Unavailable);
        }
    }

    /// Requests that have waited for as long as an answer may be old.
    pub fn give_up(&mut self, now: Instant) {
        let late = |reading: &Reading| {
            reading.purpose == Purpose::Request && now.since(reading.asked_at) >= BOUND
        };
        if self.reads.iter().any(late) {
            self.reads.retain(|reading| !late(reading));
            self.answered = Some(Answered::Unavailable);
        }
    }

    fn question(&self) -> Question {
        match self.phase {
            Phase::Starting => Question::WhereToStart,
            Phase::Following { position } => Question::Rows { after: position, settled: None },
        }
    }

    /// Just before the first young row, and not beyond what is settled.
    fn start(
        &mut self,
        reading: &Reading,
        snapshot: Snapshot,
        ledger: Ledger<'_>,
    ) -> Option<Question> {
        if self.phase == Phase::Starting {
            let window = ledger.unless(Mutant::ReadsBackTooLittle, REMEMBERED_FOR, TOKEN_LIFE / 3);
            let young = |row: &Row| ledger.age(row, reading.asked_at) <= window;
            let visible = || ledger.visible(snapshot.visible).map(|(_, row)| row);
            let first = visible().find(|row| young(row)).map(|row| row.position.before());
            let head = visible().last().map_or(Position::BEFORE_FIRST, |row| row.position);
            let start = first.unwrap_or(head);
            let within = start.min(snapshot.settled);
            let position = ledger.unless(Mutant::StartsBeyondTheSettled, within, start);
            self.phase = Phase::Following { position };
        }
        match reading.purpose {
            Purpose::Following => None,
            Purpose::Request => Some(self.question()),
        }
    }

    /// A page of rows: what is visible counts at once, the position waits for what is settled.
    fn learn(
        &mut self,
        asked_at: Instant,
        (after, settled): (Position, Option<Position>),
        snapshot: Snapshot,
        now: Instant,
        ledger: Ledger<'_>,
    ) -> Option<Question> {
        let Phase::Following { position } = self.phase else { return None };
        let first_said = settled.unwrap_or(snapshot.settled);
        let settled = ledger.unless(Mutant::SettlesByLastPage, first_said, snapshot.settled);
        let page: Vec<(usize, &Row)> = ledger
            .visible(snapshot.visible)
            .filter(|(_, row)| row.position > after)
            .take(ledger.limit)
            .collect();
        let mut reached = position;
        for (index, row) in page.iter().filter(|(_, row)| row.position > position) {
            self.known.insert(*index);
            if row.position <= settled || ledger.mutant == Some(Mutant::SkipsToGreatest) {
                reached = row.position;
            }
        }
        self.phase = Phase::Following { position: reached };
        self.forget(now, ledger);
        let full = page.len() >= ledger.limit;
        match page.last().filter(|_| full) {
            Some((_, last)) if ledger.mutant != Some(Mutant::ConfirmsBeforeTheEnd) => {
                Some(Question::Rows { after: last.position, settled: Some(settled) })
            }
            Some(_) | None => {
                self.confirmed_at = Some(ledger.unless(Mutant::ConfirmsOnArrival, asked_at, now));
                None
            }
        }
    }

    /// As early as it may be: the code does it now and then.
    fn forget(&mut self, now: Instant, ledger: Ledger<'_>) {
        let remembered = ledger.unless(Mutant::ForgetsTooEarly, REMEMBERED_FOR, TOKEN_LIFE / 3);
        for (index, row) in ledger.visible(self.known) {
            if ledger.age(row, now) >= remembered {
                self.known.remove(index);
            }
        }
    }
}

impl<'a> Ledger<'a> {
    /// The right thing, or in a world with this mutant the wrong one.
    fn unless<T>(self, mutant: Mutant, right: T, wrong: T) -> T {
        if self.mutant == Some(mutant) { wrong } else { right }
    }

    /// In ascending order.
    pub fn visible(self, rows: RowSet) -> impl Iterator<Item = (usize, &'a Row)> {
        self.rows.iter().enumerate().filter(move |(index, _)| rows.contains(*index))
    }

    fn age(self, row: &Row, now: Instant) -> Millis {
        self.database.at(row).map_or(0, |at| now.since(at))
    }
}
