//! The contract, on a file and in memory, and what only this adapter can show.

use std::path::Path;
use std::sync::Arc;

use identity_core::{LoginName, SubjectId};
use ledger::Sequence;
use storage::contract::sample::{
    ENTROPY, NOW, append, bind, create, event, grant, insert, lan, open, password, session,
};
use storage::privacy::PersonalDataKeys;
use storage::{Change, Commit, LedgerReader, Store, StoreError};

use crate::{SqliteLocation, SqliteStore};

fn keys() -> PersonalDataKeys {
    PersonalDataKeys::new([1; 32], [2; 32])
}

async fn opened(location: SqliteLocation) -> SqliteStore {
    let store = SqliteStore::open(location, keys(), Arc::new(Fresh)).await.unwrap();
    store.migrate().await.unwrap();
    store
}

async fn at(path: &Path) -> SqliteStore {
    opened(SqliteLocation::File(path.to_owned())).await
}

struct Fresh;

impl identity_core::Entropy for Fresh {
    fn fill(&self, bytes: &mut [u8]) {
        ENTROPY.fill(bytes);
    }
}

mod in_memory {
    use std::sync::Arc;

    use storage::Store;

    async fn empty() -> (Arc<dyn Store>, ()) {
        (Arc::new(super::opened(crate::SqliteLocation::Memory).await), ())
    }

    storage::durable_suite!(empty);
}

mod in_a_file {
    use std::sync::Arc;

    use storage::Store;

    async fn empty() -> (Arc<dyn Store>, tempfile::TempDir) {
        let directory = tempfile::tempdir().unwrap();
        (Arc::new(super::at(&directory.path().join("vneid.db")).await), directory)
    }

    storage::durable_suite!(empty);
}

#[tokio::test]
async fn personal_data_and_secrets_are_nowhere_in_the_file() {
    // ATK-124: the database file leaks, and names nobody.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vneid.db");
    let store = at(&path).await;
    let lan = lan();
    let secret = password(lan.id, "$argon2id$v=19$m=19456$very-secret");
    let plan = [create(&lan), bind(&secret)];
    assert_eq!(store.commit(&plan).await.unwrap(), Commit::Done);
    let unknown = storage::ThrottleKey::UnknownName(LoginName::parse("0987654321").unwrap());
    store.reserve_attempt(&unknown, NOW).await.unwrap();

    let mut bytes = Vec::new();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        bytes.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds("activated"), "the file is what was searched");
    for personal in [
        "Nguyễn Thị Lan",
        "nguyen thi lan",
        "067301001234",
        "912345678",
        "987654321",
        "2001-06-15",
        "@example.vn",
        "Kon Tum",
        "argon2id",
    ] {
        assert!(!holds(personal), "{personal}");
    }
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vneid.db");
    let (lan, store) = (lan(), at(&path).await);
    let session = session(lan.id);
    let grant = grant(&session, "portal", ["openid"]);
    let created = event(identity_core::EventKind::AccountCreated, NOW).about(lan.id);
    let plan = [create(&lan), open(&session), insert(&grant), append(&created)];
    assert_eq!(store.commit(&plan).await.unwrap(), Commit::Done);
    // Not closed first: what was acknowledged must not depend on a tidy end.
    let reopened = at(&path).await;
    assert_eq!(reopened.subject(lan.id).await.unwrap().unwrap().subject, lan);
    assert_eq!(reopened.session(session.id).await.unwrap(), Some(session));
    assert!(reopened.grant(grant.terms.grant).await.unwrap().is_some());
    assert_eq!(reopened.head().await.unwrap(), Sequence(1));
    store.close().await;
    assert!(matches!(store.head().await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn with_other_keys_nobody_is_found_and_nothing_opens() {
    let directory = tempfile::tempdir().unwrap();
    let location = SqliteLocation::File(directory.path().join("vneid.db"));
    let lan = lan();
    let store = opened(location.clone()).await;
    assert_eq!(store.commit(&[create(&lan)]).await.unwrap(), Commit::Done);

    let other = PersonalDataKeys::new([3; 32], [4; 32]);
    let stranger = SqliteStore::open(location, other, Arc::new(Fresh)).await.unwrap();
    let name = LoginName::parse("067301001234").unwrap();
    assert!(stranger.subject_by_login(&name).await.unwrap().is_none());
    assert!(matches!(stranger.subject(lan.id).await, Err(StoreError::Corrupt(_))));
}

#[tokio::test]
async fn an_erased_person_reads_as_nobody() {
    let store = opened(SqliteLocation::Memory).await;
    let lan = lan();
    assert_eq!(store.commit(&[create(&lan)]).await.unwrap(), Commit::Done);
    sqlx::query("DELETE FROM subject_keys").execute(store.database().writer()).await.unwrap();
    assert!(store.subject(lan.id).await.unwrap().is_none());
}

#[tokio::test]
async fn migrations_are_pending_until_they_are_applied() {
    let store = SqliteStore::open(SqliteLocation::Memory, keys(), Arc::new(Fresh)).await.unwrap();
    assert!(matches!(
        store.subject(SubjectId::random(&Fresh)).await,
        Err(StoreError::Unavailable(_))
    ));
    let pending = store.pending_migrations().await.unwrap();
    assert_eq!(pending.first().map(String::as_str), Some("0001 foundation"));
    store.migrate().await.unwrap();
    store.migrate().await.unwrap();
    assert!(store.pending_migrations().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_full_or_read_only_database_is_unavailable_and_loses_nothing() {
    for obstacle in ["PRAGMA query_only = ON", "PRAGMA max_page_count = 1"] {
        let directory = tempfile::tempdir().unwrap();
        let store = at(&directory.path().join("vneid.db")).await;
        let lan = lan();
        assert_eq!(store.commit(&[create(&lan)]).await.unwrap(), Commit::Done);

        let writer = store.database().writer();
        sqlx::query(obstacle).execute(writer).await.unwrap();
        let events: Vec<Change> = (0..2000)
            .map(|_| append(&event(identity_core::EventKind::AccountCreated, NOW)))
            .collect();
        let refused = store.commit(&events).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{obstacle}: {refused:?}");
        assert_eq!(store.head().await.unwrap(), Sequence(0), "{obstacle}");
        assert_eq!(store.subject(lan.id).await.unwrap().unwrap().subject, lan, "{obstacle}");

        for removed in ["PRAGMA query_only = OFF", "PRAGMA max_page_count = 1000000"] {
            sqlx::query(removed).execute(writer).await.unwrap();
        }
        assert_eq!(store.commit(&events).await.unwrap(), Commit::Done, "{obstacle}");
    }
}

#[tokio::test]
async fn a_locked_database_is_unavailable_while_reads_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vneid.db");
    let (store, other) = (at(&path).await, at(&path).await);
    sqlx::query("PRAGMA busy_timeout = 50").execute(store.database().writer()).await.unwrap();
    let held = other.database().transaction().await.unwrap();
    let refused = store.commit(&[create(&lan())]).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert_eq!(store.head().await.unwrap(), Sequence(0));

    drop(held);
    other.close().await;
    assert_eq!(store.commit(&[create(&lan())]).await.unwrap(), Commit::Done);
}

#[tokio::test]
async fn what_cannot_be_opened_is_unavailable_and_what_is_no_database_is_corrupt() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = SqliteLocation::File(directory.path().join("missing").join("vneid.db"));
    let refused = SqliteStore::open(nowhere, keys(), Arc::new(Fresh)).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))));

    let text = directory.path().join("text");
    std::fs::write(&text, "this is not a database ".repeat(100)).unwrap();
    let refused = SqliteStore::open(SqliteLocation::File(text), keys(), Arc::new(Fresh)).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let store = at(&directory.path().join("vneid.db")).await;
    assert_eq!(store.commit(&[create(&lan())]).await.unwrap(), Commit::Done);
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", file.file_name());
    }
}
