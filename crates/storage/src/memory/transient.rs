//! The transient store of an embedded installation.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use identity_core::Timestamp;
use ring::digest::{Context, SHA256};

use crate::error::StoreError;
use crate::ports::{StoreResult, TransientStore};

/// A digest of purpose and identifier, so that long identifiers cost no more than short ones.
type ClaimKey = [u8; 32];

/// Claims in memory. What has expired is dropped whenever something is claimed; no janitor.
pub struct MemoryTransientStore {
    began: Timestamp,
    capacity: usize,
    claims: Mutex<Claims>,
}

#[derive(Default)]
struct Claims {
    known: HashSet<ClaimKey>,
    by_expiry: BTreeSet<(Timestamp, ClaimKey)>,
}

impl MemoryTransientStore {
    /// About 200 MB when full.
    const CAPACITY: usize = 1_000_000;
    /// Requests overtake each other: one that read its clock a little earlier still finds what a
    /// later one saw expire.
    const OVERTAKING: Duration = Duration::from_mins(1);

    /// A memory that begins at `now`: the epoch.
    pub fn new(now: Timestamp) -> Self {
        Self::with_capacity(now, Self::CAPACITY)
    }

    /// At most `capacity` unexpired claims; more are refused, never accepted unseen.
    pub fn with_capacity(now: Timestamp, capacity: usize) -> Self {
        Self { began: now, capacity, claims: Mutex::default() }
    }
}

impl fmt::Debug for MemoryTransientStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryTransientStore").field("began", &self.began).finish_non_exhaustive()
    }
}

#[async_trait]
impl TransientStore for MemoryTransientStore {
    async fn claim_once(
        &self,
        purpose: &'static str,
        id: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<bool> {
        if expires_at <= now {
            return Ok(false);
        }
        let key = claim_key(purpose, id);
        let mut claims = self.claims.lock().unwrap_or_else(PoisonError::into_inner);
        claims.forget_before(now.minus(Self::OVERTAKING));
        if claims.known.contains(&key) {
            return Ok(false);
        }
        if claims.known.len() >= self.capacity {
            return Err(StoreError::unavailable("the memory of claims is full"));
        }
        claims.known.insert(key);
        claims.by_expiry.insert((expires_at, key));
        Ok(true)
    }

    async fn epoch(&self) -> StoreResult<Timestamp> {
        Ok(self.began)
    }
}

impl Claims {
    fn forget_before(&mut self, horizon: Timestamp) {
        while let Some((expires_at, key)) = self.by_expiry.first().copied() {
            if expires_at > horizon {
                return;
            }
            self.by_expiry.pop_first();
            self.known.remove(&key);
        }
    }
}

fn claim_key(purpose: &str, id: &str) -> ClaimKey {
    let mut context = Context::new(&SHA256);
    context.update(purpose.as_bytes());
    context.update(&[0]);
    context.update(id.as_bytes());
    let mut key = [0; 32];
    for (to, from) in key.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn in_seconds(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[tokio::test]
    async fn expired_claims_take_no_memory() {
        let store = MemoryTransientStore::with_capacity(NOW, 2);
        for round in 0..100u64 {
            let now = in_seconds(round * 600);
            for id in ["a", "b"] {
                let expires_at = now.plus(Duration::from_mins(5));
                assert!(store.claim_once("jti", id, expires_at, now).await.unwrap(), "{round}");
            }
        }
        assert_eq!(store.claims.lock().unwrap().known.len(), 2);
        assert_eq!(store.claims.lock().unwrap().by_expiry.len(), 2);
    }

    #[tokio::test]
    async fn a_full_memory_refuses_instead_of_forgetting() {
        let store = MemoryTransientStore::with_capacity(NOW, 1);
        assert!(store.claim_once("jti", "a", in_seconds(300), NOW).await.unwrap());
        let refused = store.claim_once("jti", "b", in_seconds(300), NOW).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))));
        assert!(!store.claim_once("jti", "a", in_seconds(300), NOW).await.unwrap());
    }

    #[tokio::test]
    async fn a_slow_request_still_finds_what_a_fast_one_saw_expire() {
        let store = MemoryTransientStore::new(NOW);
        assert!(store.claim_once("jti", "a", in_seconds(10), NOW).await.unwrap());
        assert!(store.claim_once("jti", "other", in_seconds(99), in_seconds(11)).await.unwrap());
        assert!(!store.claim_once("jti", "a", in_seconds(10), in_seconds(9)).await.unwrap());
    }
}
