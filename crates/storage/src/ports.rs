//! The ports themselves.

use std::time::Duration;

use async_trait::async_trait;
use identity_core::authenticator::{AttemptGate, AttemptRule};
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
    Dossier, DossierOf, Enrolment, GrantsRemoved, Lease, LogoutDelivery, SignedCheckpoint,
    SubjectListing, ThrottleKey, VersionedSubject,
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

    /// As [`Self::commit`], for very many rows that nobody contests: a database made for measuring.
    async fn load(&self, rows: Vec<Change>) -> StoreResult<Commit> {
        self.commit(&rows).await
    }

    /// Before the first [`Self::load`]: an empty store may put off what it would do for each row.
    async fn begin_load(&self) -> StoreResult<()> {
        Ok(())
    }

    /// After the last: does what was put off, and looks at what is there, so that the first request
    /// is answered like the millionth.
    async fn end_load(&self) -> StoreResult<()> {
        Ok(())
    }

    async fn subject(&self, id: SubjectId) -> StoreResult<Option<VersionedSubject>>;

    /// One person and what hangs on them, in one journey to the database.
    async fn dossier(&self, of: &DossierOf<'_>) -> StoreResult<Option<Dossier>> {
        let Some(subject) = self.subject(of.subject).await? else { return Ok(None) };
        Ok(Some(Dossier {
            subject,
            enrolments: self.enrolments(of.subject).await?,
            session: match of.session {
                Some(session) => self.session(session).await?,
                None => None,
            },
            consent: match of.client {
                Some(client) => self.consent(of.subject, client).await?,
                None => None,
            },
            grant: match of.grant {
                Some(grant) => self.grant(grant).await?,
                None => None,
            },
        }))
    }

    /// The same about whoever bears a session's handle, however the session stands.
    async fn dossier_by_handle(
        &self,
        handle: &SecretDigest,
        client: Option<&ClientId>,
    ) -> StoreResult<Option<Dossier>> {
        let Some(session) = self.session_by_handle(handle).await? else { return Ok(None) };
        let of = DossierOf { subject: session.subject, session: None, client, grant: None };
        let dossier = self.dossier(&of).await?;
        Ok(dossier.map(|dossier| Dossier { session: Some(session), ..dossier }))
    }

    /// By current number or phone; a superseded number leads nowhere.
    async fn subject_by_login(&self, name: &LoginName) -> StoreResult<Option<VersionedSubject>>;

    /// People whose folded name equals `folded` (see `PersonName::folded`).
    async fn subjects_by_name(&self, folded: &str) -> StoreResult<Vec<SubjectListing>>;

    /// All but removed ones.
    async fn enrolments(&self, subject: SubjectId) -> StoreResult<Vec<Enrolment>>;

    /// Counts an attempt as failed *before* it is checked, in one conditional write, so that
    /// parallel guesses cannot share a free one; success resets with [`Change::ResetFailures`].
    /// When the gate is not open nothing is counted.
    async fn reserve_attempt(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<AttemptGate> {
        self.reserve_attempt_under(&AttemptRule::TYPED, key, now).await
    }

    /// The same where failures cost something else.
    async fn reserve_attempt_under(
        &self,
        rule: &AttemptRule,
        key: &ThrottleKey,
        now: Timestamp,
    ) -> StoreResult<AttemptGate>;

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

    /// Forgets at most `most` sessions that were over before `before`; how many there were.
    async fn remove_dead_sessions(&self, before: Timestamp, most: u32) -> StoreResult<u64>;

    /// Forgets, of the `most` grants that follow `after` in the order of their making, those that were
    /// over before `before`: revoked by then, or redeemed by then without `offline_access` and so of
    /// no use without their session. What `offline_access` keeps alive stays, whenever it was last
    /// used, and so does what was revoked since: a replay of its tokens must meet it.
    async fn remove_ended_grants(
        &self,
        after: Option<GrantId>,
        before: Timestamp,
        most: u32,
    ) -> StoreResult<GrantsRemoved>;

    async fn due_logouts(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<LogoutDelivery>>;
}

/// Something that counts once: the `jti` of a client assertion (ATK-050), of a DPoP proof.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claim<'c> {
    pub purpose: &'static str,
    pub id: &'c str,
    /// The latest instant at which it may have been issued.
    pub issued_at: Timestamp,
    /// From here on it is refused for its age, so that it need not be remembered.
    pub expires_at: Timestamp,
}

/// How far behind its first moment a shared memory of claims puts its epoch: what was issued by a
/// clock 10 s ahead of ours is accepted (`jose::CLOCK_SKEW`) and may have been used in the memory
/// that was lost; `iat` counts whole seconds; and the clocks of two nodes differ by a second.
pub const EPOCH_MARGIN: Duration = Duration::from_secs(12);

/// What may be lost: losing it costs somebody a retry, never safety.
#[async_trait]
pub trait TransientStore: Send + Sync {
    /// True for exactly one caller per purpose and identifier until the claim expires.
    ///
    /// A memory has an *epoch*: it remembers all claims on what was issued since, and may have lost
    /// older ones (design §4). What was issued before is refused, in the same step, so that no
    /// flush in between re-opens a replay window; or found unavailable while the epoch is still
    /// ahead and anybody's honest claim would be refused.
    async fn claim_once(&self, claim: Claim<'_>, now: Timestamp) -> StoreResult<bool>;

    /// Counts this call, and says how many there were in the present window, this one included.
    /// Windows are fixed: they begin at multiples of their length.
    async fn count(
        &self,
        purpose: &'static str,
        id: &str,
        window: Duration,
        now: Timestamp,
    ) -> StoreResult<u64>;

    /// Keeps `value`, at most [`MAX_TRANSIENT_VALUE`] bytes, until `expires_at`; what was there goes.
    /// It may be lost sooner, and lies there in the clear: no personal data, no secret.
    async fn put(
        &self,
        slot: Slot<'_>,
        value: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<()>;

    /// What is there and has not expired.
    async fn get(&self, slot: Slot<'_>, now: Timestamp) -> StoreResult<Option<Vec<u8>>>;

    async fn remove(&self, slot: Slot<'_>) -> StoreResult<()>;

    /// Puts `to` in the place of `from`, if that is what is there and it has not expired: of two that
    /// saw the same value, one is told `true`.
    async fn replace_if(
        &self,
        slot: Slot<'_>,
        from: &[u8],
        to: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<bool>;
}

/// Every store refuses a value that another would refuse.
pub fn ensure_transient_size(value: &[u8]) -> StoreResult<()> {
    if value.len() > MAX_TRANSIENT_VALUE {
        return Err(StoreError::corrupt("a transient value is too long"));
    }
    Ok(())
}

/// The longest value a transient store takes.
pub const MAX_TRANSIENT_VALUE: usize = 8 * 1024;

/// A value in the transient store: what it is for, and which one. Another purpose, another value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slot<'s> {
    pub purpose: &'static str,
    pub id: &'s str,
}

/// What a memory whose epoch is `epoch` answers to a claim on something issued before it.
pub fn issued_before_the_epoch(epoch: Timestamp, now: Timestamp) -> StoreResult<bool> {
    if now < epoch {
        return Err(StoreError::unavailable("the memory of claims has only just begun"));
    }
    Ok(false)
}

/// A hint that the ledger has news. The poll is the guarantee: a hint may be lost or come twice.
#[async_trait]
pub trait Bell: Send + Sync {
    /// Never fails and never delays: where nobody can be reached, nobody is told.
    async fn ring(&self);

    /// Resolves when somebody rang since this last resolved. For one waiter per bell: two would
    /// share the hints between them.
    async fn rung(&self);
}
