//! The contract on a real server, and what only this adapter can show.

use std::sync::Arc;
use std::time::Duration;

use identity_core::grant::RevocationReason;
use identity_core::{Entropy, EventKind, GrantId, SecurityEvent, Timestamp};
use ledger::{RecordedEvent, Sequence};
use storage::contract::sample::{
    ENTROPY, NOW, append, bind, create, event, lan, open, password, seconds, session,
};
use storage::privacy::PersonalDataKeys;
use storage::{Commit, KeyReader, LedgerReader, Store, StoreError};
use test_servers::postgres::FreshDatabase;
use test_servers::{Postgres, Proxy, until};
use tokio::time::{sleep, timeout};

use crate::database::Database;
use crate::{PostgresLocation, PostgresStore};

struct Fresh;

impl Entropy for Fresh {
    fn fill(&self, bytes: &mut [u8]) {
        ENTROPY.fill(bytes);
    }
}

fn store_at(location: &PostgresLocation) -> PostgresStore {
    let keys = PersonalDataKeys::new([1; 32], [2; 32]);
    PostgresStore::open(location, keys, Arc::new(Fresh)).unwrap()
}

fn location(url: String) -> PostgresLocation {
    PostgresLocation { connections: 8, ..PostgresLocation::at(url) }
}

/// A store of this test's own and the database it is over.
async fn fresh() -> (PostgresStore, FreshDatabase<'static>) {
    let migrate = async |url: String| {
        let store = store_at(&location(url));
        store.migrate(NOW).await.unwrap();
        store.close().await;
    };
    let database = Postgres::shared().fresh_database(migrate).await;
    (store_at(&location(database.url())), database)
}

mod bulk;
mod schema;

mod contract {
    use std::sync::Arc;

    use storage::Store;
    use test_servers::postgres::FreshDatabase;

    async fn empty() -> (Arc<dyn Store>, FreshDatabase<'static>) {
        let (store, database) = super::fresh().await;
        (Arc::new(store), database)
    }

    storage::durable_suite!(empty);
}

mod claims {
    use std::sync::Arc;

    use storage::TransientStore;
    use test_servers::postgres::FreshDatabase;

    async fn empty() -> (Arc<dyn TransientStore>, FreshDatabase<'static>) {
        let (store, database) = super::fresh().await;
        (Arc::new(store.claims()), database)
    }

    // All but the cases of an epoch: this memory has none.
    storage::contract_cases!(empty;
        transient::a_claim_is_granted_once_until_it_expires,
        transient::purposes_do_not_meet,
        transient::of_parallel_claims_one_wins,
        transient::what_has_expired_cannot_be_claimed,
        transient::a_value_is_there_until_it_expires_or_is_removed,
        transient::values_of_other_slots_do_not_meet,
        transient::a_value_is_replaced_only_by_who_saw_it,
        transient::of_parallel_replacements_of_one_value_one_wins,
        transient::a_value_that_is_too_long_is_refused,
    );
}

fn revoked(at: Timestamp) -> SecurityEvent {
    let grant = GrantId::generate(NOW, &ENTROPY);
    event(EventKind::GrantRevoked { grant, reason: RevocationReason::ByClient }, at)
}

fn times(rows: &[RecordedEvent]) -> Vec<Timestamp> {
    rows.iter().map(|row| row.event().at).collect()
}

#[tokio::test]
async fn what_a_transaction_under_way_could_precede_counts_but_is_not_settled() {
    // Design §4: no row is skipped however commits interleave.
    let (store, database) = fresh().await;
    let pool = sqlx::PgPool::connect(&database.url()).await.unwrap();
    let mut slow = pool.begin().await.unwrap();
    crate::events::append(&mut slow, &[&revoked(seconds(1))]).await.unwrap();
    assert_eq!(store.commit(&[append(&revoked(seconds(2)))]).await.unwrap(), Commit::Done);

    let early = store.news_after(Sequence(0), 10).await.unwrap();
    assert_eq!(times(&early.events), [seconds(2)]);
    assert!(early.settled < early.events[0].sequence());
    assert!(store.events_after(Sequence(0), 10).await.unwrap().is_empty());
    assert!(store.sequence_before(seconds(2)).await.unwrap() <= early.settled);

    slow.commit().await.unwrap();
    let both = store.news_after(Sequence(0), 10).await.unwrap();
    assert_eq!(times(&both.events), [seconds(1), seconds(2)], "in the order of the transactions");
}

#[tokio::test]
async fn a_listener_hears_of_what_was_taken_back() {
    let (store, _database) = fresh().await;
    let mut listener = store.listen().await.unwrap();
    assert_eq!(
        store.commit(&[append(&event(EventKind::AccountCreated, NOW))]).await.unwrap(),
        Commit::Done
    );
    let quiet = timeout(Duration::from_millis(200), listener.heard()).await;
    assert!(quiet.is_err(), "what takes nothing back rings no bell");
    assert_eq!(store.commit(&[append(&revoked(NOW))]).await.unwrap(), Commit::Done);
    timeout(Duration::from_secs(5), listener.heard()).await.unwrap().unwrap();
}

#[tokio::test]
async fn personal_data_and_secrets_are_nowhere_in_the_database() {
    // ATK-124: the database leaks, and names nobody.
    let (store, database) = fresh().await;
    let lan = lan();
    let plan = [create(&lan), bind(&password(lan.id, "$argon2id$v=19$m=19456$very-secret"))];
    assert_eq!(store.commit(&plan).await.unwrap(), Commit::Done);
    let tables = ["subjects", "subject_keys", "login_names", "person_names", "authenticators"];
    let dump = tables.map(|table| database.psql(&format!("SELECT t::text FROM {table} t")));
    assert!(dump.iter().all(|table| !table.is_empty()));
    let dump = dump.concat();
    assert!(dump.contains("activated"), "the tables are what was searched");
    let hex =
        |text: &str| text.bytes().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    for personal in ["Nguyễn Thị Lan", "067301001234", "912345678", "2001-06-15", "argon2id"] {
        assert!(!dump.contains(personal) && !dump.contains(&hex(personal)), "{personal}");
    }
}

/// The months that have a partition.
fn months(database: &FreshDatabase<'_>) -> Vec<String> {
    let names = database.psql(
        "SELECT relname FROM pg_class WHERE relname ~ '^events_[0-9]+$' AND relkind = 'r'
         ORDER BY relname",
    );
    names.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn partitions_are_made_ahead_and_dropped_when_they_are_over() {
    let (store, database) = fresh().await;
    let month = |count: u64| Duration::from_hours(count * 31 * 24);
    // NOW lies in September 2026; the database keeps five years by its own clock.
    let made = months(&database);
    assert_eq!(made.len(), 3, "{made:?}");
    let long_ago = NOW.minus(month(72));
    store.keep_partitions(long_ago, None).await.unwrap();
    let first = months(&database).remove(0);
    assert_eq!(store.commit(&[append(&revoked(long_ago))]).await.unwrap(), Commit::Done);
    assert_eq!(database.psql(&format!("SELECT count(*) FROM {first}")), "1");
    assert_eq!(database.psql("SELECT count(*) FROM events_default"), "0");

    let later = long_ago.plus(month(1));
    store.keep_partitions(later, None).await.unwrap();
    assert_eq!(months(&database).len(), 7, "one more, and nothing dropped");
    store.keep_partitions(later, Some(later)).await.unwrap();
    let left = months(&database);
    assert!(!left.contains(&first) && left.ends_with(&made), "{left:?}");
    assert_eq!(store.head().await.unwrap(), Sequence(0), "the month went with its rows");

    // Nobody made partitions for years: appending goes on, and so does making the next ones.
    let neglected = long_ago.plus(month(30));
    assert_eq!(store.commit(&[append(&revoked(neglected))]).await.unwrap(), Commit::Done);
    store.keep_partitions(neglected, None).await.unwrap();
    assert_eq!(database.psql("SELECT count(*) FROM events_default"), "1");
    assert_eq!(times(&store.news_after(Sequence(0), 10).await.unwrap().events), [neglected]);
}

#[tokio::test]
async fn no_setting_and_no_clock_of_a_node_drops_what_the_law_keeps() {
    let (store, database) = fresh().await;
    assert_eq!(store.commit(&[append(&revoked(NOW))]).await.unwrap(), Commit::Done);
    let before = months(&database);
    let century = Duration::from_hours(100 * 366 * 24);
    let refused = store.keep_partitions(NOW, Some(NOW.plus(century))).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    // A node whose clock runs away takes everything for expired.
    let refused = store.keep_partitions(NOW.plus(century), None).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(months(&database).starts_with(&before));
    assert_eq!(times(&store.news_after(Sequence(0), 10).await.unwrap().events), [NOW]);
    let days = "SELECT count(*) FROM pg_class WHERE relname ~ '^consumed_ids_[0-9]+$'";
    assert!(database.psql(days).parse::<u32>().unwrap() >= 4, "used identifiers stay used");
}

#[tokio::test]
async fn a_ledger_from_another_cluster_goes_on_after_its_last_row() {
    let (store, database) = fresh().await;
    assert_eq!(store.commit(&[append(&revoked(NOW))]).await.unwrap(), Commit::Done);
    // As a logical copy leaves it: numbered by transactions far ahead of this cluster's.
    database.psql("UPDATE events SET sequence = sequence + (1::bigint << 50)");
    let before = store.head().await.unwrap();
    let pending = store.pending_migrations().await.unwrap();
    assert_eq!(pending.len(), 1, "{pending:?}");
    store.migrate(NOW).await.unwrap();
    assert!(store.pending_migrations().await.unwrap().is_empty());
    assert_eq!(store.commit(&[append(&revoked(NOW))]).await.unwrap(), Commit::Done);
    assert!(store.head().await.unwrap() > before);
}

#[tokio::test]
async fn migrations_are_pending_until_they_are_applied_and_one_process_applies_them() {
    let database = Postgres::shared().empty_database();
    let store = store_at(&location(database.url()));
    assert!(matches!(store.head().await, Err(StoreError::Unavailable(_))));
    let pending = store.pending_migrations().await.unwrap();
    assert_eq!(pending.first().map(String::as_str), Some("0001 foundation"));
    let others = [store_at(&location(database.url())), store_at(&location(database.url()))];
    let (one, two, three) =
        tokio::join!(store.migrate(NOW), others[0].migrate(NOW), others[1].migrate(NOW));
    one.and(two).and(three).unwrap();
    assert!(store.pending_migrations().await.unwrap().is_empty());

    database.psql("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 1");
    assert!(matches!(store.pending_migrations().await, Err(StoreError::Corrupt(_))));
    assert!(matches!(store.migrate(NOW).await, Err(StoreError::Corrupt(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_is_used_again_and_nothing_acknowledged_is_lost() {
    let server = Postgres::start(test_servers::postgres::Durability::Real);
    let store = store_at(&PostgresLocation {
        acquire_timeout: Duration::from_millis(500),
        ..location(server.url())
    });
    store.migrate(NOW).await.unwrap();
    let lan = lan();
    let session = session(lan.id);
    assert_eq!(store.commit(&[create(&lan), open(&session)]).await.unwrap(), Commit::Done);
    // Several connections are open, and all of them will be dead.
    tokio::join!(store.head(), store.keys(), store.session(session.id)).2.unwrap();
    server.kill_9();
    assert!(matches!(store.head().await, Err(StoreError::Unavailable(_))));
    server.restart();
    assert_eq!(store.session(session.id).await.unwrap(), Some(session));
    assert_eq!(store.commit(&[append(&revoked(NOW))]).await.unwrap(), Commit::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_hosts_the_primary_is_found_again_after_a_failover() {
    let primary = Postgres::start(test_servers::postgres::Durability::Real);
    let standby = primary.with_synchronous_standby();
    let store = store_at(&PostgresLocation {
        urls: vec![standby.url(), primary.url()],
        acquire_timeout: Duration::from_millis(500),
        ..location(String::new())
    });
    // The first named is a standby: a caller or two are told to come back, then the primary is found.
    let patient = async |what: &str| {
        for _ in 0..40 {
            if store.migrate(NOW).await.is_ok() {
                return;
            }
            sleep(Duration::from_millis(100)).await;
        }
        panic!("{what} is never found");
    };
    patient("the primary").await;
    let lan = lan();
    assert_eq!(store.commit(&[create(&lan)]).await.unwrap(), Commit::Done);
    primary.kill_9();
    standby.promote();
    standby.psql("ALTER SYSTEM RESET synchronous_standby_names");
    standby.psql("SELECT pg_reload_conf()");
    patient("the new primary").await;
    assert_eq!(store.subject(lan.id).await.unwrap().unwrap().subject, lan);
}

#[tokio::test]
async fn a_transaction_that_stands_still_is_ended_by_the_server() {
    // What commits a minute after its own instant may be forgotten too early (docs/model.md).
    let database = Database::open(&location(Postgres::shared().url())).unwrap();
    let mut transaction = database.transaction().await.unwrap();
    let limit = "SELECT setting::bigint FROM pg_settings
                 WHERE name = 'idle_in_transaction_session_timeout'";
    let millis: i64 = sqlx::query_scalar(limit).fetch_one(&mut *transaction).await.unwrap();
    assert!((1..59_000).contains(&millis), "{millis}");
}

#[tokio::test]
async fn what_is_no_url_is_refused_without_quoting_it() {
    let refused = PostgresStore::open(
        &PostgresLocation::at("postgres://app:very-secret@host:port/db"),
        PersonalDataKeys::new([1; 32], [2; 32]),
        Arc::new(Fresh),
    );
    let refusal = refused.unwrap_err();
    assert!(!format!("{refusal} {refusal:?}").contains("very-secret"));
}

#[tokio::test]
async fn a_network_that_swallows_everything_is_given_up_on_and_its_connections_with_it() {
    // Scorecard 6, ATK-075: nothing hangs, and nothing hung is kept for the next caller.
    let (_, database) = fresh().await;
    let proxy = Proxy::to(Postgres::shared().port).await;
    let port = |port: u16| format!(":{port}/");
    let url = database.url().replace(&port(Postgres::shared().port), &port(proxy.port));
    let brief = Duration::from_millis(300);
    let store = store_at(&PostgresLocation {
        acquire_timeout: brief,
        statement_timeout: brief,
        ..location(url)
    });
    assert_eq!(store.keys().await.unwrap(), []);
    until("the connection is back in the pool", || async { store.pool_use().idle == 1 }).await;

    proxy.silence();
    let impatient = timeout(Duration::from_millis(50), store.keys()).await;
    assert!(impatient.is_err(), "{impatient:?}");
    until("what hung is thrown away", || async { store.pool_use().open == 0 }).await;
    let read = timeout(Duration::from_secs(5), store.keys()).await.expect("it does not hang");
    assert!(matches!(read, Err(StoreError::Unavailable(_))), "{read:?}");
    let plan = [append(&revoked(seconds(1)))];
    let write =
        timeout(Duration::from_secs(5), store.commit(&plan)).await.expect("it does not hang");
    assert!(matches!(write, Err(StoreError::Unavailable(_))), "{write:?}");
    until("what hung is thrown away", || async { store.pool_use().open == 0 }).await;

    proxy.point_at(Postgres::shared().port);
    assert_eq!(store.keys().await.unwrap(), [], "it serves again at once");
}
