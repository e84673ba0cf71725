//! What counts once, and was used.

use identity_core::Timestamp;
use identity_core::secret::SecretDigest;
use storage::Contest;
use storage::transient_key::digest_of;

use super::change::Outcome;
use crate::database::{Connection, Fault};

/// The key settles a race; the condition, a second use that claims another expiry. Rows that are over
/// go with the partition of their day (PostgreSQL) or by a trigger (SQLite).
pub async fn consume(
    connection: &mut Connection,
    purpose: &'static str,
    digest: &SecretDigest,
    expires_at: Timestamp,
) -> Result<Outcome, Fault> {
    let digest = digest_of(&[b"consumed once", purpose.as_bytes(), &digest.0]);
    let consumed = sqlx::query!(
        "INSERT INTO consumed_ids (digest, expires_at)
         SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM consumed_ids WHERE digest = $1)
         ON CONFLICT DO NOTHING",
        digest.as_slice(),
        expires_at.unix_millis(),
    )
    .execute(connection)
    .await?;
    Ok(Outcome::of(consumed.rows_affected(), Contest::AlreadyConsumed))
}
