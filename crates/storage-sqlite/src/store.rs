//! The ports, each a connection and one call.

use std::sync::Arc;

use async_trait::async_trait;
use identity_core::authenticator::AttemptGate;
use identity_core::consent::Consent;
use identity_core::grant::Grant;
use identity_core::id::SessionId;
use identity_core::key::KeyRecord;
use identity_core::secret::SecretDigest;
use identity_core::{
    ClientId, Entropy, GrantId, LoginName, RelyingParty, Session, SubjectId, Timestamp,
};
use ledger::{RecordedEvent, Sequence};
use storage::ports::StoreResult;
use storage::privacy::{PersonalDataCipher, PersonalDataKeys};
use storage::record::SubjectListing;
use storage::{
    Change, Commit, Enrolment, KeyReader, LedgerReader, LogoutDelivery, RegistryReader,
    SignedCheckpoint, Store, StoreError, ThrottleKey, VersionedSubject,
};

use crate::database::{Database, Fault, SqliteLocation};
use crate::events;
use crate::sql::change::{Outcome, apply};
use crate::sql::{
    authenticators, consents, grants, ledger as rows, registry, sessions, subjects, throttle,
};

/// Everything durable in one SQLite database.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    database: Database,
    cipher: Arc<PersonalDataCipher>,
}

impl SqliteStore {
    /// Opens the database, creating an empty one where there is none. It answers nothing useful
    /// before [`Self::migrate`].
    pub async fn open(
        location: SqliteLocation,
        keys: PersonalDataKeys,
        entropy: Arc<dyn Entropy>,
    ) -> StoreResult<Self> {
        let database = Database::open(&location).await?;
        Ok(Self { database, cipher: Arc::new(PersonalDataCipher::new(keys, entropy)) })
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

    async fn try_commit(&self, plan: &[Change]) -> Result<Commit, Fault> {
        let mut transaction = self.database.transaction().await?;
        for change in plan {
            match apply(&mut transaction, &self.cipher, change).await? {
                Outcome::Applied => {}
                Outcome::Lost(contest) => {
                    transaction.rollback().await?;
                    return Ok(Commit::Lost(contest));
                }
            }
        }
        transaction.commit().await?;
        Ok(Commit::Done)
    }

    async fn try_reserve(&self, key: &ThrottleKey, now: Timestamp) -> Result<AttemptGate, Fault> {
        let mut transaction = self.database.transaction().await?;
        let gate = throttle::reserve(&mut transaction, &self.cipher, key, now).await?;
        transaction.commit().await?;
        Ok(gate)
    }
}

/// `read!(self, sessions::by_id(id))`: one statement on a reading connection.
macro_rules! read {
    ($self:ident, $module:ident :: $function:ident ( $($argument:expr),* )) => {{
        let mut connection = $self.database.reader().await?;
        $module::$function(&mut connection, $($argument),*).await.map_err(StoreError::from)
    }};
}

#[async_trait]
impl RegistryReader for SqliteStore {
    async fn relying_parties(&self) -> StoreResult<Vec<RelyingParty>> {
        read!(self, registry::relying_parties())
    }
}

#[async_trait]
impl KeyReader for SqliteStore {
    async fn keys(&self) -> StoreResult<Vec<KeyRecord>> {
        read!(self, registry::keys())
    }
}

#[async_trait]
impl LedgerReader for SqliteStore {
    async fn events_after(&self, after: Sequence, limit: u32) -> StoreResult<Vec<RecordedEvent>> {
        read!(self, events::after(after, limit))
    }

    async fn sequence_before(&self, from: Timestamp) -> StoreResult<Sequence> {
        read!(self, rows::sequence_before(from))
    }

    async fn standing_events(&self) -> StoreResult<Vec<RecordedEvent>> {
        read!(self, rows::standing())
    }

    async fn head(&self) -> StoreResult<Sequence> {
        read!(self, events::head())
    }

    async fn checkpoints(&self) -> StoreResult<Vec<SignedCheckpoint>> {
        read!(self, rows::checkpoints())
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, plan: &[Change]) -> StoreResult<Commit> {
        Ok(self.try_commit(plan).await?)
    }

    async fn subject(&self, id: SubjectId) -> StoreResult<Option<VersionedSubject>> {
        read!(self, subjects::by_id(&self.cipher, id))
    }

    async fn subject_by_login(&self, name: &LoginName) -> StoreResult<Option<VersionedSubject>> {
        read!(self, subjects::by_login(&self.cipher, name))
    }

    async fn subjects_by_name(&self, folded: &str) -> StoreResult<Vec<SubjectListing>> {
        read!(self, subjects::by_name(&self.cipher, folded))
    }

    async fn enrolments(&self, subject: SubjectId) -> StoreResult<Vec<Enrolment>> {
        read!(self, authenticators::of_subject(&self.cipher, subject))
    }

    async fn reserve_attempt(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<AttemptGate> {
        Ok(self.try_reserve(key, now).await?)
    }

    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>> {
        read!(self, sessions::by_id(id))
    }

    async fn session_by_handle(&self, handle: &SecretDigest) -> StoreResult<Option<Session>> {
        read!(self, sessions::by_handle(handle))
    }

    async fn live_sessions(&self, subject: SubjectId, now: Timestamp) -> StoreResult<Vec<Session>> {
        read!(self, sessions::live_of(subject, now))
    }

    async fn grant(&self, id: GrantId) -> StoreResult<Option<Grant>> {
        read!(self, grants::by_id(id))
    }

    async fn clients_of_session(&self, session: SessionId) -> StoreResult<Vec<ClientId>> {
        read!(self, grants::clients_of_session(session))
    }

    async fn consent(&self, subject: SubjectId, client: &ClientId) -> StoreResult<Option<Consent>> {
        read!(self, consents::one(subject, client))
    }

    async fn consents_of(&self, subject: SubjectId) -> StoreResult<Vec<Consent>> {
        read!(self, consents::of_subject(subject))
    }

    async fn history_of(
        &self,
        subject: SubjectId,
        before: Option<Sequence>,
        limit: u32,
    ) -> StoreResult<Vec<RecordedEvent>> {
        read!(self, rows::history_of(subject, before, limit))
    }

    async fn due_logouts(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<LogoutDelivery>> {
        read!(self, registry::due_logouts(now, limit))
    }
}
