//! The ports, each a connection and one call. An adapter brings `crate::store::Adapter` with
//! `reader`, `in_time`, `cipher`, `transaction`, `try_commit` and the three of a load, and `crate::events`
//! for what hangs on commit order.

use ::ledger::{News, RecordedEvent, Sequence};
use async_trait::async_trait;
use identity_core::authenticator::{AttemptGate, AttemptRule};
use identity_core::consent::Consent;
use identity_core::grant::Grant;
use identity_core::id::SessionId;
use identity_core::key::KeyRecord;
use identity_core::secret::SecretDigest;
use identity_core::{ClientId, GrantId, LoginName, RelyingParty, Session, SubjectId, Timestamp};
use storage::ports::StoreResult;
use storage::record::{Dossier, DossierOf, SubjectListing};
use storage::{
    Change, Commit, Enrolment, GrantsRemoved, KeyReader, Lease, LedgerReader, LogoutDelivery,
    RegistryReader, SignedCheckpoint, Store, StoreError, ThrottleKey, VersionedSubject,
};

use uuid::Uuid;

use super::{
    authenticators, consents, dossier, grants, ledger, registry, sessions, subjects, throttle,
};
use crate::database::Fault;
use crate::events;
use crate::store::Adapter;

const READ_ATTEMPTS: u32 = 4;

/// `read!(self, sessions::by_id(id))`: one statement on a reading connection, and once more on
/// another if that one turns out to be dead.
macro_rules! read {
    ($self:ident, $module:ident :: $function:ident ( $($argument:expr),* )) => {{
        let read = async {
            let mut attempts_left = READ_ATTEMPTS;
            loop {
                let mut connection = $self.reader().await?;
                attempts_left -= 1;
                match $module::$function(&mut connection, $($argument),*).await {
                    Err(fault) if fault.is_lost_connection() && attempts_left > 0 => {}
                    answer => break answer,
                }
            }
        };
        $self.in_time(read).await.map_err(StoreError::from)
    }};
}

/// `write_once!(self, registry::take_lease(…))`: in a transaction of its own. Not repeated after a
/// fault: it may have counted.
macro_rules! write_once {
    ($self:ident, $module:ident :: $function:ident ( $($argument:expr),* )) => {{
        let write = async {
            let mut transaction = $self.transaction().await?;
            let answer = $module::$function(&mut transaction, $($argument),*).await?;
            transaction.commit().await?;
            Ok::<_, Fault>(answer)
        };
        $self.in_time(write).await.map_err(StoreError::from)
    }};
}

#[async_trait]
impl RegistryReader for Adapter {
    async fn relying_parties(&self) -> StoreResult<Vec<RelyingParty>> {
        read!(self, registry::relying_parties())
    }
}

#[async_trait]
impl KeyReader for Adapter {
    async fn keys(&self) -> StoreResult<Vec<KeyRecord>> {
        read!(self, registry::keys())
    }
}

#[async_trait]
impl LedgerReader for Adapter {
    async fn events_after(&self, after: Sequence, limit: u32) -> StoreResult<Vec<RecordedEvent>> {
        read!(self, events::after(after, limit))
    }

    async fn news_after(&self, after: Sequence, limit: u32) -> StoreResult<News> {
        read!(self, events::news(after, limit))
    }

    async fn sequence_before(&self, from: Timestamp) -> StoreResult<Sequence> {
        read!(self, events::sequence_before(from))
    }

    async fn standing_events(&self) -> StoreResult<Vec<RecordedEvent>> {
        read!(self, ledger::standing())
    }

    async fn head(&self) -> StoreResult<Sequence> {
        read!(self, events::head())
    }

    async fn checkpoints(&self) -> StoreResult<Vec<SignedCheckpoint>> {
        read!(self, ledger::checkpoints())
    }

    async fn newest_checkpoint(&self) -> StoreResult<Option<SignedCheckpoint>> {
        read!(self, ledger::newest_checkpoint())
    }
}

#[async_trait]
impl Store for Adapter {
    async fn commit(&self, plan: &[Change]) -> StoreResult<Commit> {
        Ok(self.in_time(self.try_commit(plan)).await?)
    }

    async fn load(&self, rows: Vec<Change>) -> StoreResult<Commit> {
        Ok(self.try_load(&rows).await?)
    }

    async fn begin_load(&self) -> StoreResult<()> {
        Ok(self.try_begin_load().await?)
    }

    async fn end_load(&self) -> StoreResult<()> {
        Ok(self.try_end_load().await?)
    }

    async fn subject(&self, id: SubjectId) -> StoreResult<Option<VersionedSubject>> {
        read!(self, subjects::by_id(self.cipher(), id))
    }

    async fn dossier(&self, of: &DossierOf<'_>) -> StoreResult<Option<Dossier>> {
        read!(self, dossier::of(self.cipher(), of))
    }

    async fn dossier_by_handle(
        &self,
        handle: &SecretDigest,
        client: Option<&ClientId>,
    ) -> StoreResult<Option<Dossier>> {
        read!(self, dossier::by_handle(self.cipher(), handle, client))
    }

    async fn subject_by_login(&self, name: &LoginName) -> StoreResult<Option<VersionedSubject>> {
        read!(self, subjects::by_login(self.cipher(), name))
    }

    async fn subjects_by_name(&self, folded: &str) -> StoreResult<Vec<SubjectListing>> {
        read!(self, subjects::by_name(self.cipher(), folded))
    }

    async fn enrolments(&self, subject: SubjectId) -> StoreResult<Vec<Enrolment>> {
        read!(self, authenticators::of_subject(self.cipher(), subject))
    }

    async fn reserve_attempt_under(
        &self,
        rule: &AttemptRule,
        key: &ThrottleKey,
        now: Timestamp,
    ) -> StoreResult<AttemptGate> {
        write_once!(self, throttle::reserve(self.cipher(), rule, key, now))
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
        read!(self, ledger::history_of(subject, before, limit))
    }

    async fn take_lease(
        &self,
        lease: Lease,
        holder: Uuid,
        runs_out_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<bool> {
        write_once!(self, registry::take_lease(lease, holder, runs_out_at, now))
    }

    async fn remove_dead_sessions(&self, before: Timestamp, most: u32) -> StoreResult<u64> {
        write_once!(self, sessions::remove_dead(before, most))
    }

    async fn remove_ended_grants(
        &self,
        after: Option<GrantId>,
        before: Timestamp,
        most: u32,
    ) -> StoreResult<GrantsRemoved> {
        write_once!(self, grants::remove_ended(after, before, most))
    }

    async fn due_logouts(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<LogoutDelivery>> {
        read!(self, registry::due_logouts(now, limit))
    }
}
