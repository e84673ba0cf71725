//! Keys in SoftHSM2, a hardware security module made of files.
//!
//! The module reads `SOFTHSM2_CONF` from its process' environment, so each case runs in a process of
//! its own: this binary again, told which case it is.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use identity_core::key::{KeyPurpose, KeyRecord};
use identity_core::secret::SecretBytes;
use identity_core::{Entropy, Timestamp};
use jose::keyring::KeyOrder;
use jose::pkcs11::{Pkcs11Device, Pkcs11Settings};
use jose::{
    Custody, DeviceError, KeyDevice, KeyEncryptionKey, KeyHome, KeyRingError, SigningAlgorithm,
    TokenType, sign,
};
use test_servers::SoftHsm;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);

struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// Runs `case` in a process with an empty token of its own.
fn in_a_process_with_a_token(case: &str) {
    let token = SoftHsm::new();
    let (name, file) = token.environment();
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", case])
        .env(name, &file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}{ran:?}");
}

fn device_with(pin: &str) -> Arc<Pkcs11Device> {
    Arc::new(Pkcs11Device::new(Pkcs11Settings {
        module: PathBuf::from(SoftHsm::MODULE),
        token_label: SoftHsm::LABEL.into(),
        pin: SecretBytes::new(pin.as_bytes().to_vec()),
        sessions: 2,
    }))
}

fn device() -> Arc<Pkcs11Device> {
    device_with(SoftHsm::PIN)
}

fn record(custody: &Custody, purpose: KeyPurpose) -> KeyRecord {
    let order = KeyOrder { purpose, created_at: NOW, activates_at: NOW };
    custody.generate(order, &[], &Fixed).unwrap()
}

#[test]
fn every_algorithm_signs_in_the_token_and_verifies_outside() {
    in_a_process_with_a_token("signing");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn signing() {
    let kek = KeyEncryptionKey::from_bytes(&[1; 32]).unwrap();
    let device = device();
    let custody =
        Custody::new(kek).with_device(Arc::clone(&device) as Arc<dyn KeyDevice>, KeyHome::Device);
    for algorithm in SigningAlgorithm::ALL {
        assert!(device.can_sign(algorithm).unwrap(), "{algorithm}");
        let record = record(&custody, algorithm.purpose());
        let ring = custody.open(vec![record.clone()], None).unwrap();
        assert_eq!(ring.home(&record.kid), Some(KeyHome::Device));
        // More threads than sessions.
        std::thread::scope(|scope| {
            for thread in 0..6 {
                let ring = &ring;
                scope.spawn(move || {
                    let signer = ring.signer(algorithm, NOW).unwrap();
                    let token = sign(&thread, TokenType::IdToken, signer).unwrap();
                    let (input, signature) = token.rsplit_once('.').unwrap();
                    let signature = jose::digest::base64url_decode(signature).unwrap();
                    let verifier = ring.verifying_key(signer.kid(), NOW).unwrap();
                    assert!(verifier.verify(input.as_bytes(), &signature).is_ok(), "{algorithm}");
                });
            }
        });
        device.destroy(&record.kid).unwrap();
        let signer = ring.signer(algorithm, NOW).unwrap();
        assert!(sign(&"claims", TokenType::IdToken, signer).is_err());
    }
}

#[test]
fn a_key_encryption_key_in_the_token_wraps_and_never_leaves() {
    in_a_process_with_a_token("wrapping");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn wrapping() {
    let device = device();
    device.generate_encryption_key("kek").unwrap();
    device.generate_encryption_key("other").unwrap();
    assert!(matches!(device.generate_encryption_key("kek"), Err(DeviceError::Refused(_))));
    let under = |label: &str| {
        Custody::new(KeyEncryptionKey::in_device(Arc::clone(&device) as Arc<dyn KeyDevice>, label))
    };
    let record = record(&under("kek"), KeyPurpose::SignEs256);
    assert!(under("kek").open(vec![record.clone()], None).is_ok());
    let wrong = under("other").open(vec![record.clone()], None).unwrap_err();
    assert!(matches!(wrong, KeyRingError::DoesNotOpen { .. }), "{wrong}");
    let missing = under("nobody").open(vec![record], None).unwrap_err();
    assert!(matches!(missing, KeyRingError::Device(DeviceError::NoSuchKey(_))), "{missing}");
}

#[test]
fn a_wrong_pin_is_tried_once() {
    in_a_process_with_a_token("pin");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn pin() {
    let device = device_with("0000");
    for _ in 0..5 {
        let refused = device.generate_encryption_key("kek").unwrap_err();
        assert_eq!(refused, DeviceError::PinRefused);
    }
}
