//! `/home/not-me`: the holder says that a login or a use was not theirs.

use identity_core::AuthenticatorKind;

use super::home::{HomePage, Section};
use super::methods::names_of;
use super::moment::Moment;
use super::{Frame, page, paths, samples};

/// What is disputed, as forms and addresses name it.
#[derive(Clone)]
pub enum Matter {
    Use(String),
    Session(String),
}

impl Matter {
    pub fn field(&self) -> &'static str {
        match self {
            Self::Use(_) => "use",
            Self::Session(_) => "session",
        }
    }

    pub fn value(&self) -> &str {
        match self {
            Self::Use(value) | Self::Session(value) => value,
        }
    }

    /// Where GET asks about it.
    pub fn address(&self) -> String {
        format!("{}?{}={}", paths::HOME_NOT_ME, self.field(), self.value())
    }

    fn came_from(&self) -> &'static str {
        match self {
            Self::Use(_) => paths::HOME_HISTORY,
            Self::Session(_) => paths::HOME_SESSIONS,
        }
    }
}

/// What becomes of the session at this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Here {
    Stays,
    Ends,
}

/// What a report does: asked about before, told after.
#[derive(Clone)]
pub struct Outlook {
    pub here: Here,
    pub suspends: Vec<AuthenticatorKind>,
    /// Used and yet kept: nobody could log in without them.
    pub keeps: Vec<AuthenticatorKind>,
}

impl Outlook {
    pub(super) fn suspended(&self, frame: &Frame<'_>) -> Option<String> {
        (!self.suspends.is_empty()).then(|| names_of(&self.suspends, frame))
    }

    pub(super) fn kept(&self, frame: &Frame<'_>) -> Option<String> {
        (!self.keeps.is_empty()).then(|| names_of(&self.keeps, frame))
    }
}

/// The one question. Posts `csrf` and what is disputed.
pub struct Dispute {
    pub csrf: String,
    pub matter: Matter,
    pub at: Moment,
    pub relying_party: Option<String>,
    pub outlook: Outlook,
}

impl HomePage for Dispute {
    const SECTION: Section = Section::History;
}

impl Dispute {
    pub(super) fn back(&self) -> &'static str {
        self.matter.came_from()
    }
}

/// The answer to the report itself: whoever reads it may be logged out by it.
pub struct Disputed {
    pub case: String,
    pub outlook: Outlook,
    /// Services that are being told.
    pub told: Vec<String>,
}

fn outlooks() -> [Outlook; 3] {
    use AuthenticatorKind::{Password, Totp};
    [
        Outlook { here: Here::Stays, suspends: vec![Totp], keeps: Vec::new() },
        Outlook { here: Here::Ends, suspends: Vec::new(), keeps: vec![Password, Totp] },
        Outlook { here: Here::Stays, suspends: Vec::new(), keeps: Vec::new() },
    ]
}

fn question_faces() -> Vec<(&'static str, Dispute)> {
    let sample = |matter, relying_party, outlook| Dispute {
        csrf: samples::CSRF.into(),
        matter,
        at: Moment(1_795_285_800),
        relying_party,
        outlook,
    };
    let [elsewhere, here, forgotten] = outlooks();
    let party = || Some(samples::hospital().name);
    vec![
        ("not-me", sample(Matter::Use("12".into()), party(), elsewhere)),
        ("not-me-here", sample(Matter::Use("13".into()), None, here)),
        ("not-me-session", sample(Matter::Session("s2".into()), None, forgotten)),
    ]
}

fn answer_faces() -> Vec<(&'static str, Disputed)> {
    let sample = |outlook, told| Disputed { case: "7K3M-9QXA".into(), outlook, told };
    let [elsewhere, here, forgotten] = outlooks();
    let told = vec![samples::portal().name, samples::hospital().name];
    vec![
        ("not-me-done", sample(elsewhere, told)),
        ("not-me-done-here", sample(here, Vec::new())),
        ("not-me-done-forgotten", sample(forgotten, Vec::new())),
    ]
}

page!(Dispute, "home/not_me.html", question_faces());
page!(Disputed, "not_me_done.html", answer_faces());
