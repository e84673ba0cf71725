//! Logins of browsers.

use std::sync::Arc;
use std::time::Duration;

use identity_core::secret::SecretDigest;
use identity_core::session::{SessionEnd, SessionEndReason};
use identity_core::{AuthenticationEvidence, Session, Timestamp};

use super::sample::{NOW, create, evidence, handle, lan, open, person, seconds, session};
use super::{done, lost};
use crate::{Change, Commit, Contest, SessionScope, Store};

/// A person with one open session.
async fn logged_in(store: &dyn Store) -> Session {
    let lan = lan();
    let session = session(lan.id);
    done(store, &[create(&lan), open(&session)]).await;
    session
}

fn extend(
    session: &Session,
    handle: SecretDigest,
    evidence: Vec<AuthenticationEvidence>,
    now: Timestamp,
) -> Change {
    Change::ExtendSession { session: session.id, handle, evidence, now }
}

fn end(scope: SessionScope, at: Timestamp, reason: SessionEndReason) -> Change {
    Change::EndSessions { scope, end: SessionEnd { at, reason } }
}

pub async fn a_session_reads_back_by_identifier_and_handle(store: Arc<dyn Store>) {
    let session = logged_in(&*store).await;
    assert_eq!(store.session(session.id).await.unwrap(), Some(session.clone()));
    assert_eq!(store.session_by_handle(&session.handle).await.unwrap(), Some(session.clone()));
    assert_eq!(store.session_by_handle(&handle()).await.unwrap(), None);

    done(&*store, &[Change::TouchSession { session: session.id, now: seconds(9) }]).await;
    done(&*store, &[Change::TouchSession { session: session.id, now: seconds(8) }]).await;
    let touched = Session { last_used_at: seconds(9), ..session };
    assert_eq!(store.session(touched.id).await.unwrap(), Some(touched));
}

pub async fn extending_adds_evidence_and_replaces_the_handle(store: Arc<dyn Store>) {
    // ATK-090: a new privilege gets a new handle.
    let session = logged_in(&*store).await;
    let (added, new_handle) = (evidence(session.subject, seconds(5)), handle());
    done(&*store, &[extend(&session, new_handle, vec![added.clone()], seconds(5))]).await;

    assert_eq!(store.session_by_handle(&session.handle).await.unwrap(), None);
    let stored = store.session_by_handle(&new_handle).await.unwrap().unwrap();
    assert_eq!(stored.evidence, [session.evidence.clone(), vec![added]].concat());
    assert_eq!((stored.id, stored.last_used_at), (session.id, seconds(5)));
}

pub async fn parallel_extensions_lose_no_evidence(store: Arc<dyn Store>) {
    let session = logged_in(&*store).await;
    let mut tasks = tokio::task::JoinSet::new();
    for at in 1..=16 {
        let added = vec![evidence(session.subject, seconds(at))];
        let plan = vec![extend(&session, handle(), added, seconds(at))];
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.commit(&plan).await.unwrap() });
    }
    assert!(tasks.join_all().await.iter().all(|commit| *commit == Commit::Done));
    assert_eq!(store.session(session.id).await.unwrap().unwrap().evidence.len(), 17);
}

pub async fn an_ended_or_expired_session_is_never_extended(store: Arc<dyn Store>) {
    let session = logged_in(&*store).await;
    let late = extend(&session, handle(), Vec::new(), session.expires_at);
    lost(&*store, &[late], Contest::SessionEnded).await;

    let scope = SessionScope::One(session.id);
    done(&*store, &[end(scope, seconds(1), SessionEndReason::LoggedOut)]).await;
    let plan = [extend(&session, handle(), Vec::new(), seconds(2))];
    lost(&*store, &plan, Contest::SessionEnded).await;
    let stored = store.session_by_handle(&session.handle).await.unwrap().unwrap();
    assert_eq!(stored.evidence, session.evidence);
}

pub async fn the_first_end_of_a_session_stays(store: Arc<dyn Store>) {
    let session = logged_in(&*store).await;
    let scope = SessionScope::One(session.id);
    done(&*store, &[end(scope, seconds(1), SessionEndReason::LoggedOut)]).await;
    done(&*store, &[end(scope, seconds(2), SessionEndReason::AccountLocked)]).await;
    done(&*store, &[Change::TouchSession { session: session.id, now: seconds(3) }]).await;
    let stored = store.session(session.id).await.unwrap().unwrap();
    let first = SessionEnd { at: seconds(1), reason: SessionEndReason::LoggedOut };
    assert_eq!((stored.ended, stored.last_used_at), (Some(first), NOW));
}

pub async fn sessions_end_in_scope_only(store: Arc<dyn Store>) {
    let (lan, binh) = (lan(), person("Trần Văn Bình", "001085009876", "0987654321"));
    let mine = [session(lan.id), session(lan.id), session(lan.id)];
    let other = session(binh.id);
    let mut plan = vec![create(&lan), create(&binh), open(&other)];
    plan.extend(mine.iter().map(open));
    done(&*store, &plan).await;
    let live = async || store.live_sessions(lan.id, seconds(1)).await.unwrap().len();
    assert_eq!(live().await, 3);

    let one = SessionScope::One(mine[0].id);
    done(&*store, &[end(one, seconds(1), SessionEndReason::EndedByHolder)]).await;
    assert_eq!(live().await, 2);
    assert!(store.session(mine[1].id).await.unwrap().unwrap().ended.is_none());
    let all = SessionScope::OfSubject(lan.id);
    done(&*store, &[end(all, seconds(1), SessionEndReason::AccountLocked)]).await;
    assert_eq!(live().await, 0);
    assert_eq!(store.live_sessions(binh.id, seconds(1)).await.unwrap(), [other]);
}

pub async fn live_sessions_are_neither_ended_nor_expired_nor_idle(store: Arc<dyn Store>) {
    // L13: intervals are closed-open.
    let lan = lan();
    let older = session(lan.id);
    let newer = Session { created_at: seconds(1), ..session(lan.id) };
    let expiring = Session { expires_at: seconds(60), ..session(lan.id) };
    let plan = [create(&lan), open(&older), open(&newer), open(&expiring)];
    done(&*store, &plan).await;

    let live = async |now| {
        let sessions = store.live_sessions(lan.id, now).await.unwrap();
        sessions.iter().map(|session| session.id).collect::<Vec<_>>()
    };
    assert_eq!(live(seconds(59)).await.len(), 3);
    assert_eq!(live(seconds(60)).await, [newer.id, older.id]);

    done(&*store, &[Change::TouchSession { session: older.id, now: seconds(60) }]).await;
    let idle = NOW.plus(Session::IDLE);
    assert_eq!(live(idle.minus(Duration::from_millis(1))).await, [newer.id, older.id]);
    assert_eq!(live(idle).await, [older.id]);
}

pub async fn dead_sessions_are_removed_a_few_at_a_time(store: Arc<dyn Store>) {
    let lan = lan();
    let sessions = [session(lan.id), session(lan.id), session(lan.id)];
    let expires_at = sessions[0].expires_at;
    let lasting =
        Session { expires_at: expires_at.plus(Duration::from_hours(1)), ..session(lan.id) };
    let mut plan = vec![create(&lan), open(&lasting)];
    plan.extend(sessions.iter().map(open));
    done(&*store, &plan).await;
    assert_eq!(store.remove_dead_sessions(expires_at, 10).await.unwrap(), 0);
    let later = expires_at.plus(Duration::from_millis(1));
    for removed in [2, 1, 0] {
        assert_eq!(store.remove_dead_sessions(later, 2).await.unwrap(), removed);
    }
    assert!(store.session(sessions[0].id).await.unwrap().is_none());
    assert_eq!(store.session(lasting.id).await.unwrap(), Some(lasting));
}
