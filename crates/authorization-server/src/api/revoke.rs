//! `POST /revoke` (RFC 7009).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use protocol::revoke::RevocationRequest;

use super::error::ApiError;
use super::{for_client, forbid_keeping};
use crate::state::ServerState;

pub async fn revoke(
    State(state): State<Arc<ServerState>>,
    request: Request,
) -> Result<Response, ApiError> {
    for_client(request, async |presented, params| {
        let request = RevocationRequest::from_params(&params)?;
        let now = state.clock.now();
        flows::revoke::revoke(&state.provider, &presented, &request, now).await?;
        let mut response = StatusCode::OK.into_response();
        forbid_keeping(response.headers_mut());
        Ok(response)
    })
    .await
}
