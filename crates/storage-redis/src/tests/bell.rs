//! The bell, over real channels.

use std::time::Duration;

use crate::RedisBell;
use storage::Bell;
use tokio::time::timeout;

use test_servers::Redis;

use super::server::{settings, until};

const SOON: Duration = Duration::from_secs(5);

/// Both listen; what they heard of their own beginning is behind them.
async fn two_nodes(server: &Redis) -> [RedisBell; 2] {
    let bells =
        [RedisBell::open(settings(server)).unwrap(), RedisBell::open(settings(server)).unwrap()];
    for bell in &bells {
        timeout(SOON, bell.rung()).await.unwrap();
    }
    bells
}

#[tokio::test]
async fn a_ring_on_one_node_is_heard_on_every_node() {
    let server = Redis::start();
    let [one, other] = two_nodes(&server).await;
    one.ring().await;
    timeout(SOON, one.rung()).await.unwrap();
    timeout(SOON, other.rung()).await.unwrap();
    let silence = timeout(Duration::from_millis(50), other.rung()).await;
    assert!(silence.is_err(), "heard what nobody rang");
}

#[tokio::test]
async fn the_bell_is_heard_again_after_redis_came_back() {
    let server = Redis::start();
    let [one, other] = two_nodes(&server).await;
    server.kill_9();
    server.restart();
    // Somebody may have rung meanwhile.
    timeout(SOON, other.rung()).await.unwrap();
    until("a ring is heard", async || {
        one.ring().await;
        timeout(Duration::from_millis(100), other.rung()).await.is_ok()
    })
    .await;
}
