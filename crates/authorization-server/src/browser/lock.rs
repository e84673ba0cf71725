//! `/home/security/lock`, `/locked`, `/unlock` (Law on Identification art. 34.1a and 34.3).

use axum::response::Response;
use flows::admin::AdminError;
use flows::interaction::Errand;
use flows::lock;
use flows::session::LiveSession;
use identity_core::AccountState;

use super::home::{done, show};
use super::security::CHANGE;
use super::{holder_for, see_other, words};
use crate::cookies::Cookie;
use crate::form::OwnForm;
use crate::headers::ContentPolicy;
use crate::pages::lock::{LockAccount, Locked, Unlock, WayBack};
use crate::pages::paths;
use crate::pages::shared::Notice;
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_LOCK, CHANGE).await?;
    let way_back = match lock::way_back(&live, visit.now) {
        lock::WayBack::Online => WayBack::Online,
        lock::WayBack::InPerson => WayBack::InPerson,
    };
    show(&visit, &LockAccount { csrf: visit.csrf(), way_back })
}

pub async fn submit(visit: Visit, _form: OwnForm) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_LOCK, CHANGE).await?;
    if let Some(again) = settled(lock::lock_own(&visit.state.provider, &live, visit.now).await)? {
        return Ok(again);
    }
    let mut response = see_other(paths::LOCKED);
    visit.clear_cookie(&mut response, Cookie::Session);
    Ok(response)
}

pub async fn locked(visit: Visit) -> Result<Response, Stop> {
    visit.show(&Locked { unlock: paths::UNLOCK }, &ContentPolicy::default())
}

pub async fn unlock_page(visit: Visit) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::UNLOCK, Errand::Unlock).await?;
    if !is_locked(&live) {
        return Ok(see_other(paths::HOME));
    }
    let page = Unlock { csrf: visit.csrf(), holder: words::holder(&live.subject.profile) };
    visit.show(&page, &ContentPolicy::default())
}

pub async fn unlock(visit: Visit, _form: OwnForm) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::UNLOCK, Errand::Unlock).await?;
    if let Some(again) = settled(lock::unlock_own(&visit.state.provider, &live, visit.now).await)? {
        return Ok(again);
    }
    Ok(done(&visit, paths::HOME, Notice::AccountUnlocked))
}

fn is_locked(live: &LiveSession) -> bool {
    match &live.subject.account.state {
        AccountState::Locked { .. } => true,
        AccountState::Registered { .. }
        | AccountState::Activated { .. }
        | AccountState::Deceased { .. } => false,
    }
}

/// Where somebody else changed the account at the same moment, its own pages say how it stands.
fn settled(changed: Result<(), AdminError>) -> Result<Option<Response>, Stop> {
    match changed {
        Ok(()) => Ok(None),
        Err(AdminError::Fault(fault)) => Err(fault.into()),
        Err(
            AdminError::Moved
            | AdminError::State(_)
            | AdminError::NotFound
            | AdminError::NameTaken
            | AdminError::Registration(_),
        ) => Ok(Some(see_other(paths::HOME))),
    }
}
