//! What a load does without, and what becomes of it.

use storage::contract::sample::{NOW, create, grant, insert, lan, session};
use storage::terms::TermsForm;
use storage::{Commit, Contest, Store};
use test_servers::postgres::FreshDatabase;

/// Keys, references and indexes as the database would write them.
fn schema(database: &FreshDatabase<'_>) -> String {
    database.psql(
        "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2;
         SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
    )
}

#[tokio::test]
async fn after_a_load_the_schema_is_as_it_was() {
    let (store, database) = super::fresh().await;
    let before = schema(&database);
    store.begin_load().await.unwrap();
    let during = schema(&database);
    assert!(!during.contains("grants_pkey") && !during.contains("login_names_subject"), "{during}");
    assert!(during.contains("sessions_pkey"), "what is not loaded keeps its keys");
    assert_eq!(store.load(vec![create(&lan())]).await.unwrap(), Commit::Done);
    store.end_load().await.unwrap();
    assert_eq!(schema(&database), before);
    assert_eq!(
        database.psql("SELECT reltuples FROM pg_class WHERE relname = 'subjects'"),
        "1",
        "the planner knows how many there are"
    );
}

#[tokio::test]
async fn a_load_that_was_interrupted_is_pending_and_finished_by_migrate() {
    // On tables whose keys are not enforced a code could be redeemed twice (ATK-001).
    let (store, database) = super::fresh().await;
    let before = schema(&database);
    store.begin_load().await.unwrap();
    let (lan, grant) = (lan(), grant(&session(lan().id), "portal", ["openid"]));
    assert_eq!(store.load(vec![create(&lan), insert(&grant)]).await.unwrap(), Commit::Done);
    let pending = store.pending_migrations().await.unwrap();
    assert_eq!(pending.len(), 1, "{pending:?}");
    store.migrate(NOW).await.unwrap();
    assert!(store.pending_migrations().await.unwrap().is_empty());
    assert_eq!(schema(&database), before);
    let again = store.commit(&[insert(&grant)]).await.unwrap();
    assert_eq!(again, Commit::Lost(Contest::GrantExists));
}

#[tokio::test]
async fn where_people_are_already_a_load_takes_nothing_down() {
    let (store, database) = super::fresh().await;
    assert_eq!(store.commit(&[create(&lan())]).await.unwrap(), Commit::Done);
    let before = schema(&database);
    store.begin_load().await.unwrap();
    assert_eq!(schema(&database), before);
}

#[tokio::test]
async fn the_short_form_of_grants_is_written_when_asked_for() {
    let (store, database) = super::fresh().await;
    let (lan, [first, second]) =
        (lan(), [(); 2].map(|()| grant(&session(lan().id), "portal", ["openid"])));
    assert_eq!(store.commit(&[create(&lan), insert(&first)]).await.unwrap(), Commit::Done);
    let store = store.writing(TermsForm::Compact);
    assert_eq!(store.commit(&[insert(&second)]).await.unwrap(), Commit::Done);
    let json = "SELECT string_agg((left(terms, 1) = '{')::text, ' ' ORDER BY id) FROM grants";
    assert_eq!(database.psql(json).split(' ').filter(|is| *is == "true").count(), 1);
    for grant in [first, second] {
        let stored = store.grant(grant.terms.grant).await.unwrap();
        assert_eq!(stored, Some(identity_core::grant::Grant::Active(grant)));
    }
}
