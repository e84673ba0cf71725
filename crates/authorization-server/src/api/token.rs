//! `POST /token`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use identity_core::ClientId;
use protocol::TokenRequest;

use super::error::ApiError;
use super::{json, presented_client};
use crate::form;
use crate::state::ServerState;

pub async fn token(
    State(state): State<Arc<ServerState>>,
    request: Request,
) -> Result<Response, ApiError> {
    let headers = request.headers().clone();
    let mut claimed_by = None;
    let answer = async {
        let params = form::params(request).await?;
        let presented = presented_client(&headers, &params)?;
        claimed_by = presented.client_id().and_then(|id| ClientId::parse(id).ok());
        let request = TokenRequest::from_params(&params)?;
        let now = state.clock.now();
        let tokens = flows::token::token(&state.provider, &presented, request, now).await?;
        json(StatusCode::OK, &tokens)
    };
    let answer: Result<Response, ApiError> = answer.await;
    answer.map_err(|error| ApiError::of_client(error, &headers).claimed_by(claimed_by))
}
