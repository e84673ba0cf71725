//! The pages a citizen sees.
//!
//! What they are for: one task per page, in Vietnamese first and English second, usable with a
//! keyboard, a screen reader, a 320 px telephone and no JavaScript.
//! What they must never know: a request, a database, a domain type. A page is a struct of plain
//! strings and small enums that a route fills in; it turns itself into HTML and nothing else.
//!
//! ```text
//!  route ── fills ──▶ Login, Consent, History, …   (one struct per page)
//!                            │ Page::render(&frame)
//!  Frame ── language, texts, address of this page ──▶ templates/*.html ──▶ String
//!    │
//!  texts   locales/{vi,en}/*.ftl, parsed once at start
//!  assets  /assets/vneid.css, emblem.svg, form-post.js, passkey.js: nothing inline, so the CSP stays strict
//!  paths   every address a form or link here points to; routes use the same constants
//! ```

pub mod app_device;
pub mod app_login;
pub mod assets;
pub mod authenticators;
pub mod biometric;
pub mod consent;
pub mod dispute;
pub mod error;
pub mod form_post;
mod frame;
pub mod history;
pub mod home;
pub mod lock;
pub mod login;
pub mod logout;
pub mod message_code;
pub mod methods;
pub mod moment;
pub mod outbox;
pub mod passkey;
pub mod qr;
pub mod recover;
pub mod recovery_code;
pub mod samples;
pub mod second_factor;
pub mod security;
pub mod select_account;
pub mod shared;
pub mod texts;

#[cfg(test)]
mod tests;

pub use frame::Frame;

/// Something that can be shown to a citizen.
pub trait Page {
    /// The whole HTML document.
    fn render(&self, frame: &Frame<'_>) -> Result<String, PageError>;

    /// Every face this page can have, with fictional people: what the tests check and what a
    /// designer looks at. A page without samples cannot be written.
    fn samples() -> Vec<(&'static str, Self)>
    where
        Self: Sized;
}

/// A page that could not be written. Always our fault, never the citizen's.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The template engine refused, which only a failing formatter can cause.
    #[error("page template failed")]
    Template(#[from] askama::Error),
    /// The `otpauth` address is too long for any QR code.
    #[error("the otpauth address does not fit a QR code")]
    QrCode,
}

/// Where the forms and links of these pages lead.
pub mod paths {
    pub const LOGIN: &str = "/login";
    pub const LOGIN_TOTP: &str = "/login/totp";
    pub const LOGIN_PASSKEY: &str = "/login/passkey";
    pub const LOGIN_RECOVERY_CODE: &str = "/login/recovery-code";
    pub const LOGIN_SMS_CODE: &str = "/login/sms-code";
    pub const LOGIN_EMAIL_CODE: &str = "/login/email-code";
    pub const LOGIN_FACE: &str = "/login/face";
    pub const LOGIN_FACE_RETURN: &str = "/login/face/return";
    pub const LOGIN_FINGERPRINT: &str = "/login/fingerprint";
    pub const LOGIN_FINGERPRINT_RETURN: &str = "/login/fingerprint/return";
    pub const RECOVER: &str = "/recover";
    pub const RECOVER_CODES: &str = "/recover/codes";
    pub const RECOVER_PASSWORD: &str = "/recover/password";
    pub const OUTBOX: &str = "/dev/outbox";
    pub const LOGIN_CHOOSE: &str = "/login/choose";
    pub const LOGIN_APP: &str = "/login/app";
    pub const LOGIN_APP_STATE: &str = "/login/app/state";
    /// The reference app; another app claims the same address on its platform.
    pub const APP: &str = "/app/";
    pub const CONSENT: &str = "/consent";
    pub const SELECT_ACCOUNT: &str = "/select-account";
    pub const LOGOUT: &str = "/logout";
    pub const LOGGED_OUT: &str = "/logged-out";
    pub const ERROR: &str = "/error";
    pub const HOME: &str = "/home";
    pub const HOME_SESSIONS: &str = "/home/sessions";
    pub const HOME_SESSIONS_END: &str = "/home/sessions/end";
    pub const HOME_CONSENTS: &str = "/home/consents";
    pub const HOME_CONSENTS_WITHDRAW: &str = "/home/consents/withdraw";
    pub const HOME_HISTORY: &str = "/home/history";
    pub const HOME_NOT_ME: &str = "/home/not-me";
    pub const HOME_SECURITY: &str = "/home/security";
    pub const HOME_AUTHENTICATORS: &str = "/home/security/authenticators";
    pub const HOME_AUTHENTICATOR: &str = "/home/security/authenticator";
    pub const HOME_AUTHENTICATOR_RENAME: &str = "/home/security/authenticator/rename";
    pub const HOME_AUTHENTICATOR_LOST: &str = "/home/security/authenticator/lost";
    pub const HOME_AUTHENTICATOR_REMOVE: &str = "/home/security/authenticator/remove";
    pub const HOME_LOCK: &str = "/home/security/lock";
    pub const LOCKED: &str = "/locked";
    pub const UNLOCK: &str = "/unlock";
    pub const HOME_PASSWORD: &str = "/home/security/password";
    pub const HOME_PASSKEYS: &str = "/home/security/passkeys";
    pub const HOME_PASSKEYS_RENAME: &str = "/home/security/passkeys/rename";
    pub const HOME_PASSKEYS_REMOVE: &str = "/home/security/passkeys/remove";
    pub const HOME_TOTP: &str = "/home/security/totp";
    pub const HOME_APP: &str = "/home/security/app";
    pub const HOME_RECOVERY_CODES: &str = "/home/security/recovery-codes";
    pub const HOME_SMS_CODE: &str = "/home/security/sms-code";
    pub const HOME_EMAIL_CODE: &str = "/home/security/email-code";
}

/// Ties a page to its template. The template sees `page`, `frame` and [`paths`].
macro_rules! page {
    ($page:ty, $template:literal, $samples:expr) => {
        const _: () = {
            use $crate::pages::paths;

            #[derive(askama::Template)]
            #[template(path = $template)]
            struct View<'a> {
                page: &'a $page,
                frame: &'a $crate::pages::Frame<'a>,
            }

            impl $crate::pages::Page for $page {
                fn render(
                    &self,
                    frame: &$crate::pages::Frame<'_>,
                ) -> Result<String, $crate::pages::PageError> {
                    Ok(askama::Template::render(&View { page: self, frame })?)
                }

                fn samples() -> Vec<(&'static str, Self)> {
                    $samples
                }
            }
        };
    };
}
use page;
