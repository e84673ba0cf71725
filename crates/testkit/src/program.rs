//! The real binary, as an operator runs it: a directory with a configuration, and processes.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use test_servers::{Lifeline, free_port};

use crate::browser::Browser;
use crate::server::http;
use test_servers::until;

/// A provider's working directory: `vneid.toml`, and a database on a file. Gone when dropped.
pub struct Program {
    pub directory: TempDir,
    pub port: u16,
    pub http: reqwest::Client,
    /// What is run: as a rule this release's.
    pub binary: PathBuf,
    /// Its lines of configuration about stores.
    stores: String,
    /// Further variables for its processes.
    pub environment: Vec<(String, String)>,
}

/// How a command ended and what it said.
#[derive(Debug)]
pub struct Ran {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

/// A process that serves; killed when dropped.
pub struct Process {
    child: Child,
    /// When the test is killed instead, nothing is dropped.
    _lifeline: Lifeline,
    log: PathBuf,
}

impl Program {
    pub fn new() -> Self {
        Self::storing("[storage]\nsqlite = \"vneid.db\"\n")
    }

    /// On other stores; `stores` are whole tables of configuration.
    pub fn storing(stores: &str) -> Self {
        let program = Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
            port: free_port(),
            http: http(),
            binary: binary(),
            stores: stores.to_owned(),
            environment: Vec::new(),
        };
        program.write("vneid.toml", &program.configuration(program.port));
        program
    }

    /// Of a node of this provider that listens on `port`.
    pub fn configuration(&self, port: u16) -> String {
        self.configuration_storing(port, &self.stores)
    }

    /// Of a node that reaches its stores by ways of its own.
    pub fn configuration_storing(&self, port: u16, stores: &str) -> String {
        let mut text = format!(
            "issuer = \"{}\"\nenvironment = \"development\"\nlisten = \"127.0.0.1:{port}\"\n\
             {stores}[keys]\n",
            self.issuer()
        );
        for (name, byte) in
            [("key_encryption", "a1"), ("personal_data", "b2"), ("index", "c3"), ("pairwise", "d4")]
        {
            writeln!(text, "{name}_key = \"{}\"", byte.repeat(32)).expect("a string grows");
        }
        text
    }

    pub fn issuer(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the file is written");
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), &self.issuer())
    }

    /// Runs a command on `vneid.toml` to its end.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command("vneid.toml").args(arguments).output().expect("vneid starts");
        Ran {
            success: output.status.success(),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }

    /// As [`Self::run`], for commands that must succeed; returns what they print.
    pub fn done(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert!(ran.success, "{arguments:?}: {}{}", ran.stdout, ran.stderr);
        ran.stdout
    }

    /// As [`Self::run`], for commands that must fail; returns what they complain about.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert!(!ran.success, "{arguments:?} went through: {}", ran.stdout);
        ran.stderr
    }

    /// `vneid serve`, answering.
    pub async fn serve(&self) -> Process {
        self.start("vneid.toml", &["serve"], self.port).await
    }

    /// Starts something that listens on `port`, and waits until it answers.
    pub async fn start(&self, configuration: &str, arguments: &[&str], port: u16) -> Process {
        let mut process = self.spawn(configuration, arguments, port);
        let health = format!("http://127.0.0.1:{port}/healthz");
        until("the process answers", || {
            let request = self.http.get(&health).send();
            process.assert_alive();
            async move { request.await.is_ok_and(|answer| answer.status().is_success()) }
        })
        .await;
        process
    }

    /// As [`Self::start`], for what does not speak plain HTTP: waits until it accepts connections.
    pub async fn start_listening(
        &self,
        configuration: &str,
        arguments: &[&str],
        port: u16,
    ) -> Process {
        let mut process = self.spawn(configuration, arguments, port);
        until("the process listens", || {
            process.assert_alive();
            std::future::ready(TcpStream::connect(("127.0.0.1", port)).is_ok())
        })
        .await;
        process
    }

    fn spawn(&self, configuration: &str, arguments: &[&str], port: u16) -> Process {
        let log = self.path(&format!("{port}.log"));
        let file =
            || Stdio::from(File::options().create(true).append(true).open(&log).expect("log"));
        let mut command = self.command(configuration);
        let command = command.args(arguments).stdin(Stdio::null()).stdout(file()).stderr(file());
        let child = command.spawn().expect("vneid starts");
        Process { _lifeline: Lifeline::of(child.id()), child, log }
    }

    fn command(&self, configuration: &str) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(self.directory.path()).arg("--config").arg(configuration);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VNEID_")) {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Default for Program {
    fn default() -> Self {
        Self::new()
    }
}

impl Process {
    /// Everything it wrote so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).expect("the log is there")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn assert_alive(&mut self) {
        assert!(self.child.try_wait().expect("a child").is_none(), "{}", self.log());
    }

    /// SIGKILL: no tidying up.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// Ctrl-C; returns whether it ended with success.
    pub async fn interrupt(mut self) -> bool {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().expect("kill runs").success());
        let mut ended = None;
        until("the process ends", || {
            ended = self.child.try_wait().expect("a child");
            std::future::ready(ended.is_some())
        })
        .await;
        ended.is_some_and(|status| status.success())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error: it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Built beside this test by the Makefile.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("VNEID_BINARY") {
        return path.into();
    }
    let test = std::env::current_exe().expect("a path");
    let profile = test.parent().and_then(Path::parent).expect("target/debug/deps/…");
    let binary = profile.join("vneid");
    assert!(binary.exists(), "build it first: cargo build -p vneid ({})", binary.display());
    binary
}
