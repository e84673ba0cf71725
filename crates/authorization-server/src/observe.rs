//! What surrounds every request: its id, its span, and the headers of every answer.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use flows::refused_request::{RefusedRequest, record};
use http::{HeaderName, HeaderValue, header};
use identity_core::Entropy;
use identity_core::time::random_bytes;
use node::measure;
use protocol::endpoints::INTROSPECT;
use tracing::Instrument as _;

use crate::cookies::CookiePolicy;
use crate::state::ServerState;
use crate::stop::chain;

pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names one request towards whoever made it and in the log. Made here, never taken from a request
/// (ATK-123); short enough to be read out on the telephone.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RequestId(String);

impl RequestId {
    fn generate(entropy: &dyn Entropy) -> Self {
        let number = u64::from_be_bytes(random_bytes(entropy));
        Self(format!("{:08X}-{:08X}", number >> 32, number & 0xffff_ffff))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Neither query strings nor bodies nor cookies nor other headers are ever recorded (ATK-124).
pub async fn observe(
    State(state): State<Arc<ServerState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let id = RequestId::generate(state.provider.entropy.as_ref());
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!(
        "request",
        id = id.as_str(),
        method = %request.method(),
        path,
        client = tracing::field::Empty,
        status = tracing::field::Empty,
    );
    request.extensions_mut().insert(id.clone());
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(refused) = response.extensions_mut().remove::<RefusedRequest>() {
        measure::refusal(&refused.code);
        remember(&state, &refused).instrument(span.clone()).await;
    }
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(id.as_str()) {
        headers.insert(X_REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if state.cookies == CookiePolicy::HostBound {
        let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, two_years);
    }
    let (took, status) = (began.elapsed(), response.status().as_u16());
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    span.record("status", status);
    span.in_scope(|| tracing::debug!(micros, "answered"));
    // Introspection also stands alone, so it times itself.
    if path != INTROSPECT {
        measure::http(if path.is_empty() { "none" } else { &path }, status, took);
    }
    response
}

/// One event for one refusal. A store that cannot be written changes nothing about the answer.
async fn remember(state: &ServerState, refused: &RefusedRequest) {
    if let Err(fault) = record(&state.provider, refused, state.clock.now()).await {
        tracing::error!(cause = %chain(&fault), "a refusal could not be recorded");
    }
}

/// Notes in the span which client says it is calling; whether it is, its authentication shows.
pub fn note_client(client_id: Option<&str>) {
    if let Some(client_id) = client_id {
        tracing::Span::current().record("client", client_id);
    }
}
