//! A private Redis for tests.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, OnceLock};

use tempfile::TempDir;

use crate::free_port;
use crate::guardian::{self, Guarded, Plan};

/// A server on a free port of 127.0.0.1 and on a socket, keeping nothing on disk. Gone when dropped
/// or when this process ends, however it ends.
pub struct Redis {
    pub port: u16,
    /// Further words of its command line.
    arguments: Vec<String>,
    /// Ends before its directory goes.
    running: Mutex<Option<Guarded>>,
    directory: TempDir,
}

impl Redis {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With further words on its command line, such as `--aclfile`, `/path`.
    pub fn start_with(arguments: &[&str]) -> Self {
        let redis = Self {
            port: free_port(),
            directory: guardian::directory("vneid-redis-", None),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
            running: Mutex::new(None),
        };
        redis.restart();
        redis
    }

    /// One for all tests of this process that need nothing of their own. They share its keys: none
    /// may flush it, and each takes a prefix.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Redis> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("redis.sock")
    }

    /// `redis-cli` with these words; what it answers.
    pub fn cli(&self, words: &[&str]) -> String {
        let mut command = Command::new(guardian::program("redis-cli", &[]));
        let command = command.arg("-s").arg(self.socket()).args(words);
        let output = command.output().expect("redis-cli runs");
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(output.status.success() && !said.starts_with("ERR"), "{words:?}: {said}");
        said
    }

    /// Forgets everything.
    pub fn flush(&self) {
        self.cli(&["FLUSHALL"]);
    }

    pub fn kill_9(&self) {
        self.take().kill_9();
    }

    pub fn stop(&self) {
        self.take().stop();
    }

    /// Starts again at the same address, after [`Self::stop`] or [`Self::kill_9`]: empty.
    pub fn restart(&self) {
        let socket = self.socket().display().to_string();
        let directory = self.directory.path().display().to_string();
        let server = guardian::program("redis-server", &[]).display().to_string();
        let port = self.port.to_string();
        let words = [
            &["--bind", "127.0.0.1", "--port", &port, "--unixsocket", &socket][..],
            &["--dir", &directory, "--save", "", "--appendonly", "no"][..],
        ];
        let words = words.concat().into_iter().map(str::to_owned);
        let command = std::iter::once(server).chain(words).chain(self.arguments.clone()).collect();
        let plan = Plan { directory: self.directory.path(), signals: ["TERM", "KILL"], command };
        let ready = || guardian::listens(self.port) && self.socket().exists();
        let started = Guarded::start(&plan, ready);
        *self.running.lock().expect("no test panicked in here") = Some(started);
    }

    fn take(&self) -> Guarded {
        self.running.lock().expect("no test panicked in here").take().expect("it runs")
    }
}
