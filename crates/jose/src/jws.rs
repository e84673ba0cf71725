//! Making signed tokens: a JWS in compact form (RFC 7515 §7.1) over a cached key.

use serde::Serialize;

use crate::digest::base64url;
use crate::signing_key::{SignError, SigningKey};

/// The types of JWT this provider signs. The `typ` header keeps them apart (RFC 8725 §3.11,
/// ATK-041): each is verified under its own type only.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TokenType {
    /// OpenID Connect Core §2.
    IdToken,
    /// RFC 9068 §2.1.
    AccessToken,
    /// OpenID Connect Back-Channel Logout §2.4.
    LogoutToken,
    /// RFC 9701 §5.
    IntrospectionResponse,
    /// A signed tree head of the ledger.
    LedgerCheckpoint,
    /// What a matcher of biometrics is asked.
    MatchRequest,
}

impl TokenType {
    pub const ALL: [Self; 6] = [
        Self::IdToken,
        Self::AccessToken,
        Self::LogoutToken,
        Self::IntrospectionResponse,
        Self::LedgerCheckpoint,
        Self::MatchRequest,
    ];

    /// The `typ` header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IdToken => "JWT",
            Self::AccessToken => "at+jwt",
            Self::LogoutToken => "logout+jwt",
            Self::IntrospectionResponse => "token-introspection+jwt",
            Self::LedgerCheckpoint => "vneid-checkpoint+jwt",
            Self::MatchRequest => "vneid-match-request+jwt",
        }
    }
}

#[derive(Serialize)]
struct Header<'k> {
    alg: &'static str,
    kid: &'k str,
    typ: &'static str,
}

/// Signs `claims` as a token of that type.
pub fn sign<C: Serialize>(
    claims: &C,
    typ: TokenType,
    key: &SigningKey,
) -> Result<String, SignError> {
    let header = Header { alg: key.algorithm().name(), kid: key.kid(), typ: typ.name() };
    let header = base64url(&serde_json::to_vec(&header)?);
    let payload = base64url(&serde_json::to_vec(claims)?);
    let mut token = format!("{header}.{payload}");
    let signature = key.sign_bytes(token.as_bytes())?;
    token.push('.');
    token.push_str(&base64url(&signature));
    Ok(token)
}

#[cfg(test)]
mod tests {
    use identity_core::secret::SecretBytes;

    use super::*;
    use crate::algorithm::{ForeignAlgorithm, SigningAlgorithm};
    use crate::digest::base64url_decode;
    use crate::jwks::Jwks;
    use crate::strict::UnverifiedJws;
    use crate::testing::{
        RFC_7515_ES256_KEY, RFC_7515_ES256_TOKEN, RFC_7515_RS256_KEY, RFC_7515_RS256_TOKEN,
        RFC_8037_PUBLIC, RFC_8037_SEED, RFC_8037_TOKEN,
    };

    #[test]
    fn an_ed25519_signature_is_the_one_of_rfc_8037() {
        // RFC 8037 appendix A.4; PKCS#8 version 2 as RFC 8410 §7 writes it
        let jwk: serde_json::Value = serde_json::from_str(RFC_8037_PUBLIC).unwrap();
        let public = base64url_decode(jwk["x"].as_str().unwrap()).unwrap();
        let seed = base64url_decode(RFC_8037_SEED).unwrap();
        let pkcs8 = [
            b"\x30\x51\x02\x01\x01\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20".as_slice(),
            &seed,
            b"\x81\x21\x00",
            &public,
        ]
        .concat();
        let pkcs8 = SecretBytes::new(pkcs8);
        let key = SigningKey::from_pkcs8(SigningAlgorithm::EdDsa, &pkcs8).unwrap();
        let (input, signature) = RFC_8037_TOKEN.rsplit_once('.').unwrap();
        assert_eq!(base64url(&key.sign_bytes(input.as_bytes()).unwrap()), signature);
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn the_signatures_of_the_rfcs_verify_and_altered_ones_do_not() {
        // RFC 7515 appendices A.2 and A.3, RFC 8037 appendix A.4
        for (key, token, algorithm) in [
            (RFC_7515_ES256_KEY, RFC_7515_ES256_TOKEN, ForeignAlgorithm::Es256),
            (RFC_7515_RS256_KEY, RFC_7515_RS256_TOKEN, ForeignAlgorithm::Rs256),
            (RFC_8037_PUBLIC, RFC_8037_TOKEN, ForeignAlgorithm::EdDsa),
        ] {
            let jwks = Jwks::parse(&format!("{{\"keys\":[{key}]}}")).unwrap();
            let verifies = |token: &str| {
                // The RFC 8037 payload is text, so the parts are taken apart here.
                let (input, signature) = token.rsplit_once('.').unwrap();
                let verifier = jwks.select(None, algorithm).unwrap();
                let message = input.as_bytes();
                jsonwebtoken::crypto::verify(signature, message, verifier, algorithm.library())
                    .unwrap_or(false)
            };
            assert!(verifies(token), "{algorithm:?}");
            assert!(!verifies(&token.replacen("eyJ", "eyK", 1)), "{algorithm:?}");
            // ATK-043: r = s = 0
            let (input, signature) = token.rsplit_once('.').unwrap();
            let zeros = base64url(&vec![0; base64url_decode(signature).unwrap().len()]);
            assert!(!verifies(&format!("{input}.{zeros}")), "{algorithm:?}");
            assert!(UnverifiedJws::parse(token).is_ok());
        }
    }
}
