use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::facts::structure;
use super::*;
use crate::access_token::RefreshAbout;
use crate::account::{AccountLevel, AccountState, Lock, LockReason, LockedBy};
use crate::authenticator::{AuthenticatorKind, FactorCategory};
use crate::evidence::*;
use crate::grant::{AuthorizationCode, Generation, GrantTerms};
use crate::id::*;
use crate::subject::{Card, CardKind, GuardianLink, GuardianScope, LegalCapacity, SubjectState};
use crate::{AccessToken, GrantedTransaction, RefreshToken, TokenPerson, TransactionDetails};

const NOW: Timestamp = Timestamp::from_unix_millis(1_795_000_000_123);

fn words(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number << 64 | 0x0123_4567_89ab_cdef)
}

fn day() -> CalendarDate {
    "2035-12-31".parse().unwrap()
}

/// Every field filled in, every list with something in it.
fn evidence() -> AuthenticationEvidence {
    AuthenticationEvidence {
        id: EvidenceId::from_uuid(uuid(1)),
        subject: SubjectId::from_uuid(uuid(2)),
        authenticator: AuthenticatorId::from_uuid(uuid(3)),
        kind: AuthenticatorKind::IdentityCardChip,
        at: NOW,
        verified_by_device: Some(FactorCategory::Inherence),
        intent: Intent::NotShown,
        phishing: PhishingResistance::Resistant,
        key: KeyProtection::Hardware,
        password_length: Some(300),
        device: Some(DeviceId::from_uuid(uuid(4))),
        transaction: Some("giao dịch".to_owned()),
        biometric: Some(BiometricMatch {
            matcher: "m".to_owned(),
            matcher_version: "1".to_owned(),
            false_match_per_billion: u32::MAX,
            presentation_attack: Check::Passed,
            injection: Check::NotDone,
            reference: "r".to_owned(),
            comparison: Some(Comparison {
                score: 912_345,
                threshold: 900_000,
                place: MatchPlace::Central,
                modality: AuthenticatorKind::Face,
                reference_captured_at: Some(NOW),
            }),
            stated_at: Some(NOW),
        }),
        presentation: Presentation::Barcode,
        device_proof: Some(DeviceProof {
            bound_at: NOW,
            attestation: Some(DeviceAttestation {
                verdict: AttestationVerdict::Undecided,
                at: NOW,
                expires_at: NOW,
            }),
        }),
        chip: Some(ChipRead {
            document: ProofingPieceKind::Passport,
            signed_by_issuer: Check::Passed,
            not_a_copy: Check::NotDone,
            valid_until: Some(day()),
        }),
        binding: None,
    }
}

#[test]
fn where_a_proof_was_given_stays_at_home() {
    let binding = EvidenceBinding {
        session: SessionId::from_uuid(uuid(3)),
        origin: Some("https://portal.example".to_owned()),
        replay_key: crate::secret::SecretDigest([7; 32]),
    };
    let given = AuthenticationEvidence { binding: Some(binding), ..evidence() };
    let json = serde_json::to_vec(&given).unwrap();
    assert_eq!(serde_json::from_slice::<AuthenticationEvidence>(&json).unwrap(), given);
    let mut bytes = Vec::new();
    given.write(&mut bytes);
    assert_eq!(AuthenticationEvidence::read(&mut Input(&bytes)), Some(evidence()));
}

#[test]
fn evidence_stored_by_the_first_release_is_still_read() {
    let stored = r#"{"id":"00000000-0000-0001-0123-456789abcdef",
        "subject":"00000000-0000-0002-0123-456789abcdef",
        "authenticator":"00000000-0000-0003-0123-456789abcdef","kind":"face",
        "at":1795000000123,"intent":"shown","biometric":{"matcher":"m","matcher_version":"1",
        "false_match_per_billion":1,"presentation_attack":"passed","injection":"not_done",
        "reference":"r"}}"#;
    let read: AuthenticationEvidence = serde_json::from_str(stored).unwrap();
    assert_eq!(read.presentation, Presentation::Direct);
    assert_eq!((read.device_proof, read.chip, read.binding), (None, None, None));
    assert_eq!(read.biometric.unwrap().comparison, None);
}

fn state(account: AccountState) -> SubjectState {
    let guardian = |scope| GuardianLink {
        guardian: SubjectId::from_uuid(uuid(5)),
        scope,
        from: Timestamp::from_unix_millis(-1),
        until: Some(NOW),
        document: "12/QĐ".to_owned(),
    };
    SubjectState {
        subject: SubjectId::from_uuid(uuid(2)),
        account,
        account_level: AccountLevel::Two,
        birth_date: "1912-02-29".parse().unwrap(),
        card: Some(Card { kind: CardKind::ResidenceCard, valid_until: Some(day()) }),
        capacity: LegalCapacity::Represented,
        guardians: vec![
            guardian(GuardianScope::Everything),
            guardian(GuardianScope::Procedures(vec!["1.004".to_owned()])),
        ],
        proofings: vec![Proofing {
            id: EvidenceId::from_uuid(uuid(6)),
            at: NOW,
            pathway: ProofingPathway::ThroughRepresentative,
            pieces: vec![ProofingPiece {
                kind: ProofingPieceKind::BirthCertificate,
                valid_until: None,
            }],
            performed_by: Some("officer 7".to_owned()),
        }],
    }
}

fn transaction() -> TransactionDetails {
    TransactionDetails {
        kind: "transfer".to_owned(),
        amount: 1_000_000_000_000_000,
        day_total: Some(20_000_001),
        known_device: true,
        reference: "FT26112200001".to_owned(),
        procedure: Some("criminal-record".to_owned()),
    }
}

fn access_token(account: AccountState) -> AccessToken {
    AccessToken {
        token: TokenId::from_uuid(uuid(7)),
        client: ClientId::parse("portal").unwrap(),
        audience: ["portal", "office"].map(|id| ClientId::parse(id).unwrap()).into(),
        scopes: words(&["openid", "profile"]),
        issued_at: NOW,
        expires_at: NOW,
        person: Some(TokenPerson {
            grant: GrantId::from_uuid(uuid(8)),
            session: SessionId::from_uuid(uuid(9)),
            subject_identifier: "s".repeat(43),
            state: state(account),
            evidence: vec![evidence(), evidence()],
            userinfo_claims: words(&["name"]),
            verified: Some("[]".into()),
            transaction: Some(transaction()),
        }),
    }
}

fn accounts() -> [AccountState; 4] {
    let by = LockedBy::Authority("Công an".to_owned());
    let lock = Lock { reason: LockReason::AuthorityRequest, by, since: NOW };
    [
        AccountState::Registered { since: NOW },
        AccountState::Activated { since: NOW },
        AccountState::Locked { lock, activated_at: Some(NOW) },
        AccountState::Deceased { recorded_at: NOW, source: "hộ tịch".to_owned() },
    ]
}

fn code() -> AuthorizationCode {
    AuthorizationCode {
        terms: GrantTerms {
            grant: GrantId::from_uuid(uuid(1)),
            client: ClientId::parse("portal").unwrap(),
            subject: SubjectId::from_uuid(uuid(2)),
            session: SessionId::from_uuid(uuid(3)),
            scopes: words(&["openid"]),
            userinfo_claims: words(&["name", "birthdate"]),
            id_token_claims: words(&[]),
            evidence: vec![evidence()],
            asked_acr: vec!["urn:vn:eid:auth:2".to_owned()],
            authorized_at: NOW,
            verified: crate::grant::VerifiedWishes { userinfo: Some("[]".into()), id_token: None },
            transaction: Some(GrantedTransaction { id: "t".repeat(22), details: transaction() }),
        },
        redirect_uri: "https://portal.example/cb".to_owned(),
        redirect_uri_requested: true,
        code_challenge: Some([7; 32]),
        nonce: Some("n".to_owned()),
        demanded_acr: vec!["a".to_owned()],
        expires_at: NOW,
        decision: Some(crate::RecordedDecision(vec![0xff; 40])),
    }
}

fn comes_back<T>(fact: &T)
where
    T: Compact + Serialize + DeserializeOwned + PartialEq + Debug,
{
    let bytes = to_bytes(fact);
    assert_eq!(from_bytes::<T>(&bytes).as_ref(), Some(fact));
    let json = serde_json::to_vec(fact).unwrap();
    assert!(bytes.len() * 2 < json.len(), "{} against {}", bytes.len(), json.len());
    // Refresh tokens live longer than the release that sealed them.
    assert_eq!(from_bytes::<T>(&json).as_ref(), Some(fact));
    for end in 0..bytes.len() {
        assert_eq!(from_bytes::<T>(&bytes[..end]), None, "cut at {end}");
    }
    assert_eq!(from_bytes::<T>(&[bytes, vec![0]].concat()), None, "with more behind");
}

#[test]
fn every_fact_comes_back_whole_or_not_at_all() {
    for account in accounts() {
        comes_back(&access_token(account));
    }
    comes_back(&AccessToken { person: None, ..access_token(accounts()[0].clone()) });
    comes_back(&code());
    comes_back(&RefreshToken {
        grant: GrantId::from_uuid(uuid(1)),
        client: ClientId::parse("portal").unwrap(),
        generation: Generation(u32::MAX),
        issued_at: NOW,
        about: Some(RefreshAbout {
            subject: SubjectId::from_uuid(uuid(2)),
            session: Some(SessionId::from_uuid(uuid(3))),
        }),
    });
}

#[test]
fn numbers_keep_their_value_to_the_last_bit() {
    for number in [0, 1, 127, 128, 16_383, 16_384, u64::MAX - 1, u64::MAX] {
        let mut bytes = Vec::new();
        number.write(&mut bytes);
        assert_eq!(u64::read(&mut Input(&bytes)), Some(number));
    }
    for number in [0, 1, -1, i64::MAX, i64::MIN] {
        let mut bytes = Vec::new();
        number.write(&mut bytes);
        assert_eq!(i64::read(&mut Input(&bytes)), Some(number));
    }
}

#[test]
fn a_choice_that_is_not_known_makes_the_fact_unreadable() {
    assert_eq!(AuthenticatorKind::read(&mut Input(&[14])), None);
    assert_eq!(AccountState::read(&mut Input(&[5, 0])), None);
    assert_eq!(bool::read(&mut Input(&[2])), None);
}

#[derive(PartialEq, Debug)]
struct Older {
    name: String,
}
structure!(Older { name });

#[derive(PartialEq, Debug)]
struct Newer {
    name: String,
    children: Vec<String>,
}
structure!(Newer { name; later children });

#[test]
fn two_releases_understand_each_other() {
    let newer = Newer { name: "Lan".to_owned(), children: vec!["An".to_owned()] };
    let older = Older { name: "Lan".to_owned() };
    let mut bytes = Vec::new();
    newer.write(&mut bytes);
    assert_eq!(Older::read(&mut Input(&bytes)), Some(Older { name: "Lan".to_owned() }));
    assert_eq!(Newer::read(&mut Input(&bytes)), Some(newer));
    bytes.clear();
    older.write(&mut bytes);
    let grown = Newer { name: "Lan".to_owned(), children: Vec::new() };
    assert_eq!(Newer::read(&mut Input(&bytes)), Some(grown));
}

#[test]
fn a_count_beyond_the_input_reserves_nothing() {
    // ATK-042: a few bytes that promise very many items.
    let mut bytes = vec![FORMAT];
    write_number(u64::MAX, &mut bytes);
    assert_eq!(Vec::<String>::read(&mut Input(&bytes[1..])), None);
    assert_eq!(String::read(&mut Input(&bytes[1..])), None);
}
