//! Proof Key for Code Exchange (RFC 7636). S256 is the only method: `plain` proves nothing to an
//! attacker who read the request (ATK-004).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::{ErrorCode, Params, ProtocolError, SecretString};

/// Characters of a challenge: 32 bytes in base64url without padding.
const CHALLENGE_CHARACTERS: usize = 43;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PkceError {
    #[error("the code challenge is not 43 canonical base64url characters")]
    Challenge,
    #[error("the code verifier is not 43 to 128 unreserved characters")]
    Verifier,
}

/// The SHA-256 of a verifier the client will show later (RFC 7636 §4.2).
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        if text.len() != CHALLENGE_CHARACTERS {
            return Err(PkceError::Challenge);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| PkceError::Challenge)?;
        bytes.try_into().map(Self).map_err(|_| PkceError::Challenge)
    }

    /// The challenge of an authorization request. Half a pair is an attack or a mistake, never
    /// "no PKCE" (RFC 7636 §4.4.1).
    pub fn from_params(params: &Params) -> Result<Option<Self>, ProtocolError> {
        let fault = |sentence| Err(ProtocolError::new(ErrorCode::InvalidRequest, sentence));
        match (params.get("code_challenge"), params.get("code_challenge_method")) {
            (None, None) => Ok(None),
            (Some(text), Some("S256")) => match Self::parse(text) {
                Ok(challenge) => Ok(Some(challenge)),
                Err(_) => fault("code_challenge is malformed"),
            },
            (Some(_), Some(_)) => fault("code_challenge_method must be S256"),
            (Some(_), None) => fault("code_challenge_method is missing and must be S256"),
            (None, Some(_)) => fault("code_challenge_method was sent without code_challenge"),
        }
    }

    /// Whether `verifier` is what this challenge was made from (RFC 7636 §4.6), in constant time.
    /// The SHA-256 digest itself, to be bound into a code.
    pub const fn digest(self) -> [u8; 32] {
        self.0
    }

    pub fn is_met_by(&self, verifier: &CodeVerifier) -> bool {
        self.0.ct_eq(&verifier.challenge().0).into()
    }
}

impl fmt::Display for CodeChallenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// Not secret, but an attacker who reads it in a log knows which verifier to look for (PK-02).
impl fmt::Debug for CodeChallenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CodeChallenge(S256)")
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = PkceError;

    fn try_from(text: String) -> Result<Self, PkceError> {
        Self::parse(&text)
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.to_string()
    }
}

/// The secret a client proves itself with when it redeems a code (RFC 7636 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeVerifier(SecretString);

impl CodeVerifier {
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        let well_formed = (43..=128).contains(&text.len()) && text.bytes().all(unreserved);
        well_formed.then(|| Self(SecretString::new(text))).ok_or(PkceError::Verifier)
    }

    pub fn challenge(&self) -> CodeChallenge {
        let mut hash = [0; 32];
        let verifier = self.0.expose_secret().as_bytes();
        hash.iter_mut().zip(digest(&SHA256, verifier).as_ref()).for_each(|(to, from)| *to = *from);
        CodeChallenge(hash)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 7636 Appendix B
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn the_example_of_the_rfc_holds() {
        let verifier = CodeVerifier::parse(VERIFIER).unwrap();
        assert_eq!(verifier.challenge().to_string(), CHALLENGE);
        assert!(CodeChallenge::parse(CHALLENGE).unwrap().is_met_by(&verifier));
        let other = CodeVerifier::parse(&VERIFIER.replace('d', "e")).unwrap();
        assert!(!CodeChallenge::parse(CHALLENGE).unwrap().is_met_by(&other));
    }

    #[test]
    fn verifiers_outside_length_or_alphabet_are_refused() {
        // ATK-004, PK-05
        for length in [0, 42, 129] {
            assert!(CodeVerifier::parse(&"a".repeat(length)).is_err(), "{length}");
        }
        for length in [43, 128] {
            assert!(CodeVerifier::parse(&"a".repeat(length)).is_ok(), "{length}");
        }
        for bad in ['+', '/', '=', ' ', '%', 'é', '\0'] {
            assert!(CodeVerifier::parse(&format!("{VERIFIER}{bad}")).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_s256_with_a_canonical_challenge_passes() {
        // ATK-004, PK-01, PK-03
        let read =
            |query: String| CodeChallenge::from_params(&Params::parse(query.as_bytes()).unwrap());
        let good = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
        assert!(read(good).unwrap().is_some());
        assert_eq!(read("state=x".into()), Ok(None));
        let refused = [
            format!("code_challenge={CHALLENGE}"),
            format!("code_challenge={CHALLENGE}&code_challenge_method=plain"),
            format!("code_challenge={CHALLENGE}&code_challenge_method=s256"),
            format!("code_challenge={CHALLENGE}%3D&code_challenge_method=S256"),
            "code_challenge=&code_challenge_method=S256".into(),
            "code_challenge_method=S256".into(),
            // The last character carries two unused bits: N is not canonical where M is.
            format!("code_challenge={}N&code_challenge_method=S256", &CHALLENGE[..42]),
            format!("code_challenge={}&code_challenge_method=S256", &CHALLENGE[..42]),
        ];
        for query in refused {
            let error = read(query.clone()).expect_err(&query);
            assert_eq!(error.code(), ErrorCode::InvalidRequest, "{query}");
        }
    }

    proptest! {
        #[test]
        fn a_challenge_survives_writing_and_reading(bytes: [u8; 32]) {
            let challenge = CodeChallenge(bytes);
            prop_assert_eq!(CodeChallenge::parse(&challenge.to_string()), Ok(challenge));
            let json = serde_json::to_string(&challenge).unwrap();
            prop_assert_eq!(serde_json::from_str::<CodeChallenge>(&json).unwrap(), challenge);
        }
    }
}
