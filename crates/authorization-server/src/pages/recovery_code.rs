//! `/login/recovery-code` and `/home/security/recovery-codes`: codes on paper.

use super::home::{HomePage, Section};
use super::shared::{Asking, Fault, Faults};
use super::{Frame, page, samples};

/// Using one. Posts `csrf`, `interaction` and `recovery-code`.
pub struct UseRecoveryCode {
    pub asking: Asking,
    pub problem: Option<RecoveryCodeProblem>,
}

/// Why a code was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryCodeProblem {
    Missing,
    /// Not twenty-five letters and digits.
    Malformed,
    /// Also one that was used before.
    Wrong,
    TryAgainIn {
        seconds: u32,
    },
    /// Too many failures for good.
    Disabled,
}

impl UseRecoveryCode {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(frame)))
    }
}

impl RecoveryCodeProblem {
    fn fault(self, frame: &Frame<'_>) -> Fault {
        let of_code = |id| Fault::of_field("recovery-code", frame.t(id));
        match self {
            Self::Missing => of_code("recovery-problem-missing"),
            Self::Malformed => of_code("recovery-problem-malformed"),
            Self::Wrong => of_code("recovery-problem-wrong"),
            Self::TryAgainIn { seconds } => Fault::wait(frame, seconds),
            Self::Disabled => Fault::of_form(frame.t("recovery-problem-disabled"), None),
        }
    }
}

/// The citizen's set. Posts `csrf`. May hold secrets: it has no `Debug`.
pub struct RecoveryCodes {
    pub csrf: String,
    pub set: CodeSet,
}

/// What there is to show of it.
pub enum CodeSet {
    None,
    /// The codes themselves nobody knows any more.
    Left(u32),
    /// Made this moment, and never shown again.
    New(Vec<String>),
}

impl HomePage for RecoveryCodes {
    const SECTION: Section = Section::Security;
}

impl RecoveryCodes {
    pub(super) fn left(&self, frame: &Frame<'_>) -> Option<String> {
        match self.set {
            CodeSet::Left(left) => Some(frame.t_count("recovery-left", left)),
            CodeSet::None | CodeSet::New(_) => None,
        }
    }

    /// All codes as a text file, in the address itself: no other request could bring them again.
    pub(super) fn file(codes: &[String]) -> String {
        format!("data:text/plain;charset=utf-8,{}", codes.join("%0D%0A"))
    }
}

fn use_sample(problem: Option<RecoveryCodeProblem>) -> UseRecoveryCode {
    UseRecoveryCode { asking: samples::asking(), problem }
}

fn use_faces() -> Vec<(&'static str, UseRecoveryCode)> {
    vec![
        ("recovery", use_sample(None)),
        ("recovery-missing", use_sample(Some(RecoveryCodeProblem::Missing))),
        ("recovery-malformed", use_sample(Some(RecoveryCodeProblem::Malformed))),
        ("recovery-wrong", use_sample(Some(RecoveryCodeProblem::Wrong))),
        ("recovery-wait", use_sample(Some(RecoveryCodeProblem::TryAgainIn { seconds: 30 }))),
        ("recovery-disabled", use_sample(Some(RecoveryCodeProblem::Disabled))),
    ]
}

fn set_faces() -> Vec<(&'static str, RecoveryCodes)> {
    let face = |set| RecoveryCodes { csrf: samples::CSRF.into(), set };
    let code = "ABCDE-FGHIJ-KLMNO-PQRST-UVWXY".to_owned();
    vec![
        ("recovery-codes-none", face(CodeSet::None)),
        ("recovery-codes-left", face(CodeSet::Left(7))),
        ("recovery-codes-used-up", face(CodeSet::Left(0))),
        ("recovery-codes-new", face(CodeSet::New(vec![code; 10]))),
    ]
}

page!(UseRecoveryCode, "recovery_code.html", use_faces());
page!(RecoveryCodes, "home/recovery_codes.html", set_faces());
