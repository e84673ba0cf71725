//! A simulated matcher of biometrics: the other side of `flows::matcher`, with dials instead of a camera.
//!
//! It compares nothing. What it signs is what its dials say, so that a test or a demonstration can see
//! how the provider takes a match, a picture held up, a time-out, or a statement about somebody else. Its
//! key is published with this program: no provider in production accepts it.
//!
//! ```text
//!  browser ── GET /capture?request&state ──► dials as a page ── POST /capture ──► statement
//!                    └── the request is verified with the provider's keys            │
//!  provider ◄── form_post: state, statement ─────────────────────────────────────────┘
//!  GET, PUT /dials      where the page's dials stand at first
//! ```

pub mod dials;
mod key;

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use askama::Template;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Form, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use flows::matcher::statement::CaptureRequest;
use identity_core::Timestamp;
use jose::{ExpectedStatement, Jwks, TokenType, verify_statement};
use serde::Deserialize;
use serde_json::Value;

use super::portal::{Now, outbound_client, read_json};
use dials::{About, Dials, Sample, Signature};
pub use key::{is_simulators, jwks};

/// What it is called in registrations and in references to its templates.
pub const ID: &str = "simulator";

const MAX_BODY_BYTES: usize = 16 * 1024;
const MAX_REQUEST_AGE: Duration = Duration::from_mins(5);

/// What the simulator needs to know. URLs carry no trailing slash.
pub struct MatcherConfig {
    /// The provider; its keys are at `{issuer}/jwks`.
    pub issuer: String,
    pub now: Now,
}

struct Simulator {
    config: MatcherConfig,
    http: reqwest::Client,
    dials: Mutex<Dials>,
}

/// What an operator of a provider writes into the file of matchers.
pub fn registration(public_url: &str) -> String {
    format!(
        "[[matcher]]\nid = \"{ID}\"\ncapture = \"{public_url}/capture\"\n\
         modalities = [\"face\", \"fingerprint\"]\nvalid_from = \"2024-07-01\"\n\
         valid_until = \"2099-01-01\"\nkeys = '{}'\n",
        jwks()
    )
}

/// Serves the simulator on `listener` until `shutdown` resolves.
pub async fn serve(
    config: MatcherConfig,
    listener: tokio::net::TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (http, dials) = (outbound_client()?, Mutex::default());
    let router = Router::new()
        .route("/capture", get(page).post(capture))
        .route("/dials", get(show_dials).put(turn_dials))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Arc::new(Simulator { config, http, dials }));
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

#[derive(Deserialize)]
struct Asked {
    request: String,
    state: String,
}

/// The page's form: what was asked, and every dial. Flat, because the forms' reader knows no other.
#[derive(Deserialize)]
struct Captured {
    request: String,
    state: String,
    score: u32,
    threshold: u32,
    false_match_per_billion: u32,
    sample: Sample,
    about: About,
    signature: Signature,
}

impl Captured {
    const fn dials(&self) -> Dials {
        let Self { score, threshold, false_match_per_billion, sample, about, signature, .. } =
            *self;
        Dials { score, threshold, false_match_per_billion, sample, about, signature }
    }
}

#[derive(Template)]
#[template(path = "matcher/capture.html")]
struct CapturePage<'a> {
    asked: &'a Asked,
    modality: &'static str,
    reference: &'a str,
    dials: Dials,
    /// Where the others stand, as forms say it.
    sample: String,
    about: String,
    signature: String,
}

#[derive(Template)]
#[template(path = "matcher/back.html")]
struct BackPage<'a> {
    return_to: &'a str,
    state: &'a str,
    statement: &'a str,
}

async fn page(State(simulator): State<Arc<Simulator>>, Query(asked): Query<Asked>) -> Response {
    let request = match simulator.verified(&asked.request).await {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    let dials = simulator.dials();
    html(&CapturePage {
        asked: &asked,
        modality: dials::word(request.bound.modality),
        reference: &request.bound.reference,
        sample: dials::position(&dials.sample),
        about: dials::position(&dials.about),
        signature: dials::position(&dials.signature),
        dials,
    })
}

async fn capture(
    State(simulator): State<Arc<Simulator>>,
    Form(captured): Form<Captured>,
) -> Response {
    let request = match simulator.verified(&captured.request).await {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    let now = (simulator.config.now)();
    let statement = key::statement(&request, captured.dials(), now);
    html(&BackPage { return_to: &request.return_to, state: &captured.state, statement: &statement })
}

async fn show_dials(State(simulator): State<Arc<Simulator>>) -> Response {
    let dials = serde_json::json!(simulator.dials()).to_string();
    ([(header::CONTENT_TYPE, "application/json")], dials).into_response()
}

async fn turn_dials(State(simulator): State<Arc<Simulator>>, body: Bytes) -> StatusCode {
    let Ok(dials) = serde_json::from_slice(&body) else { return StatusCode::BAD_REQUEST };
    *simulator.dials.lock().unwrap_or_else(PoisonError::into_inner) = dials;
    StatusCode::NO_CONTENT
}

impl Simulator {
    fn dials(&self) -> Dials {
        *self.dials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A matcher points a camera at nobody whom its provider did not send.
    async fn verified(&self, request: &str) -> Result<CaptureRequest, Response> {
        let refused = |status, why: String| (status, why).into_response();
        let keys = self.keys().await;
        let keys = keys.map_err(|error| refused(StatusCode::BAD_GATEWAY, error.to_string()))?;
        let expected = ExpectedStatement {
            typ: TokenType::MatchRequest.name(),
            issuer: &self.config.issuer,
            audience: ID,
            max_age: MAX_REQUEST_AGE,
            now: Timestamp::from_unix_seconds((self.config.now)()),
        };
        verify_statement::<CaptureRequest>(request, &expected, &keys)
            .map(|verified| verified.claims)
            .map_err(|refusal| refused(StatusCode::BAD_REQUEST, refusal.to_string()))
    }

    async fn keys(&self) -> io::Result<Jwks> {
        let address = format!("{}{}", self.config.issuer, protocol::endpoints::JWKS);
        let response = self.http.get(address).send().await.map_err(io::Error::other)?;
        let set: Value = read_json(response).await?;
        Jwks::try_from(&set).map_err(io::Error::other)
    }
}

fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
