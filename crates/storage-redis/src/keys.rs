//! What our keys are called.

use std::fmt::Write as _;
use std::time::Duration;

use identity_core::Timestamp;
use storage::transient_key::{Digest, Window, digest_of, digest_of_slot};
use storage::{Claim, Slot};

use crate::settings::{KeyPrefix, RedisLocation};

/// `prefix{shard}kind:digest`. The braces are a hash tag: all keys of a shard live in one slot of a
/// cluster, so that one script finds claim and epoch side by side.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    prefix: KeyPrefix,
    shards: u8,
}

/// A claim and the epoch it is judged by.
pub(crate) struct ClaimKeys {
    pub epoch: String,
    pub claim: String,
}

impl Keys {
    /// Spreads claims evenly enough over any cluster of up to a dozen primaries.
    const SHARDS_OF_A_CLUSTER: u8 = 64;
    /// Half of SHA-256: an identifier that meets another's is refused, never accepted.
    const DIGEST_BYTES: usize = 16;

    pub fn new(prefix: KeyPrefix, location: &RedisLocation) -> Self {
        let shards = match location {
            RedisLocation::Single(_) | RedisLocation::Sentinel(_) => 1,
            RedisLocation::Cluster(_) => Self::SHARDS_OF_A_CLUSTER,
        };
        Self { prefix, shards }
    }

    pub fn claim(&self, claim: &Claim<'_>) -> ClaimKeys {
        let digest = digest_of(&[claim.purpose.as_bytes(), claim.id.as_bytes()]);
        let shard = self.shard_of(&digest);
        ClaimKeys { epoch: self.epoch(shard), claim: self.named(shard, "claim", &digest) }
    }

    pub fn count(&self, purpose: &str, id: &str, window: Duration, now: Timestamp) -> String {
        let window = Window::at(window, now).to_bytes();
        let digest = digest_of(&[purpose.as_bytes(), id.as_bytes(), &window]);
        self.named(self.shard_of(&digest), "count", &digest)
    }

    pub fn value(&self, slot: Slot<'_>) -> String {
        let digest = digest_of_slot(slot);
        self.named(self.shard_of(&digest), "value", &digest)
    }

    /// Of every shard.
    pub fn epochs(&self) -> impl Iterator<Item = String> {
        (0..self.shards).map(|shard| self.epoch(shard))
    }

    pub fn channel(prefix: &KeyPrefix) -> String {
        format!("{}bell", prefix.as_str())
    }

    fn epoch(&self, shard: u8) -> String {
        format!("{}{{{shard}}}epoch", self.prefix.as_str())
    }

    fn shard_of(&self, digest: &Digest) -> u8 {
        digest.last().map_or(0, |byte| byte % self.shards)
    }

    fn named(&self, shard: u8, kind: &str, digest: &Digest) -> String {
        let mut key = format!("{}{{{shard}}}{kind}:", self.prefix.as_str());
        for byte in digest.iter().take(Self::DIGEST_BYTES) {
            // Writing to a string does not fail.
            let _ = write!(key, "{byte:02x}");
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_claim_lies_in_the_slot_of_its_epoch_and_shards_share_the_load() {
        let cluster = RedisLocation::cluster("redis://host").unwrap();
        let keys = Keys::new(KeyPrefix::default(), &cluster);
        let mut epochs = BTreeSet::new();
        for id in 0..2_000 {
            let at = Timestamp::from_unix_seconds(0);
            let id = id.to_string();
            let claim = Claim { purpose: "jti", id: &id, issued_at: at, expires_at: at };
            let ClaimKeys { epoch, claim } = keys.claim(&claim);
            let tag = |key: &str| key.split_once('}').unwrap().0.to_owned();
            assert_eq!(tag(&epoch), tag(&claim));
            epochs.insert(epoch);
        }
        assert_eq!(epochs, keys.epochs().collect());
        assert_eq!(epochs.len(), 64);
    }
}
