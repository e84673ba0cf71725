//! `/login/recovery-code`: a code on paper instead of the telephone.

use axum::response::{IntoResponse as _, Response};
use flows::authorize::Proving;
use flows::login::{LoginError, LoginRefusal};
use flows::proof::recovery_codes::{RecoveryCode, with_recovery_code};
use flows::session::LiveSession;
use http::StatusCode;
use identity_core::AuthenticatorKind;

use super::login::come_back_in;
use super::reason::asking;
use super::step::Step;
use super::words;
use crate::form::OwnForm;
use crate::pages::recovery_code::{RecoveryCodeProblem, UseRecoveryCode};
use crate::stop::Stop;
use crate::visit::Visit;

const KIND: AuthenticatorKind = AuthenticatorKind::RecoveryCode;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let step = Step::asked(visit).await?;
    let proving = step.proving(KIND).await?;
    match &step.live {
        Some(live) => show(&step, live, Some(&proving), None),
        None => step.proceed().await,
    }
}

pub async fn submit(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let step = Step::posted(visit, form.get("interaction")).await?;
    // The session ended meanwhile: the password is asked for again.
    let Some(live) = &step.live else { return step.proceed().await };
    let typed = form.get("recovery-code").unwrap_or_default();
    let problem = match RecoveryCode::parse(typed) {
        None if typed.trim().is_empty() => RecoveryCodeProblem::Missing,
        None => RecoveryCodeProblem::Malformed,
        Some(code) => {
            let visit = &step.visit;
            let provider = &visit.state.provider;
            match with_recovery_code(provider, live, &code, step.occasion(), visit.now).await {
                Ok(handle) => return step.enter(&handle, KIND).await,
                Err(LoginError::Refused(refusal)) => problem_of(&refusal),
                Err(LoginError::Fault(fault)) => return Err(fault.into()),
            }
        }
    };
    let proving = step.ways().await?;
    show(&step, live, proving.as_ref(), Some(problem))
}

fn show(
    step: &Step,
    live: &LiveSession,
    proving: Option<&Proving>,
    problem: Option<RecoveryCodeProblem>,
) -> Result<Response, Stop> {
    let visit = &step.visit;
    let page = UseRecoveryCode { asking: asking(step, Some(live), proving), problem };
    let shown = visit.show_at(&step.proof_address(KIND), &page, &step.policy())?;
    Ok(match problem {
        None => shown,
        Some(RecoveryCodeProblem::TryAgainIn { seconds }) => come_back_in(seconds, shown),
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, shown).into_response(),
    })
}

fn problem_of(refusal: &LoginRefusal) -> RecoveryCodeProblem {
    match refusal {
        LoginRefusal::WrongCode
        | LoginRefusal::WrongCredentials
        | LoginRefusal::Passkey(_)
        | LoginRefusal::Biometric(_)
        | LoginRefusal::AccountNotUsable(_) => RecoveryCodeProblem::Wrong,
        LoginRefusal::Wait(delay) => {
            RecoveryCodeProblem::TryAgainIn { seconds: words::seconds(*delay) }
        }
        LoginRefusal::Exhausted => RecoveryCodeProblem::Disabled,
    }
}
