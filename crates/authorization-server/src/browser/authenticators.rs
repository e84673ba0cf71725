//! `/home/security/authenticators`: what opens the account, and what its holder does with each.

use axum::response::{IntoResponse as _, Response};
use flows::PageRefusal;
use flows::authenticators::{self as acts, Outcome, own};
use flows::citizen;
use flows::session::LiveSession;
use http::StatusCode;
use identity_core::authenticator::AuthenticatorStatus;
use identity_core::{Authenticator, AuthenticatorId, AuthenticatorKind, Session, Timestamp};
use storage::{Enrolment, Label};

use super::home::{done, show};
use super::security::CHANGE;
use super::words::moment;
use super::{holder, holder_for, see_other};
use crate::form::OwnForm;
use crate::headers::ContentPolicy;
use crate::pages::authenticators::{
    Authenticators, Held, NameProblem, Need, OneAuthenticator, Status,
};
use crate::pages::paths;
use crate::pages::shared::Notice;
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn list(visit: Visit) -> Result<Response, Stop> {
    let live = holder(&visit, paths::HOME_AUTHENTICATORS).await?;
    let sessions = citizen::sessions(&visit.state.provider, &live, visit.now).await?;
    let held = live.enrolments.iter().map(|held| shown(held, &sessions, visit.now)).collect();
    show(&visit, &Authenticators { held, notice: visit.notice })
}

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let named = visit.query()?.get("authenticator").map(str::to_owned);
    let live = arrive(&visit, named.as_deref()).await?;
    let enrolment = find(&live, named.as_deref())?;
    show_one(&visit, &live, enrolment, None).await
}

pub async fn rename(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = arrive(&visit, form.get("authenticator")).await?;
    let enrolment = find(&live, form.get("authenticator"))?;
    let Some(label) = Label::parse(form.get("label").unwrap_or_default()) else {
        return show_one(&visit, &live, enrolment, Some(NameProblem)).await;
    };
    let outcome = acts::rename(&visit.state.provider, enrolment, label, visit.now).await?;
    Ok(after(&visit, enrolment, outcome, Notice::AuthenticatorRenamed))
}

pub async fn report_lost(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = arrive(&visit, form.get("authenticator")).await?;
    let enrolment = find(&live, form.get("authenticator"))?;
    let outcome = acts::report_lost(&visit.state.provider, &live, enrolment, visit.now).await?;
    Ok(after(&visit, enrolment, outcome, Notice::AuthenticatorLost))
}

pub async fn remove(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = arrive(&visit, form.get("authenticator")).await?;
    let enrolment = find(&live, form.get("authenticator"))?;
    let outcome = acts::remove(&visit.state.provider, &live, enrolment, visit.now).await?;
    Ok(after(&visit, enrolment, outcome, Notice::AuthenticatorRemoved))
}

/// Where nobody could log in without it: the page that says so. Also for what is taken off on a page
/// of its own.
pub(super) fn stays(
    visit: &Visit,
    live: &LiveSession,
    id: AuthenticatorId,
) -> Result<Option<Response>, Stop> {
    let dispensable = acts::dispensable(&visit.state.provider, live, id, visit.now)?;
    Ok((!dispensable).then(|| see_other(&address(id))))
}

/// Where a refusal leads, the page says why.
fn after(visit: &Visit, enrolment: &Enrolment, outcome: Outcome, notice: Notice) -> Response {
    match outcome {
        Outcome::Done => done(visit, paths::HOME_AUTHENTICATORS, notice),
        Outcome::LastWay => see_other(&address(enrolment.authenticator.id)),
        Outcome::Moved => see_other(paths::HOME_AUTHENTICATORS),
    }
}

fn address(id: AuthenticatorId) -> String {
    format!("{}?authenticator={id}", paths::HOME_AUTHENTICATOR)
}

/// All of it asks for a recent and strong login (ATK-095).
async fn arrive(visit: &Visit, named: Option<&str>) -> Result<LiveSession, Stop> {
    let named: Option<AuthenticatorId> = named.and_then(|named| named.parse().ok());
    let path = named.map_or_else(|| paths::HOME_AUTHENTICATORS.to_owned(), address);
    holder_for(visit, &path, CHANGE).await
}

/// The password is changed, never taken away here.
fn find<'a>(live: &'a LiveSession, named: Option<&str>) -> Result<&'a Enrolment, Stop> {
    let found = named.and_then(|named| named.parse().ok()).and_then(|id| own(live, id));
    found
        .filter(|found| found.authenticator.kind != AuthenticatorKind::Password)
        .ok_or(PageRefusal::NotFound.into())
}

async fn show_one(
    visit: &Visit,
    live: &LiveSession,
    enrolment: &Enrolment,
    problem: Option<NameProblem>,
) -> Result<Response, Stop> {
    let provider = &visit.state.provider;
    let sessions = citizen::sessions(provider, live, visit.now).await?;
    let id = enrolment.authenticator.id;
    let need = if acts::dispensable(provider, live, id, visit.now)? {
        Need::Dispensable
    } else {
        Need::LastWay
    };
    let held = shown(enrolment, &sessions, visit.now);
    let page = OneAuthenticator { csrf: visit.csrf(), held, need, problem };
    let shown = visit.show_at(&address(id), &page, &ContentPolicy::default())?;
    Ok(match problem {
        None => shown,
        Some(NameProblem) => (StatusCode::UNPROCESSABLE_ENTITY, shown).into_response(),
    })
}

/// `sessions`: those of this person that are open.
pub(super) fn shown(enrolment: &Enrolment, sessions: &[Session], now: Timestamp) -> Held {
    let Authenticator { id, kind, bound_at, .. } = enrolment.authenticator;
    let evidence = sessions.iter().flat_map(|session| &session.evidence);
    let used = evidence.filter(|evidence| evidence.authenticator == id).map(|it| it.at).max();
    Held {
        handle: id.to_string(),
        kind,
        label: enrolment.label.as_ref().map(|label| label.as_str().to_owned()),
        bound: moment(bound_at),
        used: used.map(moment),
        status: status(&enrolment.authenticator, now),
    }
}

fn status(held: &Authenticator, now: Timestamp) -> Status {
    match held.status {
        AuthenticatorStatus::Active if held.usable(now) => Status::InUse,
        AuthenticatorStatus::Active => Status::Expired,
        AuthenticatorStatus::Pending | AuthenticatorStatus::Suspended { .. } => Status::Suspended,
        AuthenticatorStatus::Disabled { .. } | AuthenticatorStatus::Removed { .. } => {
            Status::Disabled
        }
    }
}
