//! Rows 4, 5 and 6: Redis killed, emptied, silent. It may forget everything, and nothing is accepted
//! twice; it may be away, and only what needs it is refused.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::portal::{Answer, Client, Judged, Portal};
use super::site::Site;
use super::{alone, each, size};

const WORKERS: usize = 8;

/// Things that were used and must never serve again.
struct Used {
    codes: Vec<String>,
    revoked: Vec<String>,
    assertions: Vec<String>,
    /// Refresh tokens of a public client, two generations old.
    refreshes: Vec<String>,
}

impl Used {
    async fn up(portal: &Portal, count: usize, name: &'static str) -> Self {
        let grants = {
            let portal = portal.clone();
            each(count, WORKERS, move |index| {
                let portal = portal.clone();
                async move {
                    let code = portal.code(index, index).await.expect("a code");
                    let answer = portal.redeem(Client::Portal, index, &code).await;
                    let token = answer.text("access_token");
                    assert_eq!(portal.revoke(index + 1, &token).await.status(), Some(200));
                    (code, token)
                }
            })
            .await
        };
        let refreshes = {
            let portal = portal.clone();
            each(count / 10, WORKERS, move |index| {
                let portal = portal.clone();
                async move {
                    let code = portal.offline_code(Client::App, index).await;
                    let first = portal.redeem(Client::App, index, &code).await;
                    let first = first.text("refresh_token");
                    let second = portal.refresh(Client::App, index, &first).await;
                    let third =
                        portal.refresh(Client::App, index + 1, &second.text("refresh_token")).await;
                    assert_eq!(third.status(), Some(200));
                    first
                }
            })
            .await
        };
        portal.until_asserted(name).await;
        let assertions = {
            let portal = portal.clone();
            each(count, WORKERS, move |index| {
                let portal = portal.clone();
                async move {
                    let assertion = portal.assertion(&format!("{name}-used-{index}"));
                    assert_eq!(portal.assert(index, &assertion).await.status(), Some(200));
                    assertion
                }
            })
            .await
        };
        let (codes, revoked) = grants.into_iter().unzip();
        Self { codes, revoked, assertions, refreshes }
    }

    /// Everything once more, at another node; returns how many refusals that were.
    async fn again(self, portal: &Portal) -> usize {
        let used = Arc::new(self);
        let portal = portal.clone();
        let counts = [used.codes.len(), used.assertions.len(), used.refreshes.len()];
        each(used.codes.len(), WORKERS, move |index| {
            let (used, portal) = (Arc::clone(&used), portal.clone());
            async move {
                let refused = |what, answer: &Answer| {
                    assert!(matches!(answer.status(), Some(400 | 401)), "{what}: {answer:?}");
                };
                let answer = portal.assert(index + 1, &used.assertions[index]).await;
                assert!(answer.is_refused(), "assertion: {answer:?}");
                let code = &used.codes[index];
                refused("code", &portal.redeem(Client::Portal, index + 1, code).await);
                for node in 0..portal.nodes() {
                    let judged = portal.judge(node, &used.revoked[index]).await;
                    assert_eq!(judged, Judged::Inactive, "revoked");
                }
                if let Some(refresh) = used.refreshes.get(index) {
                    refused("refresh", &portal.refresh(Client::App, index, refresh).await);
                }
            }
        })
        .await;
        counts.iter().sum::<usize>() + counts[0] * 3
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_redis_that_forgot_everything_lets_nothing_be_used_again() {
    // Scorecard 5; the epoch rule of the design
    let row = alone().await;
    let count = size(50, 1_000);
    let site = Site::of(3).await;
    let portal = site.portal(WORKERS).await;
    let flushed = Used::up(&portal, count, "flushed").await;
    site.redis.flush();
    let mut refused = flushed.again(&portal).await;

    let restarted = Used::up(&portal, count, "restarted").await;
    site.redis.kill_9();
    site.redis.restart();
    refused += restarted.again(&portal).await;
    portal.until_asserted("after").await;
    row.passed(
        "5",
        format!(
            "FLUSHALL, then kill -9 and restart, each after {count} revocations, {count} codes, \
             {count} client assertions and {} rotated refresh tokens: {refused} further uses, all \
             refused at every node; fresh assertions accepted afterwards",
            count / 10
        ),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_redis_logins_go_on_and_what_needs_it_is_refused_until_it_is_back() {
    // Scorecard 4 and 6
    let row = alone().await;
    let lasting = size(Duration::from_secs(3), Duration::from_mins(1));
    let site = Site::of(3).await;
    let portal = site.portal(WORKERS).await;
    let token = portal.access_token(0).await;
    portal.until_asserted("before").await;

    for node in &site.nodes {
        node.to_redis.silence();
    }
    let silent = live_without(&portal, &token, lasting, "silent").await;
    for node in &site.nodes {
        node.to_redis.point_at(site.redis.port);
    }
    let healed = portal.until_asserted("healed").await;
    for assertion in &silent.assertions {
        // Whether Redis has it, nobody knows: once at most, and never twice.
        let first = portal.assert(0, assertion).await.status();
        assert!(matches!(first, Some(200 | 401)), "{first:?}");
        assert!(portal.assert(1, assertion).await.is_refused());
    }
    site.redis.kill_9();
    let killed = live_without(&portal, &token, lasting, "killed").await;
    site.redis.restart();
    let restarted = portal.until_asserted("restarted").await;
    for assertion in &killed.assertions {
        assert!(portal.assert(0, assertion).await.is_refused(), "issued before the new epoch");
    }
    row.passed(
        "4, 6",
        format!(
            "Redis silent, then dead, {} s each: {} logins and introspections, 0 failed; {} client \
             assertions, all 503; accepted again after {:.1} s and {:.1} s",
            lasting.as_secs(),
            silent.served + killed.served,
            silent.assertions.len() + killed.assertions.len(),
            healed.as_secs_f64(),
            restarted.as_secs_f64()
        ),
    );
}

struct Without {
    served: usize,
    assertions: Vec<String>,
}

/// Logs in, introspects and asserts for so long.
async fn live_without(
    portal: &Portal,
    token: &str,
    lasting: Duration,
    name: &'static str,
) -> Without {
    let begun = Instant::now();
    let mut without = Without { served: 0, assertions: Vec::new() };
    while begun.elapsed() < lasting {
        let node = without.served;
        let fresh = portal.access_token(node).await;
        for token in [token, &fresh] {
            assert_eq!(portal.judge(node + 1, token).await, Judged::Active);
        }
        if without.served.is_multiple_of(30) {
            let assertion = portal.assertion(&format!("{name}-{}", without.served));
            let answer = portal.assert(node, &assertion).await;
            assert!(answer.asks_to_come_back(), "{answer:?}");
            without.assertions.push(assertion);
        }
        without.served += 3;
    }
    without
}
