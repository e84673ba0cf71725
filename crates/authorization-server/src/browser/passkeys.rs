//! `/home/security/passkeys`: the holder's own keys.

use axum::response::{IntoResponse as _, Response};
use flows::PageRefusal;
use flows::passkey::Creation;
use flows::passkey::keys::{self, EnrolError, EnrolRefusal, Held, HeldKind, Offer};
use flows::session::LiveSession;
use http::StatusCode;
use identity_core::AuthenticatorId;
use jose::digest::base64url_decode;
use storage::Label;

use super::authenticators::stays;
use super::holder_for;
use super::home::done;
use super::security::CHANGE;
use super::words::moment;
use crate::cookies::Cookie;
use crate::form::OwnForm;
use crate::headers::{ContentPolicy, Scripts};
use crate::pages::passkey::{Ask, EnrolProblem, Key, KeyKind, Passkeys};
use crate::pages::paths;
use crate::pages::shared::Notice;
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_PASSKEYS, CHANGE).await?;
    let mut response = show(&visit, &live, None)?;
    if visit.notice.is_some() {
        visit.clear_cookie(&mut response, Cookie::Notice);
    }
    Ok(response)
}

pub async fn add(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_PASSKEYS, CHANGE).await?;
    let name = form.get("name").unwrap_or_default();
    let label = Label::parse(name);
    if label.is_none() && !name.trim().is_empty() {
        return show(&visit, &live, Some(EnrolProblem::BadName));
    }
    let Some(creation) = creation(&form) else {
        return show(&visit, &live, Some(EnrolProblem::NoAnswer));
    };
    let challenge = form.get("challenge").unwrap_or_default();
    let (provider, browser) = (&visit.state.provider, visit.browser.digest());
    let added = keys::enrol(provider, &live, browser, challenge, &creation, label, visit.now);
    match added.await {
        Ok(()) => Ok(done(&visit, paths::HOME_PASSKEYS, Notice::PasskeyAdded)),
        Err(EnrolError::Refused(refusal)) => show(&visit, &live, Some(problem_of(refusal))),
        Err(EnrolError::Fault(fault)) => Err(fault.into()),
    }
}

pub async fn rename(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_PASSKEYS, CHANGE).await?;
    let Some(label) = form.get("name").and_then(Label::parse) else {
        return show(&visit, &live, Some(EnrolProblem::BadName));
    };
    keys::rename(&visit.state.provider, &live, named(&form)?, label, visit.now).await?;
    Ok(done(&visit, paths::HOME_PASSKEYS, Notice::PasskeyRenamed))
}

pub async fn remove(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_PASSKEYS, CHANGE).await?;
    let key = named(&form)?;
    if let Some(why) = stays(&visit, &live, key)? {
        return Ok(why);
    }
    keys::remove(&visit.state.provider, &live, key, visit.now).await?;
    Ok(done(&visit, paths::HOME_PASSKEYS, Notice::PasskeyRemoved))
}

fn named(form: &OwnForm) -> Result<AuthenticatorId, Stop> {
    let id = form.get("passkey").and_then(|id| id.parse().ok());
    id.ok_or(PageRefusal::NotFound.into())
}

fn creation(form: &OwnForm) -> Option<Creation> {
    let bytes = |name| base64url_decode(form.get(name)?).ok().filter(|bytes| !bytes.is_empty());
    Some(Creation {
        client_data: bytes("client-data")?,
        attestation_object: bytes("attestation-object")?,
    })
}

fn show(
    visit: &Visit,
    live: &LiveSession,
    problem: Option<EnrolProblem>,
) -> Result<Response, Stop> {
    let provider = &visit.state.provider;
    let ask = match keys::offer(provider, live, visit.browser.digest(), visit.now) {
        Ok(Offer { challenge, options }) => Some(Ask { challenge, options }),
        Err(EnrolError::Refused(_)) => None,
        Err(EnrolError::Fault(fault)) => return Err(fault.into()),
    };
    let page = Passkeys {
        csrf: visit.csrf(),
        keys: keys::held(live, visit.now).into_iter().map(shown).collect(),
        ask,
        suggested: visit.device.clone(),
        problem,
        notice: visit.notice,
    };
    let policy = ContentPolicy { scripts: Scripts::Own, ..ContentPolicy::default() };
    let shown = visit.show_at(paths::HOME_PASSKEYS, &page, &policy)?;
    Ok(match problem {
        None => shown,
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, shown).into_response(),
    })
}

fn shown(held: Held) -> Key {
    Key {
        handle: held.id.to_string(),
        label: held.label.map(|label| label.as_str().to_owned()),
        bound: moment(held.bound_at),
        used: held.used_at.map(moment),
        kind: match held.kind {
            HeldKind::OnOneDevice => KeyKind::OnOneDevice,
            HeldKind::Synced => KeyKind::Synced,
            HeldKind::Hardware => KeyKind::Hardware,
        },
    }
}

fn problem_of(refusal: EnrolRefusal) -> EnrolProblem {
    match refusal {
        EnrolRefusal::Stale | EnrolRefusal::Wrong | EnrolRefusal::TooMany => EnrolProblem::Failed,
        EnrolRefusal::NotVouchedFor => EnrolProblem::NotVouchedFor,
        EnrolRefusal::Known => EnrolProblem::Known,
    }
}
