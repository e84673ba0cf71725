//! `/recover`: a forgotten password. Three pages, none of which says whether anybody bears the name.

use std::collections::BTreeSet;

use axum::response::{IntoResponse as _, Response};
use flows::PageRefusal;
use flows::password::PasswordFault;
use flows::recovery::{
    NewStart, Permission, Proofs, RecoveryError, RecoveryRefusal, begin, finish, permission, prove,
};
use http::StatusCode;
use identity_core::AuthenticatorId;

use super::authenticators::shown;
use super::login::come_back_in;
use super::words;
use crate::form::OwnForm;
use crate::headers::ContentPolicy;
use crate::pages::recover::{
    CodesProblem, Losable, NameProblem, RecoverCodes, RecoverName, RecoverPassword, Recovered,
};
use crate::pages::security::PasswordProblem;
use crate::pages::{Page, paths};
use crate::stop::Stop;
use crate::visit::Visit;

const LONGEST_NAME: usize = 64;
/// Before the handle of an authenticator that is reported lost.
const LOST: &str = "lost-";

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    possible(&visit)?;
    let page = RecoverName { csrf: visit.csrf(), entered: String::new(), problem: None };
    show(&visit, &page, StatusCode::OK)
}

/// The name: two questions for everybody.
pub async fn name(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    possible(&visit)?;
    let typed = form.get("username").unwrap_or_default().trim();
    let browser = visit.browser.digest();
    match begin(&visit.state.provider, typed, browser, visit.now) {
        Ok(questions) => {
            let page = RecoverCodes {
                csrf: visit.csrf(),
                sms_question: questions.sms,
                email_question: questions.email,
                problem: None,
            };
            show(&visit, &page, StatusCode::OK)
        }
        Err(RecoveryError::Refused(_)) => {
            let problem =
                if typed.is_empty() { NameProblem::Missing } else { NameProblem::NotAName };
            let entered = typed.chars().take(LONGEST_NAME).collect();
            let page = RecoverName { csrf: visit.csrf(), entered, problem: Some(problem) };
            show(&visit, &page, StatusCode::UNPROCESSABLE_ENTITY)
        }
        Err(RecoveryError::Fault(fault)) => Err(fault.into()),
    }
}

/// The codes: the permit for a new password.
pub async fn codes(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    possible(&visit)?;
    let field = |name| form.get(name).unwrap_or_default();
    let proofs = Proofs {
        sms_question: field("sms-question"),
        sms: field("sms-code"),
        email_question: field("email-question"),
        email: field("email-code"),
        totp: field("totp"),
        recovery_code: field("recovery-code"),
    };
    let browser = visit.browser.digest();
    let problem = match prove(&visit.state.provider, proofs, browser, visit.now).await {
        Ok(permit) => return show_password(&visit, permit, &BTreeSet::new(), None).await,
        Err(RecoveryError::Refused(RecoveryRefusal::Wait(delay))) => {
            CodesProblem::TryAgainIn { seconds: words::seconds(delay) }
        }
        Err(RecoveryError::Refused(RecoveryRefusal::Stale)) => {
            return Err(PageRefusal::StaleInteraction.into());
        }
        Err(RecoveryError::Refused(
            RecoveryRefusal::NotProven
            | RecoveryRefusal::NotAName
            | RecoveryRefusal::NewPassword(_),
        )) => CodesProblem::NotProven,
        Err(RecoveryError::Fault(fault)) => return Err(fault.into()),
    };
    let page = RecoverCodes {
        csrf: visit.csrf(),
        sms_question: proofs.sms_question.to_owned(),
        email_question: proofs.email_question.to_owned(),
        problem: Some(problem),
    };
    let shown = show(&visit, &page, StatusCode::UNPROCESSABLE_ENTITY)?;
    Ok(match problem {
        CodesProblem::NotProven => shown,
        CodesProblem::TryAgainIn { seconds } => come_back_in(seconds, shown),
    })
}

/// The new password, and what is reported lost with it.
pub async fn password(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    possible(&visit)?;
    let field = |name| form.get(name).unwrap_or_default();
    let (permit, password) = (field("permit").to_owned(), field("new-password"));
    let lost = form.ticked(LOST).filter_map(|id| id.parse().ok()).collect();
    if password != field("new-password-again") {
        return show_password(&visit, permit, &lost, Some(PasswordProblem::NotRepeated)).await;
    }
    let (browser, new) = (visit.browser.digest(), NewStart { password, lost: &lost });
    match finish(&visit.state.provider, &permit, &new, browser, visit.now).await {
        Ok(suspended) => {
            let suspended = suspended.iter().map(|it| shown(it, &[], visit.now)).collect();
            show(&visit, &Recovered { login: paths::HOME, suspended }, StatusCode::OK)
        }
        Err(RecoveryError::Refused(RecoveryRefusal::NewPassword(fault))) => {
            let problem = match fault {
                PasswordFault::TooShort => PasswordProblem::TooShort,
                PasswordFault::TooLong => PasswordProblem::TooLong,
                PasswordFault::Common => PasswordProblem::TooCommon,
            };
            show_password(&visit, permit, &lost, Some(problem)).await
        }
        Err(RecoveryError::Refused(_)) => Err(PageRefusal::StaleInteraction.into()),
        Err(RecoveryError::Fault(fault)) => Err(fault.into()),
    }
}

async fn show_password(
    visit: &Visit,
    permit: String,
    lost: &BTreeSet<AuthenticatorId>,
    problem: Option<PasswordProblem>,
) -> Result<Response, Stop> {
    let browser = visit.browser.digest();
    let permitted = permission(&visit.state.provider, &permit, lost, browser, visit.now).await;
    let Permission { minimum_password, losable } = match permitted {
        Ok(permission) => permission,
        Err(RecoveryError::Refused(_)) => return Err(PageRefusal::StaleInteraction.into()),
        Err(RecoveryError::Fault(fault)) => return Err(fault.into()),
    };
    let losable = losable.iter().map(|enrolment| Losable {
        held: shown(enrolment, &[], visit.now),
        ticked: lost.contains(&enrolment.authenticator.id),
    });
    let page = RecoverPassword {
        csrf: visit.csrf(),
        permit,
        minimum_length: u32::from(minimum_password),
        losable: losable.collect(),
        problem,
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    show(visit, &page, status)
}

fn possible(visit: &Visit) -> Result<(), Stop> {
    if visit.state.provider.messaging.is_possible() {
        Ok(())
    } else {
        Err(PageRefusal::NotFound.into())
    }
}

/// Every page of this begins anew in the other language.
fn show(visit: &Visit, page: &impl Page, status: StatusCode) -> Result<Response, Stop> {
    let shown = visit.show_at(paths::RECOVER, page, &ContentPolicy::default())?;
    Ok((status, shown).into_response())
}
