//! `/logout` and `/logged-out`.

use axum::extract::Request;
use axum::response::Response;
use flows::PageRefusal;
use flows::logout::{
    CheckedLogout, LogoutStep, PendingLogout, WayBack, check, log_out, parties_of,
};
use flows::session::LiveSession;
use identity_core::RelyingParty;
use protocol::Params;
use protocol::end_session::EndSessionRequest;

use super::words::in_language;
use super::{come_again_by_get, see_other};
use crate::cookies::Cookie;
use crate::form::{self, OwnForm};
use crate::headers::ContentPolicy;
use crate::pages::logout::{LoggedOut, Logout};
use crate::pages::paths;
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let request =
        EndSessionRequest::from_params(visit.query()?).map_err(PageRefusal::BadRequest)?;
    let live = visit.live().await?;
    let session = live.as_ref().map(|live| &live.session);
    let CheckedLogout { step, way_back } =
        check(&visit.state.provider, &request, session, visit.now)?;
    match (step, live) {
        (LogoutStep::Ask { asked_by }, Some(live)) => {
            ask(&visit, &live, asked_by.as_deref(), way_back).await
        }
        (LogoutStep::Ask { .. } | LogoutStep::LogOut, live) => {
            finish(&visit, live.as_ref(), way_back.as_ref()).await
        }
    }
}

/// Our own page's answer, or a relying party's request by POST.
pub async fn submit(visit: Visit, request: Request) -> Result<Response, Stop> {
    let params = form::params(request).await?;
    if params.get("decision").is_none() {
        let params = Params::merge(visit.query()?.clone(), params)
            .map_err(|_| form::BodyFault::Malformed(protocol::ParamsError::Repeated))?;
        return come_again_by_get(paths::LOGOUT, &params);
    }
    let form = OwnForm::verify(&visit, params)?;
    if form.get("decision") != Some("yes") {
        return Ok(see_other(paths::HOME));
    }
    let browser = visit.browser.digest();
    let pending = form
        .get("request")
        .map(|sealed| PendingLogout::open(&visit.state.provider, sealed, &browser, visit.now))
        .transpose()?;
    let way_back = pending.and_then(|pending| pending.way_back);
    let live = visit.live().await?;
    finish(&visit, live.as_ref(), way_back.as_ref()).await
}

pub async fn logged_out(visit: Visit) -> Result<Response, Stop> {
    let page = LoggedOut { told: Vec::new(), way_back: None };
    visit.show(&page, &ContentPolicy::default())
}

/// Ends the session, if there is one; the notices to relying parties are queued with it.
async fn finish(
    visit: &Visit,
    live: Option<&LiveSession>,
    way_back: Option<&WayBack>,
) -> Result<Response, Stop> {
    if let Some(live) = live {
        log_out(&visit.state.provider, &live.session, visit.now).await?;
    }
    let mut response = see_other(way_back.map_or(paths::LOGGED_OUT, |way_back| &way_back.url));
    visit.clear_cookie(&mut response, Cookie::Session);
    Ok(response)
}

async fn ask(
    visit: &Visit,
    live: &LiveSession,
    asked_by: Option<&RelyingParty>,
    way_back: Option<WayBack>,
) -> Result<Response, Stop> {
    let provider = &visit.state.provider;
    let name = |party: &RelyingParty| in_language(&party.name, visit.language).to_owned();
    let parties = parties_of(provider, live.session.id).await?;
    let policy = ContentPolicy::leading_to(way_back.as_ref().map(|way_back| way_back.url.as_str()));
    let pending = PendingLogout { browser: visit.browser.digest(), way_back, asked_at: visit.now };
    let sealed = pending.seal(provider, visit.now)?;
    let page = Logout {
        csrf: visit.csrf(),
        request: Some(sealed),
        asked_by: asked_by.map(name),
        relying_parties: parties.iter().map(|party| name(party)).collect(),
    };
    visit.show(&page, &policy)
}
