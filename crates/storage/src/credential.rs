//! What it takes to check each kind of authenticator, and how it rests: sealed under the subject's
//! key, so that another kind needs no other column.

use identity_core::id::DeviceId;
use identity_core::secret::{SecretBytes, SecretDigest};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::ports::StoreResult;

/// The part of an authenticator that only checking it needs, encrypted at rest under the subject's
/// key. Nothing of it is searched for: a passkey's user handle already names the subject
/// (WebAuthn §5.4.3), so there is no index by credential id.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A PHC string (Argon2id).
    Password(SecretBytes),
    /// The shared key of RFC 6238.
    Totp(SecretBytes),
    Passkey(Box<PasskeyCredential>),
    /// Digests of the codes that were not used yet. Each code has more than 112 random bits, so a
    /// plain hash suffices (NIST SP 800-63B-4 §3.1.2.2).
    RecoveryCodes(Vec<SecretDigest>),
    AppDevice(Box<AppDevice>),
    /// No secret: each code is made when it is sent, to the address in the subject's profile. Whether
    /// by SMS or by e-mail says the authenticator's kind.
    MessageCode,
    /// What the matcher knows the person's template by. No template and no sample is ever here.
    Biometric {
        reference: String,
    },
}

/// A WebAuthn credential (Level 3 §4) as its registration left it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PasskeyCredential {
    pub credential_id: Vec<u8>,
    /// Public key and counter, as the WebAuthn library writes them in JSON.
    pub public: String,
    /// The model of the authenticator; all zeros where it does not say.
    pub aaguid: [u8; 16],
    pub backup_eligible: bool,
    pub backed_up: bool,
    /// What the authenticator says who it belongs to, where it was made discoverable.
    pub user_handle: Option<Vec<u8>>,
    /// The maker vouched for the model, and our attestation policy accepted it.
    pub attested: bool,
}

/// One telephone with the citizen's app.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AppDevice {
    pub device: DeviceId,
    /// P-256, SEC 1 uncompressed.
    pub public_key: Vec<u8>,
    /// The platform's statement about the key, as it came.
    pub attestation: Option<String>,
}

/// What the holder calls an authenticator: "Điện thoại của Lan". At most 64 characters, none of them
/// a control character.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Label(String);

impl Label {
    pub const MAX_CHARACTERS: usize = 64;

    /// Spaces at the ends do not count; `None` when nothing is left or it does not fit.
    pub fn parse(typed: &str) -> Option<Self> {
        let label = typed.trim();
        let fits = (1..=Self::MAX_CHARACTERS).contains(&label.chars().count());
        (fits && !label.chars().any(char::is_control)).then(|| Self(label.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// First byte of what is sealed. Passwords and TOTP keys without a label are written as releases
/// before 0004 did, so that nodes of both read them.
const PASSWORD: u8 = b'p';
const TOTP: u8 = b't';
/// JSON follows.
const LABELLED: u8 = b'j';

#[derive(Serialize, Deserialize)]
struct Resting {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<Label>,
    #[serde(flatten)]
    secret: Secret,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Secret {
    Password(Vec<u8>),
    Totp(Vec<u8>),
    Passkey(Box<PasskeyCredential>),
    RecoveryCodes(Vec<SecretDigest>),
    AppDevice(Box<AppDevice>),
    MessageCode(()),
    Biometric(String),
}

impl Credential {
    /// What an adapter seals.
    pub fn to_plaintext(&self, label: Option<&Label>) -> StoreResult<Vec<u8>> {
        let secret = match (self, label) {
            (Self::Password(phc), None) => return Ok([&[PASSWORD], phc.expose()].concat()),
            (Self::Totp(key), None) => return Ok([&[TOTP], key.expose()].concat()),
            (Self::Password(phc), Some(_)) => Secret::Password(phc.expose().to_vec()),
            (Self::Totp(key), Some(_)) => Secret::Totp(key.expose().to_vec()),
            (Self::Passkey(passkey), _) => Secret::Passkey(passkey.clone()),
            (Self::RecoveryCodes(codes), _) => Secret::RecoveryCodes(codes.clone()),
            (Self::AppDevice(device), _) => Secret::AppDevice(device.clone()),
            (Self::MessageCode, _) => Secret::MessageCode(()),
            (Self::Biometric { reference }, _) => Secret::Biometric(reference.clone()),
        };
        let resting = Resting { label: label.cloned(), secret };
        let json = Zeroizing::new(serde_json::to_vec(&resting).map_err(|_| unreadable())?);
        Ok([&[LABELLED], json.as_slice()].concat())
    }

    /// What an adapter opened.
    pub fn of_plaintext(plaintext: &[u8]) -> StoreResult<(Self, Option<Label>)> {
        let (kind, rest) = plaintext.split_first().ok_or_else(unreadable)?;
        match *kind {
            PASSWORD => Ok((Self::Password(SecretBytes::new(rest.to_vec())), None)),
            TOTP => Ok((Self::Totp(SecretBytes::new(rest.to_vec())), None)),
            LABELLED => {
                let Resting { label, secret } =
                    serde_json::from_slice(rest).map_err(|_| unreadable())?;
                Ok((secret.into(), label))
            }
            _ => Err(unreadable()),
        }
    }
}

impl From<Secret> for Credential {
    fn from(secret: Secret) -> Self {
        match secret {
            Secret::Password(phc) => Self::Password(SecretBytes::new(phc)),
            Secret::Totp(key) => Self::Totp(SecretBytes::new(key)),
            Secret::Passkey(passkey) => Self::Passkey(passkey),
            Secret::RecoveryCodes(codes) => Self::RecoveryCodes(codes),
            Secret::AppDevice(device) => Self::AppDevice(device),
            Secret::MessageCode(()) => Self::MessageCode,
            Secret::Biometric(reference) => Self::Biometric { reference },
        }
    }
}

/// Says nothing of the value: it is a secret.
fn unreadable() -> StoreError {
    StoreError::corrupt("a credential of no known kind")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_short_and_printable() {
        assert_eq!(Label::parse("  Điện thoại ").unwrap().as_str(), "Điện thoại");
        assert!(Label::parse(&"ă".repeat(64)).is_some());
        for refused in ["", "   ", "a\nb", "\u{0}x", &"ă".repeat(65)] {
            assert!(Label::parse(refused).is_none(), "{refused:?}");
        }
    }

    #[test]
    fn what_earlier_releases_wrote_is_read_and_written_alike() {
        let (credential, label) = Credential::of_plaintext(b"p$argon2id$").unwrap();
        assert!(matches!(&credential, Credential::Password(phc) if phc.expose() == b"$argon2id$"));
        assert!(label.is_none());
        assert_eq!(credential.to_plaintext(None).unwrap(), b"p$argon2id$");
    }

    #[test]
    fn nothing_else_reads_as_a_credential() {
        for garbage in [b"".as_slice(), b"x", b"j", b"j{}", b"j{\"passkey\":1}"] {
            assert!(Credential::of_plaintext(garbage).is_err());
        }
    }
}
