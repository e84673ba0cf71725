//! All keys of this provider, opened once.

use std::collections::{HashMap, HashSet};
use std::fmt;

use identity_core::key::{KeyPurpose, KeyRecord};
use identity_core::secret::SecretBytes;
use identity_core::time::random_bytes;
use identity_core::{Entropy, Timestamp};
use ring::aead::{AES_256_GCM, LessSafeKey, UnboundKey};

use crate::algorithm::SigningAlgorithm;
use crate::jwks::Jwks;
use crate::rotation::{KeyStage, maker};
use crate::signing_key::{SignError, SigningKey, VerifyingKey, generate_pkcs8};
use crate::wrap::KeyEncryptionKey;

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
        None => fresh_sealing_key(entropy),
    };
    let wrapped =
        kek.wrap(&kid, purpose, &private, entropy).map_err(|_| KeyRingError::Generation)?;
    Ok(KeyRecord {
        kid,
        purpose,
        wrapped,
        created_at,
        activates_at,
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

fn fresh_sealing_key(entropy: &dyn Entropy) -> (String, SecretBytes) {
    let id = SealingKeyId(random_bytes(entropy));
    let mut key = vec![0; AES_256_GCM.key_len()];
    entropy.fill(&mut key);
    (id.to_string(), SecretBytes::new(key))
}

/// The opened keys. Immutable: when records change, open a new ring and swap it in.
pub struct KeyRing {
    signing: Vec<(KeyRecord, SigningKey)>,
    sealing: HashMap<SealingKeyId, SealingKey>,
}

/// The name of a sealing key inside a sealed token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct SealingKeyId(pub [u8; 8]);

pub(crate) struct SealingKey {
    pub id: SealingKeyId,
    pub key: LessSafeKey,
    record: KeyRecord,
}

impl KeyRing {
    /// Unwraps and parses every key. One that does not open fails the whole ring: a provider that
    /// silently lost a key would refuse honest tokens.
    pub fn open(records: Vec<KeyRecord>, kek: &KeyEncryptionKey) -> Result<Self, KeyRingError> {
        let mut ring = Self { signing: Vec::new(), sealing: HashMap::new() };
        let mut kids = HashSet::new();
        for mut record in records {
            if !kids.insert(record.kid.clone()) {
                return Err(KeyRingError::Duplicate { kid: record.kid });
            }
            let wrapped = std::mem::take(&mut record.wrapped);
            let private = kek
                .unwrap(&record.kid, record.purpose, &wrapped)
                .map_err(|_| KeyRingError::DoesNotOpen { kid: record.kid.clone() })?;
            ring.insert(record, &private)?;
        }
        Ok(ring)
    }

    fn insert(&mut self, record: KeyRecord, private: &SecretBytes) -> Result<(), KeyRingError> {
        let not_a_key = || KeyRingError::NotAKey { kid: record.kid.clone() };
        if let Some(algorithm) = SigningAlgorithm::from_purpose(record.purpose) {
            let key = SigningKey::from_pkcs8(algorithm, private).map_err(|_| not_a_key())?;
            if key.kid() != record.kid {
                return Err(not_a_key());
            }
            self.signing.push((record, key));
        } else {
            let id = SealingKeyId::parse(&record.kid).ok_or_else(not_a_key)?;
            let key = UnboundKey::new(&AES_256_GCM, private.expose()).map_err(|_| not_a_key())?;
            self.sealing.insert(id, SealingKey { id, key: LessSafeKey::new(key), record });
        }
        Ok(())
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
            .map(|(_, key)| key)
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

    fn signing_key(&self, kid: &str) -> Option<&(KeyRecord, SigningKey)> {
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
mod tests {
    use super::*;
    use crate::testing::{T0, TestEntropy, kek, seconds};
    use std::time::Duration;

    fn record(purpose: KeyPurpose) -> KeyRecord {
        generate_key(purpose, T0, T0, &kek(), &TestEntropy::new(1)).unwrap()
    }

    fn kids(jwks: &Jwks) -> Vec<String> {
        jwks.kids().map(str::to_owned).collect()
    }

    #[test]
    fn keys_are_published_before_and_after_they_sign_but_never_once_compromised() {
        // op-traps 17, ATK-130, ATK-131
        let mut old = record(KeyPurpose::SignEs256);
        let mut new = record(KeyPurpose::SignEs256);
        (old.retires_at, old.removes_at) =
            (Some(T0.plus(seconds(100))), Some(T0.plus(seconds(200))));
        new.activates_at = T0.plus(seconds(100));
        let open = |records: &[&KeyRecord]| {
            KeyRing::open(records.iter().map(|r| (*r).clone()).collect(), &kek()).unwrap()
        };
        let ring = open(&[&old, &new]);
        let signer = |after| {
            ring.signer(SigningAlgorithm::Es256, T0.plus(seconds(after))).unwrap().kid().to_owned()
        };
        assert_eq!((signer(0), signer(99)), (old.kid.clone(), old.kid.clone()));
        assert_eq!(signer(100), new.kid);
        for after in [0, 150] {
            assert_eq!(kids(&ring.jwks(T0.plus(seconds(after)))).len(), 2);
        }
        assert_eq!(kids(&ring.jwks(T0.plus(seconds(200)))), [new.kid.clone()]);
        assert!(ring.verifying_key(&old.kid, T0.plus(seconds(200))).is_none());

        old.compromised_at = Some(T0.plus(Duration::from_hours(1)));
        let ring = open(&[&old, &new]);
        assert_eq!(kids(&ring.jwks(T0)), [new.kid]);
        assert!(ring.verifying_key(&old.kid, T0).is_none());
        assert!(ring.signer(SigningAlgorithm::Es256, T0).is_err());
    }

    #[test]
    fn the_jwks_names_use_and_algorithm_and_holds_nothing_private() {
        // op-traps 17
        let purposes =
            [KeyPurpose::SignEs256, KeyPurpose::SignRs256, KeyPurpose::SignEdDsa, KeyPurpose::Seal];
        let ring = KeyRing::open(purposes.map(record).to_vec(), &kek()).unwrap();
        let json = serde_json::to_value(ring.jwks(T0)).unwrap();
        let keys = json["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 3);
        for key in keys {
            assert_eq!(key["use"], "sig");
            let mut members: Vec<&str> =
                key.as_object().unwrap().keys().map(String::as_str).collect();
            members.sort_unstable();
            let expected: &[&str] = match key["alg"].as_str().unwrap() {
                "ES256" => &["alg", "crv", "kid", "kty", "use", "x", "y"],
                "RS256" => &["alg", "e", "kid", "kty", "n", "use"],
                "EdDSA" => &["alg", "crv", "kid", "kty", "use", "x"],
                other => panic!("{other}"),
            };
            assert_eq!(members, expected);
        }
        assert!(Jwks::parse(&json.to_string()).is_ok());
    }

    #[test]
    fn a_ring_with_a_key_that_does_not_open_does_not_open() {
        let good = record(KeyPurpose::SignEs256);
        let twice = KeyRing::open(vec![good.clone(), good.clone()], &kek());
        assert_eq!(twice.unwrap_err(), KeyRingError::Duplicate { kid: good.kid.clone() });
        let renamed = KeyRecord { kid: "other".into(), ..good };
        assert!(KeyRing::open(vec![renamed], &kek()).is_err());
        let other = KeyEncryptionKey::from_bytes(&[1; 32]).unwrap();
        assert!(KeyRing::open(vec![record(KeyPurpose::Seal)], &other).is_err());
    }

    #[test]
    fn a_key_under_a_name_that_is_not_its_thumbprint_is_refused() {
        let honest = record(KeyPurpose::SignEs256);
        let private = kek().unwrap(&honest.kid, honest.purpose, &honest.wrapped).unwrap();
        let kid = "chosen".to_owned();
        let wrapped = kek().wrap(&kid, honest.purpose, &private, &TestEntropy::new(2)).unwrap();
        let renamed = KeyRecord { kid: kid.clone(), wrapped, ..honest };
        let refused = KeyRing::open(vec![renamed], &kek()).unwrap_err();
        assert_eq!(refused, KeyRingError::NotAKey { kid });
    }

    #[test]
    fn a_ring_never_prints_its_keys() {
        let ring = KeyRing::open(vec![record(KeyPurpose::SignEdDsa)], &kek()).unwrap();
        let text = format!("{ring:?} {:?}", ring.signer(SigningAlgorithm::EdDsa, T0).unwrap());
        assert!(text.len() < 200, "{text}");
    }
}
