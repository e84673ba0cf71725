//! What the provider says about itself, and its public keys.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use jose::digest::{base64url, sha256};

use super::error::ApiError;
use crate::state::ServerState;

/// A document that stays the same for the life of the process, and its strong validator (ATK-026).
pub struct Document {
    body: Arc<[u8]>,
    etag: Option<HeaderValue>,
}

impl Document {
    pub fn new(body: Vec<u8>) -> Self {
        let etag = HeaderValue::try_from(format!("\"{}\"", base64url(&sha256(&body)))).ok();
        Self { body: body.into(), etag }
    }

    /// The document, or 304 for whoever has this very version (RFC 9110 §13.1.2).
    fn answer(&self, request: &HeaderMap, cache: &'static str) -> Response {
        let has = self.etag.as_ref().is_some_and(|etag| is_listed(request, etag));
        let mut response = if has {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            const JSON: [(HeaderName, HeaderValue); 1] =
                [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
            (JSON, self.body.to_vec()).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if let Some(etag) = &self.etag {
            headers.insert(header::ETAG, etag.clone());
        }
        response
    }
}

fn is_listed(request: &HeaderMap, etag: &HeaderValue) -> bool {
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(|entry| entry.trim().trim_start_matches("W/"))
        .any(|entry| entry == "*" || entry == etag)
}

pub async fn metadata(State(state): State<Arc<ServerState>>, headers: HeaderMap) -> Response {
    state.metadata.answer(&headers, "public, max-age=3600")
}

/// Five minutes: the next key is published long before it signs, and a compromised one must leave
/// soon (op-traps 17).
pub async fn jwks(
    State(state): State<Arc<ServerState>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let keys = state.provider.keys.ring().jwks(state.clock.now());
    let body = serde_json::to_vec(&keys).map_err(flows::Fault::from)?;
    Ok(Document::new(body).answer(&headers, "public, max-age=300"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(if_none_match: &str) -> StatusCode {
        let document = Document::new(b"{}".to_vec());
        let value =
            if_none_match.replace("ETAG", document.etag.as_ref().unwrap().to_str().unwrap());
        let headers =
            HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::try_from(value).unwrap())]);
        document.answer(&headers, "public").status()
    }

    #[test]
    fn only_who_has_this_version_is_spared_the_document() {
        // ATK-026
        for has in ["ETAG", "\"x\", ETAG", "W/ETAG", "*"] {
            assert_eq!(asked(has), 304, "{has}");
        }
        for has_not in ["\"x\"", "", "etag"] {
            assert_eq!(asked(has_not), 200, "{has_not}");
        }
    }
}
