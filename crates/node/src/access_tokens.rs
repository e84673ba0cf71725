//! Opening an access token of ours, in either of its two forms.

use identity_core::compact;
use identity_core::{AccessToken, Timestamp};
use jose::{
    AccessTokenClaims, Expected, Expiry, KeyRing, SigningAlgorithm, TokenKind, TokenType, open,
    verify_own,
};
use ledger::{TokenFacts, Verdict};
use protocol::Issuer;
use storage::StoreError;

use crate::SecurityView;

/// A token that was made by us and has not expired. Whether it was taken back since, the
/// [`crate::SecurityView`] says.
pub struct OpenedToken {
    pub facts: AccessToken,
    /// The key that sealed it.
    pub kid: String,
    /// The key that signed it as well, where it is a JWT.
    pub signed_by: Option<String>,
}

/// `None` for everything else, without saying why (IN-02). A JWT access token (RFC 9068) carries the
/// sealed facts inside, so both forms are judged by the same facts.
pub fn open_access_token(
    token: &str,
    ring: &KeyRing,
    issuer: &Issuer,
    now: Timestamp,
) -> Option<OpenedToken> {
    if token.starts_with(TokenKind::AccessToken.prefix()) {
        return open_sealed(token, ring, now);
    }
    let expected = Expected {
        typ: TokenType::AccessToken,
        issuer: issuer.as_str(),
        audience: None,
        algorithms: &SigningAlgorithm::ALL,
        expiry: Expiry::MustBeFresh,
        now,
    };
    let verified = verify_own::<AccessTokenClaims>(token, &expected, ring).ok()?;
    let signed_by = Some(verified.kid);
    open_sealed(&verified.claims.facts, ring, now).map(|opened| OpenedToken { signed_by, ..opened })
}

fn open_sealed(token: &str, ring: &KeyRing, now: Timestamp) -> Option<OpenedToken> {
    let opened = open(TokenKind::AccessToken, token, ring, now).ok()?;
    let facts: AccessToken = compact::from_bytes(&opened.payload)?;
    (now < facts.expires_at).then_some(OpenedToken { facts, kid: opened.kid, signed_by: None })
}

impl OpenedToken {
    /// What the ledger can hold against it. `offline_access` is the permission to outlive the
    /// session, so its end does not count then.
    pub fn ledger_facts(&self) -> TokenFacts<'_> {
        let person = self.facts.person.as_ref();
        let online = !self.facts.scopes.contains("offline_access");
        TokenFacts {
            token: self.facts.token,
            subject: person.map(|person| person.state.subject),
            client: &self.facts.client,
            session: person.filter(|_| online).map(|person| person.session),
            grant: person.map(|person| person.grant),
            kid: &self.kid,
            issued_at: self.facts.issued_at,
        }
    }
}

impl SecurityView {
    /// Whether the token still stands, and both keys behind it: this node may not have put a new ring
    /// in place yet when it knows already that a key leaked (ATK-131).
    pub async fn judge_token(
        &self,
        token: &OpenedToken,
        now: Timestamp,
    ) -> Result<Verdict, StoreError> {
        let facts = token.ledger_facts();
        if let Some(kid) = &token.signed_by
            && let taken_back @ Verdict::TakenBack(_) =
                self.judge(&TokenFacts { kid, ..facts }, now).await?
        {
            return Ok(taken_back);
        }
        self.judge(&facts, now).await
    }
}
