//! Redis is away: refused in time, and back by itself.

use std::net::TcpListener;
use std::time::Duration;

use crate::{RedisBell, RedisLocation, RedisSettings};
use storage::contract::sample::NOW;
use storage::{Bell as _, StoreError};
use tokio::time::{Instant, timeout};

use test_servers::Redis;

use super::server::{claim, open, opened, settings, until_answering};

#[tokio::test]
async fn a_redis_that_is_away_is_unavailable_and_comes_back_by_itself() {
    let server = Redis::start();
    let store = opened(settings(&server)).await;
    server.kill_9();
    for _ in 0..3 {
        let asked = Instant::now();
        let refused = store.claim_once(claim("a", NOW), NOW).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        assert!(asked.elapsed() < Duration::from_millis(600), "{:?}", asked.elapsed());
    }
    server.restart();
    until_answering(&store).await;
}

#[tokio::test]
async fn a_node_starts_while_redis_is_away() {
    let server = Redis::start();
    server.kill_9();
    let store = open(settings(&server));
    assert!(store.claim_once(claim("a", NOW), NOW).await.is_err());
    server.restart();
    until_answering(&store).await;
}

#[tokio::test]
async fn a_redis_that_hangs_is_given_up_after_the_time_out() {
    let server = Redis::start();
    let settings = RedisSettings { timeout: Duration::from_millis(100), ..settings(&server) };
    let store = opened(settings).await;
    server.cli(&["CLIENT", "PAUSE", "500", "ALL"]);
    let asked = Instant::now();
    assert!(store.claim_once(claim("a", NOW), NOW).await.is_err());
    assert!(asked.elapsed() < Duration::from_millis(250), "{:?}", asked.elapsed());
    until_answering(&store).await;
    // Whether Redis carried it out is not known. Once at most, in any case.
    let wins = [
        store.claim_once(claim("a", NOW), NOW).await.unwrap(),
        store.claim_once(claim("a", NOW), NOW).await.unwrap(),
    ];
    assert!(!wins[1], "{wins:?}");
}

#[tokio::test]
async fn a_host_that_accepts_and_says_nothing_delays_nobody_for_long() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let settings = RedisSettings::new(RedisLocation::single(&url).unwrap());
    let bell = RedisBell::open(settings.clone()).unwrap();
    let store = open(settings);
    let asked = Instant::now();
    assert!(store.claim_once(claim("a", NOW), NOW).await.is_err());
    bell.ring().await;
    assert!(asked.elapsed() < Duration::from_millis(700), "{:?}", asked.elapsed());
    assert!(timeout(Duration::from_millis(50), bell.rung()).await.is_err());
}
