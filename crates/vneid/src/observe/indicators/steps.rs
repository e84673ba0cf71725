//! Which step of a login a row of the ledger tells of, and of whom it may be counted.

use identity_core::event::LoginRefusalReason;
use identity_core::{AuthenticatorKind, EventKind, Province};
use node::measure::{Outcome, Step};

/// `None`: no step of a login.
pub fn of(kind: &EventKind) -> Option<(Step, Outcome)> {
    match kind {
        EventKind::LoginSucceeded { factors, .. } => Some((step_of(factors), Outcome::Done)),
        EventKind::LoginRefused { reason, .. } => match reason {
            LoginRefusalReason::UnknownPerson
            | LoginRefusalReason::WrongPassword
            | LoginRefusalReason::WrongAssertion
            | LoginRefusalReason::CounterWentBack
            | LoginRefusalReason::BackupChanged
            | LoginRefusalReason::AccountNotUsable => Some((Step::FirstFactor, Outcome::Refused)),
            LoginRefusalReason::WrongCode
            | LoginRefusalReason::CodeReplayed
            | LoginRefusalReason::NoMatch
            | LoginRefusalReason::PresentationAttack
            | LoginRefusalReason::NotCompared
            | LoginRefusalReason::StatementRefused
            | LoginRefusalReason::AuthenticatorUnusable => {
                Some((Step::SecondFactor, Outcome::Refused))
            }
            // No step of a login: no page was ever sent.
            LoginRefusalReason::Throttled
            | LoginRefusalReason::DeniedByHolder
            | LoginRefusalReason::WrongNumber => None,
        },
        EventKind::ConsentGiven { .. } => Some((Step::Consent, Outcome::Done)),
        EventKind::GrantIssued { .. } => Some((Step::Token, Outcome::Done)),
        EventKind::RequestRefused { code, .. } => match code.as_str() {
            "access_denied" => Some((Step::Consent, Outcome::Refused)),
            "invalid_grant" => Some((Step::Token, Outcome::Refused)),
            _ => None,
        },
        EventKind::AccountCreated
        | EventKind::AccountActivated
        | EventKind::AccountLocked { .. }
        | EventKind::AccountUnlocked
        | EventKind::DeathRecorded
        | EventKind::NumberChanged
        | EventKind::ContactChanged { .. }
        | EventKind::AccountRecovered { .. }
        | EventKind::SessionEnded { .. }
        | EventKind::AuthenticatorBound { .. }
        | EventKind::AuthenticatorDisabled { .. }
        | EventKind::AuthenticatorSuspended { .. }
        | EventKind::AuthenticatorRemoved { .. }
        | EventKind::UseDisputed { .. }
        | EventKind::PasswordChanged { .. }
        | EventKind::ConsentWithdrawn
        | EventKind::GrantRefreshed { .. }
        | EventKind::GrantRevoked { .. }
        | EventKind::AccessTokenRevoked { .. }
        | EventKind::ClientRegistered
        | EventKind::ClientSuspended
        | EventKind::ClientReinstated
        | EventKind::KeyCreated { .. }
        | EventKind::KeyCompromised { .. }
        | EventKind::OfLaterRelease => None,
    }
}

/// A code is typed after a password; everything else opens a session by itself.
fn step_of(factors: &[AuthenticatorKind]) -> Step {
    if factors.contains(&AuthenticatorKind::Totp) { Step::SecondFactor } else { Step::FirstFactor }
}

pub fn province(kind: &EventKind) -> Option<Province> {
    match kind {
        EventKind::LoginSucceeded { province, .. }
        | EventKind::LoginRefused { province, .. }
        | EventKind::GrantIssued { province, .. } => *province,
        _ => None,
    }
}
