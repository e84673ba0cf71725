//! A confidential client acting for itself (RFC 6749 §4.4). Nothing is written: a token is a fact,
//! and this one speaks of nobody.

use std::collections::BTreeSet;

use identity_core::relying_party::GrantType;
use identity_core::{RelyingParty, Timestamp};
use protocol::token::TokenType;
use protocol::{ErrorCode, ScopeSet, TokenResponse};

use crate::issue::{client_token, scope_set};
use crate::provider::Provider;
use crate::refusal::EndpointError;

pub fn issue(
    provider: &Provider,
    party: &RelyingParty,
    scope: Option<&ScopeSet>,
    now: Timestamp,
) -> Result<TokenResponse, EndpointError> {
    if party.authentication.is_public() || !party.may_use(GrantType::ClientCredentials) {
        let description = "the client may not use the client credentials grant";
        return Err(EndpointError::refused(ErrorCode::UnauthorizedClient, description));
    }
    let scopes = granted(party, scope)?;
    let access = client_token(provider, party, &scopes, now)?;
    Ok(TokenResponse {
        access_token: access.token,
        token_type: TokenType::Bearer,
        expires_in: u32::try_from(access.life.as_secs()).unwrap_or(u32::MAX),
        refresh_token: None,
        scope: scope_set(&scopes),
        id_token: None,
        authorization_details: None,
    })
}

/// Only registered scopes, and none that speak of a person (ATK-081).
fn granted(
    party: &RelyingParty,
    asked: Option<&ScopeSet>,
) -> Result<BTreeSet<String>, EndpointError> {
    let own: BTreeSet<String> = party
        .scopes
        .iter()
        .filter(|scope| protocol::standard_claims::claims_of(scope).is_none())
        .cloned()
        .collect();
    let Some(asked) = asked else { return Ok(own) };
    let asked: BTreeSet<String> = asked.iter().map(ToString::to_string).collect();
    if asked.is_subset(&own) {
        Ok(asked)
    } else {
        Err(EndpointError::refused(ErrorCode::InvalidScope, "a scope is not registered"))
    }
}
