//! Keys in SoftHSM2, a hardware security module made of files.
//!
//! The module reads `SOFTHSM2_CONF` from its process' environment, so each case runs in a process of
//! its own: this binary again, told which case it is.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use identity_core::key::{KeyPurpose, KeyRecord};
use identity_core::secret::SecretBytes;
use identity_core::{Entropy, Timestamp};
use jose::keyring::KeyOrder;
use jose::pkcs11::{Pkcs11Device, Pkcs11Settings};
use jose::{
    Custody, DeviceError, KeyDevice, KeyEncryptionKey, KeyHome, KeyRingError, SigningAlgorithm,
    TokenType, sign,
};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const PIN: &str = "1234";

struct Fixed;

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// Runs `case` in a process with an empty token of its own.
fn in_a_process_with_a_token(case: &str) {
    if std::env::var_os("SOFTHSM2_CONF").is_some() {
        return;
    }
    assert!(
        Path::new(MODULE).exists(),
        "SoftHSM2 is needed for this test: apt-get install softhsm2"
    );
    let directory = tempfile::tempdir().unwrap();
    let tokens = directory.path().join("tokens");
    std::fs::create_dir(&tokens).unwrap();
    let configuration = directory.path().join("softhsm2.conf");
    let text = format!("directories.tokendir = {}\n", tokens.display());
    std::fs::write(&configuration, text).unwrap();
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", "vneid", "--pin", PIN, "--so-pin", "5678"])
        .env("SOFTHSM2_CONF", &configuration)
        .output()
        .expect("softhsm2-util runs");
    assert!(made.status.success(), "{made:?}");
    let ran = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", case])
        .env("SOFTHSM2_CONF", &configuration)
        .env("TOKENS", &tokens)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && said.contains("1 passed"), "{said}{ran:?}");
}

fn device_with(pin: &str) -> Arc<Pkcs11Device> {
    Arc::new(Pkcs11Device::new(Pkcs11Settings {
        module: PathBuf::from(MODULE),
        token_label: "vneid".into(),
        pin: SecretBytes::new(pin.as_bytes().to_vec()),
        sessions: 2,
    }))
}

fn device() -> Arc<Pkcs11Device> {
    device_with(PIN)
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
fn a_token_that_was_away_is_used_again_when_it_returns() {
    in_a_process_with_a_token("away");
}

#[test]
#[ignore = "run by the test above, in a process of its own"]
fn away() {
    let device = device();
    let kid = device.generate(SigningAlgorithm::Es256).unwrap().jwk().unwrap().common.key_id;
    let kid = kid.unwrap();
    let signs = || device.sign(&kid, SigningAlgorithm::Es256, b"message");
    assert_eq!(signs().unwrap().len(), 64);
    let tokens = PathBuf::from(std::env::var_os("TOKENS").unwrap());
    let elsewhere = tokens.with_extension("away");
    std::fs::rename(&tokens, &elsewhere).unwrap();
    std::fs::create_dir(&tokens).unwrap();
    for _ in 0..3 {
        assert!(matches!(signs().unwrap_err(), DeviceError::Away(_)));
    }
    std::fs::remove_dir(&tokens).unwrap();
    std::fs::rename(&elsewhere, &tokens).unwrap();
    let mut tries = 0;
    while let Err(error) = signs() {
        tries += 1;
        assert!(tries < 100, "{error}");
        // The device rests a while after a failure.
        std::thread::park_timeout(Duration::from_millis(50));
    }
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
