//! The endpoints that speak HTML to people. Every page of an interaction asks `advance` where the
//! person stands, so the back button, a second tab and a forged step all end where they should.

pub mod account;
pub mod app_device;
pub mod app_login;
pub mod assets;
pub mod authenticators;
pub mod authorize;
pub mod biometric;
pub mod choose;
pub mod consent;
pub mod device;
pub mod dispute;
pub mod home;
pub mod lock;
pub mod login;
pub mod logout;
pub mod message_address;
pub mod message_code;
pub mod notice;
pub mod outbox;
pub mod passkey;
pub mod passkeys;
pub mod reason;
pub mod recover;
pub mod recovery_code;
pub mod reference_app;
pub mod second_factor;
pub mod security;
pub mod select_account;
pub mod step;
pub mod words;

use axum::response::{IntoResponse as _, Redirect, Response};
use flows::PageRefusal;
use flows::interaction::{AccountChoice, Errand, Interaction, Purpose};
use flows::session::LiveSession;
use protocol::{Params, ProtocolError};
use url::form_urlencoded::Serializer;

use crate::stop::Stop;
use crate::visit::Visit;

/// 303, whatever the method was: nothing a person posted is ever posted on (ATK-013, BCP-22).
fn see_other(location: &str) -> Response {
    Redirect::to(location).into_response()
}

/// An interaction that leads to one of the citizen's own pages.
fn homeward(visit: &Visit, path: &str, errand: Errand) -> Interaction {
    Interaction {
        purpose: Purpose::Home { path: path.to_owned(), errand },
        browser: visit.browser.digest(),
        started_at: visit.now,
        account: AccountChoice::Undecided,
        wished: visit.used_last,
    }
}

/// Whoever is logged in, well enough for their own pages; anybody else is sent to log in and then
/// to `path`.
async fn holder(visit: &Visit, path: &str) -> Result<LiveSession, Stop> {
    holder_for(visit, path, Errand::Look).await
}

async fn holder_for(visit: &Visit, path: &str, errand: Errand) -> Result<LiveSession, Stop> {
    let live = visit.live().await?;
    step::Step::new(visit.clone(), homeward(visit, path, errand), live)?.arrived().await
}

/// A POST from another site comes without our cookies (they are `SameSite=Lax`), so the browser is
/// asked to come again by GET with the same parameters.
fn come_again_by_get(path: &str, params: &Params) -> Result<Response, Stop> {
    const LONGEST: usize = 8 * 1024;
    let mut query = Serializer::new(String::new());
    for name in params.names() {
        if let Some(value) = params.get(name) {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.len() > LONGEST {
        let error = ProtocolError::invalid_request("the request is too long");
        return Err(PageRefusal::BadRequest(error).into());
    }
    Ok(see_other(&format!("{path}?{query}")))
}
