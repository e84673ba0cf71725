//! A forgotten password, set anew.

use std::time::Duration;

use flows::messages::{Channel, Message};
use flows::proof::message_codes::PER_PERSON;
use identity_core::EventKind;
use testkit::{Browser, Citizen, Page, Server};

use super::attempt;
use super::messages::{code_of, house, sent};

pub const NEW: &str = "một câu khác, dài và dễ nhớ";

/// The messages, once there are this many: they leave after the page was answered.
pub async fn messages(server: &Server, count: usize) -> Vec<Message> {
    for _ in 0..500 {
        let sent = sent(server);
        if sent.len() >= count {
            return sent;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} messages instead of {count}", sent(server).len());
}

pub fn newest(messages: &[Message], channel: Channel) -> String {
    code_of(messages.iter().find(|message| message.channel == channel).expect("one was sent"))
}

pub async fn name(browser: &mut Browser, name: &str) -> Page {
    let page = browser.visit("/recover").await;
    browser.submit(&page, &[("username", name)]).await
}

/// With what is filled in, to the page for the new password.
pub async fn prove(browser: &mut Browser, page: &Page, filled: &[(&str, &str)]) -> Page {
    let page = browser.submit(page, filled).await;
    assert!(page.has_id("set-password"), "{}", page.describe());
    page
}

pub async fn set(browser: &mut Browser, page: &Page) -> Page {
    browser.submit(page, &[("new-password", NEW), ("new-password-again", NEW)]).await
}

#[tokio::test]
async fn two_codes_by_different_ways_set_a_new_password_and_end_every_session() {
    // ATK-095, NIST SP 800-63B-4 §4.2
    let server = house().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().with_verified_email().create().await;
    let mut elsewhere = server.browser();
    elsewhere.log_in(&server, "/home", &citizen).await;

    let mut browser = server.browser();
    let page = name(&mut browser, &citizen.number).await;
    let codes = messages(&server, 2).await;
    let (sms, email) = (newest(&codes, Channel::Sms), newest(&codes, Channel::Email));
    let page = prove(&mut browser, &page, &[("sms-code", &sms), ("email-code", &email)]).await;
    let short = [("new-password", "ngắn"), ("new-password-again", "ngắn")];
    let page = browser.submit(&page, &short).await;
    assert_eq!(page.status, 422, "{}", page.describe());
    let done = set(&mut browser, &page).await;
    assert!(done.has_id("to-login"), "{}", done.describe());

    assert_eq!(attempt(&server, &portal, &citizen.number, &citizen.password).await.status, 422);
    let page = attempt(&server, &portal, &citizen.number, NEW).await;
    assert_ne!(page.status, 422, "{}", page.describe());
    let page = elsewhere.visit("/home").await;
    assert_eq!(page.path(), "/login", "that session is over");
    let notices = messages(&server, 4).await;
    assert!(notices[..2].iter().all(|notice| notice.text.contains("vừa được đặt lại")));
    let subject = server.provider.store.subject(citizen.id).await.unwrap().unwrap().subject;
    assert_eq!(subject.account.recovered_at, Some(server.now()), "edge case 21");
    let events = server.provider.store.history_of(citizen.id, None, 50).await.unwrap();
    let recovered = |kind: &EventKind| matches!(kind, EventKind::AccountRecovered { factors } if factors.len() == 2);
    assert!(events.iter().any(|recorded| recovered(&recorded.event().kind)));
}

#[tokio::test]
async fn a_code_and_the_app_do_as_well_and_each_counts_once() {
    // ATK-103, scorecard 10
    let server = house().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    let page = name(&mut browser, &citizen.number).await;
    let sent = messages(&server, 1).await;
    assert_eq!(sent.len(), 1, "nothing goes to a mailbox that nobody verified");
    let (sms, totp) = (newest(&sent, Channel::Sms), citizen.code_at(server.now()));
    let filled = [("sms-code", &*sms), ("totp", &*totp)];
    let permit = prove(&mut browser, &page, &filled).await;
    let again = browser.submit(&page, &filled).await;
    assert_eq!(again.status, 422, "{}", again.describe());
    let mut other = server.browser();
    other.visit("/recover").await;
    assert!(set(&mut browser, &permit).await.has_id("to-login"));
    assert_eq!(set(&mut browser, &permit).await.status, 400, "one password for one permit");
}

#[tokio::test]
async fn one_code_is_enough_only_where_the_password_was_all_there_was() {
    // NIST SP 800-63B-4 §4.2.2
    let server = house().await;
    let proven = server.citizen().without_totp().create().await;
    let mut browser = server.browser();
    let page = name(&mut browser, &proven.number).await;
    let code = newest(&messages(&server, 1).await, Channel::Sms);
    let page = browser.submit(&page, &[("sms-code", &code)]).await;
    assert_eq!(page.status, 422, "level 2 needs more: {}", page.describe());

    let simple = server.citizen().level_one().without_totp().create().await;
    let page = name(&mut browser, &simple.number).await;
    let code = newest(&messages(&server, 2).await, Channel::Sms);
    prove(&mut browser, &page, &[("sms-code", &code)]).await;
}

#[tokio::test]
async fn what_one_browser_was_asked_no_other_can_answer() {
    // ATK-091, Keycloak CVE-2026-9087
    let server = house().await;
    let citizen = server.citizen().with_verified_email().create().await;
    let other = server.citizen().with_verified_email().create().await;
    let mut browser = server.browser();
    let page = name(&mut browser, &citizen.number).await;
    let codes = messages(&server, 2).await;
    let (sms, email) = (newest(&codes, Channel::Sms), newest(&codes, Channel::Email));
    let mut thief = server.browser();
    let own = name(&mut thief, &other.number).await;
    let theirs = page.form().fields;
    let question = |name: &str| theirs.iter().find(|(known, _)| known == name).unwrap().1.clone();
    let (one, two) = (question("sms-question"), question("email-question"));
    let filled = [
        ("sms-code", &*sms),
        ("email-code", &*email),
        ("sms-question", &*one),
        ("email-question", &*two),
    ];
    assert_eq!(thief.submit(&own, &filled).await.status, 400);
    // Nor may one person's question stand beside another's, in one browser.
    let fields = page.form().fields;
    let (_, mine) = fields.iter().find(|(known, _)| known == "sms-question").unwrap();
    let mixed = name(&mut browser, &other.number).await;
    let page = browser.submit(&mixed, &[("sms-code", &sms), ("sms-question", mine)]).await;
    assert_eq!(page.status, 400, "{}", page.describe());
}

fn masked(page: &Page, name: &str) -> (u16, String) {
    let mut body = page.body.replace(name, "NAME");
    for (field, value) in page.form().fields {
        body = body.replace(&value, &field);
    }
    (page.status.as_u16(), body)
}

async fn guesses(server: &Server, number: &str) -> Vec<(u16, String)> {
    let mut browser = server.browser();
    let mut seen = Vec::new();
    let page = name(&mut browser, number).await;
    seen.push(masked(&page, number));
    for _ in 0..7 {
        let page = browser.submit(&page, &[("sms-code", "000000"), ("totp", "000000")]).await;
        seen.push(masked(&page, number));
    }
    seen
}

#[tokio::test]
async fn nobody_learns_here_who_has_an_account() {
    // ATK-098: the same pages, waits and effects for everybody
    let server = house().await;
    let citizen = server.citizen().create().await;
    let locked = server.citizen().locked().create().await;
    let child = server.citizen().born("2013-05-17").create().await;
    let model = guesses(&server, "067199999999").await;
    assert_eq!((model[0].0, model[1].0, model[7].0), (200, 422, 429));
    for (case, who) in [("bears it", &citizen), ("locked", &locked), ("a child", &child)] {
        let seen = guesses(&server, &who.number).await;
        assert_eq!(seen, model, "{case}");
    }
    // Two of them are recoverable; the others were sent nothing.
    assert_eq!(messages(&server, 2).await.len(), 2);
}

#[tokio::test]
async fn naming_somebody_answers_before_anybody_is_looked_up() {
    // ATK-098: no time to measure, because nothing that depends on the name happens first
    let server = house().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    for _ in 0..PER_PERSON + 4 {
        assert_eq!(name(&mut browser, &citizen.number).await.status, 200);
    }
    let last = server.citizen().create().await;
    name(&mut browser, &last.number).await;
    let allowed = usize::try_from(PER_PERSON).unwrap();
    let sent = messages(&server, allowed + 1).await;
    assert_eq!(sent.len(), allowed + 1, "a flood stops, and the page does not say so");
}

#[tokio::test]
async fn all_names_of_a_person_share_one_count() {
    // ATK-099
    let server = house().await;
    let citizen: Citizen = server.citizen().create().await;
    let found = server.provider.store.subject(citizen.id).await.unwrap().unwrap();
    let phone = found.subject.profile.phone.unwrap().value.as_str().to_owned();
    let mut statuses = Vec::new();
    for round in 0..6 {
        let mut browser = server.browser();
        let called = if round % 2 == 0 { &citizen.number } else { &phone };
        let page = name(&mut browser, called).await;
        let page = browser.submit(&page, &[("sms-code", "000000")]).await;
        statuses.push(page.status.as_u16());
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429]);
}
