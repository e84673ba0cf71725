//! Judging what a registered service signs about somebody, such as a matcher of biometrics; and, on its
//! side, what we signed when we asked.
//!
//! What a statement is about, and whether it comes a second time, the caller settles: it asked.

use std::time::Duration;

use identity_core::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::algorithm::ForeignAlgorithm;
use crate::claims::{Audience, audience, begun, text};
use crate::jwks::Jwks;
use crate::refusal::JwtRefusal;
use crate::strict::UnverifiedJws;

/// The `typ` of a matcher's statement, which no other token bears (RFC 8725 §3.11, ATK-041).
pub const MATCH_STATEMENT_TYPE: &str = "vneid-match+jwt";

/// RSA is left out: who signs these has no old keys to keep.
const ALGORITHMS: [ForeignAlgorithm; 2] = [ForeignAlgorithm::Es256, ForeignAlgorithm::EdDsa];

/// What a statement must be to be believed in one place.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedStatement<'e> {
    pub typ: &'e str,
    pub issuer: &'e str,
    /// Made for nobody else.
    pub audience: &'e str,
    /// How old it may be.
    pub max_age: Duration,
    pub now: Timestamp,
}

/// A statement whose signature, type, issuer, audience and date were checked.
#[derive(Debug)]
pub struct Statement<C> {
    pub claims: C,
    /// By the clock of whoever signed.
    pub issued_at: Timestamp,
}

pub fn verify_statement<C: DeserializeOwned>(
    token: &str,
    expected: &ExpectedStatement<'_>,
    keys: &Jwks,
) -> Result<Statement<C>, JwtRefusal> {
    let jws = UnverifiedJws::parse(token)?;
    let allowed = ALGORITHMS.into_iter().find(|alg| alg.name() == jws.header.algorithm);
    let algorithm = allowed.ok_or(JwtRefusal::AlgorithmNotAllowed)?;
    if jws.header.typ.as_deref() != Some(expected.typ) {
        return Err(JwtRefusal::WrongType);
    }
    let key = keys.select(jws.header.kid.as_deref(), algorithm)?;
    let message = jws.signing_input.as_bytes();
    match jsonwebtoken::crypto::verify(jws.signature_text, message, key, algorithm.library()) {
        Ok(true) => {}
        Ok(false) | Err(_) => return Err(JwtRefusal::BadSignature),
    }
    let claims = jws.claims()?;
    let issued_at = check(&claims, expected)?;
    let claims = serde_json::from_value(Value::Object(claims))
        .map_err(|_| JwtRefusal::Malformed("claims are not of this type"))?;
    Ok(Statement { claims, issued_at })
}

fn check(
    claims: &Map<String, Value>,
    expected: &ExpectedStatement<'_>,
) -> Result<Timestamp, JwtRefusal> {
    if text(claims, "iss")? != Some(expected.issuer) {
        return Err(JwtRefusal::WrongIssuer);
    }
    if audience(claims)? != Audience::One(expected.audience) {
        return Err(JwtRefusal::WrongAudience);
    }
    let issued_at = begun(claims, expected.now)?.ok_or(JwtRefusal::Claim("iat"))?;
    if issued_at.plus(expected.max_age) <= expected.now {
        return Err(JwtRefusal::Expired);
    }
    Ok(issued_at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::algorithm::SigningAlgorithm;
    use crate::digest::base64url;
    use crate::signing_key::{SigningKey, generate_pkcs8};

    const NOW: i64 = 1_790_000_000;

    fn key(algorithm: SigningAlgorithm) -> SigningKey {
        SigningKey::from_pkcs8(algorithm, &generate_pkcs8(algorithm).unwrap()).unwrap()
    }

    fn header(key: &SigningKey) -> Value {
        json!({"alg": key.algorithm().name(), "typ": MATCH_STATEMENT_TYPE, "kid": key.kid()})
    }

    fn claims() -> Value {
        json!({"iss": "matcher-1", "aud": "https://id.vn", "iat": NOW, "score": 5})
    }

    fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let input = format!("{}.{}", part(header), part(claims));
        let signature = key.sign_bytes(input.as_bytes()).unwrap();
        format!("{input}.{}", base64url(&signature))
    }

    fn verify(token: &str, key: &SigningKey) -> Result<Statement<Map<String, Value>>, JwtRefusal> {
        let keys = Jwks::of_ours(std::iter::once(key.jwk().clone()));
        let expected = ExpectedStatement {
            typ: MATCH_STATEMENT_TYPE,
            issuer: "matcher-1",
            audience: "https://id.vn",
            max_age: Duration::from_mins(5),
            now: Timestamp::from_unix_seconds(NOW),
        };
        verify_statement(token, &expected, &keys)
    }

    #[test]
    fn a_statement_of_a_registered_key_says_what_was_seen_and_when() {
        for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa] {
            let key = key(algorithm);
            let statement = verify(&signed(&key, &header(&key), &claims()), &key).unwrap();
            assert_eq!(statement.claims["score"], 5);
            assert_eq!(statement.issued_at, Timestamp::from_unix_seconds(NOW));
        }
    }

    #[test]
    fn every_checked_value_is_checked() {
        let key = key(SigningAlgorithm::Es256);
        for (name, other) in [
            ("iss", json!("matcher-2")),
            ("aud", json!("https://evil.vn")),
            ("aud", json!(["https://id.vn"])),
            ("iat", json!(NOW + 11)),
            ("iat", json!(NOW - 300)),
            ("iat", json!(NOW.to_string())),
        ] {
            let mut changed = claims();
            changed[name] = other.clone();
            assert!(
                verify(&signed(&key, &header(&key), &changed), &key).is_err(),
                "{name} {other}"
            );
            changed.as_object_mut().unwrap().remove(name);
            assert!(verify(&signed(&key, &header(&key), &changed), &key).is_err(), "no {name}");
        }
    }

    #[test]
    fn no_other_key_type_or_algorithm_is_taken() {
        // ATK-031, ATK-032, ATK-041
        let (own, other) = (key(SigningAlgorithm::Es256), key(SigningAlgorithm::Es256));
        let theirs = signed(&other, &header(&other), &claims());
        assert_eq!(verify(&theirs, &own).unwrap_err(), JwtRefusal::UnknownKey);
        let under_our_name = signed(&other, &header(&own), &claims());
        assert_eq!(verify(&under_our_name, &own).unwrap_err(), JwtRefusal::BadSignature);
        for (name, value) in [("typ", "JWT"), ("alg", "none"), ("alg", "RS256"), ("alg", "HS256")] {
            let mut changed = header(&own);
            changed[name] = value.into();
            assert!(verify(&signed(&own, &changed, &claims()), &own).is_err(), "{name} {value}");
        }
        let rsa = key(SigningAlgorithm::Rs256);
        let signed = signed(&rsa, &header(&rsa), &claims());
        assert_eq!(verify(&signed, &rsa).unwrap_err(), JwtRefusal::AlgorithmNotAllowed);
    }
}
