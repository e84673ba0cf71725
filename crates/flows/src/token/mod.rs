//! The token endpoint: three grants, one way to be refused.

mod client_credentials;
mod code;
mod refresh;
mod standing;

use identity_core::Timestamp;
use protocol::{PresentedClient, TokenRequest, TokenResponse};

use crate::provider::Provider;
use crate::refusal::EndpointError;

/// Answers one token request of an authenticated client (or a public one that names itself).
pub async fn token(
    provider: &Provider,
    presented: &PresentedClient,
    request: TokenRequest,
    now: Timestamp,
) -> Result<TokenResponse, EndpointError> {
    let party = provider.client_gate().authenticate(presented, now).await?;
    match request {
        TokenRequest::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let presented = code::Presented { code, redirect_uri, code_verifier };
            code::redeem(provider, &party, presented, now).await
        }
        TokenRequest::RefreshToken { refresh_token, scope } => {
            refresh::refresh(provider, &party, &refresh_token, scope.as_ref(), now).await
        }
        TokenRequest::ClientCredentials { scope } => {
            client_credentials::issue(provider, &party, scope.as_ref(), now)
        }
    }
}
