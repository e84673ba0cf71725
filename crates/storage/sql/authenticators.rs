//! What people prove with, and the secrets it takes to check them.

use identity_core::authenticator::{Authenticator, AuthenticatorStatus, FailureCount};
use identity_core::{AuthenticatorId, SubjectId, Timestamp};
use storage::privacy::{PersonalDataCipher, SealedField, SubjectKey};
use storage::{Contest, Credential, Enrolment, Label, Replacement, StoreError};
use uuid::Uuid;

use super::change::Outcome;
use super::{column, subjects};
use crate::database::{Connection, Fault};

pub async fn bind(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    enrolment: &Enrolment,
) -> Result<(), Fault> {
    let Enrolment { authenticator, version, credential, label, last_step, failures } = enrolment;
    let key = subjects::key_of(connection, cipher, authenticator.subject).await?;
    let (status, since) = status_columns(authenticator.status);
    sqlx::query!(
        "INSERT INTO authenticators (id, subject, kind, status, status_since, bound_at, expires_at,
                                     password_length, credential, last_step, failures, failed_at,
                                     version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        authenticator.id.uuid(),
        authenticator.subject.uuid(),
        column::name(&authenticator.kind)?,
        status,
        since,
        authenticator.bound_at.unix_millis(),
        authenticator.expires_at.map(Timestamp::unix_millis),
        authenticator.password_length.map(i64::from),
        seal(credential, label.as_ref(), &key, authenticator.id, cipher)?,
        last_step.map(column::integer).transpose()?,
        i64::from(failures.consecutive),
        failures.last_at.map(Timestamp::unix_millis),
        column::integer(*version)?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn set_status(
    connection: &mut Connection,
    id: AuthenticatorId,
    status: AuthenticatorStatus,
) -> Result<(), Fault> {
    let (status, since) = status_columns(status);
    let changed = sqlx::query!(
        "UPDATE authenticators SET status = $2, status_since = $3, version = version + 1 WHERE id = $1",
        id.uuid(),
        status,
        since,
    )
    .execute(connection)
    .await?;
    exactly_one(changed.rows_affected(), id)
}

/// Of two that saw the same version, one wins.
pub async fn replace(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    id: AuthenticatorId,
    version: u64,
    next: &Replacement,
) -> Result<Outcome, Fault> {
    let subject = sqlx::query_scalar!(
        r#"SELECT subject AS "subject!: Uuid" FROM authenticators WHERE id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(subject) = subject else { return Ok(Outcome::Lost(Contest::AuthenticatorMoved)) };
    let key = subjects::key_of(connection, cipher, SubjectId::from_uuid(subject)).await?;
    let changed = sqlx::query!(
        "UPDATE authenticators SET credential = $3, password_length = $4, version = version + 1
         WHERE id = $1 AND version = $2",
        id.uuid(),
        column::integer(version)?,
        seal(&next.credential, next.label.as_ref(), &key, id, cipher)?,
        next.password_length.map(i64::from),
    )
    .execute(connection)
    .await?;
    Ok(Outcome::of(changed.rows_affected(), Contest::AuthenticatorMoved))
}

/// RFC 6238 §5.2: the second use of a code is refused, and so is every earlier one.
pub async fn consume_step(
    connection: &mut Connection,
    id: AuthenticatorId,
    step: u64,
) -> Result<Outcome, Fault> {
    let consumed = sqlx::query!(
        "UPDATE authenticators SET last_step = $2
         WHERE id = $1 AND (last_step IS NULL OR last_step < $2)",
        id.uuid(),
        column::integer(step)?,
    )
    .execute(connection)
    .await?;
    Ok(Outcome::of(consumed.rows_affected(), Contest::StepUsed))
}

pub async fn of_subject(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    subject: SubjectId,
) -> Result<Vec<Enrolment>, Fault> {
    let rows = sqlx::query_as!(
        EnrolmentRow,
        r#"SELECT a.id AS "id!: Uuid", a.kind AS "kind!", a.status AS "status!",
                  a.status_since AS "status_since?", a.bound_at AS "bound_at!",
                  a.expires_at AS "expires_at?", a.password_length AS "password_length?",
                  a.credential AS "credential!", a.last_step AS "last_step?",
                  a.failures AS "failures!", a.failed_at AS "failed_at?",
                  a.version AS "version!", k.wrapped AS "wrapped!"
           FROM authenticators a JOIN subject_keys k ON k.subject = a.subject
           WHERE a.subject = $1 AND a.status <> 'removed'
           ORDER BY a.bound_at, a.id"#,
        subject.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let Some(first) = rows.first() else {
        return Ok(Vec::new());
    };
    let key = cipher.open_key(subject, &first.wrapped)?;
    rows.into_iter().map(|row| row.open(subject, &key, cipher)).collect()
}

pub(super) struct EnrolmentRow {
    pub(super) id: Uuid,
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) status_since: Option<i64>,
    pub(super) bound_at: i64,
    pub(super) expires_at: Option<i64>,
    pub(super) password_length: Option<i64>,
    pub(super) credential: Vec<u8>,
    pub(super) last_step: Option<i64>,
    pub(super) failures: i64,
    pub(super) failed_at: Option<i64>,
    pub(super) version: i64,
    pub(super) wrapped: Vec<u8>,
}

impl EnrolmentRow {
    pub(super) fn open(
        self,
        subject: SubjectId,
        key: &SubjectKey,
        cipher: &PersonalDataCipher,
    ) -> Result<Enrolment, Fault> {
        let id = AuthenticatorId::from_uuid(self.id);
        let sealed = cipher.open_field(key, SealedField::Credential(id), &self.credential)?;
        let (credential, label) = Credential::of_plaintext(&sealed)?;
        Ok(Enrolment {
            authenticator: Authenticator {
                id,
                subject,
                kind: column::from_name(&self.kind)?,
                status: status_of(&self.status, self.status_since)?,
                bound_at: Timestamp::from_unix_millis(self.bound_at),
                expires_at: self.expires_at.map(Timestamp::from_unix_millis),
                password_length: self.password_length.map(column::number).transpose()?,
            },
            version: column::number(self.version)?,
            credential,
            label,
            last_step: self.last_step.map(column::number).transpose()?,
            failures: FailureCount {
                consecutive: column::number(self.failures)?,
                last_at: self.failed_at.map(Timestamp::from_unix_millis),
            },
        })
    }
}

pub fn seal(
    credential: &Credential,
    label: Option<&Label>,
    key: &SubjectKey,
    id: AuthenticatorId,
    cipher: &PersonalDataCipher,
) -> Result<Vec<u8>, Fault> {
    let plaintext = credential.to_plaintext(label)?;
    Ok(cipher.seal_field(key, SealedField::Credential(id), plaintext)?)
}

pub fn status_columns(status: AuthenticatorStatus) -> (&'static str, Option<i64>) {
    match status {
        AuthenticatorStatus::Active => ("active", None),
        AuthenticatorStatus::Pending => ("pending", None),
        AuthenticatorStatus::Suspended { since } => ("suspended", Some(since.unix_millis())),
        AuthenticatorStatus::Disabled { since } => ("disabled", Some(since.unix_millis())),
        AuthenticatorStatus::Removed { since } => ("removed", Some(since.unix_millis())),
    }
}

fn status_of(status: &str, since: Option<i64>) -> Result<AuthenticatorStatus, Fault> {
    match (status, since.map(Timestamp::from_unix_millis)) {
        ("active", None) => Ok(AuthenticatorStatus::Active),
        ("pending", None) => Ok(AuthenticatorStatus::Pending),
        ("suspended", Some(since)) => Ok(AuthenticatorStatus::Suspended { since }),
        ("disabled", Some(since)) => Ok(AuthenticatorStatus::Disabled { since }),
        ("removed", Some(since)) => Ok(AuthenticatorStatus::Removed { since }),
        _ => Err(StoreError::corrupt("an authenticator in no known status").into()),
    }
}

fn exactly_one(rows_affected: u64, id: AuthenticatorId) -> Result<(), Fault> {
    if rows_affected == 1 { Ok(()) } else { Err(unknown(id)) }
}

fn unknown(id: AuthenticatorId) -> Fault {
    StoreError::corrupt(format_args!("no authenticator {id}")).into()
}
