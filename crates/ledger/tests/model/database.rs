//! The database: transactions side by side, and what a snapshot shows of them.
//!
//! As on PostgreSQL, a row's sequence is the id of its transaction, then its place in it. Ids are
//! given in order, commits come in any order, so rows appear out of order. Up to just below the
//! oldest open transaction nothing can appear any more: that is settled.

use std::fmt;

use crate::bounds::{Bounds, Instant};

/// A row's place in the ledger.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position(pub u64);

impl Position {
    pub const BEFORE_FIRST: Self = Self(0);

    fn of(transaction: usize, ordinal: usize) -> Self {
        Self(((transaction as u64 + 1) << 16) | ordinal as u64)
    }

    pub fn before(self) -> Self {
        Self(self.0 - 1)
    }
}

/// One take-back, wherever it is in its life. Known by its index in the world's rows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    pub position: Position,
    pub transaction: usize,
    pub token: usize,
}

pub fn rows(bounds: &Bounds) -> Vec<Row> {
    let of = |(transaction, tokens): (usize, &&'static [usize])| {
        let row = move |(ordinal, token): (usize, &usize)| Row {
            position: Position::of(transaction, ordinal),
            transaction,
            token: *token,
        };
        tokens.iter().enumerate().map(row).collect::<Vec<_>>()
    };
    bounds.transactions.iter().enumerate().flat_map(of).collect()
}

/// Indexes of rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct RowSet(u16);

impl RowSet {
    pub fn insert(&mut self, row: usize) {
        self.0 |= 1 << row;
    }

    pub fn remove(&mut self, row: usize) {
        self.0 &= !(1 << row);
    }

    pub fn contains(self, row: usize) -> bool {
        self.0 & (1 << row) != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn is_subset_of(self, of: Self) -> bool {
        self.0 & !of.0 == 0
    }
}

impl fmt::Debug for RowSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries((0..16).filter(|row| self.contains(*row))).finish()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Transaction {
    /// Has its id; its rows bear the instant `at` and nobody else sees them.
    Open {
        at: Instant,
    },
    Committed {
        at: Instant,
        committed_at: Instant,
    },
    RolledBack,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Power {
    Up,
    Down,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Database {
    pub power: Power,
    /// Those that have an id, by id.
    pub transactions: Vec<Transaction>,
}

/// What a read sees.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Snapshot {
    pub visible: RowSet,
    pub settled: Position,
}

impl Database {
    pub fn empty() -> Self {
        Self { power: Power::Up, transactions: Vec::new() }
    }

    pub fn snapshot(&self, rows: &[Row]) -> Snapshot {
        let mut visible = RowSet::default();
        for (index, row) in rows.iter().enumerate() {
            if self.committed_at(row).is_some() {
                visible.insert(index);
            }
        }
        let open = |transaction: &Transaction| matches!(transaction, Transaction::Open { .. });
        let oldest = self.transactions.iter().position(open).unwrap_or(self.transactions.len());
        Snapshot { visible, settled: Position::of(oldest, 0).before() }
    }

    pub fn committed_at(&self, row: &Row) -> Option<Instant> {
        match self.transactions.get(row.transaction) {
            Some(Transaction::Committed { committed_at, .. }) => Some(*committed_at),
            Some(Transaction::Open { .. } | Transaction::RolledBack) | None => None,
        }
    }

    /// The instant that the row bears, if anybody else can see it.
    pub fn at(&self, row: &Row) -> Option<Instant> {
        match self.transactions.get(row.transaction) {
            Some(Transaction::Committed { at, .. }) => Some(*at),
            Some(Transaction::Open { .. } | Transaction::RolledBack) | None => None,
        }
    }

    /// What was not committed is gone.
    pub fn crash(&mut self) {
        self.power = Power::Down;
        for transaction in &mut self.transactions {
            match transaction {
                Transaction::Open { .. } => *transaction = Transaction::RolledBack,
                Transaction::Committed { .. } | Transaction::RolledBack => {}
            }
        }
    }
}
