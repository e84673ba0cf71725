//! HTTP around the question: one strict form in, one small JSON document out.

use std::sync::Arc;
use std::time::Instant;

use assurance::AssuranceVector;
use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use identity_core::Timestamp;
use ledger::Freshness;
use node::measure::{self, Answered};
use node::{ClientGate, ClientRefusal};
use protocol::introspect::{IntrospectionRequest, IntrospectionResponse};
use protocol::params::MAX_BYTES;
use protocol::{ErrorCode, Params, PresentedClient, ProtocolError, endpoints};
use storage::StoreError;

use crate::judgement::judge;
use crate::{HEALTH, IntrospectionState, answer};

const FORM: &str = "application/x-www-form-urlencoded";
/// Seconds a caller is asked to stay away when we cannot judge.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("2");

/// The endpoint alone, to be merged into the all-in-one server.
pub fn router(state: Arc<IntrospectionState>) -> Router {
    Router::new().route(endpoints::INTROSPECT, post(introspect)).with_state(state)
}

/// The introspection role on its own.
pub fn standalone_router(state: Arc<IntrospectionState>) -> Router {
    let health = Router::new().route(HEALTH.path, get(health)).with_state(Arc::clone(&state));
    router(state).merge(health)
}

/// Why there is no answer about the token.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0}")]
    Protocol(#[from] ProtocolError),
    #[error("the body is not a form")]
    NotAForm,
    #[error("the body is too large or broke off")]
    Unreadable,
    #[error("this node cannot judge the token now")]
    Store(#[from] StoreError),
    #[error("no policy is in force at this time")]
    NoPolicy,
}

async fn introspect(State(state): State<Arc<IntrospectionState>>, request: Request) -> Response {
    let (began, now) = (Instant::now(), state.clock.now());
    let (answered, response) = match answer_to(&state, request, now).await {
        Ok(answer) => {
            let answered = match answer {
                IntrospectionResponse::Inactive => Answered::Inactive,
                IntrospectionResponse::Active(_) => Answered::Active,
            };
            (answered, json(StatusCode::OK, serde_json::to_vec(&answer)))
        }
        Err(refusal) => refuse(&refusal),
    };
    state.meter.answered(answered, began.elapsed());
    response
}

async fn answer_to(
    state: &IntrospectionState,
    request: Request,
    now: Timestamp,
) -> Result<IntrospectionResponse<AssuranceVector>, Refusal> {
    let (head, body) = request.into_parts();
    if !is_form(&head.headers) {
        return Err(Refusal::NotAForm);
    }
    let body = to_bytes(body, MAX_BYTES).await.map_err(|_| Refusal::Unreadable)?;
    let params = Params::parse(&body).map_err(ProtocolError::from)?;
    let presented = PresentedClient::from(authorization(&head.headers)?, &params)?;
    if matches!(presented, PresentedClient::None { .. }) {
        // RFC 7662 §2.1: anybody who may ask without proof may also scan for tokens.
        return Err(not_authenticated().into());
    }
    let gate = ClientGate {
        registry: &state.registry,
        transient: state.transient.as_ref(),
        issuer: &state.issuer,
    };
    let caller = gate.authenticate(&presented, now).await.map_err(|refusal| match refusal {
        ClientRefusal::NotAuthenticated => Refusal::Protocol(not_authenticated()),
        ClientRefusal::Store(error) => Refusal::Store(error),
    })?;
    // The prefix tells the kind of token, so the hint is not needed and a wrong one does no harm.
    let asked = IntrospectionRequest::from_params(&params)?;
    match judge(state, &caller, &asked.token, now).await? {
        Ok(standing) => {
            let policy = state.policies.at(now).ok_or(Refusal::NoPolicy)?;
            Ok(answer::active(&standing, &state.issuer, &policy, now))
        }
        Err(inactive) => {
            tracing::debug!(caller = %caller.client_id, %inactive, "token is not active");
            Ok(IntrospectionResponse::Inactive)
        }
    }
}

const fn not_authenticated() -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidClient, "client authentication failed")
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case(FORM))
}

/// Two `Authorization` headers are two ways to authenticate (RFC 6749 §2.3).
fn authorization(headers: &HeaderMap) -> Result<Option<&[u8]>, ProtocolError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => {
            Err(ProtocolError::invalid_request("there is more than one Authorization header"))
        }
        (value, None) => Ok(value.map(HeaderValue::as_bytes)),
    }
}

fn refuse(refusal: &Refusal) -> (Answered, Response) {
    let said = match refusal {
        Refusal::Protocol(error) => *error,
        Refusal::NotAForm => ProtocolError::invalid_request("the body is not a form"),
        Refusal::Unreadable => ProtocolError::invalid_request("the body cannot be read"),
        Refusal::Store(_) | Refusal::NoPolicy => {
            ProtocolError::new(ErrorCode::TemporarilyUnavailable, "try again in a moment")
        }
    };
    let status = match refusal {
        Refusal::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Refusal::Unreadable => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Protocol(_) | Refusal::Store(_) | Refusal::NoPolicy => {
            StatusCode::from_u16(said.code().http_status()).unwrap_or(StatusCode::BAD_REQUEST)
        }
    };
    let mut response = json(status, Ok(said.json_body().into_bytes()));
    match said.code() {
        ErrorCode::InvalidClient => {
            let challenge = HeaderValue::from_static("Basic realm=\"vneid\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
            tracing::info!(%refusal, "introspection refused");
        }
        ErrorCode::TemporarilyUnavailable => {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
            tracing::error!(cause = ?refusal, "introspection is unavailable");
        }
        _ => tracing::info!(%refusal, "introspection refused"),
    }
    measure::refusal(said.code().as_str());
    let answered = match refusal {
        Refusal::Store(_) | Refusal::NoPolicy => Answered::Unavailable,
        Refusal::Protocol(_) | Refusal::NotAForm | Refusal::Unreadable => Answered::Refused,
    };
    (answered, response)
}

fn json(status: StatusCode, body: Result<Vec<u8>, serde_json::Error>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
        (header::PRAGMA, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    match body {
        Ok(body) => (status, headers, body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Ready for traffic only while the ledger's head was confirmed a moment ago.
async fn health(State(state): State<Arc<IntrospectionState>>) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store")];
    match state.security.freshness(state.clock.now()) {
        Freshness::Current => (StatusCode::OK, headers, "ok\n").into_response(),
        Freshness::Stale { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, headers, "stale\n").into_response()
        }
    }
}
