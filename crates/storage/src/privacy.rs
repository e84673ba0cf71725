//! How personal data rests: every subject's data under a key of its own, and look-ups by keyed
//! digests. Adapters share this, so that a row means the same in every database.
//!
//! ```text
//! master key ── wraps ──> subject key ── seals ──> subject, credentials
//! index key  ── HMAC(name) ──> blind index, the only thing a name is found by
//! ```
//!
//! Erasure destroys the wrapped subject key: nothing sealed under it in this database opens again. A
//! backup holds the wrapped key as well, until the backup itself is gone (Personal Data Protection Law
//! art. 14; ATK-124).

use std::fmt;
use std::sync::Arc;

use identity_core::time::random_bytes;
use identity_core::{AuthenticatorId, Entropy, SubjectId};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::ports::StoreResult;

const KEY_LENGTH: usize = 32;
type KeyBytes = Zeroizing<[u8; KEY_LENGTH]>;
/// First byte of everything sealed here: AES-256-GCM, 96-bit nonce, 128-bit tag.
const FORMAT: u8 = 1;

/// The two keys of an installation. They never enter the database that they protect.
pub struct PersonalDataKeys {
    master: KeyBytes,
    index: hmac::Key,
}

impl PersonalDataKeys {
    pub fn new(master: [u8; KEY_LENGTH], index: [u8; KEY_LENGTH]) -> Self {
        Self {
            master: Zeroizing::new(master),
            index: hmac::Key::new(hmac::HMAC_SHA256, &*Zeroizing::new(index)),
        }
    }
}

impl fmt::Debug for PersonalDataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalDataKeys(…)")
    }
}

/// The data key of one subject, unwrapped. It knows whose it is: what it seals for one person
/// does not open as another's.
pub struct SubjectKey {
    subject: SubjectId,
    key: KeyBytes,
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubjectKey({}, …)", self.subject)
    }
}

/// A subject key as it rests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WrappedKey(pub Vec<u8>);

/// What is sealed. The field is authenticated, so no column can be moved into another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SealedField {
    Subject,
    Credential(AuthenticatorId),
}

/// Seals, opens and indexes for an adapter.
pub struct PersonalDataCipher {
    keys: PersonalDataKeys,
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for PersonalDataCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonalDataCipher(…)")
    }
}

impl PersonalDataCipher {
    pub fn new(keys: PersonalDataKeys, entropy: Arc<dyn Entropy>) -> Self {
        Self { keys, entropy }
    }

    /// A fresh data key for `subject`, and the form to store.
    ///
    /// One master key wraps at most 2^32 keys under random nonces (NIST SP 800-38D §8.3): forty
    /// times the population.
    pub fn new_key(&self, subject: SubjectId) -> StoreResult<(SubjectKey, WrappedKey)> {
        let key = Zeroizing::new(random_bytes::<KEY_LENGTH>(&*self.entropy));
        let wrapped = self.seal(&self.keys.master, &key_context(subject), key.to_vec())?;
        Ok((SubjectKey { subject, key }, WrappedKey(wrapped)))
    }

    pub fn open_key(&self, subject: SubjectId, wrapped: &[u8]) -> StoreResult<SubjectKey> {
        let opened = open(&self.keys.master, &key_context(subject), wrapped)?;
        let key = opened.as_slice().try_into().map_err(|_| does_not_open())?;
        Ok(SubjectKey { subject, key: Zeroizing::new(key) })
    }

    pub fn seal_field(
        &self,
        key: &SubjectKey,
        field: SealedField,
        plaintext: Vec<u8>,
    ) -> StoreResult<Vec<u8>> {
        self.seal(&key.key, &field_context(key.subject, field), plaintext)
    }

    pub fn open_field(
        &self,
        key: &SubjectKey,
        field: SealedField,
        sealed: &[u8],
    ) -> StoreResult<Zeroizing<Vec<u8>>> {
        open(&key.key, &field_context(key.subject, field), sealed)
    }

    /// What `input` is found by. Without the index key it tells nothing: twelve digits are few
    /// enough to try all of them against a plain digest.
    pub fn blind_index(&self, input: &str) -> [u8; 32] {
        let mut index = [0; 32];
        let tag = hmac::sign(&self.keys.index, input.as_bytes());
        for (to, from) in index.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        index
    }

    /// `FORMAT ‖ nonce ‖ ciphertext ‖ tag`. The plaintext is overwritten by its ciphertext.
    fn seal(&self, key: &KeyBytes, context: &str, mut plaintext: Vec<u8>) -> StoreResult<Vec<u8>> {
        let nonce = random_bytes::<NONCE_LEN>(&*self.entropy);
        aead(key)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(context.as_bytes()),
                &mut plaintext,
            )
            .map_err(|_| StoreError::corrupt("too long to be sealed"))?;
        Ok([&[FORMAT], nonce.as_slice(), plaintext.as_slice()].concat())
    }
}

fn open(key: &KeyBytes, context: &str, sealed: &[u8]) -> StoreResult<Zeroizing<Vec<u8>>> {
    let (format, rest) = sealed.split_first().ok_or_else(does_not_open)?;
    let (nonce, ciphertext) = rest.split_at_checked(NONCE_LEN).ok_or_else(does_not_open)?;
    if *format != FORMAT {
        return Err(does_not_open());
    }
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| does_not_open())?;
    let mut buffer = Zeroizing::new(ciphertext.to_vec());
    let length = aead(key)?
        .open_in_place(nonce, Aad::from(context.as_bytes()), &mut buffer)
        .map_err(|_| does_not_open())?
        .len();
    buffer.truncate(length);
    Ok(buffer)
}

fn aead(key: &KeyBytes) -> StoreResult<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key.as_slice()).map(LessSafeKey::new).map_err(|_| does_not_open())
}

fn key_context(subject: SubjectId) -> String {
    format!("vneid personal data/key/{subject}")
}

fn field_context(subject: SubjectId, field: SealedField) -> String {
    match field {
        SealedField::Subject => format!("vneid personal data/subject/{subject}"),
        SealedField::Credential(authenticator) => {
            format!("vneid personal data/credential/{subject}/{authenticator}")
        }
    }
}

fn does_not_open() -> StoreError {
    StoreError::corrupt("sealed personal data does not open with the configured keys")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill_with(|| self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    fn cipher(master: u8, index: u8) -> PersonalDataCipher {
        let keys = PersonalDataKeys::new([master; 32], [index; 32]);
        PersonalDataCipher::new(keys, Arc::new(Counting(AtomicU8::new(0))))
    }

    fn subject(seed: u8) -> SubjectId {
        SubjectId::random(&Counting(AtomicU8::new(seed)))
    }

    #[test]
    fn sealed_fields_open_only_for_their_subject_field_and_key() {
        let cipher = cipher(1, 2);
        let (key, wrapped) = cipher.new_key(subject(0)).unwrap();
        let sealed = cipher.seal_field(&key, SealedField::Subject, b"Lan".to_vec()).unwrap();

        let key = cipher.open_key(subject(0), &wrapped.0).unwrap();
        let opened = cipher.open_field(&key, SealedField::Subject, &sealed).unwrap();
        assert_eq!(opened.as_slice(), b"Lan");

        let credential =
            SealedField::Credential(identity_core::AuthenticatorId::from_uuid(subject(0).uuid()));
        assert!(cipher.open_field(&key, credential, &sealed).is_err(), "another field");
        assert!(cipher.open_key(subject(9), &wrapped.0).is_err(), "another subject");
        let (other, _) = cipher.new_key(subject(0)).unwrap();
        assert!(cipher.open_field(&other, SealedField::Subject, &sealed).is_err(), "another key");
        assert!(super::tests::cipher(3, 2).open_key(subject(0), &wrapped.0).is_err());
    }

    #[test]
    fn every_altered_or_missing_byte_is_noticed() {
        let cipher = cipher(1, 2);
        let (key, _) = cipher.new_key(subject(0)).unwrap();
        let sealed = cipher.seal_field(&key, SealedField::Subject, b"Lan".to_vec()).unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(cipher.open_field(&key, SealedField::Subject, &altered).is_err(), "{at}");
            assert!(cipher.open_field(&key, SealedField::Subject, &sealed[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn one_plaintext_never_seals_to_one_ciphertext() {
        let cipher = cipher(1, 2);
        let (key, _) = cipher.new_key(subject(0)).unwrap();
        let seal = || cipher.seal_field(&key, SealedField::Subject, b"Lan".to_vec()).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn blind_indexes_depend_on_input_and_key() {
        let index = |key: u8, input: &str| cipher(1, key).blind_index(input);
        assert_eq!(index(2, "number:067301001234"), index(2, "number:067301001234"));
        assert_ne!(index(2, "number:067301001234"), index(2, "number:067301001235"));
        assert_ne!(index(2, "number:067301001234"), index(3, "number:067301001234"));
    }

    #[test]
    fn keys_never_print() {
        // ATK-124
        assert_eq!(format!("{:?}", PersonalDataKeys::new([7; 32], [7; 32])), "PersonalDataKeys(…)");
        assert!(!format!("{:?}", cipher(7, 7)).contains('7'));
    }
}
