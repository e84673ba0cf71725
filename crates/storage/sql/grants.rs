//! Token families.

use identity_core::grant::{ActiveGrant, Generation, Grant, RevocationReason, RevokedGrant};
use identity_core::id::SessionId;
use identity_core::{ClientId, GrantId, SubjectId, Timestamp};
use storage::terms::{self, GrantColumns, TermsForm};
use storage::{Contest, GrantScope, GrantsRemoved};
use uuid::Uuid;

use super::change::Outcome;
use super::column;
use crate::database::{Connection, Fault};

/// OpenID Connect Core §11: such a grant outlives the session it was given in.
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The redemption of a code: its id can be inserted once (RFC 6749 §4.1.2).
pub async fn insert(
    connection: &mut Connection,
    form: TermsForm,
    grant: &ActiveGrant,
) -> Result<Outcome, Fault> {
    let ActiveGrant { terms, generation, rotated_at, redeemed_at } = grant;
    let inserted = sqlx::query!(
        "INSERT INTO grants (id, subject, client, session, offline, terms, generation, rotated_at,
                             redeemed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (id) DO NOTHING",
        terms.grant.uuid(),
        terms.subject.uuid(),
        terms.client.as_str(),
        terms.session.uuid(),
        terms.scopes.contains(OFFLINE_ACCESS),
        form.write(terms)?,
        i64::from(generation.0),
        rotated_at.unix_millis(),
        redeemed_at.unix_millis(),
    )
    .execute(connection)
    .await?;
    Ok(Outcome::of(inserted.rows_affected(), Contest::GrantExists))
}

pub async fn rotate(
    connection: &mut Connection,
    id: GrantId,
    from: Generation,
    to: Generation,
    now: Timestamp,
) -> Result<Outcome, Fault> {
    let rotated = sqlx::query!(
        "UPDATE grants SET generation = $3, rotated_at = $4
         WHERE id = $1 AND generation = $2 AND revoked_at IS NULL",
        id.uuid(),
        i64::from(from.0),
        i64::from(to.0),
        now.unix_millis(),
    )
    .execute(connection)
    .await?;
    Ok(Outcome::of(rotated.rows_affected(), Contest::GenerationMoved))
}

pub async fn revoke(
    connection: &mut Connection,
    scope: &GrantScope,
    reason: RevocationReason,
    now: Timestamp,
) -> Result<(), Fault> {
    let (at, reason) = (now.unix_millis(), column::name(&reason)?);
    match scope {
        GrantScope::One(id) => {
            sqlx::query!(
                "UPDATE grants SET revoked_at = $2, revoked_reason = $3
                 WHERE id = $1 AND revoked_at IS NULL",
                id.uuid(),
                at,
                reason,
            )
            .execute(connection)
            .await?
        }
        GrantScope::OnlineOfSession(session) => {
            sqlx::query!(
                "UPDATE grants SET revoked_at = $2, revoked_reason = $3
                 WHERE session = $1 AND NOT offline AND revoked_at IS NULL",
                session.uuid(),
                at,
                reason,
            )
            .execute(connection)
            .await?
        }
        GrantScope::OfSubject(subject) => {
            sqlx::query!(
                "UPDATE grants SET revoked_at = $2, revoked_reason = $3
                 WHERE subject = $1 AND revoked_at IS NULL",
                subject.uuid(),
                at,
                reason,
            )
            .execute(connection)
            .await?
        }
        GrantScope::OfSubjectAtClient { subject, client } => {
            sqlx::query!(
                "UPDATE grants SET revoked_at = $3, revoked_reason = $4
                 WHERE subject = $1 AND client = $2 AND revoked_at IS NULL",
                subject.uuid(),
                client.as_str(),
                at,
                reason,
            )
            .execute(connection)
            .await?
        }
    };
    Ok(())
}

pub async fn by_id(connection: &mut Connection, id: GrantId) -> Result<Option<Grant>, Fault> {
    let row = sqlx::query_as!(
        GrantRow,
        r#"SELECT id AS "id!: Uuid", subject AS "subject!: Uuid", client AS "client!",
                  session AS "session!: Uuid", terms AS "terms!", generation AS "generation!", rotated_at AS "rotated_at!",
                  redeemed_at AS "redeemed_at!", revoked_at AS "revoked_at?",
                  revoked_reason AS "revoked_reason?"
           FROM grants WHERE id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(GrantRow::read).transpose()
}

pub async fn clients_of_session(
    connection: &mut Connection,
    session: SessionId,
) -> Result<Vec<ClientId>, Fault> {
    let clients = sqlx::query_scalar!(
        r#"SELECT DISTINCT client AS "client!" FROM grants WHERE session = $1 ORDER BY client"#,
        session.uuid(),
    )
    .fetch_all(connection)
    .await?;
    clients.iter().map(|client| column::from_name(client)).collect()
}

/// See [`storage::Store::remove_ended_grants`]. Identifiers sort by time, so no index is needed to find
/// what is old.
pub async fn remove_ended(
    connection: &mut Connection,
    after: Option<GrantId>,
    before: Timestamp,
    most: u32,
) -> Result<GrantsRemoved, Fault> {
    let after = after.map_or(Uuid::nil(), GrantId::uuid);
    let end = GrantId::earliest(before).uuid();
    let last = sqlx::query_scalar!(
        r#"SELECT id AS "id!: Uuid" FROM grants WHERE id > $1 AND id < $2
           ORDER BY id LIMIT 1 OFFSET $3"#,
        after,
        end,
        i64::from(most.saturating_sub(1)),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let removed = sqlx::query!(
        "DELETE FROM grants WHERE id > $1 AND id <= $2
             AND (revoked_at < $3 OR (revoked_at IS NULL AND NOT offline AND redeemed_at < $3))",
        after,
        last.unwrap_or(end),
        before.unix_millis(),
    )
    .execute(connection)
    .await?;
    Ok(GrantsRemoved { count: removed.rows_affected(), next: last.map(GrantId::from_uuid) })
}

pub(super) struct GrantRow {
    pub(super) id: Uuid,
    pub(super) subject: Uuid,
    pub(super) client: String,
    pub(super) session: Uuid,
    pub(super) terms: String,
    pub(super) generation: i64,
    pub(super) rotated_at: i64,
    pub(super) redeemed_at: i64,
    pub(super) revoked_at: Option<i64>,
    pub(super) revoked_reason: Option<String>,
}

impl GrantRow {
    pub(super) fn read(self) -> Result<Grant, Fault> {
        let beside = GrantColumns {
            grant: GrantId::from_uuid(self.id),
            client: column::from_name(&self.client)?,
            subject: SubjectId::from_uuid(self.subject),
            session: SessionId::from_uuid(self.session),
        };
        let terms = terms::read(&self.terms, beside)?;
        if let Some((at, reason)) = self.revoked_at.zip(self.revoked_reason) {
            let (reason, at) = (column::from_name(&reason)?, Timestamp::from_unix_millis(at));
            return Ok(Grant::Revoked(RevokedGrant { terms, reason, at }));
        }
        Ok(Grant::Active(ActiveGrant {
            terms,
            generation: Generation(column::number(self.generation)?),
            rotated_at: Timestamp::from_unix_millis(self.rotated_at),
            redeemed_at: Timestamp::from_unix_millis(self.redeemed_at),
        }))
    }
}
