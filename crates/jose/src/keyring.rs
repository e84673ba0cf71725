//! All keys of this provider, opened once.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use identity_core::key::{KeyPurpose, KeyRecord};
use identity_core::secret::SecretBytes;
use identity_core::time::random_bytes;
use identity_core::{Entropy, Timestamp};
use jsonwebtoken::jwk::Jwk;
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use serde::{Deserialize, Serialize};

use crate::algorithm::SigningAlgorithm;
use crate::device::{DeviceError, KeyDevice, KeyHome};
use crate::jwks::Jwks;
use crate::public_key::{KeyFormatError, PublicKey, VerifyingKey};
use crate::rotation::{KeyStage, maker};
use crate::signing_key::{SignError, SigningKey, generate_pkcs8};
use crate::wrap::{KeyEncryptionKey, WrapError};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyRingError {
    #[error("key {kid} does not open: wrong key-encryption key or altered record")]
    DoesNotOpen { kid: String },
    #[error("key {kid} is not a key of its purpose, or not the one its name says")]
    NotAKey { kid: String },
    #[error("key {kid} occurs twice")]
    Duplicate { kid: String },
    #[error("a key could not be generated")]
    Generation,
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// What is wrapped instead of a private key that lives in a device. Wrapped, because whoever could
/// write a public key of their own here could sign as this provider.
#[derive(Serialize, Deserialize)]
struct DeviceKey {
    device_public_key: Jwk,
}

/// When a key is made and when it starts to work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyOrder {
    pub purpose: KeyPurpose,
    pub created_at: Timestamp,
    pub activates_at: Timestamp,
}

/// A fresh key, wrapped and ready to be stored.
///
/// Signing keys are named by their thumbprint, sealing keys by 8 random bytes in hexadecimal, which
/// sealed tokens carry.
pub fn generate_key(
    purpose: KeyPurpose,
    created_at: Timestamp,
    activates_at: Timestamp,
    kek: &KeyEncryptionKey,
    entropy: &dyn Entropy,
) -> Result<KeyRecord, KeyRingError> {
    let (kid, private) = match SigningAlgorithm::from_purpose(purpose) {
        Some(algorithm) => fresh_signing_key(algorithm)?,
        None => fresh_sealing_key(SealingKeyId(random_bytes(entropy)), entropy),
    };
    wrapped(kid, &private, KeyOrder { purpose, created_at, activates_at }, kek, entropy)
}

/// The first sealing key of an installation. It is number one everywhere, so of several nodes that
/// start on an empty database only one can store it, and its other first keys with it.
pub(crate) fn generate_first_sealing_key(
    order: KeyOrder,
    kek: &KeyEncryptionKey,
    entropy: &dyn Entropy,
) -> Result<KeyRecord, KeyRingError> {
    let (kid, private) = fresh_sealing_key(SealingKeyId(1_u64.to_be_bytes()), entropy);
    wrapped(kid, &private, order, kek, entropy)
}

/// A fresh signing key that never leaves `device`.
pub(crate) fn generate_in_device(
    order: KeyOrder,
    algorithm: SigningAlgorithm,
    device: &dyn KeyDevice,
    kek: &KeyEncryptionKey,
    entropy: &dyn Entropy,
) -> Result<KeyRecord, KeyRingError> {
    let jwk = device.generate(algorithm)?.jwk().map_err(|_| KeyRingError::Generation)?;
    let kid = jwk.common.key_id.clone().ok_or(KeyRingError::Generation)?;
    let reference = serde_json::to_vec(&DeviceKey { device_public_key: jwk })
        .map_err(|_| KeyRingError::Generation)?;
    wrapped(kid, &SecretBytes::new(reference), order, kek, entropy)
}

fn wrapped(
    kid: String,
    plaintext: &SecretBytes,
    order: KeyOrder,
    kek: &KeyEncryptionKey,
    entropy: &dyn Entropy,
) -> Result<KeyRecord, KeyRingError> {
    let wrapped =
        kek.wrap(&kid, order.purpose, plaintext, entropy).map_err(|error| match error {
            WrapError::Device(error) => KeyRingError::Device(error),
            WrapError::Wrap | WrapError::Unwrap => KeyRingError::Generation,
        })?;
    Ok(KeyRecord {
        kid,
        purpose: order.purpose,
        wrapped,
        created_at: order.created_at,
        activates_at: order.activates_at,
        retires_at: None,
        removes_at: None,
        compromised_at: None,
    })
}

fn fresh_signing_key(algorithm: SigningAlgorithm) -> Result<(String, SecretBytes), KeyRingError> {
    let pkcs8 = generate_pkcs8(algorithm).map_err(|_| KeyRingError::Generation)?;
    let key = SigningKey::from_pkcs8(algorithm, &pkcs8).map_err(|_| KeyRingError::Generation)?;
    Ok((key.kid().to_owned(), pkcs8))
}

fn fresh_sealing_key(id: SealingKeyId, entropy: &dyn Entropy) -> (String, SecretBytes) {
    let mut key = vec![0; AES_256_GCM.key_len()];
    entropy.fill(&mut key);
    (id.to_string(), SecretBytes::new(key))
}

/// Where the private half of what was unwrapped lives.
pub(crate) fn home_of(unwrapped: &SecretBytes) -> KeyHome {
    if device_key(unwrapped).is_some() { KeyHome::Device } else { KeyHome::Database }
}

/// PKCS#8 is DER and begins with 0x30, so no private key reads as JSON.
fn device_key(unwrapped: &SecretBytes) -> Option<DeviceKey> {
    serde_json::from_slice(unwrapped.expose()).ok()
}

fn opened(
    algorithm: SigningAlgorithm,
    unwrapped: &SecretBytes,
    device: Option<&Arc<dyn KeyDevice>>,
) -> Result<SigningKey, KeyFormatError> {
    let Some(key) = device_key(unwrapped) else {
        return SigningKey::from_pkcs8(algorithm, unwrapped);
    };
    let public = PublicKey::from_jwk(&key.device_public_key)?;
    if public.algorithm() != algorithm {
        return Err(KeyFormatError);
    }
    SigningKey::in_device(&public, device.cloned())
}

/// The opened keys. Immutable: when records change, open a new ring and swap it in.
pub struct KeyRing {
    signing: Vec<(KeyRecord, Arc<SigningKey>)>,
    sealing: HashMap<SealingKeyId, SealingKey>,
}

/// The name of a sealing key inside a sealed token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SealingKeyId(pub [u8; 8]);

#[derive(Clone)]
pub(crate) struct SealingKey {
    pub id: SealingKeyId,
    pub key: LessSafeKey,
    record: KeyRecord,
}

impl KeyRing {
    /// Unwraps and parses every key. One that does not open fails the whole ring: a provider that
    /// silently lost a key would refuse honest tokens.
    pub fn open(records: Vec<KeyRecord>, kek: &KeyEncryptionKey) -> Result<Self, KeyRingError> {
        let unwrap = |record: &KeyRecord| kek.unwrap(&record.kid, record.purpose, &record.wrapped);
        Self::empty().extended(records, &unwrap, None)
    }

    pub(crate) fn empty() -> Self {
        Self { signing: Vec::new(), sealing: HashMap::new() }
    }

    /// The ring of `records`: keys of this one as they are, the others opened.
    pub(crate) fn extended(
        &self,
        records: Vec<KeyRecord>,
        unwrap: &dyn Fn(&KeyRecord) -> Result<SecretBytes, WrapError>,
        device: Option<&Arc<dyn KeyDevice>>,
    ) -> Result<Self, KeyRingError> {
        let mut ring = Self::empty();
        let mut kids = HashSet::new();
        for record in records {
            if !kids.insert(record.kid.clone()) {
                return Err(KeyRingError::Duplicate { kid: record.kid });
            }
            let Some(record) = ring.adopt(self, record) else { continue };
            let unwrapped = unwrap(&record).map_err(|error| match error {
                WrapError::Device(error) => KeyRingError::Device(error),
                WrapError::Wrap | WrapError::Unwrap => {
                    KeyRingError::DoesNotOpen { kid: record.kid.clone() }
                }
            })?;
            ring.insert(record, &unwrapped, device)?;
        }
        Ok(ring)
    }

    /// The keys of this ring under the times of `records`. Opens nothing, so that a compromise counts
    /// also while the key-encryption key is out of reach.
    #[must_use]
    pub fn rescheduled(&self, records: &[KeyRecord]) -> Self {
        let mut ring = Self::empty();
        for record in records {
            let _ = ring.adopt(self, record.clone());
        }
        ring
    }

    /// Takes over the key that `known` has opened already; gives the record back where it has none.
    fn adopt(&mut self, known: &Self, mut record: KeyRecord) -> Option<KeyRecord> {
        let signing = known.signing_key(&record.kid).filter(|(of, _)| of.purpose == record.purpose);
        let sealing = SealingKeyId::parse(&record.kid).and_then(|id| known.sealing.get(&id));
        let sealing = sealing.filter(|_| record.purpose == KeyPurpose::Seal);
        if let Some((_, key)) = signing {
            record.wrapped = Vec::new();
            self.signing.push((record, Arc::clone(key)));
        } else if let Some(SealingKey { id, key, .. }) = sealing {
            record.wrapped = Vec::new();
            self.sealing.insert(*id, SealingKey { id: *id, key: key.clone(), record });
        } else {
            return Some(record);
        }
        None
    }

    fn insert(
        &mut self,
        mut record: KeyRecord,
        unwrapped: &SecretBytes,
        device: Option<&Arc<dyn KeyDevice>>,
    ) -> Result<(), KeyRingError> {
        record.wrapped = Vec::new();
        let not_a_key = || KeyRingError::NotAKey { kid: record.kid.clone() };
        if let Some(algorithm) = SigningAlgorithm::from_purpose(record.purpose) {
            let key = opened(algorithm, unwrapped, device).map_err(|_| not_a_key())?;
            if key.kid() != record.kid {
                return Err(not_a_key());
            }
            self.signing.push((record, Arc::new(key)));
        } else {
            let id = SealingKeyId::parse(&record.kid).ok_or_else(not_a_key)?;
            let key = UnboundKey::new(&AES_256_GCM, unwrapped.expose()).map_err(|_| not_a_key())?;
            self.sealing.insert(id, SealingKey { id, key: LessSafeKey::new(key), record });
        }
        Ok(())
    }

    /// What every key is for and when; the wrapped part is left out.
    pub fn records(&self) -> impl Iterator<Item = &KeyRecord> {
        let sealing = self.sealing.values().map(|key| &key.record);
        self.signing.iter().map(|(record, _)| record).chain(sealing)
    }

    /// Purposes for which no key may make anything at `now`.
    pub fn lacking(&self, now: Timestamp) -> Vec<KeyPurpose> {
        let signing = SigningAlgorithm::ALL.into_iter();
        let signing = signing.filter(|algorithm| self.signer(*algorithm, now).is_err());
        let sealing = self.sealer(now).is_none().then_some(KeyPurpose::Seal);
        signing.map(SigningAlgorithm::purpose).chain(sealing).collect()
    }

    /// Where the private half of the key lives.
    pub fn home(&self, kid: &str) -> Option<KeyHome> {
        if let Some((_, key)) = self.signing_key(kid) {
            return Some(key.home());
        }
        let id = SealingKeyId::parse(kid)?;
        self.sealing.contains_key(&id).then_some(KeyHome::Database)
    }

    /// The key that signs with `algorithm` at `now`.
    pub fn signer(
        &self,
        algorithm: SigningAlgorithm,
        now: Timestamp,
    ) -> Result<&SigningKey, SignError> {
        let purpose = algorithm.purpose();
        let records = self.signing.iter().map(|(record, _)| record);
        maker(records.filter(|record| record.purpose == purpose), now)
            .and_then(|chosen| self.signing_key(&chosen.kid))
            .map(|(_, key)| key.as_ref())
            .ok_or(SignError::NoActiveKey(algorithm))
    }

    /// The key named `kid`, if what it made is still believed.
    pub fn verifying_key(&self, kid: &str, now: Timestamp) -> Option<&VerifyingKey> {
        self.signing_key(kid)
            .filter(|(record, _)| KeyStage::of(record, now).is_believed())
            .map(|(_, key)| key.verifying_key())
    }

    /// Every public key somebody may need: the next one already, the retired ones still
    /// (op-traps 17). Keys without a private member, since none is ever read from a private key.
    pub fn jwks(&self, now: Timestamp) -> Jwks {
        let published = |record: &KeyRecord| KeyStage::of(record, now).is_believed();
        let keys = self.signing.iter().filter(|(record, _)| published(record));
        Jwks::of_ours(keys.map(|(_, key)| key.jwk().clone()))
    }

    pub(crate) fn sealer(&self, now: Timestamp) -> Option<&SealingKey> {
        let chosen = maker(self.sealing.values().map(|key| &key.record), now)?;
        SealingKeyId::parse(&chosen.kid).and_then(|id| self.sealing.get(&id))
    }

    pub(crate) fn opener(&self, id: SealingKeyId, now: Timestamp) -> Option<&SealingKey> {
        self.sealing.get(&id).filter(|key| KeyStage::of(&key.record, now).is_believed())
    }

    fn signing_key(&self, kid: &str) -> Option<&(KeyRecord, Arc<SigningKey>)> {
        self.signing.iter().find(|(record, _)| record.kid == kid)
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRing")
            .field("signing", &self.signing.iter().map(|(r, _)| &r.kid).collect::<Vec<_>>())
            .field("sealing", &self.sealing.len())
            .finish()
    }
}

impl SealingKeyId {
    fn parse(kid: &str) -> Option<Self> {
        let number = u64::from_str_radix(kid, 16).ok()?;
        let id = Self(number.to_be_bytes());
        (id.to_string() == kid).then_some(id)
    }
}

impl fmt::Display for SealingKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

#[cfg(test)]
mod tests;
