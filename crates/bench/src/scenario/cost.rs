//! What it costs besides time: storage, memory, the wait for a start.

use super::rate::sso_once;
use super::{Field, request, settle, visitors};
use crate::ground::Process;
use crate::report::{Line, Target, median};
use crate::walk::tokens;
use crate::wire::Wire;

const TOKENS: u64 = 2_000;
const LOGINS: u64 = 500;
/// Before memory is read: what a process takes once must not count for the first take-backs.
const WARM_UP: u64 = 5_000;
const TAKE_BACKS: u64 = 40_000;
const STARTS: usize = 5;

/// What is written per access token and per login.
pub fn storage(field: &Field<'_>) -> Vec<Line> {
    let stores = field.ground.name;
    let mut wire = Wire::to(field.provider.address);
    let refresh = visitors(field.ground, field.provider, 1).remove(0);
    settle();
    let before = field.provider.written();
    for _ in 0..TOKENS / 2 {
        tokens(&mut wire, &request::client_credentials()).expect("a token");
        tokens(&mut wire, &request::refresh(&refresh.refresh_token)).expect("a token");
    }
    let per_token = (field.provider.written() - before) as f64 / TOKENS as f64;
    let before = field.provider.written();
    for _ in 0..LOGINS {
        sso_once(&mut wire, &refresh.browser).expect("a login");
    }
    let per_login = (field.provider.written() - before) as f64 / LOGINS as f64;
    vec![
        Line::value("written per access token", stores, "bytes", per_token, Target::AtMost(0.0)),
        Line::value("written per login, log and index", stores, "bytes", per_login, Target::None),
    ]
}

/// Memory of an idle node, and what a take-back adds.
pub fn memory(field: &Field<'_>) -> Vec<Line> {
    let stores = field.ground.name;
    let node = field.ground.serve();
    std::thread::sleep(std::time::Duration::from_secs(2));
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
                    let held = tokens(&mut wire, &request::client_credentials()).expect("a token");
                    let token = held["access_token"].as_str().expect("a token");
                    let answer = wire.exchange(&request::revocation(token)).expect("an answer");
                    assert_eq!(answer.status, 200, "{}", answer.text());
                }
            });
        }
    });
}

/// From the start of the process to its first good answer, files warm.
pub fn start(field: &Field<'_>) -> Vec<Line> {
    let starts: Vec<f64> = (0..STARTS)
        .map(|_| field.ground.serve().ready_after.as_secs_f64() * 1000.0)
        .collect();
    let stores = field.ground.name;
    vec![Line::value("start to ready", stores, "ms", median(&starts), Target::AtMost(300.0))]
}
