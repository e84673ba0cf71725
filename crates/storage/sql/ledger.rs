//! Appending to the ledger, and the views that need no commit order. Reading in commit order is the
//! adapter's own: what makes it safe differs (design §4).

use std::borrow::Cow;

use identity_core::{ClientId, SecurityEvent, SubjectId, Timestamp};
use ledger::{RecordedEvent, Sequence};
use serde::Deserialize;
use storage::{SignedCheckpoint, StoreError};

use super::column;
use crate::database::{Connection, Fault};

/// In the transaction of the change it records.
pub async fn append(connection: &mut Connection, event: &SecurityEvent) -> Result<(), Fault> {
    let leaf = ledger::encode(event).map_err(StoreError::corrupt)?;
    sqlx::query!(
        "INSERT INTO events (at, subject, client, kind, leaf) VALUES ($1, $2, $3, $4, $5)",
        event.at.unix_millis(),
        event.subject.map(SubjectId::uuid),
        event.client.as_ref().map(ClientId::as_str),
        kind_of(&leaf)?,
        leaf,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The newest first, before `before`.
pub async fn history_of(
    connection: &mut Connection,
    subject: SubjectId,
    before: Option<Sequence>,
    limit: u32,
) -> Result<Vec<RecordedEvent>, Fault> {
    let before = before.map_or(Ok(i64::MAX), |Sequence(before)| column::integer(before))?;
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT sequence AS "sequence!", leaf AS "leaf!" FROM events
           WHERE subject = $1 AND sequence < $2
           ORDER BY sequence DESC LIMIT $3"#,
        subject.uuid(),
        before,
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(EventRow::read).collect()
}

/// The place before the first event at or after `from`; the end when there is none.
///
/// `+ 0` keeps planners from walking the whole ledger by sequence: the index on `at` is the short way.
pub async fn sequence_before(
    connection: &mut Connection,
    from: Timestamp,
) -> Result<Sequence, Fault> {
    let place = sqlx::query_scalar!(
        r#"SELECT COALESCE((SELECT MIN(sequence + 0) - 1 FROM events WHERE at >= $1),
                           (SELECT MAX(sequence) FROM events), 0) AS "place!: i64""#,
        from.unix_millis(),
    )
    .fetch_one(connection)
    .await?;
    Ok(Sequence(column::number(place)?))
}

pub async fn standing(connection: &mut Connection) -> Result<Vec<RecordedEvent>, Fault> {
    let rows = sqlx::query_as!(
        EventRow,
        r#"SELECT sequence AS "sequence!", leaf AS "leaf!" FROM events
           WHERE kind IN ('client_suspended', 'client_reinstated', 'key_compromised')
           ORDER BY sequence"#,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(EventRow::read).collect()
}

/// Two sealers may reach one size; the first signature stays.
pub async fn save_checkpoint(
    connection: &mut Connection,
    checkpoint: &SignedCheckpoint,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO checkpoints (size, root, at, signature) VALUES ($1, $2, $3, $4)
         ON CONFLICT (size) DO NOTHING",
        column::integer(checkpoint.size)?,
        checkpoint.root.as_slice(),
        checkpoint.at.unix_millis(),
        checkpoint.signature,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn checkpoints(connection: &mut Connection) -> Result<Vec<SignedCheckpoint>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT size AS "size!", root AS "root!", at AS "at!", signature AS "signature!"
           FROM checkpoints ORDER BY size"#,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SignedCheckpoint {
                size: column::number(row.size)?,
                root: column::bytes(&row.root)?,
                at: Timestamp::from_unix_millis(row.at),
                signature: row.signature,
            })
        })
        .collect()
}

/// A row as it was committed.
pub struct EventRow {
    pub sequence: i64,
    pub leaf: Vec<u8>,
}

impl EventRow {
    pub fn read(self) -> Result<RecordedEvent, Fault> {
        let sequence = Sequence(column::number(self.sequence)?);
        Ok(RecordedEvent::read(sequence, self.leaf)
            .map_err(|error| StoreError::corrupt(format_args!("event {sequence}: {error}")))?)
    }
}

/// The name under which operators count events, read from the very bytes that are stored.
fn kind_of(leaf: &[u8]) -> Result<String, Fault> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        event: Cow<'a, str>,
    }
    let named: Named<'_> = serde_json::from_slice(leaf).map_err(StoreError::corrupt)?;
    Ok(named.event.into_owned())
}
