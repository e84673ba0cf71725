//! What somebody who tried to prove who they are is told.

use std::time::Duration;

use identity_core::account::AccountState;

use crate::refusal::{Blame, Fault};

/// Unknown name, wrong password, disabled password: one and the same (ATK-098).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginRefusal {
    WrongCredentials,
    WrongCode,
    Passkey(PasskeyRefusal),
    Biometric(BiometricRefusal),
    /// Too many failures; the same for names nobody bears.
    Wait(Duration),
    /// No more attempts: this way in is closed until it is set up again.
    Exhausted,
    /// Said only after the right password.
    AccountNotUsable(AccountState),
}

/// A person whom nobody knows, another's key, one that was removed: all of them `Wrong` (ATK-098).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasskeyRefusal {
    Wrong,
    /// The page is too old, or was answered in another browser.
    Stale,
    /// The authenticator asked its user for neither PIN nor biometric.
    NotVerified,
    /// The key contradicts what is known of it: there may be two.
    PerhapsCopied,
}

/// What came of a comparison by a matcher, or why there was none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BiometricRefusal {
    /// Another attempt's, too old, or used.
    Stale,
    /// Not a statement that counts here.
    NotAccepted,
    /// Somebody else, or something: which, is for nobody to learn.
    NoMatch,
    /// The matcher did not get that far; counts as no try.
    NotCompared,
    TooMany,
    /// No bound device took part a moment ago (L5).
    NoDevice,
    /// No matcher that may compare this.
    NotPossible,
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
