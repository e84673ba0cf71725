//! A plan of writes. Flows decide and list changes; [`crate::Store::commit`] does all of them in one
//! transaction, or none.
//!
//! Whatever is single-use is one of the conditional changes below: one statement whose affected
//! rows are counted. When it finds that somebody was first, the whole plan is rolled back and the
//! flow learns which contest it lost. It may then commit what follows from losing.

use identity_core::authenticator::AuthenticatorStatus;
use identity_core::consent::Consent;
use identity_core::grant::{ActiveGrant, Generation, RevocationReason};
use identity_core::id::{DeliveryId, SessionId};
use identity_core::key::{KeyRecord, KeyTimes};
use identity_core::secret::SecretDigest;
use identity_core::session::SessionEnd;
use identity_core::{
    AuthenticationEvidence, AuthenticatorId, ClientId, GrantId, RelyingParty, SecurityEvent,
    Session, Subject, SubjectId, Timestamp,
};

use crate::credential::{Credential, Label};
use crate::record::{Enrolment, LogoutDelivery, SignedCheckpoint, ThrottleKey};

#[derive(Clone, Debug)]
pub enum Change {
    // Subjects and authenticators
    /// Contest: [`Contest::NameTaken`] when number or phone already leads to another subject.
    CreateSubject(Box<Subject>),
    /// Contest: [`Contest::SubjectMoved`] when `version` is no longer current; also `NameTaken`.
    ReplaceSubject {
        subject: Box<Subject>,
        version: u64,
    },
    BindAuthenticator(Box<Enrolment>),
    SetAuthenticatorStatus {
        authenticator: AuthenticatorId,
        status: AuthenticatorStatus,
    },
    /// Also how one secret of several is used up. Contest: [`Contest::AuthenticatorMoved`] when
    /// `version` is no longer current: its credential or its status changed since it was read.
    ReplaceCredential {
        authenticator: AuthenticatorId,
        version: u64,
        next: Replacement,
    },
    /// Uses up something that counts once: the challenge of a passkey, a code sent by message, a QR
    /// code. What is consumed under one purpose is not under another. `expires_at`: from when on it
    /// is refused for its age, at most a day away; always the same for the same thing. Contest:
    /// [`Contest::AlreadyConsumed`].
    ConsumeOnce {
        purpose: &'static str,
        digest: SecretDigest,
        expires_at: Timestamp,
    },
    /// Contest: [`Contest::StepUsed`] unless `step` is later than every accepted one (ATK-103).
    ConsumeTotpStep {
        authenticator: AuthenticatorId,
        step: u64,
    },
    ResetFailures(ThrottleKey),

    // Sessions
    OpenSession(Box<Session>),
    /// Adds evidence (see `Session::with_evidence`), moves `last_used_at` and replaces the handle (a new privilege gets a new
    /// handle, ATK-090). Contest: [`Contest::SessionEnded`].
    ExtendSession {
        session: SessionId,
        handle: SecretDigest,
        evidence: Vec<AuthenticationEvidence>,
        now: Timestamp,
    },
    /// Moves `last_used_at` only.
    TouchSession {
        session: SessionId,
        now: Timestamp,
    },
    /// Ends the live sessions in scope; ended ones stay as they are.
    EndSessions {
        scope: SessionScope,
        end: SessionEnd,
    },

    // Consents and grants
    SaveConsent(Box<Consent>),
    WithdrawConsent {
        subject: SubjectId,
        client: ClientId,
        now: Timestamp,
    },
    /// The redemption of a code. Contest: [`Contest::GrantExists`].
    InsertGrant(Box<ActiveGrant>),
    /// Contest: [`Contest::GenerationMoved`] unless the grant is active at generation `from`.
    RotateGrant {
        grant: GrantId,
        from: Generation,
        to: Generation,
        now: Timestamp,
    },
    /// Revokes the active grants in scope; revoked ones stay as they are.
    RevokeGrants {
        scope: GrantScope,
        reason: RevocationReason,
        now: Timestamp,
    },

    // Registry, keys, deliveries, ledger
    SaveRelyingParty(Box<RelyingParty>),
    Key(KeyChange),
    QueueLogout(LogoutDelivery),
    /// Takes a due delivery on, so that no other node does before `until`. Contest:
    /// [`Contest::DeliveryTaken`] when it is no longer due at `due_at`.
    TakeLogout {
        delivery: DeliveryId,
        due_at: Timestamp,
        until: Timestamp,
    },
    /// Delivered or given up.
    FinishLogout(DeliveryId),
    RetryLogout {
        delivery: DeliveryId,
        due_at: Timestamp,
    },
    SaveCheckpoint(SignedCheckpoint),
    Append(Box<SecurityEvent>),
}

/// The next credential of an authenticator, as its holder calls it.
#[derive(Clone, Debug)]
pub struct Replacement {
    pub credential: Credential,
    pub label: Option<Label>,
    pub password_length: Option<u16>,
}

/// What happens to a key of the ring.
#[derive(Clone, Debug)]
pub enum KeyChange {
    /// Contest: [`Contest::KeyExists`].
    Create(Box<KeyRecord>),
    /// Contest: [`Contest::KeyMoved`] unless the key's times are `from`. Who makes a successor moves
    /// the times of the key before it in the same plan, so of many at once one succeeds.
    Reschedule { kid: String, from: KeyTimes, to: KeyTimes },
    /// The same key under another key-encryption key. Contest: [`Contest::KeyMoved`] unless it is
    /// wrapped as `from`.
    Rewrap { kid: String, from: Vec<u8>, to: Vec<u8> },
}

/// Which sessions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SessionScope {
    One(SessionId),
    OfSubject(SubjectId),
}

/// Which grants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GrantScope {
    One(GrantId),
    /// Those of the session without `offline_access`, which outlives it (Back-Channel Logout §2.7).
    OnlineOfSession(SessionId),
    OfSubject(SubjectId),
    OfSubjectAtClient {
        subject: SubjectId,
        client: ClientId,
    },
}

/// Which conditional write found that somebody was first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Contest {
    NameTaken,
    SubjectMoved,
    AuthenticatorMoved,
    StepUsed,
    AlreadyConsumed,
    SessionEnded,
    GrantExists,
    GenerationMoved,
    DeliveryTaken,
    KeyExists,
    KeyMoved,
}

/// The end of a plan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a lost contest must be handled"]
pub enum Commit {
    Done,
    /// Nothing was written.
    Lost(Contest),
}
