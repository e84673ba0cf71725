//! The endpoints that speak JSON to programs.

pub mod cors;
pub mod error;
pub mod metadata;
pub mod revoke;
pub mod token;
pub mod userinfo;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use protocol::{PresentedClient, ProtocolError};
use serde::Serialize;

use error::ApiError;

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

fn presented_client(
    headers: &HeaderMap,
    params: &protocol::Params,
) -> Result<PresentedClient, ProtocolError> {
    let presented = PresentedClient::from(authorization(headers)?, params)?;
    crate::observe::note_client(presented.client_id());
    Ok(presented)
}
