//! An authenticator in software, and whatever a broken or hostile one would do.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jose::digest::sha256;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::Value;
use url::Url;

use crate::browser::{Browser, Page};
use crate::citizen::Citizen;
use crate::server::Server;

/// What a page's form is sent with.
pub type Fields = Vec<(&'static str, String)>;

/// One passkey. Its fields are what it tells; a test changes one and everything else stays right.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "flags as the specification has them")]
pub struct SoftKey {
    /// The private key: who has it is the holder.
    pub pkcs8: Vec<u8>,
    pub credential_id: Vec<u8>,
    /// Whom it was made for.
    pub user_handle: Vec<u8>,
    pub origin: String,
    pub rp_id: String,
    /// Signatures made so far; it counts up by itself.
    pub counter: u32,
    pub counts: bool,
    pub user_present: bool,
    pub user_verified: bool,
    pub backup_eligible: bool,
    pub backed_up: bool,
    /// Further members of the client data, as JSON after a comma.
    pub further: String,
    /// Answers this challenge instead of the page's.
    pub challenge: Option<String>,
}

impl SoftKey {
    /// For the pages of `issuer`; it verifies its user and stays on one device.
    pub fn new(issuer: &str) -> Self {
        let origin = Url::parse(issuer).expect("the issuer is a URL");
        let random = SystemRandom::new();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random);
        let pkcs8 = pkcs8.expect("a key").as_ref().to_vec();
        Self {
            credential_id: sha256(&pkcs8).to_vec(),
            pkcs8,
            user_handle: Vec::new(),
            rp_id: origin.host_str().expect("a host").to_owned(),
            origin: origin.origin().ascii_serialization(),
            counter: 0,
            counts: true,
            user_present: true,
            user_verified: true,
            backup_eligible: false,
            backed_up: false,
            further: String::new(),
            challenge: None,
        }
    }

    pub fn synced(mut self) -> Self {
        (self.backup_eligible, self.backed_up, self.counts) = (true, true, false);
        self
    }

    /// Answers `navigator.credentials.create`.
    pub fn create(&mut self, page: &Page) -> Fields {
        let options = options(page);
        self.user_handle = decode(&options["user"]["id"]);
        let client_data = self.client_data("webauthn.create", &options);
        let data = self.authenticator_data(&self.attested_credential());
        vec![
            ("client-data", encode(&client_data)),
            ("attestation-object", encode(&attestation_object(&data))),
        ]
    }

    /// Answers `navigator.credentials.get`.
    pub fn sign(&mut self, page: &Page) -> Fields {
        let client_data = self.client_data("webauthn.get", &options(page));
        self.sign_over(&client_data)
    }

    /// Signs whatever it is given.
    pub fn sign_over(&mut self, client_data: &[u8]) -> Fields {
        self.counter += u32::from(self.counts);
        let data = self.authenticator_data(&[]);
        let signed = [data.as_slice(), &sha256(client_data)].concat();
        let signature = self.pair().sign(&SystemRandom::new(), &signed).expect("a signature");
        vec![
            ("credential-id", encode(&self.credential_id)),
            ("client-data", encode(client_data)),
            ("authenticator-data", encode(&data)),
            ("signature", encode(signature.as_ref())),
            ("user-handle", encode(&self.user_handle)),
        ]
    }

    pub fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let asked = options["challenge"].as_str().expect("a challenge");
        let challenge = self.challenge.as_deref().unwrap_or(asked);
        let Self { origin, further, .. } = self;
        format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}"{further}}}"#)
            .into_bytes()
    }

    fn pair(&self) -> EcdsaKeyPair {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &self.pkcs8, &SystemRandom::new())
            .expect("the key is ours")
    }

    /// WebAuthn §6.1.
    fn authenticator_data(&self, attested: &[u8]) -> Vec<u8> {
        let flags = u8::from(self.user_present)
            | u8::from(self.user_verified) << 2
            | u8::from(self.backup_eligible) << 3
            | u8::from(self.backed_up) << 4
            | u8::from(!attested.is_empty()) << 6;
        let counter = self.counter.to_be_bytes();
        [sha256(self.rp_id.as_bytes()).as_slice(), &[flags], &counter, attested].concat()
    }

    /// WebAuthn §6.5.1: no model, the id, and the key as COSE has it (RFC 9052 §7).
    fn attested_credential(&self) -> Vec<u8> {
        let pair = self.pair();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let length = u16::try_from(self.credential_id.len()).expect("a short id").to_be_bytes();
        let key: [&[u8]; 4] =
            [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32], x, &[0x22, 0x58, 32], y];
        [&[0; 16], length.as_slice(), &self.credential_id, &key.concat()].concat()
    }
}

impl Browser {
    /// Adds a passkey to the citizen's account, as the security pages do it, in a browser of its own.
    pub async fn enrol_passkey(server: &Server, citizen: &Citizen, key: &mut SoftKey) -> Page {
        let mut browser = server.browser();
        let page = browser.log_in(server, "/home/security/passkeys", citizen).await;
        let made = key.create(&page);
        let page = browser.press(&page, "add-passkey", &filled(&made)).await;
        assert!(page.has_id("notice"), "{}", page.describe());
        page
    }

    /// Answers the page's question with this passkey.
    pub async fn use_passkey(&mut self, page: &Page, key: &mut SoftKey) -> Page {
        let signed = key.sign(page);
        self.press(page, "use-passkey", &filled(&signed)).await
    }
}

/// As forms are filled in.
pub fn filled(fields: &Fields) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

/// What the page hands to the browser.
pub fn options(page: &Page) -> Value {
    let json = page.attribute_of("passkey", "data-options");
    serde_json::from_str(&json).expect("the options are JSON")
}

/// `{"fmt":"none","attStmt":{},"authData":…}` in CBOR.
pub fn attestation_object(data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).expect("short data").to_be_bytes();
    let head = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59";
    [head.as_slice(), &length, data].concat()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().expect("text")).expect("base64url")
}
