//! Steps of logins by relying party and province, without anybody's data (ADR 0016).
//!
//! The ledger is the source: every node follows it anyway, so what one node shows is what all of them
//! did, and nothing is written for it. Nothing leaves here but counts rounded by [`published`].
//!
//! ```text
//!  ledger row ──> steps::of ──> Tally::note ── hour × who × step × outcome ──> report · csv
//! ```

mod published;
mod steps;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use identity_core::{SecurityEvent, Timestamp};
use ledger::{RecordedEvent, Sequence};
use serde::Serialize;
use storage::{LedgerReader, StoreError};

use crate::cli::text::moment;

pub use published::{Published, StepCounts};
pub use tally::{Tally, Who};

/// How far back the windows of a running node reach, and a little more.
pub const REMEMBERED: Duration = Duration::from_hours(25);
/// Rows are appended in order of commit, their times are those of the decision: this far apart.
const DISORDER: Duration = Duration::from_mins(5);
const BATCH: u32 = 1000;

/// What a running node has counted. Shared by the observer, which adds, and the operations
/// listener, which shows.
pub struct Indicators {
    tally: Mutex<Tally>,
    /// Since when every row was counted.
    since: Mutex<Timestamp>,
}

/// Counts of each step.
pub type Steps = BTreeMap<&'static str, StepCounts>;
/// Counts of one window under each name.
pub type Section = BTreeMap<String, Steps>;

#[derive(Serialize)]
pub struct Window {
    from: String,
    /// Whether the node has counted all of it: just after its start it still reads back.
    complete: bool,
    all: Steps,
    relying_parties: Section,
    provinces: Section,
}

#[derive(Serialize)]
pub struct Report {
    at: String,
    /// Every count is rounded down to a multiple of this; below it, it is null.
    rounded_to: u64,
    /// The present calendar day in Viet Nam.
    today: Window,
    /// The present hour and the 23 before it.
    last_24_hours: Window,
}

impl Indicators {
    pub fn starting(now: Timestamp) -> Self {
        Self { tally: Mutex::default(), since: Mutex::new(now) }
    }

    pub fn note(&self, event: &SecurityEvent, now: Timestamp) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.note(event);
        tally.forget_before(now.minus(REMEMBERED));
    }

    /// Counts what happened before this node started, up to and with `until`.
    pub async fn read_back(
        &self,
        ledger: &dyn LedgerReader,
        until: Sequence,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let from = now.minus(REMEMBERED);
        let mut past = Tally::default();
        let mut position = ledger.sequence_before(from).await?;
        while position < until {
            let rows = ledger.events_after(position, BATCH).await?;
            let Some(last) = rows.last() else { break };
            position = last.sequence();
            let known = rows.iter().filter(|row| row.sequence() <= until);
            known.for_each(|row| past.note(row.event()));
        }
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).add(past);
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = from;
        Ok(())
    }

    pub fn report(&self, now: Timestamp) -> Report {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let window = |from: Timestamp| Window {
            from: moment(from),
            complete: since <= from,
            all: tally
                .of(from, |who| matches!(who, Who::Everybody))
                .remove("all")
                .unwrap_or_default(),
            relying_parties: tally.of(from, |who| matches!(who, Who::RelyingParty(_))),
            provinces: tally.of(from, |who| matches!(who, Who::Province(_))),
        };
        let day = tally::hour_of(now.minus(Duration::from_hours(23)));
        Report {
            at: moment(now),
            rounded_to: published::ROUNDED_TO,
            today: window(now.day_in_viet_nam().start_in_viet_nam()),
            last_24_hours: window(day),
        }
    }
}

/// Counts one stretch of time from the ledger alone: `[from, to)`.
pub async fn between(
    ledger: &dyn LedgerReader,
    from: Timestamp,
    to: Timestamp,
) -> Result<Tally, StoreError> {
    let mut tally = Tally::default();
    let mut position = ledger.sequence_before(from.minus(DISORDER)).await?;
    loop {
        let rows = ledger.events_after(position, BATCH).await?;
        let within = |row: &&RecordedEvent| (from..to).contains(&row.event().at);
        rows.iter().filter(within).for_each(|row| tally.note(row.event()));
        let Some(last) = rows.last() else { return Ok(tally) };
        position = last.sequence();
        if rows.len() < BATCH as usize || last.event().at >= to.plus(DISORDER) {
            return Ok(tally);
        }
    }
}

/// As a monthly report wants it: one line for each name and step.
pub fn csv(tally: &Tally, from: Timestamp) -> String {
    use std::fmt::Write as _;

    let mut text = "by,name,step,done,refused,success_percent\n".to_owned();
    let mut write = |by: &str, section: Section| {
        for (name, steps) in section {
            for (step, counts) in steps {
                // Writing to a string does not fail.
                let _ = writeln!(text, "{by},{name},{step},{counts}");
            }
        }
    };
    write("all", tally.of(from, |who| matches!(who, Who::Everybody)));
    write("relying_party", tally.of(from, |who| matches!(who, Who::RelyingParty(_))));
    write("province", tally.of(from, |who| matches!(who, Who::Province(_))));
    text
}
