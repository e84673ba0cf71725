use identity_core::key::KeyPurpose;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::digest::{base64url, base64url_decode, hmac_sha256};
use crate::jws::sign;
use crate::public_key::VerifyingKey;
use crate::signing_key::SigningKey;
use crate::testing::{T0, ring, seconds};

const ISSUER: &str = "https://id.test";

fn expected() -> Expected<'static> {
    Expected {
        typ: TokenType::IdToken,
        issuer: ISSUER,
        audience: Some("portal"),
        algorithms: &SigningAlgorithm::ALL,
        expiry: Expiry::MustBeFresh,
        now: T0,
    }
}

fn claims() -> Value {
    let now = T0.unix_seconds();
    json!({"iss": ISSUER, "aud": "portal", "sub": "s", "iat": now, "exp": now + 300})
}

fn signed(ring: &KeyRing, claims: &Value) -> String {
    let key = ring.signer(SigningAlgorithm::Es256, T0).unwrap();
    sign(claims, TokenType::IdToken, key).unwrap()
}

fn refusal(ring: &KeyRing, token: &str) -> JwtRefusal {
    verify_own::<Value>(token, &expected(), ring).unwrap_err()
}

/// A token whose payload is exactly `payload`, signed by our own key.
fn signed_text(key: &SigningKey, payload: &str) -> String {
    let header = json!({"alg": key.algorithm().name(), "kid": key.kid(), "typ": "JWT"});
    let input =
        format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(payload.as_bytes()));
    let signature = key.sign_bytes(input.as_bytes()).unwrap();
    format!("{input}.{}", base64url(&signature))
}

fn with_header(token: &str, change: impl FnOnce(&mut Value)) -> String {
    let (header, rest) = token.split_once('.').unwrap();
    let mut header: Value = serde_json::from_slice(&base64url_decode(header).unwrap()).unwrap();
    change(&mut header);
    format!("{}.{rest}", base64url(header.to_string().as_bytes()))
}

#[test]
fn what_each_algorithm_signs_it_verifies() {
    let ring = ring(&[KeyPurpose::SignEs256, KeyPurpose::SignRs256, KeyPurpose::SignEdDsa]);
    for algorithm in SigningAlgorithm::ALL {
        let key = ring.signer(algorithm, T0).unwrap();
        let token = sign(&claims(), TokenType::IdToken, key).unwrap();
        let verified = verify_own::<Value>(&token, &expected(), &ring).unwrap();
        assert_eq!((verified.algorithm, verified.kid.as_str()), (algorithm, key.kid()));
        assert_eq!(verified.claims, claims());
        let only_others: Vec<_> =
            SigningAlgorithm::ALL.into_iter().filter(|other| *other != algorithm).collect();
        let narrowed = Expected { algorithms: &only_others, ..expected() };
        let refusal = verify_own::<Value>(&token, &narrowed, &ring).unwrap_err();
        assert_eq!(refusal, JwtRefusal::AlgorithmNotAllowed);
    }
}

#[test]
fn an_unsigned_token_is_refused_however_none_is_spelled() {
    // ATK-030, op-traps 4
    let ring = ring(&[KeyPurpose::SignEs256]);
    for none in ["none", "None", "nOnE", "NONE", ""] {
        let token = with_header(&signed(&ring, &claims()), |header| header["alg"] = none.into());
        let (unsigned, _) = token.rsplit_once('.').unwrap();
        assert_eq!(refusal(&ring, &token), JwtRefusal::AlgorithmNotAllowed);
        assert_eq!(refusal(&ring, &format!("{unsigned}.")), JwtRefusal::AlgorithmNotAllowed);
    }
    let (unsigned, _) =
        signed(&ring, &claims()).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.len())).unwrap();
    assert_eq!(refusal(&ring, &format!("{unsigned}.")), JwtRefusal::BadSignature);
}

#[test]
fn a_mac_over_our_public_key_in_any_form_is_refused() {
    // ATK-031
    let ring = ring(&[KeyPurpose::SignEs256, KeyPurpose::SignRs256]);
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::Rs256] {
        let key = ring.signer(algorithm, T0).unwrap();
        let der = match key.verifying_key() {
            VerifyingKey::Es256(point) => point.as_ref().to_vec(),
            VerifyingKey::Rs256(key) => key.as_ref().to_vec(),
            VerifyingKey::EdDsa(_) => unreachable!("not among them"),
        };
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &der);
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
        let jwk = serde_json::to_vec(key.jwk()).unwrap();
        for secret in [der.as_slice(), pem.as_bytes(), &jwk, b""] {
            let token = sign(&claims(), TokenType::IdToken, key).unwrap();
            let token = with_header(&token, |header| header["alg"] = "HS256".into());
            let (input, _) = token.rsplit_once('.').unwrap();
            let forged = format!("{input}.{}", base64url(&hmac_sha256(secret, input.as_bytes())));
            assert_eq!(refusal(&ring, &forged), JwtRefusal::AlgorithmNotAllowed);
            let mislabelled =
                with_header(&forged, |header| header["alg"] = algorithm.name().into());
            assert_eq!(refusal(&ring, &mislabelled), JwtRefusal::BadSignature);
        }
    }
}

#[test]
fn the_key_decides_the_algorithm_not_the_header() {
    // ATK-032
    let ring = ring(&[KeyPurpose::SignEs256, KeyPurpose::SignRs256]);
    let token = with_header(&signed(&ring, &claims()), |header| header["alg"] = "RS256".into());
    assert_eq!(refusal(&ring, &token), JwtRefusal::AlgorithmNotAllowed);
}

#[test]
fn a_kid_selects_from_our_ring_or_nothing() {
    // ATK-033
    let (ring, other) = (ring(&[KeyPurpose::SignEs256]), ring_of_another());
    let token = signed(&ring, &claims());
    for kid in ["../../dev/null", "' OR '1'='1", "", &"k".repeat(4000)] {
        let injected = with_header(&token, |header| header["kid"] = kid.into());
        assert_eq!(refusal(&ring, &injected), JwtRefusal::UnknownKey);
    }
    let nameless =
        with_header(&token, |header| drop(header.as_object_mut().unwrap().remove("kid")));
    assert_eq!(refusal(&ring, &nameless), JwtRefusal::UnknownKey);
    assert_eq!(refusal(&ring, &signed(&other, &claims())), JwtRefusal::UnknownKey);
}

fn ring_of_another() -> KeyRing {
    ring(&[KeyPurpose::SignEs256])
}

#[test]
fn a_key_that_the_token_brings_along_is_not_looked_at() {
    // ATK-034: signed by an attacker's key that the header holds, under our kid
    let (ring, attacker) = (ring(&[KeyPurpose::SignEs256]), ring_of_another());
    let (our_key, their_key) = (
        ring.signer(SigningAlgorithm::Es256, T0).unwrap(),
        attacker.signer(SigningAlgorithm::Es256, T0).unwrap(),
    );
    let header = json!({"alg": "ES256", "typ": "JWT", "kid": our_key.kid(), "jwk": their_key.jwk(),
        "jku": "https://attacker.test/jwks", "x5u": "https://attacker.test/x", "x5c": ["MII"]});
    let input = format!(
        "{}.{}",
        base64url(header.to_string().as_bytes()),
        base64url(claims().to_string().as_bytes())
    );
    let forged = base64url(&their_key.sign_bytes(input.as_bytes()).unwrap());
    assert_eq!(refusal(&ring, &format!("{input}.{forged}")), JwtRefusal::BadSignature);
    let honest = base64url(&our_key.sign_bytes(input.as_bytes()).unwrap());
    assert!(verify_own::<Value>(&format!("{input}.{honest}"), &expected(), &ring).is_ok());
}

#[test]
fn dates_of_the_wrong_form_are_malformed_and_not_absent() {
    // ATK-039
    let ring = ring(&[KeyPurpose::SignEs256]);
    for name in ["exp", "nbf", "iat"] {
        for odd in
            [json!("1800000100"), json!(1e30), json!(-5), json!(null), json!([1]), json!(1.5)]
        {
            let mut claims = claims();
            claims[name] = odd;
            assert_eq!(refusal(&ring, &signed(&ring, &claims)), JwtRefusal::Claim(name));
        }
    }
    let mut eternal = claims();
    eternal.as_object_mut().unwrap().remove("exp");
    assert_eq!(refusal(&ring, &signed(&ring, &eternal)), JwtRefusal::Claim("exp"));
}

#[test]
fn an_expired_token_serves_only_as_a_hint() {
    // op-traps 4
    let ring = ring(&[KeyPurpose::SignEs256]);
    let token = signed(&ring, &claims());
    let verify = |expiry, after| {
        let expected = Expected { expiry, now: T0.plus(seconds(after)), ..expected() };
        verify_own::<Value>(&token, &expected, &ring).err()
    };
    assert_eq!(verify(Expiry::MustBeFresh, 299), None);
    assert_eq!(verify(Expiry::MustBeFresh, 300), Some(JwtRefusal::Expired));
    assert_eq!(verify(Expiry::MayHavePassed, 1_000_000), None);
    assert_eq!(verify(Expiry::NotStated, 0), Some(JwtRefusal::Claim("exp")));
}

#[test]
fn issuer_and_audience_are_compared_exactly() {
    // ATK-040
    let ring = ring(&[KeyPurpose::SignEs256]);
    for (name, value, expected) in [
        ("iss", json!("https://id.test/"), JwtRefusal::WrongIssuer),
        ("iss", json!("https://ID.test"), JwtRefusal::WrongIssuer),
        ("iss", json!([ISSUER]), JwtRefusal::Claim("iss")),
        ("aud", json!("Portal"), JwtRefusal::WrongAudience),
        ("aud", json!("portal/"), JwtRefusal::WrongAudience),
        ("aud", json!([]), JwtRefusal::WrongAudience),
        ("aud", json!(7), JwtRefusal::Claim("aud")),
        ("nbf", json!(T0.unix_seconds() + 11), JwtRefusal::NotYetValid),
    ] {
        let mut claims = claims();
        claims[name] = value;
        assert_eq!(refusal(&ring, &signed(&ring, &claims)), expected, "{claims}");
    }
}

#[test]
fn hostile_json_under_a_good_signature_is_refused_and_the_process_lives() {
    // ATK-042
    let ring = ring(&[KeyPurpose::SignEs256]);
    let key = ring.signer(SigningAlgorithm::Es256, T0).unwrap();
    let honest = claims().to_string();
    let twice = honest.replacen('{', r#"{"aud":"other","#, 1);
    let deep =
        honest.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(5000), "]".repeat(5000)), 1);
    assert!(verify_own::<Value>(&signed_text(key, &honest), &expected(), &ring).is_ok());
    for hostile in [twice, deep, format!("\u{feff}{honest}"), "null".into(), String::new()] {
        let refusal = refusal(&ring, &signed_text(key, &hostile));
        assert!(matches!(refusal, JwtRefusal::Malformed(_)), "{refusal}");
    }
}

proptest! {
    /// ATK-038: every character of a signed token counts, and none may be added or cut.
    #[test]
    fn no_character_may_change(at in any::<prop::sample::Index>(), to in "[-_.A-Za-z0-9= \n+/]") {
        let ring = ring(&[KeyPurpose::SignEs256]);
        let token = signed(&ring, &claims());
        let at = at.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(at..=at, &to);
        prop_assert!(changed == token || verify_own::<Value>(&changed, &expected(), &ring).is_err());
        prop_assert!(verify_own::<Value>(&token[..at], &expected(), &ring).is_err());
        for longer in [format!("{token}{to}"), format!("{to}{token}")] {
            prop_assert!(verify_own::<Value>(&longer, &expected(), &ring).is_err());
        }
    }
}
