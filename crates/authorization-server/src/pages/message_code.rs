//! `/login/sms-code`, `/login/email-code` and where such codes go: `/home/security/sms-code`,
//! `/home/security/email-code`.

use flows::messages::Channel;

use super::home::{HomePage, Section};
use super::shared::{Asking, Fault, Faults};
use super::{Frame, page, paths, samples};

/// Posts `csrf`, `interaction` and `send`; or, with `challenge`, `message-code`.
pub struct UseMessageCode {
    pub asking: Asking,
    pub channel: Channel,
    /// Masked.
    pub address: String,
    /// The sealed question, once a code is on its way.
    pub challenge: Option<String>,
    pub problem: Option<MessageCodeProblem>,
}

/// Why a code was not sent or not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageCodeProblem {
    Missing,
    /// Not six digits.
    Malformed,
    /// Also one that is too old or was used.
    Wrong,
    TryAgainIn {
        seconds: u32,
    },
    /// Too many failures for good.
    Disabled,
    TooManyMessages,
    /// The number moved to another SIM lately.
    NumberMoved,
    NotSent,
}

impl MessageCodeProblem {
    fn fault(self, frame: &Frame<'_>) -> Fault {
        let of_code = |id| Fault::of_field("message-code", frame.t(id));
        match self {
            Self::Missing => of_code("message-problem-missing"),
            Self::Malformed => of_code("message-problem-malformed"),
            Self::Wrong => of_code("message-problem-wrong"),
            Self::TryAgainIn { seconds } => Fault::wait(frame, seconds),
            Self::Disabled => Fault::of_form(frame.t("message-problem-disabled"), None),
            Self::TooManyMessages => Fault::of_form(frame.t("message-problem-too-many"), None),
            Self::NumberMoved => Fault::of_form(frame.t("message-problem-moved"), None),
            Self::NotSent => Fault::of_form(frame.t("message-problem-not-sent"), None),
        }
    }
}

const fn title_of(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => "message-title-sms",
        Channel::Email => "message-title-email",
    }
}

impl UseMessageCode {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(frame)))
    }

    pub(super) fn title(&self, frame: &Frame<'_>) -> String {
        frame.t(title_of(self.channel))
    }

    pub(super) fn action(&self) -> &'static str {
        match self.channel {
            Channel::Sms => paths::LOGIN_SMS_CODE,
            Channel::Email => paths::LOGIN_EMAIL_CODE,
        }
    }
}

/// Posts `csrf` and one of `send`, `stop`, or, with `challenge`, `message-code`.
pub struct EnrolMessageCode {
    pub csrf: String,
    pub channel: Channel,
    pub address: Address,
    pub problem: Option<MessageCodeProblem>,
}

/// Where codes would go, and whether they may.
pub enum Address {
    None,
    Known {
        masked: String,
    },
    /// A first code is on its way there.
    Asked {
        masked: String,
        challenge: String,
    },
    Bound {
        masked: String,
    },
}

/// The page about one channel.
pub const fn home_path(channel: Channel) -> &'static str {
    match channel {
        Channel::Sms => paths::HOME_SMS_CODE,
        Channel::Email => paths::HOME_EMAIL_CODE,
    }
}

impl HomePage for EnrolMessageCode {
    const SECTION: Section = Section::Security;
}

impl EnrolMessageCode {
    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(frame)))
    }

    pub(super) fn title(&self, frame: &Frame<'_>) -> String {
        frame.t(title_of(self.channel))
    }

    pub(super) fn action(&self) -> &'static str {
        home_path(self.channel)
    }

    /// What they are good for, and what they are not (NIST SP 800-63B-4 §3.2.9).
    pub(super) fn risk(&self, frame: &Frame<'_>) -> String {
        frame.t(match self.channel {
            Channel::Sms => "message-risk-sms",
            Channel::Email => "message-risk-email",
        })
    }
}

const MASKED: &str = "•••• ••• 678";

fn use_faces() -> Vec<(&'static str, UseMessageCode)> {
    let sample = |channel, challenge: Option<&str>, problem| UseMessageCode {
        asking: samples::asking(),
        channel,
        address: MASKED.into(),
        challenge: challenge.map(Into::into),
        problem,
    };
    let sent = Some("sample-challenge");
    let wait = MessageCodeProblem::TryAgainIn { seconds: 30 };
    vec![
        ("message", sample(Channel::Sms, None, None)),
        ("message-email", sample(Channel::Email, None, None)),
        ("message-sent", sample(Channel::Sms, sent, None)),
        ("message-missing", sample(Channel::Sms, sent, Some(MessageCodeProblem::Missing))),
        ("message-malformed", sample(Channel::Sms, sent, Some(MessageCodeProblem::Malformed))),
        ("message-wrong", sample(Channel::Email, sent, Some(MessageCodeProblem::Wrong))),
        ("message-wait", sample(Channel::Sms, sent, Some(wait))),
        ("message-disabled", sample(Channel::Sms, sent, Some(MessageCodeProblem::Disabled))),
        ("message-too-many", sample(Channel::Sms, None, Some(MessageCodeProblem::TooManyMessages))),
        ("message-moved", sample(Channel::Sms, None, Some(MessageCodeProblem::NumberMoved))),
        ("message-not-sent", sample(Channel::Sms, None, Some(MessageCodeProblem::NotSent))),
    ]
}

fn enrol_faces() -> Vec<(&'static str, EnrolMessageCode)> {
    let sample = |channel, address, problem| EnrolMessageCode {
        csrf: samples::CSRF.into(),
        channel,
        address,
        problem,
    };
    let masked = || MASKED.to_owned();
    let asked = || Address::Asked { masked: masked(), challenge: "sample-challenge".into() };
    let wrong = Some(MessageCodeProblem::Wrong);
    vec![
        ("enrol-message-none", sample(Channel::Email, Address::None, None)),
        ("enrol-message", sample(Channel::Sms, Address::Known { masked: masked() }, None)),
        ("enrol-message-asked", sample(Channel::Sms, asked(), None)),
        ("enrol-message-wrong", sample(Channel::Sms, asked(), wrong)),
        ("enrol-message-bound", sample(Channel::Sms, Address::Bound { masked: masked() }, None)),
    ]
}

page!(UseMessageCode, "message_code.html", use_faces());
page!(EnrolMessageCode, "home/message_code.html", enrol_faces());
