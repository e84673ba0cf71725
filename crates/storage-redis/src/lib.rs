//! The transient store and the bell of many nodes, over Redis 7 or later, or Valkey.
//!
//! This crate must never know what is claimed or counted, nor hold anything whose loss could do
//! harm: Redis may forget everything at any time, and nothing is accepted twice.
//!
//! ```text
//!  RedisSettings   where Redis is (single, Sentinel, Cluster), who we are there, TLS, time-out
//!    dial          one connection: TLS, credentials, whom the sentinels call primary
//!    link          one lasting connection: dials again by itself, answers in time or not at all
//!    keys          prefix, shard, digest: one script touches one slot of a cluster
//!    scripts/*.lua what must happen in one step
//!  RedisTransientStore   TransientStore: claims behind an epoch that Redis itself checks; counts
//!  RedisBell             Bell: PUBLISH to one channel, heard by every node
//! ```
//!
//! **The epoch.** Next to the claims stands a key that names the memory (run id and replication id
//! of the server) and when it began. The script that claims compares the name first. A flush loses
//! the key; a restart, a promotion or a restored dump changes the name: each begins a new epoch, and
//! what was issued before is refused.

mod bell;
mod dial;
mod keys;
mod link;
mod settings;
#[cfg(test)]
mod tests;
mod transient;

pub use bell::RedisBell;
pub use dial::RedisSettingsError;
pub use settings::{
    ClientCertificate, Credentials, KeyPrefix, KeyPrefixError, Password, RedisAddress,
    RedisAddressError, RedisLocation, RedisSettings, Sentinels, Tls,
};
pub use transient::RedisTransientStore;
