//! Logins of browsers, with the evidence they rest on.

use identity_core::id::SessionId;
use identity_core::secret::SecretDigest;
use identity_core::session::SessionEnd;
use identity_core::{AuthenticationEvidence, Session, SubjectId, Timestamp};
use storage::{Contest, SessionScope};
use uuid::Uuid;

use super::change::Outcome;
use super::column;
use crate::database::{Connection, Fault};

/// The columns of a session, and what follows `FROM sessions`.
macro_rules! select_sessions {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            SessionRow,
            r#"SELECT id AS "id!: Uuid", subject AS "subject!: Uuid", handle AS "handle!",
                      evidence AS "evidence!", created_at AS "created_at!",
                      last_used_at AS "last_used_at!", expires_at AS "expires_at!",
                      ended_at AS "ended_at?", ended_reason AS "ended_reason?",
                      browser AS "browser!"
               FROM sessions "# + $rest,
            $($argument),+
        )
    };
}

pub async fn open(connection: &mut Connection, session: &Session) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO sessions (id, subject, handle, evidence, created_at, last_used_at, expires_at,
                               ended_at, ended_reason, browser)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        session.id.uuid(),
        session.subject.uuid(),
        session.handle.0.as_slice(),
        column::json(&session.evidence)?,
        session.created_at.unix_millis(),
        session.last_used_at.unix_millis(),
        session.expires_at.unix_millis(),
        session.ended.map(|end| end.at.unix_millis()),
        session.ended.map(|end| column::name(&end.reason)).transpose()?,
        session.browser,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The evidence read is named in the condition, so that two extensions never lose one of their own.
pub async fn extend(
    connection: &mut Connection,
    id: SessionId,
    handle: &SecretDigest,
    added: &[AuthenticationEvidence],
    now: Timestamp,
) -> Result<Outcome, Fault> {
    loop {
        let before = sqlx::query_scalar!(
            r#"SELECT evidence AS "evidence!" FROM sessions
               WHERE id = $1 AND ended_at IS NULL AND expires_at > $2"#,
            id.uuid(),
            now.unix_millis(),
        )
        .fetch_optional(&mut *connection)
        .await?;
        let Some(before) = before else {
            return Ok(Outcome::Lost(Contest::SessionEnded));
        };
        let mut evidence: Vec<AuthenticationEvidence> = column::from_json(&before)?;
        evidence.extend_from_slice(added);
        let extended = sqlx::query!(
            "UPDATE sessions SET handle = $3, evidence = $4, last_used_at = $5
             WHERE id = $1 AND ended_at IS NULL AND evidence = $2",
            id.uuid(),
            before,
            handle.0.as_slice(),
            column::json(&evidence)?,
            now.unix_millis(),
        )
        .execute(&mut *connection)
        .await?;
        if extended.rows_affected() == 1 {
            return Ok(Outcome::Applied);
        }
    }
}

/// Never moves backwards: requests overtake each other.
pub async fn touch(
    connection: &mut Connection,
    id: SessionId,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE sessions SET last_used_at = $2
         WHERE id = $1 AND ended_at IS NULL AND last_used_at < $2",
        id.uuid(),
        now.unix_millis(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn end(
    connection: &mut Connection,
    scope: SessionScope,
    end: SessionEnd,
) -> Result<(), Fault> {
    let (at, reason) = (end.at.unix_millis(), column::name(&end.reason)?);
    match scope {
        SessionScope::One(id) => {
            sqlx::query!(
                "UPDATE sessions SET ended_at = $2, ended_reason = $3
                 WHERE id = $1 AND ended_at IS NULL",
                id.uuid(),
                at,
                reason,
            )
            .execute(connection)
            .await?
        }
        SessionScope::OfSubject(subject) => {
            sqlx::query!(
                "UPDATE sessions SET ended_at = $2, ended_reason = $3
                 WHERE subject = $1 AND ended_at IS NULL",
                subject.uuid(),
                at,
                reason,
            )
            .execute(connection)
            .await?
        }
    };
    Ok(())
}

pub async fn by_id(connection: &mut Connection, id: SessionId) -> Result<Option<Session>, Fault> {
    let row = select_sessions!("WHERE id = $1", id.uuid()).fetch_optional(connection).await?;
    row.map(SessionRow::read).transpose()
}

pub async fn by_handle(
    connection: &mut Connection,
    handle: &SecretDigest,
) -> Result<Option<Session>, Fault> {
    let row = select_sessions!("WHERE handle = $1", handle.0.as_slice())
        .fetch_optional(connection)
        .await?;
    row.map(SessionRow::read).transpose()
}

/// Those for which `Session::alive` holds.
pub async fn live_of(
    connection: &mut Connection,
    subject: SubjectId,
    now: Timestamp,
) -> Result<Vec<Session>, Fault> {
    let rows = select_sessions!(
        "WHERE subject = $1 AND ended_at IS NULL AND expires_at > $2 AND last_used_at > $3
         ORDER BY created_at DESC, id DESC",
        subject.uuid(),
        now.unix_millis(),
        now.minus(Session::IDLE).unix_millis(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(SessionRow::read).collect()
}

/// Removes at most `most` sessions that were over before `before`; how many there were. The ledger
/// keeps what happened in them.
pub async fn remove_dead(
    connection: &mut Connection,
    before: Timestamp,
    most: u32,
) -> Result<u64, Fault> {
    let removed = sqlx::query!(
        "DELETE FROM sessions WHERE id IN (
             SELECT id FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)",
        before.unix_millis(),
        i64::from(most),
    )
    .execute(connection)
    .await?;
    Ok(removed.rows_affected())
}

pub(super) struct SessionRow {
    pub(super) id: Uuid,
    pub(super) subject: Uuid,
    pub(super) handle: Vec<u8>,
    pub(super) evidence: String,
    pub(super) created_at: i64,
    pub(super) last_used_at: i64,
    pub(super) expires_at: i64,
    pub(super) ended_at: Option<i64>,
    pub(super) ended_reason: Option<String>,
    pub(super) browser: String,
}

impl SessionRow {
    pub(super) fn read(self) -> Result<Session, Fault> {
        let ended = match self.ended_at.zip(self.ended_reason) {
            Some((at, reason)) => Some(SessionEnd {
                at: Timestamp::from_unix_millis(at),
                reason: column::from_name(&reason)?,
            }),
            None => None,
        };
        Ok(Session {
            id: SessionId::from_uuid(self.id),
            subject: SubjectId::from_uuid(self.subject),
            handle: SecretDigest(column::bytes(&self.handle)?),
            evidence: column::from_json(&self.evidence)?,
            created_at: Timestamp::from_unix_millis(self.created_at),
            last_used_at: Timestamp::from_unix_millis(self.last_used_at),
            expires_at: Timestamp::from_unix_millis(self.expires_at),
            ended,
            browser: self.browser,
        })
    }
}
