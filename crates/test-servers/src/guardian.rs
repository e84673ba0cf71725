//! A server of somebody else's making whose life hangs on this process.
//!
//! Tests end in many ways: by success, by panic, by `kill -9`. A shell stands between us and the
//! server and reads a pipe that we hold open. However we end, the pipe closes, and the shell ends
//! the server and removes its directory.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// `$1` directory, `$2` and `$3` the signals that end the server politely and at once, then the
/// server's command. A line on the pipe: politely, its directory is still wanted. The end of the
/// pipe: nobody wants either.
const SCRIPT: &str = r#"
directory=$1; polite=$2; abrupt=$3; shift 3
"$@" </dev/null >>"$directory/server.log" 2>&1 &
server=$!
echo "$server"
if read -r _; then
    kill -s "$polite" "$server"
    wait "$server"
else
    kill -s "$abrupt" "$server"
    wait "$server"
    rm -rf "$directory"
fi
"#;

const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// A running server and its guardian. Ended, with its directory, when dropped.
pub(crate) struct Guarded {
    guardian: Child,
    server: u32,
}

/// What differs between servers.
pub(crate) struct Plan<'a> {
    pub directory: &'a Path,
    /// What ends it politely, and at once.
    pub signals: [&'a str; 2],
    pub command: Vec<String>,
}

impl Guarded {
    /// Starts the server; returns when `ready` says so.
    pub fn start(plan: &Plan<'_>, ready: impl Fn() -> bool) -> Self {
        let mut guardian = Command::new("sh")
            .args(["-c", SCRIPT, "guardian"])
            .arg(plan.directory)
            .args(plan.signals)
            .args(&plan.command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C is for the test; its end is what ends us.
            .process_group(0)
            .spawn()
            .expect("sh starts");
        let mut line = String::new();
        let stdout = guardian.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("the guardian speaks");
        let server = line.trim().parse().expect("a process id");
        let guarded = Self { guardian, server };
        let begun = Instant::now();
        while !ready() {
            let log = || fs::read_to_string(plan.directory.join("server.log")).unwrap_or_default();
            assert!(alive(server), "{} ended: {}", plan.command.join(" "), log());
            assert!(begun.elapsed() < STARTS_WITHIN, "{} hangs: {}", plan.command.join(" "), log());
            pause();
        }
        guarded
    }

    /// Politely, and its directory stays.
    pub fn stop(mut self) {
        let pipe = self.guardian.stdin.as_mut().expect("a pipe");
        pipe.write_all(b"keep\n").expect("the guardian listens");
    }

    /// SIGKILL to the server and all its children, as when its machine loses power; its directory
    /// stays.
    pub fn kill_9(self) {
        // Stopped first, or it could have another child while we kill those we know.
        signal("STOP", &[self.server]);
        let family = self.family();
        signal("KILL", &family);
        while family.iter().any(|id| alive(*id)) {
            pause();
        }
        self.stop();
    }

    pub fn signal_all(&self, name: &str) {
        signal(name, &self.family());
    }

    fn family(&self) -> Vec<u32> {
        let server = self.server;
        let children = format!("/proc/{server}/task/{server}/children");
        let children = fs::read_to_string(children).expect("the kernel knows children");
        let children = children.split_whitespace().map(|id| id.parse().expect("a process id"));
        std::iter::once(server).chain(children).collect()
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        drop(self.guardian.stdin.take());
        // An error: nobody to wait for.
        let _ = self.guardian.wait();
    }
}

/// Ends a process of this test's own making that has no guardian between, should this test end
/// without having waited for it.
pub struct Lifeline(Child);

impl Lifeline {
    /// Hold it for as long as the process is this test's business.
    pub fn of(process: u32) -> Self {
        // The end of the pipe without a word on it: nobody is left to end the process.
        let script = r#"read -r _ || kill -s KILL "$1""#;
        let watcher = Command::new("sh")
            .args(["-c", script, "lifeline", &process.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        Self(watcher.expect("sh starts"))
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        if let Some(mut pipe) = self.0.stdin.take() {
            // An error: somebody ended the watcher.
            let _ = pipe.write_all(b"over\n");
        }
        let _ = self.0.wait();
    }
}

/// Signals processes that this test started.
pub(crate) fn signal(name: &str, processes: &[u32]) {
    let processes: Vec<String> = processes.iter().map(u32::to_string).collect();
    let command = format!("kill -s {name} {}", processes.join(" "));
    // An error: one of them has ended already.
    let _ = Command::new("sh").args(["-c", &command]).stderr(Stdio::null()).status();
}

/// A zombie holds nothing any more.
fn alive(process: u32) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{process}/stat")) else { return false };
    let state = status.rsplit(')').next().and_then(|rest| rest.trim().chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(10));
}

pub(crate) fn listens(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

/// In `PATH`, or where Debian hides it. `make test` installs what is missing (tests/services.sh).
pub(crate) fn program(name: &str, hidden_in: &[PathBuf]) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(hidden_in.iter().cloned());
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{name} is not installed: run tests/services.sh"))
}

/// A directory for one server that `user` owns.
pub(crate) fn directory(prefix: &str, user: Option<&User>) -> TempDir {
    let directory = tempfile::Builder::new().prefix(prefix).tempdir().expect("a directory");
    File::create(directory.path().join("server.log")).expect("a log");
    if let Some(user) = user {
        user.owns(directory.path());
    }
    directory
}

/// Somebody else, whom root becomes for a server that refuses to run as root.
pub(crate) struct User {
    id: u32,
    group: u32,
}

impl User {
    /// `None` when this process is nobody special already.
    pub fn instead_of_root(name: &str) -> Option<Self> {
        let id = |arguments: &[&str]| {
            let output = Command::new("id").args(arguments).output().expect("id runs");
            String::from_utf8_lossy(&output.stdout).trim().parse::<u32>().ok()
        };
        if id(&["-u"]) != Some(0) {
            return None;
        }
        let known = |arguments: &[&str]| {
            id(arguments).unwrap_or_else(|| panic!("there is no user {name}: tests/services.sh"))
        };
        Some(Self { id: known(&["-u", name]), group: known(&["-g", name]) })
    }

    pub fn owns(&self, path: &Path) {
        chown(path, Some(self.id), Some(self.group)).expect("we are root");
    }

    /// What stands before a command to run it as this user, in the same process.
    pub fn prefix(&self) -> Vec<String> {
        vec![
            "setpriv".to_owned(),
            format!("--reuid={}", self.id),
            format!("--regid={}", self.group),
            "--clear-groups".to_owned(),
        ]
    }
}
