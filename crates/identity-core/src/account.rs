//! The account: its level and its life (Decree 69/2024 arts 7, 14, 15).
//!
//! ```text
//! Registered ── activate ──> Activated ── lock ──> Locked ── unlock ──> as before the lock
//!      └──────────── lock ──────────────────────────^
//! any ── record_death ──> Deceased                 (ended only by correcting a wrong record)
//! ```

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Level of an account (mức độ tài khoản, Decree 69/2024 art. 7). Not a level of authentication.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountLevel {
    /// Created remotely from declared data and a face capture.
    One,
    /// Created in person with face and fingerprints matched; carries the electronic identity card.
    Two,
}

impl AccountLevel {
    pub const fn number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}

/// Why an account is locked (Law on Identification art. 34; Decree 69/2024 art. 15).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockReason {
    HolderRequest,
    BreachOfTerms,
    CardRevokedOrHeld,
    AuthorityRequest,
    TravelDocumentExpired,
    ResidenceExpired,
    SuspectedMisuse,
}

/// Who locked it.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "name", rename_all = "snake_case")]
pub enum LockedBy {
    Holder,
    /// Name and reference of the written request.
    Authority(String),
    /// A rule with a legal ground, executed automatically.
    System,
    Operator,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Lock {
    pub reason: LockReason,
    pub by: LockedBy,
    pub since: Timestamp,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum AccountState {
    /// Issued but not yet activated in the app (art. 14: within seven days).
    Registered {
        since: Timestamp,
    },
    Activated {
        since: Timestamp,
    },
    Locked {
        lock: Lock,
        activated_at: Option<Timestamp>,
    },
    /// Permanent: accounts are never deleted (art. 28).
    Deceased {
        recorded_at: Timestamp,
        source: String,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Account {
    pub level: AccountLevel,
    pub state: AccountState,
    /// The last time it was recovered rather than logged in to: some uses wait after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovered_at: Option<Timestamp>,
}

/// A transition that the account's present state does not allow.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AccountError {
    #[error("the account is already activated")]
    AlreadyActivated,
    #[error("the account is locked")]
    Locked,
    #[error("the account is not locked")]
    NotLocked,
    #[error("the holder is recorded as deceased")]
    Deceased,
}

impl Account {
    pub fn register(level: AccountLevel, now: Timestamp) -> Self {
        Self { level, state: AccountState::Registered { since: now }, recovered_at: None }
    }

    pub fn activate(self, now: Timestamp) -> Result<Self, AccountError> {
        match self.state {
            AccountState::Registered { .. } => {
                Ok(Self { state: AccountState::Activated { since: now }, ..self })
            }
            AccountState::Activated { .. } => Err(AccountError::AlreadyActivated),
            AccountState::Locked { .. } => Err(AccountError::Locked),
            AccountState::Deceased { .. } => Err(AccountError::Deceased),
        }
    }

    /// Locks the account. A second lock is refused, so that the first ground is not overwritten.
    pub fn lock(self, lock: Lock) -> Result<Self, AccountError> {
        let activated_at = match self.state {
            AccountState::Registered { .. } => None,
            AccountState::Activated { since } => Some(since),
            AccountState::Locked { .. } => return Err(AccountError::Locked),
            AccountState::Deceased { .. } => return Err(AccountError::Deceased),
        };
        Ok(Self { state: AccountState::Locked { lock, activated_at }, ..self })
    }

    /// Returns to the state before the lock (Law on Identification art. 34.3).
    pub fn unlock(self) -> Result<Self, AccountError> {
        match self.state {
            AccountState::Locked { lock, activated_at } => {
                let state = match activated_at {
                    Some(since) => AccountState::Activated { since },
                    None => AccountState::Registered { since: lock.since },
                };
                Ok(Self { state, ..self })
            }
            AccountState::Registered { .. } | AccountState::Activated { .. } => {
                Err(AccountError::NotLocked)
            }
            AccountState::Deceased { .. } => Err(AccountError::Deceased),
        }
    }

    /// Death ends every other state (art. 34.1d).
    #[must_use]
    pub fn record_death(self, source: String, now: Timestamp) -> Self {
        Self { state: AccountState::Deceased { recorded_at: now, source }, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn lock() -> Lock {
        Lock { reason: LockReason::HolderRequest, by: LockedBy::Holder, since: NOW }
    }

    #[test]
    fn unlocking_returns_to_the_state_before_the_lock() {
        let registered = Account::register(AccountLevel::Two, NOW);
        let activated = registered.clone().activate(NOW).unwrap();
        assert_eq!(activated.clone().lock(lock()).unwrap().unlock().unwrap(), activated);
        assert_eq!(registered.clone().lock(lock()).unwrap().unlock().unwrap(), registered);
    }

    #[test]
    fn a_lock_is_never_overwritten_and_death_is_final() {
        let locked = Account::register(AccountLevel::One, NOW).lock(lock()).unwrap();
        assert_eq!(locked.clone().lock(lock()), Err(AccountError::Locked));
        assert_eq!(locked.clone().activate(NOW), Err(AccountError::Locked));
        let dead = locked.record_death("civil status register".into(), NOW);
        assert_eq!(dead.clone().unlock(), Err(AccountError::Deceased));
        assert_eq!(dead.activate(NOW), Err(AccountError::Deceased));
    }
}
