use serde_json::{Value, json};

use super::super::fake_provider::{CLIENT_ID, NOW, SigningKey};
use super::*;

const ISSUER: &str = "http://localhost:8080";

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": CLIENT_ID, "iat": NOW, "exp": NOW + 120, "jti": "j1",
        "sid": "s1", "sub": "u1", "events": { EVENT: {} },
    })
}

fn check(key: &SigningKey, token: &str) -> Result<VerifiedLogout, LogoutTokenError> {
    verify(token, &key.key_set(), ISSUER, CLIENT_ID, NOW)
}

#[test]
fn a_logout_token_of_the_provider_is_accepted() {
    let key = SigningKey::generate("k1");
    for typ in ["logout+jwt", "JWT"] {
        let verified = check(&key, &key.sign(typ, &claims())).unwrap();
        assert_eq!(
            verified.who,
            LoggedOut::Session { sid: "s1".into(), subject: Some("u1".into()) }
        );
        assert_eq!(verified.jti, "j1");
    }
}

// BL-01, ATK-041: every claim changed one at a time.
#[test]
fn a_token_with_any_wrong_claim_is_refused() {
    let key = SigningKey::generate("k1");
    let wrong: [(&str, Value, LogoutTokenError); 11] = [
        ("iss", json!("http://localhost:9090"), LogoutTokenError::Issuer),
        ("aud", json!("another"), LogoutTokenError::Audience),
        ("aud", json!([CLIENT_ID, "another"]), LogoutTokenError::Audience),
        ("iat", json!(NOW - 301), LogoutTokenError::Stale),
        ("iat", json!(NOW + 61), LogoutTokenError::Stale),
        ("iat", json!(i64::MIN), LogoutTokenError::Stale),
        ("exp", json!(NOW), LogoutTokenError::Expired),
        ("events", json!({ "http://example.org/other": {} }), LogoutTokenError::Event),
        ("events", json!({ EVENT: true }), LogoutTokenError::Malformed),
        ("nonce", json!("n"), LogoutTokenError::Nonce),
        ("jti", Value::Null, LogoutTokenError::Malformed),
    ];
    for (claim, value, refusal) in wrong {
        let mut changed = claims();
        changed[claim] = value;
        let verified = check(&key, &key.sign("logout+jwt", &changed));
        assert_eq!(verified, Err(refusal), "{changed}");
    }
}

#[test]
fn every_required_claim_is_required() {
    let key = SigningKey::generate("k1");
    for claim in ["iss", "aud", "iat", "exp", "jti", "events"] {
        let mut changed = claims();
        changed.as_object_mut().unwrap().remove(claim);
        let verified = check(&key, &key.sign("logout+jwt", &changed));
        assert_eq!(verified, Err(LogoutTokenError::Malformed), "without {claim}");
    }
}

#[test]
fn a_token_names_a_session_or_a_subject() {
    let key = SigningKey::generate("k1");
    let mut changed = claims();
    changed.as_object_mut().unwrap().remove("sid");
    let verified = check(&key, &key.sign("logout+jwt", &changed)).unwrap();
    assert_eq!(verified.who, LoggedOut::Subject("u1".into()));
    changed.as_object_mut().unwrap().remove("sub");
    let verified = check(&key, &key.sign("logout+jwt", &changed));
    assert_eq!(verified, Err(LogoutTokenError::Nobody));
}

#[test]
fn another_key_cannot_log_anybody_out() {
    let key = SigningKey::generate("k1");
    let same_name = SigningKey::generate("k1");
    let verified = check(&key, &same_name.sign("logout+jwt", &claims()));
    assert_eq!(verified, Err(LogoutTokenError::Signature));
    let other_name = SigningKey::generate("k2");
    let verified = check(&key, &other_name.sign("logout+jwt", &claims()));
    assert_eq!(verified, Err(LogoutTokenError::UnknownKey));
}

// ATK-041 and RFC 8725 §3.1: neither the algorithm nor the type is the attacker's to choose.
#[test]
fn the_header_cannot_choose_its_way_past_the_checks() {
    let key = SigningKey::generate("k1");
    let headers = [
        (json!({ "alg": "none", "kid": "k1" }), LogoutTokenError::Algorithm),
        (json!({ "alg": "HS256", "kid": "k1" }), LogoutTokenError::Algorithm),
        (json!({ "alg": "RS256", "kid": "k1" }), LogoutTokenError::Signature),
        (json!({ "alg": "ES256" }), LogoutTokenError::UnknownKey),
        (json!({ "alg": "ES256", "kid": "k1", "typ": "at+jwt" }), LogoutTokenError::Type),
        (json!({ "alg": "ES256", "kid": "k1", "crit": ["b64"] }), LogoutTokenError::Malformed),
    ];
    for (header, refusal) in headers {
        let verified = check(&key, &key.sign_with_header(&header, &claims()));
        assert_eq!(verified, Err(refusal), "{header}");
    }
}

#[test]
fn rubbish_is_malformed() {
    let key = SigningKey::generate("k1");
    for token in ["", ".", "..", "a.b.c", "e30.e30", &"x".repeat(MAX_TOKEN_BYTES + 1)] {
        assert_eq!(check(&key, token), Err(LogoutTokenError::Malformed));
    }
}
