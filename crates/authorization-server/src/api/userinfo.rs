//! `GET` and `POST /userinfo` (OpenID Connect Core §5.3).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use protocol::bearer::presented_token;
use protocol::{Params, ProtocolError};

use super::error::ApiError;
use super::{authorization, json};
use crate::form;
use crate::state::ServerState;

pub async fn by_get(
    State(state): State<Arc<ServerState>>,
    request: Request,
) -> Result<Response, ApiError> {
    let query = query(&request).map_err(ApiError::of_bearer)?;
    answer(&state, request.headers(), &query, None).await
}

/// The token may stand in the body only when the body is a form (RFC 6750 §2.2); another body is
/// not looked at.
pub async fn by_post(
    State(state): State<Arc<ServerState>>,
    request: Request,
) -> Result<Response, ApiError> {
    let query = query(&request).map_err(ApiError::of_bearer)?;
    let headers = request.headers().clone();
    let form = if form::is_form(&headers) { Some(form::params(request).await?) } else { None };
    answer(&state, &headers, &query, form.as_ref()).await
}

async fn answer(
    state: &ServerState,
    headers: &HeaderMap,
    query: &Params,
    form: Option<&Params>,
) -> Result<Response, ApiError> {
    let header = authorization(headers).map_err(ApiError::of_bearer)?;
    let token = presented_token(header, query, form).map_err(ApiError::of_bearer)?;
    let token = token.ok_or_else(ApiError::no_token)?;
    let now = state.clock.now();
    let claims = flows::userinfo::userinfo(&state.provider, token.expose_secret(), now)
        .await
        .map_err(ApiError::of_bearer)?;
    json(StatusCode::OK, &claims)
}

fn query(request: &Request) -> Result<Params, ProtocolError> {
    Params::parse(request.uri().query().unwrap_or_default().as_bytes())
        .map_err(|_| ProtocolError::invalid_request("the parameters are malformed"))
}
