//! Identifiers that count once, for an installation without Redis. What is durable forgets nothing
//! that was acknowledged, so nothing need be refused for being older than the memory.

use std::time::Duration;

use async_trait::async_trait;
use identity_core::Timestamp;
use storage::memory::MemoryTransientStore;
use storage::ports::StoreResult;
use storage::transient_key::digest_of;
use storage::{Claim, TransientStore};

use crate::database::{Database, Fault};

/// Claims as rows, a day's worth in a partition. Counts stay in each node: they bound what it writes
/// and decide nothing.
#[derive(Debug)]
pub struct PostgresTransientStore {
    database: Database,
    counts: MemoryTransientStore,
}

impl PostgresTransientStore {
    pub(crate) fn over(database: Database) -> Self {
        let counts = MemoryTransientStore::new(Timestamp::from_unix_millis(0));
        Self { database, counts }
    }

    /// The key settles a race between equals. Whoever signs one identifier with two expiries meets
    /// the condition instead.
    async fn try_claim(&self, claim: Claim<'_>, now: Timestamp) -> Result<bool, Fault> {
        let digest = digest_of(&[claim.purpose.as_bytes(), claim.id.as_bytes()]);
        let mut transaction = self.database.transaction().await?;
        let claimed = sqlx::query!(
            "INSERT INTO consumed_ids (digest, expires_at)
             SELECT $1, $2
             WHERE NOT EXISTS (SELECT 1 FROM consumed_ids WHERE digest = $1 AND expires_at > $3)
             ON CONFLICT DO NOTHING",
            digest.as_slice(),
            claim.expires_at.unix_millis(),
            now.unix_millis(),
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(claimed.rows_affected() == 1)
    }
}

#[async_trait]
impl TransientStore for PostgresTransientStore {
    async fn claim_once(&self, claim: Claim<'_>, now: Timestamp) -> StoreResult<bool> {
        if claim.expires_at <= now {
            return Ok(false);
        }
        Ok(self.try_claim(claim, now).await?)
    }

    async fn count(
        &self,
        purpose: &'static str,
        id: &str,
        window: Duration,
        now: Timestamp,
    ) -> StoreResult<u64> {
        self.counts.count(purpose, id, window, now).await
    }
}
