//! What a QR code holds: which transaction, and since when it is shown. Sealed, so that nobody can
//! make one and none tells anything; so short that it is stale before a relayed picture is scanned.

use std::time::Duration;

use identity_core::Timestamp;
use identity_core::evidence::Presentation;
use identity_core::time::{Entropy, random_bytes};
use jose::TokenKind;
use jose::digest::{base64url, base64url_decode};
use serde::{Deserialize, Serialize};

use crate::provider::Provider;
use crate::refusal::Fault;
use crate::sealed::{self, SealedFact};

/// How long one picture is shown.
pub const STEP: Duration = Duration::from_secs(5);
/// Who scanned at the last moment is heard for one step more.
const GRACE: Duration = Duration::from_secs(5);

/// 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TransactionId([u8; 16]);

impl TransactionId {
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(random_bytes(entropy))
    }

    pub fn parse(text: &str) -> Option<Self> {
        base64url_decode(text).ok()?.try_into().ok().map(Self)
    }

    pub fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl std::fmt::Display for TransactionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&base64url(&self.0))
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct QrCode {
    pub transaction: TransactionId,
    pub shown_at: Timestamp,
    /// Whether it is in the picture or in the link beside it: only the first can have been scanned.
    pub presentation: Presentation,
}

/// Behind the 24 bytes of a code that stands in a link.
const LINK: [u8; 1] = [1];

/// In 24 bytes: the fewer, the coarser the picture, the easier to scan.
impl SealedFact for QrCode {
    const KIND: TokenKind = TokenKind::QrCode;

    fn payload(&self) -> Result<Vec<u8>, serde_json::Error> {
        let millis = self.shown_at.unix_millis().to_be_bytes();
        let mark: &[u8] = match self.presentation {
            Presentation::Barcode => &[],
            Presentation::Direct => &LINK,
        };
        Ok([self.transaction.0.as_slice(), &millis, mark].concat())
    }

    fn of_payload(payload: &[u8]) -> Option<Self> {
        let (transaction, rest) = payload.split_at_checked(16)?;
        let (millis, mark) = rest.split_at_checked(8)?;
        let presentation = match mark {
            [] => Presentation::Barcode,
            mark if mark == LINK => Presentation::Direct,
            _ => return None,
        };
        Some(Self {
            presentation,
            transaction: TransactionId(transaction.try_into().ok()?),
            shown_at: Timestamp::from_unix_millis(i64::from_be_bytes(millis.try_into().ok()?)),
        })
    }
}

impl QrCode {
    pub fn seal(&self, provider: &Provider, now: Timestamp) -> Result<String, Fault> {
        sealed::seal(provider, self, now)
    }

    /// A code that was shown within the last two steps.
    pub fn open(provider: &Provider, text: &str, now: Timestamp) -> Option<Self> {
        let code = sealed::open::<Self>(provider, text, now)?;
        (now < code.shown_at.plus(STEP).plus(GRACE)).then_some(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_24_bytes_and_reads_back() {
        let code = QrCode {
            transaction: TransactionId([7; 16]),
            shown_at: Timestamp::from_unix_millis(1_790_000_000_123),
            presentation: Presentation::Barcode,
        };
        let payload = code.payload().unwrap();
        assert_eq!(payload.len(), 24);
        let read = QrCode::of_payload(&payload).unwrap();
        assert_eq!((read.transaction, read.shown_at), (code.transaction, code.shown_at));
        assert_eq!(read.presentation, Presentation::Barcode);
        let link = QrCode { presentation: Presentation::Direct, ..code };
        let payload_of_link = link.payload().unwrap();
        let read = QrCode::of_payload(&payload_of_link).unwrap();
        assert_eq!(read.presentation, Presentation::Direct);
        assert!(QrCode::of_payload(&[payload_of_link, vec![1]].concat()).is_none());
        assert!(QrCode::of_payload(&payload[..23]).is_none());
        let text = link.transaction.to_string();
        assert_eq!(TransactionId::parse(&text), Some(link.transaction));
    }
}
