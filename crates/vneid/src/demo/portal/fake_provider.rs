//! A provider for tests: small enough to see through, strict about what a relying party owes it.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use openidconnect::JsonWebKeySet;
use openidconnect::core::CoreJsonWebKey;
use ring::digest;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

pub const NOW: i64 = 1_800_000_000;
/// The client library reads its own clock for `exp`.
const FAR_FUTURE: i64 = 4_102_444_800;
pub const CLIENT_ID: &str = "portal";
pub const SUBJECT: &str = "pairwise-1";

/// An ES256 key with its published half.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    kid: &'static str,
}

impl SigningKey {
    pub fn generate(kid: &'static str) -> Self {
        let rng = SystemRandom::new();
        let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &rng).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref(), &rng).unwrap();
        Self { pair, kid }
    }

    pub fn jwks(&self) -> Value {
        let point = self.pair.public_key().as_ref();
        json!({ "keys": [{
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid,
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        }] })
    }

    pub fn key_set(&self) -> JsonWebKeySet<CoreJsonWebKey> {
        serde_json::from_value(self.jwks()).unwrap()
    }

    pub fn sign(&self, typ: &str, claims: &Value) -> String {
        self.sign_with_header(&json!({ "alg": "ES256", "kid": self.kid, "typ": typ }), claims)
    }

    pub fn sign_with_header(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.pair.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

pub struct FakeProvider {
    pub issuer: String,
    pub key: SigningKey,
}

/// A code says what the provider promised: level reached, nonce, PKCE challenge.
pub fn code(level: u8, nonce: &str, challenge: &str) -> String {
    format!("{level}~{nonce}~{challenge}")
}

/// An access token says only the level it was issued at.
pub fn access_token(level: u8) -> String {
    format!("token-at-{level}")
}

pub async fn start() -> Arc<FakeProvider> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let provider = Arc::new(FakeProvider { issuer, key: SigningKey::generate("k1") });
    let router = Router::new()
        .route("/.well-known/openid-configuration", get(metadata))
        .route("/jwks", get(|State(p): Shared| async move { answer(&p.key.jwks()) }))
        .route("/token", post(token))
        .route("/userinfo", get(userinfo))
        .route("/introspect", post(introspect))
        .with_state(Arc::clone(&provider));
    tokio::spawn(async move { axum::serve(listener, router).await });
    provider
}

type Shared = State<Arc<FakeProvider>>;
type Fields = Form<std::collections::HashMap<String, String>>;

fn answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

async fn metadata(State(provider): Shared) -> Response {
    let at = |path: &str| format!("{}{path}", provider.issuer);
    answer(&json!({
        "issuer": provider.issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "end_session_endpoint": at("/end_session"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }))
}

fn has_basic_credentials(headers: &HeaderMap, client: &str) -> bool {
    let expected = format!("Basic {}", STANDARD.encode(format!("{client}:secret")));
    headers.get(header::AUTHORIZATION).is_some_and(|value| *value == expected)
}

async fn token(State(provider): Shared, headers: HeaderMap, Form(fields): Fields) -> Response {
    let refusal =
        |error: &str| (StatusCode::BAD_REQUEST, answer(&json!({ "error": error }))).into_response();
    if !has_basic_credentials(&headers, CLIENT_ID) {
        return refusal("invalid_client");
    }
    let promised: Vec<&str> = fields["code"].split('~').collect();
    let [level, nonce, challenge] = promised[..] else { return refusal("invalid_grant") };
    let verifier = digest::digest(&digest::SHA256, fields["code_verifier"].as_bytes());
    if URL_SAFE_NO_PAD.encode(verifier) != challenge {
        return refusal("invalid_grant");
    }
    let level: u8 = level.parse().unwrap();
    let id_token = provider.key.sign(
        "JWT",
        &json!({
            "iss": provider.issuer, "aud": CLIENT_ID, "sub": SUBJECT, "sid": "s1",
            "iat": NOW, "exp": FAR_FUTURE, "auth_time": NOW - 60, "nonce": nonce,
            "acr": format!("urn:vn:eid:auth:{level}"), "amr": ["pwd", "otp"],
            "assurance": { "vn_account_level": 2, "vn_authentication_level": level, "aal": 2, "new": [1] },
        }),
    );
    let access_token = access_token(level);
    answer(&json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": id_token,
    }))
}

async fn userinfo() -> Response {
    answer(&json!({
        "sub": SUBJECT, "name": "Nguyễn Thị Ánh", "birthdate": "1990-03-08",
        "phone_number": "+84901234567", "vn_personal_number": "001190000123",
    }))
}

async fn introspect(headers: HeaderMap, Form(fields): Fields) -> Response {
    if !has_basic_credentials(&headers, "case-system") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let inactive = json!({ "active": false });
    let known =
        fields["token"].strip_prefix("token-at-").and_then(|level| level.parse::<u8>().ok());
    answer(&known.map_or(inactive, |level| {
        json!({
            "active": true, "sub": SUBJECT, "client_id": CLIENT_ID, "amr": ["pwd"],
            "auth_time": NOW - 60,
            "scope": if level == 0 { "openid" } else { "openid vn_identity" },
            "assurance": { "vn_account_level": 2, "vn_authentication_level": level },
        })
    }))
}
