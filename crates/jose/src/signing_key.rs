//! One opened signing key: parsed once, used for every signature of its life.
//!
//! ES256 and EdDSA are `ring`'s, RSA is `aws-lc-rs`' (it can generate keys and signs faster). Both
//! libraries draw nonces and RSA primes from their own sealed random source: the one randomness
//! that does not come through [`identity_core::Entropy`].

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents};
use identity_core::secret::SecretBytes;
use jsonwebtoken::jwk::Jwk;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
};

use crate::algorithm::SigningAlgorithm;
use crate::device::{DeviceError, KeyDevice, KeyHome};
use crate::public_key::{KeyFormatError, PublicKey, VerifyingKey};

#[derive(Debug, thiserror::Error)]
pub enum SignError {
    #[error("no key is active for {0}")]
    NoActiveKey(SigningAlgorithm),
    #[error("the claims do not serialise")]
    Claims(#[from] serde_json::Error),
    #[error("the signature could not be made")]
    Signature,
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// A private key, or the use of one, with everything derived from it.
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
    /// `None`: this node verifies with the key and cannot sign.
    Device(Option<Arc<dyn KeyDevice>>),
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
        let (private, public) = match algorithm {
            SigningAlgorithm::Es256 => open_es256(pkcs8.expose())?,
            SigningAlgorithm::Rs256 => open_rs256(pkcs8.expose())?,
            SigningAlgorithm::EdDsa => open_ed_dsa(pkcs8.expose())?,
        };
        Self::new(private, &public)
    }

    /// A key whose private half is in `device`.
    pub(crate) fn in_device(
        public: &PublicKey,
        device: Option<Arc<dyn KeyDevice>>,
    ) -> Result<Self, KeyFormatError> {
        Self::new(PrivateKey::Device(device), public)
    }

    fn new(private: PrivateKey, public: &PublicKey) -> Result<Self, KeyFormatError> {
        let jwk = public.jwk()?;
        let kid = jwk.common.key_id.clone().ok_or(KeyFormatError)?;
        Ok(Self { private, public: public.verifying_key()?, jwk, kid })
    }

    /// The RFC 7638 thumbprint of the public key.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    pub fn algorithm(&self) -> SigningAlgorithm {
        self.public.algorithm()
    }

    pub fn home(&self) -> KeyHome {
        match self.private {
            PrivateKey::Es256(_) | PrivateKey::Rs256(_) | PrivateKey::EdDsa(_) => KeyHome::Database,
            PrivateKey::Device(_) => KeyHome::Device,
        }
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
            PrivateKey::Device(device) => {
                let device = device.as_ref().ok_or(DeviceError::NotConfigured)?;
                Ok(device.sign(&self.kid, self.algorithm(), message)?)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).finish_non_exhaustive()
    }
}

type Pair = (PrivateKey, PublicKey);

fn open_es256(pkcs8: &[u8]) -> Result<Pair, KeyFormatError> {
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, &random)
        .map_err(|_| KeyFormatError)?;
    let public = PublicKey::es256(pair.public_key().as_ref())?;
    Ok((PrivateKey::Es256(Box::new(pair)), public))
}

fn open_rs256(pkcs8: &[u8]) -> Result<Pair, KeyFormatError> {
    use aws_lc_rs::signature::KeyPair as _;

    let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| KeyFormatError)?;
    let components = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let public = PublicKey::rs256(&components.n, &components.e);
    Ok((PrivateKey::Rs256(pair), public))
}

fn open_ed_dsa(pkcs8: &[u8]) -> Result<Pair, KeyFormatError> {
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| KeyFormatError)?;
    let public = PublicKey::ed_dsa(pair.public_key().as_ref())?;
    Ok((PrivateKey::EdDsa(Box::new(pair)), public))
}
