//! The endpoints that speak JSON to programs.

pub mod app;
pub mod cors;
pub mod error;
pub mod metadata;
pub mod revoke;
pub mod token;
pub mod userinfo;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use identity_core::ClientId;
use protocol::{Params, PresentedClient, ProtocolError};
use serde::Serialize;

use error::ApiError;

use crate::{form, observe};

/// A JSON answer that nobody may keep (OA-13).
fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, ApiError> {
    let body = serde_json::to_vec(body).map_err(flows::Fault::from)?;
    let mut response = (status, body).into_response();
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    forbid_keeping(response.headers_mut());
    Ok(response)
}

fn forbid_keeping(headers: &mut HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}

/// The one `Authorization` header; two of them are two methods (OA-01).
fn authorization(headers: &HeaderMap) -> Result<Option<&[u8]>, ProtocolError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let first = values.next().map(HeaderValue::as_bytes);
    match values.next() {
        None => Ok(first),
        Some(_) => Err(ProtocolError::invalid_request("more than one Authorization header")),
    }
}

/// Reads a form in which a client names itself, and lets `answer` deal with it. A refusal tells the
/// client how to authenticate, and is remembered as that client's where it did.
async fn for_client(
    request: Request,
    answer: impl AsyncFnOnce(PresentedClient, Params) -> Result<Response, ApiError>,
) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    let headers = parts.headers;
    let mut named = None;
    let answered = async {
        let params = form::params_of(&headers, body).await?;
        let presented = PresentedClient::from(authorization(&headers)?, &params)?;
        named = presented.client_id().and_then(|id| ClientId::parse(id).ok());
        answer(presented, params).await
    };
    let answered: Result<Response, ApiError> = answered.await;
    answered.map_err(|error| {
        observe::note_client(named.as_ref().map(ClientId::as_str));
        ApiError::of_client(error, &headers).claimed_by(named)
    })
}
