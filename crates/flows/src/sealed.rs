//! Facts that travel sealed with a client or a browser: each type is sealed as one kind, so nothing
//! ever opens as something else (ATK-041).

use identity_core::grant::AuthorizationCode;
use identity_core::{AccessToken, RefreshToken, Timestamp, compact};
use jose::TokenKind;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::provider::Provider;
use crate::refusal::Fault;

/// As JSON, unless the fact has a shorter form.
pub(crate) trait SealedFact: Serialize + DeserializeOwned {
    const KIND: TokenKind;

    fn payload(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    fn of_payload(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok()
    }
}

/// Tokens are sent again and again: they are compact.
macro_rules! token {
    ($type:ident) => {
        impl SealedFact for $type {
            const KIND: TokenKind = TokenKind::$type;

            fn payload(&self) -> Result<Vec<u8>, serde_json::Error> {
                Ok(compact::to_bytes(self))
            }

            fn of_payload(payload: &[u8]) -> Option<Self> {
                compact::from_bytes(payload)
            }
        }
    };
}
token!(AccessToken);
token!(AuthorizationCode);
token!(RefreshToken);

pub(crate) fn seal<F: SealedFact>(
    provider: &Provider,
    fact: &F,
    now: Timestamp,
) -> Result<String, Fault> {
    let payload = fact.payload()?;
    let (ring, entropy) = (provider.keys.ring(), provider.entropy.as_ref());
    jose::seal(F::KIND, &payload, &ring, now, entropy)
        .map_err(|cause| Fault::Key(cause.to_string()))
}

/// `None` for whatever was not sealed here as this kind of fact, without saying why.
pub(crate) fn open<F: SealedFact>(provider: &Provider, sealed: &str, now: Timestamp) -> Option<F> {
    let opened = jose::open(F::KIND, sealed, &provider.keys.ring(), now).ok()?;
    F::of_payload(&opened.payload)
}
