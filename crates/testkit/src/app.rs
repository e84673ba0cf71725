//! The citizen's app: a telephone with two keys, and whatever else a test wants to send.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING as ES256, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::citizen::Citizen;
use crate::server::Server;

/// One telephone. Nobody's before [`App::bind`].
pub struct App {
    device: EcdsaKeyPair,
    activation: EcdsaKeyPair,
    pub handle: Option<String>,
}

/// Which of the two keys signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Signer {
    Device,
    /// What only the holder's PIN unlocks.
    Activation,
}

/// What the provider said.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: StatusCode,
    pub body: Value,
}

impl Said {
    pub fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_else(|| panic!("no error: {self:?}"))
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{:?}", self.body);
        self.body
    }
}

/// A request before it is signed: everything in it can be changed.
pub struct Envelope {
    pub header: Value,
    pub claims: Value,
}

impl App {
    pub fn new() -> Self {
        let random = SystemRandom::new();
        let key = || {
            let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ES256, &random).expect("a key");
            EcdsaKeyPair::from_pkcs8(&ES256, pkcs8.as_ref(), &random).expect("its own key")
        };
        Self { device: key(), activation: key(), handle: None }
    }

    /// A telephone bound to this citizen, who logs in and reads the code off the page.
    pub async fn of(server: &Server, citizen: &Citizen) -> Self {
        let mut browser = server.browser();
        browser.log_in(server, "/home/security/app", citizen).await;
        let offer = Offer::from(&mut browser).await;
        let mut app = Self::new();
        app.bind(server, &offer).await.ok();
        app
    }

    pub async fn bind(&mut self, server: &Server, offer: &Offer) -> Said {
        let envelope = self.envelope(server, "enrol", self.enrolment(offer));
        let said = self.send(server, "enrol", &self.sign(&envelope, Signer::Device)).await;
        self.handle = said.body["device"].as_str().map(str::to_owned).or(self.handle.take());
        said
    }

    /// What an enrolment asks for.
    pub fn enrolment(&self, offer: &Offer) -> Value {
        let point = |key: &EcdsaKeyPair| URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
        json!({
            "identifier": offer.identifier,
            "code": offer.code,
            "key": point(&self.device),
            "activation_key": point(&self.activation),
            "label": "Điện thoại của Lan",
        })
    }

    pub async fn ask(&self, server: &Server, action: &str, content: Value) -> Said {
        self.ask_as(server, action, content, Signer::Device).await
    }

    pub async fn ask_as(
        &self,
        server: &Server,
        action: &str,
        content: Value,
        signer: Signer,
    ) -> Said {
        let envelope = self.envelope(server, action, content);
        self.send(server, action, &self.sign(&envelope, signer)).await
    }

    pub async fn approve(&self, server: &Server, transaction: &str, number: &str) -> Said {
        let answer = json!({ "transaction": transaction, "number": number });
        self.ask_as(server, "approve", answer, Signer::Activation).await
    }

    #[expect(clippy::needless_pass_by_value, reason = "it is written where it is passed")]
    pub fn envelope(&self, server: &Server, action: &str, content: Value) -> Envelope {
        let mut id = [0; 16];
        SystemRandom::new().fill(&mut id).expect("randomness");
        Envelope {
            header: json!({ "alg": "ES256", "typ": "vneid-app+jwt", "kid": self.handle }),
            claims: json!({
                "aud": server.issuer,
                "htm": "POST",
                "htu": server.url(&format!("/app/v1/{action}")),
                "iat": server.now().unix_seconds(),
                "jti": URL_SAFE_NO_PAD.encode(id),
                "req": content,
            }),
        }
    }

    pub fn sign(&self, envelope: &Envelope, signer: Signer) -> String {
        let Envelope { mut header, claims } =
            Envelope { header: envelope.header.clone(), claims: envelope.claims.clone() };
        let key = match signer {
            Signer::Device => &self.device,
            Signer::Activation => {
                let kid = header["kid"].as_str().expect("a bound device");
                header["kid"] = format!("{kid}.uv").into();
                &self.activation
            }
        };
        if header["kid"].is_null() {
            header.as_object_mut().expect("an object").remove("kid");
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", part(&header), part(&claims));
        let signature = key.sign(&SystemRandom::new(), input.as_bytes()).expect("a signature");
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub async fn send(&self, server: &Server, action: &str, token: &str) -> Said {
        let request = server.http.post(server.url(&format!("/app/v1/{action}")));
        let request = request.header("content-type", "application/jose").body(token.to_owned());
        let answer = request.send().await.expect("the server answers");
        let status = answer.status();
        Said { status, body: answer.json().await.expect("the answer is JSON") }
    }
}

impl Default for App {
    fn default() -> Self {
        Self::new()
    }
}

/// What the security centre shows somebody who wants to bind a device.
#[derive(Clone, Debug)]
pub struct Offer {
    pub identifier: String,
    pub code: String,
}

impl Offer {
    /// The browser must be logged in well enough.
    pub async fn from(browser: &mut Browser) -> Self {
        let page = browser.visit("/home/security/app").await;
        let page = browser.press(&page, "make-binding-code", &[]).await;
        Self {
            identifier: page.text_of("identifier").to_owned(),
            code: page.text_of("binding-code").to_owned(),
        }
    }
}
