//! The views of the ledger that need no commit order. Appending, and reading in commit order, are the
//! adapter's own: what makes them safe differs (design §4).

use std::borrow::Cow;

use identity_core::{ClientId, SecurityEvent, SubjectId, Timestamp};
use ledger::{RecordedEvent, Sequence};
use serde::Deserialize;
use storage::{Frontier, SignedCheckpoint, StoreError};
use uuid::Uuid;

use super::column;
use crate::database::{Connection, Fault};

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
    let frontier = checkpoint.frontier.as_ref();
    sqlx::query!(
        "INSERT INTO checkpoints (size, root, at, signature, position, peaks)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (size) DO NOTHING",
        column::integer(checkpoint.size)?,
        checkpoint.root.as_slice(),
        checkpoint.at.unix_millis(),
        checkpoint.signature,
        frontier.map(|frontier| column::integer(frontier.position.0)).transpose()?,
        frontier.map(|frontier| frontier.peaks.concat()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The columns of a checkpoint, and what follows `FROM checkpoints`.
macro_rules! select_checkpoints {
    ($rest:literal) => {
        sqlx::query_as!(
            CheckpointRow,
            r#"SELECT size AS "size!", root AS "root!", at AS "at!", signature AS "signature!",
                      position AS "position?", peaks AS "peaks?"
               FROM checkpoints "#
                + $rest
        )
    };
}

pub async fn checkpoints(connection: &mut Connection) -> Result<Vec<SignedCheckpoint>, Fault> {
    let rows = select_checkpoints!("ORDER BY size").fetch_all(connection).await?;
    rows.into_iter().map(CheckpointRow::read).collect()
}

pub async fn newest_checkpoint(
    connection: &mut Connection,
) -> Result<Option<SignedCheckpoint>, Fault> {
    let row = select_checkpoints!("ORDER BY size DESC LIMIT 1").fetch_optional(connection).await?;
    row.map(CheckpointRow::read).transpose()
}

struct CheckpointRow {
    size: i64,
    root: Vec<u8>,
    at: i64,
    signature: String,
    position: Option<i64>,
    peaks: Option<Vec<u8>>,
}

impl CheckpointRow {
    fn read(self) -> Result<SignedCheckpoint, Fault> {
        let frontier = match self.position.zip(self.peaks) {
            Some((position, peaks)) => Some(Frontier {
                position: Sequence(column::number(position)?),
                peaks: peaks.chunks(32).map(column::bytes).collect::<Result<_, _>>()?,
            }),
            None => None,
        };
        Ok(SignedCheckpoint {
            size: column::number(self.size)?,
            root: column::bytes(&self.root)?,
            at: Timestamp::from_unix_millis(self.at),
            signature: self.signature,
            frontier,
        })
    }
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

/// An event as it is stored.
pub struct EventColumns<'a> {
    pub at: i64,
    pub subject: Option<Uuid>,
    pub client: Option<&'a str>,
    pub kind: String,
    pub leaf: Vec<u8>,
}

impl<'a> EventColumns<'a> {
    pub fn of(event: &'a SecurityEvent) -> Result<Self, Fault> {
        let leaf = ledger::encode(event).map_err(StoreError::corrupt)?;
        Ok(Self {
            at: event.at.unix_millis(),
            subject: event.subject.map(SubjectId::uuid),
            client: event.client.as_ref().map(ClientId::as_str),
            kind: kind_of(&leaf)?,
            leaf,
        })
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
