//! How large a world is looked at, and what may be made wrong in it on purpose.

use std::fmt;

/// Milliseconds.
pub type Millis = u32;

/// What the issue promises: a take-back shows everywhere within this.
pub const BOUND: Millis = 1_000;
/// Life of an access token.
pub const TOKEN_LIFE: Millis = 15 * 60_000;
/// For how much longer than a token's life its take-back is remembered.
pub const MARGIN: Millis = 60_000;
/// From a take-back's own instant to its commit; so long after it a token may still be sealed. The
/// rest of the margin is for a request that waits for the database while its token expires.
pub const COMMITS_WITHIN: Millis = MARGIN - BOUND;
/// That is also how far back a starting node reads.
pub const REMEMBERED_FOR: Millis = TOKEN_LIFE + MARGIN;

/// Since the world began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub Millis);

impl Instant {
    /// Zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Millis {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ms", self.0)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bounds {
    pub name: &'static str,
    /// The instants that there are, in order.
    pub clock: &'static [Instant],
    pub nodes: usize,
    /// Tokens, each of a family of its own.
    pub tokens: usize,
    /// What each transaction takes back, by its id: one row for each token.
    pub transactions: &'static [&'static [usize]],
    pub sealing: Sealing,
    /// Rows in one answer.
    pub limit: usize,
    /// Of one node under way at once: its own and those of requests.
    pub reads: usize,
    /// Links cut and databases crashed, in all.
    pub outages: u8,
    pub restarts: u8,
    /// A transaction is open for less than this.
    pub commits_within: Millis,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sealing {
    /// Every token is out when the world begins.
    Before,
    /// Whenever the database does not show that the family was taken back.
    AnyTime,
}

/// Something done wrong, to see that the model notices.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mutant {
    /// The position follows the greatest sequence seen, settled or not.
    SkipsToGreatest,
    /// The position follows what the last page says is settled, instead of the first.
    SettlesByLastPage,
    /// An answer confirms the instant at which it arrived.
    ConfirmsOnArrival,
    /// A page that is full confirms like one that is not.
    ConfirmsBeforeTheEnd,
    /// A node starts at the first young row, though older transactions are still open.
    StartsBeyondTheSettled,
    /// A take-back is forgotten while tokens live that it concerns.
    ForgetsTooEarly,
    /// A starting node reads back for less than the life of a token.
    ReadsBackTooLittle,
    /// A request that asks the database waits as long as it takes.
    WaitsForAnyAnswer,
    /// A node that is stale answers from what it knows.
    AnswersThoughStale,
}

/// Two seconds, in halves of the bound.
const SECONDS: [Instant; 5] =
    [Instant(0), Instant(500), Instant(1_000), Instant(1_500), Instant(2_000)];

/// The edges of a token's life and of what is remembered: a take-back at 0 may commit until just
/// before 59 s; a token sealed then dies a second before 16 min, when the take-back is forgotten.
const MINUTES: [Instant; 7] = [
    Instant(0),
    Instant(COMMITS_WITHIN - 100),
    Instant(MARGIN + 30_000),
    Instant(8 * 60_000),
    Instant(REMEMBERED_FOR - 1_200),
    Instant(REMEMBERED_FOR),
    Instant(REMEMBERED_FOR + 1_000),
];

/// Transactions whose rows appear in any order, read in pages of one row; a restart.
pub const SIDE_BY_SIDE: Bounds = Bounds {
    name: "side by side",
    clock: SECONDS.split_at(3).0,
    nodes: 1,
    tokens: 2,
    transactions: &[&[0], &[1], &[1]],
    sealing: Sealing::Before,
    limit: 1,
    reads: 1,
    outages: 0,
    restarts: 1,
    commits_within: COMMITS_WITHIN,
};

/// Two reads at once that overtake each other, and a cut or a crash.
pub const CUT_OFF: Bounds = Bounds {
    name: "cut off",
    clock: SECONDS.split_at(4).0,
    nodes: 1,
    tokens: 1,
    transactions: &[&[0]],
    sealing: Sealing::Before,
    limit: 2,
    reads: 2,
    outages: 1,
    restarts: 0,
    commits_within: COMMITS_WITHIN,
};

pub const TWO_NODES: Bounds =
    Bounds { name: "two nodes", clock: SECONDS.split_at(3).0, nodes: 2, reads: 1, ..CUT_OFF };

/// A token sealed at any time, its take-back forgotten, a node restarted at any time.
pub const LIFE_OF_A_TOKEN: Bounds = Bounds {
    name: "life of a token",
    clock: &MINUTES,
    nodes: 1,
    tokens: 1,
    transactions: &[&[0]],
    sealing: Sealing::AnyTime,
    limit: 2,
    reads: 1,
    outages: 0,
    restarts: 1,
    commits_within: COMMITS_WITHIN,
};

/// What `make test` looks at.
pub const SMALL: [Bounds; 4] = [SIDE_BY_SIDE, CUT_OFF, TWO_NODES, LIFE_OF_A_TOKEN];

/// What `make model` looks at.
pub const LARGE: [Bounds; 4] = [
    Bounds { clock: &SECONDS, ..SIDE_BY_SIDE },
    Bounds { transactions: &[&[], &[0]], ..CUT_OFF },
    Bounds { transactions: &[&[], &[0]], ..TWO_NODES },
    Bounds { tokens: 2, transactions: &[&[0], &[1]], ..LIFE_OF_A_TOKEN },
];

/// Too large to be looked at whole: walked at random, by model and code together.
pub const WIDE: Bounds = Bounds {
    name: "wide",
    clock: &[
        Instant(0),
        Instant(300),
        Instant(999),
        Instant(1_000),
        Instant(1_600),
        Instant(2_300),
        Instant(COMMITS_WITHIN - 100),
        Instant(8 * 60_000),
        Instant(8 * 60_000 + 500),
        Instant(REMEMBERED_FOR - 1_200),
        Instant(REMEMBERED_FOR),
        Instant(REMEMBERED_FOR + 1_000),
    ],
    nodes: 2,
    tokens: 4,
    transactions: &[&[0, 3], &[], &[1], &[2, 0], &[3, 1]],
    sealing: Sealing::AnyTime,
    limit: 2,
    reads: 3,
    outages: 2,
    restarts: 1,
    commits_within: COMMITS_WITHIN,
};
