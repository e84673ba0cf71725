//! Work that several nodes could do and one does.

use std::sync::Arc;

use identity_core::id::DeliveryId;
use uuid::Uuid;

use super::sample::{ENTROPY, NOW, client, seconds};
use super::{done, lost, winners};
use crate::{Change, Contest, Lease, LogoutDelivery, Store};

pub async fn of_parallel_takers_of_a_logout_one_wins(store: Arc<dyn Store>) {
    let delivery = LogoutDelivery {
        id: DeliveryId::generate(NOW, &ENTROPY),
        client: client("portal"),
        uri: "https://portal.example/logout".into(),
        subject_identifier: "pairwise".into(),
        session_identifier: "sid".into(),
        queued_at: NOW,
        attempts: 0,
        due_at: NOW,
    };
    done(&*store, &[Change::QueueLogout(delivery.clone())]).await;
    let take = |due_at, until| Change::TakeLogout { delivery: delivery.id, due_at, until };
    let plans = (0..16).map(|_| vec![take(NOW, seconds(60))]).collect();
    assert_eq!(winners(&store, plans, Contest::DeliveryTaken).await, 1);
    assert!(store.due_logouts(seconds(59), 10).await.unwrap().is_empty());
    // Whoever took it died: it is due again.
    let again = store.due_logouts(seconds(60), 10).await.unwrap();
    assert_eq!(again, [LogoutDelivery { due_at: seconds(60), ..delivery }]);
    lost(&*store, &[take(NOW, seconds(120))], Contest::DeliveryTaken).await;
    done(&*store, &[take(seconds(60), seconds(120))]).await;
}

pub async fn a_lease_has_one_holder_until_it_runs_out(store: Arc<dyn Store>) {
    let holders = [1, 2, 3].map(Uuid::from_u128);
    let mut tasks = tokio::task::JoinSet::new();
    for holder in holders {
        let store = Arc::clone(&store);
        let take = async move {
            let taken = store.take_lease(Lease::SealLedger, holder, seconds(10), NOW).await;
            taken.unwrap().then_some(holder)
        };
        tasks.spawn(take);
    }
    let taken: Vec<Uuid> = tasks.join_all().await.into_iter().flatten().collect();
    let &[first] = taken.as_slice() else { panic!("{taken:?}") };
    let other = holders.into_iter().find(|holder| *holder != first).unwrap();
    let take = async |holder, from: u64, until| {
        store.take_lease(Lease::SealLedger, holder, seconds(until), seconds(from)).await.unwrap()
    };
    assert!(take(first, 5, 15).await, "its holder may renew it");
    assert!(!take(other, 14, 24).await);
    assert!(take(other, 15, 25).await);
    assert!(!take(first, 16, 26).await);
}
