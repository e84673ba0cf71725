//! What may be lost.

use std::sync::Arc;
use std::time::Duration;

use identity_core::Timestamp;

use super::sample::{BEGAN, NOW, seconds};
use crate::ports::MAX_TRANSIENT_VALUE;
use crate::{Claim, Slot, StoreError, TransientStore};

/// A claim on something just issued.
pub fn claim(id: &str, expires_at: Timestamp) -> Claim<'_> {
    Claim { purpose: "jti", id, issued_at: NOW, expires_at }
}

/// Claims all at once; how many won.
async fn winners(store: &Arc<dyn TransientStore>, tasks: u32) -> usize {
    let mut set = tokio::task::JoinSet::new();
    for _ in 0..tasks {
        let store = Arc::clone(store);
        set.spawn(async move { store.claim_once(claim("a", seconds(60)), NOW).await.unwrap() });
    }
    set.join_all().await.into_iter().filter(|granted| *granted).count()
}

pub async fn a_claim_is_granted_once_until_it_expires(store: Arc<dyn TransientStore>) {
    // ATK-050
    assert!(store.claim_once(claim("a", seconds(60)), NOW).await.unwrap());
    assert!(!store.claim_once(claim("a", seconds(60)), NOW).await.unwrap());
    assert!(!store.claim_once(claim("a", seconds(90)), seconds(59)).await.unwrap());
    assert!(store.claim_once(claim("b", seconds(60)), NOW).await.unwrap());
}

pub async fn purposes_do_not_meet(store: Arc<dyn TransientStore>) {
    for (purpose, id) in [("dpop", "a"), ("assertion", "a"), ("dpo", "pa"), ("dpop\0a", "")] {
        let claim = Claim { purpose, ..claim(id, seconds(60)) };
        assert!(store.claim_once(claim, NOW).await.unwrap(), "{purpose:?} {id:?}");
    }
}

pub async fn of_parallel_claims_one_wins(store: Arc<dyn TransientStore>) {
    assert_eq!(winners(&store, 200).await, 1);
}

pub async fn what_has_expired_cannot_be_claimed(store: Arc<dyn TransientStore>) {
    assert!(!store.claim_once(claim("a", NOW), NOW).await.unwrap());
    assert!(store.claim_once(claim("a", seconds(1)), NOW).await.unwrap());
}

pub async fn what_was_issued_before_the_epoch_is_refused(store: Arc<dyn TransientStore>) {
    // ATK-050: it may have been claimed in the memory that was lost.
    let a_little_earlier = BEGAN.minus(Duration::from_millis(1));
    let older = Claim { issued_at: a_little_earlier, ..claim("a", seconds(60)) };
    assert!(!store.claim_once(older, NOW).await.unwrap());
    // Nobody can tell yet, so that honest clients had better come again.
    let young = store.claim_once(older, a_little_earlier).await;
    assert!(matches!(young, Err(StoreError::Unavailable(_))), "{young:?}");
    // Neither burnt the identifier.
    let at_the_epoch = Claim { issued_at: BEGAN, ..older };
    assert!(store.claim_once(at_the_epoch, NOW).await.unwrap());
    assert!(!store.claim_once(at_the_epoch, NOW).await.unwrap());
}

pub async fn a_count_is_of_its_window_alone(store: Arc<dyn TransientStore>) {
    let window = Duration::from_secs(10);
    let count = async |id, now| store.count("refusals", id, window, now).await.unwrap();
    assert_eq!(count("a", NOW).await, 1);
    assert_eq!(count("a", NOW.plus(Duration::from_millis(9_999))).await, 2);
    assert_eq!(count("b", NOW).await, 1);
    assert_eq!(count("a", seconds(10)).await, 1);
    assert_eq!(store.count("other", "a", window, NOW).await.unwrap(), 1);
    assert_eq!(store.count("refusals", "a", Duration::from_secs(5), NOW).await.unwrap(), 1);
}

pub async fn parallel_counts_miss_nobody(store: Arc<dyn TransientStore>) {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let store = Arc::clone(&store);
        let window = Duration::from_secs(1);
        tasks.spawn(async move { store.count("refusals", "a", window, NOW).await.unwrap() });
    }
    let mut counts = tasks.join_all().await;
    counts.sort_unstable();
    assert_eq!(counts, (1..=64).collect::<Vec<u64>>());
}

const QR: Slot<'_> = Slot { purpose: "qr", id: "a" };

async fn value(store: &Arc<dyn TransientStore>, slot: Slot<'_>, now: Timestamp) -> Option<Vec<u8>> {
    store.get(slot, now).await.unwrap()
}

pub async fn a_value_is_there_until_it_expires_or_is_removed(store: Arc<dyn TransientStore>) {
    assert_eq!(value(&store, QR, NOW).await, None);
    let bytes: Vec<u8> = (0..=255).collect();
    store.put(QR, &bytes, seconds(60), NOW).await.unwrap();
    assert_eq!(value(&store, QR, seconds(59)).await, Some(bytes));
    assert_eq!(value(&store, QR, seconds(60)).await, None, "closed-open (L13)");

    store.put(QR, b"", seconds(90), NOW).await.unwrap();
    assert_eq!(
        value(&store, QR, seconds(89)).await,
        Some(Vec::new()),
        "the newer one, and its life"
    );
    store.remove(QR).await.unwrap();
    store.remove(QR).await.unwrap();
    assert_eq!(value(&store, QR, NOW).await, None);
}

pub async fn values_of_other_slots_do_not_meet(store: Arc<dyn TransientStore>) {
    let slots = [("qr", "a"), ("qr", "b"), ("app", "a"), ("q", "ra"), ("qr\0a", "")];
    for (number, (purpose, id)) in (0u8..).zip(slots) {
        store.put(Slot { purpose, id }, &[number], seconds(60), NOW).await.unwrap();
    }
    for (number, (purpose, id)) in (0u8..).zip(slots) {
        assert_eq!(
            value(&store, Slot { purpose, id }, NOW).await,
            Some(vec![number]),
            "{purpose:?}"
        );
    }
}

pub async fn a_value_is_replaced_only_by_who_saw_it(store: Arc<dyn TransientStore>) {
    let replace = async |from: &[u8], to: &[u8], now| {
        store.replace_if(QR, from, to, seconds(90), now).await.unwrap()
    };
    assert!(!replace(b"shown", b"scanned", NOW).await, "nothing is there");
    store.put(QR, b"shown", seconds(60), NOW).await.unwrap();
    assert!(!replace(b"show", b"scanned", NOW).await);
    assert!(!replace(b"shown", b"scanned", seconds(60)).await, "it has expired");
    assert!(replace(b"shown", b"scanned", seconds(59)).await);
    assert!(!replace(b"shown", b"scanned", seconds(59)).await);
    assert_eq!(value(&store, QR, seconds(89)).await, Some(b"scanned".to_vec()));
}

pub async fn of_parallel_replacements_of_one_value_one_wins(store: Arc<dyn TransientStore>) {
    store.put(QR, b"scanned", seconds(60), NOW).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..64u8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            store.replace_if(QR, b"scanned", &[number], seconds(60), NOW).await.unwrap()
        });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
}

pub async fn a_value_that_is_too_long_is_refused(store: Arc<dyn TransientStore>) {
    let longest = vec![7; MAX_TRANSIENT_VALUE];
    store.put(QR, &longest, seconds(60), NOW).await.unwrap();
    assert_eq!(value(&store, QR, NOW).await.map(|value| value.len()), Some(MAX_TRANSIENT_VALUE));
    let longer = vec![7; MAX_TRANSIENT_VALUE + 1];
    assert!(store.put(QR, &longer, seconds(60), NOW).await.is_err());
    assert!(store.replace_if(QR, &longest, &longer, seconds(60), NOW).await.is_err());
}
