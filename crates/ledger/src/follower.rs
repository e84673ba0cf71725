//! Keeps one [`SecurityState`] up to date with the ledger, without doing any I/O itself.
//!
//! Whoever drives it asks [`Follower::next`] what to do, does it, and reports what came of it:
//!
//! ```text
//!  next(now) ─┬─ ReplayFrom(instant) ── find the start ── on_replay_start ─┐
//!             ├─ ReadFrom(read) ─────── read rows ─────── on_news ─────────┼─> next(now)
//!             └─ Wait(duration) ─────── sleep, or ─────── on_wake ─────────┘
//!                  on_news hands out another read while there is more to come
//!                  a read that failed: on_read_failed; it is asked for again, later each time
//! ```
//!
//! **No row is skipped, however commits interleave.** A database that lets transactions run side by
//! side shows rows out of order: one with a smaller sequence may appear later. Every answer therefore
//! says up to where it is *settled*. Rows beyond that are applied at once, so that the state knows all
//! that was committed, but the position stays behind them: they are read again, in order, until
//! nothing can appear before them any more.
//!
//! **Staleness is bounded.** The state is current only while the ledger's head was confirmed less
//! than [`CONFIRMED_WITHIN`] ago, counted from when the read was *asked for*: a slow answer is an
//! old answer. [`Follower::current`] hands out the state only then. A node that finds it stale takes
//! [`Follower::tail`], reads that for the request at hand, reports it by [`Follower::on_news`] and
//! looks again; if it cannot, it answers 503, never "active".
//!
//! Follower and state sit behind one lock together, so nobody judges by a state without its age.

use std::time::Duration;

use identity_core::Timestamp;

use crate::recorded::{RecordedEvent, Sequence};
use crate::security_state::{REMEMBERED_FOR, SecurityState};

/// A head confirmed longer ago than this is not trusted.
pub const CONFIRMED_WITHIN: Duration = Duration::from_secs(1);
/// Between two reads of a quiet ledger: several fit into [`CONFIRMED_WITHIN`], so one may get lost.
const POLL: Duration = Duration::from_millis(200);
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(1);
const FORGET_EVERY: Duration = Duration::from_secs(30);
const BATCH: usize = 1000;

/// What to do next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Find where to start: the position just before the first row younger than this instant (the
    /// head if there is none), and the events whose effect stands for longer: suspensions of
    /// clients that are suspended, and compromised keys. Report by [`Follower::on_replay_start`].
    ReplayFrom(Timestamp),
    /// Read rows. Report by [`Follower::on_news`].
    ReadFrom(Read),
    /// Nothing to do for so long, unless a wake-up comes.
    Wait(Duration),
}

/// One read of the ledger; handed back with its answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Read {
    /// Rows with a greater sequence, in ascending order, …
    pub after: Sequence,
    /// … at most so many.
    pub limit: usize,
    pass: Pass,
}

/// Reads that follow each other until there is no more to come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Pass {
    /// Where it began.
    from: Sequence,
    /// Nothing its answers say may be taken for younger than this.
    asked_at: Timestamp,
    /// As its first answer said: what settled while it went on may lie behind it.
    settled: Option<Sequence>,
}

/// The answer to a [`Read`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct News {
    /// Every row visible after the position asked for, in ascending order, up to the limit.
    pub events: Vec<RecordedEvent>,
    /// No row at or before this will appear from now on.
    pub settled: Sequence,
    /// The greatest sequence visible; zero when empty.
    pub head: Sequence,
}

impl News {
    /// From a ledger whose order is commit order. `head` was read before `events`.
    pub fn in_commit_order(events: Vec<RecordedEvent>, head: Sequence) -> Self {
        let head = head.max(events.last().map_or(head, RecordedEvent::sequence));
        Self { events, settled: head, head }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Freshness {
    Current,
    /// Last confirmed at `since`, or never and started then.
    Stale {
        since: Timestamp,
    },
}

/// Why an answer was not used. The follower carries on by itself; these are for the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NewsRefusal {
    #[error("the ledger answered rows that are not in ascending order after {after}")]
    OutOfOrder { after: Sequence },
    /// The database lost rows that were read before, by a restored backup or a failover (ATK-135).
    /// What was taken back stays so; the ledger is replayed and the state stale until then.
    #[error("the ledger's head went back from {seen} to {head}")]
    WentBack { seen: Sequence, head: Sequence },
    #[error("the follower is looking for its start")]
    Starting,
}

#[derive(Debug)]
pub struct Follower {
    state: SecurityState,
    phase: Phase,
    due: Due,
    /// In a row.
    failures: u32,
    confirmed_at: Option<Timestamp>,
    started_at: Timestamp,
    forgot_at: Timestamp,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Starting,
    Following { position: Sequence },
}

/// When to act next, as a delay from an instant: a clock that is set back makes it due, instead of
/// putting it off by as much as the clock jumped.
#[derive(Clone, Copy, Debug)]
struct Due {
    from: Timestamp,
    delay: Duration,
}

impl Due {
    fn remaining(self, now: Timestamp) -> Duration {
        if now < self.from {
            Duration::ZERO
        } else {
            self.delay.saturating_sub(now.since(self.from))
        }
    }
}

impl Follower {
    pub fn starting(now: Timestamp) -> Self {
        Self {
            state: SecurityState::new(),
            phase: Phase::Starting,
            due: Due { from: now, delay: Duration::ZERO },
            failures: 0,
            confirmed_at: None,
            started_at: now,
            forgot_at: now,
        }
    }

    /// What to do now. A read that is not answered within the poll interval is asked for again.
    pub fn next(&mut self, now: Timestamp) -> Action {
        let remaining = self.due.remaining(now);
        if !remaining.is_zero() {
            return Action::Wait(remaining);
        }
        self.due = Due { from: now, delay: POLL };
        match self.phase {
            Phase::Starting => Action::ReplayFrom(now.minus(REMEMBERED_FOR)),
            Phase::Following { position } => Action::ReadFrom(read_after(position, now)),
        }
    }

    /// A read out of turn, for a request that finds the state stale; none while starting.
    pub fn tail(&self, now: Timestamp) -> Option<Read> {
        match self.phase {
            Phase::Starting => None,
            Phase::Following { position } => Some(read_after(position, now)),
        }
    }

    /// The start was found: `standing` in ledger order, following begins after `after`.
    pub fn on_replay_start(&mut self, standing: &[RecordedEvent], after: Sequence, now: Timestamp) {
        match self.phase {
            Phase::Starting => {
                for event in standing {
                    self.state.apply(event);
                }
                self.phase = Phase::Following { position: after };
                self.succeeded(now, Duration::ZERO);
            }
            // A second answer to the same question: the first one was as good.
            Phase::Following { .. } => {}
        }
    }

    /// Rows were read. Answers may overlap and come late. The read to go on with, if there is more.
    pub fn on_news(
        &mut self,
        read: Read,
        news: &News,
        now: Timestamp,
    ) -> Result<Option<Read>, NewsRefusal> {
        let Phase::Following { position } = self.phase else {
            return Err(NewsRefusal::Starting);
        };
        if news.head < read.pass.from {
            self.phase = Phase::Starting;
            self.confirmed_at = None;
            self.on_read_failed(now);
            return Err(NewsRefusal::WentBack { seen: read.pass.from, head: news.head });
        }
        // `position < from`: the question is from before a replay that began further back.
        if position < read.pass.from || !ascending(read.after, &news.events) {
            self.on_read_failed(now);
            return Err(NewsRefusal::OutOfOrder { after: read.after });
        }
        let settled = read.pass.settled.unwrap_or(news.settled);
        let mut reached = position;
        for event in news.events.iter().filter(|event| event.sequence() > position) {
            self.state.apply(event);
            if event.sequence() <= settled {
                reached = event.sequence();
            }
        }
        self.phase = Phase::Following { position: reached };
        self.forget_now_and_then(now);
        let last = news.events.last().filter(|_| news.events.len() >= read.limit);
        if let Some(last) = last {
            let pass = Pass { settled: Some(settled), ..read.pass };
            return Ok(Some(Read { after: last.sequence(), pass, ..read }));
        }
        self.confirmed_at = Some(read.pass.asked_at);
        // A wake-up that came during the read leaves the next one due.
        self.succeeded(now, self.due.remaining(now).min(POLL));
        Ok(None)
    }

    /// Neither answer came. Asked again soon, then ever later, up to a second.
    pub fn on_read_failed(&mut self, now: Timestamp) {
        let delay =
            FIRST_RETRY.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures = self.failures.saturating_add(1);
        self.due = Due { from: now, delay: delay.min(LAST_RETRY) };
    }

    /// Somebody says that there is news: a hint, not needed for correctness. A ledger that cannot
    /// be read is not asked more often for it.
    pub fn on_wake(&mut self, now: Timestamp) {
        if self.failures == 0 {
            self.due = Due { from: now, delay: Duration::ZERO };
        }
    }

    /// A clock that went back by more than a moment makes the state stale as well: how old the last
    /// confirmation is can then not be told (L13).
    pub fn freshness(&self, now: Timestamp) -> Freshness {
        match self.confirmed_at {
            Some(at) if now.since(at) < CONFIRMED_WITHIN && at.since(now) < CONFIRMED_WITHIN => {
                Freshness::Current
            }
            Some(at) => Freshness::Stale { since: at },
            None => Freshness::Stale { since: self.started_at },
        }
    }

    /// The state, if it may be judged by.
    pub fn current(&self, now: Timestamp) -> Option<&SecurityState> {
        match self.freshness(now) {
            Freshness::Current => Some(&self.state),
            Freshness::Stale { .. } => None,
        }
    }

    /// When the question was asked whose answer last confirmed the head.
    pub fn confirmed_at(&self) -> Option<Timestamp> {
        self.confirmed_at
    }

    /// The last row up to which nothing can appear any more.
    pub fn position(&self) -> Option<Sequence> {
        match self.phase {
            Phase::Starting => None,
            Phase::Following { position } => Some(position),
        }
    }

    /// How many take-backs are remembered.
    pub fn remembered(&self) -> usize {
        self.state.len()
    }

    fn succeeded(&mut self, now: Timestamp, delay: Duration) {
        self.failures = 0;
        self.due = Due { from: now, delay };
    }

    fn forget_now_and_then(&mut self, now: Timestamp) {
        let elapsed = now.since(self.forgot_at);
        if elapsed >= FORGET_EVERY || now < self.forgot_at {
            self.state.forget_before(now);
            self.forgot_at = now;
        }
    }
}

fn read_after(after: Sequence, now: Timestamp) -> Read {
    Read { after, limit: BATCH, pass: Pass { from: after, asked_at: now, settled: None } }
}

fn ascending(after: Sequence, events: &[RecordedEvent]) -> bool {
    let mut last = after;
    events.iter().all(|event| {
        let follows = event.sequence() > last;
        last = event.sequence();
        follows
    })
}

#[cfg(test)]
mod tests;
