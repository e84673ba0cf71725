//! `/home/security/authenticators`: everything that opens the account, and `/home/security/authenticator`:
//! one of them, to be named, reported lost or taken away.

use identity_core::AuthenticatorKind;

use super::home::{HomePage, Section};
use super::methods::name_of;
use super::moment::Moment;
use super::shared::{Fault, Faults, Notice};
use super::{Frame, page, samples};

pub struct Authenticators {
    pub held: Vec<Held>,
    pub notice: Option<Notice>,
}

#[derive(Clone)]
pub struct Held {
    /// Names it towards its holder.
    pub handle: String,
    pub kind: AuthenticatorKind,
    /// What the holder calls it.
    pub label: Option<String>,
    pub bound: Moment,
    /// In one of the sessions that are open now.
    pub used: Option<Moment>,
    pub status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    InUse,
    /// Reported lost, or used by somebody else.
    Suspended,
    /// Too many wrong guesses.
    Disabled,
    Expired,
}

impl HomePage for Authenticators {
    const SECTION: Section = Section::Security;
}

impl Held {
    pub(super) fn name(&self, frame: &Frame<'_>) -> String {
        self.label.clone().unwrap_or_else(|| name_of(self.kind, frame))
    }

    /// The kind, where the name is the holder's own.
    pub(super) fn kind_beside_name(&self, frame: &Frame<'_>) -> Option<String> {
        self.label.as_ref().map(|_| name_of(self.kind, frame))
    }

    pub(super) fn is_password(&self) -> bool {
        self.kind == AuthenticatorKind::Password
    }

    /// Several of a kind need telling apart; paper and messages do not.
    pub(super) fn nameable(&self) -> bool {
        use AuthenticatorKind::{EmailCode, Password, RecoveryCode, SmsCode, TemporaryCode};
        !matches!(self.kind, Password | RecoveryCode | SmsCode | EmailCode | TemporaryCode)
    }
}

/// One of them. Posts `csrf`, `authenticator` and, to rename, `label`.
pub struct OneAuthenticator {
    pub csrf: String,
    pub held: Held,
    pub need: Need,
    pub problem: Option<NameProblem>,
}

/// Whether the account opens without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    Dispensable,
    LastWay,
}

/// The name is empty, too long, or not text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameProblem;

impl HomePage for OneAuthenticator {
    const SECTION: Section = Section::Security;
}

impl OneAuthenticator {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|NameProblem| Fault::of_field("label", frame.t("rename-problem"))))
    }
}

fn held(handle: &str, kind: AuthenticatorKind, label: Option<&str>, status: Status) -> Held {
    Held {
        handle: handle.into(),
        kind,
        label: label.map(Into::into),
        bound: Moment(1_790_000_000),
        used: (status == Status::InUse).then_some(Moment(1_795_285_800)),
        status,
    }
}

/// A telephone with a name, and one without.
pub(super) fn samples_of_held() -> Vec<Held> {
    use AuthenticatorKind::{App, Totp};
    let named = held("a2", Totp, Some("Điện thoại <của> Lan"), Status::InUse);
    vec![named, held("a6", App, None, Status::InUse)]
}

fn list_faces() -> Vec<(&'static str, Authenticators)> {
    use AuthenticatorKind::{Face, Password, RecoveryCode, Totp};
    let all = vec![
        held("a1", Password, None, Status::InUse),
        held("a2", Totp, Some("Điện thoại <của> Lan"), Status::InUse),
        held("a3", Totp, None, Status::Suspended),
        held("a4", RecoveryCode, None, Status::Disabled),
        held("a5", Face, None, Status::Expired),
    ];
    let one = vec![held("a1", Password, None, Status::InUse)];
    let notice = Some(Notice::AuthenticatorLost);
    vec![
        ("authenticators", Authenticators { held: all, notice: None }),
        ("authenticators-lost", Authenticators { held: one, notice }),
    ]
}

fn one_faces() -> Vec<(&'static str, OneAuthenticator)> {
    use AuthenticatorKind::{RecoveryCode, Totp};
    let sample =
        |held, need, problem| OneAuthenticator { csrf: samples::CSRF.into(), held, need, problem };
    let totp = held("a2", Totp, Some("Điện thoại của Lan"), Status::InUse);
    let codes = held("a4", RecoveryCode, None, Status::InUse);
    let gone = held("a3", Totp, None, Status::Suspended);
    vec![
        ("authenticator", sample(totp.clone(), Need::Dispensable, None)),
        ("authenticator-name", sample(totp.clone(), Need::Dispensable, Some(NameProblem))),
        ("authenticator-last", sample(totp, Need::LastWay, None)),
        ("authenticator-codes", sample(codes, Need::Dispensable, None)),
        ("authenticator-suspended", sample(gone, Need::Dispensable, None)),
    ]
}

page!(Authenticators, "home/authenticators.html", list_faces());
page!(OneAuthenticator, "home/authenticator.html", one_faces());
