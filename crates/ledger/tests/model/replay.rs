//! The steps of the model, taken by the real [`Follower`] and [`SecurityState`](ledger::SecurityState).
//!
//! The database is the model's; what stands between it and the follower does what
//! `node::SecurityView` does. After every step both must judge every token alike and stand at the
//! same position.

use std::fmt;
use std::time::Duration;

use identity_core::account::LockReason;
use identity_core::grant::RevocationReason;
use identity_core::id::TokenId;
use identity_core::relying_party::ACCESS_TOKEN_LIFE;
use identity_core::session::SessionEndReason;
use identity_core::{
    ClientId, EventId, EventKind, GrantId, SecurityEvent, SessionId, SubjectId, Timestamp,
};
use ledger::follower::CONFIRMED_WITHIN;
use ledger::security_state::REMEMBERED_FOR;
use ledger::{
    Action as Next, Follower, News, Read, RecordedEvent, Sequence, TokenFacts, Verdict, encode,
};
use stateright::Model;
use uuid::Uuid;

use crate::bounds::Instant;
use crate::database::{Database, Row};
use crate::node::{Answered, Phase, Purpose};
use crate::world::{Action, Answer, AtNode, State, World};

const START: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

/// Something between database and follower that is not as it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deviation {
    /// An answer is handed in for a question of the instant at which it arrived.
    StampsOnArrival,
    /// Whatever is visible is called settled.
    CallsAllSettled,
    /// The last row of an answer is dropped.
    DropsARow,
    /// Following begins at the head, whatever is young before it.
    StartsAtTheHead,
}

/// Where model and code part.
#[derive(Debug)]
pub struct Difference {
    pub about: &'static str,
    pub model: String,
    pub code: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { about, model, code } = self;
        write!(f, "{about}: the model says {model}, the code says {code}")
    }
}

/// How often the code judged what, over a whole replay.
#[derive(Clone, Copy, Default, Debug)]
pub struct Seen {
    pub active: u32,
    pub inactive: u32,
    pub unavailable: u32,
}

impl Seen {
    pub fn and(self, other: Self) -> Self {
        Self {
            active: self.active + other.active,
            inactive: self.inactive + other.inactive,
            unavailable: self.unavailable + other.unavailable,
        }
    }
}

pub struct Replay<'a> {
    world: &'a World,
    deviation: Option<Deviation>,
    state: State,
    nodes: Vec<Node>,
    pub seen: Seen,
}

struct Node {
    follower: Follower,
    reads: Vec<Reading>,
}

struct Reading {
    purpose: Purpose,
    asked_at: Instant,
    question: Question,
    answer: Option<Reply>,
}

enum Question {
    ReplayFrom(Timestamp),
    Rows(Read),
}

enum Reply {
    Start(Sequence),
    News(News),
}

impl<'a> Replay<'a> {
    pub fn new(world: &'a World, deviation: Option<Deviation>) -> Self {
        let state = world.initial();
        let nodes = state.nodes.iter().map(|_| Node::starting(state.now)).collect();
        Self { world, deviation, state, nodes, seen: Seen::default() }
    }

    /// Those that the model allows now.
    pub fn possible(&self) -> Vec<Action> {
        let mut actions = Vec::new();
        self.world.actions(&self.state, &mut actions);
        actions
    }

    /// Model and code take one step, and are compared.
    pub fn step(&mut self, action: Action) -> Result<(), Difference> {
        let Some(next) = self.world.next_state(&self.state, action) else { return Ok(()) };
        self.state = next;
        let now = self.state.now;
        match action {
            Action::Database(_) => {}
            Action::Pass => {
                for node in &mut self.nodes {
                    node.give_up(now);
                }
            }
            Action::Node { node, does } => {
                let database = Source { world: self.world, database: &self.state.database };
                let it = &mut self.nodes[node];
                let heard = it.does(does, now, database, self.deviation);
                self.compare_request(node, heard)?;
            }
        }
        self.compare()
    }

    fn compare(&mut self) -> Result<(), Difference> {
        let now = self.state.now;
        for (model, code) in self.state.nodes.iter().zip(&self.nodes) {
            let position = match model.phase {
                Phase::Starting => None,
                Phase::Following { position } => Some(Sequence(position.0)),
            };
            same("the position", &position, &code.follower.position())?;
            for (token, issued_at) in self.state.sealed.iter().enumerate() {
                let Some(issued_at) = issued_at.filter(|_| self.state.lives(token, now)) else {
                    continue;
                };
                let answer = code.answer(token, issued_at, now);
                match answer {
                    Answer::Active => self.seen.active += 1,
                    Answer::Inactive => self.seen.inactive += 1,
                    Answer::Unavailable => self.seen.unavailable += 1,
                }
                same("a token", &self.world.answer(&self.state, model, token), &answer)?;
            }
        }
        Ok(())
    }

    /// What a request that had to ask was told, with the instant it came at as its `now`.
    fn compare_request(&self, node: usize, heard: Option<Instant>) -> Result<(), Difference> {
        let Some(Answered::Judged { asked_at, knows }) = self.state.nodes[node].answered else {
            return Ok(());
        };
        same("the end of a request", &Some(asked_at), &heard)?;
        for (token, issued_at) in self.state.sealed.iter().enumerate() {
            let living = issued_at.filter(|_| self.state.lives(token, asked_at));
            let Some(issued_at) = living else { continue };
            let model = self.world.verdict(knows, token);
            let code = self.nodes[node].answer(token, issued_at, asked_at);
            same("a token that was asked for", &model, &code)?;
        }
        Ok(())
    }
}

impl Node {
    fn starting(now: Instant) -> Self {
        Self { follower: Follower::starting(on_clock(now)), reads: Vec::new() }
    }

    fn answer(&self, token: usize, issued_at: Instant, now: Instant) -> Answer {
        let Some(state) = self.follower.current(on_clock(now)) else { return Answer::Unavailable };
        let client = ClientId::parse("portal").expect("a client id");
        let facts = TokenFacts {
            token: TokenId::from_uuid(id(token)),
            subject: Some(SubjectId::from_uuid(id(token))),
            client: &client,
            session: Some(SessionId::from_uuid(id(token))),
            grant: Some(GrantId::from_uuid(id(token))),
            kid: "k-1",
            issued_at: on_clock(issued_at),
        };
        match state.judge(&facts) {
            Verdict::Stands => Answer::Active,
            Verdict::TakenBack(_) => Answer::Inactive,
        }
    }

    /// When the request came that this step told its answer, if it told one.
    fn does(
        &mut self,
        does: AtNode,
        now: Instant,
        source: Source<'_>,
        deviation: Option<Deviation>,
    ) -> Option<Instant> {
        let limit = source.world.bounds.limit;
        match does {
            AtNode::Ask(purpose) => self.ask(purpose, now, limit),
            AtNode::Serve { read } => {
                let reading = &mut self.reads[read];
                reading.answer = Some(source.reply(&reading.question, deviation));
            }
            AtNode::Deliver { read } => return self.hear(read, now, limit, deviation),
            AtNode::Lose { read } => {
                self.reads.remove(read);
                self.follower.on_read_failed(on_clock(now));
            }
            AtNode::Restart => *self = Self::starting(now),
            AtNode::Cut | AtNode::Heal => {}
        }
        None
    }

    /// As `SecurityView::follow` and `SecurityView::catch_up` ask.
    fn ask(&mut self, purpose: Purpose, asked_at: Instant, limit: usize) {
        let now = on_clock(asked_at);
        let rows = |read| Question::Rows(paged(read, limit));
        let question = match self.follower.tail(now) {
            Some(read) if purpose == Purpose::Request => rows(read),
            tail => {
                self.follower.on_wake(now);
                match (self.follower.next(now), tail) {
                    (Next::ReadFrom(read), _) | (Next::Wait(_), Some(read)) => rows(read),
                    (Next::ReplayFrom(from), _) => Question::ReplayFrom(from),
                    (Next::Wait(_), None) => Question::ReplayFrom(now.minus(REMEMBERED_FOR)),
                }
            }
        };
        self.reads.push(Reading { purpose, asked_at, question, answer: None });
    }

    fn hear(
        &mut self,
        read: usize,
        instant: Instant,
        limit: usize,
        deviation: Option<Deviation>,
    ) -> Option<Instant> {
        let Reading { purpose, asked_at, question, answer } = self.reads.remove(read);
        let now = on_clock(instant);
        let next = match (question, answer?) {
            (_, Reply::Start(after)) => {
                self.follower.on_replay_start(&[], after, now);
                let tail = self.follower.tail(on_clock(asked_at));
                tail.filter(|_| purpose == Purpose::Request).map(|tail| paged(tail, limit))
            }
            (Question::Rows(read), Reply::News(news)) => {
                let late = self.follower.tail(now).map(|tail| paged(tail, read.limit));
                let stamps = deviation == Some(Deviation::StampsOnArrival);
                let read = late.filter(|_| stamps).unwrap_or(read);
                self.follower.on_news(read, &news, now).ok()?
            }
            (Question::ReplayFrom(_), Reply::News(_)) => None,
        };
        match next {
            Some(read) => {
                let question = Question::Rows(read);
                self.reads.push(Reading { purpose, asked_at, question, answer: None });
                None
            }
            None => (purpose == Purpose::Request).then_some(asked_at),
        }
    }

    /// As a request's time-out does.
    fn give_up(&mut self, now: Instant) {
        self.reads.retain(|reading| {
            let waited = on_clock(now).since(on_clock(reading.asked_at));
            reading.purpose == Purpose::Following || waited < CONFIRMED_WITHIN
        });
    }
}

/// The model's database, as an adapter answers for it.
#[derive(Clone, Copy)]
struct Source<'a> {
    world: &'a World,
    database: &'a Database,
}

impl Source<'_> {
    fn reply(self, question: &Question, deviation: Option<Deviation>) -> Reply {
        match question {
            Question::ReplayFrom(from) => Reply::Start(self.start(*from, deviation)),
            Question::Rows(read) => Reply::News(self.news(*read, deviation)),
        }
    }

    fn committed(self) -> impl Iterator<Item = RecordedEvent> {
        let rows = self.world.rows.iter();
        rows.filter_map(move |row| self.database.at(row).map(|at| recorded(row, at)))
    }

    fn settled(self) -> Sequence {
        Sequence(self.database.snapshot(&self.world.rows).settled.0)
    }

    fn head(self) -> Sequence {
        self.committed().last().map_or(Sequence::BEFORE_FIRST, |row| row.sequence())
    }

    fn start(self, from: Timestamp, deviation: Option<Deviation>) -> Sequence {
        let young = self.committed().find(|row| row.event().at >= from);
        let before = young.filter(|_| deviation != Some(Deviation::StartsAtTheHead));
        let start = before.map_or(self.head(), |row| Sequence(row.sequence().0 - 1));
        start.min(self.settled())
    }

    fn news(self, read: Read, deviation: Option<Deviation>) -> News {
        let after = self.committed().filter(|row| row.sequence() > read.after);
        let mut events: Vec<_> = after.take(read.limit).collect();
        if deviation == Some(Deviation::DropsARow) {
            events.pop();
        }
        let calls_all_settled = deviation == Some(Deviation::CallsAllSettled);
        let settled = if calls_all_settled { self.head() } else { self.settled() };
        News { events, settled, head: self.head() }
    }
}

/// Pages as small as the model's.
fn paged(mut read: Read, limit: usize) -> Read {
    read.limit = limit;
    read
}

fn same<T: PartialEq + fmt::Debug>(
    about: &'static str,
    model: &T,
    code: &T,
) -> Result<(), Difference> {
    if model == code {
        return Ok(());
    }
    Err(Difference { about, model: format!("{model:?}"), code: format!("{code:?}") })
}

fn on_clock(instant: Instant) -> Timestamp {
    START.plus(Duration::from_millis(instant.0.into()))
}

fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128)
}

/// Each token is taken back in a way of its own.
fn recorded(row: &Row, at: Instant) -> RecordedEvent {
    let at = on_clock(at);
    let kind = match row.token {
        0 => EventKind::GrantRevoked {
            grant: GrantId::from_uuid(id(0)),
            reason: RevocationReason::ByClient,
        },
        1 => EventKind::AccountLocked { reason: LockReason::HolderRequest },
        2 => EventKind::SessionEnded {
            session: SessionId::from_uuid(id(2)),
            reason: SessionEndReason::LoggedOut,
        },
        token => EventKind::AccessTokenRevoked {
            token: TokenId::from_uuid(id(token)),
            expires_at: at.plus(ACCESS_TOKEN_LIFE),
        },
    };
    let event = SecurityEvent {
        id: EventId::from_uuid(Uuid::from_u128(row.position.0.into())),
        at,
        subject: Some(SubjectId::from_uuid(id(row.token))),
        client: None,
        kind,
    };
    let leaf = encode(&event).expect("the event is complete");
    RecordedEvent::read(Sequence(row.position.0), leaf).expect("what was written can be read")
}
