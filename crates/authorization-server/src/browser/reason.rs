//! Why credentials are asked for, as far as the person should know.

use assurance::reason::Ladder;
use assurance::{Acr, ReasonCode};
use flows::authorize::Proving;
use flows::interaction::AccountChoice;
use flows::session::LiveSession;
use protocol::AuthorizationRequest;
use protocol::authorize::Prompt;

use super::step::Step;
use super::words::{self, authentication_level};
use crate::pages::shared::{AuthenticationLevel, Reason};

/// Somebody who was logged in before this request came learns why they are asked again; somebody who
/// is asked for more learns which level it is for.
pub fn reason(step: &Step, proving: Option<&Proving>) -> Reason {
    let Some(checked) = step.interaction.request() else { return Reason::SignIn };
    let request = &checked.request;
    let known_before = known_before(step).is_some();
    if let Some(details) = &request.transaction {
        // What it is for outweighs why it is asked again.
        let party = step.party().map(|party| words::party(&party, step.visit.language).name);
        return Reason::Transaction {
            party: party.unwrap_or_default(),
            transaction: words::transaction(details),
            level: proving.and_then(missing_level),
        };
    }
    if known_before && (request.prompt.contains(Prompt::Login) || request.max_age.is_some()) {
        return Reason::Again;
    }
    let missing = proving.and_then(missing_level);
    match missing.or_else(|| level_asked(request).filter(|_| known_before)) {
        Some(level) => {
            let language = step.visit.language;
            let party = step.party().map(|party| words::party(&party, language).name);
            Reason::StepUp { party, level }
        }
        None if known_before => Reason::Again,
        None => Reason::SignIn,
    }
}

/// The session of somebody who last proved themselves before this request began.
fn known_before(step: &Step) -> Option<&LiveSession> {
    let live = step.live.as_ref()?;
    let here = live.session.last_authenticated_at() >= Some(step.interaction.started_at);
    (!here && step.interaction.account != AccountChoice::Another).then_some(live)
}

/// What the engine found wanting.
fn missing_level(proving: &Proving) -> Option<AuthenticationLevel> {
    proving.reasons.iter().find_map(|reason| {
        let ReasonCode::LevelTooLow { ladder: Ladder::Authentication, needs, .. } = reason else {
            return None;
        };
        words::numbered_level(*needs)
    })
}

fn level_asked(request: &AuthorizationRequest) -> Option<AuthenticationLevel> {
    let demanded = request.claims.demanded_acr().unwrap_or_default();
    let wished = request.acr_values.iter().map(String::as_str);
    let acr = demanded.into_iter().chain(wished).find_map(Acr::parse)?;
    authentication_level(acr.asks().vn_authentication)
}
