//! PgBouncer in transaction mode, as `deploy/pgbouncer/` configures it.

use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use storage::contract::{grants, sessions, subjects};
use storage_postgres::PostgresLocation;
use tempfile::TempDir;
use testkit::{free_port, until};

use super::database::{fresh, server, store_at};
use super::{have, text, which};

struct Bouncer {
    port: u16,
    child: Child,
    _directory: TempDir,
}

impl Bouncer {
    async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (port, here) = (free_port(), directory.path().display().to_string());
        let server = format!("* = host=127.0.0.1 port={}\n", server().port);
        let moved = text("pgbouncer/pgbouncer.ini")
            .replace("vneid = host=db.example.internal port=5432 dbname=vneid\n", &server)
            .replace("listen_addr = 0.0.0.0", "listen_addr = 127.0.0.1")
            .replace("listen_port = 6432", &format!("listen_port = {port}"))
            .replace("auth_type = scram-sha-256", "auth_type = trust")
            .replace("/etc/pgbouncer/userlist.txt", &format!("{here}/userlist.txt"))
            .replace("client_tls_sslmode = require", "client_tls_sslmode = disable")
            .replace("server_tls_sslmode = verify-full", "server_tls_sslmode = disable");
        let moved: String = moved
            .lines()
            .filter(|line| !line.contains("_tls_") || line.ends_with("disable"))
            .map(|line| format!("{line}\n"))
            .chain(["unix_socket_dir =\n".to_owned()])
            .collect();
        std::fs::write(directory.path().join("pgbouncer.ini"), moved).expect("written");
        std::fs::write(directory.path().join("userlist.txt"), "\"vneid_app\" \"\"\n")
            .expect("written");
        // It refuses to run as root.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]);
        if super::backups::is_root() {
            let owned = Command::new("chown").args(["-R", "postgres", &here]).status();
            assert!(owned.expect("chown runs").success());
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]);
        }
        let child = command
            .arg(which("pgbouncer").expect("it is there"))
            .arg(format!("{here}/pgbouncer.ini"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("setpriv is installed");
        until("PgBouncer listens", || {
            std::future::ready(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok())
        })
        .await;
        Self { port, child, _directory: directory }
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        // An error: it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_contract_holds_behind_pgbouncer_in_transaction_mode() {
    if !have("pgbouncer", "its configuration is read by nobody") {
        return;
    }
    let bouncer = Bouncer::start().await;
    macro_rules! holds {
        ($($area:ident :: $case:ident),* $(,)?) => {
            $({
                let database = fresh().await;
                let direct = format!(":{}/", server().port);
                let url = database.url().replace(&direct, &format!(":{}/", bouncer.port));
                let url = super::database::as_role(&url, "vneid_app");
                let location =
                    PostgresLocation { connections: 8, pooler: true, ..PostgresLocation::at(url) };
                let store = store_at(&location);
                assert!(store.pending_migrations().await.unwrap().is_empty());
                $area::$case(Arc::new(store)).await;
            })*
        };
    }
    holds!(
        subjects::a_subject_reads_back_as_it_was_written,
        subjects::of_parallel_registrations_of_one_number_one_wins,
        sessions::parallel_extensions_lose_no_evidence,
        grants::of_parallel_redemptions_of_one_code_one_wins,
        grants::of_parallel_rotations_of_one_generation_one_wins,
        grants::grants_are_revoked_in_scope_only,
    );
}
