//! Keys as they rest: wrapped, with a schedule. Opening them is `jose`'s business.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// What a key is for. A key of one purpose is never used for another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPurpose {
    SignEs256,
    SignRs256,
    SignEdDsa,
    /// Seals access tokens, codes, refresh tokens and browser state (AES-256-GCM).
    Seal,
}

/// One key of the ring: its private part wrapped by the key-encryption key, and its times.
///
/// ```text
/// created_at ─ published, not used ─ activates_at ─ signs ─ retires_at ─ verifies only ─ removes_at
/// ```
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KeyRecord {
    /// Unique over all purposes; shown as `kid`.
    pub kid: String,
    pub purpose: KeyPurpose,
    /// Sealed under the key-encryption key: the private key, or the public one of a private key that
    /// lives in a device and never leaves it.
    pub wrapped: Vec<u8>,
    pub created_at: Timestamp,
    pub activates_at: Timestamp,
    /// From here on the key makes nothing new. `None`: until a successor is active.
    pub retires_at: Option<Timestamp>,
    /// From here on nothing made with it is believed and it leaves the JWKS.
    pub removes_at: Option<Timestamp>,
    /// Set when the key leaked: nothing made with it is believed any more, at once (ATK-131).
    pub compromised_at: Option<Timestamp>,
}

/// The times of a key that are not known when it is made: all of it that ever changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyTimes {
    pub retires_at: Option<Timestamp>,
    pub removes_at: Option<Timestamp>,
    pub compromised_at: Option<Timestamp>,
}

impl KeyRecord {
    pub const fn times(&self) -> KeyTimes {
        let Self { retires_at, removes_at, compromised_at, .. } = *self;
        KeyTimes { retires_at, removes_at, compromised_at }
    }

    pub const fn set_times(&mut self, times: KeyTimes) {
        self.retires_at = times.retires_at;
        self.removes_at = times.removes_at;
        self.compromised_at = times.compromised_at;
    }
}
