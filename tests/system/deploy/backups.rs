//! The scripts of `deploy/backup/` on a real server.

use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use testkit::Postgres;
use testkit::postgres::Durability;

use super::shipped;

/// A folder that the server's user may write to, for backups and the archive.
struct Ground {
    server: Postgres,
    directory: TempDir,
}

impl Ground {
    /// A server that archives by our script. As root the scripts run as `postgres`, as they do on a
    /// machine of an operator's; it may read what the repository holds only through a copy.
    fn new() -> Self {
        let server = Postgres::start(Durability::Real);
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["archive-wal", "base-backup", "restore-to-time", "verify"] {
            let file = format!("{name}.sh");
            std::fs::copy(shipped(&format!("backup/{file}")), directory.path().join(&file))
                .expect("copied");
        }
        std::fs::create_dir(directory.path().join("archive")).expect("a folder");
        if is_root() {
            let here = directory.path().display().to_string();
            let owned = Command::new("chown").args(["-R", "postgres", &here]).status();
            assert!(owned.expect("chown runs").success());
        }
        let ground = Self { server, directory };
        let script = ground.path("archive-wal.sh");
        let archive = ground.path("archive");
        ground.server.psql(&format!(
            "ALTER SYSTEM SET archive_command = 'WAL_ARCHIVE={archive} sh {script} \"%p\" \"%f\"'"
        ));
        ground.server.psql("SELECT pg_reload_conf()");
        ground
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// Runs a script with the server's programs in reach; returns what it printed.
    fn run(&self, script: &str, arguments: &[&str]) -> Output {
        let programs = bin_folder();
        let path = format!("{programs}:/usr/bin:/bin");
        let port = self.server.port.to_string();
        let mut words = vec!["--clear-groups", "--reuid=postgres", "--regid=postgres"];
        if !is_root() {
            words.clear();
        }
        Command::new("setpriv")
            .args(words)
            .args(["env", &format!("PATH={path}"), "PGHOST=127.0.0.1", &format!("PGPORT={port}")])
            .args(["PGUSER=postgres", &format!("WAL_ARCHIVE={}", self.path("archive"))])
            .args(["sh", &self.path(script)])
            .args(arguments)
            .current_dir("/")
            .output()
            .expect("setpriv is installed")
    }

    fn done(&self, script: &str, arguments: &[&str]) -> String {
        let ran = self.run(script, arguments);
        let said = String::from_utf8_lossy(&ran.stdout).trim().to_owned();
        assert!(ran.status.success(), "{script}: {said}{}", String::from_utf8_lossy(&ran.stderr));
        said
    }

    /// What the table holds once a server ran on `data` until its recovery was over.
    fn rows_of(&self, data: &str) -> String {
        let script = "set -eu; d=$(dirname \"$1\")
            pg_ctl -D \"$1\" -s -w -l \"$d/log\" start -o \"-c listen_addresses= -c port=5433 \
                -c unix_socket_directories=$d -c hot_standby=off\" >/dev/null \
                || { cat \"$d/log\" >&2; exit 1; }
            trap 'pg_ctl -D \"$1\" -s -m immediate stop' EXIT
            until pg_isready -q -h \"$d\" -p 5433; do sleep 0.1; done
            psql -XAt -h \"$d\" -p 5433 -d postgres -c 'SELECT what FROM kept'";
        std::fs::write(self.directory.path().join("ask.sh"), script).expect("written");
        self.done("ask.sh", &[data])
    }

    /// Closes the present piece of the log and waits until our script has it.
    fn archive_log(&self) {
        let file = self.server.psql("SELECT pg_walfile_name(pg_switch_wal())");
        let mut tries = 0;
        while !Path::new(&self.path("archive")).join(&file).exists() {
            tries += 1;
            assert!(tries < 300, "the log was not archived");
            self.server.psql("SELECT pg_sleep(0.1)");
        }
    }
}

pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.starts_with(b"0\n")
}

/// Where Debian keeps the programs that are not in `PATH`.
fn bin_folder() -> String {
    let mut folders: Vec<_> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    folders.sort();
    folders.pop().map_or_else(|| "/usr/bin".to_owned(), |folder| folder.display().to_string())
}

#[test]
fn a_backup_restores_to_the_moment_that_was_asked_for_and_proves_that_it_does() {
    let ground = Ground::new();
    let server = &ground.server;
    server.psql("CREATE TABLE kept (what text)");
    let backup = ground.done("base-backup.sh", &[&ground.path("backups")]);
    server.psql("INSERT INTO kept VALUES ('revoked before')");
    let moment = server.psql(
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
    );
    server.psql("INSERT INTO kept VALUES ('after')");
    ground.archive_log();

    // Everything up to the end of the archive, and a command that says so.
    let ask = ["psql", "-XAt", "--dbname=postgres", "--command=SELECT count(*) FROM kept"];
    let said = ground.done("verify.sh", &[&[backup.as_str(), "--"], &ask[..]].concat());
    assert_eq!(said, format!("2\n{backup} restores"));
    let failing = ["psql", "-XAt", "--dbname=postgres", "--command=SELECT nonsense"];
    let ran = ground.run("verify.sh", &[&[backup.as_str(), "--"], &failing[..]].concat());
    assert!(!ran.status.success(), "a command that fails is a backup that does not verify");

    // Up to a moment: what was committed before is there, what came after is not.
    let target = ground.path("restored");
    ground.done("restore-to-time.sh", &[&backup, &target, &moment]);
    assert_eq!(ground.rows_of(&target), "revoked before");

    // Not over what is there, not to a moment nobody can read.
    assert!(!ground.run("restore-to-time.sh", &[&backup, &target, "latest"]).status.success());
    let other = ground.path("other");
    let ran = ground.run("restore-to-time.sh", &[&backup, &other, "yesterday"]);
    assert!(!ran.status.success());
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let ground = Ground::new();
    let backup = ground.done("base-backup.sh", &[&ground.path("backups")]);
    let file = Path::new(&backup).join("PG_VERSION");
    std::fs::write(file, "14\n").expect("damaged");
    let ran = ground.run("verify.sh", &[&backup]);
    assert!(!ran.status.success());
    let complaint = String::from_utf8_lossy(&ran.stderr);
    assert!(complaint.contains("PG_VERSION"), "{complaint}");
}

#[test]
fn a_piece_of_the_log_is_never_overwritten_by_another() {
    let ground = Ground::new();
    let piece = |name: &str, text: &str| {
        std::fs::write(ground.directory.path().join(name), text).expect("written");
        ground.path(name)
    };
    let first = piece("first", "one");
    ground.done("archive-wal.sh", &[&first, "000000010000000000000042"]);
    ground.done("archive-wal.sh", &[&first, "000000010000000000000042"]);
    let second = piece("second", "two");
    let ran = ground.run("archive-wal.sh", &[&second, "000000010000000000000042"]);
    assert!(!ran.status.success());
    let kept = std::fs::read_to_string(ground.path("archive/000000010000000000000042"));
    assert_eq!(kept.expect("it is there"), "one");
}
