//! What the tests against real servers share.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::{RedisLocation, RedisSettings, RedisTransientStore};
use identity_core::{Clock, Timestamp};
use storage::contract::sample::{BEGAN, NOW};
use storage::ports::EPOCH_MARGIN;
use storage::{Claim, TransientStore};
use test_servers::Redis;
use tokio::time::{Instant, sleep};

/// A clock that is set by hand. As it comes, it makes the epoch of whatever begins [`BEGAN`].
pub struct HandSet(AtomicI64);

impl HandSet {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(BEGAN.minus(EPOCH_MARGIN).unix_millis())))
    }

    pub fn set(&self, now: Timestamp) {
        self.0.store(now.unix_millis(), Ordering::SeqCst);
    }
}

impl Clock for HandSet {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }
}

/// On its socket, as nobody in particular.
pub fn settings(server: &Redis) -> RedisSettings {
    let url = format!("unix:{}", server.socket().display());
    RedisSettings::new(RedisLocation::single(&url).unwrap())
}

/// A child that cannot outlive the test, however that ends: then its standard input ends too.
pub fn spawn(program: &str, arguments: &[&str]) -> Child {
    let script = r#""$@" >/dev/null 2>&1 & pid=$!; read -r _; kill -9 $pid; wait $pid"#;
    Command::new("sh")
        .args(["-c", script, "sh", program])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell")
}

pub fn cli(arguments: &[&str]) -> Option<String> {
    let output = Command::new("redis-cli").args(arguments).stdin(Stdio::null()).output();
    let output = output.expect("these tests need redis-cli (Debian: apt install redis-tools)");
    String::from_utf8(output.stdout).ok()
}

pub fn write(directory: &Path, name: &str, text: &str) -> String {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Waits until something is so; a server that does not come up fails the test.
pub async fn until(what: &str, so: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !so().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

pub fn open(settings: RedisSettings) -> Arc<dyn TransientStore> {
    open_at(settings, HandSet::new())
}

pub fn open_at(settings: RedisSettings, clock: Arc<HandSet>) -> Arc<dyn TransientStore> {
    Arc::new(RedisTransientStore::open(settings, clock).unwrap())
}

/// Opened, and its epoch is `BEGAN`.
pub async fn opened(settings: RedisSettings) -> Arc<dyn TransientStore> {
    let store = open(settings);
    until_answering(&store).await;
    begin(&store).await;
    store
}

/// Makes sure that the epoch of every shard is `BEGAN`: the first claim begins it.
pub async fn begin(store: &Arc<dyn TransientStore>) {
    for number in 0..500 {
        let id = format!("beginning {number}");
        let begun = store.claim_once(claim(&id, BEGAN), BEGAN.minus(EPOCH_MARGIN)).await;
        assert!(begun.is_ok(), "{begun:?}");
    }
}

pub async fn until_answering(store: &Arc<dyn TransientStore>) {
    until("Redis counts", async || {
        store.count("ready", "", Duration::from_secs(1), NOW).await.is_ok()
    })
    .await;
}

pub fn claim(id: &str, issued_at: Timestamp) -> Claim<'_> {
    let expires_at = issued_at.plus(Duration::from_mins(5));
    Claim { purpose: "jti", id, issued_at, expires_at }
}
