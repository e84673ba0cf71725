//! The ledger, appended by many transactions at once and read in an order that skips nothing.
//!
//! A row's sequence is `base + (transaction id << 16) + place`. Rows become visible when their
//! transaction commits, so one with a smaller sequence may appear later; but nothing new can appear
//! below the snapshot's `xmin`, the oldest transaction still running. Up to there rows are *settled*.
//! No lock is taken to append, and no transaction waits for another.

use identity_core::{SecurityEvent, Timestamp};
use ledger::{News, RecordedEvent, Sequence};
use storage::StoreError;
use uuid::Uuid;

use crate::database::{Connection, Fault};
use crate::sql::column;
use crate::sql::ledger::{self as views, EventColumns, EventRow};

/// Wakes the followers of this database. Sent only for what takes something back: a notification
/// makes commits wait for each other.
pub const CHANNEL: &str = "vneid_ledger";

/// Two bytes of the sequence.
const MOST_PER_TRANSACTION: usize = 1 << 16;

/// All events of a transaction, in one statement.
pub async fn append(connection: &mut Connection, events: &[&SecurityEvent]) -> Result<(), Fault> {
    if events.is_empty() {
        return Ok(());
    }
    if events.len() > MOST_PER_TRANSACTION {
        return Err(StoreError::corrupt("more events than one transaction can number").into());
    }
    let rows = events.iter().map(|event| EventColumns::of(event));
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let at: Vec<i64> = rows.iter().map(|row| row.at).collect();
    let subject: Vec<Option<Uuid>> = rows.iter().map(|row| row.subject).collect();
    let client: Vec<Option<&str>> = rows.iter().map(|row| row.client).collect();
    let kind: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
    let leaf: Vec<&[u8]> = rows.iter().map(|row| row.leaf.as_slice()).collect();
    sqlx::query!(
        "INSERT INTO events (sequence, at, subject, client, kind, leaf)
         SELECT (SELECT base FROM ledger_base)
                    + (pg_current_xact_id()::text::bigint << 16) + e.place - 1,
                e.at, e.subject, e.client, e.kind, e.leaf
         FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::bytea[])
              WITH ORDINALITY AS e (at, subject, client, kind, leaf, place)",
        &at,
        &subject as _,
        &client as _,
        &kind as _,
        &leaf as _,
    )
    .execute(&mut *connection)
    .await?;
    if events.iter().any(|event| is_news(event)) {
        sqlx::query!("SELECT pg_notify($1, '')", CHANNEL).execute(connection).await?;
    }
    Ok(())
}

/// Whether nodes should know at once: what was taken back, and what they keep in memory.
fn is_news(event: &SecurityEvent) -> bool {
    use identity_core::EventKind::{ClientRegistered, KeyCreated};
    ledger::takes_back(event) || matches!(event.kind, ClientRegistered | KeyCreated { .. })
}

/// Settled rows only.
pub async fn after(
    connection: &mut Connection,
    after: Sequence,
    limit: u32,
) -> Result<Vec<RecordedEvent>, Fault> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT sequence AS "sequence!", leaf AS "leaf!" FROM events
           WHERE sequence > $1
             AND sequence < (SELECT base FROM ledger_base)
                     + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 16)
           ORDER BY sequence LIMIT $2"#,
        column::integer(after.0)?,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(EventRow::read).collect()
}

/// Everything visible, with the horizon and the head of the same snapshot: one statement, one answer.
pub async fn news(connection: &mut Connection, after: Sequence, limit: u32) -> Result<News, Fault> {
    let rows = sqlx::query!(
        r#"SELECT (SELECT base FROM ledger_base)
                      + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 16) - 1
                      AS "settled!",
                  COALESCE((SELECT MAX(sequence) FROM events), 0) AS "head!",
                  e.sequence AS "sequence?", e.leaf AS "leaf?"
           FROM (SELECT 1) AS one
           LEFT JOIN (SELECT sequence, leaf FROM events WHERE sequence > $1
                      ORDER BY sequence LIMIT $2) AS e ON true
           ORDER BY e.sequence"#,
        column::integer(after.0)?,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    let horizon = rows.first().map_or((0, 0), |row| (row.settled, row.head));
    let events = rows
        .into_iter()
        .filter_map(|row| Some(EventRow { sequence: row.sequence?, leaf: row.leaf? }.read()))
        .collect::<Result<_, _>>()?;
    let (settled, head) = (column::number(horizon.0)?, column::number(horizon.1)?);
    Ok(News { events, settled: Sequence(settled), head: Sequence(head) })
}

pub async fn head(connection: &mut Connection) -> Result<Sequence, Fault> {
    let head =
        sqlx::query_scalar!(r#"SELECT COALESCE(MAX(sequence), 0) AS "head!: i64" FROM events"#)
            .fetch_one(connection)
            .await?;
    Ok(Sequence(column::number(head)?))
}

/// Never beyond what is settled, asked before: a transaction under way may still append below the
/// first row that is visible now.
pub async fn sequence_before(
    connection: &mut Connection,
    from: Timestamp,
) -> Result<Sequence, Fault> {
    let settled = settled(connection).await?;
    Ok(views::sequence_before(connection, from).await?.min(settled))
}

async fn settled(connection: &mut Connection) -> Result<Sequence, Fault> {
    let settled = sqlx::query_scalar!(
        r#"SELECT (SELECT base FROM ledger_base)
                      + (pg_snapshot_xmin(pg_current_snapshot())::text::bigint << 16) - 1
                      AS "settled!""#,
    )
    .fetch_one(connection)
    .await?;
    Ok(Sequence(column::number(settled)?))
}

/// Data that came from another cluster (a logical copy) was numbered by *its* transaction ids. The
/// base is lifted so that what is appended from now on comes after it. True if that was needed.
pub async fn lift_base(connection: &mut Connection) -> Result<bool, Fault> {
    let lifted = sqlx::query!(
        "UPDATE ledger_base SET base = (SELECT MAX(sequence) FROM events)
         WHERE base + (pg_current_xact_id()::text::bigint << 16)
                   <= (SELECT MAX(sequence) FROM events)",
    )
    .execute(connection)
    .await?;
    Ok(lifted.rows_affected() > 0)
}

/// Whether what is appended now would come before what is there.
pub async fn base_is_behind(connection: &mut Connection) -> Result<bool, Fault> {
    let behind = sqlx::query_scalar!(
        r#"SELECT COALESCE((SELECT MAX(sequence) FROM events)
                      >= (SELECT base FROM ledger_base)
                         + (pg_snapshot_xmax(pg_current_snapshot())::text::bigint << 16), false)
                      AS "behind!""#,
    )
    .fetch_one(connection)
    .await?;
    Ok(behind)
}
