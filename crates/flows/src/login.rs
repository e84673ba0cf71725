//! What somebody who tried to prove who they are is told.

use std::time::Duration;

use identity_core::account::AccountState;

use crate::refusal::{Blame, Fault};

/// Unknown name, wrong password, disabled password: one and the same (ATK-098).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginRefusal {
    WrongCredentials,
    WrongCode,
    /// Too many failures; the same for names nobody bears.
    Wait(Duration),
    /// No more attempts: this way in is closed until it is set up again.
    Exhausted,
    /// Said only after the right password.
    AccountNotUsable(AccountState),
}

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("refused")]
    Refused(LoginRefusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<storage::StoreError> for LoginError {
    fn from(error: storage::StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl Blame for LoginError {
    fn is_ours(&self) -> bool {
        matches!(self, Self::Fault(_))
    }
}
