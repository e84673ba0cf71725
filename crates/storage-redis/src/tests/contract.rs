//! What every transient store does.

use std::sync::Arc;

use storage::TransientStore;

use test_servers::Redis;

use super::server::{opened, settings};

async fn single() -> (Arc<dyn TransientStore>, Redis) {
    let server = Redis::start();
    (opened(settings(&server)).await, server)
}

storage::transient_suite!(single);
