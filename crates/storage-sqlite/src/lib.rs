//! The embedded durable store: one SQLite file, nothing else installed.
//!
//! This crate must never know a flow, a token or the wire. It carries out plans and answers reads;
//! what a lost contest means is decided elsewhere. Nobody but the composition root names it.
//!
//! ```text
//!  SqliteStore        open · migrate · pending_migrations, and the ports of `storage`
//!    store            each port: a connection, one call into `sql`
//!    database         file or memory, one writer and many readers, what an error means
//!    events           the ledger in commit order
//!    sql              statements shared with the other adapter (../storage/sql), checked against
//!                     migrations/ at compile time; .sqlx holds the answers, see prepare.sh
//! ```
//!
//! A commit that was acknowledged survives kill -9 and power loss: write-ahead log, synced at every
//! commit. There is one writer, so a plan never meets another in its middle.

mod database;
mod events;
mod store;

#[path = "../../storage/sql/mod.rs"]
mod sql;

#[cfg(test)]
mod tests;

pub use database::SqliteLocation;
pub use store::SqliteStore;
