//! `/home/security`: the password, the authenticator application, the recovery codes.

use axum::response::{IntoResponse as _, Response};
use flows::citizen::{
    ChangeError, ChangeRefusal, TotpOffer, change_password as change, confirm_totp,
    minimum_password, offer_again, offer_totp,
};
use flows::interaction::Errand;
use flows::login::LoginRefusal;
use flows::passkey::keys::held;
use flows::password::PasswordFault;
use flows::proof::recovery_codes::{RecoveryCode, generate, remaining};
use flows::session::LiveSession;
use http::StatusCode;
use identity_core::AuthenticatorKind;

use super::home::{done, show};
use super::login::come_back_in;
use super::second_factor::typed_code;
use super::{app_device, holder, holder_for, see_other, words};
use crate::cookies::Cookie;
use crate::form::OwnForm;
use crate::headers::ContentPolicy;
use crate::pages::paths;
use crate::pages::recovery_code::{CodeSet, RecoveryCodes};
use crate::pages::second_factor::TotpProblem;
use crate::pages::security::{ChangePassword, EnrolTotp, PasswordProblem, Security, TotpState};
use crate::pages::shared::Notice;
use crate::stop::Stop;
use crate::visit::Visit;

pub(super) const CHANGE: Errand = Errand::ChangeAuthenticators;

pub async fn overview(visit: Visit) -> Result<Response, Stop> {
    let live = holder(&visit, paths::HOME_SECURITY).await?;
    let totp = match live.usable(AuthenticatorKind::Totp, visit.now) {
        Some(_) => TotpState::Enrolled,
        None => TotpState::NotEnrolled,
    };
    let recovery_codes = codes_left(&visit, &live);
    let page = Security {
        totp,
        passkeys: u32::try_from(held(&live, visit.now).len()).unwrap_or(u32::MAX),
        app: app_device::device(&visit, &live),
        recovery_codes,
        messages: visit.state.provider.messaging.is_possible(),
        notice: visit.notice,
    };
    show(&visit, &page)
}

fn codes_left(visit: &Visit, live: &LiveSession) -> Option<u32> {
    remaining(live, visit.now).and_then(|left| u32::try_from(left).ok())
}

pub async fn recovery_codes_page(visit: Visit) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_RECOVERY_CODES, CHANGE).await?;
    let set = codes_left(&visit, &live).map_or(CodeSet::None, CodeSet::Left);
    show(&visit, &RecoveryCodes { csrf: visit.csrf(), set })
}

/// The answer itself shows them: there is no address under which they could be seen again.
pub async fn make_recovery_codes(visit: Visit, _form: OwnForm) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_RECOVERY_CODES, CHANGE).await?;
    let codes = generate(&visit.state.provider, &live, visit.now).await?;
    let set = CodeSet::New(codes.iter().map(RecoveryCode::expose).collect());
    let page = RecoveryCodes { csrf: visit.csrf(), set };
    visit.show_at(paths::HOME_RECOVERY_CODES, &page, &ContentPolicy::default())
}

pub async fn password_page(visit: Visit) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_PASSWORD, CHANGE).await?;
    show_password(&visit, &live, None)
}

pub async fn change_password(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_PASSWORD, CHANGE).await?;
    let field = |name| form.get(name).unwrap_or_default();
    let new = field("new-password");
    if new != field("new-password-again") {
        return show_password(&visit, &live, Some(PasswordProblem::NotRepeated));
    }
    let provider = &visit.state.provider;
    match change(provider, &live, field("current-password"), new, visit.now).await {
        Ok(()) => Ok(done(&visit, paths::HOME_SECURITY, Notice::PasswordChanged)),
        Err(ChangeError::Refused(refusal)) => {
            show_password(&visit, &live, Some(password_problem(&refusal)))
        }
        Err(ChangeError::Fault(fault)) => Err(fault.into()),
    }
}

fn password_problem(refusal: &ChangeRefusal) -> PasswordProblem {
    match refusal {
        ChangeRefusal::CurrentPassword(LoginRefusal::Wait(delay)) => {
            PasswordProblem::TryAgainIn { seconds: words::seconds(*delay) }
        }
        ChangeRefusal::CurrentPassword(_)
        | ChangeRefusal::WrongCode
        | ChangeRefusal::StaleEnrolment => PasswordProblem::CurrentWrong,
        ChangeRefusal::NewPassword(PasswordFault::TooShort) => PasswordProblem::TooShort,
        ChangeRefusal::NewPassword(PasswordFault::TooLong) => PasswordProblem::TooLong,
        ChangeRefusal::NewPassword(PasswordFault::Common) => PasswordProblem::TooCommon,
        ChangeRefusal::SameAsCurrent => PasswordProblem::SameAsCurrent,
    }
}

fn show_password(
    visit: &Visit,
    live: &LiveSession,
    problem: Option<PasswordProblem>,
) -> Result<Response, Stop> {
    let minimum = minimum_password(&visit.state.provider, live, visit.now)?;
    let page = ChangePassword { csrf: visit.csrf(), minimum_length: u32::from(minimum), problem };
    let shown = visit.show_at(paths::HOME_PASSWORD, &page, &ContentPolicy::default())?;
    Ok(match problem {
        None => shown,
        Some(PasswordProblem::TryAgainIn { seconds }) => come_back_in(seconds, shown),
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, shown).into_response(),
    })
}

pub async fn totp_page(visit: Visit) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_TOTP, CHANGE).await?;
    let offer = offer_totp(&visit.state.provider, &live, visit.now)?;
    show_offer(&visit, offer, None)
}

pub async fn enrol_totp(visit: Visit, form: OwnForm) -> Result<Response, Stop> {
    let live = holder_for(&visit, paths::HOME_TOTP, CHANGE).await?;
    let provider = &visit.state.provider;
    let enrolment = form.get("enrolment").unwrap_or_default();
    let problem = match typed_code(form.get("totp")) {
        Err(problem) => problem,
        Ok(code) => match confirm_totp(provider, &live, enrolment, &code, visit.now).await {
            Ok(handle) => {
                let mut response = done(&visit, paths::HOME_SECURITY, Notice::TotpEnrolled);
                visit.set_cookie(&mut response, Cookie::Session, &handle.expose());
                return Ok(response);
            }
            Err(ChangeError::Fault(fault)) => return Err(fault.into()),
            Err(ChangeError::Refused(_)) => TotpProblem::Wrong,
        },
    };
    match offer_again(provider, &live, enrolment, visit.now) {
        Ok(offer) => show_offer(&visit, offer, Some(problem)),
        Err(ChangeError::Fault(fault)) => Err(fault.into()),
        // Too old or of another session: begin anew with another secret.
        Err(ChangeError::Refused(_)) => Ok(see_other(paths::HOME_TOTP)),
    }
}

fn show_offer(
    visit: &Visit,
    offer: TotpOffer,
    problem: Option<TotpProblem>,
) -> Result<Response, Stop> {
    let TotpOffer { enrolment, invitation } = offer;
    let page =
        EnrolTotp::new(visit.csrf(), enrolment, &invitation.secret, invitation.uri, problem)?;
    let shown = visit.show_at(paths::HOME_TOTP, &page, &ContentPolicy::default())?;
    Ok(match problem {
        None => shown,
        Some(_) => (StatusCode::UNPROCESSABLE_ENTITY, shown).into_response(),
    })
}
