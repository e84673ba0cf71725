//! Exact counts by the hour, kept inside.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use identity_core::{ClientId, Province, SecurityEvent, Timestamp};
use node::measure::{Outcome, Step};

use super::published::StepCounts;
use super::{Section, steps};

/// Of whom something is counted. Never of a relying party *in* a province: so fine a grain would say
/// who it was.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Who {
    Everybody,
    RelyingParty(ClientId),
    Province(Province),
}

impl Who {
    fn name(&self) -> String {
        match self {
            Self::Everybody => "all".to_owned(),
            Self::RelyingParty(client) => client.to_string(),
            Self::Province(province) => province.to_string(),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Cell {
    who: Who,
    step: Step,
    outcome: Outcome,
}

/// Viet Nam is seven whole hours ahead of Greenwich all year, so its days begin with an hour.
#[derive(Default)]
pub struct Tally {
    hours: BTreeMap<Timestamp, HashMap<Cell, u64>>,
}

/// The beginning of the hour.
pub fn hour_of(at: Timestamp) -> Timestamp {
    const SECONDS: i64 = 3600;
    Timestamp::from_unix_seconds(at.unix_seconds().div_euclid(SECONDS) * SECONDS)
}

impl Tally {
    pub fn note(&mut self, event: &SecurityEvent) {
        let Some((step, outcome)) = steps::of(&event.kind) else { return };
        let hour = self.hours.entry(hour_of(event.at)).or_default();
        let client = event.client.clone().map(Who::RelyingParty);
        let province = steps::province(&event.kind).map(Who::Province);
        for who in [Some(Who::Everybody), client, province].into_iter().flatten() {
            *hour.entry(Cell { who, step, outcome }).or_default() += 1;
        }
    }

    pub fn add(&mut self, other: Self) {
        for (hour, cells) in other.hours {
            let mine = self.hours.entry(hour).or_default();
            for (cell, count) in cells {
                *mine.entry(cell).or_default() += count;
            }
        }
    }

    pub fn forget_before(&mut self, at: Timestamp) {
        while let Some(oldest) = self.hours.first_entry() {
            if oldest.key().plus(Duration::from_hours(1)) > at {
                return;
            }
            oldest.remove();
        }
    }

    /// Everything from the hour `from` on, by name, as it may be published.
    pub fn of(&self, from: Timestamp, wanted: impl Fn(&Who) -> bool) -> Section {
        let mut exact: BTreeMap<String, BTreeMap<Step, (u64, u64)>> = BTreeMap::new();
        let cells = self.hours.range(from..).flat_map(|(_, cells)| cells);
        for (cell, count) in cells.filter(|(cell, _)| wanted(&cell.who)) {
            let steps = exact.entry(cell.who.name()).or_default();
            let (done, refused) = steps.entry(cell.step).or_default();
            match cell.outcome {
                Outcome::Done => *done += count,
                Outcome::Refused => *refused += count,
                Outcome::Failed => {}
            }
        }
        let publish =
            |(step, (done, refused)): (Step, _)| (step.as_str(), StepCounts::of(done, refused));
        let names = exact.into_iter();
        names.map(|(name, steps)| (name, steps.into_iter().map(publish).collect())).collect()
    }
}
