//! Events and identifiers for this crate's tests.

use std::collections::BTreeSet;

use identity_core::account::LockReason;
use identity_core::event::LoginRefusalReason;
use identity_core::grant::RevocationReason;
use identity_core::id::TokenId;
use identity_core::session::SessionEndReason;
use identity_core::{
    AuthenticatorId, AuthenticatorKind, CaseNumber, ClientId, EventId, EventKind, GrantId,
    SecurityEvent, SessionId, SubjectId, Timestamp,
};
use identity_core::{Province, RecordedDecision};
use uuid::Uuid;

use crate::recorded::{RecordedEvent, Sequence, encode};

pub fn subject(number: u8) -> SubjectId {
    SubjectId::from_uuid(Uuid::from_u128(number.into()))
}

pub fn session(number: u8) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(number.into()))
}

pub fn grant(number: u8) -> GrantId {
    GrantId::from_uuid(Uuid::from_u128(number.into()))
}

pub fn token(number: u8) -> TokenId {
    TokenId::from_uuid(Uuid::from_u128(number.into()))
}

pub fn authenticator(number: u8) -> AuthenticatorId {
    AuthenticatorId::from_uuid(Uuid::from_u128(number.into()))
}

pub fn client(number: u8) -> ClientId {
    ClientId::parse(&format!("portal-{number}")).unwrap()
}

/// About subject 1 at client 1.
pub fn event(at: Timestamp, kind: EventKind) -> SecurityEvent {
    SecurityEvent {
        id: EventId::from_uuid(Uuid::from_u128(7)),
        at,
        subject: Some(subject(1)),
        client: Some(client(1)),
        kind,
    }
}

pub fn record(sequence: u64, mut event: SecurityEvent) -> RecordedEvent {
    event.id = EventId::from_uuid(Uuid::from_u128(sequence.into()));
    RecordedEvent::read(Sequence(sequence), encode(&event).unwrap()).unwrap()
}

/// One of each kind.
pub fn every_kind() -> Vec<EventKind> {
    let words = || BTreeSet::from(["openid".to_owned(), "địa chỉ".to_owned()]);
    let kind = AuthenticatorKind::Password;
    let at = Timestamp::from_unix_millis(1_790_000_000_123);
    vec![
        EventKind::AccountCreated,
        EventKind::AccountActivated,
        EventKind::AccountLocked { reason: LockReason::CardRevokedOrHeld },
        EventKind::AccountUnlocked,
        EventKind::DeathRecorded,
        EventKind::NumberChanged,
        EventKind::ContactChanged { kind },
        EventKind::AccountRecovered { factors: vec![kind] },
        EventKind::LoginSucceeded { session: session(1), factors: vec![kind], province: None },
        EventKind::LoginRefused {
            authenticator: Some(authenticator(1)),
            reason: LoginRefusalReason::WrongCode,
            province: Some(Province::from_code(67)),
        },
        EventKind::SessionEnded { session: session(1), reason: SessionEndReason::LoggedOut },
        EventKind::AuthenticatorBound { authenticator: authenticator(1), kind },
        EventKind::AuthenticatorDisabled { authenticator: authenticator(1), kind },
        EventKind::AuthenticatorSuspended { authenticator: authenticator(1), kind },
        EventKind::AuthenticatorRemoved { authenticator: authenticator(1), kind },
        EventKind::UseDisputed {
            case: CaseNumber::parse("7K3M-9QXA").unwrap(),
            session: session(1),
            disputed: Some(EventId::from_uuid(Uuid::from_u128(9))),
        },
        EventKind::PasswordChanged { authenticator: authenticator(1) },
        EventKind::ConsentGiven { scopes: words(), claims: words() },
        EventKind::ConsentWithdrawn,
        EventKind::GrantIssued {
            grant: grant(1),
            session: session(1),
            scopes: words(),
            claims: words(),
            acr: "urn:example".into(),
            province: None,
            decision: Some(RecordedDecision(vec![1, 2, 3])),
        },
        EventKind::GrantRefreshed { grant: grant(1) },
        EventKind::GrantRevoked { grant: grant(1), reason: RevocationReason::CodeReplayed },
        EventKind::AccessTokenRevoked { token: token(1), expires_at: at },
        EventKind::ClientRegistered,
        EventKind::ClientSuspended,
        EventKind::ClientReinstated,
        EventKind::KeyCreated { kid: "k-1".into() },
        EventKind::KeyCompromised { kid: "k-1".into() },
        EventKind::RequestRefused {
            code: "invalid_grant".into(),
            reason: "expired".into(),
            decision: None,
        },
    ]
}
