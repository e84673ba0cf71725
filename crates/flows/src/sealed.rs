//! Facts that travel sealed with a client or a browser: each type is sealed as one kind, so nothing
//! ever opens as something else (ATK-041).

use identity_core::compact::{self, Compact};
use identity_core::grant::AuthorizationCode;
use identity_core::{AccessToken, RefreshToken, Timestamp};
use jose::TokenKind;
use serde::de::DeserializeOwned;

use crate::provider::Provider;
use crate::refusal::Fault;

pub(crate) trait SealedFact: Compact + DeserializeOwned {
    const KIND: TokenKind;
}

impl SealedFact for AccessToken {
    const KIND: TokenKind = TokenKind::AccessToken;
}

impl SealedFact for AuthorizationCode {
    const KIND: TokenKind = TokenKind::AuthorizationCode;
}

impl SealedFact for RefreshToken {
    const KIND: TokenKind = TokenKind::RefreshToken;
}

pub(crate) fn seal<F: SealedFact>(
    provider: &Provider,
    fact: &F,
    now: Timestamp,
) -> Result<String, Fault> {
    let payload = compact::to_bytes(fact);
    let (ring, entropy) = (provider.keys.ring(), provider.entropy.as_ref());
    jose::seal(F::KIND, &payload, &ring, now, entropy)
        .map_err(|cause| Fault::Key(cause.to_string()))
}

/// `None` for whatever was not sealed here as this kind of fact, without saying why.
pub(crate) fn open<F: SealedFact>(provider: &Provider, sealed: &str, now: Timestamp) -> Option<F> {
    let opened = jose::open(F::KIND, sealed, &provider.keys.ring(), now).ok()?;
    compact::from_bytes(&opened.payload)
}
