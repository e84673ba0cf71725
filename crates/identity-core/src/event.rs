//! What the ledger records: one row per security-relevant fact, written with the change itself.
//! Events name things by opaque identifiers; personal data never enters them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::account::LockReason;
use crate::authenticator::AuthenticatorKind;
use crate::decision::RecordedDecision;
use crate::grant::RevocationReason;
use crate::id::{
    AuthenticatorId, CaseNumber, ClientId, EventId, GrantId, SessionId, SubjectId, TokenId,
};
use crate::number::Province;
use crate::session::SessionEndReason;
use crate::time::{Entropy, Timestamp};

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SecurityEvent {
    pub id: EventId,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<SubjectId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    #[serde(flatten)]
    pub kind: EventKind,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    AccountCreated,
    AccountActivated,
    AccountLocked {
        reason: LockReason,
    },
    AccountUnlocked,
    DeathRecorded,
    NumberChanged,
    /// Where codes of this kind go has changed.
    ContactChanged {
        kind: AuthenticatorKind,
    },
    /// A new password was set by somebody who could not log in, after proving these.
    AccountRecovered {
        factors: Vec<AuthenticatorKind>,
    },
    LoginSucceeded {
        session: SessionId,
        factors: Vec<AuthenticatorKind>,
        /// For the indicators (ADR 0016), as in the two other events that have it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        province: Option<Province>,
    },
    /// A wrong or refused authenticator; never says to the caller which.
    LoginRefused {
        authenticator: Option<AuthenticatorId>,
        reason: LoginRefusalReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        province: Option<Province>,
    },
    SessionEnded {
        session: SessionId,
        reason: SessionEndReason,
    },
    AuthenticatorBound {
        authenticator: AuthenticatorId,
        kind: AuthenticatorKind,
    },
    AuthenticatorDisabled {
        authenticator: AuthenticatorId,
        kind: AuthenticatorKind,
    },
    /// Reported lost, or used by somebody else: it proves nothing until it is bound anew.
    AuthenticatorSuspended {
        authenticator: AuthenticatorId,
        kind: AuthenticatorKind,
    },
    AuthenticatorRemoved {
        authenticator: AuthenticatorId,
        kind: AuthenticatorKind,
    },
    /// "Không phải tôi": the holder says that a login or a use was not theirs. Which sessions ended and
    /// which authenticators were suspended for it stands in events of their own.
    UseDisputed {
        case: CaseNumber,
        session: SessionId,
        /// The row of the history; absent where a session as such was disputed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        disputed: Option<EventId>,
    },
    PasswordChanged {
        authenticator: AuthenticatorId,
    },
    ConsentGiven {
        scopes: BTreeSet<String>,
        claims: BTreeSet<String>,
    },
    ConsentWithdrawn,
    /// One use of the identity at a relying party: what the citizen's history shows.
    GrantIssued {
        grant: GrantId,
        session: SessionId,
        scopes: BTreeSet<String>,
        /// Names, or `profile.*` for all that this scope carried on that day.
        claims: BTreeSet<String>,
        acr: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        province: Option<Province>,
        /// Why this level: `vneid policy explain` takes the decision again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<RecordedDecision>,
    },
    GrantRefreshed {
        grant: GrantId,
    },
    GrantRevoked {
        grant: GrantId,
        reason: RevocationReason,
    },
    AccessTokenRevoked {
        token: TokenId,
        expires_at: Timestamp,
    },
    ClientRegistered,
    ClientSuspended,
    ClientReinstated,
    KeyCreated {
        kid: String,
    },
    KeyCompromised {
        kid: String,
    },
    /// A request refused in a way worth keeping, by its registered error code.
    RequestRefused {
        code: String,
        reason: String,
        /// Where a person was judged and did not suffice.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decision: Option<RecordedDecision>,
    },
    /// What a node of the release after this one wrote, while both run side by side. Read, never written.
    #[serde(other)]
    OfLaterRelease,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginRefusalReason {
    UnknownPerson,
    WrongPassword,
    WrongCode,
    CodeReplayed,
    /// The answer of a passkey that proves nothing: another key, origin or challenge.
    WrongAssertion,
    /// A passkey that was used more often elsewhere: perhaps there are two of it.
    CounterWentBack,
    /// A passkey that could not be copied before and now can, or the other way round.
    BackupChanged,
    Throttled,
    AuthenticatorUnusable,
    AccountNotUsable,
    /// The holder said no in their app: perhaps somebody else tried to be them.
    DeniedByHolder,
    /// The number of a browser's page was typed wrong too often in an app.
    WrongNumber,
    /// A matcher compared and found somebody else.
    NoMatch,
    /// A matcher saw a picture, a mask or a fed-in recording instead of a person.
    PresentationAttack,
    /// A matcher did not get as far as a comparison that counts.
    NotCompared,
    /// What came as a matcher's statement is none, or is about something else.
    StatementRefused,
}

impl SecurityEvent {
    pub fn new(kind: EventKind, now: Timestamp, entropy: &dyn Entropy) -> Self {
        Self { id: EventId::generate(now, entropy), at: now, subject: None, client: None, kind }
    }

    #[must_use]
    pub fn about(mut self, subject: SubjectId) -> Self {
        self.subject = Some(subject);
        self
    }

    #[must_use]
    pub fn at_client(mut self, client: &ClientId) -> Self {
        self.client = Some(client.clone());
        self
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn events_survive_serialisation() {
        let event = SecurityEvent {
            id: EventId::from_uuid(Uuid::from_u128(1)),
            at: Timestamp::from_unix_seconds(1),
            subject: Some(SubjectId::from_uuid(Uuid::from_u128(2))),
            client: Some(ClientId::parse("portal").unwrap()),
            kind: EventKind::AccountLocked { reason: LockReason::HolderRequest },
        };
        let json = serde_json::to_string(&event).unwrap();
        assert!(json.contains("\"event\":\"account_locked\""));
        assert_eq!(serde_json::from_str::<SecurityEvent>(&json).unwrap(), event);
    }

    #[test]
    fn rows_from_before_provinces_were_recorded_are_read() {
        let kind = EventKind::LoginRefused {
            authenticator: None,
            reason: LoginRefusalReason::WrongPassword,
            province: None,
        };
        let json = serde_json::to_string(&kind).unwrap();
        assert!(!json.contains("province"), "{json}");
        assert_eq!(serde_json::from_str::<EventKind>(&json).unwrap(), kind);
    }
}
