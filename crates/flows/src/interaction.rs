//! What the browser carries between pages: sealed, bound to that browser, short-lived. The server
//! stores nothing, so nothing can be flooded and two tabs never disturb each other.

use std::time::Duration;

use identity_core::secret::SecretDigest;
use identity_core::{AuthenticatorKind, ClientId, GrantedTransaction, Timestamp};
use jose::TokenKind;
use jose::digest::{base64url, sha256};
use protocol::AuthorizationRequest;
use serde::{Deserialize, Serialize};

use crate::proof::Admits;
use crate::provider::Provider;
use crate::refusal::{Fault, PageRefusal};
use crate::sealed::{self, SealedFact};

/// One attempt to get something done through our pages.
#[derive(Clone, Serialize, Deserialize)]
pub struct Interaction {
    pub purpose: Purpose,
    /// Digest of the browser's own random cookie: the state is worthless elsewhere (ATK-091).
    pub browser: SecretDigest,
    pub started_at: Timestamp,
    pub account: AccountChoice,
    /// How the person would rather prove who they are: chosen on a page, or used last. Followed where
    /// it leads to what is asked for.
    #[serde(default)]
    pub wished: Option<AuthenticatorKind>,
}

#[derive(Clone, Serialize, Deserialize)]
pub enum Purpose {
    Authorize(Box<CheckedRequest>),
    /// The citizen's own pages; a path of ours.
    Home {
        path: String,
        errand: Errand,
    },
}

/// What somebody came to the citizen's own pages for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Errand {
    Look,
    /// To change how they log in: asks for a recent and strong login (NIST SP 800-63B-4 §4.1.2,
    /// ATK-095).
    ChangeAuthenticators,
    /// To lift the lock they asked for: both factors, and nothing else opens.
    Unlock,
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

impl SealedFact for Interaction {
    const KIND: TokenKind = TokenKind::Interaction;
}

impl Interaction {
    pub const LIFE: Duration = Duration::from_mins(30);

    pub fn seal(&self, provider: &Provider, now: Timestamp) -> Result<String, Fault> {
        sealed::seal(provider, self, now)
    }

    /// Opens what this browser brought back. Anything else is one answer: the page has expired.
    pub fn open(
        provider: &Provider,
        sealed_text: &str,
        browser: &SecretDigest,
        now: Timestamp,
    ) -> Result<Self, PageRefusal> {
        sealed::open::<Self>(provider, sealed_text, now)
            .filter(|interaction| now < interaction.started_at.plus(Self::LIFE))
            .filter(|interaction| interaction.browser == *browser)
            .ok_or(PageRefusal::StaleInteraction)
    }

    /// Who may come in at the end of it.
    pub fn admits(&self) -> Admits {
        match &self.purpose {
            Purpose::Home { errand: Errand::Unlock, .. } => Admits::LockedByHolder,
            Purpose::Home { errand: Errand::Look | Errand::ChangeAuthenticators, .. }
            | Purpose::Authorize(_) => Admits::Usable,
        }
    }

    /// Whether somebody only wants to see their own pages.
    pub(crate) fn is_a_look(&self) -> bool {
        matches!(&self.purpose, Purpose::Home { errand: Errand::Look, .. })
    }

    /// The same on every page of this attempt, and of no other.
    pub(crate) fn fingerprint(&self) -> Result<SecretDigest, Fault> {
        let attempt = serde_json::to_vec(&(&self.purpose, &self.browser, self.started_at))?;
        Ok(SecretDigest(sha256(&attempt)))
    }

    /// The transaction this attempt is for, with what its proofs are bound to (L12): those of another
    /// attempt, even for the same transaction, are bound to something else.
    pub fn transaction(&self) -> Result<Option<GrantedTransaction>, Fault> {
        let asked = self.request().and_then(|checked| checked.request.transaction.clone());
        let Some(details) = asked else { return Ok(None) };
        let SecretDigest(digest) = self.fingerprint()?;
        let half = digest.first_chunk::<16>().copied().unwrap_or_default();
        Ok(Some(GrantedTransaction { id: base64url(&half), details }))
    }

    pub fn request(&self) -> Option<&CheckedRequest> {
        match &self.purpose {
            Purpose::Authorize(request) => Some(request),
            Purpose::Home { .. } => None,
        }
    }
}
