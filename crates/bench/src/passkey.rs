//! A passkey in software: what a telephone would do, at the speed of a generator.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use crate::ground::ORIGIN;

/// One synced key: it verifies its user and does not count.
pub struct Passkey {
    pair: EcdsaKeyPair,
    id: Vec<u8>,
    /// Whom it was made for.
    user_handle: String,
}

/// User present and verified, backup eligible and backed up (WebAuthn §6.1).
const FLAGS: u8 = 0b0001_1101;
const ATTESTED: u8 = 0b0100_0000;

impl Passkey {
    /// The answer to `navigator.credentials.create`, and the key itself. `options` as the page has
    /// them in its attribute.
    pub fn create(options: &str) -> Option<(Self, [(&'static str, String); 2])> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).ok()?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).ok()?;
        let id = sha256(document.as_ref());
        let (_, user) = options.split_once("&#34;user&#34;:")?;
        let user_handle = text(user, "id")?.to_owned();
        let (x, y) = pair.public_key().as_ref().get(1..)?.split_at_checked(32)?;
        let parts: [&[u8]; 7] = [
            &[0; 16],
            &[0, 32],
            &id,
            &[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32],
            x,
            &[0x22, 0x58, 32],
            y,
        ];
        let data = authenticator_data(FLAGS | ATTESTED, &parts.concat());
        let head = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58";
        let object = [head.as_slice(), &[u8::try_from(data.len()).ok()?], &data].concat();
        let client_data = client_data("webauthn.create", options)?;
        let made = [("client-data", encode(client_data)), ("attestation-object", encode(object))];
        Some((Self { pair, id, user_handle }, made))
    }

    /// The answer to `navigator.credentials.get`.
    pub fn sign(&self, options: &str) -> Option<[(&'static str, String); 5]> {
        let client_data = client_data("webauthn.get", options)?;
        let data = authenticator_data(FLAGS, &[]);
        let signed = [data.as_slice(), &sha256(client_data.as_bytes())].concat();
        let signature = self.pair.sign(&SystemRandom::new(), &signed).ok()?;
        Some([
            ("credential-id", encode(&self.id)),
            ("client-data", encode(client_data)),
            ("authenticator-data", encode(data)),
            ("signature", encode(signature)),
            ("user-handle", self.user_handle.clone()),
        ])
    }
}

fn client_data(kind: &str, options: &str) -> Option<String> {
    let challenge = text(options, "challenge")?;
    Some(format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{ORIGIN}"}}"#))
}

fn authenticator_data(flags: u8, attested: &[u8]) -> Vec<u8> {
    let host = ORIGIN.trim_start_matches("https://");
    [sha256(host.as_bytes()).as_slice(), &[flags], &[0; 4], attested].concat()
}

/// The first text with this name in JSON whose quotation marks are escaped for HTML.
fn text<'a>(options: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = options.split_once(&format!("&#34;{name}&#34;:&#34;"))?;
    Some(after.split_once("&#34;")?.0)
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest(&SHA256, bytes).as_ref().to_vec()
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
