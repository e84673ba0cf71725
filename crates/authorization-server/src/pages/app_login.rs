//! `/login/app`: log in with the citizen's app.

use super::shared::{AuthenticationLevel, Fault, Faults, Holder, Reason, RelyingParty};
use super::{Frame, page, samples};

/// The page that shows a code. Its script asks how it stands, and posts `csrf`, `interaction` and
/// `transaction` when the telephone has answered. It is the one way in that needs JavaScript.
pub struct AppLogin {
    pub csrf: String,
    pub interaction: String,
    pub relying_party: Option<RelyingParty>,
    /// Who is logged in here already, and whose telephone alone counts.
    pub holder: Option<Holder>,
    pub reason: Reason,
    pub other_ways: Option<String>,
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
    AppLogin {
        csrf: samples::CSRF.into(),
        interaction: samples::INTERACTION.into(),
        relying_party: Some(samples::portal()),
        holder: None,
        reason: Reason::SignIn,
        other_ways: Some("/login/choose?interaction=abc".into()),
        problem,
    }
}

fn faces() -> Vec<(&'static str, AppLogin)> {
    let party = Some(samples::portal().name);
    let reason = Reason::StepUp { party, level: AuthenticationLevel::Two };
    vec![
        ("app-login", sample(None)),
        ("app-login-direct", AppLogin { relying_party: None, other_ways: None, ..sample(None) }),
        ("app-login-step-up", AppLogin { reason, holder: Some(samples::holder()), ..sample(None) }),
        ("app-login-not-approved", sample(Some(AppProblem::NotApproved))),
        ("app-login-account", sample(Some(AppProblem::AccountNotUsable))),
    ]
}

page!(AppLogin, "app_login.html", faces());
