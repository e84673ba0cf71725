//! The one gate before anything is issued about a person: every status and binding, checked anew
//! (security.md, "ten decisions" no. 1; ATK-139).

use identity_core::account::AccountState;
use identity_core::consent::Consent;
use identity_core::grant::GrantTerms;
use identity_core::relying_party::ConsentRule;
use identity_core::{RecordedDecision, RelyingParty, Session, Subject, Timestamp};
use protocol::authorization_details::TRANSACTION;
use storage::record::{Dossier, DossierOf};

use crate::decisions::record_refusal;
use crate::judgement::{Person, Rejudged, rejudge};
use crate::provider::Provider;
use crate::refusal::EndpointError;
use crate::verified::names_of;

/// A person about whom this grant may speak now.
pub struct Cleared {
    pub subject: Subject,
    pub judged: Rejudged,
    /// If it still lives.
    pub session: Option<Session>,
}

/// Why nothing may be said about a person.
pub struct Unclear {
    refusal: EndpointError,
    /// Taken when the person was judged and did not suffice.
    decision: Option<RecordedDecision>,
}

impl Unclear {
    const fn because(description: &'static str) -> Self {
        Self { refusal: EndpointError::invalid_grant(description), decision: None }
    }

    /// The answer, once the decision stands in the ledger.
    pub async fn recorded(
        self,
        provider: &Provider,
        party: &RelyingParty,
        terms: &GrantTerms,
        now: Timestamp,
    ) -> EndpointError {
        let Self { refusal, decision } = self;
        match record_refusal(provider, party, terms.subject, decision, now).await {
            Ok(()) => refusal,
            Err(fault) => fault.into(),
        }
    }
}

impl From<EndpointError> for Unclear {
    fn from(refusal: EndpointError) -> Self {
        Self { refusal, decision: None }
    }
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
) -> Result<Cleared, Unclear> {
    if terms.client != party.client_id || !party.in_force(now) {
        return Err(Unclear::because("the grant belongs to another client"));
    }
    let dossier = dossier.filter(|dossier| dossier.subject.subject.id == terms.subject);
    let dossier = dossier.ok_or(Unclear::because("the person is not known"))?;
    let Dossier { subject, enrolments, session, consent, grant: _ } = dossier;
    let subject = subject.subject;
    if !matches!(subject.account.state, AccountState::Activated { .. }) {
        return Err(Unclear::because("the account cannot be used"));
    }
    let session = session.filter(|session| session.id == terms.session && session.alive(now));
    if session.is_none() && !terms.outlives_session() {
        return Err(Unclear::because("the session has ended"));
    }
    let agreed = || consent.is_some_and(|consent| still_agreed(&consent, terms));
    if party.consent == ConsentRule::AskCitizen && !agreed() {
        return Err(Unclear::because("consent was withdrawn"));
    }
    if !party.scopes.is_superset(&terms.scopes) {
        return Err(Unclear::because("the client may no longer ask for this scope"));
    }
    if terms.transaction.is_some() && !party.authorization_details_types.contains(TRANSACTION) {
        return Err(Unclear::because("the client may no longer ask for transactions"));
    }
    let state = subject.state();
    let authenticators: Vec<_> =
        enrolments.into_iter().map(|enrolment| enrolment.authenticator).collect();
    let person = Person {
        state: &state,
        evidence: &terms.evidence,
        authenticators: &authenticators,
        scopes: &terms.scopes,
        transaction: terms.transaction.as_ref(),
        authorized_at: terms.authorized_at,
    };
    let judged =
        rejudge(provider, party, &person, demanded_acr, now).map_err(EndpointError::from)?;
    let judged = judged.map_err(|decision| Unclear {
        decision,
        ..Unclear::because("the assurance no longer suffices")
    })?;
    Ok(Cleared { subject, judged, session })
}

/// A claim that was agreed to and is declined now is as good as withdrawn: unlike a question, a grant
/// is not covered by a no.
fn still_agreed(consent: &Consent, terms: &GrantTerms) -> bool {
    consent.withdrawn_at.is_none()
        && terms.scopes.is_subset(&consent.scopes)
        && terms.userinfo_claims.is_subset(&consent.claims)
        && terms.id_token_claims.is_subset(&consent.claims)
        && names_of(&terms.verified).is_subset(&consent.claims)
}
