use super::*;
use crate::testing::{T0, TestEntropy, kek, seconds};
use std::time::Duration;

fn record(purpose: KeyPurpose) -> KeyRecord {
    generate_key(purpose, T0, T0, &kek(), &TestEntropy::new(1)).unwrap()
}

fn kids(jwks: &Jwks) -> Vec<String> {
    jwks.kids().map(str::to_owned).collect()
}

#[test]
fn keys_are_published_before_and_after_they_sign_but_never_once_compromised() {
    // op-traps 17, ATK-130, ATK-131
    let mut old = record(KeyPurpose::SignEs256);
    let mut new = record(KeyPurpose::SignEs256);
    (old.retires_at, old.removes_at) = (Some(T0.plus(seconds(100))), Some(T0.plus(seconds(200))));
    new.activates_at = T0.plus(seconds(100));
    let open = |records: &[&KeyRecord]| {
        KeyRing::open(records.iter().map(|r| (*r).clone()).collect(), &kek()).unwrap()
    };
    let ring = open(&[&old, &new]);
    let signer = |after| {
        ring.signer(SigningAlgorithm::Es256, T0.plus(seconds(after))).unwrap().kid().to_owned()
    };
    assert_eq!((signer(0), signer(99)), (old.kid.clone(), old.kid.clone()));
    assert_eq!(signer(100), new.kid);
    for after in [0, 150] {
        assert_eq!(kids(&ring.jwks(T0.plus(seconds(after)))).len(), 2);
    }
    assert_eq!(kids(&ring.jwks(T0.plus(seconds(200)))), [new.kid.clone()]);
    assert!(ring.verifying_key(&old.kid, T0.plus(seconds(200))).is_none());

    old.compromised_at = Some(T0.plus(Duration::from_hours(1)));
    let ring = open(&[&old, &new]);
    assert_eq!(kids(&ring.jwks(T0)), [new.kid]);
    assert!(ring.verifying_key(&old.kid, T0).is_none());
    assert!(ring.signer(SigningAlgorithm::Es256, T0).is_err());
}

#[test]
fn the_jwks_names_use_and_algorithm_and_holds_nothing_private() {
    // op-traps 17
    let purposes =
        [KeyPurpose::SignEs256, KeyPurpose::SignRs256, KeyPurpose::SignEdDsa, KeyPurpose::Seal];
    let ring = KeyRing::open(purposes.map(record).to_vec(), &kek()).unwrap();
    let json = serde_json::to_value(ring.jwks(T0)).unwrap();
    let keys = json["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 3);
    for key in keys {
        assert_eq!(key["use"], "sig");
        let mut members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        let expected: &[&str] = match key["alg"].as_str().unwrap() {
            "ES256" => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            "RS256" => &["alg", "e", "kid", "kty", "n", "use"],
            "EdDSA" => &["alg", "crv", "kid", "kty", "use", "x"],
            other => panic!("{other}"),
        };
        assert_eq!(members, expected);
    }
    assert!(Jwks::parse(&json.to_string()).is_ok());
}

#[test]
fn a_ring_with_a_key_that_does_not_open_does_not_open() {
    let good = record(KeyPurpose::SignEs256);
    let twice = KeyRing::open(vec![good.clone(), good.clone()], &kek());
    assert_eq!(twice.unwrap_err(), KeyRingError::Duplicate { kid: good.kid.clone() });
    let renamed = KeyRecord { kid: "other".into(), ..good };
    assert!(KeyRing::open(vec![renamed], &kek()).is_err());
    let other = KeyEncryptionKey::from_bytes(&[1; 32]).unwrap();
    assert!(KeyRing::open(vec![record(KeyPurpose::Seal)], &other).is_err());
}

#[test]
fn a_key_under_a_name_that_is_not_its_thumbprint_is_refused() {
    let honest = record(KeyPurpose::SignEs256);
    let private = kek().unwrap(&honest.kid, honest.purpose, &honest.wrapped).unwrap();
    let kid = "chosen".to_owned();
    let wrapped = kek().wrap(&kid, honest.purpose, &private, &TestEntropy::new(2)).unwrap();
    let renamed = KeyRecord { kid: kid.clone(), wrapped, ..honest };
    let refused = KeyRing::open(vec![renamed], &kek()).unwrap_err();
    assert_eq!(refused, KeyRingError::NotAKey { kid });
}

#[test]
fn a_ring_never_prints_its_keys() {
    let ring = KeyRing::open(vec![record(KeyPurpose::SignEdDsa)], &kek()).unwrap();
    let text = format!("{ring:?} {:?}", ring.signer(SigningAlgorithm::EdDsa, T0).unwrap());
    assert!(text.len() < 200, "{text}");
}
