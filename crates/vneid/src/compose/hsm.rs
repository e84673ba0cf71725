//! The hardware security module of this node, and who keeps its keys.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use identity_core::secret::SecretBytes;
use jose::device::DeviceNonce;
use jose::pkcs11::{Pkcs11Device, Pkcs11Settings};
use jose::{
    Custody, DeviceError, KeyDevice, KeyEncryptionKey, KeyHome, PublicKey, SigningAlgorithm,
};
use tokio::runtime::{Handle, RuntimeFlavor};

use super::StartError;
use crate::config::{Config, Hsm, KeyEncryption};

/// A device that keeps worker threads free while it works, and says once when it went away and once
/// when it is back.
struct Attended<D> {
    device: D,
    away: AtomicBool,
}

/// The token the configuration names. Nothing is loaded before it is needed: a node that only
/// verifies never touches it.
pub fn device(hsm: &Hsm) -> Arc<dyn KeyDevice> {
    let device = Pkcs11Device::new(Pkcs11Settings {
        module: hsm.module.clone(),
        token_label: hsm.token_label.clone(),
        pin: hsm.pin.clone(),
        sessions: hsm.sessions,
    });
    Arc::new(Attended { device, away: AtomicBool::new(false) })
}

pub fn custody(config: &Config) -> Result<Custody, StartError> {
    let device = config.hsm.as_ref().map(device);
    let key = |which: &KeyEncryption| key_encryption_key(which, device.as_ref());
    let current = key(&config.keys.key_encryption)?;
    let previous = config.keys.previous_key_encryption.as_ref().map(key).transpose()?;
    let custody = Custody::new(current).following(previous);
    let home = match &config.hsm {
        Some(hsm) if hsm.signing => KeyHome::Device,
        Some(_) | None => KeyHome::Database,
    };
    Ok(match device {
        Some(device) => custody.with_device(device, home),
        None => custody,
    })
}

fn key_encryption_key(
    which: &KeyEncryption,
    device: Option<&Arc<dyn KeyDevice>>,
) -> Result<KeyEncryptionKey, StartError> {
    match (which, device) {
        (KeyEncryption::Key(key), _) => {
            KeyEncryptionKey::from_bytes(key.expose()).map_err(|_| StartError::KeyEncryptionKey)
        }
        (KeyEncryption::InToken { label }, Some(device)) => {
            Ok(KeyEncryptionKey::in_device(Arc::clone(device), label))
        }
        (KeyEncryption::InToken { .. }, None) => Err(StartError::KeyEncryptionKey),
    }
}

impl<D: KeyDevice> Attended<D> {
    fn run<T>(&self, work: impl FnOnce(&D) -> Result<T, DeviceError>) -> Result<T, DeviceError> {
        let result = off_the_workers(|| work(&self.device));
        match &result {
            Err(error @ (DeviceError::Away(_) | DeviceError::PinRefused)) => {
                if !self.away.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "keys in the hardware security module cannot be used");
                }
            }
            Ok(_) if self.away.swap(false, Ordering::Relaxed) => {
                tracing::info!("the hardware security module works again");
            }
            Ok(_)
            | Err(
                DeviceError::NoSuchKey(_) | DeviceError::Refused(_) | DeviceError::NotConfigured,
            ) => {}
        }
        result
    }
}

/// Calls into the module block: while one does, its thread is no worker. A runtime with one thread
/// alone has none to spare; that is a test's.
fn off_the_workers<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        Ok(_) | Err(_) => work(),
    }
}

impl<D: KeyDevice> KeyDevice for Attended<D> {
    fn can_sign(&self, algorithm: SigningAlgorithm) -> Result<bool, DeviceError> {
        self.run(|device| device.can_sign(algorithm))
    }

    fn generate(&self, algorithm: SigningAlgorithm) -> Result<PublicKey, DeviceError> {
        self.run(|device| device.generate(algorithm))
    }

    fn destroy(&self, kid: &str) -> Result<(), DeviceError> {
        self.run(|device| device.destroy(kid))
    }

    fn sign(
        &self,
        kid: &str,
        algorithm: SigningAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, DeviceError> {
        self.run(|device| device.sign(kid, algorithm, message))
    }

    fn generate_encryption_key(&self, label: &str) -> Result<(), DeviceError> {
        self.run(|device| device.generate_encryption_key(label))
    }

    fn seal(
        &self,
        label: &str,
        nonce: &DeviceNonce,
        associated_data: &[u8],
        plaintext: &SecretBytes,
    ) -> Result<Vec<u8>, DeviceError> {
        self.run(|device| device.seal(label, nonce, associated_data, plaintext))
    }

    fn open(
        &self,
        label: &str,
        nonce: &DeviceNonce,
        associated_data: &[u8],
        ciphertext: &[u8],
    ) -> Result<SecretBytes, DeviceError> {
        self.run(|device| device.open(label, nonce, associated_data, ciphertext))
    }
}
