//! Judging what clients sign with their own keys: `private_key_jwt` (OpenID Connect Core §9,
//! RFC 7523 §3).
//!
//! The caller still has to settle that each `jti` is used once (ATK-050): this crate keeps nothing.

use std::time::Duration;

use identity_core::{ClientId, Timestamp};
use serde_json::{Map, Value};

use crate::algorithm::ForeignAlgorithm;
use crate::claims::{Audience, audience, begun, date, text};
use crate::jwks::Jwks;
use crate::refusal::JwtRefusal;
use crate::strict::UnverifiedJws;

/// The longest `jti`, in bytes.
pub const MAX_JTI_BYTES: usize = 256;

/// How an assertion must look for one client.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedAssertion<'e> {
    pub client_id: &'e ClientId,
    pub audience: AudienceRule<'e>,
    pub algorithms: &'e [ForeignAlgorithm],
    /// How far ahead `exp` may lie; 10 minutes where nothing speaks for less. It bounds how long
    /// a `jti` must be remembered.
    pub max_life: Duration,
    pub now: Timestamp,
}

/// For whom an assertion must be made; it hangs on the client's profile (op-traps 12).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AudienceRule<'e> {
    /// Our issuer as one string, and nobody else (OC-15): an assertion that another server may use
    /// too can be carried there or here by it (ATK-051).
    IssuerOnly(&'e str),
    /// As OpenID Connect clients in the field do: issuer or token endpoint, perhaps as a list of one.
    IssuerOrTokenEndpoint { issuer: &'e str, token_endpoint: &'e str },
}

/// An assertion that verified. It authenticates once its `jti` turns out to be new.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientAssertion {
    pub jti: String,
    /// Until when the `jti` must be remembered.
    pub expires_at: Timestamp,
    pub issued_at: Option<Timestamp>,
}

pub fn verify_client_assertion(
    token: &str,
    expected: &ExpectedAssertion<'_>,
    client_keys: &Jwks,
) -> Result<ClientAssertion, JwtRefusal> {
    let jws = UnverifiedJws::parse(token)?;
    let allowed = expected.algorithms.iter().find(|alg| alg.name() == jws.header.algorithm);
    let algorithm = *allowed.ok_or(JwtRefusal::AlgorithmNotAllowed)?;
    if !is_assertion_type(jws.header.typ.as_deref()) {
        return Err(JwtRefusal::WrongType);
    }
    let key = client_keys.select(jws.header.kid.as_deref(), algorithm)?;
    let message = jws.signing_input.as_bytes();
    match jsonwebtoken::crypto::verify(jws.signature_text, message, key, algorithm.library()) {
        Ok(true) => check(&jws.claims()?, expected),
        Ok(false) | Err(_) => Err(JwtRefusal::BadSignature),
    }
}

/// Absent, the general type, or the explicit one of draft-ietf-oauth-rfc7523bis; anything else is
/// a token of another kind (ATK-041). Types compare without case (RFC 7515 §4.1.9).
fn is_assertion_type(typ: Option<&str>) -> bool {
    typ.is_none_or(|typ| {
        ["JWT", "client-authentication+jwt"].iter().any(|known| known.eq_ignore_ascii_case(typ))
    })
}

/// Our own reading of the claims: the library's would take its own clock, and dates of the wrong
/// type for absent ones (CVE-2026-25537, ATK-039).
fn check(
    claims: &Map<String, Value>,
    expected: &ExpectedAssertion<'_>,
) -> Result<ClientAssertion, JwtRefusal> {
    let client_id = expected.client_id.as_str();
    if text(claims, "iss")? != Some(client_id) {
        return Err(JwtRefusal::WrongIssuer);
    }
    if text(claims, "sub")? != Some(client_id) {
        return Err(JwtRefusal::WrongSubject);
    }
    if !expected.audience.accepts(&audience(claims)?) {
        return Err(JwtRefusal::WrongAudience);
    }
    let issued_at = begun(claims, expected.now)?;
    let expires_at = date(claims, "exp")?.ok_or(JwtRefusal::Claim("exp"))?;
    if expires_at <= expected.now {
        return Err(JwtRefusal::Expired);
    }
    if expected.now.plus(expected.max_life) < expires_at {
        return Err(JwtRefusal::LivesTooLong);
    }
    match text(claims, "jti")? {
        Some(jti) if !jti.is_empty() && jti.len() <= MAX_JTI_BYTES => {
            Ok(ClientAssertion { jti: jti.to_owned(), expires_at, issued_at })
        }
        Some(_) | None => Err(JwtRefusal::Claim("jti")),
    }
}

impl AudienceRule<'_> {
    fn accepts(self, audience: &Audience<'_>) -> bool {
        match self {
            Self::IssuerOnly(issuer) => *audience == Audience::One(issuer),
            Self::IssuerOrTokenEndpoint { issuer, token_endpoint } => match audience {
                Audience::One(one) => *one == issuer || *one == token_endpoint,
                Audience::Many(many) => {
                    matches!(many.as_slice(), [one] if *one == issuer || *one == token_endpoint)
                }
            },
        }
    }
}

#[cfg(test)]
mod tests;
