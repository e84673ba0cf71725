//! The simulator's signature. Its key is no secret: it stands here.

use flows::matcher::statement::CaptureRequest;
use jose::MATCH_STATEMENT_TYPE;
use jose::digest::{base64url, sha256};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::ID;
use super::dials::{Dials, Signature};

const SEED: &str = "vneid matcher simulator: not a secret";
const OTHER_SEED: &str = "vneid matcher simulator: a key that nobody registered";

/// Every 32 bytes are a seed.
fn pair(seed: &str) -> Option<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(&sha256(seed.as_bytes())).ok()
}

fn public(seed: &str) -> String {
    pair(seed).map(|pair| base64url(pair.public_key().as_ref())).unwrap_or_default()
}

/// The public half, as it is registered.
pub fn jwks() -> Value {
    let (kty, crv, x) = ("OKP", "Ed25519", public(SEED));
    json!({ "keys": [{ "kty": kty, "crv": crv, "x": x, "kid": ID, "alg": "EdDSA", "use": "sig" }] })
}

/// Whether one of these keys is the simulator's, which everybody can sign with.
pub fn is_simulators(keys: &jose::Jwks) -> bool {
    let (own, other) = (public(SEED), public(OTHER_SEED));
    serde_json::to_string(keys).is_ok_and(|keys| keys.contains(&own) || keys.contains(&other))
}

/// What the dials say, signed as the dials say.
pub fn statement(request: &CaptureRequest, dials: Dials, now: i64) -> String {
    let mut claims = serde_json::to_value(dials.statement(request)).unwrap_or_default();
    let (mut issuer, mut audience, mut at, mut seed) = (ID, request.iss.as_str(), now, SEED);
    let mut algorithm = "EdDSA";
    match dials.signature {
        Signature::Good => {}
        Signature::Old => at = now - 60 * 60,
        Signature::Early => at = request.iat - 60,
        Signature::OtherKey => seed = OTHER_SEED,
        Signature::OtherIssuer => issuer = "matcher-2",
        Signature::OtherAudience => audience = "https://elsewhere.example",
        Signature::None => algorithm = "none",
    }
    if let Value::Object(members) = &mut claims {
        members.insert("iss".to_owned(), issuer.into());
        members.insert("aud".to_owned(), audience.into());
        members.insert("iat".to_owned(), at.into());
    }
    let header = json!({ "alg": algorithm, "typ": MATCH_STATEMENT_TYPE, "kid": ID });
    let part = |value: &Value| base64url(value.to_string().as_bytes());
    let input = format!("{}.{}", part(&header), part(&claims));
    let signature = match dials.signature {
        Signature::None => None,
        Signature::Good
        | Signature::Old
        | Signature::Early
        | Signature::OtherKey
        | Signature::OtherIssuer
        | Signature::OtherAudience => pair(seed),
    };
    let signature = signature.map(|pair| base64url(pair.sign(input.as_bytes()).as_ref()));
    format!("{input}.{}", signature.unwrap_or_default())
}
