//! `POST /token`.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use protocol::TokenRequest;

use super::error::ApiError;
use super::{for_client, json};
use crate::state::ServerState;

pub async fn token(
    State(state): State<Arc<ServerState>>,
    request: Request,
) -> Result<Response, ApiError> {
    for_client(request, async |presented, params| {
        let request = TokenRequest::from_params(&params)?;
        let now = state.clock.now();
        let tokens = flows::token::token(&state.provider, &presented, request, now).await?;
        json(StatusCode::OK, &tokens)
    })
    .await
}
