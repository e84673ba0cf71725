//! What is counted and timed, in one table; and one function for each thing that happens.
//!
//! The `metrics` facade is to numbers what `tracing` is to lines: whoever knows that something
//! happened says so, and the composition root decides whether anybody listens. Nobody listening
//! costs one look at a pointer. Labels are bounded by this code or by the registry of relying
//! parties; nothing that a stranger sends ever becomes one.

mod table;

use std::time::Duration;

use identity_core::ClientId;
use metrics::{Counter, Histogram, counter, gauge, histogram};
use protocol::ErrorCode;
use storage::PoolNumbers;

pub use table::{
    ALL, BACKGROUND_FAILURES, BUILD_INFO, EXPIRY_SECONDS, EXPIRY_WARNING_SECONDS, GRANTS,
    HASH_QUEUE, HASHES, HTTP_REQUEST_DURATION, INTROSPECTIONS, KEY_AGE_SECONDS, Kind,
    LEDGER_CONFIRMED_SECONDS, LEDGER_TAKE_BACKS, LEDGER_UNSEALED_ROWS, LOGINS, LOGOUT_NOTICES,
    LOGOUT_NOTICES_DUE, Measure, PROCESS_OPEN_FDS, PROCESS_RESIDENT_BYTES, PROCESS_UPTIME_SECONDS,
    READY, REDIS_ANSWERS, REFUSALS, RELYING_PARTY_LOGINS, STORE_CONNECTIONS,
};

/// The walk of a login, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Step {
    Authorize,
    FirstFactor,
    SecondFactor,
    Consent,
    Code,
    Token,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    Done,
    /// The caller's or the person's doing.
    Refused,
    /// Ours.
    Failed,
}

/// What an introspection came to. Refused: the caller, not the token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answered {
    Active,
    Inactive,
    Refused,
    Unavailable,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GrantKind {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

impl Step {
    pub const ALL: [Self; 6] = [
        Self::Authorize,
        Self::FirstFactor,
        Self::SecondFactor,
        Self::Consent,
        Self::Code,
        Self::Token,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::FirstFactor => "first_factor",
            Self::SecondFactor => "second_factor",
            Self::Consent => "consent",
            Self::Code => "code",
            Self::Token => "token",
        }
    }
}

impl Outcome {
    pub const ALL: [Self; 3] = [Self::Done, Self::Refused, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl GrantKind {
    const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// `client`: a registered one, or nobody.
pub fn login(step: Step, outcome: Outcome, client: Option<&ClientId>) {
    let (step, outcome) = (step.as_str(), outcome.as_str());
    counter!(LOGINS.name, "step" => step, "outcome" => outcome).increment(1);
    if let Some(client) = client {
        let relying_party = client.to_string();
        counter!(
            RELYING_PARTY_LOGINS.name,
            "relying_party" => relying_party, "step" => step, "outcome" => outcome
        )
        .increment(1);
    }
}

pub fn grant(kind: GrantKind, outcome: Outcome) {
    counter!(GRANTS.name, "grant_type" => kind.as_str(), "outcome" => outcome.as_str())
        .increment(1);
}

/// `code`: a registered error code, or one of the fixed names of our pages.
pub fn refusal(code: &str) {
    counter!(REFUSALS.name, "code" => code.to_owned()).increment(1);
}

/// `route`: the pattern that matched, never the address.
pub fn http(route: &str, status: u16, took: Duration) {
    histogram!(
        HTTP_REQUEST_DURATION.name,
        "route" => route.to_owned(), "status" => status_class(status)
    )
    .record(took.as_secs_f64());
}

const fn status_class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// A password that was hashed, or turned away because too many were waiting.
pub fn hash(outcome: Outcome) {
    counter!(HASHES.name, "outcome" => outcome.as_str()).increment(1);
}

pub fn logout_notice(outcome: Outcome) {
    counter!(LOGOUT_NOTICES.name, "outcome" => outcome.as_str()).increment(1);
}

/// One of the composition root's loops begins.
pub fn background_work(work: &'static str) {
    counter!(BACKGROUND_FAILURES.name, "work" => work).absolute(0);
}

pub fn background_failure(work: &'static str) {
    counter!(BACKGROUND_FAILURES.name, "work" => work).increment(1);
}

#[expect(clippy::cast_precision_loss, reason = "a gauge is a float; counts stay far below 2^52")]
pub fn unsealed(rows: u64) {
    gauge!(LEDGER_UNSEALED_ROWS.name).set(rows as f64);
}

/// Handles of the hot path, looked up once: introspection answers at memory speed.
pub struct IntrospectionMeter {
    counters: [Counter; 4],
    took: [Histogram; 3],
}

impl IntrospectionMeter {
    /// After the recorder was installed: handles taken before count nothing.
    pub fn new(route: &'static str) -> Self {
        let result = |result: &'static str| counter!(INTROSPECTIONS.name, "result" => result);
        let took = |status: &'static str| histogram!(HTTP_REQUEST_DURATION.name, "route" => route, "status" => status);
        Self {
            counters: ["active", "inactive", "refused", "unavailable"].map(result),
            took: ["2xx", "4xx", "5xx"].map(took),
        }
    }

    pub fn answered(&self, what: Answered, took: Duration) {
        let [active, inactive, refused, unavailable] = &self.counters;
        let [fine, theirs, ours] = &self.took;
        let (count, time) = match what {
            Answered::Active => (active, fine),
            Answered::Inactive => (inactive, fine),
            Answered::Refused => (refused, theirs),
            Answered::Unavailable => (unavailable, ours),
        };
        count.increment(1);
        time.record(took.as_secs_f64());
    }
}

pub fn pool(store: &'static str, numbers: PoolNumbers) {
    let set = |state: &'static str, value: u32| {
        gauge!(STORE_CONNECTIONS.name, "store" => store, "state" => state).set(f64::from(value));
    };
    set("in_use", numbers.open.saturating_sub(numbers.idle));
    set("idle", numbers.idle);
    set("most", numbers.most);
    set("waiting", numbers.waiting);
}

/// Describes every measure, and starts those counters at nought whose labels are known beforehand:
/// a rate over a counter that appears only with its first event misses that event.
pub fn introduce() {
    for measure in ALL {
        match measure.kind {
            Kind::Counter => metrics::describe_counter!(measure.name, measure.help),
            Kind::Gauge => metrics::describe_gauge!(measure.name, measure.help),
            Kind::Histogram => metrics::describe_histogram!(measure.name, measure.help),
        }
    }
    for outcome in Outcome::ALL.map(Outcome::as_str) {
        for step in Step::ALL.map(Step::as_str) {
            counter!(LOGINS.name, "step" => step, "outcome" => outcome).absolute(0);
        }
        for kind in GrantKind::ALL.map(GrantKind::as_str) {
            counter!(GRANTS.name, "grant_type" => kind, "outcome" => outcome).absolute(0);
        }
        counter!(LOGOUT_NOTICES.name, "outcome" => outcome).absolute(0);
    }
    for outcome in [Outcome::Done, Outcome::Refused].map(Outcome::as_str) {
        counter!(HASHES.name, "outcome" => outcome).absolute(0);
    }
    for code in ErrorCode::ALL {
        counter!(REFUSALS.name, "code" => code.as_str()).absolute(0);
    }
}
