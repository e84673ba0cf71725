//! Failures, counted before the attempt they are counted for.

use std::time::Duration;

use identity_core::authenticator::{AttemptGate, AttemptRule, FailureCount};
use identity_core::{AuthenticatorId, Timestamp};
use storage::ThrottleKey;
use storage::privacy::PersonalDataCipher;

use super::column;
use crate::database::{Connection, Fault};

/// A count that no authenticator holds is forgotten when it has been left alone for this long, so that
/// made-up names do not pile up. Longer than it takes to reach the limit, so nothing is learnt from it.
const UNKNOWN_NAME_MEMORY: Duration = Duration::from_hours(30 * 24);

/// Reads, asks the gate, and counts under the condition that nobody counted in between; whoever
/// loses that race asks the gate again.
pub async fn reserve(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    rule: &AttemptRule,
    key: &ThrottleKey,
    now: Timestamp,
) -> Result<AttemptGate, Fault> {
    match key {
        ThrottleKey::Authenticator(id) => reserve_at(connection, rule, *id, now).await,
        ThrottleKey::UnknownName(_) | ThrottleKey::MessageCodes(_) | ThrottleKey::Recovery(_) => {
            reserve_under(connection, rule, &cipher.blind_index(&index_input(key)), now).await
        }
    }
}

pub async fn reset(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    key: &ThrottleKey,
) -> Result<(), Fault> {
    match key {
        ThrottleKey::Authenticator(id) => {
            sqlx::query!(
                "UPDATE authenticators SET failures = 0, failed_at = NULL WHERE id = $1",
                id.uuid(),
            )
            .execute(connection)
            .await?;
        }
        ThrottleKey::UnknownName(_) | ThrottleKey::MessageCodes(_) | ThrottleKey::Recovery(_) => {
            let index = cipher.blind_index(&index_input(key));
            sqlx::query!("DELETE FROM unknown_names WHERE blind_index = $1", index.as_slice())
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

async fn reserve_at(
    connection: &mut Connection,
    rule: &AttemptRule,
    id: AuthenticatorId,
    now: Timestamp,
) -> Result<AttemptGate, Fault> {
    loop {
        let row = sqlx::query!(
            r#"SELECT failures AS "failures!", failed_at AS "failed_at?"
               FROM authenticators WHERE id = $1"#,
            id.uuid(),
        )
        .fetch_optional(&mut *connection)
        .await?;
        // Nothing opens what does not exist.
        let Some(row) = row else { return Ok(AttemptGate::Exhausted) };
        match count(row.failures, row.failed_at)?.gate_under(rule, now) {
            AttemptGate::Open => {}
            closed @ (AttemptGate::Wait(_) | AttemptGate::Exhausted) => return Ok(closed),
        }
        let counted = sqlx::query!(
            "UPDATE authenticators SET failures = failures + 1, failed_at = $3
             WHERE id = $1 AND failures = $2",
            id.uuid(),
            row.failures,
            now.unix_millis(),
        )
        .execute(&mut *connection)
        .await?;
        if counted.rows_affected() == 1 {
            return Ok(AttemptGate::Open);
        }
    }
}

async fn reserve_under(
    connection: &mut Connection,
    rule: &AttemptRule,
    index: &[u8; 32],
    now: Timestamp,
) -> Result<AttemptGate, Fault> {
    let horizon = now.minus(UNKNOWN_NAME_MEMORY);
    sqlx::query!("DELETE FROM unknown_names WHERE failed_at < $1", horizon.unix_millis())
        .execute(&mut *connection)
        .await?;
    loop {
        let row = sqlx::query!(
            r#"SELECT failures AS "failures!", failed_at AS "failed_at?"
               FROM unknown_names WHERE blind_index = $1"#,
            index.as_slice(),
        )
        .fetch_optional(&mut *connection)
        .await?;
        let (failures, failed_at) = row.map_or((0, None), |row| (row.failures, row.failed_at));
        match count(failures, failed_at)?.gate_under(rule, now) {
            AttemptGate::Open => {}
            closed @ (AttemptGate::Wait(_) | AttemptGate::Exhausted) => return Ok(closed),
        }
        let counted = sqlx::query!(
            "INSERT INTO unknown_names (blind_index, failures, failed_at) VALUES ($1, 1, $3)
             ON CONFLICT (blind_index) DO UPDATE
             SET failures = unknown_names.failures + 1, failed_at = excluded.failed_at
             WHERE unknown_names.failures = $2",
            index.as_slice(),
            failures,
            now.unix_millis(),
        )
        .execute(&mut *connection)
        .await?;
        if counted.rows_affected() == 1 {
            return Ok(AttemptGate::Open);
        }
    }
}

fn count(failures: i64, failed_at: Option<i64>) -> Result<FailureCount, Fault> {
    Ok(FailureCount {
        consecutive: column::number(failures)?,
        last_at: failed_at.map(Timestamp::from_unix_millis),
    })
}

/// Kept apart from the indexes that lead to people, and from each other.
fn index_input(key: &ThrottleKey) -> String {
    match key {
        ThrottleKey::Authenticator(id) => format!("authenticator:{id}"),
        ThrottleKey::UnknownName(name) => format!("unknown:{}", name.index_input()),
        ThrottleKey::MessageCodes(subject) => format!("message-codes:{subject}"),
        ThrottleKey::Recovery(name) => format!("recovery:{}", name.index_input()),
    }
}
