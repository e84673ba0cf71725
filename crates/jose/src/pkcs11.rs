//! A hardware security module through PKCS#11 (OASIS, 2.40 and later).
//!
//! Signing keys are token objects, sensitive and not extractable, labelled with their kid. The hash
//! of an ES256 signature is made here: not every token knows `CKM_ECDSA_SHA256`, all know `CKM_ECDSA`.

mod sessions;

use std::path::PathBuf;

use cryptoki::error::Error;
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;
use identity_core::secret::SecretBytes;

use crate::algorithm::SigningAlgorithm;
use crate::device::{DeviceError, DeviceNonce, KeyDevice};
use crate::digest::sha256;
use crate::public_key::PublicKey;
use sessions::{Line, Sessions, trouble};

/// Which token, and how to get in.
pub struct Pkcs11Settings {
    /// The vendor's library.
    pub module: PathBuf,
    pub token_label: String,
    /// Of the ordinary user, not of the security officer.
    pub pin: SecretBytes,
    /// Most operations at once; whoever comes later waits.
    pub sessions: usize,
}

/// Connects when it is first needed, and again after the token was away.
pub struct Pkcs11Device(Sessions);

/// OID 1.2.840.10045.3.1.7 and 1.3.101.112 in DER.
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const ED25519: [u8; 5] = [0x06, 0x03, 0x2b, 0x65, 0x70];
const F4: [u8; 3] = [1, 0, 1];
const RSA_BITS: u64 = 2048;
const AES_256_BYTES: u64 = 32;
const TAG_BITS: u64 = 128;
/// What a key is called until its thumbprint is known. One that keeps the name was left by a crash.
const UNNAMED: &[u8] = b"vneid unnamed";

impl Pkcs11Device {
    pub fn new(settings: Pkcs11Settings) -> Self {
        Self(Sessions::new(settings))
    }
}

impl KeyDevice for Pkcs11Device {
    fn can_sign(&self, algorithm: SigningAlgorithm) -> Result<bool, DeviceError> {
        let needed = match algorithm {
            SigningAlgorithm::Es256 => [MechanismType::ECC_KEY_PAIR_GEN, MechanismType::ECDSA],
            SigningAlgorithm::Rs256 => {
                [MechanismType::RSA_PKCS_KEY_PAIR_GEN, MechanismType::SHA256_RSA_PKCS]
            }
            SigningAlgorithm::EdDsa => {
                [MechanismType::ECC_EDWARDS_KEY_PAIR_GEN, MechanismType::EDDSA]
            }
        };
        self.0.with(|line| {
            let known = line.mechanisms()?;
            Ok(needed.iter().all(|mechanism| known.contains(mechanism)))
        })
    }

    fn generate(&self, algorithm: SigningAlgorithm) -> Result<PublicKey, DeviceError> {
        self.0.with(|line| {
            let (mechanism, public) = recipe(algorithm);
            let pair = line.session.generate_key_pair(&mechanism, &public, &private_template());
            let (public, private) = pair.map_err(trouble)?;
            let named = read_public(&line.session, algorithm, public).and_then(|public| {
                let kid = kid_of(&public)?;
                let name = [Attribute::Label(kid.clone()), Attribute::Id(kid)];
                line.session.update_attributes(private, &name).map_err(trouble)?;
                Ok(public)
            });
            if named.is_err() {
                // Nobody will ever ask for it.
                let _ = line.session.destroy_object(private);
            }
            named
        })
    }

    fn destroy(&self, kid: &str) -> Result<(), DeviceError> {
        self.0.with(|line| match line.find(ObjectClass::PRIVATE_KEY, kid) {
            Ok(key) => {
                line.forget(kid);
                line.session.destroy_object(key).map_err(trouble)
            }
            Err(DeviceError::NoSuchKey(_)) => Ok(()),
            Err(error) => Err(error),
        })
    }

    fn sign(
        &self,
        kid: &str,
        algorithm: SigningAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, DeviceError> {
        self.0.with(|line| {
            let key = line.signing_key(kid)?;
            let session = &line.session;
            let signature = match algorithm {
                SigningAlgorithm::Es256 => session.sign(&Mechanism::Ecdsa, key, &sha256(message)),
                SigningAlgorithm::Rs256 => session.sign(&Mechanism::Sha256RsaPkcs, key, message),
                SigningAlgorithm::EdDsa => {
                    let pure = EddsaParams::new(EddsaSignatureScheme::Pure);
                    session.sign(&Mechanism::Eddsa(pure), key, message)
                }
            };
            signature.map_err(trouble)
        })
    }

    fn generate_encryption_key(&self, label: &str) -> Result<(), DeviceError> {
        self.0.with(|line| match line.find(ObjectClass::SECRET_KEY, label) {
            Ok(_) => Err(DeviceError::Refused(format!("there is a key called {label} already"))),
            Err(DeviceError::NoSuchKey(_)) => {
                let template = [
                    Attribute::Token(true),
                    Attribute::Private(true),
                    Attribute::Sensitive(true),
                    Attribute::Extractable(false),
                    Attribute::Encrypt(true),
                    Attribute::Decrypt(true),
                    Attribute::Label(label.as_bytes().to_vec()),
                    Attribute::ValueLen(AES_256_BYTES.into()),
                ];
                let made = line.session.generate_key(&Mechanism::AesKeyGen, &template);
                made.map(|_| ()).map_err(trouble)
            }
            Err(error) => Err(error),
        })
    }

    fn seal(
        &self,
        label: &str,
        nonce: &DeviceNonce,
        associated_data: &[u8],
        plaintext: &SecretBytes,
    ) -> Result<Vec<u8>, DeviceError> {
        self.0.with(|line| {
            let key = line.encryption_key(label)?;
            let mut nonce = *nonce;
            let gcm = Mechanism::AesGcm(gcm(&mut nonce, associated_data)?);
            line.session.encrypt(&gcm, key, plaintext.expose()).map_err(trouble)
        })
    }

    fn open(
        &self,
        label: &str,
        nonce: &DeviceNonce,
        associated_data: &[u8],
        ciphertext: &[u8],
    ) -> Result<SecretBytes, DeviceError> {
        self.0.with(|line| {
            let key = line.encryption_key(label)?;
            let mut nonce = *nonce;
            let gcm = Mechanism::AesGcm(gcm(&mut nonce, associated_data)?);
            line.session.decrypt(&gcm, key, ciphertext).map(SecretBytes::new).map_err(trouble)
        })
    }
}

fn gcm<'a>(nonce: &'a mut [u8], associated_data: &'a [u8]) -> Result<GcmParams<'a>, DeviceError> {
    GcmParams::new(nonce, associated_data, TAG_BITS.into()).map_err(trouble)
}

/// How to make a pair, and what its public half shall be.
fn recipe(algorithm: SigningAlgorithm) -> (Mechanism<'static>, Vec<Attribute>) {
    // Read once and then gone with the session: what is published comes from the database.
    let mut public = vec![Attribute::Token(false), Attribute::Verify(true)];
    let mechanism = match algorithm {
        SigningAlgorithm::Es256 => {
            public.push(Attribute::EcParams(P256.to_vec()));
            Mechanism::EccKeyPairGen
        }
        SigningAlgorithm::Rs256 => {
            public.push(Attribute::ModulusBits(RSA_BITS.into()));
            public.push(Attribute::PublicExponent(F4.to_vec()));
            Mechanism::RsaPkcsKeyPairGen
        }
        SigningAlgorithm::EdDsa => {
            public.push(Attribute::EcParams(ED25519.to_vec()));
            Mechanism::EccEdwardsKeyPairGen
        }
    };
    (mechanism, public)
}

fn private_template() -> [Attribute; 6] {
    [
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Sign(true),
        Attribute::Label(UNNAMED.to_vec()),
    ]
}

fn read_public(
    session: &Session,
    algorithm: SigningAlgorithm,
    key: ObjectHandle,
) -> Result<PublicKey, DeviceError> {
    let read = |kind| session.get_attributes(key, &[kind]).map_err(trouble);
    let public = match algorithm {
        SigningAlgorithm::Es256 => PublicKey::es256(point(&read(AttributeType::EcPoint)?)),
        SigningAlgorithm::EdDsa => PublicKey::ed_dsa(point(&read(AttributeType::EcPoint)?)),
        SigningAlgorithm::Rs256 => {
            let modulus = read(AttributeType::Modulus)?;
            match modulus.as_slice() {
                [Attribute::Modulus(modulus)] => Ok(PublicKey::rs256(modulus, &F4)),
                _ => Ok(PublicKey::rs256(&[], &F4)),
            }
        }
    };
    public.map_err(|_| DeviceError::Refused("it made a key of another kind".to_owned()))
}

/// CKA_EC_POINT is an OCTET STRING in DER; some tokens leave the wrapper out.
fn point(attributes: &[Attribute]) -> &[u8] {
    let [Attribute::EcPoint(point)] = attributes else { return &[] };
    match point.as_slice() {
        [0x04, length, inner @ ..] if usize::from(*length) == inner.len() => inner,
        bare => bare,
    }
}

fn kid_of(public: &PublicKey) -> Result<Vec<u8>, DeviceError> {
    let jwk = public.jwk().ok().and_then(|jwk| jwk.common.key_id);
    jwk.map(String::into_bytes)
        .ok_or_else(|| DeviceError::Refused("it made a key of another kind".to_owned()))
}

impl Line {
    fn signing_key(&mut self, kid: &str) -> Result<ObjectHandle, DeviceError> {
        if let Some(known) = self.handle(kid) {
            return Ok(known);
        }
        let key = self.find(ObjectClass::PRIVATE_KEY, kid)?;
        Ok(self.remember(kid, key))
    }

    /// Refuses one that could be carried off: that is what it is in the device for.
    fn encryption_key(&mut self, label: &str) -> Result<ObjectHandle, DeviceError> {
        if let Some(known) = self.handle(label) {
            return Ok(known);
        }
        let key = self.find(ObjectClass::SECRET_KEY, label)?;
        let wanted = [AttributeType::KeyType, AttributeType::Sensitive, AttributeType::Extractable];
        let found = self.session.get_attributes(key, &wanted).map_err(trouble)?;
        let expected = [
            Attribute::KeyType(KeyType::AES),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
        ];
        if found != expected {
            let text = format!("{label} is no AES key, or one that can be extracted");
            return Err(DeviceError::Refused(text));
        }
        Ok(self.remember(label, key))
    }

    fn find(&self, class: ObjectClass, label: &str) -> Result<ObjectHandle, DeviceError> {
        let template = [
            Attribute::Token(true),
            Attribute::Class(class),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        match self.session.find_objects(&template).map_err(trouble)?.as_slice() {
            [one] => Ok(*one),
            [] => Err(DeviceError::NoSuchKey(label.to_owned())),
            [_, _, ..] => Err(DeviceError::Refused(format!("two keys are called {label}"))),
        }
    }
}
