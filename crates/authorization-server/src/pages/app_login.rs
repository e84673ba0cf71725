//! `/login/app`: log in with the citizen's app.

use super::shared::{Asking, AuthenticationLevel, Fault, Faults, Reason};
use super::{Frame, page, samples};

/// The page that shows a code. Its script asks how it stands, and posts `csrf`, `interaction` and
/// `transaction` when the telephone has answered. It is the one way in that needs JavaScript.
pub struct AppLogin {
    pub asking: Asking,
    pub problem: Option<AppProblem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppProblem {
    /// Not approved, used before, too late, or the telephone is no longer the account's.
    NotApproved,
    AccountNotUsable,
}

impl AppLogin {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        let say = |id| Fault::of_form(frame.t(id), None);
        Faults(self.problem.map(|problem| match problem {
            AppProblem::NotApproved => say("app-problem-not-approved"),
            AppProblem::AccountNotUsable => say("app-problem-account"),
        }))
    }
}

fn sample(problem: Option<AppProblem>) -> AppLogin {
    AppLogin { asking: Asking { holder: None, ..samples::asking() }, problem }
}

fn faces() -> Vec<(&'static str, AppLogin)> {
    let party = Some(samples::portal().name);
    let reason = Reason::StepUp { party, level: AuthenticationLevel::Two };
    let of = |asking| AppLogin { asking, ..sample(None) };
    let direct =
        Asking { relying_party: None, other_ways: None, holder: None, ..samples::asking() };
    vec![
        ("app-login", sample(None)),
        ("app-login-direct", of(direct)),
        ("app-login-step-up", of(Asking { reason, ..samples::asking() })),
        ("app-login-not-approved", sample(Some(AppProblem::NotApproved))),
        ("app-login-account", sample(Some(AppProblem::AccountNotUsable))),
    ]
}

page!(AppLogin, "app_login.html", faces());
