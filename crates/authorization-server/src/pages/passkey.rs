//! `/login/passkey` and `/home/security/passkeys`: keys that the browser and its devices keep.

use super::home::{HomePage, Section};
use super::moment::Moment;
use super::shared::{Asking, Fault, Faults, Holder, Notice};
use super::{Frame, page, samples};

/// A question for the browser's passkeys. The script takes it from the form and puts the answer there.
#[derive(Clone)]
pub struct Ask {
    /// Sealed; comes back with the answer.
    pub challenge: String,
    /// JSON (WebAuthn §5.1.9, §5.1.10).
    pub options: String,
}

/// Using one. Posts `csrf`, `interaction`, `challenge`, `credential-id`, `client-data`,
/// `authenticator-data`, `signature` and `user-handle`; bytes as base64url.
pub struct UsePasskey {
    pub asking: Asking,
    pub ask: Ask,
    pub problem: Option<PasskeyProblem>,
}

/// Why an answer was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasskeyProblem {
    /// The browser sent nothing: no script, or none that knows passkeys.
    NoAnswer,
    /// Unknown here, removed, or another person's: nobody learns which (ATK-098).
    Wrong,
    /// The page was open for too long.
    Stale,
    /// Neither PIN nor biometric was asked for.
    NotVerified,
    /// There may be a second copy of it.
    PerhapsCopied,
}

impl UsePasskey {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(frame)))
    }
}

impl PasskeyProblem {
    fn fault(self, frame: &Frame<'_>) -> Fault {
        let (text, advice) = match self {
            Self::NoAnswer => ("passkey-problem-none", "passkey-needs-script"),
            Self::Wrong => ("passkey-problem-wrong", "passkey-problem-wrong-advice"),
            Self::Stale => ("passkey-problem-stale", "passkey-problem-stale-advice"),
            Self::NotVerified => {
                ("passkey-problem-unverified", "passkey-problem-unverified-advice")
            }
            Self::PerhapsCopied => ("passkey-problem-copied", "passkey-problem-copied-advice"),
        };
        Fault::of_form(frame.t(text), Some(frame.t(advice)))
    }
}

/// The citizen's own ones. Adding posts `csrf`, `challenge`, `client-data`, `attestation-object` and
/// `name` here; renaming posts `passkey` and `name` to `/rename`, removing `passkey` to `/remove`.
pub struct Passkeys {
    pub csrf: String,
    pub keys: Vec<Key>,
    /// `None`: nobody needs more of them.
    pub ask: Option<Ask>,
    /// What a new one could be called.
    pub suggested: String,
    pub problem: Option<EnrolProblem>,
    pub notice: Option<Notice>,
}

pub struct Key {
    /// Names the key towards its holder.
    pub handle: String,
    pub label: Option<String>,
    pub bound: Moment,
    pub used: Option<Moment>,
    pub kind: KeyKind,
}

/// Where a key lives, as far as its holder should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    OnOneDevice,
    Synced,
    Hardware,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnrolProblem {
    NoAnswer,
    /// The browser's answer is not one, or the page was open for too long.
    Failed,
    /// An official's key must be hardware on the list.
    NotVouchedFor,
    Known,
    BadName,
}

impl HomePage for Passkeys {
    const SECTION: Section = Section::Security;
}

impl Passkeys {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(frame)))
    }
}

impl EnrolProblem {
    fn fault(self, frame: &Frame<'_>) -> Fault {
        let of_form = |id| Fault::of_form(frame.t(id), None);
        match self {
            Self::NoAnswer => of_form("passkey-problem-none"),
            Self::Failed => of_form("passkey-problem-failed"),
            Self::NotVouchedFor => of_form("passkey-problem-official"),
            Self::Known => of_form("passkey-problem-known"),
            Self::BadName => Fault::of_field("name", frame.t("passkey-problem-name")),
        }
    }
}

impl Key {
    pub(super) fn name(&self, frame: &Frame<'_>) -> String {
        self.label.clone().unwrap_or_else(|| frame.t("passkey-unnamed"))
    }

    pub(super) fn label_text(&self) -> &str {
        self.label.as_deref().unwrap_or_default()
    }
}

impl KeyKind {
    pub(super) fn text(self, frame: &Frame<'_>) -> String {
        frame.t(match self {
            Self::OnOneDevice => "passkey-on-one-device",
            Self::Synced => "passkey-synced",
            Self::Hardware => "passkey-hardware",
        })
    }
}

pub(super) fn sample_ask() -> Ask {
    let options = r#"{"challenge":"AAAA","rpId":"id.example","allowCredentials":[]}"#;
    Ask { challenge: "sample-challenge".into(), options: options.into() }
}

fn use_sample(holder: Option<Holder>, problem: Option<PasskeyProblem>) -> UsePasskey {
    UsePasskey { asking: Asking { holder, ..samples::asking() }, ask: sample_ask(), problem }
}

fn use_faces() -> Vec<(&'static str, UsePasskey)> {
    let holder = || Some(samples::holder());
    vec![
        ("passkey", use_sample(None, None)),
        ("passkey-second", use_sample(holder(), None)),
        ("passkey-none", use_sample(None, Some(PasskeyProblem::NoAnswer))),
        ("passkey-wrong", use_sample(None, Some(PasskeyProblem::Wrong))),
        ("passkey-stale", use_sample(None, Some(PasskeyProblem::Stale))),
        ("passkey-unverified", use_sample(None, Some(PasskeyProblem::NotVerified))),
        ("passkey-copied", use_sample(holder(), Some(PasskeyProblem::PerhapsCopied))),
    ]
}

fn own_faces() -> Vec<(&'static str, Passkeys)> {
    let key = |handle: &str, label: Option<&str>, kind| Key {
        handle: handle.into(),
        label: label.map(Into::into),
        bound: Moment(1_795_000_000),
        used: label.map(|_| Moment(1_795_300_000)),
        kind,
    };
    let face = |keys, problem| Passkeys {
        csrf: samples::CSRF.into(),
        keys,
        ask: Some(sample_ask()),
        suggested: "Chrome, Android".into(),
        problem,
        notice: None,
    };
    let several = || {
        vec![
            key("k1", Some("Điện thoại của Khai <mới>"), KeyKind::Synced),
            key("k2", None, KeyKind::OnOneDevice),
            key("k3", Some("Khóa cơ quan"), KeyKind::Hardware),
        ]
    };
    let added = Some(Notice::PasskeyAdded);
    vec![
        ("passkeys-first", face(Vec::new(), None)),
        ("passkeys", Passkeys { notice: added, ..face(several(), None) }),
        ("passkeys-many", Passkeys { ask: None, ..face(several(), None) }),
        ("passkeys-none", face(Vec::new(), Some(EnrolProblem::NoAnswer))),
        ("passkeys-failed", face(Vec::new(), Some(EnrolProblem::Failed))),
        ("passkeys-official", face(Vec::new(), Some(EnrolProblem::NotVouchedFor))),
        ("passkeys-known", face(several(), Some(EnrolProblem::Known))),
        ("passkeys-bad-name", face(Vec::new(), Some(EnrolProblem::BadName))),
    ]
}

page!(UsePasskey, "passkey.html", use_faces());
page!(Passkeys, "home/passkeys.html", own_faces());
