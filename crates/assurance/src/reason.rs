//! Why: stable codes that a log, a page and a later reader understand alike.

mod sentences;

use std::fmt;
use std::str::FromStr;

use identity_core::account::LockReason;
use identity_core::authenticator::FactorCategory;
use identity_core::{AuthenticatorKind, CalendarDate};
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use sentences::{Audience, Language};

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

impl Ladder {
    const fn name(self) -> &'static str {
        match self {
            Self::Authentication => "AUTHENTICATION_LEVEL",
            Self::Account => "ACCOUNT_LEVEL",
            Self::Aal => "AAL",
            Self::Ial => "IAL",
            Self::Eidas => "EIDAS",
            Self::Iso => "ISO",
            Self::Fal => "FAL",
        }
    }
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
    /// The comparison's own figures deny it.
    MatchFailed,
    /// Decree 69/2024 art. 15.2 (edge case 25).
    ResidenceExpired(CalendarDate),
    /// A ward's own authenticators are frozen (edge case 17).
    WardRepresented,
    MandateMissing,
    /// Somebody else's, not begun or over.
    MandateNotInForce,
    MandateScope,
    /// The same challenge was consumed before (L12).
    Replayed,
    /// Not proven for the transaction at hand (L12).
    NotForTransaction(AuthenticatorKind),
    /// The number moved to another SIM shortly before (edge case 22).
    SimSwapped,
    DeviceCompromised,
    AttestationMissing,
    ChipNotVerified,
    /// Authenticator or device is too new for what is asked (edge case 21).
    BoundRecently(AuthenticatorKind),
    /// A means of recovery, where none is accepted.
    RecoveryMethod(AuthenticatorKind),
    /// The account was recovered too recently for what is asked (edge case 21).
    RecoveredRecently {
        age_seconds: u64,
        limit_seconds: u64,
    },
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
    /// Only time helps.
    Wait,
    /// A mandate by the organisation's legal representative.
    AskOrganisation,
    /// Passport or residence card, renewed at the immigration authority.
    RenewResidence,
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
            Self::Wait => "wait",
            Self::AskOrganisation => "ask_organisation",
            Self::RenewResidence => "renew_residence",
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
            Self::WardRepresented => Redress::AskGuardian,
            Self::CardExpired(_) => Redress::RenewCard,
            Self::ResidenceExpired(_) => Redress::RenewResidence,
            Self::MandateMissing | Self::MandateNotInForce | Self::MandateScope => {
                Redress::AskOrganisation
            }
            Self::BoundRecently(_) | Self::RecoveredRecently { .. } => Redress::Wait,
            Self::Replayed | Self::NotForTransaction(_) => Redress::ProveAgain,
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
            | Self::ModalityNotAccepted(_)
            | Self::MatchFailed
            | Self::SimSwapped
            | Self::DeviceCompromised
            | Self::AttestationMissing
            | Self::ChipNotVerified
            | Self::RecoveryMethod(_) => Redress::OtherMethod,
        }
    }
}

impl ReasonCode {
    /// The code without its argument: `STALE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SubjectDeceased => "SUBJECT_DECEASED",
            Self::AccountLocked(_) => "ACCOUNT_LOCKED",
            Self::AccountNotActivated => "ACCOUNT_NOT_ACTIVATED",
            Self::GuardianApprovalNeeded => "GUARDIAN_APPROVAL_NEEDED",
            Self::GuardianNotEntitled => "GUARDIAN_NOT_ENTITLED",
            Self::GuardianScope => "GUARDIAN_SCOPE",
            Self::CardExpired(_) => "CARD_EXPIRED",
            Self::CardMissing => "CARD_MISSING",
            Self::AgeBelow(_) => "AGE_BELOW",
            Self::FactorMissing(_) => "FACTOR_MISSING",
            Self::Stale { .. } => "STALE",
            Self::LevelTooLow { ladder, .. } => ladder.name(),
            Self::PasswordTooShortAlone => "PASSWORD_TOO_SHORT_ALONE",
            Self::RestrictedNotAllowed(_) => "RESTRICTED_NOT_ALLOWED",
            Self::AuthenticatorWithdrawn(_) => "AUTHENTICATOR_WITHDRAWN",
            Self::NotPhishingResistant => "NOT_PHISHING_RESISTANT",
            Self::DeviceUnbound => "DEVICE_UNBOUND",
            Self::IntentMissing => "INTENT_MISSING",
            Self::FalseMatchRateTooHigh => "FMR_TOO_HIGH",
            Self::PadMissing => "PAD_MISSING",
            Self::InjectionCheckMissing => "INJECTION_CHECK_MISSING",
            Self::ModalityNotAccepted(_) => "MODALITY_NOT_ACCEPTED",
            Self::MatchFailed => "MATCH_FAILED",
            Self::ResidenceExpired(_) => "RESIDENCE_EXPIRED",
            Self::WardRepresented => "WARD_REPRESENTED",
            Self::MandateMissing => "MANDATE_MISSING",
            Self::MandateNotInForce => "MANDATE_NOT_IN_FORCE",
            Self::MandateScope => "MANDATE_SCOPE",
            Self::Replayed => "REPLAYED",
            Self::NotForTransaction(_) => "NOT_FOR_TRANSACTION",
            Self::SimSwapped => "SIM_SWAPPED",
            Self::DeviceCompromised => "DEVICE_COMPROMISED",
            Self::AttestationMissing => "ATTESTATION_MISSING",
            Self::ChipNotVerified => "CHIP_NOT_VERIFIED",
            Self::BoundRecently(_) => "BOUND_RECENTLY",
            Self::RecoveryMethod(_) => "RECOVERY_METHOD",
            Self::RecoveredRecently { .. } => "RECOVERED_RECENTLY",
        }
    }

    /// What is written behind the code. Names are those the nouns have on the wire, so that they stand in
    /// one place.
    fn write_argument(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AccountLocked(reason) => reason.serialize(f),
            Self::FactorMissing(category) => category.serialize(f),
            Self::RestrictedNotAllowed(kind)
            | Self::AuthenticatorWithdrawn(kind)
            | Self::ModalityNotAccepted(kind)
            | Self::NotForTransaction(kind)
            | Self::BoundRecently(kind)
            | Self::RecoveryMethod(kind) => kind.serialize(f),
            Self::CardExpired(day) | Self::ResidenceExpired(day) => write!(f, "{day}"),
            Self::AgeBelow(years) => write!(f, "{years}"),
            Self::Stale { category, age_seconds, limit_seconds } => {
                category.serialize(&mut *f)?;
                write!(f, ":{age_seconds}s>{limit_seconds}s")
            }
            Self::RecoveredRecently { age_seconds, limit_seconds } => {
                write!(f, "{age_seconds}s<{limit_seconds}s")
            }
            Self::LevelTooLow { has, needs, .. } => write!(f, "{has}<{needs}"),
            Self::SubjectDeceased
            | Self::AccountNotActivated
            | Self::GuardianApprovalNeeded
            | Self::GuardianNotEntitled
            | Self::GuardianScope
            | Self::CardMissing
            | Self::PasswordTooShortAlone
            | Self::NotPhishingResistant
            | Self::DeviceUnbound
            | Self::IntentMissing
            | Self::FalseMatchRateTooHigh
            | Self::PadMissing
            | Self::InjectionCheckMissing
            | Self::MatchFailed
            | Self::WardRepresented
            | Self::MandateMissing
            | Self::MandateNotInForce
            | Self::MandateScope
            | Self::Replayed
            | Self::SimSwapped
            | Self::DeviceCompromised
            | Self::AttestationMissing
            | Self::ChipNotVerified => Ok(()),
        }
    }
}

/// The argument alone; empty where there is none.
struct Argument(ReasonCode);

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_argument(f)
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if PLAIN.contains(self) {
            return Ok(());
        }
        write!(f, ":{}", Argument(*self))
    }
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

/// The codes without an argument.
const PLAIN: [ReasonCode; 23] = [
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
    ReasonCode::MatchFailed,
    ReasonCode::WardRepresented,
    ReasonCode::MandateMissing,
    ReasonCode::MandateNotInForce,
    ReasonCode::MandateScope,
    ReasonCode::Replayed,
    ReasonCode::SimSwapped,
    ReasonCode::DeviceCompromised,
    ReasonCode::AttestationMissing,
    ReasonCode::ChipNotVerified,
];

fn plain(code: &str) -> Option<ReasonCode> {
    PLAIN.into_iter().find(|reason| reason.name() == code)
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
        "RESIDENCE_EXPIRED" => ReasonCode::ResidenceExpired(argument.parse().ok()?),
        "NOT_FOR_TRANSACTION" => ReasonCode::NotForTransaction(name(argument)?),
        "BOUND_RECENTLY" => ReasonCode::BoundRecently(name(argument)?),
        "RECOVERY_METHOD" => ReasonCode::RecoveryMethod(name(argument)?),
        "RECOVERED_RECENTLY" => {
            let (age, limit) = argument.split_once('<')?;
            ReasonCode::RecoveredRecently {
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
mod tests;
