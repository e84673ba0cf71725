//! Ports to what must be remembered, shaped by how flows use them.
//!
//! This crate must never know SQL dialects, HTTP or which store is behind a port: that is chosen
//! once, in the composition root.
//!
//! ```text
//!  Store            everything durable: read facts, then `commit` one plan of changes
//!    RegistryReader   relying parties            ┐ what a role that only answers
//!    KeyReader        the wrapped key ring       ├ questions may link
//!    LedgerReader     events in commit order     ┘
//!  TransientStore   what may be lost: counters, seen identifiers, transactions under way
//!  Bell             a hint that the ledger has news
//!  change           Change · Contest: the plan, and who won
//!  credential       what it takes to check each kind of authenticator, and how it rests
//!  privacy          per-subject encryption and blind indexes, for adapters
//!  terms            how a grant's terms stand in a column
//!  pool             what adapters tell about their connections
//!  memory           stores that live and die with the process
//!  contract         one suite that every adapter passes (feature `contract`)
//!  ../sql           portable statements, compiled by the SQL adapters
//! ```

pub mod change;
#[cfg(feature = "contract")]
pub mod contract;
pub mod credential;
pub mod error;
pub mod memory;
pub mod pool;
pub mod ports;
pub mod privacy;
pub mod record;
pub mod terms;
pub mod transient_key;

pub use change::{Change, Commit, Contest, GrantScope, KeyChange, Replacement, SessionScope};
pub use credential::{AppDevice, Credential, Label, PasskeyCredential};
pub use error::StoreError;
pub use pool::{PoolNumbers, WaitingRoom};
pub use ports::{
    Bell, Claim, KeyReader, LedgerReader, RegistryReader, Slot, Store, TransientStore,
};
pub use record::{
    Enrolment, Frontier, GrantsRemoved, Lease, LogoutDelivery, SignedCheckpoint, ThrottleKey,
    VersionedSubject,
};
