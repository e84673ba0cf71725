//! Gauges: looked up when somebody asks, so that nothing runs when nobody does.

use identity_core::Timestamp;
use metrics::gauge;
use node::measure::{
    BUILD_INFO, EXPIRY_SECONDS, EXPIRY_WARNING_SECONDS, HASH_QUEUE, KEY_AGE_SECONDS,
    LEDGER_CONFIRMED_SECONDS, LEDGER_TAKE_BACKS, LOGOUT_NOTICES_DUE, PROCESS_OPEN_FDS,
    PROCESS_RESIDENT_BYTES, PROCESS_UPTIME_SECONDS, READY, REDIS_ANSWERS, pool,
};

use super::{Watch, process};
use crate::cli::text::word;
use crate::compose::expiry::Expiry;

/// Due notices are counted no further than this.
const DUE_AT_MOST: u32 = 1000;

pub async fn sample(watch: &Watch) {
    let now = watch.clock.now();
    let role = watch.role.as_str();
    let version = env!("CARGO_PKG_VERSION");
    gauge!(BUILD_INFO.name, "version" => version, "role" => role).set(1.0);
    let readiness = watch.readiness().await;
    gauge!(READY.name).set(if readiness.ready { 1.0 } else { 0.0 });
    if let Some(redis) = readiness.redis {
        gauge!(REDIS_ANSWERS.name).set(if redis == super::OK { 1.0 } else { 0.0 });
    }
    ledger(watch, now);
    passwords(watch);
    for (store, numbers) in watch.durable.pools() {
        pool(store, numbers);
    }
    keys(watch, now);
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

fn keys(watch: &Watch, now: Timestamp) {
    for (purpose, age) in watch.guards.key_ages(now) {
        gauge!(KEY_AGE_SECONDS.name, "purpose" => word(&purpose)).set(age.as_secs_f64());
    }
    for Expiry { what, ends_at, warns_from } in watch.guards.expiries(now) {
        let what = what.to_string();
        gauge!(EXPIRY_SECONDS.name, "what" => what.clone()).set(until(ends_at, now));
        gauge!(EXPIRY_WARNING_SECONDS.name, "what" => what).set(until(warns_from, now));
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
