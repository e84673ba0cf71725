//! What the browser carries between pages: sealed, bound to that browser, short-lived. The server
//! stores nothing, so nothing can be flooded and two tabs never disturb each other.

use std::time::Duration;

use identity_core::secret::SecretDigest;
use identity_core::{ClientId, Timestamp};
use jose::{SealError, TokenKind, open, seal};
use protocol::{AuthorizationRequest, ProtocolError};
use serde::{Deserialize, Serialize};

use crate::issue::key_fault;
use crate::provider::Provider;
use crate::refusal::{Fault, PageError, PageRefusal};

/// One attempt to get something done through our pages.
#[derive(Clone, Serialize, Deserialize)]
pub struct Interaction {
    pub purpose: Purpose,
    /// Digest of the browser's own random cookie: the state is worthless elsewhere (ATK-091).
    pub browser: SecretDigest,
    pub started_at: Timestamp,
    pub account: AccountChoice,
}

#[derive(Clone, Serialize, Deserialize)]
pub enum Purpose {
    Authorize(Box<CheckedRequest>),
    /// The citizen's own pages; a path of ours.
    Home {
        path: String,
    },
}

/// A request whose client and redirect URI were found good.
#[derive(Clone, Serialize, Deserialize)]
pub struct CheckedRequest {
    pub request: AuthorizationRequest,
    pub client: ClientId,
    pub redirect_uri: String,
    /// `sub` that the answer must be about (`id_token_hint`, or a demanded `sub` claim).
    pub expected_subject: Option<String>,
}

/// Whether the person at the browser has said which account is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AccountChoice {
    Undecided,
    /// Keep the account of the session.
    Present,
    /// Log in as somebody else, whatever the session says.
    Another,
}

impl Interaction {
    pub const LIFE: Duration = Duration::from_mins(30);

    /// A request too long to travel in an address is its sender's mistake, not a fault of ours.
    pub fn seal(&self, provider: &Provider, now: Timestamp) -> Result<String, PageError> {
        let payload = serde_json::to_vec(self).map_err(Fault::from)?;
        let (ring, entropy) = (provider.keys.ring(), provider.entropy.as_ref());
        seal(TokenKind::Interaction, &payload, &ring, now, entropy).map_err(|cause| match cause {
            SealError::TooLong => {
                let error = ProtocolError::invalid_request("the request is too long");
                PageRefusal::BadRequest(error).into()
            }
            SealError::NoActiveKey | SealError::Failed => key_fault(cause).into(),
        })
    }

    /// Opens what this browser brought back. Anything else is one answer: the page has expired.
    pub fn open(
        provider: &Provider,
        sealed_text: &str,
        browser: &SecretDigest,
        now: Timestamp,
    ) -> Result<Self, PageError> {
        let stale = || PageError::Refused(PageRefusal::StaleInteraction);
        let opened = open(TokenKind::Interaction, sealed_text, &provider.keys.ring(), now)
            .map_err(|_| stale())?;
        let interaction: Self = serde_json::from_slice(&opened.payload).map_err(|_| stale())?;
        let fresh = now < interaction.started_at.plus(Self::LIFE);
        if fresh && interaction.browser == *browser { Ok(interaction) } else { Err(stale()) }
    }

    pub fn request(&self) -> Option<&CheckedRequest> {
        match &self.purpose {
            Purpose::Authorize(request) => Some(request),
            Purpose::Home { .. } => None,
        }
    }
}
