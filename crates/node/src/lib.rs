//! What every role of the provider keeps in memory, whichever role it is: the relying parties, the
//! opened key ring, the security state it follows, and the authentication of calling clients, which
//! needs all three.
//!
//! It stands between the stores and both roles so that introspection need not link a single flow
//! (ADR 0009). It must never know HTTP or pages, and writes nothing durable.
//!
//! ```text
//!  Registry       relying parties by client id, replaced whole
//!  Keys           the opened key ring, replaced whole
//!  SecurityView   follower + state; bounded staleness; asks the ledger itself when stale
//!  open_access_token  the facts in an access token, sealed or JWT
//!  ClientGate     which client is calling, by its one registered method
//!  measure        what every role counts and times: one table, one function for each thing
//! ```

pub mod access_tokens;
pub mod client_authentication;
pub mod keys;
pub mod measure;
pub mod registry;
pub mod security_view;

pub use access_tokens::{OpenedToken, open_access_token};
pub use client_authentication::{ClientGate, ClientRefusal};
pub use keys::Keys;
pub use registry::Registry;
pub use security_view::SecurityView;
