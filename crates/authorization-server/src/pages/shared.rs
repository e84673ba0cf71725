//! The words that several pages share.

use identity_core::transaction::in_groups;

use super::Frame;
use super::texts::Language;

/// Who asks, as registered. All of it is shown as text, never as markup (ATK-122).
#[derive(Clone)]
pub struct RelyingParty {
    /// What people call it: `Cổng Dịch vụ công quốc gia`.
    pub name: String,
    /// The body that answers for it in law.
    pub legal_entity: String,
    /// Why it asks.
    pub purpose: Option<String>,
}

/// Somebody who is already known, shown so that only they recognise it.
#[derive(Clone)]
pub struct Holder {
    pub masked_name: String,
    pub masked_number: String,
}

/// What every page says and posts that asks for one more proof of who somebody is.
pub struct Asking {
    pub csrf: String,
    pub interaction: String,
    pub relying_party: Option<RelyingParty>,
    /// `None` where nobody is logged in: the proof says who it is.
    pub holder: Option<Holder>,
    pub reason: Reason,
    pub other_ways: Option<String>,
}

/// Level of an electronic identification account (Decree 69/2024 art. 7).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountLevel {
    One,
    Two,
}

impl AccountLevel {
    pub(super) fn text_id(self) -> &'static str {
        match self {
            Self::One => "account-level-1",
            Self::Two => "account-level-2",
        }
    }
}

/// Level of one authentication (Decree 69/2024 art. 20).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationLevel {
    One,
    Two,
    Three,
    Four,
}

impl AuthenticationLevel {
    pub(super) fn digit(self) -> &'static str {
        match self {
            Self::One => "1",
            Self::Two => "2",
            Self::Three => "3",
            Self::Four => "4",
        }
    }

    pub(super) fn text_id(self) -> &'static str {
        match self {
            Self::One => "authentication-level-1",
            Self::Two => "authentication-level-2",
            Self::Three => "authentication-level-3",
            Self::Four => "authentication-level-4",
        }
    }
}

/// Why a credential is asked for now.
#[derive(Clone)]
pub enum Reason {
    /// An ordinary login.
    SignIn,
    /// Already logged in, but the relying party wants it proved again (`prompt=login`, `max_age`).
    Again,
    /// What was proved is not enough for what the citizen wants to do.
    StepUp { party: Option<String>, level: AuthenticationLevel },
    /// To agree to one transaction.
    Transaction { party: String, transaction: Transaction, level: Option<AuthenticationLevel> },
}

/// One transaction, as its relying party describes it.
#[derive(Clone)]
pub struct Transaction {
    /// In đồng; 0 where it moves no money.
    pub amount: u64,
    pub reference: String,
}

impl Transaction {
    pub(super) fn text(&self, frame: &Frame<'_>) -> String {
        let reference = ("reference", self.reference.as_str());
        match self.amount {
            0 => frame.t_with("transaction-without-amount", &[reference]),
            amount => {
                let separator = match frame.language() {
                    Language::Vi => '.',
                    Language::En => ',',
                };
                let amount = in_groups(amount, separator);
                frame.t_with("transaction-of-amount", &[("amount", &amount), reference])
            }
        }
    }
}

impl Reason {
    /// The explanation to show, if one is needed.
    pub(super) fn text(&self, frame: &Frame<'_>) -> Option<String> {
        match self {
            Self::SignIn => None,
            Self::Again => Some(frame.t("reason-again")),
            Self::StepUp { party: None, level } => {
                Some(frame.t_with("reason-step-up", &[("level", level.digit())]))
            }
            Self::StepUp { party: Some(party), level } => Some(
                frame.t_with("reason-step-up-party", &[("party", party), ("level", level.digit())]),
            ),
            Self::Transaction { party, transaction, level } => {
                let what = transaction.text(frame);
                let said = [("party", party.as_str()), ("transaction", what.as_str())];
                Some(match level {
                    None => frame.t_with("reason-transaction", &said),
                    Some(level) => {
                        let [party, what] = said;
                        let level = ("level", level.digit());
                        frame.t_with("reason-transaction-level", &[party, what, level])
                    }
                })
            }
        }
    }
}

/// What a relying party can learn about somebody, in the citizen's words and in the order people
/// introduce themselves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Data {
    FullName,
    DateOfBirth,
    Sex,
    Nationality,
    PersonalNumber,
    FormerNumbers,
    IdentityCard,
    Residence,
    Origin,
    Phone,
    Email,
    AccountLevel,
    Guardian,
    /// How, when and by which documents the person was identified.
    Verification,
    /// A claim registered with words of its own.
    Other(String),
}

impl Data {
    pub(super) fn text(&self, frame: &Frame<'_>) -> String {
        match self {
            Self::FullName => frame.t("data-full-name"),
            Self::DateOfBirth => frame.t("data-date-of-birth"),
            Self::Sex => frame.t("data-sex"),
            Self::Nationality => frame.t("data-nationality"),
            Self::PersonalNumber => frame.t("data-personal-number"),
            Self::FormerNumbers => frame.t("data-former-numbers"),
            Self::IdentityCard => frame.t("data-identity-card"),
            Self::Residence => frame.t("data-residence"),
            Self::Origin => frame.t("data-origin"),
            Self::Phone => frame.t("data-phone"),
            Self::Email => frame.t("data-email"),
            Self::AccountLevel => frame.t("data-account-level"),
            Self::Guardian => frame.t("data-guardian"),
            Self::Verification => frame.t("data-verification"),
            Self::Other(words) => words.clone(),
        }
    }
}

/// Good news at the top of a page, after the redirect that follows a POST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    SessionEnded,
    OtherSessionsEnded,
    ConsentWithdrawn,
    PasswordChanged,
    TotpEnrolled,
    PasskeyAdded,
    PasskeyRenamed,
    PasskeyRemoved,
    AppRemoved,
    AuthenticatorRenamed,
    AuthenticatorLost,
    AuthenticatorRemoved,
    AccountUnlocked,
    MessageCodesEnrolled,
    MessageCodesStopped,
}

impl Notice {
    pub(super) fn text_id(self) -> &'static str {
        match self {
            Self::SessionEnded => "notice-session-ended",
            Self::OtherSessionsEnded => "notice-other-sessions-ended",
            Self::ConsentWithdrawn => "notice-consent-withdrawn",
            Self::PasswordChanged => "notice-password-changed",
            Self::TotpEnrolled => "notice-totp-enrolled",
            Self::PasskeyAdded => "notice-passkey-added",
            Self::PasskeyRenamed => "notice-passkey-renamed",
            Self::PasskeyRemoved => "notice-passkey-removed",
            Self::AppRemoved => "notice-app-removed",
            Self::AuthenticatorRenamed => "notice-authenticator-renamed",
            Self::AuthenticatorLost => "notice-authenticator-lost",
            Self::AuthenticatorRemoved => "notice-authenticator-removed",
            Self::AccountUnlocked => "notice-account-unlocked",
            Self::MessageCodesEnrolled => "notice-message-codes-enrolled",
            Self::MessageCodesStopped => "notice-message-codes-stopped",
        }
    }
}

/// What went wrong, in words: the box at the top of a form and the mark at its field.
pub(super) struct Fault {
    pub text: String,
    pub advice: Option<String>,
    /// The id of the field to mend; `None` when no field is to blame.
    pub field: Option<&'static str>,
}

impl Fault {
    pub(super) fn of_field(field: &'static str, text: String) -> Self {
        Self { text, advice: None, field: Some(field) }
    }

    pub(super) fn of_form(text: String, advice: Option<String>) -> Self {
        Self { text, advice, field: None }
    }

    /// Too many attempts: nothing on the form can mend it but time.
    pub(super) fn wait(frame: &Frame<'_>, seconds: u32) -> Self {
        let wait = frame.wait(seconds);
        Self::of_form(frame.t_with("problem-try-again-in", &[("wait", &wait)]), None)
    }
}

/// The fault of a form, if it has one, in the shape templates like.
pub(super) struct Faults(pub Option<Fault>);

impl Faults {
    pub(super) fn get(&self) -> Option<&Fault> {
        self.0.as_ref()
    }

    pub(super) fn at(&self, field: &str) -> bool {
        self.0.as_ref().is_some_and(|fault| fault.field == Some(field))
    }
}
