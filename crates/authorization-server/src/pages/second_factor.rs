//! `/login/totp`: the code of an authenticator application.

use super::shared::{Asking, AuthenticationLevel, Fault, Faults, Reason};
use super::{Frame, page, samples};

/// The second factor. Posts `csrf`, `interaction` and `totp`.
pub struct SecondFactor {
    pub asking: Asking,
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
    SecondFactor { asking: samples::asking(), can_recover: problem.is_some(), problem }
}

fn faces() -> Vec<(&'static str, SecondFactor)> {
    let step_up = Reason::StepUp { party: None, level: AuthenticationLevel::Two };
    let transaction = |level| Reason::Transaction {
        party: samples::portal().name,
        transaction: samples::transaction(),
        level,
    };
    let because =
        |reason| SecondFactor { asking: Asking { reason, ..samples::asking() }, ..sample(None) };
    let with_level = transaction(Some(AuthenticationLevel::Two));
    vec![
        ("totp", sample(None)),
        ("totp-transaction", because(transaction(None))),
        ("totp-transaction-level", because(with_level)),
        ("totp-step-up", because(step_up)),
        ("totp-missing", sample(Some(TotpProblem::Missing))),
        ("totp-malformed", sample(Some(TotpProblem::Malformed))),
        ("totp-wrong", sample(Some(TotpProblem::Wrong))),
        ("totp-wait", sample(Some(TotpProblem::TryAgainIn { seconds: 300 }))),
        ("totp-disabled", sample(Some(TotpProblem::Disabled))),
        ("totp-expired", sample(Some(TotpProblem::SessionExpired))),
    ]
}

page!(SecondFactor, "second_factor.html", faces());
