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
    /// Private key, sealed under the key-encryption key.
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
