//! How often one may guess.

use std::time::Duration;

use identity_core::LoginName;
use identity_core::authenticator::{AttemptGate, AuthenticatorKind, AuthenticatorStatus};
use storage::ThrottleKey;
use testkit::{Citizen, Client, Page, Server, all_at_once};

use super::{asked_for_code, attempt};

const WRONG: &str = "một mật khẩu hoàn toàn khác";

#[tokio::test]
async fn five_mistakes_are_free_and_then_the_waiting_grows() {
    // ATK-099, scorecard 23: alike for names that nobody bears
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    for name in [&*citizen.number, "067199999999"] {
        for _ in 0..5 {
            assert_eq!(answer(&attempt(&server, &portal, name, WRONG).await), (422, None));
        }
        // The right password, too: whether it was right, nobody learns while waiting.
        let page = attempt(&server, &portal, name, &citizen.password).await;
        assert_eq!(answer(&page), (429, Some(30)), "{name}");
        server.clock.advance(Duration::from_secs(30));
        assert_eq!(answer(&attempt(&server, &portal, name, WRONG).await), (422, None), "{name}");
        let page = attempt(&server, &portal, name, WRONG).await;
        assert_eq!(answer(&page), (429, Some(60)), "{name}");
    }
    server.clock.advance(Duration::from_mins(1));
    let page = attempt(&server, &portal, &citizen.number, &citizen.password).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
    let page = attempt(&server, &portal, &citizen.number, WRONG).await;
    assert_eq!(answer(&page), (422, None), "a success made the count anew");
}

#[tokio::test]
async fn number_and_phone_share_one_count_and_nobody_else_does() {
    // ATK-099
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let other = server.citizen().create().await;
    let found = server.provider.store.subject(citizen.id).await.unwrap().unwrap();
    let phone = found.subject.profile.phone.unwrap().value.as_str().to_owned();
    let local = format!("0{}", phone.trim_start_matches("+84").trim_start_matches('0'));
    for name in [&citizen.number, &phone, &local, &phone, &citizen.number] {
        let page = attempt(&server, &portal, name, WRONG).await;
        assert_eq!(answer(&page), (422, None), "{name}: {}", page.describe());
    }
    for name in [&citizen.number, &phone, &local] {
        assert_eq!(answer(&attempt(&server, &portal, name, WRONG).await).0, 429, "{name}");
    }
    let page = attempt(&server, &portal, &other.number, &other.password).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}

#[tokio::test]
async fn a_hundred_failures_disable_that_authenticator_and_no_other() {
    // ATK-099, NIST SP 800-63B-4 §3.2.2, edge case 20
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let other = server.citizen().create().await;
    let password = authenticator(&server, &citizen, AuthenticatorKind::Password).await;
    let unknown = ThrottleKey::UnknownName(LoginName::parse("067199999999").unwrap());
    fail_often(&server, &ThrottleKey::Authenticator(password), 99).await;
    fail_often(&server, &unknown, 99).await;

    for name in [&*citizen.number, "067199999999"] {
        let page = attempt(&server, &portal, name, WRONG).await;
        assert_eq!(answer(&page), (422, None), "the hundredth");
    }
    server.clock.advance(Duration::from_hours(24));
    let mine = attempt(&server, &portal, &citizen.number, &citizen.password).await;
    let nobodys = attempt(&server, &portal, "067199999999", WRONG).await;
    assert!(mine.location().is_none(), "the right password opens nothing any more");
    assert_eq!(answer(&mine), answer(&nobodys));

    assert_eq!(usable(&server, &citizen).await, [AuthenticatorKind::Totp]);
    assert_eq!(usable(&server, &other).await.len(), 2);
}

#[tokio::test]
async fn wrong_codes_are_counted_apart_from_wrong_passwords() {
    // edge case 20: success with one authenticator does not reset another
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let wrong = wrong_code(&server, &citizen);
    for _ in 0..5 {
        let (mut browser, page) = asked_for_code(&server, &portal, &citizen).await;
        let page = browser.submit(&page, &[("totp", &wrong)]).await;
        assert_eq!(answer(&page), (422, None));
    }
    let (mut browser, page) = asked_for_code(&server, &portal, &citizen).await;
    let right = citizen.code_at(server.now());
    let page = browser.submit(&page, &[("totp", &right)]).await;
    assert_eq!(answer(&page), (429, Some(30)));
    assert_eq!(page.path(), "/login/totp");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_guesses_share_the_free_ones() {
    // ATK-099: each attempt is counted before it is checked
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let mut visits = Vec::new();
    for _ in 0..12 {
        let mut browser = server.browser();
        let page = browser.visit(&portal.authorize(&[])).await;
        visits.push((browser, page));
    }
    let answers = all_at_once(visits.len(), |index| {
        let (mut browser, page) = visits[index].clone();
        let number = citizen.number.clone();
        async move {
            let filled = [("username", &*number), ("password", WRONG)];
            answer(&browser.submit(&page, &filled).await).0
        }
    })
    .await;
    assert_eq!(answers.iter().filter(|status| **status == 422).count(), 5, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 429).count(), 7, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn when_too_many_log_in_at_once_some_are_asked_to_come_back() {
    // ATK-102, scorecard 24
    let server = Server::start_with("limits.hashing_threads = 1").await;
    let portal = server.client("portal").create().await;
    let mut visits = Vec::new();
    for _ in 0..48 {
        let mut browser = server.browser();
        let page = browser.visit(&portal.authorize(&[])).await;
        visits.push((browser, page));
    }
    let pages = all_at_once(visits.len(), |index| {
        let (mut browser, page) = visits[index].clone();
        let name = format!("0671111{index:05}");
        async move { browser.submit(&page, &[("username", &*name), ("password", WRONG)]).await }
    })
    .await;
    let shed: Vec<&Page> = pages.iter().filter(|page| page.status == 429).collect();
    assert!(!shed.is_empty(), "48 at once never filled a queue of 16");
    for page in &shed {
        assert!(answer(page).1.is_some_and(|seconds| seconds > 0), "{}", page.describe());
        assert!(page.body.contains(page.headers["x-request-id"].to_str().unwrap()));
    }
    let ordinary = pages.iter().filter(|page| page.status == 422).count();
    assert_eq!(ordinary + shed.len(), pages.len(), "everybody else got an ordinary answer");
    still_well(&server, &portal).await;
}

/// A pool that shed is a pool that works again.
async fn still_well(server: &Server, portal: &Client) {
    let citizen = server.citizen().create().await;
    let page = attempt(server, portal, &citizen.number, &citizen.password).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}

fn answer(page: &Page) -> (u16, Option<u64>) {
    let retry_after = page.headers.get("retry-after");
    (page.status.as_u16(), retry_after.map(|value| value.to_str().unwrap().parse().unwrap()))
}

async fn authenticator(
    server: &Server,
    citizen: &Citizen,
    kind: AuthenticatorKind,
) -> identity_core::AuthenticatorId {
    let enrolments = server.provider.store.enrolments(citizen.id).await.unwrap();
    let found = enrolments.iter().find(|enrolment| enrolment.authenticator.kind == kind);
    found.unwrap().authenticator.id
}

/// As over the wire, without the pages.
async fn fail_often(server: &Server, key: &ThrottleKey, times: usize) {
    for _ in 0..times {
        server.clock.advance(Duration::from_hours(1));
        let gate = server.provider.store.reserve_attempt(key, server.now()).await.unwrap();
        assert_eq!(gate, AttemptGate::Open);
    }
    server.clock.advance(Duration::from_hours(1));
}

async fn usable(server: &Server, citizen: &Citizen) -> Vec<AuthenticatorKind> {
    let enrolments = server.provider.store.enrolments(citizen.id).await.unwrap();
    enrolments
        .into_iter()
        .map(|enrolment| enrolment.authenticator)
        .filter(|authenticator| authenticator.status == AuthenticatorStatus::Active)
        .map(|authenticator| authenticator.kind)
        .collect()
}

/// None of the three that are right now.
pub fn wrong_code(server: &Server, citizen: &Citizen) -> String {
    let step = Duration::from_secs(30);
    let now = server.now();
    let right = [now.minus(step), now, now.plus(step)].map(|at| citizen.code_at(at));
    (0..4).map(|number| format!("{number:06}")).find(|code| !right.contains(code)).unwrap()
}
