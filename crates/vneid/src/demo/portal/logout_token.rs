//! Back-channel logout: is this really the provider telling us that somebody left?
//! (OpenID Connect Back-Channel Logout 1.0 §2.4–2.6)

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, JsonWebKeyId, JsonWebKeySet};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::oidc::SIGNING_ALGORITHMS;
use super::sessions::LoggedOut;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// How old a token may be, and how far in the future: clocks differ, deliveries are retried.
const MAX_AGE_SECONDS: i64 = 300;
const MAX_SKEW_SECONDS: i64 = 60;
const MAX_TOKEN_BYTES: usize = 8 * 1024;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutTokenError {
    #[error("malformed")]
    Malformed,
    #[error("type is not a logout token")]
    Type,
    #[error("algorithm not allowed")]
    Algorithm,
    #[error("no such key")]
    UnknownKey,
    #[error("bad signature")]
    Signature,
    #[error("issuer is another")]
    Issuer,
    #[error("audience is another")]
    Audience,
    #[error("not a logout event")]
    Event,
    #[error("carries a nonce")]
    Nonce,
    #[error("names neither session nor subject")]
    Nobody,
    #[error("not issued just now")]
    Stale,
    #[error("expired")]
    Expired,
}

/// A logout token that passed every check but one: whether it was used before, which only
/// [`super::sessions::Sessions::end_by_token`] can tell.
#[derive(Debug, PartialEq, Eq)]
pub struct VerifiedLogout {
    pub who: LoggedOut,
    pub jti: String,
    /// From here on the token's age alone refuses it.
    pub remember_until: i64,
}

#[derive(Deserialize)]
struct Header {
    alg: CoreJwsSigningAlgorithm,
    kid: Option<JsonWebKeyId>,
    typ: Option<String>,
    crit: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    jti: String,
    events: std::collections::HashMap<String, serde_json::Map<String, serde_json::Value>>,
    sub: Option<String>,
    sid: Option<String>,
    nonce: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn is_only(&self, client_id: &str) -> bool {
        match self {
            Self::One(one) => one == client_id,
            Self::Many(many) => matches!(many.as_slice(), [one] if one == client_id),
        }
    }
}

pub fn verify(
    token: &str,
    keys: &JsonWebKeySet<CoreJsonWebKey>,
    issuer: &str,
    client_id: &str,
    now: i64,
) -> Result<VerifiedLogout, LogoutTokenError> {
    if token.len() > MAX_TOKEN_BYTES {
        return Err(LogoutTokenError::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(LogoutTokenError::Malformed)?;
    let (header, payload) = message.split_once('.').ok_or(LogoutTokenError::Malformed)?;
    let header: Header = decode(header)?;
    check_signature(&header, message, signature, keys)?;
    check_claims(decode(payload)?, issuer, client_id, now)
}

fn check_signature(
    header: &Header,
    message: &str,
    signature: &str,
    keys: &JsonWebKeySet<CoreJsonWebKey>,
) -> Result<(), LogoutTokenError> {
    if header.crit.is_some() {
        return Err(LogoutTokenError::Malformed);
    }
    // `typ` is optional (op-traps 23), but one that names another kind of token is a confusion.
    let typ = header.typ.as_deref().map(str::to_ascii_lowercase);
    if !matches!(typ.as_deref(), None | Some("logout+jwt" | "application/logout+jwt" | "jwt")) {
        return Err(LogoutTokenError::Type);
    }
    if !SIGNING_ALGORITHMS.contains(&header.alg) {
        return Err(LogoutTokenError::Algorithm);
    }
    let kid = header.kid.as_ref().ok_or(LogoutTokenError::UnknownKey)?;
    let key = keys
        .keys()
        .iter()
        .find(|key| key.key_id() == Some(kid))
        .ok_or(LogoutTokenError::UnknownKey)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| LogoutTokenError::Malformed)?;
    key.verify_signature(&header.alg, message.as_bytes(), &signature)
        .map_err(|_| LogoutTokenError::Signature)
}

fn check_claims(
    claims: Claims,
    issuer: &str,
    client_id: &str,
    now: i64,
) -> Result<VerifiedLogout, LogoutTokenError> {
    if claims.iss != issuer {
        return Err(LogoutTokenError::Issuer);
    }
    if !claims.aud.is_only(client_id) {
        return Err(LogoutTokenError::Audience);
    }
    if !claims.events.contains_key(EVENT) {
        return Err(LogoutTokenError::Event);
    }
    // An ID token passed off as a logout token would have one (§2.4).
    if claims.nonce.is_some() {
        return Err(LogoutTokenError::Nonce);
    }
    let fresh = now.saturating_sub(MAX_AGE_SECONDS)..=now.saturating_add(MAX_SKEW_SECONDS);
    if !fresh.contains(&claims.iat) {
        return Err(LogoutTokenError::Stale);
    }
    if claims.exp <= now {
        return Err(LogoutTokenError::Expired);
    }
    let who = match (claims.sid, claims.sub) {
        (Some(sid), subject) => LoggedOut::Session { sid, subject },
        (None, Some(subject)) => LoggedOut::Subject(subject),
        (None, None) => return Err(LogoutTokenError::Nobody),
    };
    let remember_until = claims.iat.saturating_add(MAX_AGE_SECONDS + 1);
    Ok(VerifiedLogout { who, jti: claims.jti, remember_until })
}

fn decode<T: DeserializeOwned>(part: &str) -> Result<T, LogoutTokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| LogoutTokenError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| LogoutTokenError::Malformed)
}

#[cfg(test)]
mod tests;
