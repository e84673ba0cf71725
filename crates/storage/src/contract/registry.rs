//! Relying parties, keys and notices.

use std::slice::from_ref;
use std::sync::Arc;

use identity_core::RelyingParty;
use identity_core::id::DeliveryId;
use identity_core::key::{KeyPurpose, KeyRecord, KeyTimes};
use identity_core::relying_party::{
    AccessTokenFormat, Agreement, ClientAuthentication, ClientProfile, ConsentRule, GrantType,
    IdTokenAlgorithm, LocalizedText, RelyingPartyStatus, SubjectType,
};

use super::sample::{ENTROPY, NOW, client, date, handle, seconds, texts};
use super::{done, lost, winners};
use crate::{Change, Contest, KeyChange, LogoutDelivery, Store};

fn portal() -> RelyingParty {
    let text = |vi: &str, en: &str| LocalizedText { vi: vi.into(), en: en.into() };
    RelyingParty {
        client_id: client("portal"),
        name: text("Cổng Dịch vụ công quốc gia", "National Public Service Portal"),
        legal_entity: "Văn phòng Chính phủ".into(),
        agreement: Agreement {
            number: "01/2026".into(),
            purpose: text("Nộp hồ sơ", "Filing"),
            signed_on: date("2026-01-01"),
            ends_on: None,
            system_security_level: 4,
        },
        status: RelyingPartyStatus::Active,
        profile: ClientProfile::Strict,
        authentication: ClientAuthentication::ClientSecretBasic { secrets: vec![handle()] },
        redirect_uris: vec!["https://portal.example/callback".into()],
        post_logout_redirect_uris: Vec::new(),
        backchannel_logout_uri: None,
        scopes: texts(["openid", "profile"]),
        grant_types: [GrantType::AuthorizationCode, GrantType::RefreshToken].into(),
        subject_type: SubjectType::Pairwise { sector: "portal.example".into() },
        id_token_algorithm: IdTokenAlgorithm::Es256,
        access_token_format: AccessTokenFormat::Sealed,
        audiences: [client("case-system")].into(),
        requirement: Some("login".into()),
        consent: ConsentRule::AskCitizen,
        authorization_details_types: ["urn:vn:eid:transaction".to_owned()].into(),
    }
}

pub async fn a_saved_relying_party_replaces_the_one_before(store: Arc<dyn Store>) {
    let portal = portal();
    let other = RelyingParty { client_id: client("tax"), ..portal.clone() };
    let save = |party: &RelyingParty| Change::SaveRelyingParty(Box::new(party.clone()));
    done(&*store, &[save(&portal), save(&other)]).await;
    let status = RelyingPartyStatus::Suspended { since: NOW, reason: "leak".into() };
    let suspended = RelyingParty { status, ..portal };
    done(&*store, &[save(&suspended)]).await;

    let mut parties = store.relying_parties().await.unwrap();
    parties.sort_by(|one, other| one.client_id.cmp(&other.client_id));
    assert_eq!(parties, [suspended, other]);
}

fn key(kid: &str) -> KeyRecord {
    KeyRecord {
        kid: kid.into(),
        purpose: KeyPurpose::SignEs256,
        wrapped: vec![1, 2, 3],
        created_at: NOW,
        activates_at: seconds(1),
        retires_at: None,
        removes_at: None,
        compromised_at: None,
    }
}

fn create(key: &KeyRecord) -> Change {
    Change::Key(KeyChange::Create(Box::new(key.clone())))
}

fn retiring() -> KeyTimes {
    KeyTimes { retires_at: Some(seconds(2)), removes_at: Some(seconds(3)), compromised_at: None }
}

fn reschedule(kid: &str, from: KeyTimes, to: KeyTimes) -> Change {
    Change::Key(KeyChange::Reschedule { kid: kid.into(), from, to })
}

pub async fn a_key_is_made_once_and_its_times_move_from_what_was_seen(store: Arc<dyn Store>) {
    let mut key = key("es256-1");
    done(&*store, &[create(&key)]).await;
    assert_eq!(store.keys().await.unwrap(), from_ref(&key));
    let forged = KeyRecord { wrapped: vec![6, 6, 6], ..key.clone() };
    lost(&*store, &[create(&forged)], Contest::KeyExists).await;

    let compromised = KeyTimes { compromised_at: Some(seconds(4)), ..retiring() };
    done(&*store, &[reschedule(&key.kid, key.times(), retiring())]).await;
    done(&*store, &[reschedule(&key.kid, retiring(), compromised)]).await;
    for stale in [KeyTimes::default(), retiring()] {
        lost(&*store, &[reschedule(&key.kid, stale, retiring())], Contest::KeyMoved).await;
    }
    let unknown = [reschedule("nobody", KeyTimes::default(), retiring())];
    lost(&*store, &unknown, Contest::KeyMoved).await;
    key.set_times(compromised);
    assert_eq!(store.keys().await.unwrap(), [key]);
}

/// Several nodes find at once that the next key is due; each has made one.
pub async fn of_parallel_rotations_one_wins(store: Arc<dyn Store>) {
    done(&*store, &[create(&key("current"))]).await;
    let plans = (0..8).map(|node| {
        let successor = key(&format!("next-{node}"));
        vec![create(&successor), reschedule("current", KeyTimes::default(), retiring())]
    });
    assert_eq!(winners(&store, plans.collect(), Contest::KeyMoved).await, 1);
    assert_eq!(store.keys().await.unwrap().len(), 2);
}

/// Several nodes start on an empty database: the first sealing key has one name on all of them.
pub async fn of_parallel_first_starts_one_wins(store: Arc<dyn Store>) {
    let plans =
        (0..8).map(|node| vec![create(&key(&format!("own-{node}"))), create(&key("first"))]);
    assert_eq!(winners(&store, plans.collect(), Contest::KeyExists).await, 1);
    assert_eq!(store.keys().await.unwrap().len(), 2);
}

pub async fn a_key_is_rewrapped_from_what_was_seen(store: Arc<dyn Store>) {
    let key = key("es256-1");
    let rewrap = |from: &[u8], to: &[u8]| {
        let (kid, from, to) = (key.kid.clone(), from.to_vec(), to.to_vec());
        [Change::Key(KeyChange::Rewrap { kid, from, to })]
    };
    done(&*store, &[create(&key)]).await;
    done(&*store, &rewrap(&[1, 2, 3], &[4, 5])).await;
    lost(&*store, &rewrap(&[1, 2, 3], &[6]), Contest::KeyMoved).await;
    let rewrapped = KeyRecord { wrapped: vec![4, 5], ..key.clone() };
    assert_eq!(store.keys().await.unwrap(), [rewrapped]);
}

pub async fn logouts_are_due_until_finished(store: Arc<dyn Store>) {
    let delivery = |due: u64| LogoutDelivery {
        id: DeliveryId::generate(NOW, &ENTROPY),
        client: client("portal"),
        uri: "https://portal.example/logout".into(),
        subject_identifier: "pairwise".into(),
        session_identifier: "sid".into(),
        queued_at: NOW,
        attempts: 0,
        due_at: seconds(due),
    };
    let (late, early) = (delivery(10), delivery(5));
    let queue = |delivery: &LogoutDelivery| Change::QueueLogout(delivery.clone());
    done(&*store, &[queue(&late), queue(&early)]).await;
    assert!(store.due_logouts(seconds(4), 10).await.unwrap().is_empty());
    assert_eq!(store.due_logouts(seconds(5), 10).await.unwrap(), from_ref(&early));
    assert_eq!(store.due_logouts(seconds(10), 1).await.unwrap(), from_ref(&early));
    assert_eq!(store.due_logouts(seconds(10), 10).await.unwrap(), [early.clone(), late.clone()]);

    let retry = Change::RetryLogout { delivery: early.id, due_at: seconds(20) };
    done(&*store, &[retry, Change::FinishLogout(late.id)]).await;
    let retried = LogoutDelivery { attempts: 1, due_at: seconds(20), ..early };
    assert_eq!(store.due_logouts(seconds(20), 10).await.unwrap(), [retried]);
}
