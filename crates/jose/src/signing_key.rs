//! One opened signing key: parsed once, used for every signature of its life.
//!
//! ES256 and EdDSA are `ring`'s, RSA is `aws-lc-rs`' (it can generate keys and signs faster). Both
//! libraries draw nonces and RSA primes from their own sealed random source: the one randomness
//! that does not come through [`identity_core::Entropy`].

use std::fmt;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};
use identity_core::secret::SecretBytes;
use jsonwebtoken::jwk::{
    AlgorithmParameters, CommonParameters, EllipticCurve, EllipticCurveKeyParameters,
    EllipticCurveKeyType, Jwk, KeyAlgorithm, OctetKeyPairParameters, OctetKeyPairType,
    PublicKeyUse, RSAKeyParameters, RSAKeyType,
};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
    Ed25519KeyPair, KeyPair as _, UnparsedPublicKey,
};

use crate::algorithm::SigningAlgorithm;
use crate::digest::base64url;
use crate::refusal::JwtRefusal;
use crate::thumbprint::thumbprint;

#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("no key is active for {0}")]
    NoActiveKey(SigningAlgorithm),
    #[error("the claims do not serialise")]
    Claims(#[from] serde_json::Error),
    #[error("the signature could not be made")]
    Signature,
}

/// The private bytes are no key of that algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a private key of that algorithm")]
pub struct KeyFormatError;

/// A private key with everything derived from it.
pub struct SigningKey {
    private: PrivateKey,
    public: VerifyingKey,
    jwk: Jwk,
    kid: String,
}

enum PrivateKey {
    Es256(Box<EcdsaKeyPair>),
    Rs256(RsaKeyPair),
    EdDsa(Box<Ed25519KeyPair>),
}

/// The public half, ready to verify.
#[derive(Debug)]
pub enum VerifyingKey {
    Es256(UnparsedPublicKey<Vec<u8>>),
    Rs256(ParsedPublicKey),
    EdDsa(UnparsedPublicKey<Vec<u8>>),
}

/// A fresh private key as PKCS#8. RSA takes about 40 ms: generate ahead of need, not in a request.
///
/// RSA keys have 2048 bits: RS256 is there for relying parties that know nothing better
/// (op-traps 13), and the next size triples the cost of each of their logins.
pub(crate) fn generate_pkcs8(algorithm: SigningAlgorithm) -> Result<SecretBytes, KeyFormatError> {
    let random = SystemRandom::new();
    let der = match algorithm {
        SigningAlgorithm::Es256 => {
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                .map_err(|_| KeyFormatError)?
                .as_ref()
                .to_vec()
        }
        SigningAlgorithm::EdDsa => {
            Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| KeyFormatError)?.as_ref().to_vec()
        }
        SigningAlgorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyFormatError)?;
            let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| KeyFormatError)?;
            der.as_ref().to_vec()
        }
    };
    Ok(SecretBytes::new(der))
}

impl SigningKey {
    pub(crate) fn from_pkcs8(
        algorithm: SigningAlgorithm,
        pkcs8: &SecretBytes,
    ) -> Result<Self, KeyFormatError> {
        let (private, public, parameters) = match algorithm {
            SigningAlgorithm::Es256 => open_es256(pkcs8.expose())?,
            SigningAlgorithm::Rs256 => open_rs256(pkcs8.expose())?,
            SigningAlgorithm::EdDsa => open_ed_dsa(pkcs8.expose())?,
        };
        let mut jwk = Jwk { common: CommonParameters::default(), algorithm: parameters };
        let kid = thumbprint(&jwk).map_err(|_| KeyFormatError)?;
        jwk.common.key_id = Some(kid.clone());
        jwk.common.public_key_use = Some(PublicKeyUse::Signature);
        jwk.common.key_algorithm = Some(match algorithm {
            SigningAlgorithm::Es256 => KeyAlgorithm::ES256,
            SigningAlgorithm::Rs256 => KeyAlgorithm::RS256,
            SigningAlgorithm::EdDsa => KeyAlgorithm::EdDSA,
        });
        Ok(Self { private, public, jwk, kid })
    }

    /// The RFC 7638 thumbprint of the public key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub fn algorithm(&self) -> SigningAlgorithm {
        self.public.algorithm()
    }

    /// The public key as it is published: `kid`, `use`, `alg` and the public members.
    pub fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// The raw signature as JWS wants it (r‖s for ES256).
    pub(crate) fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.private {
            PrivateKey::Es256(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SignError::Signature),
            PrivateKey::EdDsa(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            PrivateKey::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let random = aws_lc_rs::rand::SystemRandom::new();
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| SignError::Signature)?;
                Ok(signature)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
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

type Parts = (PrivateKey, VerifyingKey, AlgorithmParameters);

fn open_es256(pkcs8: &[u8]) -> Result<Parts, KeyFormatError> {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random)
        .map_err(|_| KeyFormatError)?;
    let point = pair.public_key().as_ref().to_vec();
    // Uncompressed: 04 | x | y (SEC 1 §2.3.3).
    let (x, y) = match point.split_first() {
        Some((4, coordinates)) => coordinates.split_at_checked(32).ok_or(KeyFormatError)?,
        Some(_) | None => return Err(KeyFormatError),
    };
    let parameters = AlgorithmParameters::EllipticCurve(EllipticCurveKeyParameters {
        key_type: EllipticCurveKeyType::EC,
        curve: EllipticCurve::P256,
        x: base64url(x),
        y: base64url(y),
    });
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    Ok((PrivateKey::Es256(Box::new(pair)), VerifyingKey::Es256(public), parameters))
}

fn open_rs256(pkcs8: &[u8]) -> Result<Parts, KeyFormatError> {
    use aws_lc_rs::signature::KeyPair as _;

    let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| KeyFormatError)?;
    let components = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let parameters = AlgorithmParameters::RSA(RSAKeyParameters {
        key_type: RSAKeyType::RSA,
        n: base64url(&components.n),
        e: base64url(&components.e),
    });
    let public = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref())
        .map_err(|_| KeyFormatError)?;
    Ok((PrivateKey::Rs256(pair), VerifyingKey::Rs256(public), parameters))
}

fn open_ed_dsa(pkcs8: &[u8]) -> Result<Parts, KeyFormatError> {
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyFormatError)?;
    let point = pair.public_key().as_ref().to_vec();
    let parameters = AlgorithmParameters::OctetKeyPair(OctetKeyPairParameters {
        key_type: OctetKeyPairType::OctetKeyPair,
        curve: EllipticCurve::Ed25519,
        x: base64url(&point),
    });
    let public = UnparsedPublicKey::new(&ED25519, point);
    Ok((PrivateKey::EdDsa(Box::new(pair)), VerifyingKey::EdDsa(public), parameters))
}
