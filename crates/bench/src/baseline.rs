//! The least a server could do: bare axum handlers behind the provider's own accept loop, in a
//! process of their own, so that they and the provider are measured in the same way.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;
use vneid::server::{Limits, serve};

use crate::database::Database;
use crate::ground::{OFFICE, PORTAL, SECRET};

/// How long each kind of answer is to be, in bytes: as long as the provider's.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct AnswerSizes {
    #[arg(long, default_value_t = 200)]
    pub introspection: usize,
    #[arg(long, default_value_t = 200)]
    pub client_token: usize,
    #[arg(long, default_value_t = 200)]
    pub refresh: usize,
    #[arg(long, default_value_t = 200)]
    pub code_token: usize,
    #[arg(long, default_value_t = 200)]
    pub code: usize,
}

impl AnswerSizes {
    /// As the command line of the baseline names them.
    pub const fn named(self) -> [(&'static str, usize); 5] {
        [
            ("introspection", self.introspection),
            ("client-token", self.client_token),
            ("refresh", self.refresh),
            ("code-token", self.code_token),
            ("code", self.code),
        ]
    }
}

struct Bare {
    /// Digests of secrets by client id, a thousand of them.
    clients: HashMap<String, [u8; 32]>,
    sizes: AnswerSizes,
    database: Database,
    key: EcdsaKeyPair,
    random: SystemRandom,
}

#[derive(Deserialize)]
struct Asked {
    token: Option<String>,
    refresh_token: Option<String>,
    code: Option<String>,
    scope: Option<String>,
}

#[derive(Deserialize)]
struct Authorize {
    state: String,
    redirect_uri: String,
}

#[derive(Serialize)]
struct Answer<'a> {
    active: bool,
    token_type: &'a str,
    expires_in: u32,
    scope: &'a str,
    access_token: &'a str,
}

/// Serves until the process is ended.
pub async fn run(listen: SocketAddr, database: Database, sizes: AnswerSizes) {
    let random = SystemRandom::new();
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
    let key = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).expect("the key");
    let strangers = (0..1000).map(|n| (format!("stranger-{n}"), sha256(&n.to_string())));
    let known = [PORTAL, OFFICE].map(|client| (client.to_owned(), sha256(SECRET)));
    let bare = Bare { clients: strangers.chain(known).collect(), sizes, database, key, random };
    let router = Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/introspect", post(introspect))
        .route("/client_token", post(client_token))
        .route("/refresh", post(refresh))
        .route("/authorize", get(authorize))
        .route("/token", post(token))
        .with_state(Arc::new(bare));
    let listener = TcpListener::bind(listen).await.expect("the port is free");
    let (_trigger, shutdown) = vneid::compose::channel();
    serve(router, listener, None, Limits { connections: 10_000 }, shutdown).await;
}

async fn introspect(
    State(bare): State<Arc<Bare>>,
    headers: HeaderMap,
    Form(form): Form<Asked>,
) -> Result<Response, StatusCode> {
    bare.authenticate(&headers)?;
    let token = form.token.ok_or(StatusCode::BAD_REQUEST)?;
    Ok(answer(bare.sizes.introspection, &token))
}

async fn client_token(
    State(bare): State<Arc<Bare>>,
    headers: HeaderMap,
    Form(form): Form<Asked>,
) -> Result<Response, StatusCode> {
    bare.authenticate(&headers)?;
    Ok(answer(bare.sizes.client_token, form.scope.as_deref().unwrap_or("-")))
}

async fn refresh(
    State(bare): State<Arc<Bare>>,
    headers: HeaderMap,
    Form(form): Form<Asked>,
) -> Result<Response, StatusCode> {
    bare.authenticate(&headers)?;
    let token = form.refresh_token.ok_or(StatusCode::BAD_REQUEST)?;
    let number = i64::from(token.as_bytes().last().copied().unwrap_or_default());
    bare.database.select(number % 64).await.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(answer(bare.sizes.refresh, &token))
}

async fn authorize(State(bare): State<Arc<Bare>>, Query(query): Query<Authorize>) -> Response {
    let code = "c".repeat(bare.sizes.code);
    let location = format!("{}?code={code}&state={}", query.redirect_uri, query.state);
    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
}

async fn token(
    State(bare): State<Arc<Bare>>,
    headers: HeaderMap,
    Form(form): Form<Asked>,
) -> Result<Response, StatusCode> {
    bare.authenticate(&headers)?;
    let code = form.code.ok_or(StatusCode::BAD_REQUEST)?;
    let broken = |_| StatusCode::INTERNAL_SERVER_ERROR;
    let signature = bare.key.sign(&bare.random, code.as_bytes()).map_err(broken)?;
    bare.database.insert(code.as_bytes()).await.ok_or(StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(answer(bare.sizes.code_token, &URL_SAFE_NO_PAD.encode(signature)))
}

impl Bare {
    fn authenticate(&self, headers: &HeaderMap) -> Result<(), StatusCode> {
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let pair = header
            .and_then(|value| value.strip_prefix("Basic "))
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .and_then(|pair| String::from_utf8(pair).ok());
        let proven = pair.as_deref().and_then(|pair| pair.split_once(':')).is_some_and(
            |(client, secret)| {
                let known = self.clients.get(client);
                known.is_some_and(|known| known.ct_eq(&sha256(secret)).into())
            },
        );
        if proven { Ok(()) } else { Err(StatusCode::UNAUTHORIZED) }
    }
}

fn sha256(text: &str) -> [u8; 32] {
    digest(&SHA256, text.as_bytes()).as_ref().try_into().expect("32 bytes")
}

/// JSON of about that many bytes, part of it from the request.
fn answer(size: usize, echo: &str) -> Response {
    let echo: String = echo.chars().take(16).collect();
    let rest = size.saturating_sub(88 + echo.len());
    let answer = Answer {
        active: true,
        token_type: "Bearer",
        expires_in: 900,
        scope: &echo,
        access_token: &"x".repeat(rest),
    };
    let body = serde_json::to_vec(&answer).expect("JSON");
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}
