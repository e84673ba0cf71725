//! `/login/face` and `/login/fingerprint`: off to a matcher, and back.

use flows::matcher::Modality;

use super::shared::{Asking, Fault, Faults};
use super::{Frame, page, paths, samples};

/// Posts `csrf` and `interaction`; with `capture`, what came back from the matcher is collected.
pub struct UseBiometric {
    pub asking: Asking,
    pub modality: Modality,
    /// The page sends itself, where scripts run.
    pub capture: Option<String>,
    pub problem: Option<BiometricProblem>,
}

/// Why there was no comparison, or none that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BiometricProblem {
    Stale,
    NotAccepted,
    NoMatch,
    NotCompared,
    TryAgainIn {
        seconds: u32,
    },
    TooMany,
    /// Too many failures for good.
    Disabled,
    NotPossible,
}

impl BiometricProblem {
    fn fault(self, frame: &Frame<'_>) -> Fault {
        let of_form = |id| Fault::of_form(frame.t(id), None);
        match self {
            Self::Stale => of_form("biometric-problem-stale"),
            Self::NotAccepted => of_form("biometric-problem-not-accepted"),
            Self::NoMatch => of_form("biometric-problem-no-match"),
            Self::NotCompared => of_form("biometric-problem-not-compared"),
            Self::TryAgainIn { seconds } => Fault::wait(frame, seconds),
            Self::TooMany => of_form("biometric-problem-too-many"),
            Self::Disabled => of_form("biometric-problem-disabled"),
            Self::NotPossible => of_form("biometric-problem-not-possible"),
        }
    }
}

impl UseBiometric {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(frame)))
    }

    pub(super) fn title(&self, frame: &Frame<'_>) -> String {
        frame.t(match self.modality {
            Modality::Face => "biometric-title-face",
            Modality::Fingerprint => "biometric-title-fingerprint",
        })
    }

    pub(super) fn lead(&self, frame: &Frame<'_>) -> String {
        frame.t(match self.modality {
            Modality::Face => "biometric-lead-face",
            Modality::Fingerprint => "biometric-lead-fingerprint",
        })
    }

    pub(super) const fn action(&self) -> &'static str {
        path_of(self.modality)
    }
}

pub const fn path_of(modality: Modality) -> &'static str {
    match modality {
        Modality::Face => paths::LOGIN_FACE,
        Modality::Fingerprint => paths::LOGIN_FINGERPRINT,
    }
}

/// Where a matcher's page sends the browser.
pub const fn return_path_of(modality: Modality) -> &'static str {
    match modality {
        Modality::Face => paths::LOGIN_FACE_RETURN,
        Modality::Fingerprint => paths::LOGIN_FINGERPRINT_RETURN,
    }
}

fn faces() -> Vec<(&'static str, UseBiometric)> {
    let sample = |modality, problem| UseBiometric {
        asking: samples::asking(),
        modality,
        capture: None,
        problem,
    };
    let face = |problem| sample(Modality::Face, Some(problem));
    let returned =
        UseBiometric { capture: Some("sample-capture".into()), ..sample(Modality::Face, None) };
    vec![
        ("biometric", sample(Modality::Face, None)),
        ("biometric-fingerprint", sample(Modality::Fingerprint, None)),
        ("biometric-returned", returned),
        ("biometric-stale", face(BiometricProblem::Stale)),
        ("biometric-not-accepted", face(BiometricProblem::NotAccepted)),
        ("biometric-no-match", face(BiometricProblem::NoMatch)),
        ("biometric-not-compared", face(BiometricProblem::NotCompared)),
        ("biometric-wait", face(BiometricProblem::TryAgainIn { seconds: 30 })),
        ("biometric-too-many", face(BiometricProblem::TooMany)),
        ("biometric-disabled", face(BiometricProblem::Disabled)),
        ("biometric-not-possible", face(BiometricProblem::NotPossible)),
    ]
}

page!(UseBiometric, "biometric.html", faces());
