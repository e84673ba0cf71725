use identity_core::account::LockReason;
use identity_core::grant::RevocationReason;
use identity_core::session::SessionEndReason;
use identity_core::{ClientId, EventKind, SecurityEvent};
use proptest::prelude::*;

use super::*;
use crate::security_state::{TokenFacts, Verdict};
use crate::testing::{authenticator, client, event, grant, record, session, subject, token};

const START: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

/// A ledger as a database would answer for it, with the instant each row was committed at.
#[derive(Default)]
struct Ledger {
    rows: Vec<(Timestamp, RecordedEvent)>,
}

impl Ledger {
    /// `gap` positions are lost to transactions that were rolled back.
    fn append(&mut self, event: SecurityEvent, gap: u64) {
        let sequence = self.head().0 + 1 + gap;
        self.rows.push((event.at, record(sequence, event)));
    }

    fn head(&self) -> Sequence {
        self.rows.last().map_or(Sequence::BEFORE_FIRST, |(_, row)| row.sequence())
    }

    fn after(&self, after: Sequence, limit: usize) -> Vec<RecordedEvent> {
        let rows = self.rows.iter().map(|(_, row)| row);
        rows.filter(|row| row.sequence() > after).take(limit).cloned().collect()
    }

    fn news(&self, read: Read) -> News {
        News::in_commit_order(self.after(read.after, read.limit), self.head())
    }

    fn find_start(&self, horizon: Timestamp) -> (Vec<RecordedEvent>, Sequence) {
        let old = self.rows.iter().take_while(|(at, _)| *at < horizon);
        let after = old.map(|(_, row)| row.sequence()).last().unwrap_or(Sequence::BEFORE_FIRST);
        let rows = || self.rows.iter().map(|(_, row)| row);
        let standing = rows().filter(|row| match row.event().kind {
            EventKind::KeyCompromised { .. } => true,
            EventKind::ClientSuspended => !rows().any(|later| {
                later.sequence() > row.sequence()
                    && later.event().kind == EventKind::ClientReinstated
                    && later.event().client == row.event().client
            }),
            _ => false,
        });
        (standing.cloned().collect(), after)
    }

    /// What a node knows that saw everything.
    fn state(&self, now: Timestamp) -> SecurityState {
        let mut state = SecurityState::new();
        for (_, row) in &self.rows {
            state.apply(row);
        }
        state.forget_before(now);
        state
    }
}

fn follow(follower: &mut Follower, ledger: &Ledger, now: Timestamp) {
    for _ in 0..100_000 {
        match follower.next(now) {
            Action::ReplayFrom(horizon) => {
                let (standing, after) = ledger.find_start(horizon);
                follower.on_replay_start(&standing, after, now);
            }
            Action::ReadFrom(read) => {
                let mut next = Some(Read { limit: 3, ..read });
                while let Some(read) = next {
                    next = follower.on_news(read, &ledger.news(read), now).unwrap();
                }
            }
            Action::Wait(_) => return,
        }
    }
    panic!("the follower never comes to rest");
}

fn caught_up(ledger: &Ledger) -> Follower {
    let mut follower = Follower::starting(START);
    follow(&mut follower, ledger, START);
    follower
}

fn nothing_new(head: Sequence) -> News {
    News::in_commit_order(Vec::new(), head)
}

fn read_of(action: Action) -> Read {
    match action {
        Action::ReadFrom(read) => read,
        other => panic!("expected a read, not {other:?}"),
    }
}

fn facts() -> TokenFacts<'static> {
    static PORTAL: std::sync::LazyLock<ClientId> = std::sync::LazyLock::new(|| client(0));
    TokenFacts {
        token: token(0),
        subject: None,
        client: &PORTAL,
        session: None,
        grant: None,
        kid: "k-0",
        issued_at: START,
    }
}

fn three_rows() -> Ledger {
    let mut ledger = Ledger::default();
    for _ in 0..3 {
        ledger.append(event(START, EventKind::ClientSuspended), 0);
    }
    ledger
}

#[test]
fn an_empty_ledger_is_current_after_the_first_read() {
    let mut follower = Follower::starting(START);
    assert_eq!(follower.freshness(START), Freshness::Stale { since: START });
    assert!(follower.current(START).is_none() && follower.tail(START).is_none());
    follow(&mut follower, &Ledger::default(), START);
    assert_eq!(follower.freshness(START), Freshness::Current);
}

#[test]
fn a_confirmation_counts_from_the_question_not_from_the_answer() {
    let ledger = three_rows();
    let mut follower = caught_up(&ledger);
    let asked = START.plus(POLL);
    let read = read_of(follower.next(asked));
    let answered = asked.plus(Duration::from_millis(900));
    follower.on_news(read, &nothing_new(ledger.head()), answered).unwrap();
    assert_eq!(follower.freshness(answered), Freshness::Current);
    let then = asked.plus(CONFIRMED_WITHIN);
    assert_eq!(follower.freshness(then), Freshness::Stale { since: asked });
    assert!(follower.current(then).is_none());
}

#[test]
fn rows_that_may_still_be_preceded_count_at_once_and_are_read_again() {
    // Design §4: a transaction that began earlier holds back what is settled.
    let mut follower = caught_up(&Ledger::default());
    let late = record(5, event(START, EventKind::ClientReinstated));
    let early = record(4, event(START, EventKind::ClientSuspended));
    let mut now = START.plus(POLL);
    let unsettled = News { events: vec![late.clone()], settled: Sequence(3), head: Sequence(5) };
    let read = read_of(follower.next(now));
    assert_eq!(follower.on_news(read, &unsettled, now).unwrap(), None);
    assert_eq!(follower.position(), Some(Sequence::BEFORE_FIRST));
    assert_eq!((follower.remembered(), follower.freshness(now)), (1, Freshness::Current));

    now = now.plus(POLL);
    let settled = News::in_commit_order(vec![early, late], Sequence(5));
    let read = read_of(follower.next(now));
    follower.on_news(read, &settled, now).unwrap();
    assert_eq!(follower.position(), Some(Sequence(5)));
    let facts = TokenFacts { issued_at: now, ..facts() };
    assert_eq!(follower.current(now).unwrap().judge(&facts), Verdict::Stands);
}

#[test]
fn what_settles_between_two_pages_is_read_in_the_next_pass() {
    let mut follower = caught_up(&Ledger::default());
    let now = START.plus(POLL);
    let read = Read { limit: 1, ..read_of(follower.next(now)) };
    let row = |sequence| record(sequence, event(START, EventKind::ClientSuspended));
    let first = News { events: vec![row(7)], settled: Sequence(3), head: Sequence(7) };
    let read = follower.on_news(read, &first, now).unwrap().unwrap();
    assert!(follower.current(now.plus(CONFIRMED_WITHIN)).is_none(), "there is more to come");
    // Row 5 was committed in between; everything is settled now, but this pass went past it.
    let second = News { events: Vec::new(), settled: Sequence(7), head: Sequence(7) };
    assert_eq!(follower.on_news(read, &second, now).unwrap(), None);
    assert_eq!(follower.position(), Some(Sequence::BEFORE_FIRST));
}

#[test]
fn failures_are_retried_ever_more_slowly_and_a_wake_up_does_not_hurry_them() {
    let mut follower = caught_up(&Ledger::default());
    let mut now = START.plus(POLL);
    for expected in [100, 200, 400, 800, 1000, 1000] {
        let read = read_of(follower.next(now));
        assert_eq!(read.after, Sequence::BEFORE_FIRST);
        follower.on_read_failed(now);
        follower.on_wake(now);
        let delay = Duration::from_millis(expected);
        assert_eq!(follower.next(now), Action::Wait(delay));
        now = now.plus(delay);
    }
    follower.failures = u32::MAX;
    follower.on_read_failed(now);
    assert_eq!(follower.next(now), Action::Wait(LAST_RETRY));
}

#[test]
fn a_wake_up_is_acted_on_at_once_also_when_it_comes_during_a_read() {
    let ledger = three_rows();
    let mut follower = caught_up(&ledger);
    assert!(matches!(follower.next(START), Action::Wait(_)));
    follower.on_wake(START);
    let read = read_of(follower.next(START));
    follower.on_wake(START);
    follower.on_news(read, &nothing_new(ledger.head()), START).unwrap();
    assert_eq!(read_of(follower.next(START)).after, ledger.head());
}

#[test]
fn rows_out_of_order_are_refused_whole() {
    let ledger = three_rows();
    let mut follower = caught_up(&Ledger::default());
    let read = follower.tail(START).unwrap();
    let mut news = ledger.news(read);
    news.events.swap(1, 2);
    let refusal = follower.on_news(read, &news, START);
    assert_eq!(refusal, Err(NewsRefusal::OutOfOrder { after: read.after }));
    assert_eq!((follower.position(), follower.remembered()), (Some(read.after), 0));
}

#[test]
fn a_ledger_that_lost_rows_is_replayed_and_nothing_taken_back_comes_to_life() {
    // ATK-135: the database was rolled back.
    let mut ledger = three_rows();
    ledger.append(event(START, EventKind::DeathRecorded), 0);
    let mut follower = caught_up(&ledger);
    ledger.rows.pop();
    let now = START.plus(POLL);
    let read = read_of(follower.next(now));
    assert_eq!(
        follower.on_news(read, &nothing_new(ledger.head()), now),
        Err(NewsRefusal::WentBack { seen: Sequence(4), head: Sequence(3) })
    );
    assert!(follower.current(now).is_none());
    let later = now.plus(FIRST_RETRY);
    follow(&mut follower, &ledger, later);
    assert_eq!(follower.remembered(), 2, "the suspension, and the death that the ledger lost");
    assert!(follower.current(later).is_some());
}

#[test]
fn a_clock_set_back_makes_the_state_stale_and_the_next_read_due() {
    let mut follower = caught_up(&Ledger::default());
    let earlier = START.minus(Duration::from_hours(1));
    assert_eq!(follower.freshness(earlier), Freshness::Stale { since: START });
    let read = read_of(follower.next(earlier));
    follower.on_news(read, &nothing_new(Sequence::BEFORE_FIRST), earlier).unwrap();
    assert_eq!(follower.freshness(earlier), Freshness::Current);
    // Requests read their own `now` a moment before the follower did.
    assert!(follower.current(earlier.minus(Duration::from_millis(5))).is_some());
}

#[derive(Clone, Debug)]
enum Step {
    Append {
        kind: EventKind,
        person: u8,
        portal: u8,
        gap: u64,
    },
    Pass(Duration),
    /// Ask what to do; a read is answered from the ledger as it is now, but later.
    Ask,
    /// The tail for a request that finds the state stale.
    AskOutOfTurn,
    Answer(usize),
    Fail(usize),
    Wake,
    Restart,
}

fn kinds() -> impl Strategy<Value = EventKind> {
    let number = 0_u8..3;
    number.prop_flat_map(|number| {
        prop_oneof![
            Just(EventKind::AccountLocked { reason: LockReason::HolderRequest }),
            Just(EventKind::AccountUnlocked),
            Just(EventKind::DeathRecorded),
            Just(EventKind::ConsentWithdrawn),
            Just(EventKind::ClientSuspended),
            Just(EventKind::ClientReinstated),
            Just(EventKind::ClientRegistered),
            Just(EventKind::PasswordChanged { authenticator: authenticator(number) }),
            Just(EventKind::KeyCompromised { kid: format!("k-{number}") }),
            Just(EventKind::SessionEnded {
                session: session(number),
                reason: SessionEndReason::LoggedOut,
            }),
            Just(EventKind::GrantRevoked {
                grant: grant(number),
                reason: RevocationReason::ByClient,
            }),
            Just(EventKind::AccessTokenRevoked {
                token: token(number),
                expires_at: START.plus(Duration::from_mins(10)),
            }),
        ]
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let append = (kinds(), 0_u8..3, 0_u8..2, 0_u64..3)
        .prop_map(|(kind, person, portal, gap)| Step::Append { kind, person, portal, gap });
    let step = prop_oneof![
        8 => append,
        6 => (0_u64..700).prop_map(|millis| Step::Pass(Duration::from_millis(millis))),
        1 => (0_u64..20).prop_map(|minutes| Step::Pass(Duration::from_mins(minutes))),
        8 => Just(Step::Ask),
        2 => Just(Step::AskOutOfTurn),
        8 => (0_usize..4).prop_map(Step::Answer),
        2 => (0_usize..4).prop_map(Step::Fail),
        2 => Just(Step::Wake),
        1 => Just(Step::Restart),
    ];
    proptest::collection::vec(step, 1..120)
}

/// An answer on its way.
enum Answer {
    Start(Vec<RecordedEvent>, Sequence),
    Rows(Read, News),
}

struct World {
    now: Timestamp,
    ledger: Ledger,
    follower: Follower,
    under_way: Vec<Answer>,
}

impl World {
    fn new() -> Self {
        let follower = Follower::starting(START);
        Self { now: START, ledger: Ledger::default(), follower, under_way: Vec::new() }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Append { kind, person, portal, gap } => {
                let mut event = event(self.now, kind);
                (event.subject, event.client) = (Some(subject(person)), Some(client(portal)));
                self.ledger.append(event, gap);
            }
            Step::Pass(duration) => self.now = self.now.plus(duration),
            Step::Ask => match self.follower.next(self.now) {
                Action::ReplayFrom(horizon) => {
                    let (standing, after) = self.ledger.find_start(horizon);
                    self.under_way.push(Answer::Start(standing, after));
                }
                Action::ReadFrom(read) => self.read(read),
                Action::Wait(delay) => assert!(!delay.is_zero() && delay <= LAST_RETRY),
            },
            Step::AskOutOfTurn => {
                if let Some(read) = self.follower.tail(self.now) {
                    self.read(read);
                }
            }
            Step::Answer(which) if which < self.under_way.len() => {
                match self.under_way.remove(which) {
                    Answer::Start(standing, after) => {
                        self.follower.on_replay_start(&standing, after, self.now);
                    }
                    Answer::Rows(read, news) => {
                        if let Some(next) = self.follower.on_news(read, &news, self.now).unwrap() {
                            self.read(next);
                        }
                    }
                }
            }
            Step::Fail(which) if which < self.under_way.len() => {
                self.under_way.remove(which);
                self.follower.on_read_failed(self.now);
            }
            Step::Answer(_) | Step::Fail(_) => {}
            Step::Wake => self.follower.on_wake(self.now),
            Step::Restart => {
                self.follower = Follower::starting(self.now);
                self.under_way.clear();
            }
        }
    }

    fn read(&mut self, read: Read) {
        let read = Read { limit: 3, ..read };
        self.under_way.push(Answer::Rows(read, self.ledger.news(read)));
    }

    /// Whoever is called current has seen every row that was committed a second ago or earlier.
    fn assert_staleness_is_bounded(&self) {
        if self.follower.freshness(self.now) == Freshness::Current {
            let bound = self.now.minus(CONFIRMED_WITHIN);
            let due = self.ledger.rows.iter().rev().find(|(at, _)| *at <= bound);
            let due = due.map_or(Sequence::BEFORE_FIRST, |(_, row)| row.sequence());
            assert!(self.follower.position().unwrap() >= due);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn however_reads_fail_and_interleave_the_state_is_that_of_all_events_in_order(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.take(step);
            world.assert_staleness_is_bounded();
        }
        let World { now, ledger, mut follower, .. } = world;
        let now = now.plus(LAST_RETRY);
        follow(&mut follower, &ledger, now);
        prop_assert_eq!(follower.freshness(now), Freshness::Current);
        follower.state.forget_before(now);
        prop_assert_eq!(&follower.state, &ledger.state(now));
    }
}
