//! Keeps one [`SecurityState`] up to date with the ledger, without doing any I/O itself.
//!
//! Whoever drives it asks [`Follower::next`] what to do, does it, and reports what came of it:
//!
//! ```text
//!  next(now) ─┬─ ReplayFrom(instant) ── find the start ── on_replay_start ─┐
//!             ├─ ReadFrom(read) ─────── read rows ─────── on_batch ────────┼─> next(now)
//!             └─ Wait(duration) ─────── sleep, or ─────── on_wake ─────────┘
//!                  a read that failed: on_read_failed; it is asked for again, later each time
//! ```
//!
//! **Staleness is bounded.** The state is current only while the ledger's head was confirmed less
//! than [`CONFIRMED_WITHIN`] ago, counted from when the read was *asked for*: a slow answer is an
//! old answer. [`Follower::current`] hands out the state only then. A node that finds it stale takes
//! [`Follower::tail`], reads that for the request at hand, reports it by [`Follower::on_batch`] and
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
    /// Read rows and the head, in one snapshot or the head first. Report by [`Follower::on_batch`].
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
    /// Nothing the answer says may be taken for younger than this.
    asked_at: Timestamp,
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
pub enum BatchRefusal {
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

    /// Rows were read: `head` is the last committed position, whether or not it may be read yet.
    /// Answers may overlap and come late; a row is applied once.
    pub fn on_batch(
        &mut self,
        read: Read,
        events: &[RecordedEvent],
        head: Sequence,
        now: Timestamp,
    ) -> Result<(), BatchRefusal> {
        let Phase::Following { position } = self.phase else {
            return Err(BatchRefusal::Starting);
        };
        if head < read.after {
            self.phase = Phase::Starting;
            self.confirmed_at = None;
            self.on_read_failed(now);
            return Err(BatchRefusal::WentBack { seen: read.after, head });
        }
        // `position < read.after`: the question is from before a replay that began further back.
        if position < read.after || !ascending(read.after, events) {
            self.on_read_failed(now);
            return Err(BatchRefusal::OutOfOrder { after: read.after });
        }
        let mut reached = position;
        for event in events.iter().filter(|event| event.sequence() > position) {
            self.state.apply(event);
            reached = event.sequence();
        }
        self.phase = Phase::Following { position: reached };
        let caught_up = reached >= head;
        if caught_up {
            self.confirmed_at = Some(read.asked_at);
        }
        // Behind and moving: go on at once. Behind and standing still: the source holds rows back
        // until an older transaction ends; asking faster would not help.
        let more = !caught_up && reached > position;
        self.succeeded(now, if more { Duration::ZERO } else { self.due.remaining(now).min(POLL) });
        self.forget_now_and_then(now);
        Ok(())
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

    /// The last row applied.
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
    Read { after, limit: BATCH, asked_at: now }
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
