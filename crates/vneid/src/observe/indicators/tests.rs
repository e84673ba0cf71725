use identity_core::event::LoginRefusalReason;
use identity_core::id::EventId;
use identity_core::{
    AuthenticatorKind, CalendarDate, ClientId, EventKind, Province, SecurityEvent, SessionId,
};
use serde_json::{Value, json};

use super::*;

/// 2026-11-22 at seven in the evening in Viet Nam.
fn now() -> Timestamp {
    let day = CalendarDate::new(2026, 11, 22).unwrap().start_in_viet_nam();
    day.plus(Duration::from_hours(19))
}

fn event(kind: EventKind, client: &str, at: Timestamp) -> SecurityEvent {
    let id = EventId::from_uuid(serde_json::from_value(json!("0".repeat(32))).unwrap());
    let client = Some(ClientId::parse(client).unwrap());
    SecurityEvent { id, at, subject: None, client, kind }
}

fn entered(province: u16) -> EventKind {
    EventKind::LoginSucceeded {
        session: SessionId::from_uuid(serde_json::from_value(json!("0".repeat(32))).unwrap()),
        factors: vec![AuthenticatorKind::Password],
        province: Some(Province::from_code(province)),
    }
}

fn refused() -> EventKind {
    EventKind::LoginRefused {
        authenticator: None,
        reason: LoginRefusalReason::WrongPassword,
        province: None,
    }
}

fn shown(indicators: &Indicators) -> Value {
    serde_json::to_value(indicators.report(now())).unwrap()
}

#[test]
fn steps_are_counted_by_relying_party_and_by_province_and_never_by_both() {
    // scope rows 67 and 68
    let indicators = Indicators::starting(now());
    for _ in 0..20 {
        indicators.note(&event(entered(1), "portal", now()), now());
    }
    for _ in 0..10 {
        indicators.note(&event(entered(79), "case-system", now()), now());
        indicators.note(&event(refused(), "portal", now()), now());
    }
    let shown = shown(&indicators);
    let today = &shown["today"];
    let counts = |done: u64, refused: u64, percent: u64| json!({ "done": done, "refused": refused, "success_percent": percent });
    assert_eq!(today["all"]["first_factor"], counts(30, 10, 75));
    assert_eq!(today["relying_parties"]["portal"]["first_factor"], counts(20, 10, 66));
    assert_eq!(today["relying_parties"]["case-system"]["first_factor"], counts(10, 0, 100));
    assert_eq!(today["provinces"]["001"]["first_factor"], counts(20, 0, 100));
    assert_eq!(today["provinces"]["079"]["first_factor"], counts(10, 0, 100));
}

#[test]
fn one_person_more_or_less_is_not_seen() {
    let indicators = Indicators::starting(now());
    let mut seen = Vec::new();
    for _ in 0..11 {
        indicators.note(&event(entered(1), "portal", now()), now());
        seen.push(shown(&indicators)["today"]["provinces"]["001"]["first_factor"]["done"].clone());
    }
    let few = Value::Null;
    let told: Vec<Value> = [vec![few; 4], vec![json!(5); 5], vec![json!(10); 2]].concat();
    assert_eq!(seen, told);
}

#[test]
fn a_day_begins_at_midnight_in_viet_nam_and_the_past_is_forgotten() {
    let indicators = Indicators::starting(now());
    let ago = |hours| now().minus(Duration::from_hours(hours));
    for (hours, count) in [(30, 100), (20, 50), (18, 20), (0, 5)] {
        for _ in 0..count {
            indicators.note(&event(entered(1), "portal", ago(hours)), now());
        }
    }
    let shown = shown(&indicators);
    let done = |window: &str| shown[window]["all"]["first_factor"]["done"].as_u64();
    assert_eq!(done("today"), Some(25));
    assert_eq!(done("last_24_hours"), Some(75));
    assert_eq!(shown["today"]["complete"], false, "the node has just started");
}

#[test]
fn a_month_is_a_table_that_spreadsheets_read() {
    // scope row 69
    let mut tally = Tally::default();
    for _ in 0..7 {
        tally.note(&event(entered(1), "portal", now()));
    }
    tally.note(&event(refused(), "portal", now()));
    let month = CalendarDate::new(2026, 11, 1).unwrap().start_in_viet_nam();
    assert_eq!(
        csv(&tally, month),
        "by,name,step,done,refused,success_percent\n\
         all,all,first_factor,5,<5,\n\
         relying_party,portal,first_factor,5,<5,\n\
         province,001,first_factor,5,0,100\n"
    );
}
