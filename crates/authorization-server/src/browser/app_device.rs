//! `/home/security/app`: the telephone with the citizen's app.

use axum::response::Response;
use flows::app::binding::{device_of, may_offer, offer, remove_from_home};
use flows::session::LiveSession;

use super::authenticators::stays;
use super::home::{done, show};
use super::words::moment;
use super::{holder_for, see_other};
use crate::form::OwnForm;
use crate::headers::ContentPolicy;
use crate::pages::app_device::{AppDevice, BoundDevice, Offering};
use crate::pages::shared::Notice;
use crate::pages::{paths, qr};
use crate::stop::Stop;
use crate::visit::Visit;

use super::security::CHANGE;

pub async fn page(visit: Visit) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_APP, CHANGE).await?;
    let possible = may_offer(&visit.state.provider, &live, visit.now)?;
    let offering = if possible { Offering::Possible } else { Offering::LoginTooWeak };
    show(&visit, &AppDevice { csrf: visit.csrf(), device: device(&visit, &live), offering })
}

/// The device as pages show it.
pub fn device(visit: &Visit, live: &LiveSession) -> Option<BoundDevice> {
    device_of(live, visit.now).map(|enrolment| BoundDevice {
        label: enrolment.label.as_ref().map(|label| label.as_str().to_owned()),
        bound: moment(enrolment.authenticator.bound_at),
    })
}

/// The answer itself shows the code: there is no address under which it could be seen again.
pub async fn submit(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_APP, CHANGE).await?;
    let provider = &visit.state.provider;
    if form.has("remove") {
        let device = device_of(&live, visit.now).map(|device| device.authenticator.id);
        if let Some(why) = device.map(|id| stays(&visit, &live, id)).transpose()?.flatten() {
            return Ok(why);
        }
        remove_from_home(provider, &live, visit.now).await?;
        return Ok(done(&visit, paths::HOME_SECURITY, Notice::AppRemoved));
    }
    let Some(offer) = offer(provider, &live, visit.now).await? else {
        return Ok(see_other(paths::HOME_APP));
    };
    let (identifier, code) = (offer.identifier, offer.code);
    let link = format!("{}{}#bind={identifier}.{code}", visit.state.origin(), paths::APP);
    let picture = qr::data_address(&link)?;
    let offering = Offering::made(&identifier, &code, link, picture);
    let page = AppDevice { csrf: visit.csrf(), device: device(&visit, &live), offering };
    visit.show_at(paths::HOME_APP, &page, &ContentPolicy::default())
}
