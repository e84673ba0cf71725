//! Rows 6 and 51: a node that cannot reach the database, and a database that is away for all. What
//! needs no database goes on; what does is refused; nothing is guessed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use testkit::all_at_once;

use super::portal::{Judged, Portal};
use super::site::Site;
use super::{alone, size};

/// Design §4: knowledge older than this does not count.
const STALE_AFTER: Duration = Duration::from_secs(1);
/// Until a node that was cut off is current again.
const RECOVERS_WITHIN: Duration = Duration::from_secs(10);
const CUT_OFF: usize = 2;
/// More than a node has connections to the database.
const ASKERS: usize = 20;

/// What a node answered, and when it was asked.
struct Asked {
    at: Instant,
    took: Duration,
    judged: Judged,
}

/// Several ask one node about the tokens, one after another, until `end`.
async fn ask_until(
    portal: &Portal,
    node: usize,
    tokens: &Arc<Vec<String>>,
    end: Instant,
) -> Vec<Asked> {
    let answers = all_at_once(ASKERS, |_| {
        let (portal, tokens) = (portal.clone(), Arc::clone(tokens));
        async move {
            let mut answers = Vec::new();
            for token in tokens.iter().cycle() {
                let at = Instant::now();
                if at >= end {
                    break;
                }
                let judged = portal.judge(node, token).await;
                answers.push(Asked { at, took: at.elapsed(), judged });
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            answers
        }
    });
    answers.await.into_iter().flatten().collect()
}

/// How long a node takes to say `expected` of a token.
async fn until_says(portal: &Portal, node: usize, token: &str, expected: Judged) -> Duration {
    let begun = Instant::now();
    while portal.judge(node, token).await != expected {
        assert!(begun.elapsed() < RECOVERS_WITHIN, "node {node} does not recover");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_cut_off_from_the_database_says_that_it_cannot_say() {
    // Scorecard 6; the bounded-staleness rule
    let row = alone().await;
    let (count, lasting) = size((10, Duration::from_secs(3)), (200, Duration::from_mins(1)));
    let site = Site::of(3).await;
    let portal = site.portal(1).await;
    let mut figures = Vec::new();
    for break_it in [test_servers::Proxy::silence, test_servers::Proxy::cut] {
        let kept = portal.access_token(0).await;
        let mut tokens = Vec::new();
        for index in 0..count {
            tokens.push(portal.access_token(index).await);
            assert_eq!(portal.judge(CUT_OFF, &tokens[index]).await, Judged::Active);
        }
        let tokens = Arc::new(tokens);
        let cut = Instant::now();
        break_it(&site.nodes[CUT_OFF].to_postgres);
        let (answers, ()) =
            tokio::join!(ask_until(&portal, CUT_OFF, &tokens, cut + lasting), async {
                for token in tokens.iter() {
                    assert_eq!(portal.revoke(0, token).await.status(), Some(200));
                }
                assert_eq!(portal.judge(1, &kept).await, Judged::Active, "others go on");
            });
        let longest = answers.iter().map(|asked| asked.took).max().expect("answers");
        for asked in &answers {
            let since = asked.at.saturating_duration_since(cut);
            assert!(asked.judged != Judged::NoAnswer, "no answer after {since:?}");
            let fresh = since < STALE_AFTER;
            assert!(fresh || asked.judged == Judged::CannotSay, "{:?} at {since:?}", asked.judged);
        }
        let refused = answers.iter().filter(|asked| asked.judged == Judged::CannotSay).count();
        site.nodes[CUT_OFF].to_postgres.point_at(site.postgres.port);
        let healed = until_says(&portal, CUT_OFF, &kept, Judged::Active).await;
        for token in tokens.iter() {
            assert_eq!(portal.judge(CUT_OFF, token).await, Judged::Inactive, "it caught up first");
        }
        figures.push(format!(
            "{refused} times 503 (slowest {} ms), 0 active after {} s, current {} ms after healing",
            longest.as_millis(),
            STALE_AFTER.as_secs(),
            healed.as_millis()
        ));
    }
    row.passed(
        "6 (PostgreSQL)",
        format!(
            "a node cut off for {} s during {count} revocations: silently: {}; closed: {}",
            lasting.as_secs(),
            figures[0],
            figures[1]
        ),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_any_database_documents_are_served_and_nothing_is_guessed() {
    // Scorecard 51, ATK-075
    let row = alone().await;
    let lasting = size(Duration::from_secs(3), Duration::from_mins(2));
    let site = Site::of(3).await;
    let portal = site.portal(1).await;
    let token = portal.access_token(0).await;
    site.postgres.kill_9();
    let killed = Instant::now();
    let (mut documents, mut refused) = (0, 0);
    while killed.elapsed() < lasting {
        for node in 0..portal.nodes() {
            for path in ["/.well-known/openid-configuration", "/jwks"] {
                assert!(portal.document(node, path).await.is_some(), "{path} at node {node}");
                documents += 1;
            }
            let fresh = killed.elapsed() < STALE_AFTER;
            for judged in [portal.judge(node, &token).await, portal.userinfo(node, &token).await] {
                assert!(fresh || judged == Judged::CannotSay, "{judged:?} at node {node}");
                refused += usize::from(judged == Judged::CannotSay);
            }
        }
    }
    site.postgres.restart();
    let mut slowest = Duration::ZERO;
    for node in 0..portal.nodes() {
        slowest = slowest.max(until_says(&portal, node, &token, Judged::Active).await);
    }
    assert!(portal.code(1, 0).await.is_some(), "logins go on");
    row.passed(
        "51",
        format!(
            "PostgreSQL dead for {} s: {documents} of {documents} documents served, {refused} times \
             503, 0 active after {} s; every node serves {} ms after the restart",
            lasting.as_secs(),
            STALE_AFTER.as_secs(),
            slowest.as_millis()
        ),
    );
}
