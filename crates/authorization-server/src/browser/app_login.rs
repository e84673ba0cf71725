//! `/login/app`: a code for the citizen's app, and what became of it.

use axum::response::{IntoResponse as _, Response};
use flows::app::browser::{Place, View, begin, look};
use flows::app::code::TransactionId;
use flows::authorize::Proving;
use flows::login::{LoginError, LoginRefusal};
use flows::proof::app::with_app;
use flows::proof::{Attempt, Standing};
use http::{HeaderValue, StatusCode, header};
use identity_core::AuthenticatorKind;
use serde_json::{Value, json};
use url::Url;

use super::reason::asking;
use super::step::Step;
use crate::form::OwnForm;
use crate::headers::{ContentPolicy, Scripts};
use crate::pages::app_login::{AppLogin, AppProblem};
use crate::pages::{paths, qr};
use crate::stop::Stop;
use crate::visit::Visit;

const KIND: AuthenticatorKind = AuthenticatorKind::App;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let step = Step::asked_or_homeward(visit).await?;
    let proving = step.proving(KIND).await?;
    show(&step, Some(&proving), None)
}

/// Asked again and again by the page's script: begins where nothing was begun, and says how it
/// stands.
pub async fn state(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let step = Step::posted(visit, form.get("interaction")).await?;
    let (provider, now) = (&step.visit.state.provider, step.visit.now);
    let live = step.live.as_ref();
    let place = Place { browser: &step.visit.device, origin: origin(&step) };
    let view = match form.get("transaction").and_then(TransactionId::parse) {
        Some(id) => look(provider, &step.interaction, live, id, place, now).await?,
        None => begin(provider, &step.interaction, live, place, now).await?,
    };
    let drawn = form.get("drawn").unwrap_or_default();
    let body = told(&step.visit, view, drawn)?;
    let mut response = (StatusCode::OK, body.to_string()).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}

/// The picture is sent when it is another one than the page has `drawn`.
fn told(visit: &Visit, view: View, drawn: &str) -> Result<Value, Stop> {
    Ok(match view {
        View::Code(picture) => {
            let drawn_at = picture.drawn_at.unix_millis().to_string();
            let transaction = picture.transaction.to_string();
            if drawn == format!("{transaction} {drawn_at}") {
                return Ok(json!({ "state": "code" }));
            }
            let app = format!("{}{}", visit.state.origin(), paths::APP);
            let link = format!("{app}#open={}", picture.in_link);
            json!({
                "state": "code",
                "transaction": transaction,
                "drawn": format!("{transaction} {drawn_at}"),
                "picture": qr::data_address(&format!("{app}#open={}", picture.code))?,
                "link": link,
            })
        }
        View::Number(number) => json!({ "state": "number", "number": number.to_string() }),
        View::Approved => json!({ "state": "approved" }),
        View::Denied => json!({ "state": "denied" }),
        View::Over => json!({ "state": "over" }),
    })
}

/// The page's script sends its form when the telephone has answered.
pub async fn submit(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let step = Step::posted(visit, form.get("interaction")).await?;
    let proving = step.proving(KIND).await?;
    let Some(id) = form.get("transaction").and_then(TransactionId::parse) else {
        return show(&step, Some(&proving), None);
    };
    let attempt = Attempt {
        standing: Standing::Alone,
        admits: step.interaction.admits(),
        session: step.live.as_ref().map(|live| &live.session),
        occasion: step.occasion(),
        browser: &step.visit.device,
        now: step.visit.now,
    };
    match with_app(&step.visit.state.provider, &attempt, &step.interaction, id).await {
        Ok(handle) => step.enter(&handle, KIND).await,
        Err(LoginError::Refused(refusal)) => {
            show(&step, Some(&proving), Some(problem_of(&refusal)))
        }
        Err(LoginError::Fault(fault)) => Err(fault.into()),
    }
}

fn problem_of(refusal: &LoginRefusal) -> AppProblem {
    match refusal {
        LoginRefusal::AccountNotUsable(_) => AppProblem::AccountNotUsable,
        LoginRefusal::WrongCredentials
        | LoginRefusal::WrongCode
        | LoginRefusal::Passkey(_)
        | LoginRefusal::Biometric(_)
        | LoginRefusal::Wait(_)
        | LoginRefusal::Exhausted => AppProblem::NotApproved,
    }
}

/// Where the browser goes on to, as its address bar will show it.
fn origin(step: &Step) -> Option<String> {
    let redirect_uri = &step.interaction.request()?.redirect_uri;
    let origin = Url::parse(redirect_uri).ok()?.origin();
    origin.is_tuple().then(|| origin.ascii_serialization())
}

fn show(
    step: &Step,
    proving: Option<&Proving>,
    problem: Option<AppProblem>,
) -> Result<Response, Stop> {
    let visit = &step.visit;
    let page = AppLogin { asking: asking(step, step.live.as_ref(), proving), problem };
    let policy = ContentPolicy { scripts: Scripts::OwnThatAsk, ..step.policy() };
    let shown = visit.show_at(&step.proof_address(KIND), &page, &policy)?;
    Ok(match problem {
        None => shown,
        Some(AppProblem::AccountNotUsable) => (StatusCode::FORBIDDEN, shown).into_response(),
        Some(AppProblem::NotApproved) => (StatusCode::UNPROCESSABLE_ENTITY, shown).into_response(),
    })
}
