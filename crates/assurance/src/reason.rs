//! Why: stable codes that a log, a page and a later reader understand alike.

use std::fmt;
use std::str::FromStr;

use identity_core::account::LockReason;
use identity_core::authenticator::FactorCategory;
use identity_core::{AuthenticatorKind, CalendarDate};
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names a ladder in a reason.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Ladder {
    #[serde(rename = "AUTHENTICATION_LEVEL")]
    Authentication,
    #[serde(rename = "ACCOUNT_LEVEL")]
    Account,
    Aal,
    Ial,
    Eidas,
    Iso,
    Fal,
}

/// One ground of a decision, written `CODE[:argument…]`. Never carries personal data.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReasonCode {
    SubjectDeceased,
    AccountLocked(LockReason),
    AccountNotActivated,
    GuardianApprovalNeeded,
    /// The approving person does not represent the subject now.
    GuardianNotEntitled,
    /// The representation or the approval does not cover what is asked.
    GuardianScope,
    CardExpired(CalendarDate),
    /// An account of level 2 without the card it rests on.
    CardMissing,
    /// Too young for an account of level 2.
    AgeBelow(u8),
    FactorMissing(FactorCategory),
    Stale {
        category: FactorCategory,
        age_seconds: u64,
        limit_seconds: u64,
    },
    LevelTooLow {
        ladder: Ladder,
        has: u8,
        needs: u8,
    },
    PasswordTooShortAlone,
    RestrictedNotAllowed(AuthenticatorKind),
    /// Reported lost, or removed: what it proved no longer counts (edge case 12).
    AuthenticatorWithdrawn(AuthenticatorKind),
    NotPhishingResistant,
    DeviceUnbound,
    IntentMissing,
    FalseMatchRateTooHigh,
    PadMissing,
    InjectionCheckMissing,
    /// A biometric of a kind the requirement does not accept.
    ModalityNotAccepted(AuthenticatorKind),
}

/// What the person can do about it: the id of a text, not the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Redress {
    /// A wrong record of death is corrected at the civil-status office and by the hotline.
    CorrectRecord,
    UnlockAccount,
    ActivateAccount,
    AskGuardian,
    RenewCard,
    /// Level 2 is opened in person, before an officer.
    VisitPolice,
    ProveAgain,
    AddFactor,
    LongerPassword,
    OtherMethod,
    /// Nothing the person can change: the relying party's registration decides.
    ContactPortal,
}

impl Redress {
    /// Stable id of the advice, for texts and for API callers.
    pub const fn id(self) -> &'static str {
        match self {
            Self::CorrectRecord => "correct_record",
            Self::UnlockAccount => "unlock_account",
            Self::ActivateAccount => "activate_account",
            Self::AskGuardian => "ask_guardian",
            Self::RenewCard => "renew_card",
            Self::VisitPolice => "visit_police",
            Self::ProveAgain => "prove_again",
            Self::AddFactor => "add_factor",
            Self::LongerPassword => "longer_password",
            Self::OtherMethod => "other_method",
            Self::ContactPortal => "contact_portal",
        }
    }
}

impl ReasonCode {
    pub const fn redress(self) -> Redress {
        match self {
            Self::SubjectDeceased => Redress::CorrectRecord,
            Self::AccountLocked(_) => Redress::UnlockAccount,
            Self::AccountNotActivated => Redress::ActivateAccount,
            Self::GuardianApprovalNeeded | Self::GuardianNotEntitled | Self::GuardianScope => {
                Redress::AskGuardian
            }
            Self::CardExpired(_) => Redress::RenewCard,
            Self::CardMissing | Self::AgeBelow(_) => Redress::VisitPolice,
            Self::FactorMissing(_) => Redress::AddFactor,
            Self::Stale { .. } => Redress::ProveAgain,
            Self::LevelTooLow { ladder, .. } => match ladder {
                Ladder::Authentication | Ladder::Aal => Redress::AddFactor,
                Ladder::Account | Ladder::Ial | Ladder::Eidas | Ladder::Iso => Redress::VisitPolice,
                Ladder::Fal => Redress::ContactPortal,
            },
            Self::PasswordTooShortAlone => Redress::LongerPassword,
            Self::RestrictedNotAllowed(_)
            | Self::AuthenticatorWithdrawn(_)
            | Self::NotPhishingResistant
            | Self::DeviceUnbound
            | Self::IntentMissing
            | Self::FalseMatchRateTooHigh
            | Self::PadMissing
            | Self::InjectionCheckMissing
            | Self::ModalityNotAccepted(_) => Redress::OtherMethod,
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::SubjectDeceased => f.write_str("SUBJECT_DECEASED"),
            Self::AccountLocked(reason) => named(f, "ACCOUNT_LOCKED", reason),
            Self::AccountNotActivated => f.write_str("ACCOUNT_NOT_ACTIVATED"),
            Self::GuardianApprovalNeeded => f.write_str("GUARDIAN_APPROVAL_NEEDED"),
            Self::GuardianNotEntitled => f.write_str("GUARDIAN_NOT_ENTITLED"),
            Self::GuardianScope => f.write_str("GUARDIAN_SCOPE"),
            Self::CardExpired(day) => write!(f, "CARD_EXPIRED:{day}"),
            Self::CardMissing => f.write_str("CARD_MISSING"),
            Self::AgeBelow(years) => write!(f, "AGE_BELOW:{years}"),
            Self::FactorMissing(category) => named(f, "FACTOR_MISSING", category),
            Self::Stale { category, age_seconds, limit_seconds } => {
                named(f, "STALE", category)?;
                write!(f, ":{age_seconds}s>{limit_seconds}s")
            }
            Self::LevelTooLow { ladder, has, needs } => {
                ladder.serialize(&mut *f)?;
                write!(f, ":{has}<{needs}")
            }
            Self::PasswordTooShortAlone => f.write_str("PASSWORD_TOO_SHORT_ALONE"),
            Self::RestrictedNotAllowed(kind) => named(f, "RESTRICTED_NOT_ALLOWED", kind),
            Self::AuthenticatorWithdrawn(kind) => named(f, "AUTHENTICATOR_WITHDRAWN", kind),
            Self::NotPhishingResistant => f.write_str("NOT_PHISHING_RESISTANT"),
            Self::DeviceUnbound => f.write_str("DEVICE_UNBOUND"),
            Self::IntentMissing => f.write_str("INTENT_MISSING"),
            Self::FalseMatchRateTooHigh => f.write_str("FMR_TOO_HIGH"),
            Self::PadMissing => f.write_str("PAD_MISSING"),
            Self::InjectionCheckMissing => f.write_str("INJECTION_CHECK_MISSING"),
            Self::ModalityNotAccepted(kind) => named(f, "MODALITY_NOT_ACCEPTED", kind),
        }
    }
}

/// `CODE:name`, where the name is the one the noun has on the wire, so that it stands in one place.
fn named(f: &mut fmt::Formatter<'_>, code: &str, name: impl Serialize) -> fmt::Result {
    write!(f, "{code}:")?;
    name.serialize(f)
}

/// A text that is no reason code of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a reason code")]
pub struct ReasonCodeError;

impl FromStr for ReasonCode {
    type Err = ReasonCodeError;

    fn from_str(text: &str) -> Result<Self, ReasonCodeError> {
        let (code, argument) = match text.split_once(':') {
            Some((code, argument)) => (code, Some(argument)),
            None => (text, None),
        };
        let parsed = match argument {
            None => plain(code),
            Some(argument) => with_argument(code, argument),
        };
        parsed.ok_or(ReasonCodeError)
    }
}

fn plain(code: &str) -> Option<ReasonCode> {
    [
        ReasonCode::SubjectDeceased,
        ReasonCode::AccountNotActivated,
        ReasonCode::GuardianApprovalNeeded,
        ReasonCode::GuardianNotEntitled,
        ReasonCode::GuardianScope,
        ReasonCode::CardMissing,
        ReasonCode::PasswordTooShortAlone,
        ReasonCode::NotPhishingResistant,
        ReasonCode::DeviceUnbound,
        ReasonCode::IntentMissing,
        ReasonCode::FalseMatchRateTooHigh,
        ReasonCode::PadMissing,
        ReasonCode::InjectionCheckMissing,
    ]
    .into_iter()
    .find(|reason| reason.to_string() == code)
}

fn with_argument(code: &str, argument: &str) -> Option<ReasonCode> {
    Some(match code {
        "ACCOUNT_LOCKED" => ReasonCode::AccountLocked(name(argument)?),
        "CARD_EXPIRED" => ReasonCode::CardExpired(argument.parse().ok()?),
        "AGE_BELOW" => ReasonCode::AgeBelow(argument.parse().ok()?),
        "FACTOR_MISSING" => ReasonCode::FactorMissing(name(argument)?),
        "STALE" => {
            let (category, ages) = argument.split_once(':')?;
            let (age, limit) = ages.split_once('>')?;
            ReasonCode::Stale {
                category: name(category)?,
                age_seconds: age.strip_suffix('s')?.parse().ok()?,
                limit_seconds: limit.strip_suffix('s')?.parse().ok()?,
            }
        }
        "RESTRICTED_NOT_ALLOWED" => ReasonCode::RestrictedNotAllowed(name(argument)?),
        "AUTHENTICATOR_WITHDRAWN" => ReasonCode::AuthenticatorWithdrawn(name(argument)?),
        "MODALITY_NOT_ACCEPTED" => ReasonCode::ModalityNotAccepted(name(argument)?),
        _ => {
            let (has, needs) = argument.split_once('<')?;
            ReasonCode::LevelTooLow {
                ladder: name(code)?,
                has: has.parse().ok()?,
                needs: needs.parse().ok()?,
            }
        }
    })
}

fn name<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    let deserializer: StrDeserializer<'a, NameError> = text.into_deserializer();
    T::deserialize(deserializer).ok()
}

impl Serialize for ReasonCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ReasonCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_written_as_documented_and_read_back() {
        let stale = ReasonCode::Stale {
            category: FactorCategory::Knowledge,
            age_seconds: 3612,
            limit_seconds: 900,
        };
        let low = |ladder| ReasonCode::LevelTooLow { ladder, has: 1, needs: 2 };
        for (reason, text) in [
            (ReasonCode::FactorMissing(FactorCategory::Possession), "FACTOR_MISSING:possession"),
            (stale, "STALE:knowledge:3612s>900s"),
            (ReasonCode::CardExpired("2026-10-02".parse().unwrap()), "CARD_EXPIRED:2026-10-02"),
            (ReasonCode::AccountLocked(LockReason::HolderRequest), "ACCOUNT_LOCKED:holder_request"),
            (ReasonCode::SubjectDeceased, "SUBJECT_DECEASED"),
            (ReasonCode::PasswordTooShortAlone, "PASSWORD_TOO_SHORT_ALONE"),
            (low(Ladder::Account), "ACCOUNT_LEVEL:1<2"),
            (low(Ladder::Authentication), "AUTHENTICATION_LEVEL:1<2"),
            (low(Ladder::Aal), "AAL:1<2"),
            (
                ReasonCode::RestrictedNotAllowed(AuthenticatorKind::SmsCode),
                "RESTRICTED_NOT_ALLOWED:sms_code",
            ),
            (ReasonCode::AgeBelow(6), "AGE_BELOW:6"),
        ] {
            assert_eq!(reason.to_string(), text);
            assert_eq!(text.parse(), Ok(reason));
        }
    }

    #[test]
    fn anything_else_is_no_reason_code() {
        for bad in [
            "",
            "STALE",
            "STALE:knowledge:1s",
            "FACTOR_MISSING:luck",
            "SUBJECT_DECEASED:x",
            "X:1<2",
        ] {
            assert_eq!(bad.parse::<ReasonCode>(), Err(ReasonCodeError), "{bad}");
        }
    }
}
