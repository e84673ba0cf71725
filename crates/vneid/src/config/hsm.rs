//! Where keys are kept: `hsm.*`, and which key wraps the ring.

use std::path::PathBuf;

use identity_core::secret::SecretBytes;
use protocol::Environment;

use super::master_keys::{KeyEncryption, MasterKey};
use super::reading::Reading;

/// A token of a hardware security module, through PKCS#11.
#[derive(Clone)]
pub struct Hsm {
    pub module: PathBuf,
    pub token_label: String,
    pub pin: SecretBytes,
    /// Make signing keys in it.
    pub signing: bool,
    pub sessions: usize,
}

const DEFAULT_SESSIONS: usize = 4;
const OTHERS: [&str; 7] = [
    "hsm.token_label",
    "hsm.pin",
    "hsm.pin_file",
    "hsm.key_encryption_key_label",
    "hsm.previous_key_encryption_key_label",
    "hsm.signing",
    "hsm.sessions",
];

impl Reading<'_> {
    pub(super) fn hsm(&mut self) -> Option<Hsm> {
        if !self.holds("hsm.module") {
            if OTHERS.iter().any(|key| self.holds(key)) {
                self.missing("hsm.module");
            }
            return None;
        }
        let module = self.path("hsm.module");
        let token_label = self.required("hsm.token_label");
        let pin = self.secret("hsm.pin").map(|(pin, _)| pin);
        let signing = self.flag("hsm.signing").is_some_and(|(signing, _)| signing);
        let sessions = self.number("hsm.sessions").unwrap_or(DEFAULT_SESSIONS);
        Some(Hsm {
            module: module?,
            token_label: token_label?.0,
            pin: SecretBytes::new(pin?.trim_end_matches(['\r', '\n']).as_bytes().to_vec()),
            signing,
            sessions,
        })
    }

    pub(super) fn key_encryption(&mut self, environment: Environment) -> Option<KeyEncryption> {
        let (key, label) = ("keys.key_encryption_key", "hsm.key_encryption_key_label");
        self.one_of(key, label, environment)
    }

    pub(super) fn previous_key_encryption(
        &mut self,
        environment: Environment,
    ) -> Option<KeyEncryption> {
        let key = "keys.previous_key_encryption_key";
        let label = "hsm.previous_key_encryption_key_label";
        let given = [key, &format!("{key}_file"), label].iter().any(|key| self.holds(key));
        if given { self.one_of(key, label, environment) } else { None }
    }

    fn one_of(
        &mut self,
        key: &str,
        label: &str,
        environment: Environment,
    ) -> Option<KeyEncryption> {
        if !self.holds(label) {
            return self.master_key(key, environment).map(KeyEncryption::Key);
        }
        let (text, place) = self.text(label)?;
        if self.holds(key) || self.holds(&format!("{key}_file")) {
            self.fault(&place, format!("{key} and a key in the token exclude each other"));
            return None;
        }
        Some(KeyEncryption::InToken { label: text })
    }

    pub(super) fn master_key(&mut self, key: &str, environment: Environment) -> Option<MasterKey> {
        let (text, place) = self.secret(key)?;
        let key = MasterKey::parse(&text);
        match &key {
            None => self.fault(&place, "expected 32 bytes, hexadecimal or base64"),
            Some(key) if key.is_an_example() => {
                self.only_in_development(environment, &place, "this key is public");
            }
            Some(_) => {}
        }
        key
    }
}
