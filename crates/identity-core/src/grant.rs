//! An authorization and its life. Every transition consumes the state it leaves.
//!
//! ```text
//! AuthorizationCode (sealed, stored nowhere) ── redeem(every bound value) ──> ActiveGrant
//! ActiveGrant ── rotate(generation) ──> ActiveGrant | replay      ── revoke ──> RevokedGrant
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::decision::RecordedDecision;
use crate::evidence::AuthenticationEvidence;
use crate::id::{ClientId, GrantId, SessionId, SubjectId};
use crate::time::Timestamp;
use crate::transaction::GrantedTransaction;

/// What was authorized. The same terms hold from code to last refresh; they can only narrow.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GrantTerms {
    pub grant: GrantId,
    pub client: ClientId,
    pub subject: SubjectId,
    pub session: SessionId,
    pub scopes: BTreeSet<String>,
    /// Claims agreed to, to be served by userinfo.
    pub userinfo_claims: BTreeSet<String>,
    /// Claims agreed to, to be written into the ID token.
    pub id_token_claims: BTreeSet<String>,
    /// The evidence the session held at authorization; levels are computed from it anew each time.
    pub evidence: Vec<AuthenticationEvidence>,
    /// The ladders the client asked in, best first: `acr` answers in the first that is met.
    pub asked_acr: Vec<String>,
    pub authorized_at: Timestamp,
    #[serde(default, skip_serializing_if = "VerifiedWishes::is_empty")]
    pub verified: VerifiedWishes,
    /// The one transaction the login was for. Absent from grants of the release before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<GrantedTransaction>,
}

/// Claims to be served together with how they were verified, as far as agreed to. As JSON of
/// `protocol::VerifiedClaimsRequest`, which only flows read.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct VerifiedWishes {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

impl VerifiedWishes {
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_none() && self.id_token.is_none()
    }
}

impl GrantTerms {
    /// `offline_access` is the permission to outlive the session; nothing else does (OpenID Connect
    /// Core §11).
    pub fn outlives_session(&self) -> bool {
        self.scopes.contains("offline_access")
    }
}

/// The authorization code as a fact: sealed into the redirect, so `/authorize` writes nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuthorizationCode {
    pub terms: GrantTerms,
    pub redirect_uri: String,
    /// Whether the request named it; then the token request must too (RFC 6749 §4.1.3).
    pub redirect_uri_requested: bool,
    /// SHA-256 challenge of PKCE, if one was made (RFC 7636).
    pub code_challenge: Option<[u8; 32]>,
    pub nonce: Option<String>,
    /// Values of an essential `acr`: judged again at redemption (edge case 29).
    pub demanded_acr: Vec<String>,
    pub expires_at: Timestamp,
    /// How the person was judged: becomes part of the grant's event, so that nothing is written for it
    /// before. Absent from codes of the release before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<RecordedDecision>,
}

/// What the token request presents, each value already authenticated or digested by the caller.
#[derive(Clone, Debug)]
pub struct Redemption<'a> {
    pub client: &'a ClientId,
    pub redirect_uri: Option<&'a str>,
    /// SHA-256 of the presented verifier.
    pub code_challenge: Option<[u8; 32]>,
    pub now: Timestamp,
}

/// Why a code is not redeemed. All of them are `invalid_grant` on the wire (RFC 6749 §5.2).
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone, Copy)]
pub enum RedeemRefusal {
    #[error("the code was issued to another client")]
    OtherClient,
    #[error("the redirect URI is not the one of the authorization request")]
    OtherRedirectUri,
    #[error("the code has expired")]
    Expired,
    #[error("the code verifier does not match")]
    WrongVerifier,
    #[error("a code verifier is missing")]
    MissingVerifier,
    #[error("a code verifier was sent for a request without a challenge")]
    UnexpectedVerifier,
}

impl AuthorizationCode {
    /// FAPI 2.0 §5.3.2.1 allows at most 60 s.
    pub const LIFE: Duration = Duration::from_mins(1);

    /// Checks every bound value and becomes the grant. The caller settles single use by inserting
    /// the grant under its id: one statement, one winner.
    pub fn redeem(self, presented: &Redemption<'_>) -> Result<ActiveGrant, RedeemRefusal> {
        if *presented.client != self.terms.client {
            return Err(RedeemRefusal::OtherClient);
        }
        let same_redirect_uri = match presented.redirect_uri {
            Some(uri) => uri == self.redirect_uri,
            None => !self.redirect_uri_requested,
        };
        if !same_redirect_uri {
            return Err(RedeemRefusal::OtherRedirectUri);
        }
        match (self.code_challenge, presented.code_challenge) {
            (Some(_), None) => return Err(RedeemRefusal::MissingVerifier),
            // BCP-06: a verifier without a challenge is a downgrade in progress.
            (None, Some(_)) => return Err(RedeemRefusal::UnexpectedVerifier),
            (Some(bound), Some(shown)) if !bool::from(bound.ct_eq(&shown)) => {
                return Err(RedeemRefusal::WrongVerifier);
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
        if presented.now >= self.expires_at {
            return Err(RedeemRefusal::Expired);
        }
        Ok(ActiveGrant {
            terms: self.terms,
            generation: Generation::FIRST,
            rotated_at: presented.now,
            redeemed_at: presented.now,
        })
    }
}

/// Counts the refresh tokens of a family.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u32);

impl Generation {
    pub const FIRST: Self = Self(1);

    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ActiveGrant {
    pub terms: GrantTerms,
    /// The newest refresh token handed out.
    pub generation: Generation,
    pub rotated_at: Timestamp,
    pub redeemed_at: Timestamp,
}

/// What a presented refresh token of a rotating client means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rotation {
    /// The newest: advance, by one conditional update.
    Advance(ActiveGrant),
    /// The one before the newest, within the honest-retry window: the answer got lost; give the
    /// newest again.
    Repeat(ActiveGrant),
    /// Somebody has a copy: revoke the family (BCP-11).
    Replay,
}

impl ActiveGrant {
    /// How long a lost answer may be asked for again.
    pub const RETRY_WINDOW: Duration = Duration::from_secs(10);
    /// A refresh token dies when unused for this long (BCP-15).
    pub const REFRESH_IDLE: Duration = Duration::from_hours(30 * 24);

    pub fn rotate(self, presented: Generation, now: Timestamp) -> Rotation {
        if presented == self.generation {
            return Rotation::Advance(Self {
                generation: self.generation.next(),
                rotated_at: now,
                ..self
            });
        }
        let one_behind = presented.next() == self.generation;
        if one_behind && now < self.rotated_at.plus(Self::RETRY_WINDOW) {
            Rotation::Repeat(self)
        } else {
            Rotation::Replay
        }
    }

    pub fn revoke(self, reason: RevocationReason, now: Timestamp) -> RevokedGrant {
        RevokedGrant { terms: self.terms, reason, at: now }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    CodeReplayed,
    RefreshReplayed,
    ByClient,
    ConsentWithdrawn,
    SessionEnded,
    CredentialChanged,
    AccountLocked,
    ClientSuspended,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RevokedGrant {
    pub terms: GrantTerms,
    pub reason: RevocationReason,
    pub at: Timestamp,
}

/// A grant as stored.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Grant {
    Active(ActiveGrant),
    Revoked(RevokedGrant),
}

#[cfg(test)]
mod tests;
