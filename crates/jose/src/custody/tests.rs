use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use identity_core::key::KeyPurpose;

use super::*;
use crate::device::{DeviceError, DeviceNonce};
use crate::jws::{TokenType, sign};
use crate::public_key::PublicKey;
use crate::signing_key::{SignError, SigningKey, generate_pkcs8};
use crate::testing::{T0, TestEntropy, kek, seconds};

/// A device as a map, with a plug to pull. It signs nothing but ES256.
#[derive(Default)]
struct Drawer {
    signing: Mutex<HashMap<String, SigningKey>>,
    unplugged: AtomicBool,
}

impl Drawer {
    fn plugged(&self) -> Result<(), DeviceError> {
        if self.unplugged.load(Ordering::Relaxed) {
            return Err(DeviceError::Away("unplugged".into()));
        }
        Ok(())
    }

    /// Its own key-encryption keys: any label, another key for each.
    fn inner(label: &str) -> KeyEncryptionKey {
        KeyEncryptionKey::from_bytes(&crate::digest::sha256(label.as_bytes())).unwrap()
    }
}

impl KeyDevice for Drawer {
    fn can_sign(&self, algorithm: SigningAlgorithm) -> Result<bool, DeviceError> {
        self.plugged()?;
        Ok(algorithm == SigningAlgorithm::Es256)
    }

    fn generate(&self, algorithm: SigningAlgorithm) -> Result<PublicKey, DeviceError> {
        self.plugged()?;
        let key = SigningKey::from_pkcs8(algorithm, &generate_pkcs8(algorithm).unwrap()).unwrap();
        let public = PublicKey::from_jwk(key.jwk()).unwrap();
        self.signing.lock().unwrap().insert(key.kid().to_owned(), key);
        Ok(public)
    }

    fn destroy(&self, kid: &str) -> Result<(), DeviceError> {
        self.signing.lock().unwrap().remove(kid);
        Ok(())
    }

    fn sign(&self, kid: &str, _: SigningAlgorithm, message: &[u8]) -> Result<Vec<u8>, DeviceError> {
        self.plugged()?;
        let keys = self.signing.lock().unwrap();
        let key = keys.get(kid).ok_or_else(|| DeviceError::NoSuchKey(kid.to_owned()))?;
        Ok(key.sign_bytes(message).unwrap())
    }

    fn generate_encryption_key(&self, _: &str) -> Result<(), DeviceError> {
        self.plugged()
    }

    fn seal(
        &self,
        label: &str,
        nonce: &DeviceNonce,
        bound_to: &[u8],
        plaintext: &SecretBytes,
    ) -> Result<Vec<u8>, DeviceError> {
        self.plugged()?;
        let kid = format!("{nonce:?}{bound_to:?}");
        let entropy = TestEntropy::new(3);
        Ok(Self::inner(label).wrap(&kid, KeyPurpose::Seal, plaintext, &entropy).unwrap())
    }

    fn open(
        &self,
        label: &str,
        nonce: &DeviceNonce,
        bound_to: &[u8],
        ciphertext: &[u8],
    ) -> Result<SecretBytes, DeviceError> {
        self.plugged()?;
        let kid = format!("{nonce:?}{bound_to:?}");
        let opened = Self::inner(label).unwrap(&kid, KeyPurpose::Seal, ciphertext);
        opened.map_err(|_| DeviceError::Refused("tag".into()))
    }
}

fn order(purpose: KeyPurpose) -> KeyOrder {
    KeyOrder { purpose, created_at: T0, activates_at: T0 }
}

fn in_drawer(drawer: &Arc<Drawer>) -> Custody {
    let device: Arc<dyn KeyDevice> = Arc::clone(drawer) as _;
    Custody::new(kek()).with_device(device, KeyHome::Device)
}

fn made(custody: &Custody, purpose: KeyPurpose, existing: &[KeyRecord]) -> KeyRecord {
    custody.generate(order(purpose), existing, &TestEntropy::new(8)).unwrap()
}

#[test]
fn a_key_in_a_device_signs_there_and_anybody_who_can_unwrap_verifies() {
    let drawer = Arc::default();
    let custody = in_drawer(&drawer);
    let record = made(&custody, KeyPurpose::SignEs256, &[]);
    let ring = custody.open(vec![record.clone()], None).unwrap();
    assert_eq!(ring.home(&record.kid), Some(KeyHome::Device));
    let signer = ring.signer(SigningAlgorithm::Es256, T0).unwrap();
    let token = sign(&"claims", TokenType::IdToken, signer).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = crate::digest::base64url_decode(signature).unwrap();

    // A node without the device: it verifies and publishes, and says why it cannot sign.
    let bare = KeyRing::open(vec![record.clone()], &kek()).unwrap();
    let verifier = bare.verifying_key(&record.kid, T0).unwrap();
    assert!(verifier.verify(input.as_bytes(), &signature).is_ok());
    assert_eq!(bare.jwks(T0).kids().collect::<Vec<_>>(), [record.kid.as_str()]);
    let signer = bare.signer(SigningAlgorithm::Es256, T0).unwrap();
    let refused = sign(&"claims", TokenType::IdToken, signer).unwrap_err();
    assert!(matches!(refused, SignError::Device(DeviceError::NotConfigured)));
}

#[test]
fn a_device_that_is_away_says_so_and_what_lies_elsewhere_goes_on() {
    let drawer: Arc<Drawer> = Arc::default();
    let custody = in_drawer(&drawer);
    let mut records = vec![made(&custody, KeyPurpose::SignEs256, &[])];
    // It cannot do this one, so the key is wrapped like any other.
    records.push(made(&custody, KeyPurpose::SignEdDsa, &records));
    let ring = custody.open(records.clone(), None).unwrap();
    drawer.unplugged.store(true, Ordering::Relaxed);
    let signs =
        |algorithm| sign(&"claims", TokenType::IdToken, ring.signer(algorithm, T0).unwrap());
    let away = signs(SigningAlgorithm::Es256).unwrap_err();
    assert!(matches!(away, SignError::Device(DeviceError::Away(_))), "{away}");
    assert!(signs(SigningAlgorithm::EdDsa).is_ok());
    assert_eq!(ring.home(&records[1].kid), Some(KeyHome::Database));
}

#[test]
fn nobody_puts_a_public_key_of_their_own_into_the_database() {
    // Who can write rows but not wrap.
    let foreign = Custody::new(KeyEncryptionKey::from_bytes(&[9; 32]).unwrap())
        .with_device(Arc::new(Drawer::default()), KeyHome::Device);
    let record = made(&foreign, KeyPurpose::SignEs256, &[]);
    assert!(in_drawer(&Arc::default()).open(vec![record.clone()], None).is_err());
    // A genuine reference under another name or purpose.
    let custody = in_drawer(&Arc::default());
    let genuine = made(&custody, KeyPurpose::SignEs256, &[]);
    for moved in [
        KeyRecord { kid: record.kid, ..genuine.clone() },
        KeyRecord { purpose: KeyPurpose::SignRs256, ..genuine },
    ] {
        assert!(custody.open(vec![moved], None).is_err());
    }
}

#[test]
fn a_key_that_was_not_stored_leaves_the_device() {
    let drawer: Arc<Drawer> = Arc::default();
    let custody = in_drawer(&drawer);
    let record = made(&custody, KeyPurpose::SignEs256, &[]);
    assert_eq!(drawer.signing.lock().unwrap().len(), 1);
    custody.discard(&record).unwrap();
    custody.discard(&made(&custody, KeyPurpose::Seal, &[])).unwrap();
    assert!(drawer.signing.lock().unwrap().is_empty());
}

#[test]
fn the_first_sealing_key_has_one_name_everywhere_and_later_ones_do_not() {
    let custody = Custody::new(kek());
    let first = made(&custody, KeyPurpose::Seal, &[]);
    assert_eq!(first.kid, "0000000000000001");
    let second = made(&custody, KeyPurpose::Seal, std::slice::from_ref(&first));
    assert_ne!(second.kid, first.kid);
}

#[test]
fn keys_move_from_one_key_encryption_key_to_the_next() {
    let drawer: Arc<Drawer> = Arc::default();
    let in_device =
        |label: &str| KeyEncryptionKey::in_device(Arc::clone(&drawer) as Arc<dyn KeyDevice>, label);
    let before = Custody::new(kek());
    let mut records = vec![made(&before, KeyPurpose::Seal, &[])];
    let both = Custody::new(in_device("kek-1")).following(Some(kek()));
    // Nodes that know the old one alone still open what is made meanwhile.
    records.push(made(&both, KeyPurpose::SignEs256, &records));
    assert!(before.open(records.clone(), None).is_ok());

    let rewrap = |custody: &Custody, records: &mut Vec<KeyRecord>| {
        let mut count = 0;
        for record in records {
            if let Some(wrapped) = custody.rewrap(record, &TestEntropy::new(6)).unwrap() {
                record.wrapped = wrapped;
                count += 1;
            }
        }
        count
    };
    assert_eq!((rewrap(&both, &mut records), rewrap(&both, &mut records)), (2, 0));
    records.push(made(&both, KeyPurpose::SignEdDsa, &records));
    let after = Custody::new(in_device("kek-1"));
    assert!(after.open(records.clone(), None).is_ok());
    assert!(before.open(records.clone(), None).is_err());
    let wrong = Custody::new(in_device("kek-2"));
    assert!(matches!(wrong.open(records.clone(), None), Err(KeyRingError::DoesNotOpen { .. })));

    // Out of reach: the keys that are open stay open, and a leaked one is known to have leaked.
    let ring = after.open(records.clone(), None).unwrap();
    drawer.unplugged.store(true, Ordering::Relaxed);
    assert!(matches!(after.open(records.clone(), None), Err(KeyRingError::Device(_))));
    assert!(after.open(records.clone(), Some(&ring)).is_ok());
    records[0].compromised_at = Some(T0);
    let rescheduled = ring.rescheduled(&records);
    assert_eq!(rescheduled.lacking(T0), [KeyPurpose::SignRs256, KeyPurpose::Seal]);
    assert!(ring.lacking(T0.plus(seconds(1))) == [KeyPurpose::SignRs256]);
}
