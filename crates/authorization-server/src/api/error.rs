//! How an endpoint for programs says no (RFC 6749 §5.2, RFC 6750 §3).

use axum::response::{IntoResponse, Response};
use flows::refusal::RETRY_AFTER;
use flows::refused_request::RefusedRequest;
use flows::{EndpointError, Fault};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity_core::ClientId;
use protocol::bearer::Challenge;
use protocol::{ErrorCode, ProtocolError, ScopeSet};
use storage::StoreError;

use crate::form::BodyFault;
use crate::stop::chain;

const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"vneid\", charset=\"UTF-8\"");

/// An error, and the challenge that goes with it when the caller may try again with credentials.
#[derive(Debug)]
pub struct ApiError {
    cause: Cause,
    challenge: Option<HeaderValue>,
    /// The client that the request names.
    claimed_by: Option<ClientId>,
}

#[derive(Debug)]
enum Cause {
    Endpoint(EndpointError),
    Body(BodyFault),
    /// No access token at all: the challenge alone says what is missing (RFC 6750 §3.1).
    NoToken,
}

impl ApiError {
    pub fn no_token() -> Self {
        let challenge = HeaderValue::try_from(Challenge::missing_token().to_string()).ok();
        Self { cause: Cause::NoToken, challenge, claimed_by: None }
    }

    /// Of an endpoint where clients authenticate: whoever tried by header is told how (OA-14).
    pub fn of_client(error: impl Into<Self>, headers: &HeaderMap) -> Self {
        let error: Self = error.into();
        let tried_by_header = headers.contains_key(header::AUTHORIZATION);
        let challenge =
            (tried_by_header && error.code() == Some(ErrorCode::InvalidClient)).then_some(BASIC);
        Self { challenge, ..error }
    }

    /// Of an endpoint that takes access tokens.
    pub fn of_bearer(error: impl Into<Self>) -> Self {
        let error: Self = error.into();
        let challenge = match &error.cause {
            Cause::Endpoint(EndpointError::Refused(refusal)) => Some(challenge(*refusal)),
            Cause::Endpoint(EndpointError::Fault(_)) | Cause::Body(_) | Cause::NoToken => None,
        };
        let challenge = challenge.and_then(|text| HeaderValue::try_from(text.to_string()).ok());
        Self { challenge, ..error }
    }

    #[must_use]
    pub fn claimed_by(self, client: Option<ClientId>) -> Self {
        Self { claimed_by: client, ..self }
    }

    /// What leaves an event: who did not prove to be the client does not appear as it.
    fn refused(&self, refusal: ProtocolError) -> Option<RefusedRequest> {
        let proven = match &self.cause {
            Cause::Endpoint(EndpointError::Refused(refusal)) => {
                refusal.code() != ErrorCode::InvalidClient
            }
            Cause::Body(_) => false,
            Cause::Endpoint(EndpointError::Fault(_)) | Cause::NoToken => return None,
        };
        Some(RefusedRequest {
            code: refusal.code().as_str().to_owned(),
            reason: refusal.description().to_owned(),
            client: self.claimed_by.clone().filter(|_| proven),
        })
    }

    fn code(&self) -> Option<ErrorCode> {
        match &self.cause {
            Cause::Endpoint(EndpointError::Refused(refusal)) => Some(refusal.code()),
            Cause::Endpoint(EndpointError::Fault(_)) | Cause::Body(_) | Cause::NoToken => None,
        }
    }

    /// One line per refused request, with the span's id and client.
    fn log(&self) {
        match &self.cause {
            Cause::Endpoint(EndpointError::Refused(refusal)) => {
                let (code, reason) = (refusal.code().as_str(), refusal.description());
                tracing::info!(code, reason, "request refused");
            }
            Cause::Endpoint(EndpointError::Fault(fault)) => {
                tracing::error!(cause = %chain(fault), "request failed");
            }
            Cause::Body(fault) => tracing::info!(?fault, "request refused"),
            Cause::NoToken => tracing::info!("request without access token refused"),
        }
    }
}

fn challenge(refusal: ProtocolError) -> Challenge {
    match refusal.code() {
        ErrorCode::InsufficientScope => {
            Challenge::insufficient_scope(ScopeSet::parse("openid").unwrap_or_default())
        }
        _ => Challenge::error(refusal),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let (status, refusal) = match &self.cause {
            Cause::NoToken => (StatusCode::UNAUTHORIZED, None),
            Cause::Endpoint(EndpointError::Refused(refusal)) => {
                let status = StatusCode::from_u16(refusal.code().http_status());
                (status.unwrap_or(StatusCode::BAD_REQUEST), Some(*refusal))
            }
            Cause::Endpoint(EndpointError::Fault(fault)) => {
                let (status, refusal) = of_fault(fault);
                (status, Some(refusal))
            }
            Cause::Body(fault) => {
                let (status, refusal) = of_body(*fault);
                (status, Some(refusal))
            }
        };
        let mut response = match refusal {
            None => status.into_response(),
            Some(refusal) => (status, refusal.json_body()).into_response(),
        };
        if let Some(refused) = refusal.and_then(|refusal| self.refused(refusal)) {
            response.extensions_mut().insert(refused);
        }
        let headers = response.headers_mut();
        if refusal.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER.as_secs()));
        }
        if let Some(challenge) = self.challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        super::forbid_keeping(headers);
        response
    }
}

fn of_fault(fault: &Fault) -> (StatusCode, ProtocolError) {
    let later =
        ProtocolError::new(ErrorCode::TemporarilyUnavailable, "the request cannot be handled now");
    match fault {
        Fault::Busy => (StatusCode::TOO_MANY_REQUESTS, later),
        Fault::Store(StoreError::Unavailable(_)) | Fault::KeyDevice(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, later)
        }
        Fault::Store(StoreError::Corrupt(_))
        | Fault::Key(_)
        | Fault::NoPolicy
        | Fault::Encoding(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            ProtocolError::new(ErrorCode::ServerError, "something went wrong on our side"),
        ),
    }
}

fn of_body(fault: BodyFault) -> (StatusCode, ProtocolError) {
    let (status, sentence) = match fault {
        BodyFault::NotAForm => (StatusCode::BAD_REQUEST, "the body is not a form"),
        BodyFault::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
        BodyFault::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body took too long"),
        BodyFault::Malformed(_) => (StatusCode::BAD_REQUEST, "the parameters are malformed"),
    };
    (status, ProtocolError::invalid_request(sentence))
}

impl From<EndpointError> for ApiError {
    fn from(error: EndpointError) -> Self {
        Self { cause: Cause::Endpoint(error), challenge: None, claimed_by: None }
    }
}

impl From<ProtocolError> for ApiError {
    fn from(error: ProtocolError) -> Self {
        EndpointError::from(error).into()
    }
}

impl From<Fault> for ApiError {
    fn from(fault: Fault) -> Self {
        EndpointError::from(fault).into()
    }
}

impl From<BodyFault> for ApiError {
    fn from(fault: BodyFault) -> Self {
        Self { cause: Cause::Body(fault), challenge: None, claimed_by: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(error: ApiError) -> (u16, Option<String>) {
        let response = error.into_response();
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let challenge = response.headers().get(header::WWW_AUTHENTICATE);
        let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), challenge)
    }

    #[test]
    fn a_client_that_tried_by_header_is_challenged_and_no_other() {
        // OA-14
        let refusal =
            || ProtocolError::new(ErrorCode::InvalidClient, "client authentication failed");
        let by_body = ApiError::of_client(refusal(), &HeaderMap::new());
        assert_eq!(answer(by_body), (401, None));
        let headers =
            HeaderMap::from_iter([(header::AUTHORIZATION, HeaderValue::from_static("x"))]);
        let (status, challenge) = answer(ApiError::of_client(refusal(), &headers));
        assert_eq!(status, 401);
        assert!(challenge.unwrap().starts_with("Basic realm=\"vneid\""));
        let grant = ProtocolError::new(ErrorCode::InvalidGrant, "the code is not valid");
        assert_eq!(answer(ApiError::of_client(grant, &headers)), (400, None));
    }

    #[test]
    fn our_own_faults_ask_for_patience_and_tell_no_cause() {
        // RV-04: a revocation that is not durable is a 503
        let store = Fault::Store(StoreError::unavailable("disk on fire"));
        let response = ApiError::from(store).into_response();
        assert_eq!(response.status(), 503);
        assert!(response.headers().contains_key(header::RETRY_AFTER));
        let busy = ApiError::from(Fault::Busy).into_response();
        assert_eq!(busy.status(), 429);
        assert_eq!(answer(ApiError::from(Fault::NoPolicy)).0, 500);
    }

    #[test]
    fn a_missing_token_is_told_nothing_but_the_scheme() {
        // RFC 6750 §3.1
        let (status, challenge) = answer(ApiError::no_token());
        assert_eq!((status, challenge.as_deref()), (401, Some("Bearer realm=\"vneid\"")));
        let narrow = ProtocolError::new(ErrorCode::InsufficientScope, "the scope is missing");
        let (status, challenge) = answer(ApiError::of_bearer(narrow));
        assert_eq!(status, 403);
        assert!(challenge.unwrap().contains("scope=\"openid\""));
    }
}
