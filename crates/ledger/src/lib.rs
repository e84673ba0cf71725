//! Security events in order: what was taken back, and proof that nothing was altered.
//!
//! An access token is a sealed fact; only the ledger takes it back. This crate turns the ledger's
//! rows into the answer to "was this taken back?" and into proof that no row was touched since.
//! It must never know a database, a network, a clock, a signature or a person: rows, instants and
//! the trust in a checkpoint are handed in, and subjects are opaque identifiers.
//!
//! ```text
//!  SecurityEvent ── encode ──> leaf bytes, stored as they are ── RecordedEvent::read ──┐
//!                                                                                      │
//!    recorded        position in the ledger, the event, the bytes that were hashed  <──┘
//!    effect          what one event takes back (or gives back)
//!    security_state  everything taken back within the life of a token   judge -> Verdict
//!    follower        keeps one security state up to date, knows when it is not
//!    merkle          RFC 6962 tree: root, inclusion and consistency proofs, their verification
//!    checkpoint      what is signed now and then, and the check of a whole ledger against it
//! ```

pub mod checkpoint;
mod effect;
pub mod follower;
pub mod merkle;
pub mod recorded;
pub mod security_state;
#[cfg(test)]
mod testing;

pub use checkpoint::{Checkpoint, LedgerFault, Verifier, verify_ledger};
pub use effect::takes_back;
pub use follower::{Action, Follower, Freshness, News, Read};
pub use merkle::Digest;
pub use recorded::{RecordError, RecordedEvent, Sequence, decode, encode};
pub use security_state::{SecurityState, TakeBackReason, TokenFacts, Verdict};
