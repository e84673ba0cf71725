//! When a key does what, and when the next one is needed. Pure: nothing here opens a key.

use std::time::Duration;

use identity_core::Timestamp;
use identity_core::key::{KeyPurpose, KeyRecord};

use crate::claims::CLOCK_SKEW;

/// Where a key stands in its life at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyStage {
    /// Known and published, makes nothing yet. Believed, since another node's clock may run ahead.
    Published,
    /// May make new tokens; the newest such key does.
    Active,
    /// Makes nothing new; what it made is believed.
    VerifyOnly,
    /// Nothing made with it is believed.
    Removed,
    /// It leaked. Holds from the moment it is known, whatever the clock says (ATK-131).
    Compromised,
}

impl KeyStage {
    pub fn of(record: &KeyRecord, now: Timestamp) -> Self {
        let reached = |instant: Option<Timestamp>| instant.is_some_and(|instant| instant <= now);
        if record.compromised_at.is_some() {
            Self::Compromised
        } else if reached(record.removes_at) {
            Self::Removed
        } else if reached(record.retires_at) {
            Self::VerifyOnly
        } else if record.activates_at <= now {
            Self::Active
        } else {
            Self::Published
        }
    }

    /// Whether something made with the key is believed, and the key published.
    pub const fn is_believed(self) -> bool {
        match self {
            Self::Published | Self::Active | Self::VerifyOnly => true,
            Self::Removed | Self::Compromised => false,
        }
    }
}

/// The one key of a purpose that makes new tokens at `now`: the newest active one.
///
/// A tie (two nodes made a key in the same instant) is settled by kid, so that all nodes agree.
pub(crate) fn maker<'r>(
    records: impl Iterator<Item = &'r KeyRecord>,
    now: Timestamp,
) -> Option<&'r KeyRecord> {
    records.filter(|record| KeyStage::of(record, now) == KeyStage::Active).max_by_key(|r| order(r))
}

fn order(record: &KeyRecord) -> (Timestamp, &str) {
    (record.activates_at, &record.kid)
}

/// How keys of one purpose follow each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RotationSchedule {
    /// A new key is visible at least this long before it is used: longer than anybody caches the
    /// JWKS and any node takes to load keys (ATK-130).
    pub publish_ahead: Duration,
    /// How long a key makes new tokens.
    pub active_for: Duration,
    /// How long after that it is still believed: at least the longest life of what it made.
    pub verify_after: Duration,
}

impl RotationSchedule {
    /// For signing keys: changed every 90 days, announced a day ahead.
    pub const fn signing(longest_token_life: Duration) -> Self {
        Self {
            publish_ahead: Duration::from_hours(24),
            active_for: Duration::from_hours(90 * 24),
            verify_after: longest_token_life.saturating_add(MARGIN),
        }
    }

    /// For sealing keys: changed every 12 hours. Random 96-bit nonces allow 2³² messages under one
    /// key (NIST SP 800-38D §8.3), which 12 hours reach at 99 000 tokens a second.
    pub const fn sealing(longest_token_life: Duration) -> Self {
        Self {
            publish_ahead: Duration::from_mins(10),
            active_for: Duration::from_hours(12),
            verify_after: longest_token_life.saturating_add(MARGIN),
        }
    }
}

/// For clocks that differ and nodes that load a new key late.
const MARGIN: Duration = Duration::from_mins(10);

/// What to write so that keys go on following each other. Carry it out in one transaction.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RotationPlan {
    /// Make a key with `created_at` now and this `activates_at`.
    pub create: Option<Timestamp>,
    pub retire: Vec<Retirement>,
    /// Kids whose records may be deleted.
    pub remove: Vec<String>,
}

/// New times for one key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Retirement {
    pub kid: String,
    pub retires_at: Timestamp,
    pub removes_at: Timestamp,
}

impl RotationPlan {
    pub fn is_empty(&self) -> bool {
        self.create.is_none() && self.retire.is_empty() && self.remove.is_empty()
    }
}

/// Decides the next step for the keys of `purpose`; run it at start, now and then, and in the same
/// act as marking a key compromised.
///
/// A key retires exactly when its successor activates, and only once there is one: if rotation
/// stops, the last key goes on. Without any active key (first start, compromise) one is made to
/// activate at once, unannounced; relying parties fetch the JWKS again when they meet its kid.
pub fn plan_rotation(
    records: &[KeyRecord],
    purpose: KeyPurpose,
    schedule: RotationSchedule,
    now: Timestamp,
) -> RotationPlan {
    let ours = || records.iter().filter(move |record| record.purpose == purpose);
    let mut living: Vec<&KeyRecord> = ours()
        .filter(|record| match KeyStage::of(record, now) {
            KeyStage::Published | KeyStage::Active => true,
            KeyStage::VerifyOnly | KeyStage::Removed | KeyStage::Compromised => false,
        })
        .collect();
    living.sort_by_key(|record| order(record));

    let current = maker(living.iter().copied(), now);
    let has_next = living.iter().any(|record| now < record.activates_at);
    let create = match current {
        // Dated back by as much as clocks may differ: a node whose clock is behind finds it active
        // too, instead of filling the same gap once more.
        None => Some(now.minus(CLOCK_SKEW)),
        Some(_) if has_next => None,
        Some(key) => successor(key, schedule, now),
    };

    // A created key stands behind the others unless it fills a gap before them.
    let behind = create.filter(|_| current.is_some());
    let successors = living.iter().skip(1).map(|record| record.activates_at).chain(behind);
    let retire = living
        .iter()
        .zip(successors)
        .filter(|(record, at)| record.retires_at != Some(*at))
        .map(|(record, at)| Retirement {
            kid: record.kid.clone(),
            retires_at: at,
            removes_at: at.plus(schedule.verify_after),
        })
        .collect();
    let remove =
        ours().filter(|record| is_spent(record, schedule, now)).map(|r| r.kid.clone()).collect();
    RotationPlan { create, retire, remove }
}

/// When the key after `current` should activate, if it is time to make it. A retirement without a
/// successor means that the successor was compromised: then it is time, whatever the date.
fn successor(current: &KeyRecord, schedule: RotationSchedule, now: Timestamp) -> Option<Timestamp> {
    let due = current.activates_at.plus(schedule.active_for);
    let announced = now.plus(schedule.publish_ahead);
    (due <= announced || current.retires_at.is_some()).then(|| due.max(announced))
}

/// Nothing alive can have been made with it.
fn is_spent(record: &KeyRecord, schedule: RotationSchedule, now: Timestamp) -> bool {
    match KeyStage::of(record, now) {
        KeyStage::Removed => true,
        KeyStage::Compromised => {
            record.compromised_at.is_some_and(|at| at.plus(schedule.verify_after) <= now)
        }
        KeyStage::Published | KeyStage::Active | KeyStage::VerifyOnly => false,
    }
}

#[cfg(test)]
mod tests;
