//! Now and then the sealer signs how far the ledger reached and what its root was. Who keeps such a
//! signed checkpoint elsewhere can tell later whether a row below it was touched, even by somebody
//! who owns the database (ATK-135). Checkpoints kept only beside the rows fall with them: for a
//! database rolled back as a whole, hand [`Verifier`] one that was kept outside.
//!
//! Signing and verifying signatures is the caller's: it signs [`Checkpoint::signing_payload`] as a
//! JWS and gives back only what verified.

use std::iter::Peekable;
use std::vec;

use identity_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::merkle::{self, Digest, Tree};
use crate::recorded::Sequence;

/// The first `size` rows in ledger order have this root.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    pub size: u64,
    pub root: Digest,
    pub at: Timestamp,
}

/// What is signed: a checkpoint as JWT claims (RFC 7519 §4.1), without expiry, for it never ceases
/// to be true.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckpointClaims {
    pub iss: String,
    /// In seconds.
    pub iat: i64,
    pub checkpoint: Checkpoint,
}

impl Checkpoint {
    pub fn of(tree: &Tree, at: Timestamp) -> Self {
        Self { size: tree.size(), root: tree.root(), at }
    }

    pub fn signing_payload(&self, issuer: &str) -> CheckpointClaims {
        CheckpointClaims { iss: issuer.to_owned(), iat: self.at.unix_seconds(), checkpoint: *self }
    }
}

/// What is wrong with a ledger, found at the first checkpoint that shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LedgerFault {
    /// A row was altered, removed, added or moved.
    #[error(
        "rows after sequence {proven} up to {sequence} are not those of the checkpoint of size {size}"
    )]
    Altered {
        size: u64,
        /// Up to here everything is proven by the checkpoint before.
        proven: Sequence,
        /// The row at the checkpoint's size.
        sequence: Sequence,
    },
    #[error(
        "the ledger ends with row {found}, sequence {sequence}; a checkpoint covers {size} rows"
    )]
    Truncated { size: u64, found: u64, sequence: Sequence },
    #[error("sequence {sequence} follows sequence {previous}")]
    OutOfOrder { previous: Sequence, sequence: Sequence },
    /// Two signed checkpoints contradict each other: the signer saw two ledgers.
    #[error("two checkpoints of size {size} have different roots")]
    Contradiction { size: u64 },
}

/// What held.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Report {
    pub size: u64,
    pub root: Digest,
    pub checkpoints: u64,
    /// Rows that no checkpoint covers yet: nothing is proven about these.
    pub unsealed: u64,
}

/// Checks a ledger row by row, for a caller that reads it in batches.
#[derive(Debug)]
pub struct Verifier {
    tree: Tree,
    last: Sequence,
    proven: Sequence,
    proven_size: u64,
    met: u64,
    checkpoints: Peekable<vec::IntoIter<Checkpoint>>,
}

impl Verifier {
    /// `checkpoints` in any order, from any source, each with its signature verified.
    pub fn new(mut checkpoints: Vec<Checkpoint>) -> Result<Self, LedgerFault> {
        checkpoints.sort_by_key(|checkpoint| (checkpoint.size, checkpoint.at));
        for (one, next) in checkpoints.iter().zip(checkpoints.iter().skip(1)) {
            if one.size == next.size && one.root != next.root {
                return Err(LedgerFault::Contradiction { size: one.size });
            }
        }
        let mut verifier = Self {
            tree: Tree::new(),
            last: Sequence::BEFORE_FIRST,
            proven: Sequence::BEFORE_FIRST,
            proven_size: 0,
            met: 0,
            checkpoints: checkpoints.into_iter().peekable(),
        };
        verifier.compare()?;
        Ok(verifier)
    }

    /// The next row, as stored.
    pub fn push(&mut self, sequence: Sequence, leaf: &[u8]) -> Result<(), LedgerFault> {
        if sequence <= self.last {
            return Err(LedgerFault::OutOfOrder { previous: self.last, sequence });
        }
        self.tree.push(merkle::leaf_hash(leaf));
        self.last = sequence;
        self.compare()
    }

    /// There are no more rows.
    pub fn finish(mut self) -> Result<Report, LedgerFault> {
        let found = self.tree.size();
        if let Some(checkpoint) = self.checkpoints.peek() {
            let size = checkpoint.size;
            return Err(LedgerFault::Truncated { size, found, sequence: self.last });
        }
        Ok(Report {
            size: found,
            root: self.tree.root(),
            checkpoints: self.met,
            unsealed: found - self.proven_size,
        })
    }

    /// Holds the tree against every checkpoint of just this size.
    fn compare(&mut self) -> Result<(), LedgerFault> {
        let size = self.tree.size();
        while let Some(checkpoint) = self.checkpoints.next_if(|next| next.size == size) {
            if checkpoint.root != self.tree.root() {
                return Err(LedgerFault::Altered {
                    size,
                    proven: self.proven,
                    sequence: self.last,
                });
            }
            self.met += 1;
            (self.proven, self.proven_size) = (self.last, size);
        }
        Ok(())
    }
}

/// Checks a whole ledger against its checkpoints and says where the first fault is.
pub fn verify_ledger<'a>(
    rows: impl IntoIterator<Item = (Sequence, &'a [u8])>,
    checkpoints: Vec<Checkpoint>,
) -> Result<Report, LedgerFault> {
    let mut verifier = Verifier::new(checkpoints)?;
    for (sequence, leaf) in rows {
        verifier.push(sequence, leaf)?;
    }
    verifier.finish()
}

#[cfg(test)]
mod tests {
    use identity_core::EventKind;
    use proptest::prelude::*;

    use super::*;
    use crate::testing::{event, record};

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    type Row = (Sequence, Vec<u8>);

    fn rows(count: u64) -> Vec<Row> {
        let row = |sequence| {
            record(
                sequence,
                event(NOW, EventKind::GrantRefreshed { grant: crate::testing::grant(1) }),
            )
        };
        (1..=count).map(row).map(|row| (row.sequence(), row.leaf().to_vec())).collect()
    }

    fn checkpoint(rows: &[Row]) -> Checkpoint {
        let tree: Tree = rows.iter().map(|(_, leaf)| merkle::leaf_hash(leaf)).collect();
        Checkpoint::of(&tree, NOW)
    }

    fn verify(rows: &[Row], checkpoints: &[Checkpoint]) -> Result<Report, LedgerFault> {
        let rows = rows.iter().map(|(sequence, leaf)| (*sequence, leaf.as_slice()));
        verify_ledger(rows, checkpoints.to_vec())
    }

    #[test]
    fn an_untouched_ledger_verifies_and_says_what_is_not_proven_yet() {
        let rows = rows(10);
        let checkpoints = [checkpoint(&rows[..7]), checkpoint(&[]), checkpoint(&rows[..3])];
        let report = verify(&rows, &checkpoints).unwrap();
        assert_eq!((report.size, report.checkpoints, report.unsealed), (10, 3, 3));
        assert_eq!(report.root, checkpoint(&rows).root);
        assert_eq!(verify(&rows, &[]).unwrap().unsealed, 10);
    }

    #[test]
    fn a_fault_is_placed_between_the_last_good_and_the_first_bad_checkpoint() {
        let mut rows = rows(10);
        let checkpoints = [3, 7, 10].map(|size| checkpoint(&rows[..size]));
        rows[5].1[20] ^= 1;
        assert_eq!(
            verify(&rows, &checkpoints),
            Err(LedgerFault::Altered { size: 7, proven: Sequence(3), sequence: Sequence(7) })
        );
    }

    #[test]
    fn a_ledger_rolled_back_with_its_checkpoints_is_found_by_one_kept_outside() {
        let rows = rows(10);
        let inside = checkpoint(&rows[..4]);
        assert!(verify(&rows[..4], &[inside]).is_ok());
        assert_eq!(
            verify(&rows[..4], &[inside, checkpoint(&rows[..9])]),
            Err(LedgerFault::Truncated { size: 9, found: 4, sequence: Sequence(4) })
        );
    }

    #[test]
    fn a_position_that_does_not_move_on_is_a_fault() {
        let mut rows = rows(3);
        rows[2].0 = Sequence(2);
        assert_eq!(
            verify(&rows, &[]),
            Err(LedgerFault::OutOfOrder { previous: Sequence(2), sequence: Sequence(2) })
        );
    }

    #[test]
    fn checkpoints_that_contradict_each_other_are_a_fault_of_their_own() {
        let rows = rows(3);
        let other = Checkpoint { root: checkpoint(&rows[..2]).root, ..checkpoint(&rows) };
        assert_eq!(
            verify(&rows, &[checkpoint(&rows), other]),
            Err(LedgerFault::Contradiction { size: 3 })
        );
    }

    #[test]
    fn a_checkpoint_survives_being_signed_as_claims() {
        let claims = checkpoint(&rows(3)).signing_payload("https://id.example");
        let json = serde_json::to_string(&claims).unwrap();
        assert!(
            json.starts_with(
                r#"{"iss":"https://id.example","iat":1790000000,"checkpoint":{"size":3"#
            )
        );
        assert_eq!(serde_json::from_str::<CheckpointClaims>(&json).unwrap(), claims);
    }

    /// What somebody with write access to the table may do.
    #[derive(Clone, Debug)]
    enum Tampering {
        Alter {
            row: prop::sample::Index,
            byte: prop::sample::Index,
            bits: u8,
        },
        Delete(prop::sample::Index),
        Swap(prop::sample::Index, prop::sample::Index),
        Insert(prop::sample::Index),
        Truncate(prop::sample::Index),
        /// Rolled back, then filled up with other rows to the same length.
        Rewrite(prop::sample::Index),
    }

    impl Tampering {
        fn apply(self, rows: &mut Vec<Row>) {
            let length = rows.len();
            match self {
                Self::Alter { row, byte, bits } => {
                    let leaf = &mut rows[row.index(length)].1;
                    let byte = byte.index(leaf.len());
                    leaf[byte] ^= bits;
                }
                Self::Delete(row) => {
                    rows.remove(row.index(length));
                }
                Self::Swap(one, other) => rows.swap(one.index(length), other.index(length)),
                Self::Insert(place) => {
                    let forged = record(10_000, event(NOW, EventKind::AccountUnlocked));
                    rows.insert(place.index(length), (Sequence(0), forged.leaf().to_vec()));
                }
                Self::Truncate(place) => rows.truncate(place.index(length)),
                Self::Rewrite(place) => {
                    for (_, leaf) in &mut rows[place.index(length)..] {
                        leaf.push(b' ');
                    }
                }
            }
            // The careful forger renumbers, so that the order gives nothing away.
            for (number, row) in (1..).zip(rows) {
                row.0 = Sequence(number);
            }
        }
    }

    fn tampering() -> impl Strategy<Value = Tampering> {
        let index = any::<prop::sample::Index>;
        prop_oneof![
            (index(), index(), 1_u8..).prop_map(|(row, byte, bits)| Tampering::Alter {
                row,
                byte,
                bits
            }),
            index().prop_map(Tampering::Delete),
            (index(), index()).prop_map(|(one, other)| Tampering::Swap(one, other)),
            index().prop_map(Tampering::Insert),
            index().prop_map(Tampering::Truncate),
            index().prop_map(Tampering::Rewrite),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn every_tampering_below_a_checkpoint_is_found(
            count in 1_u64..80, early: prop::sample::Index, tampering in tampering(),
        ) {
            // ATK-135, scorecard 35.
            let original = rows(count);
            let checkpoints =
                [checkpoint(&original[..early.index(original.len())]), checkpoint(&original)];
            let mut tampered = original.clone();
            tampering.apply(&mut tampered);
            prop_assume!(tampered != original);
            prop_assert!(verify(&tampered, &checkpoints).is_err());
            prop_assert!(verify(&original, &checkpoints).is_ok());
        }
    }
}
