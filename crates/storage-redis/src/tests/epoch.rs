//! Redis forgets: nothing is accepted twice (ATK-050, scorecard 5).

use std::sync::Arc;
use std::time::Duration;

use storage::contract::sample::{NOW, seconds};
use storage::ports::EPOCH_MARGIN;
use storage::{StoreError, TransientStore};

use test_servers::Redis;

use super::server::{HandSet, begin, claim, open, open_at, opened, settings, until_answering};

const USED: usize = 1_000;

/// Uses a thousand identifiers, has Redis forget them, and tries each again. `NOW` is when they
/// were issued, used and lost.
async fn none_counts_again(store: &Arc<dyn TransientStore>, forget: impl AsyncFnOnce()) {
    let ids: Vec<String> = (0..USED).map(|number| format!("assertion {number}")).collect();
    for id in &ids {
        assert!(store.claim_once(claim(id, NOW), NOW).await.unwrap(), "{id}");
    }
    forget().await;
    // At once nobody can tell, and the caller is asked to come again.
    let first = until_answered(store, &ids[0]).await;
    assert!(matches!(first, Err(StoreError::Unavailable(_))), "{first:?}");
    let epoch = NOW.plus(EPOCH_MARGIN);
    for id in &ids {
        assert!(!store.claim_once(claim(id, NOW), epoch).await.unwrap(), "{id}");
    }
    // Whoever signs anew is served, once.
    assert!(store.claim_once(claim("new", epoch), epoch).await.unwrap());
    assert!(!store.claim_once(claim("new", epoch), epoch).await.unwrap());
    // One from a clock that is ahead of ours, used before the loss.
    let ahead = NOW.plus(Duration::from_secs(10));
    assert!(!store.claim_once(claim("ahead", ahead), epoch).await.unwrap());
}

/// The first claim after the loss that reached Redis; the epoch is made with `NOW`.
async fn until_answered(store: &Arc<dyn TransientStore>, id: &str) -> Result<bool, StoreError> {
    for _ in 0..500 {
        match store.claim_once(claim(id, NOW), NOW).await {
            Err(StoreError::Unavailable(cause)) if !cause.to_string().contains("just begun") => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            answer => return answer,
        }
    }
    panic!("Redis did not come back");
}

/// A store that has begun long ago; the next epoch begins `NOW`.
async fn store_at_now(server: &Redis) -> Arc<dyn TransientStore> {
    let clock = HandSet::new();
    let store = open_at(settings(server), Arc::clone(&clock));
    until_answering(&store).await;
    begin(&store).await;
    clock.set(NOW);
    store
}

#[tokio::test]
async fn what_was_used_before_a_flush_is_not_accepted_after_it() {
    let server = Redis::start();
    let store = store_at_now(&server).await;
    none_counts_again(&store, async || {
        server.cli(&["FLUSHALL"]);
    })
    .await;
}

#[tokio::test]
async fn what_was_used_before_a_restart_is_not_accepted_after_it() {
    let server = Redis::start();
    let store = store_at_now(&server).await;
    none_counts_again(&store, async || {
        server.kill_9();
        server.restart();
    })
    .await;
}

#[tokio::test]
async fn an_old_dump_is_a_new_memory() {
    // A machine comes back with what it had saved a while ago.
    let server = Redis::start();
    let store = store_at_now(&server).await;
    assert_eq!(server.cli(&["SAVE"]), "OK");
    none_counts_again(&store, async || {
        server.kill_9();
        server.restart();
        let kept = server.cli(&["EXISTS", "vneid:{0}epoch"]);
        assert_eq!(kept, "1", "the dump was not read");
    })
    .await;
}

#[tokio::test]
async fn every_node_sees_the_same_epoch() {
    let server = Redis::start();
    let (one, other) = (store_at_now(&server).await, opened(settings(&server)).await);
    assert!(one.claim_once(claim("a", NOW), NOW).await.unwrap());
    assert!(!other.claim_once(claim("a", NOW), NOW).await.unwrap());
    server.cli(&["FLUSHALL"]);
    assert!(one.claim_once(claim("a", NOW), NOW).await.is_err());
    assert!(!other.claim_once(claim("a", NOW), seconds(60)).await.unwrap());
}

#[tokio::test]
async fn a_redis_that_drops_keys_for_room_is_refused() {
    let evicting = ["--maxmemory", "10mb", "--maxmemory-policy", "allkeys-lru"];
    let server = Redis::start_with(&evicting);
    let store = open(settings(&server));
    until_answering(&store).await;
    let refused = store.claim_once(claim("a", NOW), NOW).await;
    let Err(StoreError::Unavailable(cause)) = refused else { panic!("{refused:?}") };
    assert!(format!("{cause:?}").contains("noeviction"), "{cause:?}");
}

#[tokio::test]
async fn a_full_redis_refuses_instead_of_forgetting() {
    let server = Redis::start();
    let store = store_at_now(&server).await;
    assert!(store.claim_once(claim("a", NOW), NOW).await.unwrap());
    server.cli(&["CONFIG", "SET", "maxmemory", "1"]);
    let refused = store.claim_once(claim("b", NOW), NOW).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    server.cli(&["CONFIG", "SET", "maxmemory", "0"]);
    assert!(!store.claim_once(claim("a", NOW), NOW).await.unwrap());
    assert!(store.claim_once(claim("b", NOW), NOW).await.unwrap());
}

#[tokio::test]
async fn everything_but_the_epoch_expires() {
    let server = Redis::start();
    let store = store_at_now(&server).await;
    store.count("any", "", Duration::from_secs(1), NOW).await.unwrap();
    let keys = server.cli(&["KEYS", "*"]);
    let lasting: Vec<&str> =
        keys.lines().filter(|key| server.cli(&["PTTL", key]) == "-1").collect();
    assert_eq!(lasting, ["vneid:{0}epoch"], "{keys}");
    assert!(keys.lines().count() >= 3 && keys.lines().all(|key| key.starts_with("vneid:")));
}
