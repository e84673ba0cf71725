//! Private keys at rest: sealed under one key-encryption key, which comes from file or environment or
//! never leaves a device. What is written is the same either way.

use std::fmt;
use std::sync::Arc;

use identity_core::Entropy;
use identity_core::key::KeyPurpose;
use identity_core::secret::SecretBytes;
use identity_core::time::random_bytes;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::device::{DeviceError, KeyDevice};

/// The first byte of everything wrapped: AES-256-GCM, 96-bit random nonce, bound to kid and purpose.
const VERSION: u8 = 1;

/// The key that wraps keys (256 bits). It wraps a few thousand keys in its life, far from where
/// random nonces wear out.
pub struct KeyEncryptionKey(Place);

enum Place {
    Memory(Box<LessSafeKey>),
    Device { device: Arc<dyn KeyDevice>, label: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyEncryptionKeyError {
    #[error("a key-encryption key is 64 hexadecimal digits")]
    NotHex,
    #[error("the key-encryption key cannot be used")]
    Unusable,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    #[error("the key cannot be wrapped")]
    Wrap,
    /// Another key-encryption key, another kid or purpose, another version, or altered bytes.
    #[error("the wrapped key does not open")]
    Unwrap,
    #[error(transparent)]
    Device(DeviceError),
}

impl KeyEncryptionKey {
    /// Wiping `bytes` stays with the caller, whose they are.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyEncryptionKeyError> {
        UnboundKey::new(&AES_256_GCM, bytes)
            .map(|key| Self(Place::Memory(Box::new(LessSafeKey::new(key)))))
            .map_err(|_| KeyEncryptionKeyError::Unusable)
    }

    /// The key called `label` in `device`.
    pub fn in_device(device: Arc<dyn KeyDevice>, label: impl Into<String>) -> Self {
        Self(Place::Device { device, label: label.into() })
    }

    /// From 64 hexadecimal digits, white space around them ignored: the form of a key file.
    pub fn from_hex(text: &str) -> Result<Self, KeyEncryptionKeyError> {
        let text = text.trim();
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(KeyEncryptionKeyError::NotHex);
        }
        let mut bytes = Zeroizing::new([0; 32]);
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            let pair = text.get(at..at + 2).unwrap_or_default();
            *byte = u8::from_str_radix(pair, 16).map_err(|_| KeyEncryptionKeyError::NotHex)?;
        }
        Self::from_bytes(&bytes)
    }

    /// Layout: version (1) | nonce (12) | ciphertext and tag.
    pub fn wrap(
        &self,
        kid: &str,
        purpose: KeyPurpose,
        plaintext: &SecretBytes,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, WrapError> {
        let nonce: [u8; NONCE_LEN] = random_bytes(entropy);
        let bound_to = associated_data(kid, purpose);
        let body = match &self.0 {
            Place::Memory(key) => seal(key, nonce, &bound_to, plaintext)?,
            Place::Device { device, label } => {
                device.seal(label, &nonce, &bound_to, plaintext).map_err(WrapError::Device)?
            }
        };
        Ok([&[VERSION], nonce.as_slice(), &body].concat())
    }

    pub fn unwrap(
        &self,
        kid: &str,
        purpose: KeyPurpose,
        wrapped: &[u8],
    ) -> Result<SecretBytes, WrapError> {
        let (&VERSION, rest) = wrapped.split_first().ok_or(WrapError::Unwrap)? else {
            return Err(WrapError::Unwrap);
        };
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(WrapError::Unwrap)?;
        let bound_to = associated_data(kid, purpose);
        match &self.0 {
            Place::Memory(key) => open(key, *nonce, &bound_to, body),
            Place::Device { device, label } => {
                device.open(label, nonce, &bound_to, body).map_err(|error| match error {
                    DeviceError::Refused(_) => WrapError::Unwrap,
                    other => WrapError::Device(other),
                })
            }
        }
    }
}

fn seal(
    key: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    bound_to: &[u8],
    plaintext: &SecretBytes,
) -> Result<Vec<u8>, WrapError> {
    let mut body = plaintext.expose().to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::from(bound_to), &mut body)
        .map_err(|_| WrapError::Wrap)?;
    Ok(body)
}

fn open(
    key: &LessSafeKey,
    nonce: [u8; NONCE_LEN],
    bound_to: &[u8],
    sealed: &[u8],
) -> Result<SecretBytes, WrapError> {
    let mut body = sealed.to_vec();
    let nonce = Nonce::assume_unique_for_key(nonce);
    let length = key
        .open_in_place(nonce, Aad::from(bound_to), &mut body)
        .map_err(|_| WrapError::Unwrap)?
        .len();
    body.truncate(length);
    Ok(SecretBytes::new(body))
}

impl fmt::Debug for KeyEncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyEncryptionKey(…)")
    }
}

/// Names version, purpose and kid, so that a wrapped key cannot be moved to another row.
fn associated_data(kid: &str, purpose: KeyPurpose) -> Vec<u8> {
    let purpose = match purpose {
        KeyPurpose::SignEs256 => "sign_es256",
        KeyPurpose::SignRs256 => "sign_rs256",
        KeyPurpose::SignEdDsa => "sign_ed_dsa",
        KeyPurpose::Seal => "seal",
    };
    format!("vneid wrapped key\0{VERSION}\0{purpose}\0{kid}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestEntropy, kek};

    fn wrapped() -> Vec<u8> {
        let secret = SecretBytes::new(b"a private key".to_vec());
        kek().wrap("k1", KeyPurpose::SignEs256, &secret, &TestEntropy::new(1)).unwrap()
    }

    #[test]
    fn a_wrapped_key_opens_only_under_its_own_name_purpose_and_key() {
        let opened = kek().unwrap("k1", KeyPurpose::SignEs256, &wrapped()).unwrap();
        assert_eq!(opened.expose(), b"a private key");
        let other = KeyEncryptionKey::from_bytes(&[9; 32]).unwrap();
        assert!(kek().unwrap("k2", KeyPurpose::SignEs256, &wrapped()).is_err());
        assert!(kek().unwrap("k1", KeyPurpose::Seal, &wrapped()).is_err());
        assert!(other.unwrap("k1", KeyPurpose::SignEs256, &wrapped()).is_err());
    }

    #[test]
    fn no_byte_of_a_wrapped_key_may_change_and_none_may_be_cut() {
        let whole = wrapped();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert!(kek().unwrap("k1", KeyPurpose::SignEs256, &changed).is_err(), "{at}");
            assert!(kek().unwrap("k1", KeyPurpose::SignEs256, &whole[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn the_key_encryption_key_never_prints_and_reads_only_hex() {
        assert_eq!(format!("{:?}", kek()), "KeyEncryptionKey(…)");
        assert!(KeyEncryptionKey::from_hex(&format!("{}\n", "0f".repeat(32))).is_ok());
        for bad in ["", "0f", &"0g".repeat(32), &"+f".repeat(32), &"0f".repeat(33)] {
            assert_eq!(KeyEncryptionKey::from_hex(bad).unwrap_err(), KeyEncryptionKeyError::NotHex);
        }
    }
}
