//! `/login/face` and `/login/fingerprint`: the browser goes to a matcher and comes back with what the
//! matcher signed. The adapter of the port `flows::matcher` for browsers.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use flows::authorize::Proving;
use flows::login::{BiometricRefusal, LoginError, LoginRefusal};
use flows::matcher::Modality;
use flows::proof::biometric::{CaptureId, begin, collect, returned};
use flows::session::LiveSession;
use http::StatusCode;

use super::login::come_back_in;
use super::reason::asking;
use super::step::Step;
use super::{see_other, words};
use crate::form::{self, OwnForm};
use crate::headers::{ContentPolicy, Scripts};
use crate::pages::biometric::{BiometricProblem, UseBiometric, path_of, return_path_of};
use crate::pages::paths;
use crate::state::ServerState;
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn face_page(visit: Visit) -> Result<Response, Stop> {
    page(visit, Modality::Face).await
}

pub async fn fingerprint_page(visit: Visit) -> Result<Response, Stop> {
    page(visit, Modality::Fingerprint).await
}

pub async fn submit_face(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    submit(visit, form, Modality::Face).await
}

pub async fn submit_fingerprint(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    submit(visit, form, Modality::Fingerprint).await
}

pub async fn face_returned(state: State<Arc<ServerState>>, request: Request) -> Response {
    come_back(state, request, Modality::Face).await
}

pub async fn fingerprint_returned(state: State<Arc<ServerState>>, request: Request) -> Response {
    come_back(state, request, Modality::Fingerprint).await
}

/// A POST from the matcher's page. It comes without our cookies (they are `SameSite=Lax`), so nothing is
/// decided: what came is put aside, and the browser asked to come again by GET. Sets no cookie, which
/// would displace the browser's own.
async fn come_back(
    State(state): State<Arc<ServerState>>,
    request: Request,
    modality: Modality,
) -> Response {
    let nowhere = || see_other(paths::ERROR);
    let Ok(params) = form::params(request).await else { return nowhere() };
    let id = params.get("state").and_then(CaptureId::parse);
    let (Some(id), Some(statement)) = (id, params.get("statement")) else { return nowhere() };
    match returned(&state.provider, id, statement, state.clock.now()).await {
        Ok(Some(interaction)) => {
            let path = path_of(modality);
            see_other(&format!("{path}?interaction={interaction}&capture={id}"))
        }
        Ok(None) => nowhere(),
        Err(fault) => Stop::from(fault).into_response(),
    }
}

/// What the page shows next.
struct Shown {
    capture: Option<CaptureId>,
    problem: Option<BiometricProblem>,
}

async fn page(visit: Visit, modality: Modality) -> Result<Response, Stop> {
    let step = Step::asked(visit).await?;
    let capture = step.visit.query()?.get("capture").and_then(CaptureId::parse);
    // What came back is collected also where the app was used too long ago by now.
    let proving = match capture {
        Some(_) => step.ways().await?,
        None => Some(step.proving(modality.kind()).await?),
    };
    match &step.live {
        Some(live) => {
            show(&step, live, modality, proving.as_ref(), &Shown { capture, problem: None })
        }
        None => step.proceed().await,
    }
}

async fn submit(visit: Visit, form: OwnForm, modality: Modality) -> Result<Response, Stop> {
    let step = Step::posted(visit, form.get("interaction")).await?;
    // The session ended meanwhile: the password is asked for again.
    let Some(live) = &step.live else { return step.proceed().await };
    let (provider, now) = (&step.visit.state.provider, step.visit.now);
    let done = match form.get("capture").map(CaptureId::parse) {
        Some(Some(id)) => {
            let occasion = step.occasion();
            collect(provider, &step.interaction, live, id, occasion, now).await.map(Done::Proven)
        }
        Some(None) => Err(LoginError::Refused(LoginRefusal::Biometric(BiometricRefusal::Stale))),
        None => {
            let back = return_path_of(modality);
            let begun = begin(provider, &step.interaction, live, modality, back, now).await;
            begun.map(Done::Begun)
        }
    };
    let problem = match done {
        Ok(Done::Begun(address)) => return Ok(see_other(&address)),
        Ok(Done::Proven(handle)) => return step.enter(&handle, modality.kind()).await,
        // The app comes first, as the engine says.
        Err(LoginError::Refused(LoginRefusal::Biometric(BiometricRefusal::NoDevice))) => {
            return step.proceed().await;
        }
        Err(LoginError::Refused(refusal)) => problem_of(&refusal),
        Err(LoginError::Fault(fault)) => return Err(fault.into()),
    };
    let proving = step.ways().await?;
    let shown = Shown { capture: None, problem: Some(problem) };
    show(&step, live, modality, proving.as_ref(), &shown)
}

enum Done {
    Begun(String),
    Proven(flows::session::SessionHandle),
}

fn show(
    step: &Step,
    live: &LiveSession,
    modality: Modality,
    proving: Option<&Proving>,
    shown: &Shown,
) -> Result<Response, Stop> {
    let visit = &step.visit;
    let page = UseBiometric {
        asking: asking(step, Some(live), proving),
        modality,
        capture: shown.capture.map(|id| id.to_string()),
        problem: shown.problem,
    };
    let here = step.proof_address(modality.kind());
    let answer = visit.show_at(&here, &page, &policy(step, shown.capture))?;
    Ok(match shown.problem {
        None => answer,
        Some(BiometricProblem::TryAgainIn { seconds }) => come_back_in(seconds, answer),
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, answer).into_response(),
    })
}

/// Forms may lead to matchers, too; the page of what came back may press its own button.
fn policy(step: &Step, capture: Option<CaptureId>) -> ContentPolicy {
    let mut policy = step.policy();
    policy
        .leads_to
        .extend(step.visit.state.provider.settings.matchers.captures().map(str::to_owned));
    match capture {
        Some(_) => ContentPolicy { scripts: Scripts::Own, ..policy },
        None => policy,
    }
}

fn problem_of(refusal: &LoginRefusal) -> BiometricProblem {
    match refusal {
        LoginRefusal::Biometric(refusal) => match refusal {
            BiometricRefusal::Stale => BiometricProblem::Stale,
            BiometricRefusal::NotAccepted => BiometricProblem::NotAccepted,
            BiometricRefusal::NoMatch => BiometricProblem::NoMatch,
            BiometricRefusal::NotCompared => BiometricProblem::NotCompared,
            BiometricRefusal::TooMany => BiometricProblem::TooMany,
            BiometricRefusal::NoDevice | BiometricRefusal::NotPossible => {
                BiometricProblem::NotPossible
            }
        },
        LoginRefusal::Wait(delay) => {
            BiometricProblem::TryAgainIn { seconds: words::seconds(*delay) }
        }
        LoginRefusal::Exhausted => BiometricProblem::Disabled,
        LoginRefusal::WrongCode
        | LoginRefusal::WrongCredentials
        | LoginRefusal::Passkey(_)
        | LoginRefusal::AccountNotUsable(_) => BiometricProblem::Stale,
    }
}
