//! One store over one database.

use std::sync::Arc;

use identity_core::Entropy;
use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, Transaction};
use storage::ports::StoreResult;
use storage::privacy::{PersonalDataCipher, PersonalDataKeys};
use storage::terms::TermsForm;
use storage::{Change, Commit, PoolNumbers};

use crate::database::{Database, Fault, SqliteLocation};
use crate::sql::change;

/// What the shared ports are made for.
pub(crate) type Adapter = SqliteStore;

/// Everything durable in one SQLite database.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    database: Database,
    cipher: Arc<PersonalDataCipher>,
    form: TermsForm,
}

impl SqliteStore {
    /// How its two pools stand, by name.
    pub fn pools(&self) -> Vec<(&'static str, PoolNumbers)> {
        self.database.pools()
    }

    /// Opens the database, creating an empty one where there is none. It answers nothing useful
    /// before [`Self::migrate`].
    pub async fn open(
        location: SqliteLocation,
        keys: PersonalDataKeys,
        entropy: Arc<dyn Entropy>,
    ) -> StoreResult<Self> {
        let database = Database::open(&location).await?;
        let cipher = Arc::new(PersonalDataCipher::new(keys, entropy));
        Ok(Self { database, cipher, form: TermsForm::default() })
    }

    /// How it writes new grants.
    #[must_use]
    pub fn writing(self, form: TermsForm) -> Self {
        Self { form, ..self }
    }

    /// Brings the schema up to date. A database of a newer release is left alone, with an error.
    pub async fn migrate(&self) -> StoreResult<()> {
        Ok(self.database.migrate().await?)
    }

    /// What [`Self::migrate`] would apply, as `0001 foundation`.
    pub async fn pending_migrations(&self) -> StoreResult<Vec<String>> {
        Ok(self.database.pending_migrations().await?)
    }

    /// Finishes running statements and closes every connection; later calls are unavailable.
    pub async fn close(&self) {
        self.database.close().await;
    }

    #[cfg(test)]
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// A file always answers; how long a writer waits for its turn is SQLite's busy timeout.
    pub(crate) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, Fault> {
        work.await
    }

    pub(crate) async fn reader(&self) -> Result<PoolConnection<Sqlite>, Fault> {
        self.database.reader().await
    }

    pub(crate) fn cipher(&self) -> &PersonalDataCipher {
        &self.cipher
    }

    pub(crate) async fn try_commit(&self, plan: &[Change]) -> Result<Commit, Fault> {
        let mut transaction = self.database.transaction().await?;
        let commit = change::apply_all(&mut transaction, &self.cipher, self.form, plan).await?;
        match commit {
            Commit::Done => transaction.commit().await?,
            Commit::Lost(_) => transaction.rollback().await?,
        }
        Ok(commit)
    }

    pub(crate) async fn try_load(&self, rows: &[Change]) -> Result<Commit, Fault> {
        self.try_commit(rows).await
    }

    #[expect(clippy::unused_async, reason = "the other adapter waits for its server")]
    pub(crate) async fn try_begin_load(&self) -> Result<(), Fault> {
        Ok(())
    }

    /// Without statistics SQLite guesses which index finds fewer rows.
    pub(crate) async fn try_end_load(&self) -> Result<(), Fault> {
        let mut transaction = self.database.transaction().await?;
        sqlx::raw_sql("ANALYZE").execute(&mut *transaction).await?;
        Ok(transaction.commit().await?)
    }

    pub(crate) async fn transaction(&self) -> Result<Transaction<'static, Sqlite>, Fault> {
        self.database.transaction().await
    }
}
