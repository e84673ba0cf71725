//! What one event takes back.

use identity_core::id::TokenId;
use identity_core::{ClientId, EventKind, GrantId, SecurityEvent, SessionId, SubjectId, Timestamp};

use crate::recorded::RecordError;

/// What an event does to the tokens and sessions that are already out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    None,
    AccountLocked { subject: SubjectId },
    SubjectDied { subject: SubjectId },
    AccountUnlocked { subject: SubjectId },
    CredentialChanged { subject: SubjectId },
    SessionEnded { session: SessionId },
    GrantRevoked { grant: GrantId },
    TokenRevoked { token: TokenId, expires_at: Timestamp },
    ConsentWithdrawn { subject: SubjectId, client: ClientId },
    ClientSuspended { client: ClientId },
    ClientReinstated { client: ClientId },
    KeyCompromised { kid: String },
}

/// Whether the event takes something back that is already out, so that a node should know at once.
pub fn takes_back(event: &SecurityEvent) -> bool {
    !matches!(Effect::of(event), Ok(Effect::None))
}

impl Effect {
    pub(crate) fn of(event: &SecurityEvent) -> Result<Self, RecordError> {
        let subject =
            |name| event.subject.ok_or(RecordError::Incomplete { event: name, missing: "subject" });
        let client = |name| {
            let client = event.client.clone();
            client.ok_or(RecordError::Incomplete { event: name, missing: "client" })
        };
        let changed = |name| subject(name).map(|subject| Self::CredentialChanged { subject });
        Ok(match &event.kind {
            EventKind::AccountLocked { .. } => {
                Self::AccountLocked { subject: subject("account_locked")? }
            }
            EventKind::DeathRecorded => Self::SubjectDied { subject: subject("death_recorded")? },
            EventKind::AccountUnlocked => {
                Self::AccountUnlocked { subject: subject("account_unlocked")? }
            }
            // The evidence behind the subject's tokens is no longer what they say. A token costs its
            // holder one refresh, at which the evidence is judged anew (BCP-15). Which sessions and
            // grants go with it is the flow's decision; it records each of them.
            EventKind::PasswordChanged { .. } => changed("password_changed")?,
            EventKind::AccountRecovered { .. } => changed("account_recovered")?,
            EventKind::AuthenticatorDisabled { .. } => changed("authenticator_disabled")?,
            EventKind::AuthenticatorSuspended { .. } => changed("authenticator_suspended")?,
            EventKind::AuthenticatorRemoved { .. } => changed("authenticator_removed")?,
            // Also where nothing could be suspended: whoever it was holds no token any longer.
            EventKind::UseDisputed { .. } => changed("use_disputed")?,
            // Perhaps a take-back. The database, which is asked at a refresh, knows what it was.
            EventKind::OfLaterRelease => changed("of_later_release")?,
            EventKind::SessionEnded { session, .. } => Self::SessionEnded { session: *session },
            EventKind::GrantRevoked { grant, .. } => Self::GrantRevoked { grant: *grant },
            EventKind::AccessTokenRevoked { token, expires_at } => {
                Self::TokenRevoked { token: *token, expires_at: *expires_at }
            }
            EventKind::ConsentWithdrawn => Self::ConsentWithdrawn {
                subject: subject("consent_withdrawn")?,
                client: client("consent_withdrawn")?,
            },
            EventKind::ClientSuspended => {
                Self::ClientSuspended { client: client("client_suspended")? }
            }
            EventKind::ClientReinstated => {
                Self::ClientReinstated { client: client("client_reinstated")? }
            }
            EventKind::KeyCompromised { kid } => Self::KeyCompromised { kid: kid.clone() },
            // A new number changes what the next token says, not whose token it is.
            EventKind::NumberChanged
            | EventKind::ContactChanged { .. }
            | EventKind::AccountCreated
            | EventKind::AccountActivated
            | EventKind::LoginSucceeded { .. }
            | EventKind::LoginRefused { .. }
            | EventKind::AuthenticatorBound { .. }
            | EventKind::ConsentGiven { .. }
            | EventKind::GrantIssued { .. }
            | EventKind::GrantRefreshed { .. }
            | EventKind::ClientRegistered
            | EventKind::KeyCreated { .. }
            | EventKind::RequestRefused { .. } => Self::None,
        })
    }
}
