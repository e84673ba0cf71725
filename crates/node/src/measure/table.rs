//! Every metric of this provider. A dashboard or an alert that names another one fails a test.

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
}

#[derive(Clone, Copy, Debug)]
pub struct Measure {
    pub name: &'static str,
    pub kind: Kind,
    pub labels: &'static [&'static str],
    pub help: &'static str,
}

macro_rules! measures {
    ($($constant:ident = $name:literal, $kind:ident [$($label:literal),*], $help:literal;)+) => {
        $(pub const $constant: Measure = Measure {
            name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help,
        };)+
        pub const ALL: &[Measure] = &[$($constant),+];
    };
}

measures! {
    LOGINS = "vneid_logins_total", Counter ["step", "outcome"],
        "Steps of logins by outcome";
    RELYING_PARTY_LOGINS = "vneid_relying_party_logins_total",
        Counter ["relying_party", "step", "outcome"],
        "Steps of logins at each registered relying party by outcome";
    GRANTS = "vneid_grants_total", Counter ["grant_type", "outcome"],
        "Requests at the token endpoint of authenticated clients by grant type and outcome";
    REFUSALS = "vneid_refusals_total", Counter ["code"],
        "Refused requests by registered error code";
    INTROSPECTIONS = "vneid_introspections_total", Counter ["result"],
        "Introspections by result";
    HTTP_REQUEST_DURATION = "vneid_http_request_duration_seconds",
        Histogram ["route", "status"],
        "Time to answer by matched route and class of status";
    LEDGER_CONFIRMED_SECONDS = "vneid_ledger_confirmed_seconds", Gauge [],
        "Seconds since this node last confirmed the head of the ledger";
    LEDGER_TAKE_BACKS = "vneid_ledger_take_backs", Gauge [],
        "Take-backs that this node holds in memory";
    LEDGER_UNSEALED_ROWS = "vneid_ledger_unsealed_rows", Gauge [],
        "Rows of the ledger that no signed checkpoint covers yet";
    STORE_CONNECTIONS = "vneid_store_connections", Gauge ["store", "state"],
        "Connections of each store in use, idle and waited for, and the most there can be";
    HASH_QUEUE = "vneid_hash_queue", Gauge ["state"],
        "Passwords being hashed, waiting for their turn, and places in the queue";
    HASHES = "vneid_hashes_total", Counter ["outcome"],
        "Passwords hashed (done) or turned away because the queue was full (refused)";
    KEY_AGE_SECONDS = "vneid_key_age_seconds", Gauge ["purpose"],
        "Age of the newest active key of each purpose";
    EXPIRY_SECONDS = "vneid_expiry_seconds", Gauge ["what"],
        "Seconds until a key or certificate without successor ends";
    EXPIRY_WARNING_SECONDS = "vneid_expiry_warning_seconds", Gauge ["what"],
        "Seconds until it should have been replaced; negative when it is late";
    LOGOUT_NOTICES = "vneid_logout_notices_total", Counter ["outcome"],
        "Attempts to deliver back-channel logout notices by outcome";
    LOGOUT_NOTICES_DUE = "vneid_logout_notices_due", Gauge [],
        "Back-channel logout notices that are due, at most 1000";
    BACKGROUND_FAILURES = "vneid_background_failures_total", Counter ["work"],
        "Failed rounds of the work beside the requests";
    READY = "vneid_ready", Gauge [],
        "1 while /readyz answers 200";
    REDIS_ANSWERS = "vneid_redis_answers", Gauge [],
        "1 while Redis answers; no value where there is none";
    BUILD_INFO = "vneid_build_info", Gauge ["version", "role"],
        "Always 1; the labels say what runs";
    PROCESS_RESIDENT_BYTES = "vneid_process_resident_bytes", Gauge [],
        "Resident memory";
    PROCESS_OPEN_FDS = "vneid_process_open_fds", Gauge [],
        "Open file descriptors";
    PROCESS_UPTIME_SECONDS = "vneid_process_uptime_seconds", Gauge [],
        "Seconds since the process started to serve";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_follow_the_conventions_of_prometheus() {
        let mut names: Vec<_> = ALL.iter().map(|measure| measure.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        for measure in ALL {
            assert!(measure.name.starts_with("vneid_"), "{}", measure.name);
            let counts = measure.name.ends_with("_total");
            assert_eq!(counts, measure.kind == Kind::Counter, "{}", measure.name);
            assert!(!measure.help.is_empty());
        }
    }
}
