//! Redeeming an authorization code: every bound value checked, then one conditional insert.

use std::collections::BTreeSet;
use std::time::Duration;

use identity_core::grant::{
    ActiveGrant, AuthorizationCode, GrantTerms, RedeemRefusal, Redemption, RevocationReason,
};
use identity_core::relying_party::GrantType;
use identity_core::{
    EventKind, Province, RecordedDecision, RelyingParty, SecurityEvent, Session, Timestamp,
};
use protocol::token::TokenType;
use protocol::{CodeVerifier, ErrorCode, SecretString, TokenResponse, standard_claims};
use storage::{Change, Commit, GrantScope};

use super::standing::{Cleared, dossier_of, ensure_active};
use crate::issue::{Standing, scope_set};
use crate::provider::Provider;
use crate::refusal::{EndpointError, Fault};
use crate::sealed;
use crate::verified::names_of;

/// A session ends after an hour of disuse: the minute does not matter, a row each time does.
const TOUCHED_EVERY: Duration = Duration::from_mins(1);

pub struct Presented {
    pub code: SecretString,
    pub redirect_uri: Option<String>,
    pub code_verifier: Option<CodeVerifier>,
}

pub async fn redeem(
    provider: &Provider,
    party: &RelyingParty,
    presented: Presented,
    now: Timestamp,
) -> Result<TokenResponse, EndpointError> {
    if !party.may_use(GrantType::AuthorizationCode) {
        let description = "the client may not use the authorization code grant";
        return Err(EndpointError::refused(ErrorCode::UnauthorizedClient, description));
    }
    let code = open_code(provider, &presented.code, now)?;
    let (nonce, demanded_acr) = (code.nonce.clone(), code.demanded_acr.clone());
    let decision = code.decision.clone();
    let terms = code.terms.clone();
    let redemption = Redemption {
        client: &party.client_id,
        redirect_uri: presented.redirect_uri.as_deref(),
        code_challenge: presented.code_verifier.as_ref().map(|v| v.challenge().digest()),
        now,
    };
    let grant = match code.redeem(&redemption) {
        Ok(grant) => grant,
        Err(refusal) => return Err(refused(provider, party, refusal, &terms, now).await?),
    };
    let dossier = dossier_of(provider, &grant.terms).await?;
    let cleared = ensure_active(provider, party, &grant.terms, dossier, &demanded_acr, now);
    let cleared = match cleared {
        Ok(cleared) => cleared,
        Err(unclear) => return Err(unclear.recorded(provider, party, &grant.terms, now).await),
    };
    let response = respond(provider, party, &grant, &cleared, nonce, now)?;
    let plan = insertion(provider, party, &grant, &cleared, decision, now);
    match provider.commit(&plan, now).await? {
        Commit::Done => Ok(response),
        // Somebody redeemed it before: whoever holds what came of it must lose it (BCP-21).
        Commit::Lost(_) => {
            revoke_replayed(provider, party, &grant.terms, now).await?;
            Err(EndpointError::invalid_grant("the code was used before"))
        }
    }
}

fn open_code(
    provider: &Provider,
    code: &SecretString,
    now: Timestamp,
) -> Result<AuthorizationCode, EndpointError> {
    sealed::open(provider, code.expose_secret(), now)
        .ok_or(EndpointError::invalid_grant("the code is not valid"))
}

/// A code that comes back late may be a copy of one that was redeemed: then its family goes too
/// (ATK-001), although the code itself would be refused anyway.
async fn refused(
    provider: &Provider,
    party: &RelyingParty,
    refusal: RedeemRefusal,
    terms: &GrantTerms,
    now: Timestamp,
) -> Result<EndpointError, EndpointError> {
    let description = match refusal {
        RedeemRefusal::OtherClient => "the code was issued to another client",
        RedeemRefusal::OtherRedirectUri => "redirect_uri differs from the authorization request",
        RedeemRefusal::WrongVerifier => "code_verifier does not match",
        RedeemRefusal::MissingVerifier => "code_verifier is required",
        RedeemRefusal::UnexpectedVerifier => "code_verifier was not announced",
        RedeemRefusal::Expired => {
            if provider.store.grant(terms.grant).await?.is_some() {
                revoke_replayed(provider, party, terms, now).await?;
            }
            "the code has expired"
        }
    };
    Ok(EndpointError::invalid_grant(description))
}

fn respond(
    provider: &Provider,
    party: &RelyingParty,
    grant: &ActiveGrant,
    cleared: &Cleared,
    nonce: Option<String>,
    now: Timestamp,
) -> Result<TokenResponse, Fault> {
    let standing = Standing {
        party,
        terms: &grant.terms,
        subject: &cleared.subject,
        judged: &cleared.judged,
        now,
    };
    let access = standing.access_token(provider, &grant.terms.scopes)?;
    let offline = grant.terms.scopes.contains("offline_access");
    let refresh_token = (offline && party.may_use(GrantType::RefreshToken))
        .then(|| standing.refresh_token(provider, grant.generation))
        .transpose()?;
    let id_token = standing.id_token(provider, &access.token, nonce)?;
    Ok(TokenResponse {
        access_token: access.token,
        token_type: TokenType::Bearer,
        expires_in: u32::try_from(access.life.as_secs()).unwrap_or(u32::MAX),
        refresh_token,
        scope: scope_set(&grant.terms.scopes),
        id_token: Some(id_token),
        authorization_details: standing.authorization_details(),
    })
}

/// One write transaction per login: the grant, now and then the session's use, the citizen's history.
fn insertion(
    provider: &Provider,
    party: &RelyingParty,
    grant: &ActiveGrant,
    cleared: &Cleared,
    decision: Option<RecordedDecision>,
    now: Timestamp,
) -> Vec<Change> {
    let terms = &grant.terms;
    let kind = EventKind::GrantIssued {
        grant: terms.grant,
        session: terms.session,
        scopes: terms.scopes.clone(),
        claims: claims_of(terms),
        acr: crate::issue::acr(&cleared.judged.login, &[]).unwrap_or_default(),
        province: Province::of(&cleared.subject.profile.number),
        decision,
    };
    let event = SecurityEvent::new(kind, now, provider.entropy.as_ref())
        .about(terms.subject)
        .at_client(&party.client_id);
    let mut plan = vec![Change::InsertGrant(Box::new(grant.clone()))];
    let stale = |session: &Session| now.since(session.last_used_at) >= TOUCHED_EVERY;
    if cleared.session.as_ref().is_some_and(stale) {
        plan.push(Change::TouchSession { session: terms.session, now });
    }
    plan.push(Change::Append(Box::new(event)));
    plan
}

/// Everything that the relying party may learn by this grant. Where that is all that a scope carries,
/// `profile.*` stands for its claims: of all that a login writes, nothing stays longer than events.
fn claims_of(terms: &GrantTerms) -> BTreeSet<String> {
    let plain = terms.userinfo_claims.union(&terms.id_token_claims).cloned();
    let mut claims: BTreeSet<String> = plain.chain(names_of(&terms.verified)).collect();
    for scope in &terms.scopes {
        let carried = standard_claims::claims_of(scope).unwrap_or_default();
        if carried.len() > 1 && carried.iter().all(|claim| claims.contains(*claim)) {
            claims.retain(|claim| !carried.contains(&claim.as_str()));
            claims.insert(format!("{scope}.*"));
        }
    }
    claims
}

async fn revoke_replayed(
    provider: &Provider,
    party: &RelyingParty,
    terms: &GrantTerms,
    now: Timestamp,
) -> Result<(), Fault> {
    let reason = RevocationReason::CodeReplayed;
    let plan = revocation(provider, party, terms, reason, now);
    provider.commit_uncontested(&plan, now).await
}

/// Revoking a family: the row for refresh, the event for every token already out.
pub(super) fn revocation(
    provider: &Provider,
    party: &RelyingParty,
    terms: &GrantTerms,
    reason: RevocationReason,
    now: Timestamp,
) -> [Change; 2] {
    let kind = EventKind::GrantRevoked { grant: terms.grant, reason };
    let event = SecurityEvent::new(kind, now, provider.entropy.as_ref())
        .about(terms.subject)
        .at_client(&party.client_id);
    [
        Change::RevokeGrants { scope: GrantScope::One(terms.grant), reason, now },
        Change::Append(Box::new(event)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_claims_of_a_whole_scope_are_recorded_by_its_name() {
        let terms: GrantTerms = serde_json::from_value(serde_json::json!({
            "grant": uuid::Uuid::nil(), "client": "portal", "subject": uuid::Uuid::nil(),
            "session": uuid::Uuid::nil(), "scopes": ["email", "openid", "phone", "address"],
            "userinfo_claims": ["address", "email", "email_verified", "phone_number"],
            "id_token_claims": ["birthdate"], "evidence": [], "asked_acr": [],
            "authorized_at": 0,
        }))
        .unwrap();
        // Of telephones one of two was agreed to; a scope of one claim needs no shorter name.
        let expected = ["address", "birthdate", "email.*", "phone_number"];
        assert_eq!(claims_of(&terms), expected.map(str::to_owned).into());
    }
}
