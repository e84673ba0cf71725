//! Relying parties, the wrapped key ring, and notices still to be delivered.

use identity_core::id::DeliveryId;
use identity_core::key::{KeyRecord, KeyTimes};
use identity_core::{RelyingParty, Timestamp};
use storage::{Contest, KeyChange, Lease, LogoutDelivery};
use uuid::Uuid;

use super::change::Outcome;
use super::column;
use crate::database::{Connection, Fault};

pub async fn save_relying_party(
    connection: &mut Connection,
    party: &RelyingParty,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO relying_parties (client, body) VALUES ($1, $2)
         ON CONFLICT (client) DO UPDATE SET body = excluded.body",
        party.client_id.as_str(),
        column::json(party)?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn relying_parties(connection: &mut Connection) -> Result<Vec<RelyingParty>, Fault> {
    let bodies =
        sqlx::query_scalar!(r#"SELECT body AS "body!" FROM relying_parties ORDER BY client"#)
            .fetch_all(connection)
            .await?;
    bodies.iter().map(|body| column::from_json(body)).collect()
}

pub async fn change_key(connection: &mut Connection, change: &KeyChange) -> Result<Outcome, Fault> {
    match change {
        KeyChange::Create(key) => create_key(connection, key).await,
        KeyChange::Reschedule { kid, from, to } => {
            reschedule_key(connection, kid, *from, *to).await
        }
        KeyChange::Rewrap { kid, from, to } => rewrap_key(connection, kid, from, to).await,
    }
}

/// One row for one kid: of two that make it, one inserts nothing.
async fn create_key(connection: &mut Connection, key: &KeyRecord) -> Result<Outcome, Fault> {
    let inserted = sqlx::query!(
        "INSERT INTO signing_keys (kid, purpose, wrapped, created_at, activates_at, retires_at,
                                   removes_at, compromised_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (kid) DO NOTHING",
        key.kid,
        column::name(&key.purpose)?,
        key.wrapped,
        key.created_at.unix_millis(),
        key.activates_at.unix_millis(),
        key.retires_at.map(Timestamp::unix_millis),
        key.removes_at.map(Timestamp::unix_millis),
        key.compromised_at.map(Timestamp::unix_millis),
    )
    .execute(connection)
    .await?;
    Ok(Outcome::of(inserted.rows_affected(), Contest::KeyExists))
}

/// Of many that saw the same times, the first moves them and the others find them moved.
async fn reschedule_key(
    connection: &mut Connection,
    kid: &str,
    from: KeyTimes,
    to: KeyTimes,
) -> Result<Outcome, Fault> {
    let moved = sqlx::query!(
        "UPDATE signing_keys SET retires_at = $2, removes_at = $3, compromised_at = $4
         WHERE kid = $1 AND retires_at IS NOT DISTINCT FROM $5
           AND removes_at IS NOT DISTINCT FROM $6 AND compromised_at IS NOT DISTINCT FROM $7",
        kid,
        to.retires_at.map(Timestamp::unix_millis),
        to.removes_at.map(Timestamp::unix_millis),
        to.compromised_at.map(Timestamp::unix_millis),
        from.retires_at.map(Timestamp::unix_millis),
        from.removes_at.map(Timestamp::unix_millis),
        from.compromised_at.map(Timestamp::unix_millis),
    )
    .execute(connection)
    .await?;
    Ok(Outcome::of(moved.rows_affected(), Contest::KeyMoved))
}

async fn rewrap_key(
    connection: &mut Connection,
    kid: &str,
    from: &[u8],
    to: &[u8],
) -> Result<Outcome, Fault> {
    let rewrapped = sqlx::query!(
        "UPDATE signing_keys SET wrapped = $3 WHERE kid = $1 AND wrapped = $2",
        kid,
        from,
        to,
    )
    .execute(connection)
    .await?;
    Ok(Outcome::of(rewrapped.rows_affected(), Contest::KeyMoved))
}

pub async fn keys(connection: &mut Connection) -> Result<Vec<KeyRecord>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT kid AS "kid!", purpose AS "purpose!", wrapped AS "wrapped!",
                  created_at AS "created_at!", activates_at AS "activates_at!",
                  retires_at AS "retires_at?", removes_at AS "removes_at?",
                  compromised_at AS "compromised_at?"
           FROM signing_keys ORDER BY created_at, kid"#,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(KeyRecord {
                purpose: column::from_name(&row.purpose)?,
                kid: row.kid,
                wrapped: row.wrapped,
                created_at: Timestamp::from_unix_millis(row.created_at),
                activates_at: Timestamp::from_unix_millis(row.activates_at),
                retires_at: row.retires_at.map(Timestamp::from_unix_millis),
                removes_at: row.removes_at.map(Timestamp::from_unix_millis),
                compromised_at: row.compromised_at.map(Timestamp::from_unix_millis),
            })
        })
        .collect()
}

pub async fn queue_logout(
    connection: &mut Connection,
    delivery: &LogoutDelivery,
) -> Result<(), Fault> {
    sqlx::query!(
        "INSERT INTO logout_deliveries (id, client, uri, subject_identifier, session_identifier,
                                        queued_at, attempts, due_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        delivery.id.uuid(),
        delivery.client.as_str(),
        delivery.uri,
        delivery.subject_identifier,
        delivery.session_identifier,
        delivery.queued_at.unix_millis(),
        i64::from(delivery.attempts),
        delivery.due_at.unix_millis(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn finish_logout(connection: &mut Connection, id: DeliveryId) -> Result<(), Fault> {
    sqlx::query!("DELETE FROM logout_deliveries WHERE id = $1", id.uuid())
        .execute(connection)
        .await?;
    Ok(())
}

pub async fn take_logout(
    connection: &mut Connection,
    id: DeliveryId,
    due_at: Timestamp,
    until: Timestamp,
) -> Result<Outcome, Fault> {
    let taken = sqlx::query!(
        "UPDATE logout_deliveries SET due_at = $3 WHERE id = $1 AND due_at = $2",
        id.uuid(),
        due_at.unix_millis(),
        until.unix_millis(),
    )
    .execute(connection)
    .await?;
    Ok(Outcome::of(taken.rows_affected(), Contest::DeliveryTaken))
}

pub async fn take_lease(
    connection: &mut Connection,
    lease: Lease,
    holder: Uuid,
    runs_out_at: Timestamp,
    now: Timestamp,
) -> Result<bool, Fault> {
    let taken = sqlx::query!(
        "INSERT INTO leases (name, holder, runs_out_at) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE
         SET holder = excluded.holder, runs_out_at = excluded.runs_out_at
         WHERE leases.holder = excluded.holder OR leases.runs_out_at <= $4",
        lease.name(),
        holder,
        runs_out_at.unix_millis(),
        now.unix_millis(),
    )
    .execute(connection)
    .await?;
    Ok(taken.rows_affected() == 1)
}

pub async fn retry_logout(
    connection: &mut Connection,
    id: DeliveryId,
    due_at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query!(
        "UPDATE logout_deliveries SET attempts = attempts + 1, due_at = $2 WHERE id = $1",
        id.uuid(),
        due_at.unix_millis(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

pub async fn due_logouts(
    connection: &mut Connection,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<LogoutDelivery>, Fault> {
    let rows = sqlx::query!(
        r#"SELECT id AS "id!: Uuid", client AS "client!", uri AS "uri!",
                  subject_identifier AS "subject_identifier!",
                  session_identifier AS "session_identifier!", queued_at AS "queued_at!",
                  attempts AS "attempts!", due_at AS "due_at!"
           FROM logout_deliveries WHERE due_at <= $1
           ORDER BY due_at, id LIMIT $2"#,
        now.unix_millis(),
        i64::from(limit),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(LogoutDelivery {
                id: DeliveryId::from_uuid(row.id),
                client: column::from_name(&row.client)?,
                uri: row.uri,
                subject_identifier: row.subject_identifier,
                session_identifier: row.session_identifier,
                queued_at: Timestamp::from_unix_millis(row.queued_at),
                attempts: column::number(row.attempts)?,
                due_at: Timestamp::from_unix_millis(row.due_at),
            })
        })
        .collect()
}
