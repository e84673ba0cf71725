//! Very many rows at once are the same rows.

use std::sync::Arc;

use identity_core::grant::Grant;
use identity_core::{LoginName, Subject};

use super::sample::{
    bind, create, grant, insert, lan, open, password, person, seconds, session, totp,
};
use super::{done, lost};
use crate::{Change, Commit, Contest, GrantScope, Store};

/// Somebody as `vneid seed` makes them, twice as secured; the session is not among the rows.
fn row(subject: &Subject) -> (Vec<Change>, identity_core::grant::ActiveGrant) {
    let grant = grant(&session(subject.id), "portal", ["openid", "offline_access"]);
    let rows = vec![
        create(subject),
        bind(&password(subject.id, "$argon2id$secret")),
        bind(&totp(subject.id, b"twenty bytes of a key")),
        insert(&grant),
    ];
    (rows, grant)
}

async fn is_there(store: &dyn Store, person: &Subject) {
    let name = LoginName::of_number(&person.profile.number);
    let found = store.subject_by_login(&name).await.unwrap().unwrap();
    assert_eq!((&found.subject, found.version), (person, 1));
    let by_name = store.subjects_by_name(&person.profile.name.folded()).await.unwrap();
    assert!(by_name.iter().any(|listed| listed.subject == person.id));
    assert_eq!(store.enrolments(person.id).await.unwrap().len(), 2);
}

pub async fn what_is_loaded_is_as_if_it_had_been_committed(store: Arc<dyn Store>) {
    let (lan, binh) = (lan(), person("Trần Văn Bình", "001085009876", "0987654321"));
    let ((mut rows, of_lan), (more, of_binh)) = (row(&lan), row(&binh));
    rows.extend(more);
    store.begin_load().await.unwrap();
    assert_eq!(store.load(rows).await.unwrap(), Commit::Done);
    store.end_load().await.unwrap();
    for (person, grant) in [(&lan, of_lan), (&binh, of_binh)] {
        is_there(&*store, person).await;
        let stored = store.grant(grant.terms.grant).await.unwrap();
        assert_eq!(stored, Some(Grant::Active(grant.clone())));
        // What keeps things single is enforced.
        lost(&*store, &[insert(&grant)], Contest::GrantExists).await;
        lost(&*store, &[create(&person_like(person))], Contest::NameTaken).await;
    }
    let scope = GrantScope::OfSubject(lan.id);
    let reason = identity_core::grant::RevocationReason::AccountLocked;
    done(&*store, &[Change::RevokeGrants { scope, reason, now: seconds(1) }]).await;
    done(&*store, &[open(&session(lan.id))]).await;
}

/// Somebody else with the same number.
fn person_like(other: &Subject) -> Subject {
    Subject { id: identity_core::SubjectId::random(&super::sample::ENTROPY), ..other.clone() }
}

pub async fn whoever_exists_already_is_not_loaded_again(store: Arc<dyn Store>) {
    let (lan, binh) = (lan(), person("Trần Văn Bình", "001085009876", "0987654321"));
    done(&*store, &[create(&lan)]).await;
    store.begin_load().await.unwrap();
    let (mut rows, of_binh) = row(&binh);
    rows.extend(row(&person_like(&lan)).0);
    assert_eq!(store.load(rows).await.unwrap(), Commit::Lost(Contest::NameTaken));
    store.end_load().await.unwrap();
    assert!(store.subject(binh.id).await.unwrap().is_none(), "all of a batch or none of it");
    assert_eq!(store.grant(of_binh.terms.grant).await.unwrap(), None);
}

pub async fn rows_of_another_kind_are_loaded_too(store: Arc<dyn Store>) {
    let lan = lan();
    let session = session(lan.id);
    assert_eq!(store.load(vec![create(&lan), open(&session)]).await.unwrap(), Commit::Done);
    assert_eq!(store.load(vec![bind(&password(lan.id, "x"))]).await.unwrap(), Commit::Done);
    assert_eq!(store.session(session.id).await.unwrap(), Some(session));
    assert_eq!(store.enrolments(lan.id).await.unwrap().len(), 1);
}
