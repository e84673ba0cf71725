//! Sealed tokens: facts that we hand out and nobody else can read, alter or make.
//!
//! ```text
//! prefix ‖ base64url( key id (8) ‖ nonce (12) ‖ ciphertext ‖ tag (16) )      AES-256-GCM
//!          associated data: a fixed text ‖ prefix ‖ key id
//! ```
//!
//! The prefix names version and kind. It is authenticated, so no kind opens as another (ATK-041),
//! and it is printable, so that a leaked token is recognised for what it is.
//!
//! Nonces are random. With 96 bits, one key may seal 2³² messages before the chance that any two
//! share a nonce passes 2⁻³² (NIST SP 800-38D §8.3); [`crate::RotationSchedule::sealing`] changes
//! keys well before that.

use std::fmt;

use identity_core::time::random_bytes;
use identity_core::{Entropy, Timestamp};
use ring::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce};

use crate::digest::{append_base64url, base64url_decode};
use crate::keyring::{KeyRing, SealingKeyId};

/// The longest sealed token, in characters: what a request header can still carry.
pub const MAX_TOKEN_LENGTH: usize = 8 * 1024;

/// Key id and nonce.
const HEADER_LEN: usize = 8 + NONCE_LEN;

/// What a sealed token is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TokenKind {
    AccessToken,
    AuthorizationCode,
    RefreshToken,
    /// An authorization request waiting in the browser until its person has logged in.
    Interaction,
    /// A logout request waiting for the person to confirm it.
    LogoutRequest,
    /// A TOTP secret on its way to the person's app, until the first code confirms it.
    Enrolment,
    /// A question that one browser must answer: a passkey's challenge, a code sent by message.
    Challenge,
}

impl TokenKind {
    pub const ALL: [Self; 7] = [
        Self::AccessToken,
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::Interaction,
        Self::LogoutRequest,
        Self::Enrolment,
        Self::Challenge,
    ];

    /// Unique, of one length, and outside the alphabet of what a JWT begins with.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::AccessToken => "vat1_",
            Self::AuthorizationCode => "vac1_",
            Self::RefreshToken => "vrt1_",
            Self::Interaction => "vin1_",
            Self::LogoutRequest => "vlo1_",
            Self::Enrolment => "ven1_",
            Self::Challenge => "vch1_",
        }
    }
}

/// What was sealed, and under which key, so that a compromised key can be acted upon.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    pub payload: Vec<u8>,
    pub kid: String,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened").field("kid", &self.kid).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("no sealing key is active")]
    NoActiveKey,
    #[error("the payload is too long to be sealed")]
    TooLong,
    #[error("sealing failed")]
    Failed,
}

/// Why a sealed token does not open. Callers answer all of them alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealRefusal {
    #[error("the token is longer than allowed")]
    TooLong,
    #[error("the token is of another kind")]
    WrongKind,
    #[error("the token is malformed")]
    Malformed,
    #[error("the token's key is unknown or no longer believed")]
    UnknownKey,
    #[error("the token is forged or altered")]
    Forged,
}

/// Seals `plaintext` under the newest active sealing key.
pub fn seal(
    kind: TokenKind,
    plaintext: &[u8],
    ring: &KeyRing,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<String, SealError> {
    let sealer = ring.sealer(now).ok_or(SealError::NoActiveKey)?;
    let nonce: [u8; NONCE_LEN] = random_bytes(entropy);
    let length = HEADER_LEN + plaintext.len() + AES_256_GCM.tag_len();
    let mut bytes = Vec::with_capacity(length);
    bytes.extend_from_slice(&sealer.id.0);
    bytes.extend_from_slice(&nonce);
    bytes.extend_from_slice(plaintext);
    let (_, body) = bytes.split_at_mut(HEADER_LEN);
    let tag = sealer
        .key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            associated_data(kind, sealer.id),
            body,
        )
        .map_err(|_| SealError::Failed)?;
    bytes.extend_from_slice(tag.as_ref());
    let mut token = String::with_capacity(kind.prefix().len() + length.div_ceil(3) * 4);
    token.push_str(kind.prefix());
    append_base64url(&bytes, &mut token);
    if token.len() > MAX_TOKEN_LENGTH {
        return Err(SealError::TooLong);
    }
    Ok(token)
}

/// Opens a token of exactly that kind. Whether the facts inside still hold is for others to say.
pub fn open(
    kind: TokenKind,
    token: &str,
    ring: &KeyRing,
    now: Timestamp,
) -> Result<Opened, SealRefusal> {
    if token.len() > MAX_TOKEN_LENGTH {
        return Err(SealRefusal::TooLong);
    }
    let body = token.strip_prefix(kind.prefix()).ok_or(SealRefusal::WrongKind)?;
    let mut payload = base64url_decode(body).map_err(|_| SealRefusal::Malformed)?;
    let (&id, body) = payload.split_first_chunk().ok_or(SealRefusal::Malformed)?;
    let (&nonce, body) = body.split_first_chunk().ok_or(SealRefusal::Malformed)?;
    if body.len() < AES_256_GCM.tag_len() {
        return Err(SealRefusal::Malformed);
    }
    let id = SealingKeyId(id);
    let opener = ring.opener(id, now).ok_or(SealRefusal::UnknownKey)?;
    let nonce = Nonce::assume_unique_for_key(nonce);
    let length = opener
        .key
        .open_within(nonce, associated_data(kind, id), &mut payload, HEADER_LEN..)
        .map_err(|_| SealRefusal::Forged)?
        .len();
    payload.truncate(length);
    Ok(Opened { payload, kid: id.to_string() })
}

fn associated_data(kind: TokenKind, id: SealingKeyId) -> Aad<Vec<u8>> {
    let prefix = kind.prefix().as_bytes();
    Aad::from([b"vneid sealed token\0".as_slice(), prefix, &id.0].concat())
}

#[cfg(test)]
mod tests {
    use identity_core::key::KeyPurpose;
    use proptest::prelude::*;

    use super::*;
    use crate::keyring::generate_key;
    use crate::testing::{T0, TestEntropy, kek, ring, seconds};

    fn sealed(ring: &KeyRing, kind: TokenKind, payload: &[u8]) -> String {
        seal(kind, payload, ring, T0, &TestEntropy::new(5)).unwrap()
    }

    #[test]
    fn a_token_opens_as_its_own_kind_and_as_no_other() {
        // ATK-041, also with the prefix exchanged
        let ring = ring(&[KeyPurpose::Seal]);
        for kind in TokenKind::ALL {
            let token = sealed(&ring, kind, b"facts");
            assert_eq!(open(kind, &token, &ring, T0).unwrap().payload, b"facts");
            for other in TokenKind::ALL.into_iter().filter(|other| *other != kind) {
                assert_eq!(open(other, &token, &ring, T0), Err(SealRefusal::WrongKind));
                let renamed = token.replacen(kind.prefix(), other.prefix(), 1);
                assert_eq!(open(other, &renamed, &ring, T0), Err(SealRefusal::Forged));
            }
        }
    }

    #[test]
    fn no_bit_may_change_and_no_byte_may_be_added_or_cut() {
        // ATK-038
        let ring = ring(&[KeyPurpose::Seal]);
        let kind = TokenKind::AccessToken;
        let token = sealed(&ring, kind, b"facts");
        for at in 0..token.len() {
            for bit in 0..7 {
                let mut bytes = token.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(open(kind, &changed, &ring, T0).is_err(), "{at} {bit}");
            }
            assert!(open(kind, &token[..at], &ring, T0).is_err(), "{at}");
        }
        for more in ["A", "AA", "AAA", "AAAA", "=", "==", " ", "\n", "_"] {
            assert!(open(kind, &format!("{token}{more}"), &ring, T0).is_err(), "{more:?}");
        }
    }

    #[test]
    fn a_retired_key_still_opens_and_a_compromised_one_does_not() {
        // ATK-130, ATK-131
        let mut record =
            generate_key(KeyPurpose::Seal, T0, T0, &kek(), &TestEntropy::new(9)).unwrap();
        let open_ring = |record: &_| KeyRing::open(vec![Clone::clone(record)], &kek()).unwrap();
        let token = sealed(&open_ring(&record), TokenKind::RefreshToken, b"facts");
        let judge = |record: &_, after| {
            open(TokenKind::RefreshToken, &token, &open_ring(record), T0.plus(seconds(after)))
                .map(|opened| opened.kid)
        };
        record.retires_at = Some(T0.plus(seconds(10)));
        record.removes_at = Some(T0.plus(seconds(20)));
        assert_eq!(judge(&record, 19), Ok(record.kid.clone()));
        assert_eq!(judge(&record, 20), Err(SealRefusal::UnknownKey));
        let late = T0.plus(seconds(10));
        let refused =
            seal(TokenKind::Interaction, b"", &open_ring(&record), late, &TestEntropy::new(1));
        assert_eq!(refused, Err(SealError::NoActiveKey));
        record.compromised_at = Some(T0);
        assert_eq!(judge(&record, 0), Err(SealRefusal::UnknownKey));
    }

    #[test]
    fn what_is_too_long_is_neither_made_nor_read() {
        let ring = ring(&[KeyPurpose::Seal]);
        let long = vec![0; MAX_TOKEN_LENGTH];
        let refused = seal(TokenKind::Interaction, &long, &ring, T0, &TestEntropy::new(1));
        assert_eq!(refused, Err(SealError::TooLong));
        let token = format!("vin1_{}", "A".repeat(MAX_TOKEN_LENGTH));
        assert_eq!(open(TokenKind::Interaction, &token, &ring, T0), Err(SealRefusal::TooLong));
    }

    proptest! {
        #[test]
        fn every_payload_comes_back_and_no_two_tokens_are_alike(
            payload in prop::collection::vec(any::<u8>(), 0..2000), seed: u64
        ) {
            let (ring, entropy) = (ring(&[KeyPurpose::Seal]), TestEntropy::new(seed));
            let kind = TokenKind::AuthorizationCode;
            let first = seal(kind, &payload, &ring, T0, &entropy).unwrap();
            let second = seal(kind, &payload, &ring, T0, &entropy).unwrap();
            prop_assert_ne!(&first, &second);
            prop_assert_eq!(open(kind, &first, &ring, T0).unwrap().payload, payload);
        }
    }
}
