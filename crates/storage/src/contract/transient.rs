//! What may be lost.

use std::sync::Arc;

use super::sample::{NOW, seconds};
use crate::TransientStore;

pub async fn a_claim_is_granted_once_until_it_expires(store: Arc<dyn TransientStore>) {
    assert!(store.claim_once("jti", "a", seconds(60), NOW).await.unwrap());
    assert!(!store.claim_once("jti", "a", seconds(60), NOW).await.unwrap());
    assert!(!store.claim_once("jti", "a", seconds(90), seconds(59)).await.unwrap());
    assert!(store.claim_once("jti", "b", seconds(60), NOW).await.unwrap());
    // Long after, the identifier is free again: nothing made then can be a replay from before.
    assert!(store.claim_once("jti", "a", seconds(7260), seconds(7200)).await.unwrap());
}

pub async fn purposes_do_not_meet(store: Arc<dyn TransientStore>) {
    assert!(store.claim_once("dpop", "a", seconds(60), NOW).await.unwrap());
    assert!(store.claim_once("assertion", "a", seconds(60), NOW).await.unwrap());
    assert!(store.claim_once("dpo", "pa", seconds(60), NOW).await.unwrap());
}

pub async fn of_parallel_claims_one_wins(store: Arc<dyn TransientStore>) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&store);
        tasks.spawn(async move { store.claim_once("jti", "a", seconds(60), NOW).await.unwrap() });
    }
    let claims = tasks.join_all().await;
    assert_eq!(claims.into_iter().filter(|granted| *granted).count(), 1);
}

pub async fn what_has_expired_cannot_be_claimed(store: Arc<dyn TransientStore>) {
    assert!(!store.claim_once("jti", "a", NOW, NOW).await.unwrap());
    assert!(store.claim_once("jti", "a", seconds(1), NOW).await.unwrap());
}

pub async fn the_epoch_does_not_move(store: Arc<dyn TransientStore>) {
    let epoch = store.epoch().await.unwrap();
    assert!(store.claim_once("jti", "a", seconds(60), NOW).await.unwrap());
    assert_eq!(store.epoch().await.unwrap(), epoch);
}
