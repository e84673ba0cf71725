//! `/home/security/sms-code` and `/home/security/email-code`: where codes may be sent.

use axum::response::Response;
use flows::PageRefusal;
use flows::challenge::Asked;
use flows::citizen::{ChangeError, ChangeRefusal};
use flows::messages::Channel;
use flows::proof::message_codes::{Answer, confirm, offer, stop};
use flows::session::LiveSession;

use super::authenticators::stays;
use super::home::done;
use super::message_code::{answer, problem_of, problem_of_sending, typed};
use super::security::CHANGE;
use super::{holder_for, words};
use crate::cookies::Cookie;
use crate::form::OwnForm;
use crate::headers::ContentPolicy;
use crate::pages::message_code::{Address, EnrolMessageCode, MessageCodeProblem, home_path};
use crate::pages::paths;
use crate::pages::shared::Notice;
use crate::stop::Stop;
use crate::visit::Visit;

pub async fn sms_page(visit: Visit) -> Result<Response, Stop> {
    page(visit, Channel::Sms).await
}

pub async fn email_page(visit: Visit) -> Result<Response, Stop> {
    page(visit, Channel::Email).await
}

pub async fn submit_sms(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    submit(visit, form, Channel::Sms).await
}

pub async fn submit_email(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    submit(visit, form, Channel::Email).await
}

async fn page(visit: Visit, channel: Channel) -> Result<Response, Stop> {
    let live = holder(&visit, channel).await?;
    show(&visit, &live, channel, None, None)
}

async fn submit(visit: Visit, form: OwnForm, channel: Channel) -> Result<Response, Stop> {
    let live = holder(&visit, channel).await?;
    let (provider, now) = (&visit.state.provider, visit.now);
    let asked = Asked::at_home(visit.browser.digest(), live.session.id);
    if form.get("stop").is_some() {
        let bound = live.usable(channel.kind(), now).map(|bound| bound.authenticator.id);
        if let Some(why) = bound.map(|id| stays(&visit, &live, id)).transpose()?.flatten() {
            return Ok(why);
        }
        stop(provider, &live, channel, now).await?;
        return Ok(done(&visit, paths::HOME_SECURITY, Notice::MessageCodesStopped));
    }
    if form.get("send").is_some() {
        return match offer(provider, &live, channel, asked, now).await {
            Ok(challenge) => show(&visit, &live, channel, Some(challenge), None),
            Err(error) => show(&visit, &live, channel, None, Some(problem_of_sending(error)?)),
        };
    }
    let challenge = form.get("challenge").unwrap_or_default();
    let problem = match typed(&form) {
        Err(problem) => problem,
        Ok(code) => {
            let answered = Answer { challenge, typed: &code };
            match confirm(provider, &live, channel, answered, &asked, now).await {
                Ok(handle) => {
                    let notice = Notice::MessageCodesEnrolled;
                    let mut response = done(&visit, paths::HOME_SECURITY, notice);
                    visit.set_cookie(&mut response, Cookie::Session, &handle.expose());
                    return Ok(response);
                }
                Err(ChangeError::Refused(ChangeRefusal::CurrentPassword(refusal))) => {
                    problem_of(&refusal)
                }
                Err(ChangeError::Refused(_)) => MessageCodeProblem::Wrong,
                Err(ChangeError::Fault(fault)) => return Err(fault.into()),
            }
        }
    };
    show(&visit, &live, channel, Some(challenge.to_owned()), Some(problem))
}

async fn holder(visit: &Visit, channel: Channel) -> Result<LiveSession, Stop> {
    let live = holder_for(visit, home_path(channel), CHANGE).await?;
    if visit.state.provider.messaging.is_possible() {
        Ok(live)
    } else {
        Err(PageRefusal::NotFound.into())
    }
}

fn show(
    visit: &Visit,
    live: &LiveSession,
    channel: Channel,
    challenge: Option<String>,
    problem: Option<MessageCodeProblem>,
) -> Result<Response, Stop> {
    let masked = words::masked_address(&live.subject.profile, channel);
    let bound = live.usable(channel.kind(), visit.now).is_some();
    let address = match (masked, challenge) {
        (None, _) => Address::None,
        (Some(masked), Some(challenge)) => Address::Asked { masked, challenge },
        (Some(masked), None) if bound => Address::Bound { masked },
        (Some(masked), None) => Address::Known { masked },
    };
    let page = EnrolMessageCode { csrf: visit.csrf(), channel, address, problem };
    let shown = visit.show_at(home_path(channel), &page, &ContentPolicy::default())?;
    Ok(answer(shown, problem))
}
