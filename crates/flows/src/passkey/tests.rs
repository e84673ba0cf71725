//! The ceremonies against an authenticator that others wrote.

use std::collections::BTreeMap;
use std::time::Duration;

use identity_core::subject::HolderClass;
use identity_core::{SubjectId, Timestamp};
use jose::digest::{base64url, sha256};
use protocol::{Environment, Issuer};
use storage::PasskeyCredential;
use uuid::Uuid;
use webauthn_authenticator_rs::AuthenticatorBackendHashedClientData;
use webauthn_authenticator_rs::softtoken::{AAGUID, SoftToken};
use webauthn_rs_core::proto::{
    AttestationCaListBuilder, PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions,
};

use super::assertion::{self, AssertionFault, UserVerified};
use super::attestation::{AttestationRules, Demand, Maker, MakerError, Model};
use super::creation::{self, CreationFault};
use super::{Assertion, Creation, Site, Verification, options};

const CHALLENGE: [u8; 32] = [7; 32];
const ANOTHER: [u8; 32] = [8; 32];

struct Bench {
    site: Site,
    token: SoftToken,
    rules: AttestationRules,
    subject: SubjectId,
    now: Timestamp,
}

impl Bench {
    fn new() -> Self {
        let (token, root) = SoftToken::new(true).unwrap();
        let mut list = AttestationCaListBuilder::new();
        list.insert_device_x509(root, AAGUID, "soft".to_owned(), BTreeMap::default()).unwrap();
        let issuer = Issuer::parse("https://id.gov.vn", Environment::Production).unwrap();
        Self {
            site: Site::of(&issuer).unwrap(),
            token,
            rules: AttestationRules::trusting(list.build()),
            subject: SubjectId::from_uuid(Uuid::from_u128(5)),
            now: today(),
        }
    }

    fn create(&mut self, demand: Demand<'_>) -> Creation {
        let holder = options::For { subject: self.subject, name: "••• 123" };
        let json = options::of_enrolment(&self.site, &CHALLENGE, &holder, &[], demand).unwrap();
        let mut asked: PublicKeyCredentialCreationOptions = serde_json::from_str(&json).unwrap();
        // This authenticator keeps nothing.
        let selection = asked.authenticator_selection.as_mut().unwrap();
        (selection.resident_key, selection.require_resident_key) = (None, false);
        let client_data = client_data("webauthn.create");
        let hash = sha256(&client_data).to_vec();
        let made = self.token.perform_register(hash, asked, 1_000).unwrap();
        Creation { client_data, attestation_object: made.response.attestation_object }
    }

    fn enrol(&mut self, demand: Demand<'_>) -> Result<PasskeyCredential, CreationFault> {
        let made = self.create(demand);
        creation::check(&self.site, &CHALLENGE, &made, self.subject, &[], demand, self.now)
    }

    fn sign(&mut self, passkey: &PasskeyCredential, verification: Verification) -> Assertion {
        let json = options::of_login(&self.site, &CHALLENGE, &[passkey], verification).unwrap();
        let asked: PublicKeyCredentialRequestOptions = serde_json::from_str(&json).unwrap();
        let client_data = client_data("webauthn.get");
        let hash = sha256(&client_data).to_vec();
        let made = self.token.perform_auth(hash, asked, 1_000).unwrap();
        Assertion {
            credential_id: made.raw_id,
            client_data,
            authenticator_data: made.response.authenticator_data,
            signature: made.response.signature,
            user_handle: made.response.user_handle,
        }
    }

    fn check(
        &self,
        passkey: &PasskeyCredential,
        challenge: &[u8],
        assertion: &Assertion,
    ) -> Result<assertion::Asserted, AssertionFault> {
        let verification = Verification::Preferred;
        assertion::check(&self.site, challenge, assertion, passkey, verification, self.now)
    }
}

#[expect(clippy::disallowed_methods, reason = "the token dates its certificates by this clock")]
fn today() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Timestamp::from_unix_seconds(i64::try_from(since.as_secs()).unwrap())
}

/// As a browser on our page writes it.
fn client_data(kind: &str) -> Vec<u8> {
    let challenge = base64url(&CHALLENGE);
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"https://id.gov.vn"}}"#)
        .into_bytes()
}

#[test]
fn what_was_enrolled_logs_in_and_the_counter_is_kept() {
    let mut bench = Bench::new();
    let passkey = bench.enrol(Demand::Nothing).unwrap();
    assert_eq!(passkey.user_handle.as_deref(), Some(bench.subject.uuid().as_bytes().as_slice()));
    assert!(!passkey.attested && !passkey.backup_eligible);
    let first = bench.sign(&passkey, Verification::Required);
    let asserted = bench.check(&passkey, &CHALLENGE, &first).unwrap();
    assert_eq!(asserted.user, UserVerified::Verified);
    let kept = asserted.changed.expect("it was used for the first time, and counts");
    let second = bench.sign(&kept, Verification::Preferred);
    let asserted = bench.check(&kept, &CHALLENGE, &second).unwrap();
    assert_eq!(asserted.user, UserVerified::PresentOnly, "reported as it was, not as it can be");
}

#[test]
fn an_answer_to_another_challenge_or_by_another_key_is_none() {
    // ATK-106
    let mut bench = Bench::new();
    let passkey = bench.enrol(Demand::Nothing).unwrap();
    let answer = bench.sign(&passkey, Verification::Required);
    assert!(matches!(bench.check(&passkey, &ANOTHER, &answer), Err(AssertionFault::Wrong(_))));
    let other = bench.enrol(Demand::Nothing).unwrap();
    assert!(matches!(bench.check(&other, &CHALLENGE, &answer), Err(AssertionFault::Wrong(_))));
    let claimed = PasskeyCredential { credential_id: passkey.credential_id, ..other };
    assert!(matches!(bench.check(&claimed, &CHALLENGE, &answer), Err(AssertionFault::Wrong(_))));
}

#[test]
fn a_login_is_no_enrolment_and_an_enrolment_no_login() {
    let mut bench = Bench::new();
    let made = bench.create(Demand::Nothing);
    let passkey = bench.enrol(Demand::Nothing).unwrap();
    let mut answer = bench.sign(&passkey, Verification::Required);
    let login = Creation {
        client_data: answer.client_data.clone(),
        attestation_object: made.attestation_object.clone(),
    };
    let enrolled = |creation: &Creation, challenge: &[u8]| {
        let subject = bench.subject;
        creation::check(&bench.site, challenge, creation, subject, &[], Demand::Nothing, bench.now)
    };
    assert!(enrolled(&made, &CHALLENGE).is_ok());
    assert!(matches!(enrolled(&made, &ANOTHER), Err(CreationFault::Wrong)));
    assert!(matches!(enrolled(&login, &CHALLENGE), Err(CreationFault::Wrong)));
    answer.client_data = made.client_data;
    assert!(matches!(bench.check(&passkey, &CHALLENGE, &answer), Err(AssertionFault::Wrong(_))));
}

#[test]
fn of_officials_a_listed_maker_must_vouch_for_the_model() {
    // ATK-106: AAGUID policy
    let mut bench = Bench::new();
    let rules = bench.rules.clone();
    let demand = rules.demand_of(HolderClass::Official);
    let passkey = bench.enrol(demand).unwrap();
    assert!(passkey.attested);
    assert_eq!(passkey.aaguid, AAGUID.into_bytes());
    let now = bench.now;
    bench.now = now.plus(Duration::from_hours(24 * 365 * 40));
    assert!(matches!(bench.enrol(demand), Err(CreationFault::NotVouchedFor)), "expired by then");
    bench.now = now;

    let nobody = AttestationRules::default();
    let none = bench.enrol(nobody.demand_of(HolderClass::Official));
    assert!(matches!(none, Err(CreationFault::NotVouchedFor)), "an empty list admits nobody");
    let (_, stranger) = SoftToken::new(true).unwrap();
    let mut list = AttestationCaListBuilder::new();
    list.insert_device_x509(stranger, AAGUID, "other".to_owned(), BTreeMap::default()).unwrap();
    let others = AttestationRules::trusting(list.build());
    let other = bench.enrol(others.demand_of(HolderClass::Official));
    assert!(matches!(other, Err(CreationFault::NotVouchedFor)), "another maker");
}

#[test]
fn a_listed_maker_vouches_only_for_listed_models() {
    let (token, root) = SoftToken::new(true).unwrap();
    let mut list = AttestationCaListBuilder::new();
    let model = Uuid::from_u128(1);
    list.insert_device_x509(root, model, "another model".to_owned(), BTreeMap::default()).unwrap();
    let rules = AttestationRules::trusting(list.build());
    let mut bench = Bench { token, ..Bench::new() };
    let enrolled = bench.enrol(rules.demand_of(HolderClass::Official));
    assert!(matches!(enrolled, Err(CreationFault::NotVouchedFor)));
}

#[test]
fn of_the_public_nothing_is_demanded_and_nothing_believed() {
    let mut bench = Bench::new();
    let rules = bench.rules.clone();
    let passkey = bench.enrol(rules.demand_of(HolderClass::Citizen)).unwrap();
    assert!(!passkey.attested);
    assert_eq!(passkey.aaguid, [0; 16]);
}

#[test]
fn the_same_key_is_not_enrolled_twice() {
    let mut bench = Bench::new();
    let made = bench.create(Demand::Nothing);
    let check = |known: &[&PasskeyCredential]| {
        let subject = bench.subject;
        creation::check(&bench.site, &CHALLENGE, &made, subject, known, Demand::Nothing, bench.now)
    };
    let passkey = check(&[]).unwrap();
    assert!(matches!(check(&[&passkey]), Err(CreationFault::Known)));
}

#[test]
fn nothing_that_is_sent_instead_of_an_attestation_object_does_harm() {
    // ATK-106: huge and deep CBOR
    let mut bench = Bench::new();
    let made = bench.create(Demand::Nothing);
    let deep = vec![0x81; 12_000];
    let long =
        [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x5b".as_slice(), &[0xff; 8]].concat();
    let cut = made.attestation_object[..40].to_vec();
    for attestation_object in [Vec::new(), deep, long, cut, vec![0xff; 64], b"{}".to_vec()] {
        let made = Creation { client_data: made.client_data.clone(), attestation_object };
        let (subject, demand) = (bench.subject, Demand::Nothing);
        let checked =
            creation::check(&bench.site, &CHALLENGE, &made, subject, &[], demand, bench.now);
        assert!(matches!(checked, Err(CreationFault::Wrong)));
    }
}

#[test]
fn a_list_without_models_or_with_a_broken_certificate_is_refused_whole() {
    let model = Model { aaguid: Uuid::from_u128(1), name: "K1".to_owned() };
    let maker = |models, certificate: &str| Maker {
        name: "Hãng A".to_owned(),
        certificate: certificate.to_owned(),
        models,
    };
    let read = |maker| AttestationRules::new(&[maker]);
    assert!(matches!(read(maker(Vec::new(), "")), Err(MakerError::NoModels(_))));
    assert!(matches!(read(maker(vec![model], "no PEM")), Err(MakerError::Certificate(_))));
    assert!(AttestationRules::new(&[]).is_ok());
}
