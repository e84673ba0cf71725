//! Judging signed tokens that we issued ourselves and that come back to us.

use identity_core::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::algorithm::SigningAlgorithm;
use crate::claims::{audience, begun, date, text};
use crate::jws::TokenType;
use crate::keyring::KeyRing;
use crate::refusal::JwtRefusal;
use crate::strict::UnverifiedJws;

/// What a token must be to be believed in one place.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'e> {
    pub typ: TokenType,
    pub issuer: &'e str,
    /// Must be among the token's audiences. `None` where the caller judges the audience itself.
    pub audience: Option<&'e str>,
    pub algorithms: &'e [SigningAlgorithm],
    pub expiry: Expiry,
    pub now: Timestamp,
}

/// What an expiry in the past means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expiry {
    MustBeFresh,
    /// For `id_token_hint` (op-traps 4): `exp` must be there and well formed, but may have passed.
    MayHavePassed,
    /// For statements that do not end, such as ledger checkpoints: there must be no `exp`.
    NotStated,
}

/// A token whose signature, type, issuer, audience and dates were checked.
#[derive(Debug)]
pub struct Verified<C> {
    pub claims: C,
    pub kid: String,
    pub algorithm: SigningAlgorithm,
}

/// Verifies a token of our own (RFC 8725 §3).
///
/// The key is chosen by `kid` from our ring alone and decides the algorithm; the header's `alg`
/// only has to agree with it (ATK-031, ATK-032).
pub fn verify_own<C: DeserializeOwned>(
    token: &str,
    expected: &Expected<'_>,
    ring: &KeyRing,
) -> Result<Verified<C>, JwtRefusal> {
    let jws = UnverifiedJws::parse(token)?;
    let allowed = expected.algorithms.iter().find(|alg| alg.name() == jws.header.algorithm);
    let algorithm = *allowed.ok_or(JwtRefusal::AlgorithmNotAllowed)?;
    if jws.header.typ.as_deref() != Some(expected.typ.name()) {
        return Err(JwtRefusal::WrongType);
    }
    let kid = jws.header.kid.as_deref().ok_or(JwtRefusal::UnknownKey)?;
    let key = ring.verifying_key(kid, expected.now).ok_or(JwtRefusal::UnknownKey)?;
    if key.algorithm() != algorithm {
        return Err(JwtRefusal::AlgorithmNotAllowed);
    }
    key.verify(jws.signing_input.as_bytes(), &jws.signature)?;

    let claims = jws.claims()?;
    check(&claims, expected)?;
    let claims = serde_json::from_value(Value::Object(claims))
        .map_err(|_| JwtRefusal::Malformed("claims are not of this type"))?;
    Ok(Verified { claims, kid: kid.to_owned(), algorithm })
}

fn check(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), JwtRefusal> {
    if text(claims, "iss")? != Some(expected.issuer) {
        return Err(JwtRefusal::WrongIssuer);
    }
    if let Some(wanted) = expected.audience
        && !audience(claims)?.contains(wanted)
    {
        return Err(JwtRefusal::WrongAudience);
    }
    begun(claims, expected.now)?;
    match (expected.expiry, date(claims, "exp")?) {
        (Expiry::MustBeFresh, Some(end)) if end <= expected.now => Err(JwtRefusal::Expired),
        (Expiry::MustBeFresh | Expiry::MayHavePassed, Some(_)) | (Expiry::NotStated, None) => {
            Ok(())
        }
        (Expiry::MustBeFresh | Expiry::MayHavePassed, None) | (Expiry::NotStated, Some(_)) => {
            Err(JwtRefusal::Claim("exp"))
        }
    }
}

#[cfg(test)]
mod tests;
