//! The redemption of a code, which is every login by single sign-on: grant and event in one statement.

use identity_core::SecurityEvent;
use identity_core::grant::ActiveGrant;
use storage::terms::TermsForm;
use storage::{Commit, Contest};

use crate::database::{Connection, Fault};
use crate::sql::grants::OFFLINE_ACCESS;
use crate::sql::ledger::EventColumns;

/// Inserts both or, when the code was redeemed before, neither.
pub async fn redeem(
    connection: &mut Connection,
    form: TermsForm,
    grant: &ActiveGrant,
    event: &SecurityEvent,
) -> Result<Commit, Fault> {
    let ActiveGrant { terms, generation, rotated_at, redeemed_at } = grant;
    let row = EventColumns::of(event)?;
    let inserted = sqlx::query!(
        "WITH redeemed AS (
             INSERT INTO grants (id, subject, client, session, offline, terms, generation,
                                 rotated_at, redeemed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (id) DO NOTHING
             RETURNING id
         )
         INSERT INTO events (sequence, at, subject, client, kind, leaf)
         SELECT (SELECT base FROM ledger_base) + (pg_current_xact_id()::text::bigint << 16),
                $10, $11, $12, $13, $14
         FROM redeemed",
        terms.grant.uuid(),
        terms.subject.uuid(),
        terms.client.as_str(),
        terms.session.uuid(),
        terms.scopes.contains(OFFLINE_ACCESS),
        form.write(terms)?,
        i64::from(generation.0),
        rotated_at.unix_millis(),
        redeemed_at.unix_millis(),
        row.at,
        row.subject,
        row.client,
        row.kind,
        row.leaf,
    )
    .execute(connection)
    .await?;
    Ok(match inserted.rows_affected() {
        0 => Commit::Lost(Contest::GrantExists),
        _ => Commit::Done,
    })
}
