//! The access token as a fact: everything needed to judge it travels sealed inside it, so checking
//! one costs no query (design §2.3).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::evidence::AuthenticationEvidence;
use crate::id::{ClientId, GrantId, SessionId, SubjectId, TokenId};
use crate::subject::SubjectState;
use crate::time::Timestamp;
use crate::transaction::TransactionDetails;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccessToken {
    pub token: TokenId,
    /// Whom it was issued to.
    pub client: ClientId,
    /// Who may introspect it and accept it.
    pub audience: BTreeSet<ClientId>,
    pub scopes: BTreeSet<String>,
    pub issued_at: Timestamp,
    pub expires_at: Timestamp,
    /// Absent when the client acts for itself (RFC 6749 §4.4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<TokenPerson>,
}

/// The person a token speaks of, and what their assurance rests on.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TokenPerson {
    pub grant: GrantId,
    pub session: SessionId,
    /// `sub` as the token's client knows the person (OpenID Connect Core §8).
    pub subject_identifier: String,
    pub state: SubjectState,
    pub evidence: Vec<AuthenticationEvidence>,
    pub userinfo_claims: BTreeSet<String>,
    /// [`crate::grant::VerifiedWishes::userinfo`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<String>,
    /// The transaction that it was granted for (RFC 9396 §9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<TransactionDetails>,
}

/// A refresh token as a fact. Which generation is the newest, only the stored grant knows.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefreshToken {
    pub grant: GrantId,
    pub client: ClientId,
    pub generation: crate::grant::Generation,
    pub issued_at: Timestamp,
    /// Whose grant it is, so that all it rests on is read at once. Absent from tokens of the first
    /// release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<RefreshAbout>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RefreshAbout {
    pub subject: SubjectId,
    /// The session with which the grant ends, unless it outlives it.
    pub session: Option<SessionId>,
}
