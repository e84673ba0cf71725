//! This node's view of what was taken back: it follows the ledger, and when it cannot say how old
//! its knowledge is, it asks the ledger for the request at hand (design §4, bounded staleness).

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use identity_core::Timestamp;
use ledger::{
    Action, Follower, Freshness, Read, RecordedEvent, SecurityState, TokenFacts, Verdict,
};
use storage::{LedgerReader, StoreError};

pub struct SecurityView {
    ledger: Arc<dyn LedgerReader>,
    follower: RwLock<Follower>,
}

/// What one step of following brought.
pub struct Step {
    /// New events in ledger order: their observers reload registry or keys.
    pub events: Vec<RecordedEvent>,
    /// How long to wait before the next step, unless woken.
    pub wait: Duration,
}

impl SecurityView {
    pub fn starting(ledger: Arc<dyn LedgerReader>, now: Timestamp) -> Self {
        Self { ledger, follower: RwLock::new(Follower::starting(now)) }
    }

    /// Does what the follower asks for, once. The loop around it belongs to the composition root.
    pub async fn follow(&self, now: Timestamp) -> Result<Step, StoreError> {
        let action = self.write(|follower| follower.next(now));
        match action {
            Action::Wait(wait) => Ok(Step { events: Vec::new(), wait }),
            Action::ReplayFrom(from) => {
                self.start_from(from, now).await?;
                Ok(Step { events: Vec::new(), wait: Duration::ZERO })
            }
            Action::ReadFrom(read) => {
                let events = self.read(read, now).await?;
                Ok(Step { events, wait: Duration::ZERO })
            }
        }
    }

    /// A hint that there is news.
    pub fn wake(&self, now: Timestamp) {
        self.write(|follower| follower.on_wake(now));
    }

    /// Reads to the ledger's present head: after this, everything committed before the call counts.
    pub async fn catch_up(&self, now: Timestamp) -> Result<(), StoreError> {
        let start = self.write(|follower| match follower.tail(now) {
            Some(_) => None,
            None => match follower.next(now) {
                Action::ReplayFrom(from) => Some(from),
                Action::ReadFrom(_) | Action::Wait(_) => {
                    Some(now.minus(ledger::security_state::REMEMBERED_FOR))
                }
            },
        });
        if let Some(from) = start {
            self.start_from(from, now).await?;
        }
        loop {
            let Some(read) = self.write(|follower| follower.tail(now)) else {
                return Err(StoreError::unavailable("the ledger went back while it was read"));
            };
            if self.read(read, now).await?.len() < read.limit {
                return Ok(());
            }
        }
    }

    /// Whether a token still stands. Asks the ledger when this node's knowledge is stale, and fails
    /// rather than guess when the ledger cannot be asked.
    pub async fn judge(
        &self,
        facts: &TokenFacts<'_>,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        self.with_current(now, |state| state.judge(facts)).await
    }

    pub fn freshness(&self, now: Timestamp) -> Freshness {
        self.follower.read().unwrap_or_else(PoisonError::into_inner).freshness(now)
    }

    async fn with_current<T>(
        &self,
        now: Timestamp,
        ask: impl Fn(&SecurityState) -> T,
    ) -> Result<T, StoreError> {
        if let Some(answer) = self.ask_current(now, &ask) {
            return Ok(answer);
        }
        self.catch_up(now).await?;
        self.ask_current(now, &ask)
            .ok_or_else(|| StoreError::unavailable("the ledger's head cannot be confirmed"))
    }

    fn ask_current<T>(&self, now: Timestamp, ask: &impl Fn(&SecurityState) -> T) -> Option<T> {
        let follower = self.follower.read().unwrap_or_else(PoisonError::into_inner);
        follower.current(now).map(ask)
    }

    async fn start_from(&self, from: Timestamp, now: Timestamp) -> Result<(), StoreError> {
        // The position first: a suspension in between is then applied twice rather than missed.
        let start = match self.ledger.sequence_before(from).await {
            Ok(after) => self.ledger.standing_events().await.map(|standing| (after, standing)),
            Err(error) => Err(error),
        };
        match start {
            Ok((after, standing)) => {
                self.write(|follower| follower.on_replay_start(&standing, after, now));
                Ok(())
            }
            Err(error) => self.failed(error, now),
        }
    }

    async fn read(&self, read: Read, now: Timestamp) -> Result<Vec<RecordedEvent>, StoreError> {
        let limit = u32::try_from(read.limit).unwrap_or(u32::MAX);
        // The head first: rows committed in between are then read, not missed.
        let answer = match self.ledger.head().await {
            Ok(head) => self.ledger.events_after(read.after, limit).await.map(|rows| (head, rows)),
            Err(error) => Err(error),
        };
        let (head, events) = match answer {
            Ok(answer) => answer,
            Err(error) => return self.failed(error, now),
        };
        let head = head.max(events.last().map_or(head, RecordedEvent::sequence));
        if let Err(refusal) = self.write(|follower| follower.on_batch(read, &events, head, now)) {
            tracing::error!(%refusal, "the ledger's answer was not used");
        }
        Ok(events)
    }

    fn failed<T>(&self, error: StoreError, now: Timestamp) -> Result<T, StoreError> {
        self.write(|follower| follower.on_read_failed(now));
        Err(error)
    }

    fn write<T>(&self, change: impl FnOnce(&mut Follower) -> T) -> T {
        change(&mut self.follower.write().unwrap_or_else(PoisonError::into_inner))
    }
}
