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

/// What failures in a row cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AttemptRule {
    /// So many cost nothing.
    pub free: u32,
    /// Before the next attempt; doubles with each failure up to the longest.
    pub first_delay: Duration,
    pub longest_delay: Duration,
    /// From here on the authenticator is off.
    pub limit: u32,
}

impl AttemptRule {
    /// For whatever a person types: at most 100 failures in a row (NIST SP 800-63B-4 §3.2.2, scorecard
    /// 23). Typing mistakes cost nothing.
    pub const TYPED: Self = Self {
        free: 5,
        first_delay: Duration::from_secs(30),
        longest_delay: Duration::from_hours(1),
        limit: FailureCount::LIMIT,
    };
}

impl FailureCount {
    /// At most this many consecutive failures (NIST SP 800-63B-4 §3.2.2, scorecard 23).
    pub const LIMIT: u32 = 100;

    /// Five free tries, then 30 s doubling to one hour, then disabled at [`Self::LIMIT`].
    pub fn gate(self, now: Timestamp) -> AttemptGate {
        self.gate_under(&AttemptRule::TYPED, now)
    }

    pub fn gate_under(self, rule: &AttemptRule, now: Timestamp) -> AttemptGate {
        if self.consecutive >= rule.limit {
            return AttemptGate::Exhausted;
        }
        let Some(last_at) = self.last_at.filter(|_| self.consecutive >= rule.free) else {
            return AttemptGate::Open;
        };
        let doublings = (self.consecutive - rule.free).min(16);
        let delay = rule.first_delay.saturating_mul(1 << doublings).min(rule.longest_delay);
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
    fn another_rule_has_another_delay_and_another_end() {
        // NIST SP 800-63B-4 §3.2.3: 30 s before each further try, off at 50
        let delay = Duration::from_secs(30);
        let rule = AttemptRule { free: 5, first_delay: delay, longest_delay: delay, limit: 50 };
        assert_eq!(failed(4).gate_under(&rule, NOW), AttemptGate::Open);
        assert_eq!(failed(5).gate_under(&rule, NOW), AttemptGate::Wait(delay));
        assert_eq!(failed(49).gate_under(&rule, NOW), AttemptGate::Wait(delay));
        assert_eq!(failed(49).gate_under(&rule, NOW.plus(delay)), AttemptGate::Open);
        assert_eq!(failed(50).gate_under(&rule, NOW.plus(delay)), AttemptGate::Exhausted);
    }

    #[test]
    fn the_gate_opens_exactly_when_the_delay_ends() {
        // L13: closed-open
        let almost = NOW.plus(Duration::from_millis(29_999));
        assert_eq!(failed(5).gate(almost), AttemptGate::Wait(Duration::from_millis(1)));
        assert_eq!(failed(5).gate(NOW.plus(Duration::from_secs(30))), AttemptGate::Open);
    }
}
