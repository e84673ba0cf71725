//! The transient store of an embedded installation.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use identity_core::Timestamp;

use crate::error::StoreError;
use crate::ports::{
    Claim, Slot, StoreResult, TransientStore, ensure_transient_size, issued_before_the_epoch,
};
use crate::transient_key::{Digest, Window, digest_of, digest_of_slot};

/// Claims, counts and values in memory. What has expired is dropped whenever something is added; no
/// janitor.
pub struct MemoryTransientStore {
    epoch: Timestamp,
    claims: Mutex<Expiring<()>>,
    counts: Mutex<Expiring<u64>>,
    values: Mutex<Expiring<Value>>,
}

struct Value {
    bytes: Vec<u8>,
    expires_at: Timestamp,
}

/// At most `capacity` values that have not expired; more are refused, never accepted unseen.
struct Expiring<V> {
    capacity: usize,
    known: HashMap<Digest, V>,
    by_expiry: BTreeSet<(Timestamp, Digest)>,
}

impl MemoryTransientStore {
    /// About 200 MB when full.
    const CAPACITY: usize = 1_000_000;
    /// Of at most 8 KiB each.
    const MOST_VALUES: usize = 50_000;
    /// Requests overtake each other: one that read its clock a little earlier still finds what a
    /// later one saw expire.
    const OVERTAKING: Duration = Duration::from_mins(1);

    /// A memory that begins at `epoch`.
    pub fn new(epoch: Timestamp) -> Self {
        Self::with_capacity(epoch, Self::CAPACITY)
    }

    /// At most `capacity` unexpired claims, and as many counts and values.
    pub fn with_capacity(epoch: Timestamp, capacity: usize) -> Self {
        Self {
            epoch,
            claims: Mutex::new(Expiring::with_capacity(capacity)),
            counts: Mutex::new(Expiring::with_capacity(capacity)),
            values: Mutex::new(Expiring::with_capacity(capacity.min(Self::MOST_VALUES))),
        }
    }
}

impl fmt::Debug for MemoryTransientStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransientStore").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

#[async_trait]
impl TransientStore for MemoryTransientStore {
    async fn claim_once(&self, claim: Claim<'_>, now: Timestamp) -> StoreResult<bool> {
        if claim.expires_at <= now {
            return Ok(false);
        }
        if claim.issued_at < self.epoch {
            return issued_before_the_epoch(self.epoch, now);
        }
        let digest = digest_of(&[claim.purpose.as_bytes(), claim.id.as_bytes()]);
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        claims.forget_before(now.minus(Self::OVERTAKING));
        if claims.known.contains_key(&digest) {
            return Ok(false);
        }
        claims.insert(digest, (), claim.expires_at)?;
        Ok(true)
    }

    async fn count(
        &self,
        purpose: &'static str,
        id: &str,
        window: Duration,
        now: Timestamp,
    ) -> StoreResult<u64> {
        let window = Window::at(window, now);
        let digest = digest_of(&[purpose.as_bytes(), id.as_bytes(), &window.to_bytes()]);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.forget_before(now.minus(Self::OVERTAKING));
        if let Some(count) = counts.known.get_mut(&digest) {
            *count += 1;
            return Ok(*count);
        }
        counts.insert(digest, 1, window.ends_at())?;
        Ok(1)
    }

    async fn put(
        &self,
        slot: Slot<'_>,
        value: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<()> {
        ensure_transient_size(value)?;
        self.values().replace(slot, value, expires_at, now)
    }

    async fn get(&self, slot: Slot<'_>, now: Timestamp) -> StoreResult<Option<Vec<u8>>> {
        Ok(self.values().standing(slot, now).map(|value| value.bytes.clone()))
    }

    async fn remove(&self, slot: Slot<'_>) -> StoreResult<()> {
        self.values().forget(digest_of_slot(slot));
        Ok(())
    }

    async fn replace_if(
        &self,
        slot: Slot<'_>,
        from: &[u8],
        to: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<bool> {
        ensure_transient_size(to)?;
        let mut values = self.values();
        if values.standing(slot, now).is_none_or(|value| value.bytes != from) {
            return Ok(false);
        }
        values.replace(slot, to, expires_at, now)?;
        Ok(true)
    }
}

impl MemoryTransientStore {
    fn values(&self) -> MutexGuard<'_, Expiring<Value>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Expiring<Value> {
    fn standing(&self, slot: Slot<'_>, now: Timestamp) -> Option<&Value> {
        self.known.get(&digest_of_slot(slot)).filter(|value| now < value.expires_at)
    }

    fn forget(&mut self, digest: Digest) {
        if let Some(old) = self.known.remove(&digest) {
            self.by_expiry.remove(&(old.expires_at, digest));
        }
    }

    fn replace(
        &mut self,
        slot: Slot<'_>,
        bytes: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<()> {
        let digest = digest_of_slot(slot);
        self.forget_before(now);
        self.forget(digest);
        self.insert(digest, Value { bytes: bytes.to_vec(), expires_at }, expires_at)
    }
}

impl<V> Expiring<V> {
    fn with_capacity(capacity: usize) -> Self {
        Self { capacity, known: HashMap::new(), by_expiry: BTreeSet::new() }
    }

    fn forget_before(&mut self, horizon: Timestamp) {
        while let Some((expires_at, digest)) = self.by_expiry.first().copied() {
            if expires_at > horizon {
                return;
            }
            self.by_expiry.pop_first();
            self.known.remove(&digest);
        }
    }

    fn insert(&mut self, digest: Digest, value: V, expires_at: Timestamp) -> StoreResult<()> {
        if self.known.len() >= self.capacity {
            return Err(StoreError::unavailable("the transient memory is full"));
        }
        self.known.insert(digest, value);
        self.by_expiry.insert((expires_at, digest));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn in_seconds(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    fn claim(id: &str, expires_at: Timestamp) -> Claim<'_> {
        Claim { purpose: "jti", id, issued_at: NOW, expires_at }
    }

    #[tokio::test]
    async fn expired_claims_take_no_memory() {
        let store = MemoryTransientStore::with_capacity(NOW, 2);
        for round in 0..100u64 {
            let now = in_seconds(round * 600);
            for id in ["a", "b"] {
                let expires_at = now.plus(Duration::from_mins(5));
                assert!(store.claim_once(claim(id, expires_at), now).await.unwrap(), "{round}");
            }
        }
        assert_eq!(store.claims.lock().unwrap().known.len(), 2);
        assert_eq!(store.claims.lock().unwrap().by_expiry.len(), 2);
    }

    #[tokio::test]
    async fn a_claim_that_expired_long_ago_is_free_again() {
        // Nothing made now can be a replay from then.
        let store = MemoryTransientStore::new(NOW);
        assert!(store.claim_once(claim("a", in_seconds(60)), NOW).await.unwrap());
        assert!(store.claim_once(claim("a", in_seconds(7260)), in_seconds(7200)).await.unwrap());
    }

    #[tokio::test]
    async fn counts_of_past_windows_take_no_memory() {
        let store = MemoryTransientStore::with_capacity(NOW, 100);
        for second in 0..1000 {
            let count = store.count("refusals", "", Duration::from_secs(1), in_seconds(second));
            assert_eq!(count.await.unwrap(), 1);
        }
        assert!(store.counts.lock().unwrap().known.len() < 100);
    }

    #[tokio::test]
    async fn a_full_memory_refuses_instead_of_forgetting() {
        let store = MemoryTransientStore::with_capacity(NOW, 1);
        assert!(store.claim_once(claim("a", in_seconds(300)), NOW).await.unwrap());
        let refused = store.claim_once(claim("b", in_seconds(300)), NOW).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))));
        assert!(!store.claim_once(claim("a", in_seconds(300)), NOW).await.unwrap());
    }

    #[tokio::test]
    async fn a_slow_request_still_finds_what_a_fast_one_saw_expire() {
        let store = MemoryTransientStore::new(NOW);
        assert!(store.claim_once(claim("a", in_seconds(10)), NOW).await.unwrap());
        assert!(store.claim_once(claim("other", in_seconds(99)), in_seconds(11)).await.unwrap());
        assert!(!store.claim_once(claim("a", in_seconds(10)), in_seconds(9)).await.unwrap());
    }
}
