//! One row of the ledger as it was committed.

use std::fmt;

use identity_core::id::EventId;
use identity_core::{ClientId, EventKind, SecurityEvent, SubjectId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::effect::Effect;
use crate::merkle::{self, Digest};

/// Position in commit order, from 1. Gaps are allowed (a rolled back transaction leaves one), going
/// back is not: whoever saw position `n` has seen every row up to `n` that will ever exist.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sequence(pub u64);

impl Sequence {
    /// Where a reader stands that has seen nothing, and the head of an empty ledger.
    pub const BEFORE_FIRST: Self = Self(0);
}

impl fmt::Display for Sequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("the row is not a security event")]
    Unreadable(#[source] serde_json::Error),
    /// Such a row would take back nothing although it was meant to. It must not be written, and a
    /// reader that meets one must not pass over it.
    #[error("the event {event} does not name its {missing}")]
    Incomplete { event: &'static str, missing: &'static str },
    #[error("what only a later release understands is not written here")]
    OfLaterRelease,
}

/// The bytes to store, which are also the bytes that are hashed: compact JSON in the order of
/// declaration. They are never made a second time, so a later release may write events differently
/// without disturbing an old root.
pub fn encode(event: &SecurityEvent) -> Result<Vec<u8>, RecordError> {
    if event.kind == EventKind::OfLaterRelease {
        return Err(RecordError::OfLaterRelease);
    }
    Effect::of(event)?;
    serde_json::to_vec(event).map_err(RecordError::Unreadable)
}

/// Nodes of two releases share a ledger while one follows the other. A kind, or something inside one,
/// that this release does not know becomes [`EventKind::OfLaterRelease`]: it is still known whom it is about.
pub fn decode(leaf: &[u8]) -> Result<SecurityEvent, RecordError> {
    serde_json::from_slice(leaf).or_else(|_| {
        let envelope: Envelope = serde_json::from_slice(leaf).map_err(RecordError::Unreadable)?;
        let Envelope { id, at, subject, client, event: _ } = envelope;
        Ok(SecurityEvent { id, at, subject, client, kind: EventKind::OfLaterRelease })
    })
}

/// What every release writes of every event.
#[derive(Deserialize)]
struct Envelope {
    id: EventId,
    at: Timestamp,
    subject: Option<SubjectId>,
    client: Option<ClientId>,
    #[expect(dead_code, reason = "a row that names no kind is no event")]
    event: String,
}

/// An event together with its place and its bytes. Only [`RecordedEvent::read`] makes one, so
/// event and bytes cannot disagree and what it takes back is known to be complete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordedEvent {
    sequence: Sequence,
    event: SecurityEvent,
    leaf: Vec<u8>,
    effect: Effect,
}

impl RecordedEvent {
    /// A stored row. On an error the reader's read has failed as a whole: an event that cannot be
    /// understood may be a take-back.
    pub fn read(sequence: Sequence, leaf: Vec<u8>) -> Result<Self, RecordError> {
        let event = decode(&leaf)?;
        let effect = Effect::of(&event)?;
        Ok(Self { sequence, event, leaf, effect })
    }

    pub fn sequence(&self) -> Sequence {
        self.sequence
    }

    pub fn event(&self) -> &SecurityEvent {
        &self.event
    }

    pub fn leaf(&self) -> &[u8] {
        &self.leaf
    }

    pub fn leaf_hash(&self) -> Digest {
        merkle::leaf_hash(&self.leaf)
    }

    pub(crate) fn effect(&self) -> &Effect {
        &self.effect
    }
}

#[cfg(test)]
mod tests {
    use identity_core::EventKind;
    use identity_core::Timestamp;
    use identity_core::account::LockReason;

    use super::*;
    use crate::testing::{event, every_kind, subject};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    #[test]
    fn every_kind_of_event_is_read_back_from_the_bytes_that_were_stored() {
        for (number, kind) in (1..).zip(every_kind()) {
            let event = event(NOW, kind);
            let leaf = encode(&event).unwrap();
            assert_eq!(encode(&event).unwrap(), leaf, "the same event makes the same bytes");
            let row = RecordedEvent::read(Sequence(number), leaf.clone()).unwrap();
            assert_eq!((row.event(), row.leaf()), (&event, leaf.as_slice()));
        }
    }

    #[test]
    fn a_take_back_that_names_nobody_is_neither_written_nor_read() {
        let mut lock = event(NOW, EventKind::AccountLocked { reason: LockReason::HolderRequest });
        lock.subject = None;
        assert!(matches!(
            encode(&lock),
            Err(RecordError::Incomplete { event: "account_locked", missing: "subject" })
        ));
        let leaf = serde_json::to_vec(&lock).unwrap();
        assert!(RecordedEvent::read(Sequence(1), leaf).is_err());

        lock.subject = Some(subject(1));
        assert!(encode(&lock).is_ok());
    }

    #[test]
    fn what_a_later_release_wrote_of_a_person_makes_their_tokens_be_asked_anew() {
        let known = |kind| String::from_utf8(encode(&event(NOW, kind)).unwrap()).unwrap();
        let locked = EventKind::AccountLocked { reason: LockReason::HolderRequest };
        for (leaf, from, to) in [
            (known(EventKind::AccountCreated), "account_created", "account_merged"),
            (known(locked), "holder_request", "reason_of_tomorrow"),
        ] {
            let later = leaf.replace(from, to);
            assert_ne!(later, leaf);
            let row = RecordedEvent::read(Sequence(1), later.clone().into_bytes()).unwrap();
            assert_eq!(row.event().kind, EventKind::OfLaterRelease);
            assert_eq!(row.event().subject, Some(subject(1)));
            assert!(crate::takes_back(row.event()));
            assert_eq!(row.leaf(), later.as_bytes(), "its bytes are what was hashed");
            assert!(matches!(encode(row.event()), Err(RecordError::OfLaterRelease)));
        }
    }

    #[test]
    fn a_row_that_is_understood_of_nobody_is_an_error_not_an_event_without_effect() {
        let created = event(NOW, EventKind::KeyCreated { kid: "k-1".into() });
        let created = SecurityEvent { subject: None, ..created };
        let leaf = String::from_utf8(encode(&created).unwrap()).unwrap();
        for unknown in [leaf.replace("key_created", "key_halved"), leaf.replace("event", "evnt")] {
            assert!(RecordedEvent::read(Sequence(1), unknown.into_bytes()).is_err());
        }
    }
}
