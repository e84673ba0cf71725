//! Refreshing: confidential clients keep their token, public ones get a new one each time and lose
//! the family when an old one comes back (BCP-11, security.md §7 no. 2).

use std::collections::BTreeSet;
use std::time::Duration;

use identity_core::access_token::RefreshAbout;
use identity_core::grant::{
    ActiveGrant, Generation, Grant, GrantTerms, RevocationReason, Rotation,
};
use identity_core::relying_party::GrantType;
use identity_core::{EventKind, RefreshToken, RelyingParty, SecurityEvent, Timestamp};
use protocol::token::TokenType;
use protocol::{ErrorCode, ScopeSet, SecretString, TokenResponse};
use storage::record::{Dossier, DossierOf};
use storage::{Change, Commit};

use super::code::revocation;
use super::standing::{dossier_of, ensure_active};
use crate::issue::{Standing, scope_set};
use crate::provider::Provider;
use crate::refusal::EndpointError;
use crate::sealed;

/// Age at which a confidential client's refresh token is renewed.
const RENEW_AFTER: Duration = Duration::from_hours(24);

pub async fn refresh(
    provider: &Provider,
    party: &RelyingParty,
    presented: &SecretString,
    scope: Option<&ScopeSet>,
    now: Timestamp,
) -> Result<TokenResponse, EndpointError> {
    if !party.may_use(GrantType::RefreshToken) {
        let description = "the client may not use the refresh token grant";
        return Err(EndpointError::refused(ErrorCode::UnauthorizedClient, description));
    }
    let token = open_token(provider, party, presented, now)?;
    let (grant, dossier) = read(provider, &token).await?;
    let grant = match grant {
        Some(Grant::Active(grant)) => grant,
        Some(Grant::Revoked(_)) | None => {
            return Err(EndpointError::invalid_grant("the grant was revoked"));
        }
    };
    if now >= grant.rotated_at.max(token.issued_at).plus(ActiveGrant::REFRESH_IDLE) {
        return Err(EndpointError::invalid_grant("the refresh token was unused for too long"));
    }
    let scopes = narrowed(&grant, scope)?;
    let dossier = match dossier {
        Some(dossier) => Some(dossier),
        None => dossier_of(provider, &grant.terms).await?,
    };
    let cleared = match ensure_active(provider, party, &grant.terms, dossier, &[], now) {
        Ok(cleared) => cleared,
        Err(unclear) => return Err(unclear.recorded(provider, party, &grant.terms, now).await),
    };
    let advanced = if party.authentication.is_public() {
        match grant.clone().rotate(token.generation, now) {
            Rotation::Repeat(_) => None,
            Rotation::Advance(advanced) => Some(advanced),
            Rotation::Replay => return Err(replayed(provider, party, &grant.terms, now).await?),
        }
    } else {
        None
    };
    let standing = Standing {
        party,
        terms: &grant.terms,
        subject: &cleared.subject,
        judged: &cleared.judged,
        now,
    };
    // Signed before anything moves on: a device that cannot sign must not cost the client the
    // generation it holds.
    let access = standing.access_token(provider, &scopes)?;
    let id_token = standing.id_token(provider, &access.token, None)?;
    let generation = match advanced {
        Some(advanced) => advance(provider, party, grant.generation, advanced, now).await?,
        None => grant.generation,
    };
    // A confidential client's token is renewed now and then so that it dies of disuse, not of age;
    // the old one stays good, and nothing is written.
    let renew = party.authentication.is_public() || now.since(token.issued_at) >= RENEW_AFTER;
    let refresh_token = renew.then(|| standing.refresh_token(provider, generation)).transpose()?;
    Ok(TokenResponse {
        access_token: access.token,
        token_type: TokenType::Bearer,
        expires_in: u32::try_from(access.life.as_secs()).unwrap_or(u32::MAX),
        refresh_token,
        scope: scope_set(&scopes),
        id_token: Some(id_token),
        authorization_details: standing.authorization_details(),
    })
}

/// The family and what it rests on, in one read where the token says whose it is.
async fn read(
    provider: &Provider,
    token: &RefreshToken,
) -> Result<(Option<Grant>, Option<Dossier>), EndpointError> {
    let Some(RefreshAbout { subject, session }) = token.about else {
        return Ok((provider.store.grant(token.grant).await?, None));
    };
    let (client, grant) = (Some(&token.client), Some(token.grant));
    let mut dossier =
        provider.store.dossier(&DossierOf { subject, session, client, grant }).await?;
    let grant = dossier.as_mut().and_then(|dossier| dossier.grant.take());
    Ok((grant, dossier))
}

fn open_token(
    provider: &Provider,
    party: &RelyingParty,
    presented: &SecretString,
    now: Timestamp,
) -> Result<RefreshToken, EndpointError> {
    sealed::open::<RefreshToken>(provider, presented.expose_secret(), now)
        // ATK-072: another client's token is no token.
        .filter(|token| token.client == party.client_id)
        .ok_or(EndpointError::invalid_grant("the refresh token is not valid"))
}

/// Scope can only narrow (OA-15).
fn narrowed(
    grant: &ActiveGrant,
    asked: Option<&ScopeSet>,
) -> Result<BTreeSet<String>, EndpointError> {
    let Some(asked) = asked else { return Ok(grant.terms.scopes.clone()) };
    let asked: BTreeSet<String> = asked.iter().map(ToString::to_string).collect();
    if asked.is_subset(&grant.terms.scopes) && asked.contains("openid") {
        Ok(asked)
    } else {
        Err(EndpointError::refused(ErrorCode::InvalidScope, "the scope exceeds the grant"))
    }
}

/// Returns the generation that counts now.
async fn advance(
    provider: &Provider,
    party: &RelyingParty,
    from: Generation,
    to: ActiveGrant,
    now: Timestamp,
) -> Result<Generation, EndpointError> {
    let (id, generation) = (to.terms.grant, to.generation);
    let change = Change::RotateGrant { grant: id, from, to: generation, now };
    match provider.commit(&[change, refreshed(provider, party, &to, now)], now).await? {
        Commit::Done => Ok(generation),
        // Another caller was faster: an honest double submission gets the same newest token.
        Commit::Lost(_) => match provider.store.grant(id).await? {
            Some(Grant::Active(current)) if current.generation == generation => Ok(generation),
            _ => Err(EndpointError::invalid_grant("the refresh token was used before")),
        },
    }
}

/// An old generation came back: somebody holds a copy, and the whole family goes (BCP-11).
async fn replayed(
    provider: &Provider,
    party: &RelyingParty,
    terms: &GrantTerms,
    now: Timestamp,
) -> Result<EndpointError, EndpointError> {
    let plan = revocation(provider, party, terms, RevocationReason::RefreshReplayed, now);
    provider.commit_uncontested(&plan, now).await?;
    Ok(EndpointError::invalid_grant("the refresh token was used before"))
}

fn refreshed(
    provider: &Provider,
    party: &RelyingParty,
    grant: &ActiveGrant,
    now: Timestamp,
) -> Change {
    let kind = EventKind::GrantRefreshed { grant: grant.terms.grant };
    let event = SecurityEvent::new(kind, now, provider.entropy.as_ref())
        .about(grant.terms.subject)
        .at_client(&party.client_id);
    Change::Append(Box::new(event))
}
