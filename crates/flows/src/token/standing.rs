//! The one gate before anything is issued about a person: every status and binding, checked anew
//! (security.md, "ten decisions" no. 1; ATK-139).

use identity_core::account::AccountState;
use identity_core::consent::Consent;
use identity_core::grant::GrantTerms;
use identity_core::relying_party::ConsentRule;
use identity_core::{RelyingParty, Subject, Timestamp};

use crate::judgement::{Person, Rejudged, rejudge};
use crate::provider::Provider;
use crate::refusal::EndpointError;

/// A person about whom this grant may speak now.
pub struct Cleared {
    pub subject: Subject,
    pub judged: Rejudged,
}

/// Refuses unless person, session, consent, client and level all still stand.
pub async fn ensure_active(
    provider: &Provider,
    party: &RelyingParty,
    terms: &GrantTerms,
    demanded_acr: &[String],
    now: Timestamp,
) -> Result<Cleared, EndpointError> {
    if terms.client != party.client_id || !party.in_force(now) {
        return Err(EndpointError::invalid_grant("the grant belongs to another client"));
    }
    let subject = provider.store.subject(terms.subject).await?.map(|found| found.subject);
    let subject = subject.ok_or(EndpointError::invalid_grant("the person is not known"))?;
    if !matches!(subject.account.state, AccountState::Activated { .. }) {
        return Err(EndpointError::invalid_grant("the account cannot be used"));
    }
    // `offline_access` is the permission to outlive the session; nothing else does.
    if !terms.scopes.contains("offline_access") {
        let session = provider.store.session(terms.session).await?;
        if !session.is_some_and(|session| session.alive(now)) {
            return Err(EndpointError::invalid_grant("the session has ended"));
        }
    }
    if party.consent == ConsentRule::AskCitizen {
        let consent = provider.store.consent(terms.subject, &party.client_id).await?;
        if !consent.is_some_and(|consent| still_agreed(&consent, terms)) {
            return Err(EndpointError::invalid_grant("consent was withdrawn"));
        }
    }
    if !party.scopes.is_superset(&terms.scopes) {
        return Err(EndpointError::invalid_grant("the client may no longer ask for this scope"));
    }
    let state = subject.state();
    let enrolments = provider.store.enrolments(subject.id).await?;
    let authenticators: Vec<_> =
        enrolments.into_iter().map(|enrolment| enrolment.authenticator).collect();
    let person = Person {
        state: &state,
        evidence: &terms.evidence,
        authenticators: &authenticators,
        authorized_at: terms.authorized_at,
    };
    let judged = rejudge(provider, party, &person, demanded_acr, now)?
        .ok_or(EndpointError::invalid_grant("the assurance no longer suffices"))?;
    Ok(Cleared { subject, judged })
}

/// A claim that was agreed to and is declined now is as good as withdrawn: unlike a question, a grant
/// is not covered by a no.
fn still_agreed(consent: &Consent, terms: &GrantTerms) -> bool {
    consent.withdrawn_at.is_none()
        && terms.scopes.is_subset(&consent.scopes)
        && terms.userinfo_claims.is_subset(&consent.claims)
        && terms.id_token_claims.is_subset(&consent.claims)
}
