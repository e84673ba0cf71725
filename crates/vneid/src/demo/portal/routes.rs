//! The portal's addresses. A handler finds out who is there, does one thing, and shows one page.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Form, FromRequestParts, Path, Query, RawQuery, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::cases::CaseError;
use super::logout_token::{self, LogoutTokenError};
use super::requirements::{Procedure, Shortfall};
use super::sessions::{
    Citizen, Demand, Purpose, SIGNED_IN_SECONDS, SessionId, random_secret, same_secret,
};
use super::trouble::Trouble;
use super::{Portal, pages, why};

const COOKIE: &str = "portal_session";
const MAX_BODY_BYTES: usize = 16 * 1024;

pub fn router(portal: Arc<Portal>) -> io::Result<Router> {
    // The forms that file and log out are answered by redirects to the provider, and browsers hold
    // `form-action` against the whole chain.
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {}; frame-ancestors 'none'; \
         base-uri 'none'",
        portal.relying_party.issuer_origin()
    );
    let policy = HeaderValue::from_str(&policy).map_err(io::Error::other)?;
    Ok(Router::new()
        .route("/", get(home))
        .route("/login", get(login))
        .route("/callback", get(callback))
        .route("/logout", post(logout))
        .route("/backchannel-logout", post(backchannel_logout))
        .route("/procedures/{number}", get(procedure))
        .route("/procedures/{number}/file", post(file))
        .route("/cases/{number}", get(case))
        .route("/why", get(why_this_level))
        .route("/assets/portal.css", get(stylesheet))
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(axum::middleware::map_response(move |response| {
            let policy = policy.clone();
            async move { with_security_headers(response, policy) }
        }))
        .with_state(portal))
}

/// Who is there, and when: one request has one `now`.
struct Visit {
    session: Option<SessionId>,
    citizen: Option<Arc<Citizen>>,
    now: i64,
}

impl FromRequestParts<Arc<Portal>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        portal: &Arc<Portal>,
    ) -> Result<Self, Self::Rejection> {
        let now = (portal.now)();
        let session = session_cookie(&parts.headers);
        let citizen = session.as_ref().and_then(|id| portal.sessions.citizen(id, now));
        Ok(Self { session, citizen, now })
    }
}

impl Portal {
    fn answer(&self, visit: &Visit, outcome: Result<Response, Trouble>) -> Response {
        outcome.unwrap_or_else(|trouble| {
            let citizen = visit.citizen.as_deref().filter(|_| trouble != Trouble::SessionEnded);
            pages::trouble(citizen, &trouble, &self.account_page)
        })
    }

    /// Sends the browser to the provider.
    async fn send_to_provider(&self, visit: &Visit, purpose: Purpose) -> Result<Response, Trouble> {
        let wish = match purpose {
            Purpose::Procedure(number) => {
                self.procedure(number).map(|procedure| procedure.authentication_level)
            }
            Purpose::Home | Purpose::StepUp(..) => None,
        };
        let (url, pending) = self.relying_party.begin(purpose, wish, visit.now).await?;
        let fresh = SessionId::random(&self.rng)?;
        let id = self.sessions.begin_login(visit.session.as_ref(), pending, fresh, visit.now);
        Ok((self.cookie(&id), Redirect::to(url.as_str())).into_response())
    }

    fn cookie(&self, id: &SessionId) -> [(header::HeaderName, String); 1] {
        let secure = if self.secure_cookies { "; Secure" } else { "" };
        let value = format!(
            "{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={SIGNED_IN_SECONDS}{secure}",
            id.as_str()
        );
        [(header::SET_COOKIE, value)]
    }
}

#[derive(Deserialize)]
struct HomeQuery {
    /// Comes back from RP-initiated logout.
    state: Option<String>,
}

async fn home(
    State(portal): State<Arc<Portal>>,
    visit: Visit,
    query: Result<Query<HomeQuery>, QueryRejection>,
) -> Response {
    let returned = query.is_ok_and(|Query(query)| query.state.is_some());
    let citizen = visit.citizen.as_deref();
    pages::home(citizen, &portal.procedures, returned && citizen.is_none())
}

#[derive(Deserialize)]
struct LoginQuery {
    procedure: Option<u8>,
}

async fn login(
    State(portal): State<Arc<Portal>>,
    visit: Visit,
    query: Result<Query<LoginQuery>, QueryRejection>,
) -> Response {
    let purpose = query
        .ok()
        .and_then(|Query(query)| query.procedure)
        .and_then(|number| portal.procedure(number))
        .map_or(Purpose::Home, |procedure| Purpose::Procedure(procedure.number));
    portal.answer(&visit, portal.send_to_provider(&visit, purpose).await)
}

/// The authorization response (RFC 6749 §4.1.2). A repeated parameter makes it malformed.
#[derive(Deserialize)]
struct AuthorizationResponse {
    state: String,
    iss: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

async fn callback(
    State(portal): State<Arc<Portal>>,
    visit: Visit,
    query: Result<Query<AuthorizationResponse>, QueryRejection>,
) -> Response {
    let outcome = match query {
        Ok(Query(response)) => complete_login(&portal, &visit, response).await,
        Err(_) => Err(Trouble::LoginNotRecognised),
    };
    portal.answer(&visit, outcome)
}

async fn complete_login(
    portal: &Portal,
    visit: &Visit,
    response: AuthorizationResponse,
) -> Result<Response, Trouble> {
    let session = visit.session.as_ref().ok_or(Trouble::LoginNotRecognised)?;
    let pending = portal
        .sessions
        .take_pending(session, &response.state, visit.now)
        .ok_or(Trouble::LoginNotRecognised)?;
    // RFC 9207 §2.4, for errors too: the client library leaves this to us.
    if response.iss.as_deref() != Some(portal.relying_party.issuer()) {
        return Err(Trouble::ForeignAnswer);
    }
    let purpose = pending.purpose;
    let code = match (response.error, response.code) {
        (Some(error), _) => {
            let demanded = match purpose {
                Purpose::StepUp(_, demand) => demand.level,
                Purpose::Home | Purpose::Procedure(_) => None,
            };
            return Err(Trouble::from_error_code(&error, demanded));
        }
        (None, None) => return Err(Trouble::LoginNotRecognised),
        (None, Some(code)) => code,
    };
    let form_token = random_secret(&portal.rng)?;
    let citizen = portal.relying_party.complete(pending, code, form_token, visit.now).await?;
    let reached = citizen.assurance.authentication_level();
    let fresh = SessionId::random(&portal.rng)?;
    let cookie = portal.cookie(&fresh);
    portal.sessions.sign_in(session, fresh, citizen, visit.now);
    let next = match purpose {
        Purpose::Home => "/".to_owned(),
        Purpose::StepUp(number, demand) if demand.level.is_none_or(|level| reached >= level) => {
            format!("/procedures/{number}?stepped_up")
        }
        Purpose::Procedure(number) | Purpose::StepUp(number, _) => format!("/procedures/{number}"),
    };
    Ok((cookie, Redirect::to(&next)).into_response())
}

async fn procedure(
    State(portal): State<Arc<Portal>>,
    visit: Visit,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let outcome = find(&portal, &number).map(|procedure| {
        let stepped_up = query.as_deref() == Some("stepped_up");
        pages::procedure(visit.citizen.as_deref(), procedure, stepped_up)
    });
    portal.answer(&visit, outcome)
}

#[derive(Deserialize)]
struct OwnForm {
    form_token: String,
}

async fn file(
    State(portal): State<Arc<Portal>>,
    visit: Visit,
    Path(number): Path<String>,
    form: Result<Form<OwnForm>, FormRejection>,
) -> Response {
    let outcome = file_case(&portal, &visit, &number, form).await;
    portal.answer(&visit, outcome)
}

async fn file_case(
    portal: &Portal,
    visit: &Visit,
    number: &str,
    form: Result<Form<OwnForm>, FormRejection>,
) -> Result<Response, Trouble> {
    let procedure = find(portal, number)?;
    let citizen = visit.citizen.as_deref().ok_or(Trouble::SessionEnded)?;
    check_form(citizen, form)?;
    // The case system decides what it needs; its challenge says what to ask the provider for (RFC 9470).
    let refusal = match portal.cases.file(procedure.number, &citizen.access_token).await {
        Ok(receipt) => {
            return Ok(Redirect::to(&format!("/cases/{}", receipt.number)).into_response());
        }
        Err(refusal) => refusal,
    };
    let demand = match refusal {
        CaseError::Insufficient(Shortfall::Authentication(level), max_age) => {
            Demand { level: Some(level), max_age }
        }
        CaseError::TooOld(seconds) => Demand { level: None, max_age: Some(seconds) },
        other => return Err(refused(portal, visit, other)),
    };
    portal.send_to_provider(visit, Purpose::StepUp(procedure.number, demand)).await
}

async fn case(
    State(portal): State<Arc<Portal>>,
    visit: Visit,
    Path(number): Path<String>,
) -> Response {
    let outcome = match visit.citizen.as_deref() {
        None => Err(Trouble::SessionEnded),
        Some(citizen) => match portal.cases.receipt(&number, &citizen.access_token).await {
            Ok(receipt) => {
                Ok(pages::receipt(citizen, &receipt, portal.procedure(receipt.procedure)))
            }
            Err(refusal) => Err(refused(&portal, &visit, refusal)),
        },
    };
    portal.answer(&visit, outcome)
}

async fn why_this_level(
    State(portal): State<Arc<Portal>>,
    query: Result<Query<why::Form>, QueryRejection>,
) -> Response {
    let question = query.map(|Query(form)| why::Question::from(form)).unwrap_or_default();
    let answer = (portal.explain)(question.clone()).await;
    let page = why::Page::of(&question, &portal.procedures, answer.as_ref());
    pages::html(StatusCode::OK, &page)
}

/// A token that is no longer accepted ends the session here as well.
fn refused(portal: &Portal, visit: &Visit, refusal: CaseError) -> Trouble {
    if let (CaseError::TokenRefused, Some(session)) = (&refusal, &visit.session) {
        portal.sessions.end(session);
    }
    refusal.into()
}

async fn logout(
    State(portal): State<Arc<Portal>>,
    visit: Visit,
    form: Result<Form<OwnForm>, FormRejection>,
) -> Response {
    let (Some(session), Some(citizen)) = (&visit.session, &visit.citizen) else {
        return Redirect::to("/").into_response();
    };
    if let Err(trouble) = check_form(citizen, form) {
        return portal.answer(&visit, Err(trouble));
    }
    portal.sessions.end(session);
    match portal.relying_party.logout_url(&citizen.id_token, visit.now).await {
        Some(url) => Redirect::to(url.as_str()).into_response(),
        None => Redirect::to("/").into_response(),
    }
}

#[derive(Deserialize)]
struct LogoutNotice {
    logout_token: String,
}

/// OpenID Connect Back-Channel Logout §2.7–2.8.
async fn backchannel_logout(
    State(portal): State<Arc<Portal>>,
    form: Result<Form<LogoutNotice>, FormRejection>,
) -> StatusCode {
    let now = (portal.now)();
    let Ok(Form(notice)) = form else { return StatusCode::BAD_REQUEST };
    match end_sessions(&portal, &notice.logout_token, now).await {
        Ok(ended) => {
            tracing::info!(ended, "back-channel logout");
            StatusCode::OK
        }
        Err(reason) => {
            tracing::warn!(reason, "back-channel logout refused");
            StatusCode::BAD_REQUEST
        }
    }
}

async fn end_sessions(portal: &Portal, token: &str, now: i64) -> Result<usize, String> {
    let party = &portal.relying_party;
    let keys = party.keys(false, now).await.map_err(|error| error.to_string())?;
    let mut verified = logout_token::verify(token, &keys, party.issuer(), party.client_id(), now);
    if verified == Err(LogoutTokenError::UnknownKey) {
        let keys = party.keys(true, now).await.map_err(|error| error.to_string())?;
        verified = logout_token::verify(token, &keys, party.issuer(), party.client_id(), now);
    }
    let logout = verified.map_err(|error| error.to_string())?;
    portal
        .sessions
        .end_by_token(&logout.who, &logout.jti, logout.remember_until, now)
        .ok_or_else(|| "used before".to_owned())
}

async fn stylesheet() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], pages::STYLESHEET)
}

async fn not_found(State(portal): State<Arc<Portal>>, visit: Visit) -> Response {
    portal.answer(&visit, Err(Trouble::NotFound))
}

fn find<'a>(portal: &'a Portal, number: &str) -> Result<&'a Procedure, Trouble> {
    number.parse().ok().and_then(|number| portal.procedure(number)).ok_or(Trouble::NotFound)
}

/// ATK-091: a form of ours carries the session's token, whatever SameSite makes of the cookie.
fn check_form(
    citizen: &Citizen,
    form: Result<Form<OwnForm>, FormRejection>,
) -> Result<(), Trouble> {
    match form {
        Ok(Form(form)) if same_secret(&form.form_token, &citizen.form_token) => Ok(()),
        _ => Err(Trouble::FormExpired),
    }
}

fn session_cookie(headers: &HeaderMap) -> Option<SessionId> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| SessionId::from_cookie(value))
}

fn with_security_headers(mut response: Response, policy: HeaderValue) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
