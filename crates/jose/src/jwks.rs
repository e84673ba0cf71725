//! Sets of public keys: ours as we publish them, a client's as it was registered.

use std::fmt;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::algorithm::ForeignAlgorithm;
use crate::digest::base64url_decode;
use crate::refusal::JwtRefusal;
use crate::strict::{UniqueJson, parse_object};

/// The longest JWK set read, in bytes.
const MAX_BYTES: usize = 64 * 1024;
const MAX_KEYS: usize = 32;
const MAX_KID_BYTES: usize = 256;

/// Members that only a private or symmetric key has (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Members that are kept; everything else (certificates, addresses, extensions) is dropped.
const PUBLIC_MEMBERS: [&str; 9] = ["kty", "crv", "x", "y", "n", "e", "kid", "use", "alg"];

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    #[error("not a JWK set: {0}")]
    Malformed(&'static str),
    #[error("a JWK set for others to read holds a private or symmetric key")]
    SecretKey,
    #[error("a key is too weak: {0}")]
    Weak(&'static str),
}

/// Public keys, each ready to verify. Keys of types we do not use are dropped (RFC 7517 §5).
#[derive(Clone)]
pub struct Jwks {
    keys: Vec<PublicKey>,
}

#[derive(Clone)]
struct PublicKey {
    jwk: Jwk,
    verifier: DecodingKey,
}

impl Jwks {
    /// Reads a set strictly: one secret or weak key refuses the whole set (OpenID Connect
    /// Registration §2), so that a mistake is found when the client is registered.
    pub fn parse(json: &str) -> Result<Self, JwksError> {
        if json.len() > MAX_BYTES {
            return Err(JwksError::Malformed("too long"));
        }
        let set = parse_object(json.as_bytes())
            .ok_or(JwksError::Malformed("not a strict JSON object"))?;
        Self::from_object(&set)
    }

    fn from_object(set: &Map<String, Value>) -> Result<Self, JwksError> {
        let listed = set.get("keys").and_then(Value::as_array);
        let listed = listed.ok_or(JwksError::Malformed("no list of keys"))?;
        if listed.len() > MAX_KEYS {
            return Err(JwksError::Malformed("too many keys"));
        }
        let mut keys = Vec::new();
        for key in listed {
            let key = key.as_object().ok_or(JwksError::Malformed("a key is not an object"))?;
            keys.extend(public_key(key)?);
        }
        Ok(Self { keys })
    }

    pub(crate) fn of_ours(jwks: impl Iterator<Item = Jwk>) -> Self {
        let keys = jwks
            .filter_map(|jwk| {
                let verifier = DecodingKey::from_jwk(&jwk).ok()?;
                Some(PublicKey { jwk, verifier })
            })
            .collect();
        Self { keys }
    }

    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|key| key.jwk.common.key_id.as_deref())
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The one key that may have signed: of this set, fit for the algorithm, of that name if one is
    /// given. Two candidates are not tried in turn (ATK-033).
    pub(crate) fn select(
        &self,
        kid: Option<&str>,
        algorithm: ForeignAlgorithm,
    ) -> Result<&DecodingKey, JwtRefusal> {
        let mut candidates = self
            .keys
            .iter()
            .filter(|key| kid.is_none() || key.jwk.common.key_id.as_deref() == kid)
            .filter(|key| key.fits(algorithm));
        match (candidates.next(), candidates.next()) {
            (None, _) => Err(JwtRefusal::UnknownKey),
            (Some(key), None) => Ok(&key.verifier),
            (Some(_), Some(_)) => Err(JwtRefusal::AmbiguousKey),
        }
    }
}

impl PublicKey {
    /// ATK-032: type and curve, and `alg` and `use` where the key states them.
    fn fits(&self, algorithm: ForeignAlgorithm) -> bool {
        let (of_that_type, stated) = match (algorithm, &self.jwk.algorithm) {
            (ForeignAlgorithm::Es256, AlgorithmParameters::EllipticCurve(_)) => {
                (true, KeyAlgorithm::ES256)
            }
            (ForeignAlgorithm::EdDsa, AlgorithmParameters::OctetKeyPair(_)) => {
                (true, KeyAlgorithm::EdDSA)
            }
            (ForeignAlgorithm::Rs256, AlgorithmParameters::RSA(_)) => (true, KeyAlgorithm::RS256),
            (ForeignAlgorithm::Ps256, AlgorithmParameters::RSA(_)) => (true, KeyAlgorithm::PS256),
            (
                ForeignAlgorithm::Es256
                | ForeignAlgorithm::EdDsa
                | ForeignAlgorithm::Rs256
                | ForeignAlgorithm::Ps256,
                _,
            ) => (false, KeyAlgorithm::UNKNOWN_ALGORITHM),
        };
        let common = &self.jwk.common;
        of_that_type
            && common.key_algorithm.is_none_or(|alg| alg == stated)
            && common.public_key_use.as_ref().is_none_or(|use_| *use_ == PublicKeyUse::Signature)
    }
}

/// `None` for a key of a type or curve we do not use.
fn public_key(key: &Map<String, Value>) -> Result<Option<PublicKey>, JwksError> {
    let is_symmetric = key.get("kty").and_then(Value::as_str) == Some("oct");
    if is_symmetric || SECRET_MEMBERS.iter().any(|member| key.contains_key(*member)) {
        return Err(JwksError::SecretKey);
    }
    let text = |name| match key.get(name) {
        None => Ok(""),
        Some(Value::String(text)) => Ok(text.as_str()),
        Some(_) => Err(JwksError::Malformed("a member is not a string")),
    };
    if text("kid")?.len() > MAX_KID_BYTES {
        return Err(JwksError::Malformed("a kid is too long"));
    }
    let bytes = |name| {
        text(name).and_then(|text| {
            base64url_decode(text).map_err(|_| JwksError::Malformed("a member is not base64url"))
        })
    };
    match (text("kty")?, text("crv")?) {
        ("EC", "P-256") => check_p256(&bytes("x")?, &bytes("y")?)?,
        ("OKP", "Ed25519") => check_ed25519(&bytes("x")?)?,
        ("RSA", _) => check_rsa(&bytes("n")?, &bytes("e")?)?,
        _ => return Ok(None),
    }
    let kept = key.iter().filter(|(name, _)| PUBLIC_MEMBERS.contains(&name.as_str()));
    let kept: Map<String, Value> =
        kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    let jwk: Jwk = serde_json::from_value(Value::Object(kept))
        .map_err(|_| JwksError::Malformed("a key does not parse"))?;
    let verifier =
        DecodingKey::from_jwk(&jwk).map_err(|_| JwksError::Malformed("a key does not parse"))?;
    Ok(Some(PublicKey { jwk, verifier }))
}

fn check_p256(x: &[u8], y: &[u8]) -> Result<(), JwksError> {
    if (x.len(), y.len()) != (32, 32) {
        return Err(JwksError::Malformed("P-256 coordinates have 32 bytes"));
    }
    let point = [&[4], x, y].concat();
    let key = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED,
        point,
    );
    key.parse().map(drop).map_err(|_| JwksError::Weak("the point is not on the curve"))
}

/// At least 2048 bits (RFC 7518 §3.3); an exponent of 1 would let everybody sign (ATK-043).
fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), JwksError> {
    if n.len() < 256 || (n.len() == 256 && n.first().is_none_or(|byte| *byte < 0x80)) {
        return Err(JwksError::Weak("RSA keys have 2048 bits or more"));
    }
    if n.len() > 1024 || n.first() == Some(&0) || e.len() > 8 || e.first() == Some(&0) {
        return Err(JwksError::Malformed("RSA numbers out of bounds"));
    }
    match e {
        [] | [0..=2] => Err(JwksError::Weak("the RSA exponent is at least 3")),
        [.., last] if last % 2 == 0 => Err(JwksError::Weak("the RSA exponent is odd")),
        _ => Ok(()),
    }
}

/// The y coordinates of the points of small order on edwards25519, canonical or not, without the
/// sign bit. Under such a key one signature fits many messages (ATK-043).
const SMALL_ORDER: [&str; 7] = [
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU",
    "xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o",
    "7P_______________________________________38",
    "7f_______________________________________38",
    "7v_______________________________________38",
];

fn check_ed25519(x: &[u8]) -> Result<(), JwksError> {
    let Ok(mut point) = <[u8; 32]>::try_from(x) else {
        return Err(JwksError::Malformed("Ed25519 keys have 32 bytes"));
    };
    if let Some(last) = point.last_mut() {
        *last &= 0x7f;
    }
    if SMALL_ORDER.contains(&crate::digest::base64url(&point).as_str()) {
        return Err(JwksError::Weak("the point has small order"));
    }
    Ok(())
}

impl TryFrom<&Value> for Jwks {
    type Error = JwksError;

    fn try_from(value: &Value) -> Result<Self, JwksError> {
        Self::from_object(value.as_object().ok_or(JwksError::Malformed("not an object"))?)
    }
}

impl Serialize for Jwks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let keys: Vec<&Jwk> = self.keys.iter().map(|key| &key.jwk).collect();
        let mut set = serializer.serialize_struct("Jwks", 1)?;
        set.serialize_field("keys", &keys)?;
        set.end()
    }
}

impl<'de> Deserialize<'de> for Jwks {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let UniqueJson(value) = UniqueJson::deserialize(deserializer)?;
        Self::try_from(&value).map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for Jwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.kids()).finish()
    }
}

#[cfg(test)]
mod tests;
