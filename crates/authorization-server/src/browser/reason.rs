//! Why credentials are asked for, as far as the person should know.

use assurance::reason::Ladder;
use assurance::{Acr, ReasonCode, VnAuthenticationLevel};
use flows::authorize::Proving;
use flows::interaction::AccountChoice;
use flows::judgement::level_of;
use flows::session::LiveSession;
use protocol::AuthorizationRequest;
use protocol::authorize::Prompt;

use super::step::Step;
use super::words::{self, authentication_level};
use crate::pages::shared::{Asking, AuthenticationLevel, Reason};

/// What the page says that asks for one more proof; `holder`: whose it must be.
pub fn asking(step: &Step, holder: Option<&LiveSession>, proving: Option<&Proving>) -> Asking {
    let visit = &step.visit;
    Asking {
        csrf: visit.csrf(),
        interaction: step.sealed.clone(),
        relying_party: step.party().map(|party| words::party(&party, visit.language)),
        holder: holder.map(|live| words::holder(&live.subject.profile)),
        reason: reason(step, proving),
        other_ways: step.other_ways(proving),
    }
}

/// Somebody who was logged in before this request came learns why they are asked again; somebody who
/// is asked for more learns which level it is for.
pub fn reason(step: &Step, proving: Option<&Proving>) -> Reason {
    let Some(checked) = step.interaction.request() else { return Reason::SignIn };
    let request = &checked.request;
    if let Some(details) = &request.transaction {
        // What it is for outweighs why it is asked again.
        let party = step.party().map(|party| words::party(&party, step.visit.language).name);
        return Reason::Transaction {
            party: party.unwrap_or_default(),
            transaction: words::transaction(details),
            level: proving.and_then(missing_level),
        };
    }
    let (known, asked) = (known_before(step), level_asked(request));
    let anew = request.prompt.contains(Prompt::Login) || request.max_age.is_some();
    let missing = proving.and_then(missing_level);
    let level = match known {
        // What is too old only has to be shown again; what was never shown is missing.
        Some(live) if anew => {
            asked.filter(|asked| falls_short(step, live, *asked)).and_then(authentication_level)
        }
        Some(_) => missing.or_else(|| asked.and_then(authentication_level)),
        None => missing,
    };
    match level {
        Some(level) => {
            let language = step.visit.language;
            let party = step.party().map(|party| words::party(&party, language).name);
            Reason::StepUp { party, level }
        }
        None if known.is_some() => Reason::Again,
        None => Reason::SignIn,
    }
}

/// The session of somebody who last proved themselves before this request began.
fn known_before(step: &Step) -> Option<&LiveSession> {
    let live = step.live.as_ref()?;
    let here = live.session.last_authenticated_at() >= Some(step.interaction.started_at);
    (!here && step.interaction.account != AccountChoice::Another).then_some(live)
}

/// Whether this session never reached that level.
fn falls_short(step: &Step, live: &LiveSession, asked: VnAuthenticationLevel) -> bool {
    let visit = &step.visit;
    level_of(&visit.state.provider, live, visit.now).is_ok_and(|reached| reached < asked)
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

fn level_asked(request: &AuthorizationRequest) -> Option<VnAuthenticationLevel> {
    let demanded = request.claims.demanded_acr().unwrap_or_default();
    let wished = request.acr_values.iter().map(String::as_str);
    let acr = demanded.into_iter().chain(wished).find_map(Acr::parse)?;
    Some(acr.asks().vn_authentication)
}
