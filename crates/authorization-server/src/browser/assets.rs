//! `/assets/…`: the embedded files.

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, Uri, header};

use crate::pages::assets::find;

pub async fn asset(address: Uri) -> Response {
    let Some((asset, cache)) = find(address.path(), address.query()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, cache)];
    (headers, asset.body).into_response()
}
