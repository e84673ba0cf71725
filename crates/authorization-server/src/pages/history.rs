//! `/home/history`: who asked, when, why, and how sure we were; and what happened to the account.

use identity_core::AuthenticatorKind;

use super::home::{HomePage, Section};
use super::methods::{name_of, names_of};
use super::moment::Moment;
use super::shared::AuthenticationLevel;
use super::{Frame, page, samples};

/// The history a holder may see (kept five years, Decree 69/2024 art. 28).
pub struct History {
    /// Newest first.
    pub entries: Vec<Entry>,
    /// Path and query of the next page of older entries.
    pub older: Option<String>,
}

pub struct Entry {
    /// Names the entry towards its holder.
    pub handle: String,
    pub at: Moment,
    pub what: What,
}

pub enum What {
    Use { relying_party: String, purpose: Option<String>, level: AuthenticationLevel },
    Login { relying_party: Option<String>, with: Vec<AuthenticatorKind> },
    Bound(AuthenticatorKind),
    Disabled(AuthenticatorKind),
    Suspended(AuthenticatorKind),
    Removed(AuthenticatorKind),
    PasswordChanged,
    Recovered,
    ContactChanged(AuthenticatorKind),
    Locked,
    Unlocked,
    Disputed { case: String },
}

impl HomePage for History {
    const SECTION: Section = Section::History;
}

impl Entry {
    /// Whether the holder may say that it was not them.
    pub(super) fn disputable(&self) -> bool {
        matches!(self.what, What::Use { .. } | What::Login { .. })
    }

    pub(super) fn title(&self, frame: &Frame<'_>) -> String {
        let of = |id, kind| frame.t_with(id, &[("what", name_of(kind, frame).as_str())]);
        match &self.what {
            What::Use { relying_party, .. } => relying_party.clone(),
            What::Login { relying_party: Some(party), .. } => {
                frame.t_with("happened-login-party", &[("party", party)])
            }
            What::Login { relying_party: None, .. } => frame.t("happened-login"),
            What::Bound(kind) => of("happened-bound", *kind),
            What::Disabled(kind) => of("happened-disabled", *kind),
            What::Suspended(kind) => of("happened-suspended", *kind),
            What::Removed(kind) => of("happened-removed", *kind),
            What::PasswordChanged => frame.t("happened-password-changed"),
            What::Recovered => frame.t("happened-recovered"),
            What::ContactChanged(kind) => of("happened-contact-changed", *kind),
            What::Locked => frame.t("happened-locked"),
            What::Unlocked => frame.t("happened-unlocked"),
            What::Disputed { case } => frame.t_with("happened-disputed", &[("case", case)]),
        }
    }

    /// A second line, where there is more to say.
    pub(super) fn more(&self, frame: &Frame<'_>) -> Option<String> {
        match &self.what {
            What::Use { purpose, .. } => {
                Some(purpose.clone().unwrap_or_else(|| frame.t("purpose-none")))
            }
            What::Login { with, .. } => Some(names_of(with, frame)),
            What::Bound(_)
            | What::Disabled(_)
            | What::Suspended(_)
            | What::Removed(_)
            | What::PasswordChanged
            | What::Recovered
            | What::ContactChanged(_)
            | What::Locked
            | What::Unlocked
            | What::Disputed { .. } => None,
        }
    }

    pub(super) fn level(&self, frame: &Frame<'_>) -> Option<String> {
        match &self.what {
            What::Use { level, .. } => Some(frame.t(level.text_id())),
            What::Login { .. }
            | What::Bound(_)
            | What::Disabled(_)
            | What::Suspended(_)
            | What::Removed(_)
            | What::PasswordChanged
            | What::Recovered
            | What::ContactChanged(_)
            | What::Locked
            | What::Unlocked
            | What::Disputed { .. } => None,
        }
    }
}

fn faces() -> Vec<(&'static str, History)> {
    use AuthenticatorKind::{Password, Totp};
    let (portal, hospital) = (samples::portal(), samples::hospital());
    let using = |relying_party: &str, purpose: Option<&str>, level| What::Use {
        relying_party: relying_party.into(),
        purpose: purpose.map(Into::into),
        level,
    };
    let all = vec![
        using(&portal.name, portal.purpose.as_deref(), AuthenticationLevel::Two),
        using(&hospital.name, hospital.purpose.as_deref(), AuthenticationLevel::One),
        What::Login { relying_party: None, with: vec![Password, Totp] },
        What::Login { relying_party: Some(portal.name.clone()), with: vec![Password] },
        using(&portal.name, Some("Đăng ký thường trú"), AuthenticationLevel::Three),
        using("Ngân hàng mẫu", None, AuthenticationLevel::Four),
        What::Bound(Totp),
        What::Disabled(Totp),
        What::Suspended(AuthenticatorKind::Iris),
        What::Removed(Totp),
        What::PasswordChanged,
        What::Recovered,
        What::ContactChanged(AuthenticatorKind::SmsCode),
        What::Locked,
        What::Unlocked,
        What::Disputed { case: "7K3M-9QXA".into() },
    ];
    let moments = (0..).map(|row| Moment(1_795_285_800 - row * 86_400));
    let entries = (1..)
        .zip(moments)
        .zip(all)
        .map(|((row, at), what)| Entry { handle: row.to_string(), at, what })
        .collect();
    vec![
        ("history", History { entries, older: Some("/home/history?before=120".into()) }),
        ("history-empty", History { entries: Vec::new(), older: None }),
    ]
}

page!(History, "home/history.html", faces());
