//! Relying parties, keys and notices.

use std::slice::from_ref;
use std::sync::Arc;

use identity_core::RelyingParty;
use identity_core::id::DeliveryId;
use identity_core::key::{KeyPurpose, KeyRecord};
use identity_core::relying_party::{
    AccessTokenFormat, Agreement, ClientAuthentication, ClientProfile, ConsentRule, GrantType,
    IdTokenAlgorithm, LocalizedText, RelyingPartyStatus, SubjectType,
};

use super::done;
use super::sample::{ENTROPY, NOW, client, date, handle, seconds, texts};
use crate::{Change, LogoutDelivery, Store};

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

pub async fn the_schedule_of_a_key_changes_and_its_secret_never_does(store: Arc<dyn Store>) {
    let key = KeyRecord {
        kid: "es256-1".into(),
        purpose: KeyPurpose::SignEs256,
        wrapped: vec![1, 2, 3],
        created_at: NOW,
        activates_at: seconds(1),
        retires_at: None,
        removes_at: None,
        compromised_at: None,
    };
    let save = |key: &KeyRecord| [Change::SaveKey(Box::new(key.clone()))];
    done(&*store, &save(&key)).await;
    assert_eq!(store.keys().await.unwrap(), from_ref(&key));

    let rescheduled = KeyRecord {
        retires_at: Some(seconds(2)),
        removes_at: Some(seconds(3)),
        compromised_at: Some(seconds(4)),
        ..key
    };
    let forged = KeyRecord { wrapped: vec![6, 6, 6], ..rescheduled.clone() };
    done(&*store, &save(&forged)).await;
    assert_eq!(store.keys().await.unwrap(), [rescheduled]);
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
