//! How transient stores name what they remember.

use std::time::Duration;

use identity_core::Timestamp;
use ring::digest::{Context, SHA256};

use crate::ports::Slot;

/// Long identifiers cost no more than short ones.
pub type Digest = [u8; 32];

/// SHA-256 over the parts, each behind its length, so that none can run into the next.
pub fn digest_of(parts: &[&[u8]]) -> Digest {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(&part.len().to_be_bytes());
        context.update(part);
    }
    let mut digest = [0; 32];
    for (to, from) in digest.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    digest
}

/// The same for a slot, in whichever store.
pub fn digest_of_slot(slot: Slot<'_>) -> Digest {
    digest_of(&[slot.purpose.as_bytes(), slot.id.as_bytes()])
}

/// A fixed window of counting: it begins at a multiple of its length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    length_millis: i64,
    begins_at: Timestamp,
}

impl Window {
    pub fn at(length: Duration, now: Timestamp) -> Self {
        let length_millis = i64::try_from(length.as_millis()).unwrap_or(i64::MAX).max(1);
        let into_it = now.unix_millis().rem_euclid(length_millis);
        let begins_at = Timestamp::from_unix_millis(now.unix_millis().saturating_sub(into_it));
        Self { length_millis, begins_at }
    }

    pub fn ends_at(self) -> Timestamp {
        let end = self.begins_at.unix_millis().saturating_add(self.length_millis);
        Timestamp::from_unix_millis(end)
    }

    /// Different for any two windows.
    pub fn to_bytes(self) -> [u8; 16] {
        let both = (u128::from(self.length_millis.unsigned_abs()) << 64)
            | u128::from(self.begins_at.unix_millis().cast_unsigned());
        both.to_be_bytes()
    }
}
