//! People and the names that lead to them.

use std::sync::Arc;

use identity_core::account::{Lock, LockReason, LockedBy};
use identity_core::subject::SupersededNumber;
use identity_core::{LoginName, Subject};

use super::sample::{NOW, create, lan, number, person, phone};
use super::{done, lost, winners};
use crate::{Change, Contest, Store};

async fn found(store: &dyn Store, typed: &str) -> Option<Subject> {
    let name = LoginName::parse(typed).unwrap();
    store.subject_by_login(&name).await.unwrap().map(|found| found.subject)
}

fn replace(subject: &Subject, version: u64) -> Change {
    Change::ReplaceSubject { subject: Box::new(subject.clone()), version }
}

pub async fn a_subject_reads_back_as_it_was_written(store: Arc<dyn Store>) {
    let lan = lan();
    assert!(store.subject(lan.id).await.unwrap().is_none());
    done(&*store, &[create(&lan)]).await;

    let stored = store.subject(lan.id).await.unwrap().unwrap();
    assert_eq!((stored.subject, stored.version), (lan.clone(), 1));
    assert_eq!(found(&*store, "067301001234").await, Some(lan.clone()));
    assert_eq!(found(&*store, "+84 912 345 678").await, Some(lan));
    assert_eq!(found(&*store, "067301001235").await, None);
}

pub async fn only_the_current_version_can_be_replaced(store: Arc<dyn Store>) {
    let lan = lan();
    done(&*store, &[create(&lan)]).await;
    let mut locked = lan.clone();
    let by_holder = Lock { reason: LockReason::HolderRequest, by: LockedBy::Holder, since: NOW };
    locked.account = locked.account.lock(by_holder).unwrap();
    done(&*store, &[replace(&locked, 1)]).await;

    lost(&*store, &[replace(&lan, 1)], Contest::SubjectMoved).await;
    let stored = store.subject(lan.id).await.unwrap().unwrap();
    assert_eq!((stored.subject, stored.version), (locked.clone(), 2));
    done(&*store, &[replace(&locked, 2)]).await;
    let stranger = person("Lê Thị Hoa", "001199000001", "0900000001");
    lost(&*store, &[replace(&stranger, 1)], Contest::SubjectMoved).await;
}

pub async fn a_number_or_phone_leads_to_one_person(store: Arc<dyn Store>) {
    let (lan, binh) = (lan(), person("Trần Văn Bình", "001085009876", "0987654321"));
    done(&*store, &[create(&lan), create(&binh)]).await;

    let same_number = person("Lê Thị Hoa", "067301001234", "0900000001");
    lost(&*store, &[create(&same_number)], Contest::NameTaken).await;
    let same_phone = person("Lê Thị Hoa", "001199000001", "0912345678");
    lost(&*store, &[create(&same_phone)], Contest::NameTaken).await;
    assert!(store.subject(same_phone.id).await.unwrap().is_none());

    let mut grabbing = binh.clone();
    grabbing.profile.phone = Some(phone("0912345678"));
    lost(&*store, &[replace(&grabbing, 1)], Contest::NameTaken).await;
    let untouched = store.subject(binh.id).await.unwrap().unwrap();
    assert_eq!((untouched.subject, untouched.version), (binh.clone(), 1));
    assert_eq!(found(&*store, "0987654321").await, Some(binh));
    assert_eq!(found(&*store, "0912345678").await, Some(lan));
}

pub async fn a_superseded_number_leads_nowhere(store: Arc<dyn Store>) {
    // Circular 59/2021 art. 6: a number can be cancelled and set anew.
    let mut lan = lan();
    done(&*store, &[create(&lan)]).await;
    let superseded = std::mem::replace(&mut lan.profile.number, number("067301009999"));
    lan.profile.superseded_numbers = vec![SupersededNumber {
        number: superseded,
        until: NOW,
        ground: "wrong sex recorded".into(),
    }];
    done(&*store, &[replace(&lan, 1)]).await;

    assert_eq!(found(&*store, "067301001234").await, None);
    assert_eq!(found(&*store, "067301009999").await, Some(lan.clone()));
    assert_eq!(found(&*store, "0912345678").await, Some(lan));
}

pub async fn people_are_found_by_their_folded_name(store: Arc<dyn Store>) {
    // Scorecard 41: same name, and a spelling that folds to it.
    let hoa = person("Đặng Thị Hoà", "001199000001", "0900000001");
    let mut namesake = person("Đặng Thị Hòa", "001199000002", "0900000002");
    done(&*store, &[create(&hoa), create(&namesake), create(&lan())]).await;

    let mut listed = store.subjects_by_name("dang thi hoa").await.unwrap();
    listed.sort_by(|one, other| other.name.cmp(&one.name));
    let mut expected = [&hoa, &namesake].map(|one| (one.id, one.profile.name.as_str()));
    expected.sort_by(|one, other| other.1.cmp(one.1));
    let listed: Vec<_> = listed.iter().map(|one| (one.subject, one.name.as_str())).collect();
    assert_eq!(listed, expected);
    assert!(store.subjects_by_name("dang thi").await.unwrap().is_empty());

    namesake.profile.name = identity_core::PersonName::parse("Đặng Thị Hồng").unwrap();
    done(&*store, &[replace(&namesake, 1)]).await;
    assert_eq!(store.subjects_by_name("dang thi hoa").await.unwrap().len(), 1);
}

pub async fn of_parallel_registrations_of_one_number_one_wins(store: Arc<dyn Store>) {
    let plans = (0..32)
        .map(|at| vec![create(&person("Lê Văn Tám", "001199000001", &format!("09000000{at:02}")))])
        .collect();
    assert_eq!(winners(&store, plans, Contest::NameTaken).await, 1);
}

pub async fn of_parallel_replacements_of_one_version_one_wins(store: Arc<dyn Store>) {
    let lan = lan();
    done(&*store, &[create(&lan)]).await;
    let plans = (0..32).map(|_| vec![replace(&lan, 1)]).collect();
    assert_eq!(winners(&store, plans, Contest::SubjectMoved).await, 1);
}
