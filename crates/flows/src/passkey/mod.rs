//! Passkeys (WebAuthn Level 3), without a browser: what is asked of an authenticator, and what its
//! answer proves.
//!
//! ```text
//!  site         who we are to authenticators: origin and RP id, from the issuer alone
//!  options      what the page's script hands to the browser
//!  assertion    a login's answer, checked against the key that was kept
//!  creation     an enrolment's answer, and the key it leaves behind
//!  attestation  whose hardware is believed, and of whom it is demanded
//!  keys         the holder's own keys: enrol, name, remove
//! ```
//!
//! Nothing is stored between question and answer: the page carries the challenge sealed
//! ([`crate::challenge`]), and the plan that accepts the answer consumes it. The login itself is
//! [`crate::proof::passkey`].

pub mod assertion;
pub mod attestation;
pub mod creation;
mod kept;
pub mod keys;
pub mod options;
mod site;
#[cfg(test)]
mod tests;

pub use assertion::Assertion;
pub use attestation::AttestationRules;
pub use creation::Creation;
pub use site::Site;

use identity_core::SubjectId;

/// Whether the authenticator must have verified its user by PIN or biometric (WebAuthn §5.8.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verification {
    /// Where the passkey is the only proof.
    Required,
    /// Beside another proof: done where it can be, and reported as it was (law L4).
    Preferred,
}

/// How long a ceremony may take, in the page and in the browser (WebAuthn §15.1: 5 to 10 minutes
/// where users are verified).
pub const PATIENCE: std::time::Duration = std::time::Duration::from_mins(10);

/// The subject whose authenticator says this user handle; `None` for a handle that is not ours. The
/// identifier is random and names nobody outside this provider, as WebAuthn §14.6.1 asks.
pub fn subject_of(user_handle: &[u8]) -> Option<SubjectId> {
    uuid::Uuid::from_slice(user_handle).ok().map(SubjectId::from_uuid)
}
