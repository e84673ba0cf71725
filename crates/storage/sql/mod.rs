//! The portable half of every SQL adapter: statements, and how rows become nouns.
//!
//! These files belong to no crate. Each adapter compiles them (`#[path]`) inside itself, so that the
//! `sqlx` macros check every statement at compile time against *its* database. An adapter brings
//! `crate::database::{Connection, Fault}`, its connection type and an error made of `sqlx::Error` or
//! [`StoreError`](storage::StoreError); `crate::store::Adapter`, for which [`ports`] are implemented;
//! and `crate::events`, because what makes reading in commit order safe differs.
//!
//! What keeps them portable: `$1` placeholders, `ON CONFLICT`, `RETURNING`, explicit column lists and
//! output types; no clock, no randomness, no row locks. A race is settled by the condition of one
//! statement, whose affected rows are counted, so it also holds where writers run in parallel.

pub mod authenticators;
pub mod change;
pub mod column;
pub mod consents;
mod consumed;
pub mod dossier;
pub mod grants;
pub mod ledger;
mod ports;
pub mod registry;
pub mod sessions;
pub mod subjects;
pub mod throttle;
