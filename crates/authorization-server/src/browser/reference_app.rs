//! `/app/`: the reference app, where the operator wants it served. It is a page of its own, without
//! cookies and without our forms: all it can do is what `/app/v1/` lets any app do.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

use crate::pages::assets::{REFERENCE_APP, REFERENCE_APP_PAGE};
use crate::state::{ReferenceApp, ServerState};

/// Nothing inline, nothing from elsewhere, nowhere to send a form.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     manifest-src 'self'; worker-src 'self'; form-action 'none'; frame-ancestors 'none'; \
     base-uri 'none'",
);
/// The camera reads QR codes.
const PERMISSIONS: HeaderValue =
    HeaderValue::from_static("camera=(self), geolocation=(), microphone=(), payment=(), usb=()");

pub async fn page(State(state): State<Arc<ServerState>>) -> Response {
    serve(&state, REFERENCE_APP_PAGE)
}

pub async fn file(State(state): State<Arc<ServerState>>, Path(file): Path<String>) -> Response {
    serve(&state, &file)
}

fn serve(state: &ServerState, name: &str) -> Response {
    let found = match state.reference_app {
        ReferenceApp::Served => REFERENCE_APP.iter().find(|(known, _)| *known == name),
        ReferenceApp::NotServed => None,
    };
    let Some((_, asset)) = found else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = asset.body.into_response();
    let headers: [(HeaderName, HeaderValue); 6] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        // Its own worker keeps it for when there is no network.
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (HeaderName::from_static("permissions-policy"), PERMISSIONS),
    ];
    response.headers_mut().extend(headers);
    response
}
