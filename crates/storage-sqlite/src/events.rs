//! The ledger in commit order. With one writer, `AUTOINCREMENT` is commit order: a smaller sequence
//! never appears after a larger one was seen, and a rolled back append leaves no gap.

use identity_core::SecurityEvent;
use ledger::{News, RecordedEvent, Sequence};

use crate::database::{Connection, Fault};
use crate::sql::column;
use crate::sql::ledger::{EventColumns, EventRow};

pub use crate::sql::ledger::sequence_before;

/// In the transaction of the changes they record.
pub async fn append(connection: &mut Connection, events: &[&SecurityEvent]) -> Result<(), Fault> {
    for event in events {
        let row = EventColumns::of(event)?;
        sqlx::query!(
            "INSERT INTO events (at, subject, client, kind, leaf) VALUES ($1, $2, $3, $4, $5)",
            row.at,
            row.subject,
            row.client,
            row.kind,
            row.leaf,
        )
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// The head first: rows committed in between are then read, not missed.
pub async fn news(connection: &mut Connection, after: Sequence, limit: u32) -> Result<News, Fault> {
    let head = head(connection).await?;
    Ok(News::in_commit_order(self::after(connection, after, limit).await?, head))
}

pub async fn after(
    connection: &mut Connection,
    after: Sequence,
    limit: u32,
) -> Result<Vec<RecordedEvent>, Fault> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT sequence AS "sequence!", leaf AS "leaf!" FROM events
           WHERE sequence > $1
           ORDER BY sequence LIMIT $2"#,
        column::integer(after.0)?,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(EventRow::read).collect()
}

pub async fn head(connection: &mut Connection) -> Result<Sequence, Fault> {
    let head =
        sqlx::query_scalar!(r#"SELECT COALESCE(MAX(sequence), 0) AS "head!: i64" FROM events"#)
            .fetch_one(connection)
            .await?;
    Ok(Sequence(column::number(head)?))
}
