//! Token revocation (RFC 7009): durable before it is acknowledged, silent about what it did.

use identity_core::grant::{Grant, RevocationReason};
use identity_core::{EventKind, RefreshToken, RelyingParty, SecurityEvent, Timestamp};
use node::open_access_token;
use protocol::PresentedClient;
use protocol::revoke::RevocationRequest;
use storage::{Change, GrantScope};

use crate::provider::Provider;
use crate::refusal::{EndpointError, Fault};
use crate::sealed;

/// `Ok` whether or not there was anything to revoke (§2.2); an error only when the client is not
/// who it says, or when the revocation could not be made durable (RV-04).
pub async fn revoke(
    provider: &Provider,
    presented: &PresentedClient,
    request: &RevocationRequest,
    now: Timestamp,
) -> Result<(), EndpointError> {
    let party = provider.client_gate().authenticate(presented, now).await?;
    // The prefix tells the kind, so the hint is not needed; a wrong one changes nothing (RV-02).
    let token = request.token.expose_secret();
    if let Some(plan) = access_token(provider, &party, token, now) {
        return Ok(provider.commit_uncontested(&plan, now).await?);
    }
    if let Some(plan) = refresh_token(provider, &party, token, now).await? {
        return Ok(provider.commit_uncontested(&plan, now).await?);
    }
    Ok(())
}

fn access_token(
    provider: &Provider,
    party: &RelyingParty,
    token: &str,
    now: Timestamp,
) -> Option<Vec<Change>> {
    let ring = provider.keys.ring();
    let token = open_access_token(token, &ring, &provider.settings.issuer, now)?.facts;
    // ATK-076: somebody else's token: no effect, same answer.
    if token.client != party.client_id {
        return None;
    }
    let kind = EventKind::AccessTokenRevoked { token: token.token, expires_at: token.expires_at };
    let mut event =
        SecurityEvent::new(kind, now, provider.entropy.as_ref()).at_client(&party.client_id);
    event.subject = token.person.map(|person| person.state.subject);
    Some(vec![Change::Append(Box::new(event))])
}

/// Takes the whole grant back, its access tokens with it (RFC 7009 §2.1).
async fn refresh_token(
    provider: &Provider,
    party: &RelyingParty,
    token: &str,
    now: Timestamp,
) -> Result<Option<Vec<Change>>, Fault> {
    let token = sealed::open::<RefreshToken>(provider, token, now);
    let Some(token) = token.filter(|token| token.client == party.client_id) else {
        return Ok(None);
    };
    let Some(Grant::Active(grant)) = provider.store.grant(token.grant).await? else {
        return Ok(None);
    };
    let reason = RevocationReason::ByClient;
    let kind = EventKind::GrantRevoked { grant: token.grant, reason };
    let event = SecurityEvent::new(kind, now, provider.entropy.as_ref())
        .about(grant.terms.subject)
        .at_client(&party.client_id);
    Ok(Some(vec![
        Change::RevokeGrants { scope: GrantScope::One(token.grant), reason, now },
        Change::Append(Box::new(event)),
    ]))
}
