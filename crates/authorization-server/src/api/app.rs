//! `/app/v1/…`: what the citizen's app says, each time as one JWS of its device (`docs/api/app.yaml`).
//! No cookie counts here and no other origin may ask: the app is served from ours, or is no page.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use flows::app::binding::{enrol as bind, remove_itself};
use flows::app::device::{self, Asked};
use flows::app::request::{MAX_REQUEST_BYTES, SignedRequest, authenticate};
use flows::app::{AppError, AppRefusal};
use flows::refused_request::RefusedRequest;
use http::{HeaderValue, StatusCode, header};
use identity_core::relying_party::{LocalizedText, RelyingParty};
use identity_core::{Timestamp, TransactionDetails};
use protocol::endpoints as path;
use serde::Serialize;
use serde_json::{Value, json};
use storage::Label;

use super::error::ApiError;
use super::json;
use crate::browser::words::masked_name;
use crate::state::ServerState;

/// RFC 7515 §9.2.1.
const MEDIA_TYPE: &str = "application/jose";
const CHALLENGE: HeaderValue = HeaderValue::from_static("vneid-app");
/// A request that takes longer is held open, not sent (ATK-125).
const PATIENCE: Duration = Duration::from_secs(10);

type Answer = Result<Response, Refused>;

pub async fn enrol(State(state): State<Arc<ServerState>>, request: Request) -> Answer {
    let now = state.clock.now();
    let answered = async {
        let token = token(request).await?;
        let bound = bind(&state.provider, &token, path::APP_ENROL, now).await?;
        Ok(json!({
            "device": bound.handle.to_string(),
            "holder": masked_name(&bound.subject.profile.name),
            "label": bound.label.as_ref().map(Label::as_str),
        }))
    };
    answer(answered.await, now)
}

pub async fn pending(State(state): State<Arc<ServerState>>, request: Request) -> Answer {
    signed(&state, request, path::APP_PENDING, async |signed, now| {
        let asked = device::pending(&state.provider, signed, now).await?;
        Ok(json!({ "question": asked.as_ref().map(question) }))
    })
    .await
}

pub async fn resolve(State(state): State<Arc<ServerState>>, request: Request) -> Answer {
    signed(&state, request, path::APP_RESOLVE, async |signed, now| {
        let asked = device::resolve(&state.provider, signed, now).await?;
        Ok(json!({ "question": question(&asked) }))
    })
    .await
}

pub async fn approve(State(state): State<Arc<ServerState>>, request: Request) -> Answer {
    signed(&state, request, path::APP_APPROVE, async |signed, now| {
        device::approve(&state.provider, signed, now).await.map(|()| json!({}))
    })
    .await
}

pub async fn deny(State(state): State<Arc<ServerState>>, request: Request) -> Answer {
    signed(&state, request, path::APP_DENY, async |signed, now| {
        device::deny(&state.provider, signed, now).await.map(|()| json!({}))
    })
    .await
}

pub async fn remove(State(state): State<Arc<ServerState>>, request: Request) -> Answer {
    signed(&state, request, path::APP_REMOVE, async |signed, now| {
        remove_itself(&state.provider, signed, now).await.map(|()| json!({}))
    })
    .await
}

/// Lets `act` deal with a request whose device is known.
async fn signed(
    state: &ServerState,
    request: Request,
    path: &'static str,
    act: impl AsyncFnOnce(&SignedRequest, Timestamp) -> Result<Value, AppError>,
) -> Answer {
    let now = state.clock.now();
    let answered = async {
        let token = token(request).await?;
        let signed = authenticate(&state.provider, &token, path, now).await?;
        act(&signed, now).await
    };
    answer(answered.await, now)
}

fn answer(answered: Result<Value, AppError>, now: Timestamp) -> Answer {
    match answered {
        Ok(body) => json(StatusCode::OK, &body).map_err(Refused::Fault),
        Err(AppError::Refused(refusal)) => Err(Refused::By(refusal, now)),
        Err(AppError::Fault(fault)) => Err(Refused::Fault(fault.into())),
    }
}

async fn token(request: Request) -> Result<String, AppRefusal> {
    let (parts, body) = request.into_parts();
    let content_type = parts.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if content_type != Some(MEDIA_TYPE.as_bytes()) {
        return Err(AppRefusal::Malformed);
    }
    let reading = tokio::time::timeout(PATIENCE, to_bytes(body, MAX_REQUEST_BYTES));
    let body = reading.await.map_err(|_| AppRefusal::Malformed)?;
    let body = body.map_err(|_| AppRefusal::TooLarge)?;
    String::from_utf8(body.into()).map_err(|_| AppRefusal::Malformed)
}

fn question(asked: &Asked) -> Value {
    json!({
        "transaction": asked.transaction.to_string(),
        "relying_party": asked.party.as_deref().map(party),
        "origin": asked.question.origin,
        "scopes": asked.question.scopes,
        "level": asked.question.level.map(assurance::VnAuthenticationLevel::number),
        "details": asked.question.details.as_ref().map(details),
        "browser": asked.question.browser,
        "asked_at": asked.asked_at.unix_seconds(),
        "expires_in": asked.expires_in.as_secs(),
    })
}

fn details(details: &TransactionDetails) -> Value {
    json!({ "kind": details.kind, "amount": details.amount, "reference": details.reference })
}

fn party(party: &RelyingParty) -> Value {
    let text = |text: &LocalizedText| json!({ "vi": text.vi, "en": text.en });
    json!({
        "name": text(&party.name),
        "legal_entity": party.legal_entity,
        "purpose": text(&party.agreement.purpose),
    })
}

/// Why the app got no answer.
#[derive(Debug)]
pub enum Refused {
    By(AppRefusal, Timestamp),
    Fault(ApiError),
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (refusal, now) = match self {
            Self::By(refusal, now) => (refusal, now),
            Self::Fault(error) => return error.into_response(),
        };
        let Told { status, code, sentence } = told(refusal);
        tracing::info!(code, reason = sentence, "request refused");
        let body = ErrorBody {
            error: code,
            error_description: sentence,
            server_time: (refusal == AppRefusal::Stale).then(|| now.unix_seconds()),
            tries_left: tries_left(refusal),
        };
        let mut response = match json(status, &body) {
            Ok(response) => response,
            Err(error) => return error.into_response(),
        };
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, CHALLENGE);
        }
        let (code, reason) = (code.to_owned(), sentence.to_owned());
        response.extensions_mut().insert(RefusedRequest { code, reason, client: None });
        response
    }
}

#[derive(Serialize)]
struct ErrorBody {
    error: &'static str,
    error_description: &'static str,
    /// What a telephone with a wrong clock needs in order to ask again.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tries_left: Option<u8>,
}

fn tries_left(refusal: AppRefusal) -> Option<u8> {
    if let AppRefusal::WrongNumber { tries_left } = refusal { Some(tries_left) } else { None }
}

struct Told {
    status: StatusCode,
    code: &'static str,
    sentence: &'static str,
}

fn told(refusal: AppRefusal) -> Told {
    use StatusCode as S;
    let (status, code, sentence) = match refusal {
        AppRefusal::Malformed => (S::BAD_REQUEST, "invalid_request", "not a signed request"),
        AppRefusal::TooLarge => {
            (S::PAYLOAD_TOO_LARGE, "invalid_request", "the request is too large")
        }
        AppRefusal::NotSigned => {
            (S::UNAUTHORIZED, "invalid_token", "not signed by that device for this request")
        }
        AppRefusal::Stale => {
            (S::UNAUTHORIZED, "stale_request", "signed too long ago or ahead of time")
        }
        AppRefusal::DeviceUnknown => {
            (S::UNAUTHORIZED, "device_unknown", "no such device, or it was replaced")
        }
        AppRefusal::DeviceNotUsable => {
            (S::FORBIDDEN, "device_not_usable", "the device is suspended")
        }
        AppRefusal::AccountNotUsable => {
            (S::FORBIDDEN, "account_not_usable", "the account cannot be used")
        }
        AppRefusal::BindingCode => {
            (S::FORBIDDEN, "binding_code", "no such code, or it was used or is too old")
        }
        AppRefusal::CodeExpired => (S::NOT_FOUND, "code_expired", "the code is no longer shown"),
        AppRefusal::AlreadyScanned => {
            (S::CONFLICT, "already_scanned", "another device scanned it first")
        }
        AppRefusal::OtherPerson => (S::FORBIDDEN, "other_person", "the browser asks somebody else"),
        AppRefusal::WrongNumber { .. } => {
            (S::UNPROCESSABLE_ENTITY, "wrong_number", "not the number that the browser shows")
        }
        AppRefusal::Over => (S::GONE, "over", "answered, given up or too late"),
        AppRefusal::TooMany => (S::TOO_MANY_REQUESTS, "too_many_requests", "try again later"),
    };
    Told { status, code, sentence }
}
