//! This node's view of what was taken back: it follows the ledger, and when it cannot say how old
//! its knowledge is, it asks the ledger for the request at hand (design §4, bounded staleness).

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use identity_core::Timestamp;
use ledger::{Action, Follower, Freshness, Read, SecurityState, TokenFacts, Verdict};
use storage::{LedgerReader, StoreError};

pub struct SecurityView {
    ledger: Arc<dyn LedgerReader>,
    follower: RwLock<Follower>,
}

impl SecurityView {
    pub fn starting(ledger: Arc<dyn LedgerReader>, now: Timestamp) -> Self {
        Self { ledger, follower: RwLock::new(Follower::starting(now)) }
    }

    /// Does what the follower asks for, once, and says how long to wait before the next time: no
    /// time at all when something was read. The loop around it belongs to the composition root.
    pub async fn follow(&self, now: Timestamp) -> Result<Duration, StoreError> {
        match self.write(|follower| follower.next(now)) {
            Action::Wait(wait) => return Ok(wait),
            Action::ReplayFrom(from) => self.start_from(from, now).await?,
            Action::ReadFrom(read) => self.read(read, now).await?,
        }
        Ok(Duration::ZERO)
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
        match self.write(|follower| follower.tail(now)) {
            Some(read) => self.read(read, now).await,
            None => Err(StoreError::unavailable("the ledger went back while it was read")),
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

    /// Reads on until there is no more to come.
    async fn read(&self, read: Read, now: Timestamp) -> Result<(), StoreError> {
        let mut next = Some(read);
        while let Some(read) = next {
            let limit = u32::try_from(read.limit).unwrap_or(u32::MAX);
            let news = match self.ledger.news_after(read.after, limit).await {
                Ok(news) => news,
                Err(error) => return self.failed(error, now),
            };
            next = match self.write(|follower| follower.on_news(read, &news, now)) {
                Ok(next) => next,
                Err(refusal) => {
                    tracing::error!(%refusal, "the ledger's answer was not used");
                    None
                }
            };
        }
        Ok(())
    }

    fn failed<T>(&self, error: StoreError, now: Timestamp) -> Result<T, StoreError> {
        self.write(|follower| follower.on_read_failed(now));
        Err(error)
    }

    fn write<T>(&self, change: impl FnOnce(&mut Follower) -> T) -> T {
        change(&mut self.follower.write().unwrap_or_else(PoisonError::into_inner))
    }
}
