//! Row 29: memory under lasting load. Take-backs are held as long as the tokens they concern could
//! live, so memory may grow with them and with nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use testkit::all_at_once;

use super::portal::{Client, Judged, Portal};
use super::site::Site;
use super::{alone, size};

const WORKERS: usize = 4;
/// About a third of what two cores shared with the database and this test can do.
const PAUSE: Duration = Duration::from_millis(25);
/// What a node may hold for a take-back (issue 3).
const PER_TAKE_BACK: u64 = 100;

#[derive(Default)]
struct Done {
    grants: AtomicUsize,
    revoked: AtomicUsize,
    asserted: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_stays_flat_under_lasting_load() {
    let row = alone().await;
    // Allocators settle slowly: the small size can only show that nothing runs away.
    let (lasting, growth) = size((Duration::from_secs(18), 40), (Duration::from_mins(30), 3));
    let site = Site::of(3).await;
    let portal = site.portal(WORKERS).await;
    let done = Arc::new(Done::default());
    let (begun, end) = (Instant::now(), Instant::now() + lasting);
    let work = all_at_once(WORKERS, |worker| {
        let (portal, done) = (portal.clone(), Arc::clone(&done));
        async move {
            while Instant::now() < end {
                one_visit(&portal, worker, &done).await;
                tokio::time::sleep(PAUSE).await;
            }
        }
    });
    let measure = async {
        tokio::time::sleep(lasting / 3).await;
        (resident(&site), done.revoked.load(Ordering::Relaxed))
    };
    let (_, (warm, revoked_warm)) = tokio::join!(work, measure);
    let (after, grants) = (resident(&site), done.grants.load(Ordering::Relaxed));
    let revoked = done.revoked.load(Ordering::Relaxed);
    let held = u64::try_from(revoked - revoked_warm).expect("a count") * PER_TAKE_BACK;
    for (node, (warm, after)) in warm.iter().zip(&after).enumerate() {
        let most = warm + warm * growth / 100 + held;
        assert!(*after <= most, "node {node} grew from {warm} to {after} bytes");
    }
    assert!(done.asserted.load(Ordering::Relaxed) > 0, "assertions were accepted in the end");
    let megabytes = |sizes: &[u64]| sizes.iter().max().expect("a node") / 1_000_000;
    row.passed(
        "29",
        format!(
            "{} s at {} grants/s with introspection and refresh, {revoked} revoked: largest node \
             {} MB after a third, {} MB at the end",
            lasting.as_secs(),
            grants / usize::try_from(begun.elapsed().as_secs().max(1)).expect("a count"),
            megabytes(&warm),
            megabytes(&after)
        ),
    );
}

fn resident(site: &Site) -> Vec<u64> {
    site.nodes.iter().map(super::site::Node::resident).collect()
}

/// A login by single sign-on, questions about its token, a client's own token, sometimes the end.
async fn one_visit(portal: &Portal, worker: usize, done: &Done) {
    let count = done.grants.fetch_add(1, Ordering::Relaxed);
    let code = portal.code(count, worker).await.expect("a code");
    let answer = portal.redeem(Client::Portal, count + 1, &code).await;
    let token = answer.text("access_token");
    for node in 0..portal.nodes() {
        assert_eq!(portal.judge(node, &token).await, Judged::Active);
    }
    let assertion = portal.assertion(&format!("soak-{count}"));
    match portal.assert(count, &assertion).await.status() {
        Some(200) => _ = done.asserted.fetch_add(1, Ordering::Relaxed),
        // While Redis is new.
        status => assert_eq!(status, Some(503)),
    }
    if count.is_multiple_of(5) {
        assert_eq!(portal.revoke(count, &token).await.status(), Some(200));
        done.revoked.fetch_add(1, Ordering::Relaxed);
    }
}
