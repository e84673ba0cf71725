//! Row 32: the release before and this one, side by side on one database while it is migrated. The
//! schema expands first and contracts a release later, so neither fails a request.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use testkit::program::binary;

use super::portal::{Client, Judged, Portal};
use super::site::Site;
use super::{alone, size};

const WORKERS: usize = 4;

/// Put there by tests/previous-release.sh; absent where the history is not at hand.
fn previous_release() -> Option<PathBuf> {
    let test = std::env::current_exe().expect("a path");
    let target = test.ancestors().nth(3).expect("target/debug/deps/…");
    let binary = target.join("previous-release").join("vneid");
    if binary.exists() {
        return Some(binary);
    }
    println!("row 32: skipped, tests/previous-release.sh has built nothing");
    None
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_releases_serve_one_database_while_it_is_migrated() {
    // Scorecard 32
    let Some(before) = previous_release() else { return };
    let row = alone().await;
    let mut site = Site::of_release(&before, 1).await;
    site.program.binary = binary();
    let pending = site.program.refused(&["migrate", "--check"]);
    assert!(pending.contains("pending"), "this release must bring a migration: {pending}");
    let old = site.portal(WORKERS).await;
    let load = Load::on(&old);
    load.has_done(size(50, 500)).await;
    site.program.done(&["migrate"]);
    let migrated_after = load.done();
    let site = site.with_another_node().await;
    let both = old.also_at(&site);
    let load_on_both = Load::on(&both);
    load.has_done(migrated_after + size(50, 500)).await;
    load_on_both.has_done(size(100, 1_000)).await;
    each_believes_the_other(&both).await;
    let served = load.stop().await + load_on_both.stop().await;
    row.passed("32", format!("{served} grants judged while a migration ran, 0 failed requests"));
}

async fn each_believes_the_other(portal: &Portal) {
    for (made_at, asked_at) in [(0, 1), (1, 0)] {
        let token = portal.access_token(made_at).await;
        assert_eq!(portal.judge(asked_at, &token).await, Judged::Active);
        assert_eq!(portal.revoke(asked_at, &token).await.status(), Some(200));
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(portal.judge(made_at, &token).await, Judged::Inactive);
    }
}

/// Logins by single sign-on, redemptions and introspections, none of which may fail.
struct Load {
    done: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    workers: tokio::task::JoinSet<()>,
}

impl Load {
    fn on(portal: &Portal) -> Self {
        let (done, stop) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let mut workers = tokio::task::JoinSet::new();
        for worker in 0..WORKERS {
            let (portal, done, stop) = (portal.clone(), Arc::clone(&done), Arc::clone(&stop));
            workers.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let code = portal.code(worker, worker).await.expect("a code");
                    let answer = portal.redeem(Client::Portal, worker + 1, &code).await;
                    assert_eq!(answer.status(), Some(200), "{answer:?}");
                    let judged = portal.judge(worker, &answer.text("access_token")).await;
                    assert_eq!(judged, Judged::Active);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Self { done, stop, workers }
    }

    fn done(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    async fn has_done(&self, count: usize) {
        for _ in 0..600 {
            if self.done() >= count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("only {} of {count} in a minute", self.done());
    }

    /// A request that failed fails here.
    async fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        self.workers.join_all().await;
        self.done.load(Ordering::Relaxed)
    }
}
