//! Row 33: the database is lost and restored to a point in time. What was taken back before that
//! point stays taken back; what was taken back after it is the drill's business.

use std::sync::Arc;
use std::time::Instant;

use test_servers::Postgres;

use super::portal::{Judged, Portal};
use super::site::Site;
use super::{alone, each, size};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_restore_loses_no_revocation_before_its_target_and_the_drill_ends_the_rest() {
    let row = alone().await;
    let count = size(30, 1_000);
    let site = Site::durable(2).await;
    let portal = site.portal(4).await;
    let backup = site.postgres.backup();
    let before = issue(&portal, count).await;
    let after = issue(&portal, count).await;
    let kept = portal.access_token(0).await;
    revoke(&portal, &before).await;
    let target = site.postgres.clock();
    revoke(&portal, &after).await;
    site.postgres.archive_log();
    site.postgres.kill_9();

    let begun = Instant::now();
    let restored = Postgres::restored(&backup, &target);
    site.moves_to(&restored);
    for node in 0..site.nodes.len() {
        site.crash(node).await;
    }
    assert_eq!(portal.judge(0, &kept).await, Judged::Active, "what stood before stands");
    let took = begun.elapsed();
    judged_everywhere(&portal, &before, Judged::Inactive).await;
    site.ledger_is_as_sealed();

    // These revocations are in no database any more: nothing but their keys can end these tokens.
    judged_everywhere(&portal, &after, Judged::Active).await;
    site.program.done(&["keys", "compromise", "--all-sealing"]);
    for node in 0..portal.nodes() {
        while portal.judge(node, &kept).await != Judged::Inactive {}
    }
    judged_everywhere(&portal, &after, Judged::Inactive).await;
    let token = site.portal(1).await.access_token(1).await;
    assert_eq!(portal.judge(0, &token).await, Judged::Active, "logins go on under new keys");
    row.passed(
        "33",
        format!(
            "restored to a point in time in {:.1} s: {count} of {count} revocations before it \
             stand at 2 nodes; {count} tokens revoked after it are dead after the drill",
            took.as_secs_f64()
        ),
    );
}

async fn issue(portal: &Portal, count: usize) -> Arc<Vec<String>> {
    let portal = portal.clone();
    Arc::new(
        each(count, 4, move |index| {
            let portal = portal.clone();
            async move { portal.access_token(index).await }
        })
        .await,
    )
}

async fn revoke(portal: &Portal, tokens: &Arc<Vec<String>>) {
    let (portal, tokens) = (portal.clone(), Arc::clone(tokens));
    each(tokens.len(), 4, move |index| {
        let (portal, tokens) = (portal.clone(), Arc::clone(&tokens));
        async move { assert_eq!(portal.revoke(index, &tokens[index]).await.status(), Some(200)) }
    })
    .await;
}

async fn judged_everywhere(portal: &Portal, tokens: &Arc<Vec<String>>, expected: Judged) {
    for token in tokens.iter() {
        for node in 0..portal.nodes() {
            assert_eq!(portal.judge(node, token).await, expected, "node {node}");
        }
    }
}
