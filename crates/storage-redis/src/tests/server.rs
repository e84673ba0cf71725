//! Servers of Redis: own directory, no persistence, gone with the test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::{RedisLocation, RedisSettings, RedisTransientStore};
use identity_core::{Clock, Timestamp};
use storage::contract::sample::{BEGAN, NOW};
use storage::ports::EPOCH_MARGIN;
use storage::{Claim, TransientStore};
use tempfile::TempDir;
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

/// A server that listens on a socket and, unless told otherwise, on no port.
pub struct Server {
    directory: TempDir,
    configuration: Option<String>,
    arguments: Vec<String>,
    process: Option<Child>,
}

impl Server {
    pub async fn start() -> Self {
        Self::with(&["--port", "0"]).await
    }

    pub async fn with(arguments: &[&str]) -> Self {
        Self::configured(None, arguments).await
    }

    /// `configuration` is the path of a file.
    pub async fn configured(configuration: Option<String>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().copied().map(str::to_owned).collect();
        let directory = tempfile::tempdir().unwrap();
        let mut server = Self { directory, configuration, arguments, process: None };
        server.restart().await;
        server
    }

    /// Kills it, when it runs, and starts it on the same socket and port.
    pub async fn restart(&mut self) {
        self.kill();
        let directory = self.directory.path();
        let mut arguments: Vec<&str> = self.configuration.as_deref().into_iter().collect();
        arguments.extend(["--save", "", "--appendonly", "no", "--dir"]);
        arguments.push(directory.to_str().unwrap());
        let socket = self.socket();
        arguments.extend(["--unixsocket", socket.to_str().unwrap()]);
        arguments.extend(self.arguments.iter().map(String::as_str));
        self.process = Some(spawn("redis-server", &arguments));
        until("redis-server answers", async || {
            self.cli(&["PING"]).is_some_and(|said| said.contains("PONG") || said.contains("NOAUTH"))
        })
        .await;
    }

    /// As the end of a machine: nothing is said to anybody.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // The shell kills the server when its standard input ends.
            drop(process.stdin.take());
            process.wait().unwrap();
            let _ = std::fs::remove_file(self.socket());
        }
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    pub fn url(&self) -> String {
        format!("unix:{}", self.socket().display())
    }

    /// What `redis-cli` answers on the socket.
    pub fn cli(&self, arguments: &[&str]) -> Option<String> {
        cli(&[&["-s", self.socket().to_str()?], arguments].concat())
    }

    pub fn settings(&self) -> RedisSettings {
        RedisSettings::new(RedisLocation::single(&self.url()).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
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
        .expect("these tests need redis-server (Debian: apt install redis-server)")
}

pub fn cli(arguments: &[&str]) -> Option<String> {
    let output = Command::new("redis-cli").args(arguments).stdin(Stdio::null()).output();
    let output = output.expect("these tests need redis-cli (Debian: apt install redis-tools)");
    String::from_utf8(output.stdout).ok()
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
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
