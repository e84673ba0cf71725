//! A private PostgreSQL for tests: one server for all of them, or one of its own for a test that
//! kills it, replicates it or restores it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::free_port;
use crate::guardian::{self, Guarded, Plan, User};

/// Whether what is committed survives the loss of the machine.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// For tests of behaviour: nothing is synced to disk.
    ThrowAway,
    /// As an operator runs it: synced, and the log archived for restoring to a point in time.
    Real,
}

/// A cluster on a free port of 127.0.0.1 and on a socket, trusting everybody who reaches it. Gone
/// when dropped or when this process ends, however it ends.
pub struct Postgres {
    pub port: u16,
    user: Option<User>,
    /// Ends before its directory goes.
    running: Mutex<Option<Guarded>>,
    directory: TempDir,
    template: OnceCell<()>,
    serial: AtomicU32,
}

/// A database of one test's own; dropped with it.
pub struct FreshDatabase<'a> {
    server: &'a Postgres,
    name: String,
}

/// Files to restore a cluster from, and the archive of what happened since.
pub struct Backup {
    directory: TempDir,
    archive: PathBuf,
}

const SUPERUSER: &str = "postgres";
const TEMPLATE: &str = "migrated";

impl Postgres {
    /// One for all tests of this process; each takes a [`Self::fresh_database`].
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(Durability::ThrowAway))
    }

    pub fn start(durability: Durability) -> Self {
        let server = Self::empty();
        let data = server.data().display().to_string();
        let words = ["-D", &data, "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8"];
        server.tool("initdb", &[&words[..], &["--locale=C.UTF-8", "--no-sync"]].concat());
        let archive = server.archive();
        fs::create_dir(&archive).expect("a folder for the archive");
        server.own(&archive);
        server.configure(&settings(durability, &archive));
        server.restart();
        server
    }

    pub fn url(&self) -> String {
        self.url_of(SUPERUSER)
    }

    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}@127.0.0.1:{}/{database}", self.port)
    }

    /// A database like that which `migrate` makes of an empty one; `migrate` runs once for this
    /// server, with the URL of the template.
    pub async fn fresh_database(&self, migrate: impl AsyncFnOnce(String)) -> FreshDatabase<'_> {
        let make_template = async || {
            self.psql(&format!("CREATE DATABASE {TEMPLATE}"));
            migrate(self.url_of(TEMPLATE)).await;
            // Who still holds a connection to a template keeps everybody from copying it.
            self.psql(&format!("ALTER DATABASE {TEMPLATE} WITH ALLOW_CONNECTIONS false"));
            self.psql(&format!(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
                 WHERE datname = '{TEMPLATE}'"
            ));
        };
        self.template.get_or_init(make_template).await;
        self.copy_of(TEMPLATE)
    }

    /// A database without a table.
    pub fn empty_database(&self) -> FreshDatabase<'_> {
        self.copy_of("template1")
    }

    fn copy_of(&self, template: &str) -> FreshDatabase<'_> {
        let name = format!("test_{}", self.serial.fetch_add(1, Ordering::Relaxed));
        self.psql(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        FreshDatabase { server: self, name }
    }

    /// Runs statements, each in a transaction of its own, in the database `postgres`; returns rows
    /// as lines, columns divided by `|`.
    pub fn psql(&self, sql: &str) -> String {
        self.psql_in(SUPERUSER, sql)
    }

    pub fn psql_in(&self, database: &str, sql: &str) -> String {
        let port = self.port.to_string();
        let words = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", SUPERUSER];
        let directory = self.directory.path().display().to_string();
        let where_ = ["-h", &directory, "-p", &port, "-d", database, "-c", sql];
        self.tool("psql", &[&words[..], &where_].concat()).trim_end().to_owned()
    }

    /// Ends it as an operator would; connections are closed, nothing is lost.
    pub fn stop(&self) {
        self.take().stop();
    }

    /// SIGKILL to the server and every process that serves a connection.
    pub fn kill_9(&self) {
        self.take().kill_9();
    }

    /// Starts again at the same address, after [`Self::stop`] or [`Self::kill_9`].
    pub fn restart(&self) {
        let data = self.data().display().to_string();
        let command = self.command("postgres", &["-D", &data]);
        let plan = Plan { directory: self.directory.path(), signals: ["INT", "QUIT"], command };
        *self.lock() = Some(Guarded::start(&plan, || self.ready()));
    }

    /// Halts every process as a machine that hangs does: connections stand and nobody answers.
    pub fn freeze(&self) {
        self.signal_all("STOP");
    }

    pub fn thaw(&self) {
        self.signal_all("CONT");
    }

    /// Another server that has everything this one acknowledges: from now on a commit returns when
    /// both have it on disk.
    pub fn with_synchronous_standby(&self) -> Self {
        let standby = Self::empty();
        self.base_backup(&standby.data(), &["--write-recovery-conf"]);
        standby.configure(&standby.address());
        standby.restart();
        self.psql("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.psql("SELECT pg_reload_conf()");
        while self.psql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1"
        {
            guardian::pause();
        }
        standby
    }

    /// Makes a standby the primary; returns when it takes writes.
    pub fn promote(&self) {
        assert_eq!(self.psql("SELECT pg_promote(true, 30)"), "t", "the standby was promoted");
    }

    /// A copy of the whole cluster, and the archive that goes with it. Only with
    /// [`Durability::Real`].
    pub fn backup(&self) -> Backup {
        let directory = guardian::directory("vneid-backup-", self.user.as_ref());
        self.base_backup(&directory.path().join("data"), &[]);
        Backup { directory, archive: self.archive() }
    }

    /// Its own time, as [`Self::restored`] takes it.
    pub fn clock(&self) -> String {
        self.psql("SELECT clock_timestamp()")
    }

    /// Closes the present piece of the log and waits until all of it lies in the archive.
    pub fn archive_log(&self) {
        let file = self.psql("SELECT pg_walfile_name(pg_switch_wal())");
        while !self.archive().join(&file).exists() {
            guardian::pause();
        }
    }

    /// Another cluster: `backup` and everything that was committed until `target`.
    pub fn restored(backup: &Backup, target: &str) -> Self {
        let server = Self::empty();
        let copied = Command::new("cp")
            .arg("-a")
            .arg(backup.directory.path().join("data"))
            .arg(server.data())
            .status();
        assert!(copied.expect("cp runs").success());
        fs::write(server.data().join("recovery.signal"), "").expect("a file");
        server.own(&server.data().join("recovery.signal"));
        server.configure(&format!(
            "{}restore_command = 'cp {}/%f %p'\nrecovery_target_time = '{target}'\n\
             recovery_target_action = promote\narchive_mode = off\n",
            server.address(),
            backup.archive.display()
        ));
        server.restart();
        while server.psql("SELECT pg_is_in_recovery()") == "t" {
            guardian::pause();
        }
        server
    }

    fn empty() -> Self {
        let user = User::instead_of_root("postgres");
        Self {
            port: free_port(),
            directory: guardian::directory("vneid-postgres-", user.as_ref()),
            user,
            running: Mutex::new(None),
            template: OnceCell::new(),
            serial: AtomicU32::new(1),
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn archive(&self) -> PathBuf {
        self.directory.path().join("archive")
    }

    fn address(&self) -> String {
        format!(
            "listen_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = '{}'\n",
            self.port,
            self.directory.path().display()
        )
    }

    /// Adds to its configuration; the last word on a setting counts.
    fn configure(&self, lines: &str) {
        let file = self.data().join("postgresql.conf");
        let before = fs::read_to_string(&file).expect("a configuration");
        fs::write(&file, format!("{before}\n{}{lines}", self.address())).expect("written");
    }

    fn base_backup(&self, into: &Path, further: &[&str]) {
        let (directory, port) =
            (self.directory.path().display().to_string(), self.port.to_string());
        let into = into.display().to_string();
        let words = ["-h", &directory, "-p", &port, "-U", SUPERUSER, "-D", &into];
        self.tool(
            "pg_basebackup",
            &[&words[..], &["--checkpoint=fast", "--no-sync"], further].concat(),
        );
    }

    fn ready(&self) -> bool {
        let (directory, port) =
            (self.directory.path().display().to_string(), self.port.to_string());
        let words = ["-q", "-h", &directory, "-p", &port];
        Command::new(tool_path("pg_isready")).args(words).status().is_ok_and(|code| code.success())
    }

    fn command(&self, tool: &str, words: &[&str]) -> Vec<String> {
        let mut command = self.user.as_ref().map(User::prefix).unwrap_or_default();
        command.push(tool_path(tool).display().to_string());
        command.extend(words.iter().map(|&word| word.to_owned()));
        command
    }

    fn tool(&self, tool: &str, words: &[&str]) -> String {
        let command = self.command(tool, words);
        let (program, words) = command.split_first().expect("a program");
        let output = Command::new(program).args(words).current_dir("/").output().expect("it runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {complaint}", command.join(" "));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn own(&self, path: &Path) {
        if let Some(user) = &self.user {
            user.owns(path);
        }
    }

    fn signal_all(&self, name: &str) {
        self.lock().as_ref().expect("it runs").signal_all(name);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Guarded>> {
        self.running.lock().expect("no test panicked in here")
    }

    fn take(&self) -> Guarded {
        self.lock().take().expect("it runs")
    }
}

impl FreshDatabase<'_> {
    pub fn url(&self) -> String {
        self.server.url_of(&self.name)
    }

    pub fn psql(&self, sql: &str) -> String {
        self.server.psql_in(&self.name, sql)
    }
}

impl Drop for FreshDatabase<'_> {
    fn drop(&mut self) {
        // Whoever killed the server needs no tidying up.
        if self.server.lock().is_some() && !std::thread::panicking() {
            self.server.psql(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
        }
    }
}

fn settings(durability: Durability, archive: &Path) -> String {
    let common = "max_connections = 200\nshared_buffers = 32MB\nwal_level = replica\n\
                  max_wal_size = 256MB\nautovacuum_naptime = 10s\n";
    match durability {
        // A killed server loses nothing that it acknowledged; only a machine without power would.
        Durability::ThrowAway => {
            format!("{common}fsync = off\nfull_page_writes = off\n")
        }
        Durability::Real => format!(
            "{common}archive_mode = on\narchive_command = 'cp %p {}/%f'\n",
            archive.display()
        ),
    }
}

/// In `PATH`, or the newest of those that Debian installs side by side.
fn tool_path(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = versions.map(|version| version.path()).collect();
    let number = |path: &PathBuf| path.file_name()?.to_str()?.parse::<u32>().ok();
    versions.sort_by_key(|path| std::cmp::Reverse(number(path)));
    let folders: Vec<PathBuf> = versions.iter().map(|version| version.join("bin")).collect();
    guardian::program(name, &folders)
}
