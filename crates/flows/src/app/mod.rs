//! The citizen's app: a telephone that is bound to one account, and what it is asked.
//!
//! ```text
//!  binding      a code from the security centre ──> this device's keys ──> the one active device
//!  counter      the same by a code from an officer
//!  request      a JWS of that device ──> whose it is, which of its two keys signed, never twice
//!  code         what a QR code holds: a transaction, sealed, for five seconds and five of grace
//!  transaction  Waiting ──> Scanned ──> Approved | Denied | Failed      pure
//!  browser      the page that shows the code: begin · look                       transient store
//!  device       the app that answers it: resolve · pending · approve · deny      transient store
//!  proof::app   the browser collects what was approved: one conditional write    durable store
//! ```
//!
//! The transaction lives in the transient store: losing it costs a new scan. What makes an approval
//! count once is the plan that opens the session (`proof::app`).

pub mod binding;
pub mod browser;
pub mod code;
pub mod counter;
pub mod device;
pub mod request;
pub mod transaction;

use identity_core::account::AccountState;
use storage::StoreError;

use crate::refusal::Fault;

/// What the app is told. Each has a code of its own in `docs/api/app.yaml`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppRefusal {
    /// No signed request, or one that asks for nothing that can be understood.
    Malformed,
    TooLarge,
    /// Not signed by the key it names, or not for this endpoint, or used before.
    NotSigned,
    /// Signed too long ago or ahead of time: the device's clock is wrong, or this is a replay.
    Stale,
    /// No such device; also what one that was replaced or removed is told.
    DeviceUnknown,
    /// Suspended by its holder, or after too many failures.
    DeviceNotUsable,
    AccountNotUsable,
    /// No such binding code, used before, or too late.
    BindingCode,
    /// The QR code has rolled on, or was never ours.
    CodeExpired,
    /// Another device was first.
    AlreadyScanned,
    /// The browser asks somebody else.
    OtherPerson,
    WrongNumber {
        tries_left: u8,
    },
    /// Answered, given up, or sixty seconds old.
    Over,
    TooMany,
}

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("refused")]
    Refused(AppRefusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<AppRefusal> for AppError {
    fn from(refusal: AppRefusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// Nobody acts for an account that is locked, dead or not activated.
fn ensure_usable(state: &AccountState) -> Result<(), AppRefusal> {
    let usable = matches!(state, AccountState::Activated { .. });
    if usable { Ok(()) } else { Err(AppRefusal::AccountNotUsable) }
}
