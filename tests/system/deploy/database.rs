//! The roles of `deploy/postgres/` on a real server: the whole contract of the store under the role of
//! the nodes, and nothing beyond it.

use std::process::Command;
use std::sync::{Arc, OnceLock};

use identity_core::{Entropy, Timestamp};
use ledger::Sequence;
use storage::privacy::PersonalDataKeys;
use storage::{KeyReader, LedgerReader, RegistryReader};
use storage_postgres::{PostgresLocation, PostgresStore};
use testkit::Postgres;
use testkit::SeededEntropy;
use testkit::postgres::{Durability, FreshDatabase};

use super::shipped;

const NOW: Timestamp = Timestamp::from_unix_millis(1_790_000_000_000);

/// A server of its own: roles belong to the whole cluster.
pub fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(|| Postgres::start(Durability::ThrowAway))
}

fn run_file(user: &str, url: &str, file: &str) {
    let url = as_role(url, user);
    let ran = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", &url, "--file"])
        .arg(shipped(file))
        .output()
        .expect("psql is installed");
    assert!(ran.status.success(), "{file}: {}", String::from_utf8_lossy(&ran.stderr));
}

pub fn as_role(url: &str, role: &str) -> String {
    url.replacen("postgres://postgres@", &format!("postgres://{role}@"), 1)
}

fn store(url: &str, role: &str) -> PostgresStore {
    store_at(&PostgresLocation { connections: 8, ..PostgresLocation::at(as_role(url, role)) })
}

pub fn store_at(location: &PostgresLocation) -> PostgresStore {
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
    PostgresStore::open(location, PersonalDataKeys::new([1; 32], [2; 32]), entropy)
        .expect("the location reads")
}

/// As an operator does it: roles by the superuser, the schema by its owner, then the grants, by
/// the owner as well. Twice, because both files may be run again.
pub async fn fresh() -> FreshDatabase<'static> {
    let prepare = async |url: String| {
        run_file("postgres", &url, "postgres/roles.sql");
        let owner = store(&url, "vneid_owner");
        owner.migrate(NOW).await.expect("the owner migrates");
        owner.close().await;
        run_file("vneid_owner", &url, "postgres/grants.sql");
        run_file("postgres", &url, "postgres/roles.sql");
        run_file("vneid_owner", &url, "postgres/grants.sql");
    };
    server().fresh_database(prepare).await
}

/// What a role is told when it runs `sql`.
fn complaint(database: &FreshDatabase<'_>, role: &str, sql: &str) -> String {
    let url = as_role(&database.url(), role);
    let ran = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--dbname", &url, "--command", sql])
        .output()
        .expect("psql is installed");
    String::from_utf8_lossy(&ran.stderr).into_owned()
}

mod contract {
    use std::sync::Arc;

    use storage::Store;
    use testkit::postgres::FreshDatabase;

    async fn as_the_nodes_role() -> (Arc<dyn Store>, FreshDatabase<'static>) {
        let database = super::fresh().await;
        (Arc::new(super::store(&database.url(), "vneid_app")), database)
    }

    storage::durable_suite!(as_the_nodes_role);
}

#[tokio::test]
async fn nodes_see_to_partitions_and_whether_migrations_are_pending() {
    let database = fresh().await;
    let app = store(&database.url(), "vneid_app");
    assert!(app.pending_migrations().await.unwrap().is_empty());
    let last_year = NOW.minus(std::time::Duration::from_hours(24 * 365));
    app.keep_partitions(last_year, None).await.unwrap();
    assert!(app.migrate(NOW).await.is_err(), "that is the owner's");
}

#[tokio::test]
async fn nodes_can_neither_change_the_schema_nor_rewrite_history() {
    let database = fresh().await;
    for sql in [
        "CREATE TABLE mine (a int)",
        "ALTER TABLE events ADD COLUMN mine int",
        "DROP TABLE events",
        "TRUNCATE events",
        "UPDATE events SET kind = 'x'",
        "DELETE FROM events",
        "DELETE FROM checkpoints",
        "UPDATE checkpoints SET at = 0",
        "DELETE FROM subjects",
        "DELETE FROM consents",
        "DELETE FROM relying_parties",
        "DELETE FROM signing_keys",
        "UPDATE ledger_base SET base = 0",
        "SELECT drop_partitions('subjects', 'day', 4102444800000)",
        "SELECT make_partitions('subjects', 'day', 0, 1)",
        "CREATE ROLE mine",
        "SET ROLE vneid_owner",
        "UPDATE _sqlx_migrations SET success = true",
        "DELETE FROM events_default",
    ] {
        let told = complaint(&database, "vneid_app", sql);
        let refused = told.contains("permission denied") || told.contains("must be owner");
        assert!(refused || told.contains("no partitions by time"), "{sql}: {told}");
    }
}

#[tokio::test]
async fn introspection_reads_what_it_judges_by_and_no_person() {
    let database = fresh().await;
    let node = store(&database.url(), "vneid_introspection");
    assert!(node.pending_migrations().await.unwrap().is_empty());
    assert_eq!(node.head().await.unwrap(), Sequence(0));
    assert!(node.news_after(Sequence(0), 10).await.unwrap().events.is_empty());
    assert!(node.relying_parties().await.unwrap().is_empty());
    assert!(node.keys().await.unwrap().is_empty());
    let tables = ["subjects", "subject_keys", "login_names", "person_names", "authenticators"];
    let more = ["sessions", "grants", "consents", "unknown_names", "logout_deliveries"];
    for table in tables.into_iter().chain(more) {
        let told = complaint(&database, "vneid_introspection", &format!("SELECT * FROM {table}"));
        assert!(told.contains("permission denied"), "{table}: {told}");
    }
    for sql in [
        "INSERT INTO events (sequence, at, kind, leaf) VALUES (1, 1, 'x', '')",
        "DELETE FROM signing_keys",
        "DELETE FROM consumed_ids",
        "SELECT drop_partitions('events', 'month', 4102444800000)",
    ] {
        let told = complaint(&database, "vneid_introspection", sql);
        assert!(told.contains("permission denied"), "{sql}: {told}");
    }
}

#[tokio::test]
async fn every_table_was_thought_of() {
    let database = fresh().await;
    let forgotten = database.psql(
        "SELECT c.relname FROM pg_class c
         WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
           AND NOT c.relispartition AND NOT has_table_privilege('vneid_app', c.oid, 'SELECT')",
    );
    assert_eq!(forgotten, "", "no role was granted anything on it");
    let functions = database.psql(
        "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
           AND p.prosecdef AND has_function_privilege('vneid_introspection', p.oid, 'EXECUTE')",
    );
    assert_eq!(functions, "", "with the owner's rights, and open to everybody");
}

#[test]
fn the_settings_of_the_server_are_settings() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("postgresql.conf");
    for name in ["postgres/postgresql.conf", "compose/postgresql.conf"] {
        std::fs::copy(shipped(name), &file).unwrap();
        // In the server's own words, line by line: pg_file_settings reports what it does not know.
        let text = std::fs::read_to_string(&file).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let Some((key, value)) = line.split_once(" = ") else { continue };
            let known = server()
                .psql(&format!("SELECT count(*) FROM pg_settings WHERE lower(name) = '{key}'"));
            assert_eq!(known, "1", "{name}: {key} = {value}");
        }
    }
}
