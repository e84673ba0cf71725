//! What "no" means. A refusal is a result and names what the caller did; a fault is ours.

use std::time::Duration;

use protocol::{ErrorCode, ProtocolError};
use storage::StoreError;

/// Something on our side. The caller may try again; the cause is logged where it is handled.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a key is missing or unusable: {0}")]
    Key(String),
    /// The key is there, in a device that cannot be asked.
    #[error("a key cannot be used: {0}")]
    KeyDevice(#[from] jose::DeviceError),
    #[error("no policy is in force at this time")]
    NoPolicy,
    #[error("a value could not be written: {0}")]
    Encoding(#[from] serde_json::Error),
    /// The queue for hashing or for messages is full: shed load, do not collapse (ATK-102).
    #[error("too much is being done at once")]
    Busy,
}

/// Whose doing an error is: what monitoring asks of every one.
pub trait Blame {
    fn is_ours(&self) -> bool;
}

impl Blame for EndpointError {
    fn is_ours(&self) -> bool {
        matches!(self, Self::Fault(_))
    }
}

impl Blame for PageError {
    fn is_ours(&self) -> bool {
        matches!(self, Self::Fault(_))
    }
}

/// The answer of an endpoint that speaks JSON.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error(transparent)]
    Refused(#[from] ProtocolError),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for EndpointError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<node::ClientRefusal> for EndpointError {
    fn from(refusal: node::ClientRefusal) -> Self {
        match refusal {
            node::ClientRefusal::NotAuthenticated => {
                Self::refused(ErrorCode::InvalidClient, "client authentication failed")
            }
            node::ClientRefusal::Store(error) => error.into(),
        }
    }
}

impl EndpointError {
    pub const fn refused(code: ErrorCode, description: &'static str) -> Self {
        Self::Refused(ProtocolError::new(code, description))
    }

    pub const fn invalid_grant(description: &'static str) -> Self {
        Self::refused(ErrorCode::InvalidGrant, description)
    }
}

/// Why a person sees a page instead of what they came for. Never redirected (BCP-02).
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PageRefusal {
    #[error("the request names no client we know")]
    UnknownClient,
    #[error("the client is suspended or its agreement is not in force")]
    ClientNotInForce,
    #[error("the redirect URI is not registered")]
    RedirectUriNotRegistered,
    #[error("the request is malformed: {0}")]
    BadRequest(ProtocolError),
    /// Sealed browser state that is stale, foreign or bound to another browser.
    #[error("the page has expired or was opened in another browser")]
    StaleInteraction,
    #[error("a form was sent from another site or without its token")]
    ForgedForm,
    #[error("the session has ended")]
    SessionEnded,
    #[error("the account cannot be used: {0}")]
    AccountNotUsable(String),
    #[error("nothing is here")]
    NotFound,
}

#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error(transparent)]
    Refused(#[from] PageRefusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// How long a 503 or 429 asks the caller to stay away.
pub const RETRY_AFTER: Duration = Duration::from_secs(2);
