use std::process::Command;

use super::*;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_800_000_000);
const SCHEDULE: RotationSchedule = RotationSchedule {
    publish_ahead: Duration::from_hours(24),
    active_for: Duration::from_hours(90 * 24),
    verify_after: Duration::from_hours(12),
};

fn key(kid: &str, activates_at: Timestamp) -> KeyRecord {
    KeyRecord {
        kid: kid.into(),
        purpose: KeyPurpose::SignEs256,
        wrapped: Vec::new(),
        created_at: activates_at,
        activates_at,
        retires_at: None,
        removes_at: None,
        compromised_at: None,
    }
}

fn of(records: &[KeyRecord], now: Timestamp) -> Option<Expiry> {
    of_keys(records.iter(), KeyPurpose::SignEs256, SCHEDULE, now)
}

#[test]
fn a_late_successor_is_warned_of_and_an_announced_one_is_none() {
    let old = key("old", NOW);
    let due = NOW.plus(SCHEDULE.active_for);
    let expiry = of(std::slice::from_ref(&old), NOW).unwrap();
    assert_eq!(expiry.ends_at, due);
    let announced = due.minus(SCHEDULE.publish_ahead);
    assert!(announced < expiry.warns_from, "rotation has a moment to announce it");
    assert!(expiry.warns_from < announced.plus(Duration::from_hours(1)));

    let both = [KeyRecord { retires_at: Some(due), ..old }, key("next", due)];
    assert_eq!(
        of(&both, due.minus(Duration::from_mins(1))).unwrap().ends_at,
        due.plus(SCHEDULE.active_for)
    );
    assert_eq!(of(&[], NOW), None);
}

#[test]
fn a_certificate_is_warned_of_for_weeks_and_once_a_day() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-subj", "/CN=localhost", "-days", "60", "-keyout"])
        .args([file("key.pem"), "-out".into(), file("certificate.pem")])
        .output()
        .expect("openssl runs");
    assert!(made.status.success(), "{made:?}");
    let expiry = of_certificate(&file("certificate.pem")).unwrap();
    let days = |count: u64| Duration::from_hours(24 * count);
    assert_eq!(expiry.ends_at.since(expiry.warns_from), days(21));

    let mut reminders = Reminders::default();
    let mut reminded = |days_before: u64| {
        let now = expiry.ends_at.minus(days(days_before));
        reminders.due(vec![expiry.clone()], now).len()
    };
    assert_eq!([30, 21, 21, 20, 0].map(&mut reminded), [0, 1, 0, 1, 1]);
    assert!(of_certificate(&file("key.pem")).is_err());
    assert!(of_certificate(&file("nothing.pem")).is_err());
}
