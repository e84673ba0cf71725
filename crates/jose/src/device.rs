//! What a device that holds keys does for us: a hardware security module, as this crate sees one.

use std::fmt;

use identity_core::secret::SecretBytes;

use crate::algorithm::SigningAlgorithm;
use crate::public_key::PublicKey;

/// Where the private half of a key is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyHome {
    /// In the database, wrapped, and opened in the memory of every node.
    Database,
    /// In a device that uses it and never gives it out.
    Device,
}

/// A nonce of AES-GCM (NIST SP 800-38D §8.2.2: 96 random bits).
pub type DeviceNonce = [u8; 12];

/// Keys are named by `kid` (signing keys) or by the label an operator chose (key-encryption keys).
///
/// Every call may block on a bus or a network: whoever is asynchronous calls it off its workers.
pub trait KeyDevice: Send + Sync {
    /// Whether the device can make and use keys of this algorithm.
    fn can_sign(&self, algorithm: SigningAlgorithm) -> Result<bool, DeviceError>;

    /// Makes a signing key that never leaves, named by the thumbprint of what is returned.
    fn generate(&self, algorithm: SigningAlgorithm) -> Result<PublicKey, DeviceError>;

    /// Forgets a signing key. One that is not there is forgotten already.
    fn destroy(&self, kid: &str) -> Result<(), DeviceError>;

    /// The raw signature as JWS wants it (r‖s for ES256).
    fn sign(
        &self,
        kid: &str,
        algorithm: SigningAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, DeviceError>;

    /// Makes an AES-256 key that never leaves; refuses where one of that label is.
    fn generate_encryption_key(&self, label: &str) -> Result<(), DeviceError>;

    /// AES-256-GCM; the tag follows the ciphertext.
    fn seal(
        &self,
        label: &str,
        nonce: &DeviceNonce,
        associated_data: &[u8],
        plaintext: &SecretBytes,
    ) -> Result<Vec<u8>, DeviceError>;

    fn open(
        &self,
        label: &str,
        nonce: &DeviceNonce,
        associated_data: &[u8],
        ciphertext: &[u8],
    ) -> Result<SecretBytes, DeviceError>;
}

impl fmt::Debug for dyn KeyDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDevice")
    }
}

/// "Ours" all of it. None of these says anything about the caller's request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// Unplugged, restarting, unreachable or overloaded: it may work again by itself.
    #[error("the device that holds the keys does not answer ({0})")]
    Away(String),
    /// It is never tried again with the same PIN: devices lock themselves after a few.
    #[error("the device that holds the keys refuses the PIN")]
    PinRefused,
    #[error("the device that holds the keys has no usable key {0}")]
    NoSuchKey(String),
    #[error("the device that holds the keys refuses: {0}")]
    Refused(String),
    #[error("this node is not configured for the device that holds the key")]
    NotConfigured,
}
