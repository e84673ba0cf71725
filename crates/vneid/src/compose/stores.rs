//! The stores, whichever they are: the only place that can tell.

use std::sync::Arc;
use std::time::Duration;

use identity_core::grant::ActiveGrant;
use identity_core::time::random_bytes;
use identity_core::{Clock, Entropy, Timestamp};
use protocol::Environment;
use storage::memory::{LocalBell, MemoryTransientStore};
use storage::ports::EPOCH_MARGIN;
use storage::privacy::PersonalDataKeys;
use storage::{Bell, GrantsRemoved, Lease, PoolNumbers, Store, StoreError, TransientStore};
use storage_postgres::{Listener, PostgresStore};
use storage_redis::{RedisBell, RedisSettingsError, RedisTransientStore};
use storage_sqlite::{SqliteLocation, SqliteStore};
use uuid::Uuid;

use crate::config::{Config, Postgres, Storage};

/// A session is of no use once it is over. For a month an operator may still look at it.
const SESSIONS_KEPT: Duration = Duration::from_hours(30 * 24);
/// The last refresh token of a grant that was revoked dies of disuse by then, and a replay of it met the
/// grant until then. Codes and sessions end long before.
const GRANTS_KEPT: Duration = ActiveGrant::REFRESH_IDLE.saturating_add(DAY);
const DAY: Duration = Duration::from_hours(24);
/// Short transactions: logins write to the same table.
const AT_A_TIME: u32 = 1000;

/// An open durable store and what an operator does with it.
#[derive(Clone)]
pub enum Durable {
    Sqlite(SqliteStore),
    Postgres(PostgresStore, Box<Postgres>),
}

impl Durable {
    /// Opens the database alone, without looking at its schema.
    pub async fn open(config: &Config, entropy: Arc<dyn Entropy>) -> Result<Self, StoreError> {
        let keys =
            PersonalDataKeys::new(*config.keys.personal_data.expose(), *config.keys.index.expose());
        Ok(match &config.storage {
            Storage::Sqlite(path) => Self::Sqlite(
                SqliteStore::open(SqliteLocation::File(path.clone()), keys, entropy)
                    .await?
                    .writing(config.grants),
            ),
            Storage::Ephemeral => Self::Sqlite(
                SqliteStore::open(SqliteLocation::Memory, keys, entropy)
                    .await?
                    .writing(config.grants),
            ),
            Storage::Postgres(postgres) => {
                let store =
                    PostgresStore::open(&postgres.location, keys, entropy)?.writing(config.grants);
                Self::Postgres(store, postgres.clone())
            }
        })
    }

    pub fn store(&self) -> Arc<dyn Store> {
        match self {
            Self::Sqlite(store) => Arc::new(store.clone()),
            Self::Postgres(store, _) => Arc::new(store.clone()),
        }
    }

    /// Brings the schema up to date, one process at a time.
    pub async fn migrate(&self, now: Timestamp) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(store) => store.migrate().await,
            Self::Postgres(store, _) => store.migrate(now).await,
        }
    }

    /// What [`Self::migrate`] would apply, as `0001 foundation`.
    pub async fn pending_migrations(&self) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Sqlite(store) => store.pending_migrations().await,
            Self::Postgres(store, _) => store.pending_migrations().await,
        }
    }

    /// Partitions ahead of need; what is past its retention dropped; sessions and grants long over
    /// forgotten.
    pub async fn keep(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(store, postgres) => {
                store
                    .keep_partitions(now, postgres.events_kept.map(|kept| now.minus(kept)))
                    .await?;
            }
        }
        let (store, dead) = (self.store(), now.minus(SESSIONS_KEPT));
        while store.remove_dead_sessions(dead, AT_A_TIME).await? == u64::from(AT_A_TIME) {}
        forget_grants(store.as_ref(), now, entropy).await
    }

    /// What counts once, where there is no Redis: durably where several nodes share a database, in
    /// memory where there is one.
    pub fn claims(&self, environment: Environment, now: Timestamp) -> Arc<dyn TransientStore> {
        match (self, environment) {
            (Self::Postgres(store, _), _) => Arc::new(store.claims()),
            // A process that just started may have forgotten what it accepted a moment ago.
            (Self::Sqlite(_), Environment::Production) => {
                Arc::new(MemoryTransientStore::new(now.plus(EPOCH_MARGIN)))
            }
            (Self::Sqlite(_), Environment::Development) => Arc::new(MemoryTransientStore::new(now)),
        }
    }

    /// Somebody to hear of news from; `None` where nobody else writes, or nobody can be heard.
    pub async fn listen(&self) -> Result<Option<Listener>, StoreError> {
        match self {
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(_, postgres) if postgres.location.pooler => Ok(None),
            Self::Postgres(store, _) => store.listen().await.map(Some),
        }
    }

    /// How connections stand, by a fixed name for each pool: for monitoring.
    pub fn pools(&self) -> Vec<(&'static str, PoolNumbers)> {
        match self {
            Self::Sqlite(store) => store.pools(),
            Self::Postgres(store, _) => vec![("postgres", store.pool_use())],
        }
    }

    /// Finishes what runs; SQLite writes its log back into the file.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store, _) => store.close().await,
        }
    }
}

/// A walk over all grants that are old, past those that live on: once a day, by whoever comes first.
async fn forget_grants(
    store: &dyn Store,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<(), StoreError> {
    let holder = Uuid::from_bytes(random_bytes(entropy));
    if !store.take_lease(Lease::ForgetGrants, holder, now.plus(DAY), now).await? {
        return Ok(());
    }
    let mut step = GrantsRemoved { count: 0, next: None };
    let mut count = 0;
    loop {
        step = store.remove_ended_grants(step.next, now.minus(GRANTS_KEPT), AT_A_TIME).await?;
        count += step.count;
        if step.next.is_none() {
            tracing::debug!(count, "grants that were long over are forgotten");
            return Ok(());
        }
    }
}

/// What may be lost, and the bell that every node hears.
pub struct Fleeting {
    pub transient: Arc<dyn TransientStore>,
    pub bell: Arc<dyn Bell>,
    /// The same memory, where it is Redis: for probes.
    pub redis: Option<Arc<RedisTransientStore>>,
}

impl Fleeting {
    pub fn open(
        config: &Config,
        durable: &Durable,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, RedisSettingsError> {
        let Some(redis) = &config.redis else {
            let transient = durable.claims(config.environment, clock.now());
            return Ok(Self { transient, bell: Arc::new(LocalBell::default()), redis: None });
        };
        let memory = Arc::new(RedisTransientStore::open(redis.clone(), Arc::clone(clock))?);
        let bell = Arc::new(RedisBell::open(redis.clone())?);
        let transient = Arc::clone(&memory) as Arc<dyn TransientStore>;
        Ok(Self { transient, bell, redis: Some(memory) })
    }
}
