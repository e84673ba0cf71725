//! The public half of a signing key, in the terms of its algorithm.

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters,
    EllipticCurveKeyType, Jwk, KeyAlgorithm, OctetKeyPairParameters, OctetKeyPairType,
    PublicKeyUse, RSAKeyParameters, RSAKeyType,
};
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};

use crate::algorithm::SigningAlgorithm;
use crate::digest::{base64url, base64url_decode};
use crate::refusal::JwtRefusal;
use crate::thumbprint::thumbprint;

/// The bytes are no key of that algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key of that algorithm")]
pub struct KeyFormatError;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PublicKey {
    /// A point of P-256, big-endian coordinates.
    Es256 { x: [u8; 32], y: [u8; 32] },
    /// Big-endian, without leading zeros.
    Rs256 { modulus: Vec<u8>, exponent: Vec<u8> },
    /// A point of Ed25519 as RFC 8032 §5.1.2 writes it.
    EdDsa([u8; 32]),
}

/// Ready to verify.
#[derive(Debug)]
pub enum VerifyingKey {
    Es256(UnparsedPublicKey<Vec<u8>>),
    Rs256(ParsedPublicKey),
    EdDsa(UnparsedPublicKey<Vec<u8>>),
}

impl PublicKey {
    /// From an uncompressed point, 04 ‖ x ‖ y (SEC 1 §2.3.3).
    pub fn es256(point: &[u8]) -> Result<Self, KeyFormatError> {
        let Some((4, coordinates)) = point.split_first() else { return Err(KeyFormatError) };
        let (x, y) = coordinates.split_at_checked(32).ok_or(KeyFormatError)?;
        Ok(Self::Es256 {
            x: x.try_into().map_err(|_| KeyFormatError)?,
            y: y.try_into().map_err(|_| KeyFormatError)?,
        })
    }

    pub fn rs256(modulus: &[u8], exponent: &[u8]) -> Self {
        let trimmed =
            |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
        Self::Rs256 { modulus: trimmed(modulus), exponent: trimmed(exponent) }
    }

    pub fn ed_dsa(point: &[u8]) -> Result<Self, KeyFormatError> {
        point.try_into().map(Self::EdDsa).map_err(|_| KeyFormatError)
    }

    pub const fn algorithm(&self) -> SigningAlgorithm {
        match self {
            Self::Es256 { .. } => SigningAlgorithm::Es256,
            Self::Rs256 { .. } => SigningAlgorithm::Rs256,
            Self::EdDsa(_) => SigningAlgorithm::EdDsa,
        }
    }

    /// The key as it is published, `kid` being its thumbprint (RFC 7638).
    pub fn jwk(&self) -> Result<Jwk, KeyFormatError> {
        let algorithm = self.parameters();
        let mut jwk = Jwk { common: CommonParameters::default(), algorithm };
        jwk.common.key_id = Some(thumbprint(&jwk).map_err(|_| KeyFormatError)?);
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_algorithm = Some(match self.algorithm() {
            SigningAlgorithm::Es256 => KeyAlgorithm::ES256,
            SigningAlgorithm::Rs256 => KeyAlgorithm::RS256,
            SigningAlgorithm::EdDsa => KeyAlgorithm::EdDSA,
        });
        Ok(jwk)
    }

    /// What [`Self::jwk`] wrote.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyFormatError> {
        let bytes = |text: &str| base64url_decode(text).map_err(|_| KeyFormatError);
        match &jwk.algorithm {
            AlgorithmParameters::EllipticCurve(key) => {
                Self::es256(&[vec![4], bytes(&key.x)?, bytes(&key.y)?].concat())
            }
            AlgorithmParameters::RSA(key) => Ok(Self::rs256(&bytes(&key.n)?, &bytes(&key.e)?)),
            AlgorithmParameters::OctetKeyPair(key) => Self::ed_dsa(&bytes(&key.x)?),
            _ => Err(KeyFormatError),
        }
    }

    pub fn verifying_key(&self) -> Result<VerifyingKey, KeyFormatError> {
        Ok(match self {
            Self::Es256 { x, y } => {
                let point = [&[4], x.as_slice(), y].concat();
                VerifyingKey::Es256(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point))
            }
            Self::Rs256 { modulus, exponent } => {
                let components = RsaPublicKeyComponents { n: modulus, e: exponent };
                let parsed = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256);
                VerifyingKey::Rs256(parsed.map_err(|_| KeyFormatError)?)
            }
            Self::EdDsa(point) => {
                VerifyingKey::EdDsa(UnparsedPublicKey::new(&ED25519, point.to_vec()))
            }
        })
    }

    fn parameters(&self) -> AlgorithmParameters {
        match self {
            Self::Es256 { x, y } => {
                AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
                    key_type: EllipticCurveKeyType::EC,
                    curve: EllipticCurve::P256,
                    x: base64url(x),
                    y: base64url(y),
                })
            }
            Self::Rs256 { modulus, exponent } => AlgorithmParameters::RSA(RSAKeyParameters {
                key_type: RSAKeyType::RSA,
                n: base64url(modulus),
                e: base64url(exponent),
            }),
            Self::EdDsa(point) => AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
                key_type: OctetKeyPairType::OctetKeyPair,
                curve: EllipticCurve::Ed25519,
                x: base64url(point),
            }),
        }
    }
}

impl VerifyingKey {
    pub const fn algorithm(&self) -> SigningAlgorithm {
        match self {
            Self::Es256(_) => SigningAlgorithm::Es256,
            Self::Rs256(_) => SigningAlgorithm::Rs256,
            Self::EdDsa(_) => SigningAlgorithm::EdDsa,
        }
    }

    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), JwtRefusal> {
        match self {
            Self::Es256(key) | Self::EdDsa(key) => {
                key.verify(message, signature).map_err(|_| JwtRefusal::BadSignature)
            }
            Self::Rs256(key) => {
                key.verify_sig(message, signature).map_err(|_| JwtRefusal::BadSignature)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signing_key::{SigningKey, generate_pkcs8};

    #[test]
    fn what_is_published_reads_back_as_the_key_that_verifies() {
        for algorithm in SigningAlgorithm::ALL {
            let pkcs8 = generate_pkcs8(algorithm).unwrap();
            let key = SigningKey::from_pkcs8(algorithm, &pkcs8).unwrap();
            let signature = key.sign_bytes(b"message").unwrap();
            let read = PublicKey::from_jwk(key.jwk()).unwrap();
            assert_eq!(read.jwk().unwrap().common.key_id.as_deref(), Some(key.kid()));
            let verifier = read.verifying_key().unwrap();
            assert!(verifier.verify(b"message", &signature).is_ok(), "{algorithm}");
            assert!(verifier.verify(b"another", &signature).is_err(), "{algorithm}");
        }
    }

    #[test]
    fn points_of_the_wrong_length_and_compressed_ones_are_no_keys() {
        for bad in [&[4; 64][..], &[4; 66], &[2; 33], &[]] {
            assert!(PublicKey::es256(bad).is_err());
            assert!(PublicKey::ed_dsa(bad).is_err());
        }
    }
}
