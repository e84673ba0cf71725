//! A person, how they log in, and what they have at one relying party: read in one statement, because
//! every answer that is new rests on all of it, and a journey to the database costs more than the rows.

use identity_core::grant::Grant;
use identity_core::secret::SecretDigest;
use storage::privacy::PersonalDataCipher;
use storage::record::{Dossier, DossierOf};
use uuid::Uuid;

use super::authenticators::EnrolmentRow;
use super::consents::ConsentRow;
use super::grants::GrantRow;
use super::sessions::SessionRow;
use super::subjects::SubjectRow;
use crate::database::{Connection, Fault};

/// The columns, those of a grant, and what follows them. One row for each authenticator; the rest
/// repeats.
macro_rules! select_dossier {
    ($grant:literal, $rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            DossierRow,
            r#"SELECT s.id AS "subject!: Uuid", s.version AS "version!", s.sealed AS "sealed!",
                      k.wrapped AS "wrapped!",
                      a.id AS "authenticator?: Uuid", a.kind AS "kind?", a.status AS "status?",
                      a.status_since AS "status_since?", a.bound_at AS "bound_at?",
                      a.expires_at AS "authenticator_expires_at?",
                      a.password_length AS "password_length?", a.credential AS "credential?",
                      a.last_step AS "last_step?", a.failures AS "failures?",
                      a.failed_at AS "failed_at?", a.version AS "authenticator_version?",
                      e.id AS "session?: Uuid", e.subject AS "session_subject?: Uuid",
                      e.handle AS "handle?", e.evidence AS "evidence?",
                      e.created_at AS "created_at?", e.last_used_at AS "last_used_at?",
                      e.expires_at AS "session_expires_at?", e.ended_at AS "ended_at?",
                      e.ended_reason AS "ended_reason?", e.browser AS "browser?",
                      c.client AS "client?", c.scopes AS "scopes?", c.claims AS "claims?",
                      c.declined AS "declined?", c.purpose AS "purpose?",
                      c.given_at AS "given_at?", c.withdrawn_at AS "withdrawn_at?", "#
                + $grant
                + $rest,
            $($argument),+
        )
    };
}

/// Every condition names a parameter, so that a partitioned table is asked in one partition.
pub async fn of(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    of: &DossierOf<'_>,
) -> Result<Option<Dossier>, Fault> {
    let rows = select_dossier!(
        r#"g.id AS "grant?: Uuid", g.subject AS "grant_subject?: Uuid",
           g.client AS "grant_client?", g.session AS "grant_session?: Uuid", g.terms AS "terms?", g.generation AS "generation?", g.rotated_at AS "rotated_at?",
           g.redeemed_at AS "redeemed_at?", g.revoked_at AS "revoked_at?",
           g.revoked_reason AS "revoked_reason?" "#,
        "FROM subjects s
         JOIN subject_keys k ON k.subject = $1
         LEFT JOIN authenticators a ON a.subject = $1 AND a.status <> 'removed'
         LEFT JOIN sessions e ON e.id = $2
         LEFT JOIN consents c ON c.subject = $1 AND c.client = $3
         LEFT JOIN grants g ON g.id = $4
         WHERE s.id = $1
         ORDER BY a.bound_at, a.id",
        of.subject.uuid(),
        of.session.map(identity_core::SessionId::uuid),
        of.client.map(identity_core::ClientId::as_str),
        of.grant.map(identity_core::GrantId::uuid),
    )
    .fetch_all(connection)
    .await?;
    DossierRow::read(rows, cipher)
}

/// Of whoever bears the handle. There is no grant yet, and asking a partitioned table for none costs
/// as much as asking it for one.
pub async fn by_handle(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    handle: &SecretDigest,
    client: Option<&identity_core::ClientId>,
) -> Result<Option<Dossier>, Fault> {
    let rows = select_dossier!(
        r#"CAST(NULL AS UUID) AS "grant?: Uuid", CAST(NULL AS UUID) AS "grant_subject?: Uuid",
           CAST(NULL AS TEXT) AS "grant_client?: String",
           CAST(NULL AS UUID) AS "grant_session?: Uuid", CAST(NULL AS TEXT) AS "terms?: String", CAST(NULL AS BIGINT) AS "generation?: i64",
           CAST(NULL AS BIGINT) AS "rotated_at?: i64", CAST(NULL AS BIGINT) AS "redeemed_at?: i64",
           CAST(NULL AS BIGINT) AS "revoked_at?: i64",
           CAST(NULL AS TEXT) AS "revoked_reason?: String" "#,
        "FROM sessions e
         JOIN subjects s ON s.id = e.subject
         JOIN subject_keys k ON k.subject = e.subject
         LEFT JOIN authenticators a ON a.subject = e.subject AND a.status <> 'removed'
         LEFT JOIN consents c ON c.subject = e.subject AND c.client = $2
         WHERE e.handle = $1
         ORDER BY a.bound_at, a.id",
        handle.0.as_slice(),
        client.map(identity_core::ClientId::as_str),
    )
    .fetch_all(connection)
    .await?;
    DossierRow::read(rows, cipher)
}

struct DossierRow {
    subject: Uuid,
    version: i64,
    sealed: Vec<u8>,
    wrapped: Vec<u8>,
    authenticator: Option<Uuid>,
    kind: Option<String>,
    status: Option<String>,
    status_since: Option<i64>,
    bound_at: Option<i64>,
    authenticator_expires_at: Option<i64>,
    password_length: Option<i64>,
    credential: Option<Vec<u8>>,
    last_step: Option<i64>,
    failures: Option<i64>,
    failed_at: Option<i64>,
    authenticator_version: Option<i64>,
    session: Option<Uuid>,
    session_subject: Option<Uuid>,
    handle: Option<Vec<u8>>,
    evidence: Option<String>,
    created_at: Option<i64>,
    last_used_at: Option<i64>,
    session_expires_at: Option<i64>,
    ended_at: Option<i64>,
    ended_reason: Option<String>,
    browser: Option<String>,
    client: Option<String>,
    scopes: Option<String>,
    claims: Option<String>,
    declined: Option<String>,
    purpose: Option<String>,
    given_at: Option<i64>,
    withdrawn_at: Option<i64>,
    grant: Option<Uuid>,
    grant_subject: Option<Uuid>,
    grant_client: Option<String>,
    grant_session: Option<Uuid>,
    terms: Option<String>,
    generation: Option<i64>,
    rotated_at: Option<i64>,
    redeemed_at: Option<i64>,
    revoked_at: Option<i64>,
    revoked_reason: Option<String>,
}

impl DossierRow {
    fn read(mut rows: Vec<Self>, cipher: &PersonalDataCipher) -> Result<Option<Dossier>, Fault> {
        let Some(first) = rows.first_mut() else { return Ok(None) };
        let subject = identity_core::SubjectId::from_uuid(first.subject);
        let session = first.session().map(SessionRow::read).transpose()?;
        let consent = first.consent().map(ConsentRow::read).transpose()?;
        let grant: Option<Grant> = first.grant().map(GrantRow::read).transpose()?;
        let key = cipher.open_key(subject, &first.wrapped)?;
        let person = SubjectRow {
            id: first.subject,
            version: first.version,
            sealed: std::mem::take(&mut first.sealed),
            wrapped: Vec::new(),
        };
        let person = person.open_with(&key, cipher)?;
        let enrolments = rows
            .into_iter()
            .filter_map(Self::enrolment)
            .map(|row| row.open(subject, &key, cipher))
            .collect::<Result<_, _>>()?;
        Ok(Some(Dossier { subject: person, enrolments, session, consent, grant }))
    }

    fn session(&mut self) -> Option<SessionRow> {
        Some(SessionRow {
            id: self.session?,
            subject: self.session_subject?,
            handle: self.handle.take()?,
            evidence: self.evidence.take()?,
            created_at: self.created_at?,
            last_used_at: self.last_used_at?,
            expires_at: self.session_expires_at?,
            ended_at: self.ended_at,
            ended_reason: self.ended_reason.take(),
            browser: self.browser.take()?,
        })
    }

    fn consent(&mut self) -> Option<ConsentRow> {
        Some(ConsentRow {
            subject: self.subject,
            client: self.client.take()?,
            scopes: self.scopes.take()?,
            claims: self.claims.take()?,
            declined: self.declined.take()?,
            purpose: self.purpose.take()?,
            given_at: self.given_at?,
            withdrawn_at: self.withdrawn_at,
        })
    }

    fn grant(&mut self) -> Option<GrantRow> {
        Some(GrantRow {
            id: self.grant?,
            subject: self.grant_subject?,
            client: self.grant_client.take()?,
            session: self.grant_session?,
            terms: self.terms.take()?,
            generation: self.generation?,
            rotated_at: self.rotated_at?,
            redeemed_at: self.redeemed_at?,
            revoked_at: self.revoked_at,
            revoked_reason: self.revoked_reason.take(),
        })
    }

    fn enrolment(self) -> Option<EnrolmentRow> {
        Some(EnrolmentRow {
            id: self.authenticator?,
            kind: self.kind?,
            status: self.status?,
            status_since: self.status_since,
            bound_at: self.bound_at?,
            expires_at: self.authenticator_expires_at,
            password_length: self.password_length,
            credential: self.credential?,
            last_step: self.last_step,
            failures: self.failures?,
            failed_at: self.failed_at,
            version: self.authenticator_version?,
            wrapped: Vec::new(),
        })
    }
}
