//! `POST /revoke` (RFC 7009).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use identity_core::ClientId;
use protocol::revoke::RevocationRequest;

use super::error::ApiError;
use super::{forbid_keeping, presented_client};
use crate::form;
use crate::state::ServerState;

pub async fn revoke(
    State(state): State<Arc<ServerState>>,
    request: Request,
) -> Result<Response, ApiError> {
    let headers = request.headers().clone();
    let mut claimed_by = None;
    let answer = async {
        let params = form::params(request).await?;
        let presented = presented_client(&headers, &params)?;
        claimed_by = presented.client_id().and_then(|id| ClientId::parse(id).ok());
        let request = RevocationRequest::from_params(&params)?;
        let now = state.clock.now();
        flows::revoke::revoke(&state.provider, &presented, &request, now).await?;
        let mut response = StatusCode::OK.into_response();
        forbid_keeping(response.headers_mut());
        Ok(response)
    };
    let answer: Result<Response, ApiError> = answer.await;
    answer.map_err(|error| ApiError::of_client(error, &headers).claimed_by(claimed_by))
}
