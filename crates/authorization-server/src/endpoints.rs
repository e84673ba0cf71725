//! Every endpoint and who may call it. The router is made from this table, so the two cannot differ.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Redirect;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::{Method, StatusCode};
use protocol::endpoints as path;

use crate::api::{app, cors, metadata, revoke, token, userinfo};
use crate::browser::{
    app_device, app_login, assets, authenticators, authorize, biometric, choose, consent, dispute,
    home, lock, login, logout, message_address, message_code, outbox, passkey, passkeys, recover,
    recovery_code, reference_app, second_factor, security, select_account,
};
use crate::observe::observe;
use crate::pages::error::ErrorKind;
use crate::pages::paths;
use crate::state::ServerState;
use crate::stop::Stop;
use crate::visit::receive;

/// Who may call an endpoint and get more than a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caller {
    Anybody,
    /// A browser sent here by a registered relying party.
    RelyingPartysBrowser,
    /// The browser that began the interaction; forms carry its token.
    SameBrowser,
    /// A browser that a registered matcher sends back.
    MatchersBrowser,
    /// Whoever is logged in, about themselves.
    Holder,
    /// A client, authenticated as it is registered.
    Client,
    /// Whoever bears an access token.
    Bearer,
    /// A telephone bound to an account, by its signature.
    Device,
}

/// What an endpoint speaks, and so which layers stand around it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Surface {
    /// HTML for a person.
    Page,
    /// For programs in browsers of any origin, without cookies (BCP-20).
    OpenApi,
    /// For the citizen's app: its signature counts, no cookie does, no other origin may ask.
    AppApi,
    /// Files, probes, and forms that come without cookies.
    Plain,
}

pub struct Endpoint {
    pub method: Method,
    pub path: &'static str,
    pub caller: Caller,
    action: Action,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Action {
    Metadata,
    Jwks,
    Token,
    Userinfo,
    UserinfoByPost,
    Revoke,
    Authorize,
    AuthorizeByPost,
    LogoutPage,
    LogOut,
    LoggedOutPage,
    LoginPage,
    LogIn,
    SecondFactorPage,
    VerifySecondFactor,
    PasskeyPage,
    VerifyPasskey,
    RecoveryCodePage,
    UseRecoveryCode,
    SmsCodePage,
    UseSmsCode,
    EmailCodePage,
    UseEmailCode,
    FacePage,
    UseFace,
    FaceReturned,
    FingerprintPage,
    UseFingerprint,
    FingerprintReturned,
    RecoverPage,
    RecoverName,
    RecoverCodes,
    RecoverPassword,
    ChooseMethodPage,
    ChooseMethod,
    ConsentPage,
    Consent,
    SelectAccountPage,
    SelectAccount,
    ErrorPage,
    Front,
    Overview,
    Sessions,
    EndSessions,
    Consents,
    WithdrawConsent,
    History,
    DisputePage,
    Dispute,
    Security,
    Authenticators,
    AuthenticatorPage,
    RenameAuthenticator,
    ReportAuthenticatorLost,
    RemoveAuthenticator,
    LockPage,
    Lock,
    LockedPage,
    UnlockPage,
    Unlock,
    PasswordPage,
    ChangePassword,
    TotpPage,
    EnrolTotp,
    PasskeysPage,
    AddPasskey,
    RenamePasskey,
    RemovePasskey,
    RecoveryCodesPage,
    MakeRecoveryCodes,
    AppLoginPage,
    CollectAppLogin,
    AppLoginState,
    AppDevicePage,
    ChangeAppDevice,
    AppEnrol,
    AppPending,
    AppResolve,
    AppApprove,
    AppDeny,
    AppRemove,
    ReferenceAppPage,
    ReferenceAppFile,
    SmsAddressPage,
    EnrolSmsAddress,
    EmailAddressPage,
    EnrolEmailAddress,
    Outbox,
    Asset,
    Health,
}

const fn get(path: &'static str, caller: Caller, action: Action) -> Endpoint {
    Endpoint { method: Method::GET, path, caller, action }
}

const fn post(path: &'static str, caller: Caller, action: Action) -> Endpoint {
    Endpoint { method: Method::POST, path, caller, action }
}

pub const ENDPOINTS: &[Endpoint] = &[
    get(path::OPENID_CONFIGURATION, Caller::Anybody, Action::Metadata),
    get(path::OAUTH_AUTHORIZATION_SERVER, Caller::Anybody, Action::Metadata),
    get(path::JWKS, Caller::Anybody, Action::Jwks),
    post(path::TOKEN, Caller::Client, Action::Token),
    get(path::USERINFO, Caller::Bearer, Action::Userinfo),
    post(path::USERINFO, Caller::Bearer, Action::UserinfoByPost),
    post(path::REVOKE, Caller::Client, Action::Revoke),
    get(path::AUTHORIZE, Caller::RelyingPartysBrowser, Action::Authorize),
    post(path::AUTHORIZE, Caller::RelyingPartysBrowser, Action::AuthorizeByPost),
    get(paths::LOGOUT, Caller::Anybody, Action::LogoutPage),
    post(paths::LOGOUT, Caller::SameBrowser, Action::LogOut),
    get(paths::LOGGED_OUT, Caller::Anybody, Action::LoggedOutPage),
    get(paths::LOGIN, Caller::SameBrowser, Action::LoginPage),
    post(paths::LOGIN, Caller::SameBrowser, Action::LogIn),
    get(paths::LOGIN_TOTP, Caller::SameBrowser, Action::SecondFactorPage),
    post(paths::LOGIN_TOTP, Caller::SameBrowser, Action::VerifySecondFactor),
    get(paths::LOGIN_PASSKEY, Caller::SameBrowser, Action::PasskeyPage),
    post(paths::LOGIN_PASSKEY, Caller::SameBrowser, Action::VerifyPasskey),
    get(paths::LOGIN_RECOVERY_CODE, Caller::SameBrowser, Action::RecoveryCodePage),
    post(paths::LOGIN_RECOVERY_CODE, Caller::SameBrowser, Action::UseRecoveryCode),
    get(paths::LOGIN_SMS_CODE, Caller::SameBrowser, Action::SmsCodePage),
    post(paths::LOGIN_SMS_CODE, Caller::SameBrowser, Action::UseSmsCode),
    get(paths::LOGIN_EMAIL_CODE, Caller::SameBrowser, Action::EmailCodePage),
    post(paths::LOGIN_EMAIL_CODE, Caller::SameBrowser, Action::UseEmailCode),
    get(paths::LOGIN_FACE, Caller::SameBrowser, Action::FacePage),
    post(paths::LOGIN_FACE, Caller::SameBrowser, Action::UseFace),
    post(paths::LOGIN_FACE_RETURN, Caller::MatchersBrowser, Action::FaceReturned),
    get(paths::LOGIN_FINGERPRINT, Caller::SameBrowser, Action::FingerprintPage),
    post(paths::LOGIN_FINGERPRINT, Caller::SameBrowser, Action::UseFingerprint),
    post(paths::LOGIN_FINGERPRINT_RETURN, Caller::MatchersBrowser, Action::FingerprintReturned),
    get(paths::RECOVER, Caller::Anybody, Action::RecoverPage),
    post(paths::RECOVER, Caller::SameBrowser, Action::RecoverName),
    post(paths::RECOVER_CODES, Caller::SameBrowser, Action::RecoverCodes),
    post(paths::RECOVER_PASSWORD, Caller::SameBrowser, Action::RecoverPassword),
    get(paths::LOGIN_CHOOSE, Caller::SameBrowser, Action::ChooseMethodPage),
    post(paths::LOGIN_CHOOSE, Caller::SameBrowser, Action::ChooseMethod),
    get(paths::CONSENT, Caller::SameBrowser, Action::ConsentPage),
    post(paths::CONSENT, Caller::SameBrowser, Action::Consent),
    get(paths::SELECT_ACCOUNT, Caller::SameBrowser, Action::SelectAccountPage),
    post(paths::SELECT_ACCOUNT, Caller::SameBrowser, Action::SelectAccount),
    get(paths::ERROR, Caller::Anybody, Action::ErrorPage),
    get("/", Caller::Anybody, Action::Front),
    get(paths::HOME, Caller::Holder, Action::Overview),
    get(paths::HOME_SESSIONS, Caller::Holder, Action::Sessions),
    post(paths::HOME_SESSIONS_END, Caller::Holder, Action::EndSessions),
    get(paths::HOME_CONSENTS, Caller::Holder, Action::Consents),
    post(paths::HOME_CONSENTS_WITHDRAW, Caller::Holder, Action::WithdrawConsent),
    get(paths::HOME_HISTORY, Caller::Holder, Action::History),
    get(paths::HOME_NOT_ME, Caller::Holder, Action::DisputePage),
    post(paths::HOME_NOT_ME, Caller::Holder, Action::Dispute),
    get(paths::HOME_SECURITY, Caller::Holder, Action::Security),
    get(paths::HOME_AUTHENTICATORS, Caller::Holder, Action::Authenticators),
    get(paths::HOME_AUTHENTICATOR, Caller::Holder, Action::AuthenticatorPage),
    post(paths::HOME_AUTHENTICATOR_RENAME, Caller::Holder, Action::RenameAuthenticator),
    post(paths::HOME_AUTHENTICATOR_LOST, Caller::Holder, Action::ReportAuthenticatorLost),
    post(paths::HOME_AUTHENTICATOR_REMOVE, Caller::Holder, Action::RemoveAuthenticator),
    get(paths::HOME_LOCK, Caller::Holder, Action::LockPage),
    post(paths::HOME_LOCK, Caller::Holder, Action::Lock),
    get(paths::LOCKED, Caller::Anybody, Action::LockedPage),
    get(paths::UNLOCK, Caller::Holder, Action::UnlockPage),
    post(paths::UNLOCK, Caller::Holder, Action::Unlock),
    get(paths::HOME_PASSWORD, Caller::Holder, Action::PasswordPage),
    post(paths::HOME_PASSWORD, Caller::Holder, Action::ChangePassword),
    get(paths::HOME_TOTP, Caller::Holder, Action::TotpPage),
    post(paths::HOME_TOTP, Caller::Holder, Action::EnrolTotp),
    get(paths::HOME_PASSKEYS, Caller::Holder, Action::PasskeysPage),
    post(paths::HOME_PASSKEYS, Caller::Holder, Action::AddPasskey),
    post(paths::HOME_PASSKEYS_RENAME, Caller::Holder, Action::RenamePasskey),
    post(paths::HOME_PASSKEYS_REMOVE, Caller::Holder, Action::RemovePasskey),
    get(paths::HOME_RECOVERY_CODES, Caller::Holder, Action::RecoveryCodesPage),
    post(paths::HOME_RECOVERY_CODES, Caller::Holder, Action::MakeRecoveryCodes),
    get(paths::LOGIN_APP, Caller::SameBrowser, Action::AppLoginPage),
    post(paths::LOGIN_APP, Caller::SameBrowser, Action::CollectAppLogin),
    post(paths::LOGIN_APP_STATE, Caller::SameBrowser, Action::AppLoginState),
    get(paths::HOME_APP, Caller::Holder, Action::AppDevicePage),
    post(paths::HOME_APP, Caller::Holder, Action::ChangeAppDevice),
    post(path::APP_ENROL, Caller::Device, Action::AppEnrol),
    post(path::APP_PENDING, Caller::Device, Action::AppPending),
    post(path::APP_RESOLVE, Caller::Device, Action::AppResolve),
    post(path::APP_APPROVE, Caller::Device, Action::AppApprove),
    post(path::APP_DENY, Caller::Device, Action::AppDeny),
    post(path::APP_REMOVE, Caller::Device, Action::AppRemove),
    get(paths::APP, Caller::Anybody, Action::ReferenceAppPage),
    get("/app/{file}", Caller::Anybody, Action::ReferenceAppFile),
    get(paths::HOME_SMS_CODE, Caller::Holder, Action::SmsAddressPage),
    post(paths::HOME_SMS_CODE, Caller::Holder, Action::EnrolSmsAddress),
    get(paths::HOME_EMAIL_CODE, Caller::Holder, Action::EmailAddressPage),
    post(paths::HOME_EMAIL_CODE, Caller::Holder, Action::EnrolEmailAddress),
    get(paths::OUTBOX, Caller::Anybody, Action::Outbox),
    get("/assets/{file}", Caller::Anybody, Action::Asset),
    get("/healthz", Caller::Anybody, Action::Health),
];

impl Endpoint {
    pub fn surface(&self) -> Surface {
        match self.action {
            Action::Metadata
            | Action::Jwks
            | Action::Token
            | Action::Userinfo
            | Action::UserinfoByPost
            | Action::Revoke => Surface::OpenApi,
            Action::AppEnrol
            | Action::AppPending
            | Action::AppResolve
            | Action::AppApprove
            | Action::AppDeny
            | Action::AppRemove => Surface::AppApi,
            // Without cookies, read or set.
            Action::FaceReturned
            | Action::FingerprintReturned
            | Action::ReferenceAppPage
            | Action::ReferenceAppFile
            | Action::Asset
            | Action::Health => Surface::Plain,
            // The most guarded: what is forgotten above is a page.
            _ => Surface::Page,
        }
    }
}

/// All routes of the authorization server.
pub fn router(state: Arc<ServerState>) -> Router {
    let of = |surface| {
        ENDPOINTS
            .iter()
            .filter(|endpoint| endpoint.surface() == surface)
            .fold(Router::new(), |router, endpoint| router.route(endpoint.path, routed(endpoint)))
    };
    let pages = of(Surface::Page)
        .fallback(async || Stop::Http(ErrorKind::NotFound))
        .method_not_allowed_fallback(async || Stop::Http(ErrorKind::MethodNotAllowed))
        .layer(from_fn_with_state(state.clone(), receive));
    pages
        .merge(of(Surface::OpenApi).layer(from_fn(cors::open)))
        .merge(of(Surface::AppApi))
        .merge(of(Surface::Plain))
        .layer(from_fn_with_state(state.clone(), observe))
        .with_state(state)
}

#[expect(clippy::too_many_lines, reason = "a table: one line for each action")]
fn routed(endpoint: &Endpoint) -> MethodRouter<Arc<ServerState>> {
    // GET answers HEAD too.
    let by = if endpoint.method == Method::POST { MethodFilter::POST } else { MethodFilter::GET };
    match endpoint.action {
        Action::Metadata => on(by, metadata::metadata),
        Action::Jwks => on(by, metadata::jwks),
        Action::Token => on(by, token::token),
        Action::Userinfo => on(by, userinfo::by_get),
        Action::UserinfoByPost => on(by, userinfo::by_post),
        Action::Revoke => on(by, revoke::revoke),
        Action::Authorize => on(by, authorize::begin),
        Action::AuthorizeByPost => on(by, authorize::by_post),
        Action::LogoutPage => on(by, logout::page),
        Action::LogOut => on(by, logout::submit),
        Action::LoggedOutPage => on(by, logout::logged_out),
        Action::LoginPage => on(by, login::page),
        Action::LogIn => on(by, login::submit),
        Action::SecondFactorPage => on(by, second_factor::page),
        Action::VerifySecondFactor => on(by, second_factor::submit),
        Action::PasskeyPage => on(by, passkey::page),
        Action::VerifyPasskey => on(by, passkey::submit),
        Action::RecoveryCodePage => on(by, recovery_code::page),
        Action::UseRecoveryCode => on(by, recovery_code::submit),
        Action::SmsCodePage => on(by, message_code::sms_page),
        Action::UseSmsCode => on(by, message_code::submit_sms),
        Action::EmailCodePage => on(by, message_code::email_page),
        Action::UseEmailCode => on(by, message_code::submit_email),
        Action::FacePage => on(by, biometric::face_page),
        Action::UseFace => on(by, biometric::submit_face),
        Action::FaceReturned => on(by, biometric::face_returned),
        Action::FingerprintPage => on(by, biometric::fingerprint_page),
        Action::UseFingerprint => on(by, biometric::submit_fingerprint),
        Action::FingerprintReturned => on(by, biometric::fingerprint_returned),
        Action::RecoverPage => on(by, recover::page),
        Action::RecoverName => on(by, recover::name),
        Action::RecoverCodes => on(by, recover::codes),
        Action::RecoverPassword => on(by, recover::password),
        Action::ChooseMethodPage => on(by, choose::page),
        Action::ChooseMethod => on(by, choose::submit),
        Action::ConsentPage => on(by, consent::page),
        Action::Consent => on(by, consent::submit),
        Action::SelectAccountPage => on(by, select_account::page),
        Action::SelectAccount => on(by, select_account::submit),
        Action::ErrorPage => on(by, async || Stop::Http(ErrorKind::BadRequest)),
        Action::Front => on(by, async || Redirect::to(paths::HOME)),
        Action::Overview => on(by, home::overview),
        Action::Sessions => on(by, home::sessions),
        Action::EndSessions => on(by, home::end_sessions),
        Action::Consents => on(by, home::consents),
        Action::WithdrawConsent => on(by, home::withdraw),
        Action::History => on(by, home::history),
        Action::DisputePage => on(by, dispute::page),
        Action::Dispute => on(by, dispute::submit),
        Action::Security => on(by, security::overview),
        Action::Authenticators => on(by, authenticators::list),
        Action::AuthenticatorPage => on(by, authenticators::page),
        Action::RenameAuthenticator => on(by, authenticators::rename),
        Action::ReportAuthenticatorLost => on(by, authenticators::report_lost),
        Action::RemoveAuthenticator => on(by, authenticators::remove),
        Action::LockPage => on(by, lock::page),
        Action::Lock => on(by, lock::submit),
        Action::LockedPage => on(by, lock::locked),
        Action::UnlockPage => on(by, lock::unlock_page),
        Action::Unlock => on(by, lock::unlock),
        Action::PasswordPage => on(by, security::password_page),
        Action::ChangePassword => on(by, security::change_password),
        Action::TotpPage => on(by, security::totp_page),
        Action::EnrolTotp => on(by, security::enrol_totp),
        Action::PasskeysPage => on(by, passkeys::page),
        Action::AddPasskey => on(by, passkeys::add),
        Action::RenamePasskey => on(by, passkeys::rename),
        Action::RemovePasskey => on(by, passkeys::remove),
        Action::RecoveryCodesPage => on(by, security::recovery_codes_page),
        Action::MakeRecoveryCodes => on(by, security::make_recovery_codes),
        Action::AppLoginPage => on(by, app_login::page),
        Action::CollectAppLogin => on(by, app_login::submit),
        Action::AppLoginState => on(by, app_login::state),
        Action::AppDevicePage => on(by, app_device::page),
        Action::ChangeAppDevice => on(by, app_device::submit),
        Action::AppEnrol => on(by, app::enrol),
        Action::AppPending => on(by, app::pending),
        Action::AppResolve => on(by, app::resolve),
        Action::AppApprove => on(by, app::approve),
        Action::AppDeny => on(by, app::deny),
        Action::AppRemove => on(by, app::remove),
        Action::ReferenceAppPage => on(by, reference_app::page),
        Action::ReferenceAppFile => on(by, reference_app::file),
        Action::SmsAddressPage => on(by, message_address::sms_page),
        Action::EnrolSmsAddress => on(by, message_address::submit_sms),
        Action::EmailAddressPage => on(by, message_address::email_page),
        Action::EnrolEmailAddress => on(by, message_address::submit_email),
        Action::Outbox => on(by, outbox::page),
        Action::Asset => on(by, assets::asset),
        Action::Health => on(by, async || (StatusCode::OK, "ok\n")),
    }
}
