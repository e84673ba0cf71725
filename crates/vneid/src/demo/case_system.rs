//! The demo case system: the back office behind the portal, an API that takes a filing only after
//! it has asked the provider about the token (RFC 7662), and asks for more proof when it needs more (RFC 9470).
//!
//! It must never trust the portal's word about a citizen, decode a token itself, or remember an answer:
//! a token taken back a second ago is refused now.
//!
//! ```text
//!  portal ── POST /cases, GET /cases/{number} ──► bearer ──► introspect ──► judge ──► keep
//!                                                               │
//!                                                               └──► provider /introspect
//! ```

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::portal::requirements::{Assurance, Procedure, Shortfall};
use super::portal::{Now, Receipt, Seen, outbound_client, read_json};

/// The scope a token needs to be shown here.
const SCOPE: &str = "vn_identity";
const MAX_BODY_BYTES: usize = 16 * 1024;
const MAX_CASES: usize = 10_000;

/// What the demo case system needs to know. URLs carry no trailing slash.
pub struct CaseSystemConfig {
    /// The provider; introspection is at `{issuer}/introspect`.
    pub issuer: String,
    /// Its own credentials, not the portal's.
    pub client_id: String,
    pub client_secret: String,
    pub procedures: Arc<[Procedure]>,
    pub now: Now,
}

/// Serves the case system on `listener` until `shutdown` resolves.
pub async fn serve(
    config: CaseSystemConfig,
    listener: tokio::net::TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = router(config, outbound_client()?);
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

fn router(config: CaseSystemConfig, http: reqwest::Client) -> Router {
    let state = CaseSystem { config, http, archive: Mutex::default() };
    Router::new()
        .route("/cases", post(file))
        .route("/cases/{number}", get(receipt))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(state))
}

struct CaseSystem {
    config: CaseSystemConfig,
    http: reqwest::Client,
    archive: Mutex<Archive>,
}

/// Filed cases by serial number, each with the subject who may see it.
#[derive(Default)]
struct Archive {
    last: u32,
    cases: BTreeMap<u32, (String, Receipt)>,
}

/// Why a request is not served, in the words of RFC 6750 §3.1, RFC 9470 §3 and HTTP.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    NoToken,
    InvalidToken,
    InsufficientScope,
    InsufficientAuthentication(Shortfall),
    IntrospectionUnavailable,
    Malformed,
    NotFound,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, challenge) = match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, Some("Bearer".to_owned())),
            Self::InvalidToken => {
                (StatusCode::UNAUTHORIZED, Some(r#"Bearer error="invalid_token""#.to_owned()))
            }
            Self::InsufficientScope => (
                StatusCode::FORBIDDEN,
                Some(format!(r#"Bearer error="insufficient_scope", scope="{SCOPE}""#)),
            ),
            Self::InsufficientAuthentication(shortfall) => (
                StatusCode::UNAUTHORIZED,
                Some(format!(
                    r#"Bearer error="insufficient_user_authentication", acr_values="{}""#,
                    shortfall.urn()
                )),
            ),
            Self::IntrospectionUnavailable => (StatusCode::SERVICE_UNAVAILABLE, None),
            Self::Malformed => (StatusCode::BAD_REQUEST, None),
            Self::NotFound => (StatusCode::NOT_FOUND, None),
        };
        match challenge {
            Some(challenge) => (status, [(header::WWW_AUTHENTICATE, challenge)]).into_response(),
            None => status.into_response(),
        }
    }
}

/// The provider's answer about a token (RFC 7662 §2.2). All but `active` is optional.
#[derive(Deserialize)]
struct Introspection {
    active: bool,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    acr: Option<String>,
    #[serde(default)]
    amr: Vec<String>,
    #[serde(default)]
    assurance: Assurance,
}

/// A token the provider vouched for a moment ago.
struct Caller {
    subject: String,
    assurance: Assurance,
    seen: Seen,
}

impl Introspection {
    fn caller(self) -> Result<Caller, Refusal> {
        if !self.active {
            return Err(Refusal::InvalidToken);
        }
        if !self.scope.split(' ').any(|scope| scope == SCOPE) {
            return Err(Refusal::InsufficientScope);
        }
        // A token without a subject stands for a client, and a client cannot file for itself.
        let subject = self.sub.ok_or(Refusal::InvalidToken)?;
        let seen = Seen {
            client_id: self.client_id,
            scope: self.scope,
            acr: self.acr,
            amr: self.amr,
            account_level: self.assurance.account_level(),
            authentication_level: self.assurance.authentication_level(),
        };
        Ok(Caller { subject, assurance: self.assurance, seen })
    }
}

#[derive(Deserialize)]
struct Filing {
    procedure: u8,
}

async fn file(
    State(system): State<Arc<CaseSystem>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let caller = system.introspect(bearer(&headers)?).await?.caller()?;
    let filing: Filing = serde_json::from_slice(&body).map_err(|_| Refusal::Malformed)?;
    let procedures = &system.config.procedures;
    let procedure = procedures
        .iter()
        .find(|procedure| procedure.number == filing.procedure)
        .ok_or(Refusal::Malformed)?;
    if let Some(shortfall) = procedure.shortfall(caller.assurance) {
        return Err(Refusal::InsufficientAuthentication(shortfall));
    }
    let receipt = system.archive().keep(caller, procedure.number, (system.config.now)());
    tracing::info!(case = %receipt.number, procedure = receipt.procedure, "case filed");
    Ok(json(StatusCode::CREATED, &receipt))
}

async fn receipt(
    State(system): State<Arc<CaseSystem>>,
    headers: HeaderMap,
    Path(number): Path<String>,
) -> Result<Response, Refusal> {
    let caller = system.introspect(bearer(&headers)?).await?.caller()?;
    let receipt = system.archive().find(&number, &caller.subject).ok_or(Refusal::NotFound)?;
    Ok(json(StatusCode::OK, &receipt))
}

impl CaseSystem {
    /// Asks the provider about a token. Anything but a clear answer is no answer: fail closed.
    async fn introspect(&self, token: &str) -> Result<Introspection, Refusal> {
        let config = &self.config;
        let answer = self
            .http
            .post(format!("{}/introspect", config.issuer))
            .basic_auth(form_encoded(&config.client_id), Some(form_encoded(&config.client_secret)))
            .form(&[("token", token), ("token_type_hint", "access_token")])
            .send()
            .await
            .and_then(reqwest::Response::error_for_status);
        let parsed = match answer {
            Ok(response) => read_json(response).await,
            Err(error) => Err(io::Error::other(error)),
        };
        parsed.map_err(|error| {
            tracing::warn!(%error, "introspection gave no answer");
            Refusal::IntrospectionUnavailable
        })
    }

    fn archive(&self) -> MutexGuard<'_, Archive> {
        // Every change to the archive is complete in itself, so a panic elsewhere spoils nothing.
        self.archive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Archive {
    fn keep(&mut self, caller: Caller, procedure: u8, now: i64) -> Receipt {
        self.last += 1;
        let number = format!("DEMO-{:06}", self.last);
        let receipt = Receipt { number, procedure, filed_at: now, seen: caller.seen };
        self.cases.insert(self.last, (caller.subject, receipt.clone()));
        if self.cases.len() > MAX_CASES {
            self.cases.pop_first();
        }
        receipt
    }

    /// Somebody else's case and no case look the same.
    fn find(&self, number: &str, subject: &str) -> Option<Receipt> {
        let serial: u32 = number.strip_prefix("DEMO-")?.parse().ok()?;
        let (owner, receipt) = self.cases.get(&serial)?;
        (owner == subject).then(|| receipt.clone())
    }
}

/// RFC 6750 §2.1; the scheme's name is case-insensitive.
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let value = headers.get(header::AUTHORIZATION).ok_or(Refusal::NoToken)?;
    let value = value.to_str().map_err(|_| Refusal::InvalidToken)?;
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Ok(token),
        _ => Err(Refusal::NoToken),
    }
}

/// RFC 6749 §2.3.1: both halves of client_secret_basic are form-encoded first.
fn form_encoded(value: &str) -> String {
    url::form_urlencoded::byte_serialize(value.as_bytes()).collect()
}

fn json(status: StatusCode, receipt: &Receipt) -> Response {
    match serde_json::to_string(receipt) {
        Ok(body) => {
            let headers =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (status, headers, body).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[cfg(test)]
mod tests;
