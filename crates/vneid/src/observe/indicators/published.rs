//! What may be told of a count so that nobody is singled out.

use std::fmt;

use serde::{Serialize, Serializer};

/// Counts are rounded down to a multiple of this. Leaving small ones out would not be enough: whoever
/// asks every second would see a count go up when one person logs in, and whoever subtracts the rest
/// from the sum would find the one that was left out.
pub const ROUNDED_TO: u64 = 5;

/// A count as it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Published {
    Nothing,
    /// One to four.
    Few,
    AtLeast(u64),
}

impl Published {
    pub const fn of(count: u64) -> Self {
        match count - count % ROUNDED_TO {
            0 if count == 0 => Self::Nothing,
            0 => Self::Few,
            rounded => Self::AtLeast(rounded),
        }
    }

    const fn known(self) -> Option<u64> {
        match self {
            Self::Nothing => Some(0),
            Self::Few => None,
            Self::AtLeast(count) => Some(count),
        }
    }
}

impl Serialize for Published {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.known().serialize(serializer)
    }
}

impl fmt::Display for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Some(count) => write!(f, "{count}"),
            None => write!(f, "<{ROUNDED_TO}"),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct StepCounts {
    pub done: Published,
    pub refused: Published,
    /// Of a hundred tries, from the published counts; absent where one of them is not told.
    pub success_percent: Option<u64>,
}

impl StepCounts {
    pub fn of(done: u64, refused: u64) -> Self {
        let (done, refused) = (Published::of(done), Published::of(refused));
        let known = done.known().zip(refused.known());
        let success_percent =
            known.and_then(|(done, refused)| (done * 100).checked_div(done + refused));
        Self { done, refused, success_percent }
    }
}

/// As columns of a table.
impl fmt::Display for StepCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{},", self.done, self.refused)?;
        match self.success_percent {
            Some(percent) => write!(f, "{percent}"),
            None => Ok(()),
        }
    }
}
