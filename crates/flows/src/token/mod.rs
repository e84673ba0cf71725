//! The token endpoint: three grants, one way to be refused.

mod client_credentials;
mod code;
mod refresh;
mod standing;

use identity_core::{EventKind, RelyingParty, SecurityEvent, Timestamp};
use protocol::{PresentedClient, TokenRequest, TokenResponse};
use storage::Change;

use crate::provider::Provider;
use crate::refusal::{EndpointError, Fault};

/// Answers one token request of an authenticated client (or a public one that names itself).
pub async fn token(
    provider: &Provider,
    presented: &PresentedClient,
    request: TokenRequest,
    now: Timestamp,
) -> Result<TokenResponse, EndpointError> {
    let party = provider.client_gate().authenticate(presented, now).await?;
    let answer = match request {
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
    };
    if let Err(EndpointError::Refused(error)) = &answer {
        record_refusal(provider, &party, error.code().as_str(), error.description(), now).await?;
    }
    answer
}

/// A refusal to a client that proved who it is leaves one event; the edge writes the log line.
pub(crate) async fn record_refusal(
    provider: &Provider,
    party: &RelyingParty,
    code: &str,
    reason: &str,
    now: Timestamp,
) -> Result<(), Fault> {
    let kind = EventKind::RequestRefused { code: code.to_owned(), reason: reason.to_owned() };
    let event =
        SecurityEvent::new(kind, now, provider.entropy.as_ref()).at_client(&party.client_id);
    provider.commit_uncontested(&[Change::Append(Box::new(event))], now).await
}
