//! One login of one browser, with the evidence it rests on.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::evidence::AuthenticationEvidence;
use crate::id::{SessionId, SubjectId};
use crate::secret::SecretDigest;
use crate::time::Timestamp;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub subject: SubjectId,
    /// Digest of the handle in the browser's cookie; the handle itself is stored nowhere.
    pub handle: SecretDigest,
    pub evidence: Vec<AuthenticationEvidence>,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
    pub ended: Option<SessionEnd>,
    /// What the citizen recognises the browser by, e.g. "Chrome, Android".
    pub browser: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SessionEnd {
    pub at: Timestamp,
    pub reason: SessionEndReason,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEndReason {
    LoggedOut,
    EndedByHolder,
    CredentialChanged,
    AccountLocked,
    ReplacedByLogin,
}

impl Session {
    /// Overall timeout (NIST SP 800-63B-4 §2.2.3: at most 24 h at AAL2; we take the AAL3 figure).
    pub const LIFE: Duration = Duration::from_hours(12);
    /// Inactivity timeout.
    pub const IDLE: Duration = Duration::from_hours(1);

    pub fn alive(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires_at && now < self.last_used_at.plus(Self::IDLE)
    }

    /// This session with newer evidence: per authenticator only the newest counts.
    #[must_use]
    pub fn with_evidence(mut self, newer: Vec<AuthenticationEvidence>) -> Self {
        self.evidence.retain(|old| newer.iter().all(|new| new.authenticator != old.authenticator));
        self.evidence.extend(newer);
        self
    }

    /// When somebody last proved anything: `auth_time` can never be later.
    pub fn last_authenticated_at(&self) -> Option<Timestamp> {
        self.evidence.iter().map(|evidence| evidence.at).max()
    }
}
