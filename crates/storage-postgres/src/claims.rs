//! Identifiers that count once, and transactions under way, for an installation without Redis. What is durable forgets nothing
//! that was acknowledged, so nothing need be refused for being older than the memory.

use std::time::Duration;

use async_trait::async_trait;
use identity_core::Timestamp;
use storage::memory::MemoryTransientStore;
use storage::ports::{StoreResult, ensure_transient_size};
use storage::transient_key::{digest_of, digest_of_slot};
use storage::{Claim, Slot, TransientStore};

use crate::database::{Database, Fault};

/// Values that are over and go with each new one: twice what comes, so that they never pile up.
const SWEPT: i64 = 2;

/// Claims as rows, a day's worth in a partition; values as rows of an unlogged table. Counts stay in each node: they bound what it writes
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

    async fn put(
        &self,
        slot: Slot<'_>,
        value: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<()> {
        ensure_transient_size(value)?;
        let put = self.try_put(slot, value, expires_at, now);
        Ok(self.database.in_time(put).await?)
    }

    async fn get(&self, slot: Slot<'_>, now: Timestamp) -> StoreResult<Option<Vec<u8>>> {
        Ok(self.database.in_time(self.try_get(slot, now)).await?)
    }

    async fn remove(&self, slot: Slot<'_>) -> StoreResult<()> {
        Ok(self.database.in_time(self.try_remove(slot)).await?)
    }

    async fn replace_if(
        &self,
        slot: Slot<'_>,
        from: &[u8],
        to: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<bool> {
        ensure_transient_size(to)?;
        let digest = digest_of_slot(slot);
        let replacing = async {
            let mut transaction = self.database.transaction().await?;
            let replaced = sqlx::query!(
                "UPDATE transients SET value = $3, expires_at = $4
                 WHERE digest = $1 AND value = $2 AND expires_at > $5",
                digest.as_slice(),
                from,
                to,
                expires_at.unix_millis(),
                now.unix_millis(),
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok::<_, Fault>(replaced.rows_affected() == 1)
        };
        Ok(self.database.in_time(replacing).await?)
    }
}

impl PostgresTransientStore {
    async fn try_put(
        &self,
        slot: Slot<'_>,
        value: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let digest = digest_of_slot(slot);
        let mut transaction = self.database.transaction().await?;
        // Rows that somebody else is at are left to them, so that no two wait for each other.
        sqlx::query!(
            "DELETE FROM transients WHERE digest IN (
                 SELECT digest FROM transients WHERE expires_at <= $1
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
            now.unix_millis(),
            SWEPT,
        )
        .execute(&mut *transaction)
        .await?;
        sqlx::query!(
            "INSERT INTO transients (digest, value, expires_at) VALUES ($1, $2, $3)
             ON CONFLICT (digest) DO UPDATE
             SET value = excluded.value, expires_at = excluded.expires_at",
            digest.as_slice(),
            value,
            expires_at.unix_millis(),
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn try_get(&self, slot: Slot<'_>, now: Timestamp) -> Result<Option<Vec<u8>>, Fault> {
        let digest = digest_of_slot(slot);
        let found = sqlx::query_scalar!(
            "SELECT value FROM transients WHERE digest = $1 AND expires_at > $2",
            digest.as_slice(),
            now.unix_millis(),
        );
        Ok(found.fetch_optional(&mut *self.database.reader().await?).await?)
    }

    async fn try_remove(&self, slot: Slot<'_>) -> Result<(), Fault> {
        let digest = digest_of_slot(slot);
        let mut transaction = self.database.transaction().await?;
        sqlx::query!("DELETE FROM transients WHERE digest = $1", digest.as_slice())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }
}
