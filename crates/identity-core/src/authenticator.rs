//! What a person proves with. One noun; the ways to check each kind are adapters elsewhere.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{AuthenticatorId, SubjectId};
use crate::time::Timestamp;

/// Every kind the model knows (assurance.md §2.5). Kinds without a verifier cannot be enrolled yet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticatorKind {
    Password,
    Totp,
    RecoveryCode,
    SmsCode,
    EmailCode,
    Passkey,
    App,
    IdentityCardChip,
    Face,
    Fingerprint,
    Iris,
    Voice,
    /// Handed out by an officer for one use; capped at AAL1 (edge case 24).
    TemporaryCode,
}

/// The three classes of Decree 69/2024 art. 3(7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorCategory {
    Knowledge,
    Possession,
    Inherence,
}

impl AuthenticatorKind {
    /// The category one use proves when the authenticator itself verified nothing else.
    pub const fn category(self) -> FactorCategory {
        match self {
            Self::Password => FactorCategory::Knowledge,
            Self::Totp
            | Self::RecoveryCode
            | Self::SmsCode
            | Self::EmailCode
            | Self::Passkey
            | Self::App
            | Self::IdentityCardChip
            | Self::TemporaryCode => FactorCategory::Possession,
            Self::Face | Self::Fingerprint | Self::Iris | Self::Voice => FactorCategory::Inherence,
        }
    }

    /// Restricted in the sense of NIST SP 800-63B-4 §3.2.9.
    pub const fn is_restricted(self) -> bool {
        match self {
            Self::SmsCode | Self::EmailCode | Self::Voice => true,
            Self::Password
            | Self::Totp
            | Self::RecoveryCode
            | Self::Passkey
            | Self::App
            | Self::IdentityCardChip
            | Self::Face
            | Self::Fingerprint
            | Self::Iris
            | Self::TemporaryCode => false,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum AuthenticatorStatus {
    Active,
    /// Begun but not proven: a TOTP secret shown and not yet confirmed.
    Pending,
    /// By loss report or "not me"; may return.
    Suspended {
        since: Timestamp,
    },
    /// After too many failures (NIST SP 800-63B-4 §3.2.2); only rebinding helps.
    Disabled {
        since: Timestamp,
    },
    Removed {
        since: Timestamp,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Authenticator {
    pub id: AuthenticatorId,
    pub subject: SubjectId,
    pub kind: AuthenticatorKind,
    pub status: AuthenticatorStatus,
    pub bound_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    /// Characters of a password, kept because a short one may not stand alone (§3.1.1).
    pub password_length: Option<u16>,
}

impl Authenticator {
    pub fn usable(&self, now: Timestamp) -> bool {
        self.status == AuthenticatorStatus::Active
            && self.expires_at.is_none_or(|expires| now < expires)
    }
}

/// Consecutive failures of one authenticator, or of one unknown login name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FailureCount {
    pub consecutive: u32,
    pub last_at: Option<Timestamp>,
}

/// May another attempt be made now?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttemptGate {
    Open,
    /// Growing delay; try again then.
    Wait(Duration),
    /// At the limit: the authenticator is disabled until rebound.
    Exhausted,
}

impl FailureCount {
    /// At most this many consecutive failures (NIST SP 800-63B-4 §3.2.2, scorecard 23).
    pub const LIMIT: u32 = 100;
    /// Typing mistakes cost nothing.
    const FREE: u32 = 5;
    const FIRST_DELAY: Duration = Duration::from_secs(30);
    const LONGEST_DELAY: Duration = Duration::from_hours(1);

    /// Five free tries, then 30 s doubling to one hour, then disabled at [`Self::LIMIT`].
    pub fn gate(self, now: Timestamp) -> AttemptGate {
        if self.consecutive >= Self::LIMIT {
            return AttemptGate::Exhausted;
        }
        let Some(last_at) = self.last_at.filter(|_| self.consecutive >= Self::FREE) else {
            return AttemptGate::Open;
        };
        let doublings = (self.consecutive - Self::FREE).min(16);
        let delay = (Self::FIRST_DELAY * 2u32.pow(doublings)).min(Self::LONGEST_DELAY);
        let opens_at = last_at.plus(delay);
        if now < opens_at { AttemptGate::Wait(opens_at.since(now)) } else { AttemptGate::Open }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn failed(consecutive: u32) -> FailureCount {
        FailureCount { consecutive, last_at: Some(NOW) }
    }

    #[test]
    fn delays_grow_and_end_in_disabling() {
        // ATK-099, scorecard 23
        assert_eq!(failed(4).gate(NOW), AttemptGate::Open);
        assert_eq!(failed(5).gate(NOW), AttemptGate::Wait(Duration::from_secs(30)));
        assert_eq!(failed(6).gate(NOW), AttemptGate::Wait(Duration::from_mins(1)));
        assert_eq!(failed(99).gate(NOW), AttemptGate::Wait(Duration::from_hours(1)));
        assert_eq!(
            failed(100).gate(NOW.plus(Duration::from_secs(9_999_999))),
            AttemptGate::Exhausted
        );
    }

    #[test]
    fn the_gate_opens_exactly_when_the_delay_ends() {
        // L13: closed-open
        let almost = NOW.plus(Duration::from_millis(29_999));
        assert_eq!(failed(5).gate(almost), AttemptGate::Wait(Duration::from_millis(1)));
        assert_eq!(failed(5).gate(NOW.plus(Duration::from_secs(30))), AttemptGate::Open);
    }
}
