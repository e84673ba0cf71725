//! `/login/sms-code` and `/login/email-code`: a code in a message. GET sends nothing: a browser that
//! looks ahead must not ring a telephone.

use axum::response::{IntoResponse as _, Response};
use flows::authorize::Proving;
use flows::challenge::Asked;
use flows::login::{LoginError, LoginRefusal};
use flows::messages::Channel;
use flows::proof::message_codes::{About, Answer, SendError, SendRefusal, send, with_message_code};
use flows::session::LiveSession;
use http::StatusCode;

use super::login::come_back_in;
use super::reason::asking;
use super::second_factor::typed_code;
use super::step::Step;
use super::words;
use crate::form::OwnForm;
use crate::pages::message_code::{MessageCodeProblem, UseMessageCode};
use crate::pages::second_factor::TotpProblem;
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

/// What the page shows next.
struct Shown {
    challenge: Option<String>,
    problem: Option<MessageCodeProblem>,
}

async fn page(visit: Visit, channel: Channel) -> Result<Response, Stop> {
    let step = Step::asked(visit).await?;
    let proving = step.proving(channel.kind()).await?;
    let nothing = Shown { challenge: None, problem: None };
    match &step.live {
        Some(live) => show(&step, live, channel, Some(&proving), nothing),
        None => step.proceed().await,
    }
}

async fn submit(visit: Visit, form: OwnForm, channel: Channel) -> Result<Response, Stop> {
    let step = Step::posted(visit, form.get("interaction")).await?;
    // The session ended meanwhile: the password is asked for again.
    let Some(live) = &step.live else { return step.proceed().await };
    let asked = Asked::during(&step.interaction, Some(live.session.id))?;
    let provider = &step.visit.state.provider;
    let now = step.visit.now;
    if form.get("send").is_some() {
        // Only where a code leads on.
        let proving = step.proving(channel.kind()).await?;
        let checked = step.interaction.request();
        let details = checked.and_then(|checked| checked.request.transaction.as_ref());
        let about = About { client: step.client(), details };
        let shown = match send(provider, live, channel, asked, about, now).await {
            Ok(challenge) => Shown { challenge: Some(challenge), problem: None },
            Err(error) => Shown { challenge: None, problem: Some(problem_of_sending(error)?) },
        };
        return show(&step, live, channel, Some(&proving), shown);
    }
    let challenge = form.get("challenge").unwrap_or_default();
    let problem = match typed(&form) {
        Err(problem) => problem,
        Ok(code) => {
            let answer = Answer { challenge, typed: &code };
            let occasion = step.occasion();
            match with_message_code(provider, live, channel, answer, &asked, occasion, now).await {
                Ok(handle) => return step.enter(&handle, channel.kind()).await,
                Err(LoginError::Refused(refusal)) => problem_of(&refusal),
                Err(LoginError::Fault(fault)) => return Err(fault.into()),
            }
        }
    };
    let proving = step.ways().await?;
    let shown = Shown { challenge: Some(challenge.to_owned()), problem: Some(problem) };
    show(&step, live, channel, proving.as_ref(), shown)
}

fn show(
    step: &Step,
    live: &LiveSession,
    channel: Channel,
    proving: Option<&Proving>,
    shown: Shown,
) -> Result<Response, Stop> {
    let visit = &step.visit;
    let problem = shown.problem;
    let page = UseMessageCode {
        asking: asking(step, Some(live), proving),
        channel,
        address: words::masked_address(&live.subject.profile, channel).unwrap_or_default(),
        challenge: shown.challenge,
        problem,
    };
    let shown = visit.show_at(&step.proof_address(channel.kind()), &page, &step.policy())?;
    Ok(answer(shown, problem))
}

/// The page with the status that its problem has.
pub(super) fn answer(page: Response, problem: Option<MessageCodeProblem>) -> Response {
    match problem {
        None => page,
        Some(MessageCodeProblem::TryAgainIn { seconds }) => come_back_in(seconds, page),
        Some(MessageCodeProblem::TooManyMessages) => {
            (StatusCode::TOO_MANY_REQUESTS, page).into_response()
        }
        Some(MessageCodeProblem::NotSent) => (StatusCode::BAD_GATEWAY, page).into_response(),
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, page).into_response(),
    }
}

/// Six digits; what cannot be a code is not counted as a guess.
pub(super) fn typed(form: &OwnForm) -> Result<String, MessageCodeProblem> {
    typed_code(form.get("message-code")).map_err(|problem| match problem {
        TotpProblem::Missing => MessageCodeProblem::Missing,
        TotpProblem::Malformed
        | TotpProblem::Wrong
        | TotpProblem::TryAgainIn { .. }
        | TotpProblem::Disabled
        | TotpProblem::SessionExpired => MessageCodeProblem::Malformed,
    })
}

pub(super) fn problem_of_sending(error: SendError) -> Result<MessageCodeProblem, Stop> {
    match error {
        SendError::Refused(SendRefusal::TooMany) => Ok(MessageCodeProblem::TooManyMessages),
        SendError::Refused(SendRefusal::NumberMoved) => Ok(MessageCodeProblem::NumberMoved),
        SendError::Refused(SendRefusal::NotSent | SendRefusal::NoAddress) => {
            Ok(MessageCodeProblem::NotSent)
        }
        SendError::Fault(fault) => Err(fault.into()),
    }
}

pub(super) fn problem_of(refusal: &LoginRefusal) -> MessageCodeProblem {
    match refusal {
        LoginRefusal::WrongCode
        | LoginRefusal::WrongCredentials
        | LoginRefusal::Passkey(_)
        | LoginRefusal::Biometric(_)
        | LoginRefusal::AccountNotUsable(_) => MessageCodeProblem::Wrong,
        LoginRefusal::Wait(delay) => {
            MessageCodeProblem::TryAgainIn { seconds: words::seconds(*delay) }
        }
        LoginRefusal::Exhausted => MessageCodeProblem::Disabled,
    }
}
