//! One store over one database.

use std::sync::Arc;

use identity_core::{Entropy, Timestamp};
use sqlx::{Postgres, Transaction};
use storage::ports::StoreResult;
use storage::privacy::{PersonalDataCipher, PersonalDataKeys};
use storage::terms::TermsForm;
use storage::{Change, Commit, PoolNumbers};

use crate::bulk;
use crate::claims::PostgresTransientStore;
use crate::database::{Database, Fault, PostgresLocation, Reader};
use crate::events;
use crate::listener::Listener;
use crate::partitions;
use crate::redemption;
use crate::sql::change;

/// What the shared ports are made for.
pub(crate) type Adapter = PostgresStore;

/// Plans that meet in opposite order are undone by the server and tried again.
const ATTEMPTS: u32 = 4;
/// Partitions made ahead of need.
const MONTHS_AHEAD: i32 = 2;
const DAYS_AHEAD: i32 = 3;
/// Clocks of nodes differ, by far less than an hour (in milliseconds).
const EXPIRED_FOR_SURE: i64 = 3_600_000;

/// Everything durable in one PostgreSQL database.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    database: Database,
    cipher: Arc<PersonalDataCipher>,
    form: TermsForm,
}

impl PostgresStore {
    /// Connects when first needed. It answers nothing useful before [`Self::migrate`].
    pub fn open(
        location: &PostgresLocation,
        keys: PersonalDataKeys,
        entropy: Arc<dyn Entropy>,
    ) -> StoreResult<Self> {
        let database = Database::open(location)?;
        let cipher = Arc::new(PersonalDataCipher::new(keys, entropy));
        Ok(Self { database, cipher, form: TermsForm::default() })
    }

    /// How it writes new grants.
    #[must_use]
    pub fn writing(self, form: TermsForm) -> Self {
        Self { form, ..self }
    }

    /// Brings the schema up to date, one process at a time. A database of a newer release is left
    /// alone, with an error.
    pub async fn migrate(&self, now: Timestamp) -> StoreResult<()> {
        self.database.migrate().await?;
        bulk::finish(&self.database).await?;
        let mut transaction = self.database.transaction().await?;
        if events::lift_base(&mut transaction).await? {
            tracing::warn!("the ledger came from another cluster: its numbering was lifted");
        }
        transaction.commit().await.map_err(Fault::from)?;
        self.keep_partitions(now, None).await
    }

    /// What [`Self::migrate`] would do, as `0001 foundation`.
    pub async fn pending_migrations(&self) -> StoreResult<Vec<String>> {
        let mut pending = self.database.pending_migrations().await?;
        if bulk::is_unfinished(&mut *self.reader().await?).await? {
            pending.push("indexes that an interrupted load did not build".to_owned());
        }
        if pending.is_empty() && events::base_is_behind(&mut *self.reader().await?).await? {
            pending.push("numbering of a ledger that came from another cluster".to_owned());
        }
        Ok(pending)
    }

    /// Makes partitions ahead of need and drops days of consumed identifiers that are over. Events
    /// go with their month once it lies wholly before `events_since`; without it they are kept.
    pub async fn keep_partitions(
        &self,
        now: Timestamp,
        events_since: Option<Timestamp>,
    ) -> StoreResult<()> {
        let connection = &mut *self.reader().await?;
        let now = now.unix_millis();
        partitions::make(connection, "events", "month", now, MONTHS_AHEAD).await?;
        partitions::make(connection, "consumed_ids", "day", now, DAYS_AHEAD).await?;
        let expired = now.saturating_sub(EXPIRED_FOR_SURE);
        partitions::drop_before(connection, "consumed_ids", "day", expired).await?;
        if let Some(since) = events_since {
            partitions::drop_before(connection, "events", "month", since.unix_millis()).await?;
        }
        Ok(())
    }

    /// A connection that hears of news. Not behind a pooler in transaction mode.
    pub async fn listen(&self) -> StoreResult<Listener> {
        Ok(Listener::open(&self.database).await?)
    }

    /// Claims in this database, for an installation without Redis.
    pub fn claims(&self) -> PostgresTransientStore {
        PostgresTransientStore::over(self.database.clone())
    }

    pub fn pool_use(&self) -> PoolNumbers {
        self.database.pool_use()
    }

    /// Finishes running statements and closes every connection; later calls are unavailable.
    pub async fn close(&self) {
        self.database.close().await;
    }

    pub(crate) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        self.database.in_time(work).await
    }

    pub(crate) async fn reader(&self) -> Result<Reader, Fault> {
        self.database.reader().await
    }

    pub(crate) fn cipher(&self) -> &PersonalDataCipher {
        &self.cipher
    }

    pub(crate) async fn try_commit(&self, plan: &[Change]) -> Result<Commit, Fault> {
        let mut attempt = 1;
        loop {
            match self.commit_once(plan).await {
                Err(fault) if fault.is_collision() && attempt < ATTEMPTS => attempt += 1,
                done => return done,
            }
        }
    }

    async fn commit_once(&self, plan: &[Change]) -> Result<Commit, Fault> {
        if let [Change::InsertGrant(grant), Change::Append(event)] = plan {
            // The most frequent plan: one statement is a transaction, and a single journey.
            return match self.reader().await? {
                Reader::Direct(mut connection) => {
                    redemption::redeem(&mut connection, self.form, grant, event).await
                }
                Reader::Pooled(mut transaction) => {
                    let commit =
                        redemption::redeem(&mut transaction, self.form, grant, event).await?;
                    transaction.commit().await?;
                    Ok(commit)
                }
            };
        }
        let mut transaction = self.database.transaction().await?;
        let commit = change::apply_all(&mut transaction, &self.cipher, self.form, plan).await?;
        match commit {
            Commit::Done => transaction.commit().await?,
            Commit::Lost(_) => transaction.rollback().await?,
        }
        Ok(commit)
    }

    pub(crate) async fn try_load(&self, rows: &[Change]) -> Result<Commit, Fault> {
        match bulk::load(&self.database, &self.cipher, rows).await? {
            Some(commit) => Ok(commit),
            None => self.try_commit(rows).await,
        }
    }

    pub(crate) async fn try_begin_load(&self) -> Result<(), Fault> {
        bulk::take_down(&self.database).await
    }

    /// Statistics, without which plans are guesses; and what is visible to all is marked, which
    /// would otherwise be done at some busy moment.
    pub(crate) async fn try_end_load(&self) -> Result<(), Fault> {
        bulk::finish(&self.database).await?;
        self.database.vacuum().await
    }

    pub(crate) async fn transaction(&self) -> Result<Transaction<'static, Postgres>, Fault> {
        self.database.transaction().await
    }
}
