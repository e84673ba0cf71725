//! `/login/totp`: the code of an authenticator application.

use super::shared::{AuthenticationLevel, Fault, Faults, Holder, Reason, RelyingParty};
use super::{Frame, page, samples};

/// The second factor. Posts `csrf`, `interaction` and `totp`.
pub struct SecondFactor {
    pub csrf: String,
    pub interaction: String,
    pub relying_party: Option<RelyingParty>,
    pub holder: Holder,
    pub reason: Reason,
    pub other_ways: Option<String>,
    /// Whether a lost telephone can be reported here.
    pub can_recover: bool,
    pub problem: Option<TotpProblem>,
}

/// Why a code was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotpProblem {
    Missing,
    /// Not six digits.
    Malformed,
    Wrong,
    TryAgainIn {
        seconds: u32,
    },
    /// Too many failures for good.
    Disabled,
    SessionExpired,
}

impl SecondFactor {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(frame)))
    }
}

impl TotpProblem {
    pub(super) fn fault(self, frame: &Frame<'_>) -> Fault {
        let of_code = |id| Fault::of_field("totp", frame.t(id));
        match self {
            Self::Missing => of_code("totp-problem-missing"),
            Self::Malformed => of_code("totp-problem-malformed"),
            Self::Wrong => of_code("totp-problem-wrong"),
            Self::TryAgainIn { seconds } => Fault::wait(frame, seconds),
            Self::Disabled => Fault::of_form(
                frame.t("totp-problem-disabled"),
                Some(frame.t("totp-problem-disabled-advice")),
            ),
            Self::SessionExpired => Fault::of_form(frame.t("problem-session-expired"), None),
        }
    }
}

fn sample(problem: Option<TotpProblem>) -> SecondFactor {
    SecondFactor {
        csrf: samples::CSRF.into(),
        interaction: samples::INTERACTION.into(),
        relying_party: Some(samples::portal()),
        holder: samples::holder(),
        reason: Reason::SignIn,
        other_ways: Some("/login/choose?interaction=abc".into()),
        can_recover: problem.is_some(),
        problem,
    }
}

fn faces() -> Vec<(&'static str, SecondFactor)> {
    let step_up = Reason::StepUp { party: None, level: AuthenticationLevel::Two };
    let transaction = |level| Reason::Transaction {
        party: samples::portal().name,
        transaction: samples::transaction(),
        level,
    };
    let confirm = SecondFactor { reason: transaction(None), ..sample(None) };
    let with_level = transaction(Some(AuthenticationLevel::Two));
    vec![
        ("totp", sample(None)),
        ("totp-transaction", confirm),
        ("totp-transaction-level", SecondFactor { reason: with_level, ..sample(None) }),
        ("totp-step-up", SecondFactor { reason: step_up, ..sample(None) }),
        ("totp-missing", sample(Some(TotpProblem::Missing))),
        ("totp-malformed", sample(Some(TotpProblem::Malformed))),
        ("totp-wrong", sample(Some(TotpProblem::Wrong))),
        ("totp-wait", sample(Some(TotpProblem::TryAgainIn { seconds: 300 }))),
        ("totp-disabled", sample(Some(TotpProblem::Disabled))),
        ("totp-expired", sample(Some(TotpProblem::SessionExpired))),
    ]
}

page!(SecondFactor, "second_factor.html", faces());
