//! Cross-origin reading for programs in browsers: any origin, never with cookies (ATK-027). Only
//! layered around endpoints that act on what the request itself carries; never around a page
//! (BCP-20).

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

const ANY: HeaderValue = HeaderValue::from_static("*");

pub async fn open(request: Request, next: Next) -> Response {
    if is_preflight(&request) {
        const ALLOWED: [(HeaderName, HeaderValue); 4] = [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY),
            (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST")),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static("authorization, content-type"),
            ),
            (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("7200")),
        ];
        return (StatusCode::NO_CONTENT, ALLOWED).into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    let readable = HeaderValue::from_static("www-authenticate, x-request-id, retry-after");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, readable);
    response
}

fn is_preflight(request: &Request) -> bool {
    *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ORIGIN)
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}
