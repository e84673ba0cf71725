//! Gauges: looked up when somebody asks, so that nothing runs when nobody does.

use std::collections::BTreeMap;
use std::time::Duration;

use identity_core::Timestamp;
use identity_core::key::{KeyPurpose, KeyRecord};
use jose::KeyStage;
use metrics::gauge;
use node::measure::{
    BUILD_INFO, EXPIRY_SECONDS, EXPIRY_WARNING_SECONDS, HASH_QUEUE, KEY_AGE_SECONDS,
    LEDGER_CONFIRMED_SECONDS, LEDGER_TAKE_BACKS, LOGOUT_NOTICES_DUE, PROCESS_OPEN_FDS,
    PROCESS_RESIDENT_BYTES, PROCESS_UPTIME_SECONDS, READY, pool,
};

use super::{Watch, process};
use crate::cli::text::word;

/// Due notices are counted no further than this.
const DUE_AT_MOST: u32 = 1000;

/// From when on it is late that a key which ends has no successor.
const NOTICE: Duration = Duration::from_hours(21 * 24);

/// Something that ends, and from when on it should have been replaced already.
struct Ending {
    what: String,
    ends_at: Timestamp,
    warns_from: Timestamp,
}

pub async fn sample(watch: &Watch) {
    let now = watch.clock.now();
    let role = watch.role.as_str();
    let version = env!("CARGO_PKG_VERSION");
    gauge!(BUILD_INFO.name, "version" => version, "role" => role).set(1.0);
    gauge!(READY.name).set(if watch.readiness().await.ready { 1.0 } else { 0.0 });
    ledger(watch, now);
    passwords(watch);
    for (store, numbers) in watch.durable.pools() {
        pool(store, numbers);
    }
    if let Ok(records) = watch.keeper.records().await {
        keys(&records, now);
        ends(&endings(&records), now);
    }
    if let Ok(due) = watch.provider.store.due_logouts(now, DUE_AT_MOST).await {
        gauge!(LOGOUT_NOTICES_DUE.name).set(number(due.len()));
    }
    gauge!(PROCESS_UPTIME_SECONDS.name).set(watch.started.elapsed().as_secs_f64());
    if let Some(numbers) = process::numbers() {
        let bytes = usize::try_from(numbers.resident_bytes).unwrap_or(usize::MAX);
        gauge!(PROCESS_RESIDENT_BYTES.name).set(number(bytes));
        gauge!(PROCESS_OPEN_FDS.name).set(number(numbers.open_fds));
    }
}

/// A head that was never confirmed is as old as the process.
fn ledger(watch: &Watch, now: Timestamp) {
    let security = &watch.provider.security;
    let ago = security.confirmed_ago(now).unwrap_or_else(|| watch.started.elapsed());
    gauge!(LEDGER_CONFIRMED_SECONDS.name).set(ago.as_secs_f64());
    gauge!(LEDGER_TAKE_BACKS.name).set(number(security.remembered()));
}

fn passwords(watch: &Watch) {
    let queue = watch.provider.passwords.queue();
    for (state, value) in
        [("busy", queue.busy), ("waiting", queue.waiting), ("places", queue.places)]
    {
        gauge!(HASH_QUEUE.name, "state" => state).set(number(value));
    }
}

/// The newest active key of each purpose.
fn keys(records: &[KeyRecord], now: Timestamp) {
    let mut active: BTreeMap<String, Timestamp> = BTreeMap::new();
    for record in records.iter().filter(|record| KeyStage::of(record, now) == KeyStage::Active) {
        let newest = active.entry(word(&record.purpose)).or_insert(record.activates_at);
        *newest = record.activates_at.max(*newest);
    }
    for (purpose, since) in active {
        gauge!(KEY_AGE_SECONDS.name, "purpose" => purpose).set(now.since(since).as_secs_f64());
    }
}

/// What ends without a successor: the last key of a purpose that has an end.
fn endings(records: &[KeyRecord]) -> Vec<Ending> {
    let purposes =
        [KeyPurpose::SignEs256, KeyPurpose::SignRs256, KeyPurpose::SignEdDsa, KeyPurpose::Seal];
    let last = |purpose: KeyPurpose| {
        let of_purpose = records
            .iter()
            .filter(|record| record.purpose == purpose && record.compromised_at.is_none());
        let last = of_purpose.max_by_key(|record| record.activates_at)?;
        let ends_at = last.retires_at?;
        Some(Ending { what: word(&purpose), ends_at, warns_from: ends_at.minus(NOTICE) })
    };
    purposes.into_iter().filter_map(last).collect()
}

fn ends(endings: &[Ending], now: Timestamp) {
    for Ending { what, ends_at, warns_from } in endings {
        gauge!(EXPIRY_SECONDS.name, "what" => what.clone()).set(until(*ends_at, now));
        gauge!(EXPIRY_WARNING_SECONDS.name, "what" => what.clone()).set(until(*warns_from, now));
    }
}

/// Negative afterwards.
fn until(at: Timestamp, now: Timestamp) -> f64 {
    if at > now { at.since(now).as_secs_f64() } else { -now.since(at).as_secs_f64() }
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; counts stay far below 2^52")]
fn number(value: usize) -> f64 {
    value as f64
}
