//! This node's view of what was taken back: it follows the ledger, and when it cannot say how old
//! its knowledge is, it asks the ledger for the request at hand (design §4, bounded staleness).

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use identity_core::Timestamp;
use ledger::follower::CONFIRMED_WITHIN;
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

    /// How long ago the ledger's head was last confirmed; `None` before the first time.
    pub fn confirmed_ago(&self, now: Timestamp) -> Option<Duration> {
        let follower = self.follower.read().unwrap_or_else(PoisonError::into_inner);
        follower.confirmed_at().map(|at| now.since(at))
    }

    /// Take-backs held in memory.
    pub fn remembered(&self) -> usize {
        self.follower.read().unwrap_or_else(PoisonError::into_inner).remembered()
    }

    async fn with_current<T>(
        &self,
        now: Timestamp,
        ask: impl Fn(&SecurityState) -> T,
    ) -> Result<T, StoreError> {
        if let Some(answer) = self.ask_current(now, &ask) {
            return Ok(answer);
        }
        // An answer may be no older than this whichever way it was found: a ledger that takes longer
        // to say what stands is one that does not answer.
        match tokio::time::timeout(CONFIRMED_WITHIN, self.catch_up(now)).await {
            Ok(caught_up) => caught_up?,
            Err(_) => return Err(StoreError::unavailable("the ledger does not answer in time")),
        }
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

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use ledger::{RecordedEvent, Sequence};
    use storage::SignedCheckpoint;
    use storage::ports::StoreResult;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    /// Takes so long for an answer.
    struct Slow(Duration);

    #[async_trait]
    impl LedgerReader for Slow {
        async fn events_after(&self, _: Sequence, _: u32) -> StoreResult<Vec<RecordedEvent>> {
            Ok(Vec::new())
        }

        async fn sequence_before(&self, _: Timestamp) -> StoreResult<Sequence> {
            tokio::time::sleep(self.0).await;
            Ok(Sequence::BEFORE_FIRST)
        }

        async fn standing_events(&self) -> StoreResult<Vec<RecordedEvent>> {
            Ok(Vec::new())
        }

        async fn head(&self) -> StoreResult<Sequence> {
            Ok(Sequence::BEFORE_FIRST)
        }

        async fn checkpoints(&self) -> StoreResult<Vec<SignedCheckpoint>> {
            Ok(Vec::new())
        }

        async fn newest_checkpoint(&self) -> StoreResult<Option<SignedCheckpoint>> {
            Ok(None)
        }
    }

    async fn ask(ledger: Slow) -> Result<(), StoreError> {
        SecurityView::starting(Arc::new(ledger), NOW).with_current(NOW, |_| ()).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_has_to_ask_waits_no_longer_than_an_answer_may_be_old() {
        // Found by the model of docs/model.md: what came later would be older than the bound.
        let in_time = Slow(CONFIRMED_WITHIN.saturating_sub(Duration::from_millis(1)));
        assert!(ask(in_time).await.is_ok());
        let late = Slow(CONFIRMED_WITHIN.saturating_add(Duration::from_millis(1)));
        assert!(matches!(ask(late).await, Err(StoreError::Unavailable(_))));
    }
}
