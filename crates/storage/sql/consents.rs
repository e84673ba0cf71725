//! What people agreed to, one row per person and relying party.

use identity_core::consent::Consent;
use identity_core::{ClientId, SubjectId, Timestamp};
use uuid::Uuid;

use super::column;
use crate::database::{Connection, Fault};

pub async fn save(connection: &mut Connection, consent: &Consent) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO consents (subject, client, scopes, claims, declined, purpose, given_at,
                               withdrawn_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (subject, client) DO UPDATE
         SET scopes = excluded.scopes, claims = excluded.claims, declined = excluded.declined,
             purpose = excluded.purpose, given_at = excluded.given_at,
             withdrawn_at = excluded.withdrawn_at",
        consent.subject.uuid(),
        consent.client.as_str(),
        column::json(&consent.scopes)?,
        column::json(&consent.claims)?,
        column::json(&consent.declined)?,
        consent.purpose,
        consent.given_at.unix_millis(),
        consent.withdrawn_at.map(Timestamp::unix_millis),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn withdraw(
    connection: &mut Connection,
    subject: SubjectId,
    client: &ClientId,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE consents SET withdrawn_at = $3
         WHERE subject = $1 AND client = $2 AND withdrawn_at IS NULL",
        subject.uuid(),
        client.as_str(),
        now.unix_millis(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn one(
    connection: &mut Connection,
    subject: SubjectId,
    client: &ClientId,
) -> Result<Option<Consent>, Fault> {
    let row = sqlx::query_as!(
        ConsentRow,
        r#"SELECT subject AS "subject!: Uuid", client AS "client!", scopes AS "scopes!",
                  claims AS "claims!", declined AS "declined!", purpose AS "purpose!",
                  given_at AS "given_at!", withdrawn_at AS "withdrawn_at?"
           FROM consents WHERE subject = $1 AND client = $2"#,
        subject.uuid(),
        client.as_str(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(ConsentRow::read).transpose()
}

/// Withdrawn ones too, newest first.
pub async fn of_subject(
    connection: &mut Connection,
    subject: SubjectId,
) -> Result<Vec<Consent>, Fault> {
    let rows = sqlx::query_as!(
        ConsentRow,
        r#"SELECT subject AS "subject!: Uuid", client AS "client!", scopes AS "scopes!",
                  claims AS "claims!", declined AS "declined!", purpose AS "purpose!",
                  given_at AS "given_at!", withdrawn_at AS "withdrawn_at?"
           FROM consents WHERE subject = $1
           ORDER BY given_at DESC, client"#,
        subject.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(ConsentRow::read).collect()
}

pub(super) struct ConsentRow {
    pub(super) subject: Uuid,
    pub(super) client: String,
    pub(super) scopes: String,
    pub(super) claims: String,
    pub(super) declined: String,
    pub(super) purpose: String,
    pub(super) given_at: i64,
    pub(super) withdrawn_at: Option<i64>,
}

impl ConsentRow {
    pub(super) fn read(self) -> Result<Consent, Fault> {
        Ok(Consent {
            subject: SubjectId::from_uuid(self.subject),
            client: column::from_name(&self.client)?,
            scopes: column::from_json(&self.scopes)?,
            claims: column::from_json(&self.claims)?,
            declined: column::from_json(&self.declined)?,
            purpose: self.purpose,
            given_at: Timestamp::from_unix_millis(self.given_at),
            withdrawn_at: self.withdrawn_at.map(Timestamp::from_unix_millis),
        })
    }
}
