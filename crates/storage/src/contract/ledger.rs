//! The ledger, and that a plan is all or nothing.

use std::sync::Arc;

use identity_core::account::LockReason;
use identity_core::authenticator::AuthenticatorStatus;
use identity_core::{AuthenticatorId, EventKind, SecurityEvent, Timestamp};
use ledger::{RecordedEvent, Sequence};

use super::sample::{
    ENTROPY, NOW, append, client, create, event, grant, insert, lan, open, seconds, session,
};
use super::{done, lost};
use crate::{Change, Commit, Contest, Frontier, SignedCheckpoint, Store};

fn events(rows: &[RecordedEvent]) -> Vec<SecurityEvent> {
    rows.iter().map(|row| row.event().clone()).collect()
}

fn created(at: Timestamp) -> SecurityEvent {
    event(EventKind::AccountCreated, at)
}

/// `count` rows in order. A store whose writers run in parallel holds back what another transaction,
/// perhaps of another test, could still precede; that passes.
async fn settled(store: &dyn Store, count: usize) -> Vec<RecordedEvent> {
    for _ in 0..200 {
        let rows = store.events_after(Sequence(0), 1000).await.unwrap();
        if rows.len() >= count {
            return rows;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("{count} rows were committed and are never settled");
}

pub async fn events_come_back_in_order_byte_for_byte(store: Arc<dyn Store>) {
    assert_eq!(store.head().await.unwrap(), Sequence(0));
    let lan = lan();
    let locked = EventKind::AccountLocked { reason: LockReason::HolderRequest };
    let written = [
        created(NOW).about(lan.id),
        event(locked, seconds(1)).about(lan.id).at_client(&client("portal")),
        created(seconds(2)),
    ];
    done(&*store, &[create(&lan), append(&written[0]), append(&written[1])]).await;
    done(&*store, &[append(&written[2])]).await;

    let news = store.news_after(Sequence(0), 10).await.unwrap();
    assert_eq!(events(&news.events), written);
    let rows = settled(&*store, 3).await;
    assert_eq!(rows, news.events);
    assert_eq!(news.head, rows[2].sequence());
    for (row, event) in rows.iter().zip(&written) {
        assert_eq!(row.leaf(), ledger::encode(event).unwrap());
    }
    assert!(rows.windows(2).all(|pair| pair[0].sequence() < pair[1].sequence()));
    assert_eq!(store.head().await.unwrap(), rows[2].sequence());
    assert_eq!(store.events_after(rows[0].sequence(), 1).await.unwrap(), rows[1..2]);
    assert!(store.events_after(rows[2].sequence(), 10).await.unwrap().is_empty());
}

pub async fn followers_find_where_to_start(store: Arc<dyn Store>) {
    assert_eq!(store.sequence_before(NOW).await.unwrap(), Sequence(0));
    // Clocks of nodes differ: order of commit is not order of time.
    let written = [10, 20, 15, 30].map(|at| append(&created(seconds(at))));
    done(&*store, &written).await;
    let rows = settled(&*store, 4).await;
    for (from, unseen) in [(0, 4), (11, 3), (20, 3), (21, 1), (31, 0)] {
        let start = store.sequence_before(seconds(from)).await.unwrap();
        let seen = store.events_after(start, 10).await.unwrap();
        assert!(seen.ends_with(&rows[rows.len() - unseen..]), "from {from}");
        let whole = rows.len() - seen.len();
        // A store that cannot tell exactly starts earlier, never later.
        assert!(seen == rows[whole..], "from {from}");
    }
}

pub async fn suspensions_and_compromises_stand_for_ever(store: Arc<dyn Store>) {
    let suspended = event(EventKind::ClientSuspended, NOW).at_client(&client("portal"));
    let reinstated = event(EventKind::ClientReinstated, seconds(1)).at_client(&client("portal"));
    let compromised = event(EventKind::KeyCompromised { kid: "es256-1".into() }, seconds(2));
    let standing = [suspended, reinstated, compromised];
    let mut plan = vec![append(&created(NOW))];
    plan.extend(standing.iter().map(append));
    plan.push(append(&created(seconds(3))));
    done(&*store, &plan).await;
    assert_eq!(events(&store.standing_events().await.unwrap()), standing);
}

pub async fn a_person_reads_their_own_history_newest_first(store: Arc<dyn Store>) {
    let lan = lan();
    let mine = [0, 1, 2].map(|at| created(seconds(at)).about(lan.id));
    let mut plan = vec![create(&lan), append(&created(NOW))];
    plan.extend(mine.iter().map(append));
    done(&*store, &plan).await;

    let newest = store.history_of(lan.id, None, 2).await.unwrap();
    assert_eq!(events(&newest), [mine[2].clone(), mine[1].clone()]);
    let rest = store.history_of(lan.id, Some(newest[1].sequence()), 2).await.unwrap();
    assert_eq!(events(&rest), [mine[0].clone()]);
}

pub async fn the_first_checkpoint_of_a_size_stays(store: Arc<dyn Store>) {
    let checkpoint = |size| SignedCheckpoint {
        size,
        root: [7; 32],
        at: NOW,
        signature: "jws".into(),
        frontier: None,
    };
    let (large, small) = (checkpoint(20), checkpoint(3));
    let save = |checkpoint: &SignedCheckpoint| Change::SaveCheckpoint(checkpoint.clone());
    done(&*store, &[save(&large), save(&small)]).await;
    let second = SignedCheckpoint { signature: "another".into(), ..small.clone() };
    done(&*store, &[save(&second)]).await;
    assert_eq!(store.checkpoints().await.unwrap(), [small.clone(), large.clone()]);
    assert_eq!(store.newest_checkpoint().await.unwrap(), Some(large.clone()));

    let frontier = Frontier { position: Sequence(77), peaks: vec![[1; 32], [2; 32], [3; 32]] };
    let resumable = SignedCheckpoint { frontier: Some(frontier), ..checkpoint(21) };
    done(&*store, &[save(&resumable)]).await;
    assert_eq!(store.newest_checkpoint().await.unwrap(), Some(resumable.clone()));
    assert_eq!(store.checkpoints().await.unwrap(), [small, large, resumable]);
}

pub async fn a_lost_contest_leaves_nothing_of_its_plan(store: Arc<dyn Store>) {
    let lan = lan();
    let (first, second) = (session(lan.id), session(lan.id));
    let redeemed = grant(&first, "portal", ["openid"]);
    done(&*store, &[create(&lan), open(&first), insert(&redeemed), append(&created(NOW))]).await;
    let before = store.head().await.unwrap();

    let plan = [append(&created(seconds(1))), open(&second), insert(&redeemed)];
    lost(&*store, &plan, Contest::GrantExists).await;
    assert_eq!(store.head().await.unwrap(), before);
    assert!(store.session(second.id).await.unwrap().is_none());
    assert_eq!(store.history_of(lan.id, None, 10).await.unwrap().len(), 0);
}

pub async fn a_failing_change_leaves_nothing_of_its_plan(store: Arc<dyn Store>) {
    let lan = lan();
    let authenticator = AuthenticatorId::generate(NOW, &ENTROPY);
    let status = AuthenticatorStatus::Active;
    let fails = Change::SetAuthenticatorStatus { authenticator, status };
    assert!(store.commit(&[create(&lan), append(&created(NOW)), fails]).await.is_err());
    assert_eq!(store.head().await.unwrap(), Sequence(0));
    assert!(store.subject(lan.id).await.unwrap().is_none());
    done(&*store, &[create(&lan)]).await;
}

pub async fn parallel_plans_append_without_gaps(store: Arc<dyn Store>) {
    let mut tasks = tokio::task::JoinSet::new();
    for at in 0..64 {
        let (store, plan) = (Arc::clone(&store), [append(&created(seconds(at)))]);
        tasks.spawn(async move { store.commit(&plan).await.unwrap() });
    }
    assert!(tasks.join_all().await.iter().all(|commit| *commit == Commit::Done));
    let rows = settled(&*store, 64).await;
    assert_eq!(rows.len(), 64);
    assert!(rows.windows(2).all(|pair| pair[0].sequence() < pair[1].sequence()));
}
