//! `/login`: personal number and password.

use axum::response::{IntoResponse as _, Response};
use flows::authorize::{LoginFor, Proving, login_for};
use flows::login::{LoginError, LoginRefusal};
use flows::proof::password::{PasswordAttempt, with_password};
use flows::session::LiveSession;
use http::{HeaderValue, StatusCode, header};
use identity_core::{AuthenticatorKind, LoginName};

use super::account::problem_of_state;
use super::passkey;
use super::reason::reason;
use super::step::Step;
use super::words;
use crate::form::OwnForm;
use crate::pages::login::{AccountProblem, Login, LoginProblem, Person};
use crate::pages::shared::Reason;
use crate::stop::Stop;
use crate::visit::Visit;

const KIND: AuthenticatorKind = AuthenticatorKind::Password;
/// Longest login name that is shown again.
const LONGEST_NAME: usize = 64;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let step = Step::asked_or_homeward(visit).await?;
    let proving = step.proving(KIND).await?;
    show_for(&step, person(&step, &hinted_name(&step)), Some(&proving), None)
}

pub async fn submit(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let step = Step::posted(visit, form.get("interaction")).await?;
    let typed = form.get("username").unwrap_or_default();
    let username = match fixed_person(&step) {
        Some(live) if !form.has("username") => live.subject.profile.number.as_str(),
        Some(_) | None => typed,
    };
    let password = form.get("password").unwrap_or_default();
    let missing = match (username, password) {
        // The page was for the holder of a session, which has ended since.
        ("", _) if !form.has("username") => Some(LoginProblem::SessionExpired),
        ("", _) => Some(LoginProblem::MissingUsername),
        (_, "") => Some(LoginProblem::MissingPassword),
        _ => None,
    };
    // The same page again: a name that could be typed can be corrected.
    let again = async |problem| {
        let who = if form.has("username") { anybody(typed) } else { person(&step, typed) };
        show_for(&step, who, step.ways().await?.as_ref(), Some(problem))
    };
    if let Some(missing) = missing {
        return again(missing).await;
    }
    let attempt = PasswordAttempt {
        username,
        password,
        admits: step.interaction.admits(),
        occasion: step.occasion(),
        session: step.live.as_ref().map(|live| &live.session),
        browser: &step.visit.device,
        now: step.visit.now,
    };
    match with_password(&step.visit.state.provider, &attempt).await {
        Ok(handle) => step.enter(&handle, KIND).await,
        Err(LoginError::Refused(refusal)) => again(problem_of(&refusal)).await,
        Err(LoginError::Fault(fault)) => Err(fault.into()),
    }
}

/// Shows the page with what keeps this person from going on.
pub fn explain(step: &Step, problem: LoginProblem) -> Result<Response, Stop> {
    show_for(step, anybody(""), None, Some(problem))
}

/// The person in the middle of a step-up, who cannot be exchanged there.
fn fixed_person(step: &Step) -> Option<&LiveSession> {
    let for_whom = login_for(&step.visit.state.provider, &step.interaction, step.live.as_ref());
    match for_whom {
        LoginFor::Holder => step.live.as_ref(),
        LoginFor::Anybody => None,
    }
}

fn anybody(entered: &str) -> Person {
    Person::Anybody { entered: entered.chars().take(LONGEST_NAME).collect() }
}

/// A hint is shown only when it is a login name; nothing else a relying party writes is.
fn hinted_name(step: &Step) -> String {
    let hint = step.interaction.request().and_then(|checked| checked.request.login_hint.clone());
    hint.filter(|hint| LoginName::parse(hint).is_ok()).unwrap_or_default()
}

fn person(step: &Step, entered: &str) -> Person {
    match fixed_person(step) {
        Some(live) => Person::Fixed(words::holder(&live.subject.profile)),
        None => anybody(entered),
    }
}

fn show_for(
    step: &Step,
    person: Person,
    proving: Option<&Proving>,
    problem: Option<LoginProblem>,
) -> Result<Response, Stop> {
    let visit = &step.visit;
    // One explanation at a time: why the account is closed outweighs why the password is asked for.
    let reason = match problem {
        Some(LoginProblem::Account(_)) => Reason::SignIn,
        Some(_) | None => reason(step, proving),
    };
    let page = Login {
        csrf: visit.csrf(),
        interaction: step.sealed.clone(),
        relying_party: step.party().map(|party| words::party(&party, visit.language)),
        person,
        reason,
        with_app: proving
            .filter(|proving| proving.ways.contains(&AuthenticatorKind::App))
            .map(|_| step.proof_address(AuthenticatorKind::App)),
        other_ways: step.other_ways(proving),
        passkey: passkey::ask_on_login_page(step)?,
        can_recover: visit.state.provider.messaging.is_possible(),
        problem,
    };
    let shown = visit.show_at(&step.proof_address(KIND), &page, &passkey::policy(step))?;
    Ok(match problem {
        None => shown,
        Some(LoginProblem::TryAgainIn { seconds }) => come_back_in(seconds, shown),
        Some(LoginProblem::Account(_)) => (StatusCode::FORBIDDEN, shown).into_response(),
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, shown).into_response(),
    })
}

/// 429 with the time to wait.
pub fn come_back_in(seconds: u32, page: Response) -> Response {
    let retry_after = [(header::RETRY_AFTER, HeaderValue::from(seconds))];
    (StatusCode::TOO_MANY_REQUESTS, retry_after, page).into_response()
}

fn problem_of(refusal: &LoginRefusal) -> LoginProblem {
    match refusal {
        LoginRefusal::WrongCredentials
        | LoginRefusal::WrongCode
        | LoginRefusal::Passkey(_)
        | LoginRefusal::Biometric(_) => LoginProblem::WrongCredentials,
        LoginRefusal::Wait(delay) => LoginProblem::TryAgainIn { seconds: words::seconds(*delay) },
        LoginRefusal::Exhausted => LoginProblem::PasswordDisabled,
        LoginRefusal::AccountNotUsable(state) => LoginProblem::Account(
            problem_of_state(state).unwrap_or(AccountProblem::LockedByAuthority),
        ),
    }
}
