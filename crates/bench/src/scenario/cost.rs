//! What it costs besides time: storage, memory, the wait for a start.

use std::time::Duration;

use super::rate::sso_once;
use super::{Field, request, settle, visitors};
use crate::ground::{Process, Stores};
use crate::load::beside;
use crate::report::{Line, Target, median};
use crate::walk;
use crate::wire::Wire;

const TOKENS: u64 = 400;
const ATTEMPTS: usize = 10;
const LOGINS: u64 = 500;
/// Before memory is read: what a process takes once must not count for the first take-backs.
const WARM_UP: u64 = 5_000;
const TAKE_BACKS: u64 = 150_000;
const STARTS: usize = 5;

/// What is written per access token and per login.
pub fn storage(field: &Field<'_>) -> Vec<Line> {
    let stores = field.ground.name();
    let line = |scenario, unit, value, target| Line::value(scenario, stores, unit, value, target);
    let mut wire = Wire::to(field.provider.address);
    let refresh = visitors(field.ground, field.provider, 1).remove(0);
    let written = || match &field.ground.stores {
        Stores::Embedded => Written { transactions: 0, bytes: field.provider.written() },
        Stores::Production(server, database) => Written {
            transactions: number(&server.psql_in(database, TRANSACTIONS)),
            bytes: number(&server.psql_in(database, LOG)),
        },
    };
    // What a node writes by itself meanwhile (a checkpoint of the ledger, its lease) is nobody's, and
    // does not come every time.
    let mut tokens = u64::MAX;
    for _ in 0..ATTEMPTS {
        settle();
        let before = written();
        for _ in 0..TOKENS / 2 {
            walk::tokens(&mut wire, &request::client_credentials()).expect("a token");
            walk::tokens(&mut wire, &request::refresh(&refresh.refresh_token)).expect("a token");
        }
        tokens = tokens.min(written().since(&before).bytes);
    }
    settle();
    let before = written();
    for _ in 0..LOGINS {
        sso_once(&mut wire, &refresh.browser).expect("a login");
    }
    let logins = written().since(&before);
    let each = |amount: u64, count: u64| amount as f64 / count as f64;
    let mut lines = vec![
        line("written per access token", "bytes", each(tokens, TOKENS), Target::AtMost(0.0)),
        line("log and index per login", "bytes", each(logins.bytes, LOGINS), Target::None),
    ];
    if let Stores::Production(server, database) = &field.ground.stores {
        let rows = number(&server.psql_in(database, ROWS)) as f64;
        let transactions = each(logins.transactions, LOGINS);
        lines.push(line("transactions per login", "count", transactions, Target::AtMost(1.02)));
        lines.push(line("rows written per login", "bytes", rows, Target::AtMost(1024.0)));
    }
    lines
}

/// What a database counted so far.
struct Written {
    transactions: u64,
    bytes: u64,
}

impl Written {
    const fn since(&self, before: &Self) -> Self {
        Self {
            transactions: self.transactions - before.transactions,
            bytes: self.bytes - before.bytes,
        }
    }
}

/// Only what writes gets a transaction id.
const TRANSACTIONS: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())";
const LOG: &str = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint";
/// The newest rows of the tables that a login writes, grant and event. The session's last use is
/// written at most once a minute, whatever number of logins there are.
const ROWS: &str = "SELECT round(
    (SELECT avg(pg_column_size(g.*)) FROM (SELECT * FROM grants ORDER BY redeemed_at DESC LIMIT 400) g)
  + (SELECT avg(pg_column_size(e.*)) FROM (SELECT * FROM events ORDER BY sequence DESC LIMIT 400) e))";

fn number(text: &str) -> u64 {
    text.trim().parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

/// Memory of an idle node, and what a take-back adds.
pub fn memory(field: &Field<'_>) -> Vec<Line> {
    let stores = field.ground.name();
    let node = field.ground.serve();
    std::thread::sleep(Duration::from_secs(2));
    let idle = node.resident() as f64 / 1024.0;
    take_back(&node, WARM_UP);
    settle();
    let before = node.resident();
    take_back(&node, TAKE_BACKS);
    settle();
    let grown = node.resident().saturating_sub(before) as f64 * 1024.0 / TAKE_BACKS as f64;
    vec![
        Line::value("memory of an idle node", stores, "MiB", idle, Target::AtMost(60.0)),
        Line::value("memory per take-back held", stores, "bytes", grown, Target::AtMost(100.0)),
    ]
}

/// Issues and revokes that many tokens.
fn take_back(node: &Process, count: u64) {
    const CONNECTIONS: u64 = 8;
    std::thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let mut wire = Wire::to(node.address);
                for _ in 0..count / CONNECTIONS {
                    let held =
                        walk::tokens(&mut wire, &request::client_credentials()).expect("a token");
                    let token = held["access_token"].as_str().expect("a token");
                    let answer = wire.exchange(&request::revocation(token)).expect("an answer");
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
        }
    });
}

/// Whether memory stays what it was under steady logins: the last third against the first.
pub fn soak(field: &Field<'_>, minutes: u64) -> Line {
    let people = visitors(field.ground, field.provider, 64);
    let journey = |which: usize| {
        let browsers: Vec<_> = people.iter().map(|visitor| visitor.browser.clone()).collect();
        let mut at = which * 7;
        move |wire: &mut Wire| {
            at += 1;
            sso_once(wire, &browsers[at % browsers.len()])
        }
    };
    let sample = || {
        (0..minutes * 6)
            .map(|_| {
                std::thread::sleep(Duration::from_secs(10));
                field.provider.resident() as f64
            })
            .collect::<Vec<_>>()
    };
    let address = field.provider.address;
    let (logins, memory) = beside(address, (0..4).map(journey).collect(), sample);
    let third = memory.len() / 3;
    let (early, late) = (median(&memory[..third]), median(&memory[memory.len() - third..]));
    let scenario = format!("memory after {minutes} min of {:.0} logins/s", logins.rate());
    let line =
        Line::value(scenario, field.ground.name(), "of before", late / early, Target::AtMost(1.1));
    Line { failed: logins.failed, ..line }
}

/// From the start of the process to its first good answer, files warm.
pub fn start(field: &Field<'_>) -> Vec<Line> {
    let starts: Vec<f64> =
        (0..STARTS).map(|_| field.ground.serve().ready_after.as_secs_f64() * 1000.0).collect();
    let stores = field.ground.name();
    vec![Line::value("start to ready", stores, "ms", median(&starts), Target::AtMost(300.0))]
}
