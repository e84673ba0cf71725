//! Why credentials are asked for, as far as the person should know.

use assurance::Acr;
use flows::interaction::AccountChoice;
use flows::session::LiveSession;
use protocol::AuthorizationRequest;
use protocol::authorize::Prompt;

use super::step::Step;
use super::words::authentication_level;
use crate::pages::shared::{AuthenticationLevel, Reason};

/// An ordinary login, unless somebody was logged in before this request came.
pub fn reason(step: &Step) -> Reason {
    let Some(checked) = step.interaction.request() else { return Reason::SignIn };
    if known_before(step).is_none() {
        return Reason::SignIn;
    }
    let request = &checked.request;
    if request.prompt.contains(Prompt::Login) || request.max_age.is_some() {
        return Reason::Again;
    }
    match level_asked(request) {
        Some(level) => Reason::StepUp { procedure: None, level },
        None => Reason::Again,
    }
}

/// The session of somebody who last proved themselves before this request began.
fn known_before(step: &Step) -> Option<&LiveSession> {
    let live = step.live.as_ref()?;
    let here = live.session.last_authenticated_at() >= Some(step.interaction.started_at);
    (!here && step.interaction.account != AccountChoice::Another).then_some(live)
}

fn level_asked(request: &AuthorizationRequest) -> Option<AuthenticationLevel> {
    let demanded = request.claims.demanded_acr().unwrap_or_default();
    let wished = request.acr_values.iter().map(String::as_str);
    let acr = demanded.into_iter().chain(wished).find_map(Acr::parse)?;
    authentication_level(acr.asks().vn_authentication)
}
