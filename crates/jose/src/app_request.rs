//! Judging what the citizen's app signs: a request is one JWS, made with the key of its device, and
//! there is nothing beside it that could be changed.
//!
//! As in DPoP (RFC 9449 §4.2) it names method and address, so that it cannot be carried to another
//! endpoint, and when it was made. The caller still has to settle that each `jti` is used once: this
//! crate keeps nothing.

use std::time::Duration;

use identity_core::Timestamp;
use serde_json::{Map, Value};

use crate::algorithm::SigningAlgorithm;
use crate::claims::{Audience, audience, begun, text};
use crate::public_key::PublicKey;
use crate::refusal::JwtRefusal;
use crate::strict::UnverifiedJws;

/// The `typ` header, which no other token of ours or of a client bears (RFC 8725 §3.11, ATK-041).
pub const APP_REQUEST_TYPE: &str = "vneid-app+jwt";

/// How old a request may be: it was signed for this very call.
pub const APP_REQUEST_LIFE: Duration = Duration::from_mins(1);

/// Shorter ones repeat by chance, longer ones fill memories.
const JTI_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// How a request must look at the endpoint where it arrived.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedAppRequest<'e> {
    pub issuer: &'e str,
    pub method: &'e str,
    /// The whole address, without query.
    pub uri: &'e str,
    pub now: Timestamp,
}

/// A request whose signature verified. It counts once its `jti` turns out to be new.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AppRequest {
    pub jti: String,
    pub issued_at: Timestamp,
    /// What is asked for.
    pub content: Map<String, Value>,
}

impl AppRequest {
    /// Until when the `jti` must be remembered.
    pub fn expires_at(&self) -> Timestamp {
        self.issued_at.plus(APP_REQUEST_LIFE)
    }
}

/// Which key the request says it was signed with. Only used to find the key that it is then verified
/// with.
pub fn unverified_key_id(token: &str) -> Option<String> {
    UnverifiedJws::parse(token).ok()?.header.kid
}

/// What a request asks for that brings its own key: the enrolment of a device.
pub fn unverified_content(token: &str) -> Option<Map<String, Value>> {
    let mut claims = UnverifiedJws::parse(token).ok()?.claims().ok()?;
    match claims.remove("req") {
        Some(Value::Object(content)) => Some(content),
        Some(_) | None => None,
    }
}

pub fn verify_app_request(
    token: &str,
    key: &PublicKey,
    expected: &ExpectedAppRequest<'_>,
) -> Result<AppRequest, JwtRefusal> {
    let jws = UnverifiedJws::parse(token)?;
    if jws.header.algorithm != SigningAlgorithm::Es256.name()
        || key.algorithm() != SigningAlgorithm::Es256
    {
        return Err(JwtRefusal::AlgorithmNotAllowed);
    }
    if jws.header.typ.as_deref() != Some(APP_REQUEST_TYPE) {
        return Err(JwtRefusal::WrongType);
    }
    let key = key.verifying_key().map_err(|_| JwtRefusal::UnknownKey)?;
    key.verify(jws.signing_input.as_bytes(), &jws.signature)?;
    check(jws.claims()?, expected)
}

fn check(
    mut claims: Map<String, Value>,
    expected: &ExpectedAppRequest<'_>,
) -> Result<AppRequest, JwtRefusal> {
    if audience(&claims)? != Audience::One(expected.issuer) {
        return Err(JwtRefusal::WrongAudience);
    }
    for (name, value) in [("htm", expected.method), ("htu", expected.uri)] {
        if text(&claims, name)? != Some(value) {
            return Err(JwtRefusal::Claim(name));
        }
    }
    let issued_at = begun(&claims, expected.now)?.ok_or(JwtRefusal::Claim("iat"))?;
    if issued_at.plus(APP_REQUEST_LIFE) <= expected.now {
        return Err(JwtRefusal::Expired);
    }
    let jti = match text(&claims, "jti")? {
        Some(jti) if JTI_BYTES.contains(&jti.len()) => jti.to_owned(),
        Some(_) | None => return Err(JwtRefusal::Claim("jti")),
    };
    match claims.remove("req") {
        Some(Value::Object(content)) => Ok(AppRequest { jti, issued_at, content }),
        Some(_) | None => Err(JwtRefusal::Claim("req")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::digest::base64url;
    use crate::signing_key::{SigningKey, generate_pkcs8};

    const NOW: i64 = 1_790_000_000;
    const URI: &str = "https://id.vn/app/v1/approve";

    fn key() -> SigningKey {
        let algorithm = SigningAlgorithm::Es256;
        SigningKey::from_pkcs8(algorithm, &generate_pkcs8(algorithm).unwrap()).unwrap()
    }

    fn header() -> Value {
        json!({"alg": "ES256", "typ": APP_REQUEST_TYPE, "kid": "d1"})
    }

    fn claims() -> Value {
        json!({
            "aud": "https://id.vn", "htm": "POST", "htu": URI, "iat": NOW,
            "jti": "0123456789abcdef", "req": {"tx": "t1"},
        })
    }

    fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let input = format!("{}.{}", part(header), part(claims));
        let signature = key.sign_bytes(input.as_bytes()).unwrap();
        format!("{input}.{}", base64url(&signature))
    }

    fn verify(token: &str, key: &SigningKey, at: i64) -> Result<AppRequest, JwtRefusal> {
        let public = PublicKey::from_jwk(key.jwk()).unwrap();
        let expected = ExpectedAppRequest {
            issuer: "https://id.vn",
            method: "POST",
            uri: URI,
            now: Timestamp::from_unix_seconds(at),
        };
        verify_app_request(token, &public, &expected)
    }

    #[test]
    fn a_request_of_the_device_says_what_it_asks_for() {
        let key = key();
        let token = signed(&key, &header(), &claims());
        let request = verify(&token, &key, NOW + 5).unwrap();
        assert_eq!(request.content["tx"], "t1");
        assert_eq!(request.expires_at(), Timestamp::from_unix_seconds(NOW + 60));
        assert_eq!(unverified_key_id(&token).as_deref(), Some("d1"));
        assert_eq!(unverified_content(&token).unwrap()["tx"], "t1");
    }

    #[test]
    fn every_bound_value_is_checked() {
        let key = key();
        for (name, other) in [
            ("aud", json!("https://evil.vn")),
            ("aud", json!(["https://id.vn"])),
            ("htm", json!("GET")),
            ("htu", json!("https://id.vn/app/v1/deny")),
            ("iat", json!(NOW + 11)),
            ("iat", json!(NOW.to_string())),
            ("jti", json!("short")),
            ("jti", json!("x".repeat(65))),
            ("req", json!("t1")),
        ] {
            let mut changed = claims();
            changed[name] = other.clone();
            let token = signed(&key, &header(), &changed);
            assert!(verify(&token, &key, NOW).is_err(), "{name} {other}");
            changed.as_object_mut().unwrap().remove(name);
            let token = signed(&key, &header(), &changed);
            assert!(verify(&token, &key, NOW).is_err(), "without {name}");
        }
    }

    #[test]
    fn an_old_request_another_key_and_a_changed_body_are_refused() {
        let key = key();
        let token = signed(&key, &header(), &claims());
        assert_eq!(verify(&token, &key, NOW + 60), Err(JwtRefusal::Expired));
        assert_eq!(verify(&token, &self::key(), NOW), Err(JwtRefusal::BadSignature));
        let mut other = claims();
        other["req"] = json!({"tx": "t2"});
        let (_, signature) = token.rsplit_once('.').unwrap();
        let forged = signed(&key, &header(), &other);
        let (input, _) = forged.rsplit_once('.').unwrap();
        let forged = format!("{input}.{signature}");
        assert_eq!(verify(&forged, &key, NOW), Err(JwtRefusal::BadSignature));
    }

    #[test]
    fn no_other_type_and_no_other_algorithm_is_taken() {
        // ATK-041, ATK-033
        let key = key();
        for (name, other) in
            [("typ", json!("JWT")), ("typ", json!("dpop+jwt")), ("alg", json!("none"))]
        {
            let mut changed = header();
            changed[name] = other;
            assert!(verify(&signed(&key, &changed, &claims()), &key, NOW).is_err(), "{name}");
        }
    }
}
