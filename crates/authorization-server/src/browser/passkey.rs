//! `/login/passkey`: a key that the browser or one of its devices keeps.

use axum::response::{IntoResponse as _, Response};
use flows::authorize::{LoginFor, Proving, login_for};
use flows::login::{LoginError, LoginRefusal, PasskeyRefusal};
use flows::passkey::Assertion;
use flows::proof::passkey::{
    Answer, Invitation, invite_anybody, invite_holder, with_own_passkey, with_passkey,
};
use flows::proof::{Attempt, Standing};
use flows::session::{LiveSession, SessionHandle};
use http::StatusCode;
use identity_core::AuthenticatorKind;
use jose::digest::base64url_decode;

use super::account::problem_of_state;
use super::login::explain;
use super::reason::asking;
use super::step::Step;
use crate::form::OwnForm;
use crate::headers::{ContentPolicy, Scripts};
use crate::pages::login::{AccountProblem, LoginProblem};
use crate::pages::passkey::{Ask, PasskeyProblem, UsePasskey};
use crate::stop::Stop;
use crate::visit::Visit;

const KIND: AuthenticatorKind = AuthenticatorKind::Passkey;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let step = Step::asked(visit).await?;
    let proving = step.proving(KIND).await?;
    show(&step, Some(&proving), None)
}

pub async fn submit(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let step = Step::posted(visit, form.get("interaction")).await?;
    let problem = match answer(&form) {
        None => PasskeyProblem::NoAnswer,
        Some(answer) => match prove(&step, &answer).await {
            Ok(handle) => return step.enter(&handle, KIND).await,
            Err(LoginError::Refused(LoginRefusal::AccountNotUsable(state))) => {
                let problem = problem_of_state(&state).unwrap_or(AccountProblem::LockedByAuthority);
                return explain(&step, LoginProblem::Account(problem));
            }
            Err(LoginError::Refused(refusal)) => problem_of(&refusal),
            Err(LoginError::Fault(fault)) => return Err(fault.into()),
        },
    };
    let proving = step.ways().await?;
    show(&step, proving.as_ref(), Some(problem))
}

/// The question that fits on the login page; none where the person is known already, because theirs
/// is asked on the page of its own.
pub fn ask_on_login_page(step: &Step) -> Result<Option<Ask>, Stop> {
    match holder(step) {
        Some(_) => Ok(None),
        None => Ok(Some(ask(step)?)),
    }
}

/// May run our own script.
pub fn policy(step: &Step) -> ContentPolicy {
    ContentPolicy { scripts: Scripts::Own, ..step.policy() }
}

fn ask(step: &Step) -> Result<Ask, Stop> {
    let (provider, now) = (&step.visit.state.provider, step.visit.now);
    let Invitation { challenge, options } = match holder(step) {
        Some(live) => invite_holder(provider, &step.interaction, live, now)?,
        None => invite_anybody(provider, &step.interaction, now)?,
    };
    Ok(Ask { challenge, options })
}

/// The person who proves one thing more, and cannot be exchanged meanwhile.
fn holder(step: &Step) -> Option<&LiveSession> {
    match login_for(&step.visit.state.provider, &step.interaction, step.live.as_ref()) {
        LoginFor::Holder => step.live.as_ref(),
        LoginFor::Anybody => None,
    }
}

/// What the script put into the form; `None`: it did not run.
fn answer(form: &OwnForm) -> Option<Answer<'_>> {
    let bytes = |name| base64url_decode(form.get(name)?).ok().filter(|bytes| !bytes.is_empty());
    Some(Answer {
        challenge: form.get("challenge")?,
        assertion: Assertion {
            credential_id: bytes("credential-id")?,
            client_data: bytes("client-data")?,
            authenticator_data: bytes("authenticator-data")?,
            signature: bytes("signature")?,
            user_handle: bytes("user-handle"),
        },
    })
}

async fn prove(step: &Step, answer: &Answer<'_>) -> Result<SessionHandle, LoginError> {
    let Step { visit, interaction, .. } = step;
    let provider = &visit.state.provider;
    if let Some(live) = holder(step) {
        let attempt = Attempt::beside(live, step.occasion(), visit.now);
        return with_own_passkey(provider, interaction, live, &attempt, answer).await;
    }
    let attempt = Attempt {
        standing: Standing::Alone,
        admits: interaction.admits(),
        session: step.live.as_ref().map(|live| &live.session),
        occasion: step.occasion(),
        browser: &visit.device,
        now: visit.now,
    };
    with_passkey(provider, interaction, &attempt, answer).await
}

fn show(
    step: &Step,
    proving: Option<&Proving>,
    problem: Option<PasskeyProblem>,
) -> Result<Response, Stop> {
    let visit = &step.visit;
    let page = UsePasskey { asking: asking(step, holder(step), proving), ask: ask(step)?, problem };
    let shown = visit.show_at(&step.proof_address(KIND), &page, &policy(step))?;
    Ok(match problem {
        None => shown,
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, shown).into_response(),
    })
}

fn problem_of(refusal: &LoginRefusal) -> PasskeyProblem {
    match refusal {
        LoginRefusal::Passkey(PasskeyRefusal::Stale) => PasskeyProblem::Stale,
        LoginRefusal::Passkey(PasskeyRefusal::NotVerified) => PasskeyProblem::NotVerified,
        LoginRefusal::Passkey(PasskeyRefusal::PerhapsCopied) => PasskeyProblem::PerhapsCopied,
        LoginRefusal::Passkey(PasskeyRefusal::Wrong)
        | LoginRefusal::WrongCode
        | LoginRefusal::WrongCredentials
        | LoginRefusal::Wait(_)
        | LoginRefusal::Exhausted
        | LoginRefusal::Biometric(_)
        | LoginRefusal::AccountNotUsable(_) => PasskeyProblem::Wrong,
    }
}
