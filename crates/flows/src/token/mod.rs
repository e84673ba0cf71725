//! The token endpoint: three grants, one way to be refused.

mod client_credentials;
mod code;
mod refresh;
mod standing;

use identity_core::{RelyingParty, Timestamp};
use node::measure::{self, GrantKind, Step};
use protocol::{PresentedClient, TokenRequest, TokenResponse};

use crate::provider::{Provider, outcome_of};
use crate::refusal::EndpointError;

/// Answers one token request of an authenticated client (or a public one that names itself).
pub async fn token(
    provider: &Provider,
    presented: &PresentedClient,
    request: TokenRequest,
    now: Timestamp,
) -> Result<TokenResponse, EndpointError> {
    let party = provider.client_gate().authenticate(presented, now).await?;
    let kind = match &request {
        TokenRequest::AuthorizationCode { .. } => GrantKind::AuthorizationCode,
        TokenRequest::RefreshToken { .. } => GrantKind::RefreshToken,
        TokenRequest::ClientCredentials { .. } => GrantKind::ClientCredentials,
    };
    let answer = granted(provider, &party, request, now).await;
    measure::grant(kind, outcome_of(&answer));
    if kind == GrantKind::AuthorizationCode {
        provider.count(Step::Token, &answer, Some(&party.client_id));
    }
    answer
}

async fn granted(
    provider: &Provider,
    party: &RelyingParty,
    request: TokenRequest,
    now: Timestamp,
) -> Result<TokenResponse, EndpointError> {
    match request {
        TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let presented = code::Presented { code, redirect_uri, code_verifier };
            code::redeem(provider, party, presented, now).await
        }
        TokenRequest::RefreshToken { refresh_token, scope } => {
            refresh::refresh(provider, party, &refresh_token, scope.as_ref(), now).await
        }
        TokenRequest::ClientCredentials { scope } => {
            client_credentials::issue(provider, party, scope.as_ref(), now)
        }
    }
}
