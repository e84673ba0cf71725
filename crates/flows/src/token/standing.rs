//! The one gate before anything is issued about a person: every status and binding, checked anew
//! (security.md, "ten decisions" no. 1; ATK-139).

use identity_core::account::AccountState;
use identity_core::consent::Consent;
use identity_core::grant::GrantTerms;
use identity_core::relying_party::ConsentRule;
use identity_core::{RelyingParty, Session, Subject, Timestamp};
use storage::record::{Dossier, DossierOf};

use crate::judgement::{Person, Rejudged, rejudge};
use crate::provider::Provider;
use crate::refusal::EndpointError;

/// A person about whom this grant may speak now.
pub struct Cleared {
    pub subject: Subject,
    pub judged: Rejudged,
    /// If it still lives.
    pub session: Option<Session>,
}

/// Reads all that a grant rests on.
pub async fn dossier_of(
    provider: &Provider,
    terms: &GrantTerms,
) -> Result<Option<Dossier>, EndpointError> {
    let of = DossierOf {
        subject: terms.subject,
        session: Some(terms.session),
        client: Some(&terms.client),
        grant: None,
    };
    Ok(provider.store.dossier(&of).await?)
}

/// Refuses unless person, session, consent, client and level all still stand.
pub fn ensure_active(
    provider: &Provider,
    party: &RelyingParty,
    terms: &GrantTerms,
    dossier: Option<Dossier>,
    demanded_acr: &[String],
    now: Timestamp,
) -> Result<Cleared, EndpointError> {
    if terms.client != party.client_id || !party.in_force(now) {
        return Err(EndpointError::invalid_grant("the grant belongs to another client"));
    }
    let dossier = dossier.filter(|dossier| dossier.subject.subject.id == terms.subject);
    let dossier = dossier.ok_or(EndpointError::invalid_grant("the person is not known"))?;
    let Dossier { subject, enrolments, session, consent, grant: _ } = dossier;
    let subject = subject.subject;
    if !matches!(subject.account.state, AccountState::Activated { .. }) {
        return Err(EndpointError::invalid_grant("the account cannot be used"));
    }
    let session = session.filter(|session| session.id == terms.session && session.alive(now));
    if session.is_none() && !terms.outlives_session() {
        return Err(EndpointError::invalid_grant("the session has ended"));
    }
    let agreed = || consent.is_some_and(|consent| still_agreed(&consent, terms));
    if party.consent == ConsentRule::AskCitizen && !agreed() {
        return Err(EndpointError::invalid_grant("consent was withdrawn"));
    }
    if !party.scopes.is_superset(&terms.scopes) {
        return Err(EndpointError::invalid_grant("the client may no longer ask for this scope"));
    }
    let state = subject.state();
    let authenticators: Vec<_> =
        enrolments.into_iter().map(|enrolment| enrolment.authenticator).collect();
    let person = Person {
        state: &state,
        evidence: &terms.evidence,
        authenticators: &authenticators,
        scopes: &terms.scopes,
        authorized_at: terms.authorized_at,
    };
    let judged = rejudge(provider, party, &person, demanded_acr, now)?
        .ok_or(EndpointError::invalid_grant("the assurance no longer suffices"))?;
    Ok(Cleared { subject, judged, session })
}

/// A claim that was agreed to and is declined now is as good as withdrawn: unlike a question, a grant
/// is not covered by a no.
fn still_agreed(consent: &Consent, terms: &GrantTerms) -> bool {
    consent.withdrawn_at.is_none()
        && terms.scopes.is_subset(&consent.scopes)
        && terms.userinfo_claims.is_subset(&consent.claims)
        && terms.id_token_claims.is_subset(&consent.claims)
}
