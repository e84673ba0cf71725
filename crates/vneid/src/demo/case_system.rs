//! The demo case system: the back office behind the portal, an API that takes a filing only after
//! it has asked the provider about the token (RFC 7662), and asks for more proof when it needs more (RFC 9470).
//!
//! It must never trust the portal's word about a citizen, decode a token itself, or remember an answer:
//! a token taken back a second ago is refused now.
//!
//! ```text
//!  portal ── POST /cases, GET /cases/{number} ──► StepUpLayer ──► requirement ──► keep
//!                                                    │
//!                                                    └──► provider /introspect
//! ```

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Deserialize;
use step_up::{Challenge, Introspect, Login, Requirement, StepUpLayer, Unavailable};

use super::portal::requirements::{AccountLevel, AuthenticationLevel, Procedure};
use super::portal::{Now, Receipt, Seen, outbound_client, read_json};

/// The scope a token needs to be shown here.
const SCOPE: &str = "vn_identity";
/// A filing wants somebody who logged in within the hour.
const MAX_LOGIN_AGE: u32 = 60 * 60;
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
    let CaseSystemConfig { issuer, client_id, client_secret, procedures, now } = config;
    let provider =
        Provider { http, endpoint: format!("{issuer}/introspect"), client_id, client_secret };
    let clock = Arc::clone(&now);
    let with_a_token = Requirement::default().scope(SCOPE);
    let step_up = StepUpLayer::new(provider, with_a_token, move || clock());
    let state = CaseSystem { procedures, now, archive: Mutex::default() };
    Router::new()
        .route("/cases", post(file))
        .route("/cases/{number}", get(receipt))
        .layer(step_up)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(state))
}

struct CaseSystem {
    procedures: Arc<[Procedure]>,
    now: Now,
    archive: Mutex<Archive>,
}

/// Filed cases by serial number, each with the subject who may see it.
#[derive(Default)]
struct Archive {
    last: u32,
    cases: BTreeMap<u32, (String, Receipt)>,
}

/// Why a request that came with a good token is not served.
#[derive(Debug, PartialEq, Eq)]
enum Refusal {
    /// RFC 9470: this procedure needs more than the route does.
    StepUp(Challenge),
    /// A token without a subject stands for a client, and a client cannot file for itself.
    Nobody,
    Malformed,
    NotFound,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::StepUp(challenge) => step_up::Refusal::StepUp(challenge).into_response(),
            Self::Nobody => step_up::Refusal::InvalidToken.into_response(),
            Self::Malformed => StatusCode::BAD_REQUEST.into_response(),
            Self::NotFound => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

/// Somebody the provider vouched for a moment ago.
struct Caller {
    subject: String,
    seen: Seen,
}

impl Caller {
    fn of(login: &Login) -> Result<Self, Refusal> {
        let level = |ladder| u8::try_from(login.level(ladder)).unwrap_or(0);
        let seen = Seen {
            client_id: login.client_id.clone(),
            scope: login.scope().to_owned(),
            acr: login.acr.clone(),
            amr: login.amr.clone(),
            account_level: AccountLevel(level("vn_account_level")),
            authentication_level: AuthenticationLevel(level("vn_authentication_level")),
        };
        Ok(Self { subject: login.sub.clone().ok_or(Refusal::Nobody)?, seen })
    }
}

/// What filing it needs.
fn requirement(procedure: &Procedure) -> Requirement {
    Requirement::default()
        .account_level(procedure.account_level.0)
        .authentication_level(procedure.authentication_level.0)
        .max_age(MAX_LOGIN_AGE)
}

#[derive(Deserialize)]
struct Filing {
    procedure: u8,
}

async fn file(
    State(system): State<Arc<CaseSystem>>,
    Extension(login): Extension<Login>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&login)?;
    let filing: Filing = serde_json::from_slice(&body).map_err(|_| Refusal::Malformed)?;
    let procedures = &system.procedures;
    let procedure = procedures
        .iter()
        .find(|procedure| procedure.number == filing.procedure)
        .ok_or(Refusal::Malformed)?;
    let now = (system.now)();
    if let Some(challenge) = requirement(procedure).unmet(&login, now) {
        return Err(Refusal::StepUp(challenge));
    }
    let receipt = system.archive().keep(caller, procedure.number, now);
    tracing::info!(case = %receipt.number, procedure = receipt.procedure, "case filed");
    Ok(json(StatusCode::CREATED, &receipt))
}

async fn receipt(
    State(system): State<Arc<CaseSystem>>,
    Extension(login): Extension<Login>,
    Path(number): Path<String>,
) -> Result<Response, Refusal> {
    let caller = Caller::of(&login)?;
    let receipt = system.archive().find(&number, &caller.subject).ok_or(Refusal::NotFound)?;
    Ok(json(StatusCode::OK, &receipt))
}

impl CaseSystem {
    fn archive(&self) -> MutexGuard<'_, Archive> {
        // Every change to the archive is complete in itself, so a panic elsewhere spoils nothing.
        self.archive.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The provider's introspection endpoint (RFC 7662), asked with credentials of our own.
struct Provider {
    http: reqwest::Client,
    endpoint: String,
    client_id: String,
    client_secret: String,
}

impl Introspect for Provider {
    async fn introspect(&self, token: &str) -> Result<Option<Login>, Unavailable> {
        let unavailable = |error: &dyn std::fmt::Display| Unavailable(error.to_string());
        let answer = self
            .http
            .post(&self.endpoint)
            .basic_auth(form_encoded(&self.client_id), Some(form_encoded(&self.client_secret)))
            .form(&[("token", token), ("token_type_hint", "access_token")])
            .send()
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| unavailable(&error))?;
        let answer = read_json(answer).await.map_err(|error| unavailable(&error))?;
        Login::of_introspection(answer).map_err(|error| unavailable(&error))
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
