//! RFC 7638: one short name for a public key, the same whoever computes it.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};

use crate::digest::{base64url, base64url_decode, sha256};

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no thumbprint is defined for this key")]
pub struct ThumbprintError;

/// The SHA-256 thumbprint of a P-256, Ed25519 or RSA public key: the `kid` of our signing keys, and
/// what a DPoP key is bound by (`jkt`, RFC 9449 §6).
pub fn thumbprint(jwk: &Jwk) -> Result<String, ThumbprintError> {
    // Members in lexicographic order, no white space (RFC 7638 §3.3).
    let canonical = match &jwk.algorithm {
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            let (x, y) = (plain(&key.x)?, plain(&key.y)?);
            format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, plain(&key.x)?)
        }
        AlgorithmParameters::RSA(key) => {
            format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, plain(&key.e)?, plain(&key.n)?)
        }
        // The library's enum is open; a symmetric key must have no public name at all.
        _ => return Err(ThumbprintError),
    };
    Ok(base64url(&sha256(canonical.as_bytes())))
}

/// The member as it stands, once it is known to hold nothing that would need escaping.
fn plain(member: &str) -> Result<&str, ThumbprintError> {
    base64url_decode(member).map(|_| member).map_err(|_| ThumbprintError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{RFC_7638_KEY, RFC_8037_PUBLIC};

    #[test]
    fn thumbprints_agree_with_the_rfcs() {
        // RFC 7638 §3.1, RFC 8037 appendix A.3
        for (key, expected) in [
            (RFC_7638_KEY, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
            (RFC_8037_PUBLIC, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        ] {
            assert_eq!(thumbprint(&serde_json::from_str(key).unwrap()).unwrap(), expected);
        }
    }

    #[test]
    fn symmetric_keys_and_injected_members_have_no_thumbprint() {
        for key in [
            r#"{"kty":"oct","k":"c2VjcmV0"}"#,
            r#"{"kty":"OKP","crv":"Ed25519","x":"a\",\"y\":\"b"}"#,
            r#"{"kty":"EC","crv":"P-384","x":"AA","y":"AA"}"#,
        ] {
            let jwk: Jwk = serde_json::from_str(key).unwrap();
            assert_eq!(thumbprint(&jwk), Err(ThumbprintError), "{key}");
        }
    }
}
