//! Who keeps private keys, and who is asked to bring one out.
//!
//! ```text
//!  KeyRecord.wrapped ── key-encryption key ──┬─▶ a private key          opened in memory
//!    (memory, or in a device)                └─▶ the public half only   the device signs
//! ```

use std::sync::Arc;

use identity_core::Entropy;
use identity_core::key::KeyRecord;
use identity_core::secret::SecretBytes;

use crate::algorithm::SigningAlgorithm;
use crate::device::{KeyDevice, KeyHome};
use crate::keyring::{
    KeyOrder, KeyRing, KeyRingError, generate_first_sealing_key, generate_in_device, generate_key,
    home_of,
};
use crate::wrap::{KeyEncryptionKey, WrapError};

/// Everything that opens, makes and rewraps keys. Its calls may block on a device.
pub struct Custody {
    kek: KeyEncryptionKey,
    /// The key-encryption key before this one, while records are still wrapped by it.
    previous: Option<KeyEncryptionKey>,
    device: Option<Arc<dyn KeyDevice>>,
    signing: KeyHome,
}

impl Custody {
    pub const fn new(kek: KeyEncryptionKey) -> Self {
        Self { kek, previous: None, device: None, signing: KeyHome::Database }
    }

    #[must_use]
    pub fn following(mut self, previous: Option<KeyEncryptionKey>) -> Self {
        self.previous = previous;
        self
    }

    /// `signing`: where signing keys are made from now on. Those in the device are used there
    /// whatever it says.
    #[must_use]
    pub fn with_device(mut self, device: Arc<dyn KeyDevice>, signing: KeyHome) -> Self {
        self.device = Some(device);
        self.signing = signing;
        self
    }

    /// Opens what `known` has not opened already.
    pub fn open(
        &self,
        records: Vec<KeyRecord>,
        known: Option<&KeyRing>,
    ) -> Result<KeyRing, KeyRingError> {
        let empty = KeyRing::empty();
        let unwrap = |record: &KeyRecord| self.unwrap(record);
        known.unwrap_or(&empty).extended(records, &unwrap, self.device.as_ref())
    }

    /// A fresh key beside `existing` ones, ready to be stored.
    pub fn generate(
        &self,
        order: KeyOrder,
        existing: &[KeyRecord],
        entropy: &dyn Entropy,
    ) -> Result<KeyRecord, KeyRingError> {
        let kek = self.in_use(existing)?;
        let KeyOrder { purpose, created_at, activates_at } = order;
        match (SigningAlgorithm::from_purpose(purpose), self.signing, &self.device) {
            (Some(algorithm), KeyHome::Device, Some(device)) if device.can_sign(algorithm)? => {
                generate_in_device(order, algorithm, device.as_ref(), kek, entropy)
            }
            (None, _, _) if !existing.iter().any(|record| record.purpose == purpose) => {
                generate_first_sealing_key(order, kek, entropy)
            }
            _ => generate_key(purpose, created_at, activates_at, kek, entropy),
        }
    }

    /// Forgets a fresh key that was not stored after all.
    pub fn discard(&self, record: &KeyRecord) -> Result<(), KeyRingError> {
        let opened = self.unwrap(record).map_err(|error| unopened(error, record))?;
        match (home_of(&opened), &self.device) {
            (KeyHome::Device, Some(device)) => Ok(device.destroy(&record.kid)?),
            (KeyHome::Device, None) | (KeyHome::Database, _) => Ok(()),
        }
    }

    /// The record's key under today's key-encryption key; `None` where it is so already.
    pub fn rewrap(
        &self,
        record: &KeyRecord,
        entropy: &dyn Entropy,
    ) -> Result<Option<Vec<u8>>, KeyRingError> {
        if unwrap_with(&self.kek, record).is_ok() {
            return Ok(None);
        }
        let opened = self.unwrap(record).map_err(|error| unopened(error, record))?;
        let wrapped = self.kek.wrap(&record.kid, record.purpose, &opened, entropy);
        wrapped.map(Some).map_err(|error| unopened(error, record))
    }

    fn unwrap(&self, record: &KeyRecord) -> Result<SecretBytes, WrapError> {
        match (unwrap_with(&self.kek, record), &self.previous) {
            (Err(WrapError::Unwrap), Some(previous)) => unwrap_with(previous, record),
            (result, _) => result,
        }
    }

    /// While nodes change from one key-encryption key to the next, new keys are wrapped as the newest
    /// is: before the rewrapping so that nodes with the old one alone open them, after it so that
    /// nodes with the new one alone do.
    fn in_use(&self, existing: &[KeyRecord]) -> Result<&KeyEncryptionKey, KeyRingError> {
        let newest = existing.iter().max_by_key(|record| (record.created_at, &record.kid));
        let (Some(previous), Some(newest)) = (&self.previous, newest) else {
            return Ok(&self.kek);
        };
        match unwrap_with(&self.kek, newest) {
            Ok(_) => Ok(&self.kek),
            Err(WrapError::Unwrap | WrapError::Wrap) => Ok(previous),
            Err(WrapError::Device(error)) => Err(error.into()),
        }
    }
}

fn unwrap_with(kek: &KeyEncryptionKey, record: &KeyRecord) -> Result<SecretBytes, WrapError> {
    kek.unwrap(&record.kid, record.purpose, &record.wrapped)
}

fn unopened(error: WrapError, record: &KeyRecord) -> KeyRingError {
    match error {
        WrapError::Device(error) => error.into(),
        WrapError::Unwrap => KeyRingError::DoesNotOpen { kid: record.kid.clone() },
        WrapError::Wrap => KeyRingError::Generation,
    }
}

#[cfg(test)]
mod tests;
