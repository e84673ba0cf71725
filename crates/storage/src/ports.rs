//! The ports themselves.

use async_trait::async_trait;
use identity_core::authenticator::AttemptGate;
use identity_core::consent::Consent;
use identity_core::grant::Grant;
use identity_core::id::SessionId;
use identity_core::key::KeyRecord;
use identity_core::secret::SecretDigest;
use identity_core::{ClientId, GrantId, LoginName, RelyingParty, Session, SubjectId, Timestamp};
use ledger::{News, RecordedEvent, Sequence};
use uuid::Uuid;

use crate::change::{Change, Commit};
use crate::error::StoreError;
use crate::record::{
    Enrolment, Lease, LogoutDelivery, SignedCheckpoint, SubjectListing, ThrottleKey,
    VersionedSubject,
};

pub type StoreResult<T> = Result<T, StoreError>;

/// Relying parties are few (thousands): roles keep all of them in memory and reload on an event.
#[async_trait]
pub trait RegistryReader: Send + Sync {
    async fn relying_parties(&self) -> StoreResult<Vec<RelyingParty>>;
}

#[async_trait]
pub trait KeyReader: Send + Sync {
    async fn keys(&self) -> StoreResult<Vec<KeyRecord>>;
}

#[async_trait]
pub trait LedgerReader: Send + Sync {
    /// Committed events after `after` in order, at most `limit`, none of which another can still
    /// precede: whoever reads on from the last one skips nothing.
    async fn events_after(&self, after: Sequence, limit: u32) -> StoreResult<Vec<RecordedEvent>>;

    /// Everything committed after `after`, at most `limit`, also what is not settled yet. As it
    /// stands it is right for a store whose sequence is commit order.
    async fn news_after(&self, after: Sequence, limit: u32) -> StoreResult<News> {
        let head = self.head().await?;
        Ok(News::in_commit_order(self.events_after(after, limit).await?, head))
    }

    /// The last sequence before the first event at or after `from`: where a follower starts.
    async fn sequence_before(&self, from: Timestamp) -> StoreResult<Sequence>;

    /// Events whose effect outlives every token, in order: suspensions and reinstatements of
    /// clients, compromised keys. A follower applies them before it starts.
    async fn standing_events(&self) -> StoreResult<Vec<RecordedEvent>>;

    /// The newest committed sequence; zero when empty.
    async fn head(&self) -> StoreResult<Sequence>;

    async fn checkpoints(&self) -> StoreResult<Vec<SignedCheckpoint>>;

    /// The largest one, from which sealing goes on.
    async fn newest_checkpoint(&self) -> StoreResult<Option<SignedCheckpoint>>;
}

/// Everything durable. Reads answer from the primary: read your writes.
#[async_trait]
pub trait Store: RegistryReader + KeyReader + LedgerReader {
    /// Carries out the plan in one transaction, in order; all of it or none.
    async fn commit(&self, plan: &[Change]) -> StoreResult<Commit>;

    async fn subject(&self, id: SubjectId) -> StoreResult<Option<VersionedSubject>>;

    /// By current number or phone; a superseded number leads nowhere.
    async fn subject_by_login(&self, name: &LoginName) -> StoreResult<Option<VersionedSubject>>;

    /// People whose folded name equals `folded` (see `PersonName::folded`).
    async fn subjects_by_name(&self, folded: &str) -> StoreResult<Vec<SubjectListing>>;

    /// All but removed ones.
    async fn enrolments(&self, subject: SubjectId) -> StoreResult<Vec<Enrolment>>;

    /// Counts an attempt as failed *before* it is checked, in one conditional write, so that
    /// parallel guesses cannot share a free one; success resets with [`Change::ResetFailures`].
    /// When the gate is not open nothing is counted.
    async fn reserve_attempt(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<AttemptGate>;

    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>>;

    async fn session_by_handle(&self, handle: &SecretDigest) -> StoreResult<Option<Session>>;

    /// Not ended and not expired at `now`, newest first.
    async fn live_sessions(&self, subject: SubjectId, now: Timestamp) -> StoreResult<Vec<Session>>;

    async fn grant(&self, id: GrantId) -> StoreResult<Option<Grant>>;

    /// Clients that got something in this session, once each: whom logout must tell.
    async fn clients_of_session(&self, session: SessionId) -> StoreResult<Vec<ClientId>>;

    async fn consent(&self, subject: SubjectId, client: &ClientId) -> StoreResult<Option<Consent>>;

    async fn consents_of(&self, subject: SubjectId) -> StoreResult<Vec<Consent>>;

    /// The citizen's own view of the ledger, newest first, before `before` (exclusive).
    async fn history_of(
        &self,
        subject: SubjectId,
        before: Option<Sequence>,
        limit: u32,
    ) -> StoreResult<Vec<RecordedEvent>>;

    /// True when `holder` has the lease from now until `runs_out_at`: nobody had it, it had run out,
    /// or it was the holder's already.
    async fn take_lease(
        &self,
        lease: Lease,
        holder: Uuid,
        runs_out_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<bool>;

    async fn due_logouts(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<LogoutDelivery>>;
}

/// What may be lost: losing it costs somebody a retry, never safety.
#[async_trait]
pub trait TransientStore: Send + Sync {
    /// True for exactly one caller per `purpose` and `id` until `expires_at`.
    async fn claim_once(
        &self,
        purpose: &'static str,
        id: &str,
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<bool>;

    /// When the memory of claims began. Whoever relies on `claim_once` refuses what was issued
    /// before: a flushed store cannot re-open a replay window (design §4, Redis epoch).
    async fn epoch(&self) -> StoreResult<Timestamp>;
}
