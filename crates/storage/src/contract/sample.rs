//! Things to store.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use identity_core::authenticator::AuthenticatorStatus;
use identity_core::contact::{Address, Contact, PhoneNumber, Verification};
use identity_core::evidence::{
    EvidenceBinding, Proofing, ProofingPathway, ProofingPiece, ProofingPieceKind,
};
use identity_core::grant::{ActiveGrant, Generation, GrantTerms};
use identity_core::number::LegacyNumber;
use identity_core::secret::{SecretBytes, SecretDigest};
use identity_core::subject::{
    Card, CardKind, GuardianLink, GuardianScope, HolderClass, LegalCapacity, Profile, Sex,
};
use identity_core::{
    Account, AccountLevel, AuthenticationEvidence, Authenticator, AuthenticatorId,
    AuthenticatorKind, CalendarDate, ClientId, Entropy, EventKind, EvidenceId, GrantId,
    IdentityNumber, PersonName, PersonalNumber, SecurityEvent, Session, SessionId, Subject,
    SubjectId, Timestamp,
};

use crate::{Change, Credential, Enrolment};

pub const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

/// The epoch of transient stores: an hour earlier.
pub const BEGAN: Timestamp = Timestamp::from_unix_seconds(1_790_000_000 - 60 * 60);

/// Different bytes at every call; nothing here is secret.
pub struct Counting(AtomicU64);

pub static ENTROPY: Counting = Counting(AtomicU64::new(1));

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            // Odd steps through all of u64, and the best mixed byte of each.
            let at = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            *byte = (at ^ (at >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9).to_be_bytes()[0];
        }
    }
}

pub fn seconds(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

pub fn client(id: &str) -> ClientId {
    ClientId::parse(id).unwrap()
}

pub fn texts<const N: usize>(texts: [&str; N]) -> BTreeSet<String> {
    texts.into_iter().map(str::to_owned).collect()
}

pub fn date(text: &str) -> CalendarDate {
    text.parse().unwrap()
}

pub fn number(digits: &str) -> IdentityNumber {
    IdentityNumber::Citizen(PersonalNumber::parse(digits).unwrap())
}

pub fn phone(text: &str) -> Contact<PhoneNumber> {
    Contact { value: PhoneNumber::parse(text).unwrap(), verification: Verification::Verified }
}

/// A person with something in every field.
pub fn person(name: &str, digits: &str, phone_number: &str) -> Subject {
    Subject {
        id: SubjectId::random(&ENTROPY),
        class: HolderClass::Official,
        profile: Profile {
            name: PersonName::parse(name).unwrap(),
            birth_date: date("2001-06-15"),
            sex: Some(Sex::Female),
            number: number(digits),
            superseded_numbers: Vec::new(),
            legacy_number: Some(LegacyNumber::parse("240123456").unwrap()),
            nationality: "VN".into(),
            phone: Some(phone(phone_number)),
            email: Some(Contact {
                value: format!("c{digits}@example.vn"),
                verification: Verification::Unverified,
            }),
            address: Some(Address {
                formatted: "12 Hùng Vương, Kon Tum".into(),
                locality: Some("Kon Tum".into()),
                region: None,
                country: Some("VN".into()),
            }),
            updated_at: NOW,
        },
        account: Account::register(AccountLevel::Two, NOW).activate(NOW).unwrap(),
        card: Some(Card { kind: CardKind::IdentityCard, valid_until: Some(date("2041-06-15")) }),
        capacity: LegalCapacity::Full,
        guardians: vec![GuardianLink {
            guardian: SubjectId::random(&ENTROPY),
            scope: GuardianScope::Procedures(vec!["2.001234".into()]),
            from: NOW,
            until: Some(seconds(60)),
            document: "12/QĐ-UBND".into(),
        }],
        proofings: vec![Proofing {
            id: EvidenceId::generate(NOW, &ENTROPY),
            at: NOW,
            pathway: ProofingPathway::InPersonBiometric,
            pieces: vec![ProofingPiece {
                kind: ProofingPieceKind::IdentityCard,
                valid_until: Some(date("2041-06-15")),
            }],
            performed_by: Some("CA-067-0042".into()),
        }],
    }
}

pub fn lan() -> Subject {
    person("Nguyễn Thị Lan", "067301001234", "0912345678")
}

pub fn create(subject: &Subject) -> Change {
    Change::CreateSubject(Box::new(subject.clone()))
}

pub fn password(subject: SubjectId, phc: &str) -> Enrolment {
    let kind = AuthenticatorKind::Password;
    Enrolment::new(
        Authenticator { password_length: Some(15), ..authenticator(subject, kind) },
        Credential::Password(SecretBytes::new(phc.as_bytes().to_vec())),
    )
}

pub fn totp(subject: SubjectId, key: &[u8]) -> Enrolment {
    Enrolment::new(
        authenticator(subject, AuthenticatorKind::Totp),
        Credential::Totp(SecretBytes::new(key.to_vec())),
    )
}

pub fn bind(enrolment: &Enrolment) -> Change {
    Change::BindAuthenticator(Box::new(enrolment.clone()))
}

pub fn authenticator(subject: SubjectId, kind: AuthenticatorKind) -> Authenticator {
    Authenticator {
        id: AuthenticatorId::generate(NOW, &ENTROPY),
        subject,
        kind,
        status: AuthenticatorStatus::Active,
        bound_at: NOW,
        expires_at: Some(seconds(1_000_000)),
        password_length: None,
    }
}

pub fn evidence(subject: SubjectId, at: Timestamp) -> AuthenticationEvidence {
    let authenticator = authenticator(subject, AuthenticatorKind::Totp);
    AuthenticationEvidence {
        binding: Some(EvidenceBinding {
            session: SessionId::generate(NOW, &ENTROPY),
            origin: Some("https://portal.example".into()),
            replay_key: handle(),
        }),
        ..AuthenticationEvidence::of(&authenticator, EvidenceId::generate(at, &ENTROPY), at)
    }
}

pub fn handle() -> SecretDigest {
    SecretDigest(identity_core::time::random_bytes(&ENTROPY))
}

pub fn session(subject: SubjectId) -> Session {
    Session {
        id: SessionId::generate(NOW, &ENTROPY),
        subject,
        handle: handle(),
        evidence: vec![evidence(subject, NOW)],
        created_at: NOW,
        last_used_at: NOW,
        expires_at: NOW.plus(Session::LIFE),
        ended: None,
        browser: "Chrome, Android".into(),
    }
}

pub fn open(session: &Session) -> Change {
    Change::OpenSession(Box::new(session.clone()))
}

pub fn grant<const N: usize>(session: &Session, at: &str, scopes: [&str; N]) -> ActiveGrant {
    // What a proof was bound to stays with the session; the short form of terms leaves it out.
    let told = |evidence: &AuthenticationEvidence| AuthenticationEvidence {
        binding: None,
        ..evidence.clone()
    };
    ActiveGrant {
        terms: GrantTerms {
            grant: GrantId::generate(NOW, &ENTROPY),
            client: client(at),
            subject: session.subject,
            session: session.id,
            scopes: texts(scopes),
            userinfo_claims: texts(["name", "birthdate"]),
            id_token_claims: texts(["acr"]),
            evidence: session.evidence.iter().map(told).collect(),
            asked_acr: vec!["urn:vneid:aal2".into()],
            authorized_at: NOW,
            verified: identity_core::grant::VerifiedWishes::default(),
            transaction: None,
        },
        generation: Generation::FIRST,
        rotated_at: NOW,
        redeemed_at: NOW,
    }
}

pub fn insert(grant: &ActiveGrant) -> Change {
    Change::InsertGrant(Box::new(grant.clone()))
}

pub fn event(kind: EventKind, at: Timestamp) -> SecurityEvent {
    SecurityEvent::new(kind, at, &ENTROPY)
}

pub fn append(event: &SecurityEvent) -> Change {
    Change::Append(Box::new(event.clone()))
}
