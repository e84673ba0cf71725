//! Tokens that others make: assertions of clients, and forgeries.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::{Value, json};

/// A client's own Ed25519 key.
pub struct ClientKey(Ed25519KeyPair);

impl ClientKey {
    pub fn from_seed(seed: u8) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("32 bytes are a seed"))
    }

    /// The public half, as it is registered.
    pub fn jwks(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        let (kty, crv) = ("OKP", "Ed25519");
        json!({ "keys": [{ "kty": kty, "crv": crv, "x": x, "kid": "c1", "alg": "EdDSA", "use": "sig" }] })
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let input = signing_input(header, claims);
        let signature = self.0.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// RFC 7523 §3, signed at `now`, in seconds.
    pub fn assertion(&self, client: &str, audience: &Value, jti: &str, now: i64) -> String {
        let claims = json!({
            "iss": client, "sub": client, "aud": audience, "jti": jti, "iat": now, "exp": now + 60,
        });
        self.sign(&json!({ "alg": "EdDSA", "kid": "c1" }), &claims)
    }
}

/// Nobody's signature.
pub fn unsigned(claims: &Value) -> String {
    format!("{}.", signing_input(&json!({ "alg": "none", "typ": "JWT" }), claims))
}

/// A signature anybody can make who knows the secret, or the public key that is taken for one.
pub fn hs256(claims: &Value, secret: &[u8]) -> String {
    let input = signing_input(&json!({ "alg": "HS256", "typ": "JWT" }), claims);
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// The header of a compact JWS, unverified.
pub fn header_of(jwt: &str) -> Value {
    part(jwt, 0)
}

/// The payload of a compact JWS, unverified.
pub fn claims_of(jwt: &str) -> Value {
    part(jwt, 1)
}

fn part(jwt: &str, index: usize) -> Value {
    let part = jwt.split('.').nth(index).expect("three parts");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

fn signing_input(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}
