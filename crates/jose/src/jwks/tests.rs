use serde_json::json;

use super::*;
use crate::digest::base64url;
use crate::testing::{RFC_7515_ES256_KEY, RFC_7515_RS256_KEY, RFC_7638_KEY, RFC_8037_PUBLIC};

fn key(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn set(keys: &[Value]) -> Result<Jwks, JwksError> {
    Jwks::parse(&json!({ "keys": keys }).to_string())
}

fn with(key: &str, member: &str, value: impl Into<Value>) -> Value {
    let mut key: Value = serde_json::from_str(key).unwrap();
    key[member] = value.into();
    key
}

#[test]
fn private_and_symmetric_members_refuse_the_whole_set() {
    // DR-02
    for member in SECRET_MEMBERS {
        let keys = [key(RFC_8037_PUBLIC), with(RFC_7638_KEY, member, "AQAB")];
        assert_eq!(set(&keys).unwrap_err(), JwksError::SecretKey, "{member}");
    }
    assert_eq!(set(&[json!({"kty": "oct"})]).unwrap_err(), JwksError::SecretKey);
}

#[test]
fn weak_keys_are_refused() {
    // DR-02, ATK-043
    let mut short = vec![0xff; 256];
    short[0] = 0x7f;
    for n in [vec![0xff; 64], vec![0xff; 255], short] {
        let weak = with(RFC_7638_KEY, "n", base64url(&n));
        assert!(matches!(set(&[weak]), Err(JwksError::Weak(_))), "{} bytes", n.len());
    }
    for e in ["AQ", "Ag", "AQAA", ""] {
        let weak = with(RFC_7638_KEY, "e", e);
        assert!(matches!(set(&[weak]), Err(JwksError::Weak(_))), "e = {e}");
    }
    let off_curve = with(RFC_7515_ES256_KEY, "x", base64url(&[1; 32]));
    assert!(matches!(set(&[off_curve]), Err(JwksError::Weak(_))));
    for point in SMALL_ORDER {
        let mut negative = base64url_decode(point).unwrap();
        negative[31] |= 0x80;
        for x in [point.to_owned(), base64url(&negative)] {
            let weak = with(RFC_8037_PUBLIC, "x", x);
            assert!(matches!(set(&[weak]), Err(JwksError::Weak(_))), "{point}");
        }
    }
}

#[test]
fn malformed_sets_are_refused() {
    let padded = with(RFC_8037_PUBLIC, "x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    let long_kid = with(RFC_8037_PUBLIC, "kid", "k".repeat(257));
    let many = vec![key(RFC_8037_PUBLIC); MAX_KEYS + 1];
    for bad in [vec![padded], vec![long_kid], many, vec![json!("key")], vec![json!({"kty": 1})]] {
        assert!(matches!(set(&bad), Err(JwksError::Malformed(_))), "{bad:?}");
    }
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        assert!(matches!(Jwks::parse(text), Err(JwksError::Malformed(_))), "{text}");
        assert!(serde_json::from_str::<Jwks>(text).is_err(), "{text}");
    }
    let long = format!("{{\"keys\":[]{}}}", " ".repeat(MAX_BYTES));
    assert!(Jwks::parse(&long).is_err());
}

#[test]
fn keys_we_do_not_use_are_dropped_with_every_member_we_do_not_need() {
    let other = json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"});
    let set = set(&[other, json!({"kty": "AKP"}), with(RFC_8037_PUBLIC, "x5u", "https://a.test")]);
    let json = serde_json::to_string(&set.unwrap()).unwrap();
    assert!(json.contains("Ed25519") && !json.contains("P-521") && !json.contains("x5u"));
}

#[test]
fn a_name_selects_exactly_one_key_of_this_set() {
    // ATK-033
    let two = set(&[
        with(RFC_7515_RS256_KEY, "kid", "one"),
        with(RFC_7638_KEY, "kid", "two"),
        with(RFC_7515_ES256_KEY, "kid", "one"),
    ])
    .unwrap();
    assert!(two.select(Some("one"), ForeignAlgorithm::Rs256).is_ok());
    assert!(two.select(Some("one"), ForeignAlgorithm::Es256).is_ok());
    assert!(two.select(None, ForeignAlgorithm::Es256).is_ok());
    let refusal = |kid| two.select(kid, ForeignAlgorithm::Rs256).err();
    assert_eq!(refusal(None), Some(JwtRefusal::AmbiguousKey));
    for kid in ["../../dev/null", "' OR 1=1 --", "", "ONE", &"k".repeat(10_000)] {
        assert_eq!(refusal(Some(kid)), Some(JwtRefusal::UnknownKey), "{kid:.20}");
    }
}

#[test]
fn a_key_serves_only_the_algorithm_and_use_it_states() {
    // ATK-032
    let select = |key: Value, algorithm| set(&[key]).unwrap().select(None, algorithm).is_ok();
    let stated = with(RFC_7638_KEY, "alg", "PS256");
    assert!(select(stated.clone(), ForeignAlgorithm::Ps256));
    assert!(!select(stated, ForeignAlgorithm::Rs256));
    assert!(!select(with(RFC_7638_KEY, "alg", "RSA-OAEP"), ForeignAlgorithm::Rs256));
    assert!(!select(with(RFC_7638_KEY, "alg", "HS256"), ForeignAlgorithm::Rs256));
    assert!(!select(with(RFC_7515_ES256_KEY, "use", "enc"), ForeignAlgorithm::Es256));
    assert!(!select(key(RFC_7515_ES256_KEY), ForeignAlgorithm::EdDsa));
}
