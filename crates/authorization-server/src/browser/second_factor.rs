//! `/login/totp`: the code of an authenticator application.

use axum::response::{IntoResponse as _, Response};
use flows::authorize::Proving;
use flows::login::{LoginError, LoginRefusal};
use flows::proof::totp::with_totp;
use flows::session::LiveSession;
use http::StatusCode;
use identity_core::AuthenticatorKind;

use super::login::come_back_in;
use super::reason::asking;
use super::step::Step;
use super::words;
use crate::form::OwnForm;
use crate::pages::second_factor::{SecondFactor, TotpProblem};
use crate::stop::Stop;
use crate::visit::Visit;

const KIND: AuthenticatorKind = AuthenticatorKind::Totp;

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
    let problem = match typed_code(form.get("totp")) {
        Err(problem) => problem,
        Ok(code) => {
            let visit = &step.visit;
            let provider = &visit.state.provider;
            match with_totp(provider, live, &code, step.occasion(), visit.now).await {
                Ok(handle) => return step.enter(&handle, KIND).await,
                Err(LoginError::Refused(refusal)) => problem_of(&refusal),
                Err(LoginError::Fault(fault)) => return Err(fault.into()),
            }
        }
    };
    let proving = step.ways().await?;
    show(&step, live, proving.as_ref(), Some(problem))
}

/// Six digits, however they are grouped; what cannot be a code is not counted as a guess.
pub fn typed_code(typed: Option<&str>) -> Result<String, TotpProblem> {
    let code: String = typed.ok_or(TotpProblem::Missing)?.split_whitespace().collect();
    match code.len() {
        0 => Err(TotpProblem::Missing),
        6 if code.bytes().all(|byte| byte.is_ascii_digit()) => Ok(code),
        _ => Err(TotpProblem::Malformed),
    }
}

fn show(
    step: &Step,
    live: &LiveSession,
    proving: Option<&Proving>,
    problem: Option<TotpProblem>,
) -> Result<Response, Stop> {
    let visit = &step.visit;
    let page = SecondFactor {
        asking: asking(step, Some(live), proving),
        can_recover: visit.state.provider.messaging.is_possible(),
        problem,
    };
    let shown = visit.show_at(&step.proof_address(KIND), &page, &step.policy())?;
    Ok(match problem {
        None => shown,
        Some(TotpProblem::TryAgainIn { seconds }) => come_back_in(seconds, shown),
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, shown).into_response(),
    })
}

fn problem_of(refusal: &LoginRefusal) -> TotpProblem {
    match refusal {
        LoginRefusal::WrongCode
        | LoginRefusal::WrongCredentials
        | LoginRefusal::Passkey(_)
        | LoginRefusal::Biometric(_)
        | LoginRefusal::AccountNotUsable(_) => TotpProblem::Wrong,
        LoginRefusal::Wait(delay) => TotpProblem::TryAgainIn { seconds: words::seconds(*delay) },
        LoginRefusal::Exhausted => TotpProblem::Disabled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_typed_in_groups_but_must_have_six_digits() {
        assert_eq!(typed_code(Some(" 123 456 ")).as_deref(), Ok("123456"));
        assert_eq!(typed_code(None), Err(TotpProblem::Missing));
        assert_eq!(typed_code(Some("  ")), Err(TotpProblem::Missing));
        for malformed in ["12345", "1234567", "12345a", "１２３４５６"] {
            assert_eq!(typed_code(Some(malformed)), Err(TotpProblem::Malformed), "{malformed}");
        }
    }
}
