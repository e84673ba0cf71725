//! Does this token stand, for this caller, at this instant?

use std::sync::Arc;

use identity_core::{AccessToken, RelyingParty, Timestamp};
use ledger::{TakeBackReason, Verdict};
use node::open_access_token;
use protocol::SecretString;
use storage::StoreError;

use crate::IntrospectionState;

/// A token that stands, and the registration of the client it was issued to.
pub struct Standing {
    pub token: AccessToken,
    pub client: Arc<RelyingParty>,
}

/// Why a token is not active. For our log alone: the caller learns nothing of it (RFC 7662 §2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Inactive {
    #[error("not an access token of ours, or expired")]
    NotOurs,
    #[error("not for this caller")]
    OtherAudience,
    #[error("taken back: {0:?}")]
    TakenBack(TakeBackReason),
    #[error("its client is unknown, suspended or without an agreement in force")]
    ClientNotInForce,
}

/// Asks everything that can speak against a token, cheapest first. The outer error is ours: then the
/// answer is "try again", never "active" (design §4, bounded staleness).
pub async fn judge(
    state: &IntrospectionState,
    caller: &RelyingParty,
    presented: &SecretString,
    now: Timestamp,
) -> Result<Result<Standing, Inactive>, StoreError> {
    let ring = state.keys.ring();
    let opened = open_access_token(presented.expose_secret(), &ring, &state.issuer, now);
    let Some(opened) = opened else { return Ok(Err(Inactive::NotOurs)) };
    let token = &opened.facts;
    if token.client != caller.client_id && !caller.is_audience_of(&token.audience) {
        return Ok(Err(Inactive::OtherAudience));
    }
    if let Verdict::TakenBack(reason) = state.security.judge_token(&opened, now).await? {
        return Ok(Err(Inactive::TakenBack(reason)));
    }
    let client = state.registry.get(&token.client).filter(|client| client.in_force(now));
    Ok(match client {
        Some(client) => Ok(Standing { token: opened.facts, client }),
        None => Err(Inactive::ClientNotInForce),
    })
}
