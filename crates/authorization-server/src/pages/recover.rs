//! `/recover`: the name, the codes, the new password, and that it is done.

use super::authenticators::{Held, samples_of_held};
use super::security::PasswordProblem;
use super::shared::{Fault, Faults};
use super::{Frame, page, paths, samples};

/// Posts `csrf` and `username`.
pub struct RecoverName {
    pub csrf: String,
    pub entered: String,
    pub problem: Option<NameProblem>,
}

/// What is wrong with the name as it is written; never whether anybody bears it (ATK-098).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameProblem {
    Missing,
    NotAName,
}

/// Posts `csrf`, both questions, and what was filled in of `sms-code`, `email-code`, `totp` and
/// `recovery-code`. The same for everybody.
pub struct RecoverCodes {
    pub csrf: String,
    pub sms_question: String,
    pub email_question: String,
    pub problem: Option<CodesProblem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodesProblem {
    NotProven,
    TryAgainIn { seconds: u32 },
}

/// Posts `csrf`, `permit`, `new-password`, `new-password-again`, and `lost-…` with the handle of each
/// authenticator that is ticked.
pub struct RecoverPassword {
    pub csrf: String,
    pub permit: String,
    pub minimum_length: u32,
    pub losable: Vec<Losable>,
    pub problem: Option<PasswordProblem>,
}

/// What may have been lost together with the password.
pub struct Losable {
    pub held: Held,
    pub ticked: bool,
}

/// `login`: where to try the new password.
pub struct Recovered {
    pub login: &'static str,
    /// As reported lost.
    pub suspended: Vec<Held>,
}

impl Recovered {
    pub(super) fn suspended(&self, frame: &Frame<'_>) -> Option<String> {
        let names: Vec<_> = self.suspended.iter().map(|held| held.name(frame)).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

impl RecoverName {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| {
            let id = match problem {
                NameProblem::Missing => "login-problem-username-missing",
                NameProblem::NotAName => "recover-problem-name",
            };
            Fault::of_field("username", frame.t(id))
        }))
    }
}

impl RecoverCodes {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| match problem {
            CodesProblem::NotProven => Fault::of_form(
                frame.t("recover-problem-codes"),
                Some(frame.t("recover-problem-codes-advice")),
            ),
            CodesProblem::TryAgainIn { seconds } => Fault::wait(frame, seconds),
        }))
    }
}

impl RecoverPassword {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(self.minimum_length, frame)))
    }

    pub(super) fn length_hint(&self, frame: &Frame<'_>) -> String {
        frame.t_count("password-new-hint", self.minimum_length)
    }
}

fn name_faces() -> Vec<(&'static str, RecoverName)> {
    let sample =
        |problem| RecoverName { csrf: samples::CSRF.into(), entered: "12".into(), problem };
    vec![
        ("recover", sample(None)),
        ("recover-missing", sample(Some(NameProblem::Missing))),
        ("recover-not-a-name", sample(Some(NameProblem::NotAName))),
    ]
}

fn code_faces() -> Vec<(&'static str, RecoverCodes)> {
    let sample = |problem| RecoverCodes {
        csrf: samples::CSRF.into(),
        sms_question: "sample-sms".into(),
        email_question: "sample-email".into(),
        problem,
    };
    vec![
        ("recover-codes", sample(None)),
        ("recover-codes-wrong", sample(Some(CodesProblem::NotProven))),
        ("recover-codes-wait", sample(Some(CodesProblem::TryAgainIn { seconds: 30 }))),
    ]
}

fn password_faces() -> Vec<(&'static str, RecoverPassword)> {
    let sample = |problem: Option<PasswordProblem>| RecoverPassword {
        csrf: samples::CSRF.into(),
        permit: "sample-permit".into(),
        minimum_length: 15,
        losable: samples_of_held()
            .into_iter()
            .map(|held| Losable { held, ticked: problem.is_some() })
            .collect(),
        problem,
    };
    let nothing = RecoverPassword { losable: Vec::new(), ..sample(None) };
    vec![
        ("recover-password", sample(None)),
        ("recover-password-only", nothing),
        ("recover-password-short", sample(Some(PasswordProblem::TooShort))),
        ("recover-password-again", sample(Some(PasswordProblem::NotRepeated))),
    ]
}

page!(RecoverName, "recover/name.html", name_faces());
page!(RecoverCodes, "recover/codes.html", code_faces());
page!(RecoverPassword, "recover/password.html", password_faces());
fn done_faces() -> Vec<(&'static str, Recovered)> {
    let sample = |suspended| Recovered { login: paths::HOME, suspended };
    vec![("recovered", sample(Vec::new())), ("recovered-lost", sample(samples_of_held()))]
}

page!(Recovered, "recover/done.html", done_faces());
