//! What stands in for clock, randomness, ledger and registrations.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use async_trait::async_trait;
use identity_core::{Clock, Entropy, RelyingParty, Timestamp};
use ledger::{RecordedEvent, Sequence};
use storage::ports::StoreResult;
use storage::{LedgerReader, RegistryReader, SignedCheckpoint, StoreError};

pub struct Counting(pub AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            chunk.copy_from_slice(&next.to_be_bytes()[..chunk.len()]);
        }
    }
}

pub struct TestClock(pub AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::Relaxed))
    }
}

/// A ledger in memory; `None` is one that cannot be reached.
pub struct TestLedger(pub Mutex<Option<Vec<RecordedEvent>>>);

impl TestLedger {
    fn rows(&self) -> StoreResult<Vec<RecordedEvent>> {
        self.0.lock().unwrap().clone().ok_or_else(|| StoreError::unavailable("down"))
    }
}

#[async_trait]
impl LedgerReader for TestLedger {
    async fn events_after(&self, after: Sequence, _: u32) -> StoreResult<Vec<RecordedEvent>> {
        Ok(self.rows()?.into_iter().filter(|row| row.sequence() > after).collect())
    }

    async fn sequence_before(&self, _: Timestamp) -> StoreResult<Sequence> {
        self.rows().map(|_| Sequence::BEFORE_FIRST)
    }

    async fn standing_events(&self) -> StoreResult<Vec<RecordedEvent>> {
        Ok(Vec::new())
    }

    async fn head(&self) -> StoreResult<Sequence> {
        Ok(self.rows()?.last().map_or(Sequence::BEFORE_FIRST, RecordedEvent::sequence))
    }

    async fn checkpoints(&self) -> StoreResult<Vec<SignedCheckpoint>> {
        Ok(Vec::new())
    }

    async fn newest_checkpoint(&self) -> StoreResult<Option<SignedCheckpoint>> {
        Ok(None)
    }
}

pub struct Parties(pub Vec<RelyingParty>);

#[async_trait]
impl RegistryReader for Parties {
    async fn relying_parties(&self) -> StoreResult<Vec<RelyingParty>> {
        Ok(self.0.clone())
    }
}
