//! What an ID token says (OpenID Connect Core §2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::algorithm::SigningAlgorithm;
use crate::digest::{base64url, sha256, sha512};

/// The claims of an ID token. Dates are in whole seconds. Claims about the person that a scope asks
/// for come from userinfo instead (op-traps 5).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct IdTokenClaims {
    pub iss: String,
    pub sub: String,
    /// The client, alone.
    pub aud: String,
    pub exp: i64,
    pub iat: i64,
    pub auth_time: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Computed from evidence; absent rather than empty (op-traps 6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    /// The session as this client knows it, for logout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// The assurance vector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<Value>,
    /// What the person agreed to besides logging in (RFC 9396).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Value>,
    #[serde(flatten)]
    pub extra: ExtraClaims,
}

/// Further claims, requested one by one by the `claims` parameter (OpenID Connect Core §5.5).
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExtraClaims(Map<String, Value>);

/// The claim belongs to the token itself and is not for a claim source to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claim is reserved for the token itself")]
pub struct ReservedClaim;

/// Everything named by a field above, and what RFC 7519 and RFC 7800 give a meaning to.
const RESERVED: [&str; 20] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "assurance",
    "authorization_details",
    "cnf",
    "events",
];

impl ExtraClaims {
    /// Adds a claim, unless its name would speak for the token: a member written twice would let
    /// two readers see two different subjects.
    pub fn insert(&mut self, name: &str, value: Value) -> Result<(), ReservedClaim> {
        if RESERVED.contains(&name) {
            return Err(ReservedClaim);
        }
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

/// `at_hash`: the left half of the hash that the signature algorithm uses, over the access token
/// (OpenID Connect Core §3.1.3.6). Ed25519 uses SHA-512 (RFC 8032 §5.1).
pub fn at_hash(algorithm: SigningAlgorithm, access_token: &str) -> String {
    let data = access_token.as_bytes();
    match algorithm {
        SigningAlgorithm::Es256 | SigningAlgorithm::Rs256 => left_half(&sha256(data)),
        SigningAlgorithm::EdDsa => left_half(&sha512(data)),
    }
}

fn left_half(digest: &[u8]) -> String {
    let (left, _) = digest.split_at(digest.len() / 2);
    base64url(left)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims() -> IdTokenClaims {
        IdTokenClaims {
            iss: "https://id.test".into(),
            sub: "s".into(),
            aud: "portal".into(),
            exp: 2,
            iat: 1,
            auth_time: 1,
            nonce: None,
            acr: None,
            amr: vec![],
            at_hash: None,
            azp: None,
            sid: None,
            assurance: None,
            authorization_details: None,
            extra: ExtraClaims::default(),
        }
    }

    #[test]
    fn the_access_token_hash_is_the_one_of_the_specification() {
        // OpenID Connect Core appendix A.3
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(at_hash(SigningAlgorithm::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(at_hash(SigningAlgorithm::EdDsa, token).len(), 43);
    }

    #[test]
    fn no_extra_claim_speaks_for_the_token() {
        let mut full = claims();
        full.nonce = Some("n".into());
        full.acr = Some("a".into());
        full.amr = vec!["pwd".into()];
        full.at_hash = Some("h".into());
        full.azp = Some("z".into());
        full.sid = Some("s".into());
        full.assurance = Some(json!({}));
        full.authorization_details = Some(json!([]));
        let written = serde_json::to_value(&full).unwrap();
        let mut extra = ExtraClaims::default();
        for name in written.as_object().unwrap().keys() {
            assert_eq!(extra.insert(name, json!(1)), Err(ReservedClaim), "{name}");
        }
        assert_eq!(extra.insert("nbf", json!(1)), Err(ReservedClaim));
        assert!(extra.insert("given_name", json!("An")).is_ok());
    }

    #[test]
    fn absent_claims_are_not_written_and_extra_ones_survive() {
        let mut claims = claims();
        claims.extra.insert("phone_number", json!("+84900000000")).unwrap();
        let json = serde_json::to_value(&claims).unwrap();
        let expected = json!({"iss": "https://id.test", "sub": "s", "aud": "portal", "exp": 2,
            "iat": 1, "auth_time": 1, "phone_number": "+84900000000"});
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<IdTokenClaims>(json).unwrap(), claims);
    }
}
