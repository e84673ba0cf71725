//! The production durable store: PostgreSQL 15 and later.
//!
//! This crate must never know a flow, a token or the wire. It carries out plans and answers reads;
//! what a lost contest means is decided elsewhere. Nobody but the composition root names it.
//!
//! ```text
//!  PostgresStore      open · migrate · pending_migrations · keep_partitions, and the ports of `storage`
//!    store            a commit and its retries; the shared ports do the rest
//!    database         where it is, who is primary, the pool, what an error means
//!    bulk             very many rows at once, by COPY
//!    events           the ledger: appended without waiting, read in an order that skips nothing
//!    claims           identifiers that count once and values that may be lost, without Redis
//!    listener         LISTEN: a hint that there is news
//!    partitions       by time, made ahead and dropped whole
//!    sql              statements shared with the other adapter (../storage/sql), checked against
//!                     migrations/ at compile time; .sqlx holds the answers, see prepare.sh
//! ```
//!
//! Every read goes to the primary: read your writes. A commit that was acknowledged survives what the
//! server's `synchronous_commit` says it survives; docs/operations/postgresql.md says what to set.

mod bulk;
mod claims;
mod database;
mod events;
mod listener;
mod partitions;
mod redemption;
mod store;

#[path = "../../storage/sql/mod.rs"]
mod sql;

#[cfg(test)]
mod tests;

pub use claims::PostgresTransientStore;
pub use database::PostgresLocation;
pub use listener::Listener;
pub use store::PostgresStore;
