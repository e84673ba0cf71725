//! `/login`: personal number (or phone number) and password.

use super::passkey::{self, Ask};
use super::shared::{AuthenticationLevel, Fault, Faults, Holder, Reason, RelyingParty};
use super::{Frame, page, samples};

/// The login page. Posts `csrf`, `interaction`, `username` (unless the person is fixed) and
/// `password`.
pub struct Login {
    pub csrf: String,
    pub interaction: String,
    /// `None` when the citizen came for their own pages.
    pub relying_party: Option<RelyingParty>,
    pub person: Person,
    pub reason: Reason,
    /// Where the telephone is asked instead.
    pub with_app: Option<String>,
    /// Where to choose another way, if there is one.
    pub other_ways: Option<String>,
    /// The question for anybody's passkey; none where the person is fixed.
    pub passkey: Option<Ask>,
    /// Whether a forgotten password can be set anew here.
    pub can_recover: bool,
    pub problem: Option<LoginProblem>,
}

/// Whose password is asked for.
pub enum Person {
    /// Anybody's; the field keeps what was `entered` (or `login_hint`).
    Anybody { entered: String },
    /// The holder of the session, who cannot be exchanged in the middle of a step-up.
    Fixed(Holder),
}

/// Why the last attempt led nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginProblem {
    MissingUsername,
    MissingPassword,
    /// One sentence for an unknown person and for a wrong password (ATK-098).
    WrongCredentials,
    TryAgainIn {
        seconds: u32,
    },
    /// Too many failures for good: this password is switched off.
    PasswordDisabled,
    SessionExpired,
    /// Only for somebody whose credentials were right (ATK-098).
    Account(AccountProblem),
}

/// Why the account of a proven holder cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountProblem {
    NotActivated,
    LockedByHolder,
    LockedByAuthority,
    CardExpired,
    GuardianNeeded,
    /// A short password and nothing beside it: no login of this person can suffice.
    TooWeak,
    /// The holder was reported deceased. Said without saying it: whoever reads this is alive.
    Closed,
    /// The service waits for a while after a recovery.
    RecoveredLately {
        seconds: u32,
    },
}

impl Login {
    /// The one closed account that its holder can open from here.
    pub(super) fn can_unlock(&self) -> bool {
        self.problem == Some(LoginProblem::Account(AccountProblem::LockedByHolder))
    }

    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(self.can_recover, frame)))
    }
}

impl LoginProblem {
    fn fault(self, can_recover: bool, frame: &Frame<'_>) -> Fault {
        match self {
            Self::MissingUsername => {
                Fault::of_field("username", frame.t("login-problem-username-missing"))
            }
            Self::MissingPassword => {
                Fault::of_field("password", frame.t("login-problem-password-missing"))
            }
            Self::WrongCredentials => Fault {
                advice: Some(frame.t("login-problem-wrong-advice")),
                ..Fault::of_field("username", frame.t("login-problem-wrong"))
            },
            Self::TryAgainIn { seconds } => Fault::wait(frame, seconds),
            Self::PasswordDisabled => {
                let advice = if can_recover {
                    frame.t("login-problem-disabled-recover")
                } else {
                    frame.t("login-problem-disabled-advice")
                };
                Fault::of_form(frame.t("login-problem-disabled"), Some(advice))
            }
            Self::SessionExpired => Fault::of_form(frame.t("problem-session-expired"), None),
            Self::Account(account) => account.fault(frame),
        }
    }
}

impl AccountProblem {
    fn fault(self, frame: &Frame<'_>) -> Fault {
        let (text, advice) = match self {
            Self::NotActivated => ("account-not-activated", "account-not-activated-advice"),
            Self::LockedByHolder => ("account-locked-by-holder", "account-locked-by-holder-advice"),
            Self::LockedByAuthority => {
                ("account-locked-by-authority", "account-locked-by-authority-advice")
            }
            Self::CardExpired => ("account-card-expired", "account-card-expired-advice"),
            Self::GuardianNeeded => ("account-guardian-needed", "account-guardian-needed-advice"),
            Self::TooWeak => ("account-too-weak", "account-too-weak-advice"),
            Self::Closed => ("account-closed", "account-closed-advice"),
            Self::RecoveredLately { seconds } => {
                let wait = frame.wait(seconds);
                let advice = frame.t_with("account-recovered-advice", &[("wait", &wait)]);
                return Fault::of_form(frame.t("account-recovered"), Some(advice));
            }
        };
        Fault::of_form(frame.t(text), Some(frame.t(advice)))
    }
}

fn sample(problem: Option<LoginProblem>) -> Login {
    Login {
        csrf: samples::CSRF.into(),
        interaction: samples::INTERACTION.into(),
        relying_party: Some(samples::portal()),
        person: Person::Anybody { entered: String::new() },
        reason: Reason::SignIn,
        with_app: Some("/login/app?interaction=abc".into()),
        other_ways: None,
        passkey: Some(passkey::sample_ask()),
        can_recover: false,
        problem,
    }
}

fn faces() -> Vec<(&'static str, Login)> {
    let entered = Person::Anybody { entered: "001085000123".into() };
    let level = AuthenticationLevel::Two;
    let party = Some(samples::portal().name);
    let other_ways = Some("/login/choose?interaction=abc".to_owned());
    vec![
        ("login", sample(None)),
        ("login-direct", Login { relying_party: None, can_recover: true, ..sample(None) }),
        ("login-wrong", Login { person: entered, ..sample(Some(LoginProblem::WrongCredentials)) }),
        ("login-no-username", sample(Some(LoginProblem::MissingUsername))),
        ("login-no-password", sample(Some(LoginProblem::MissingPassword))),
        ("login-wait", sample(Some(LoginProblem::TryAgainIn { seconds: 30 }))),
        ("login-disabled", sample(Some(LoginProblem::PasswordDisabled))),
        (
            "login-disabled-recover",
            Login { can_recover: true, ..sample(Some(LoginProblem::PasswordDisabled)) },
        ),
        ("login-expired", sample(Some(LoginProblem::SessionExpired))),
        ("login-not-activated", account(AccountProblem::NotActivated)),
        ("login-locked-holder", account(AccountProblem::LockedByHolder)),
        ("login-locked-authority", account(AccountProblem::LockedByAuthority)),
        ("login-card-expired", account(AccountProblem::CardExpired)),
        ("login-guardian", account(AccountProblem::GuardianNeeded)),
        ("login-too-weak", account(AccountProblem::TooWeak)),
        ("login-closed", account(AccountProblem::Closed)),
        ("login-recovered", account(AccountProblem::RecoveredLately { seconds: 86_000 })),
        ("login-again", Login { reason: Reason::Again, ..fixed() }),
        ("login-step-up", Login { reason: Reason::StepUp { party, level }, other_ways, ..fixed() }),
    ]
}

fn account(problem: AccountProblem) -> Login {
    sample(Some(LoginProblem::Account(problem)))
}

fn fixed() -> Login {
    Login { person: Person::Fixed(samples::holder()), passkey: None, ..sample(None) }
}

page!(Login, "login.html", faces());
