//! Codes on paper.

use flows::proof::Occasion;
use flows::proof::recovery_codes::{remaining, with_recovery_code};
use testkit::{Browser, Citizen, Client, Page, Server, all_at_once};

use super::ways::{give_codes, session_of};
use super::{asked_for_code, other_way};

const CODES: &str = "/home/security/recovery-codes";

/// What the page that shows a new set says.
fn written_down(page: &Page) -> Vec<String> {
    let list = page.body.split("id=\"codes\"").nth(1).expect("a set is shown");
    let list = list.split("</ol>").next().unwrap();
    let codes = list.split("<code>").skip(1);
    codes.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

async fn make(server: &Server, browser: &mut Browser, citizen: &Citizen) -> Vec<String> {
    let page = browser.log_in(server, CODES, citizen).await;
    assert_eq!(page.path(), CODES, "{}", page.describe());
    let page = browser.press(&page, "make-codes", &[]).await;
    written_down(&page)
}

async fn scene() -> (Server, Client, Citizen, Vec<String>) {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let codes = make(&server, &mut server.browser(), &citizen).await;
    server.next_totp_step();
    (server, portal, citizen, codes)
}

/// A browser that proved the password and would use a code on paper.
async fn asked_for_paper(server: &Server, portal: &Client, citizen: &Citizen) -> (Browser, Page) {
    let (mut browser, page) = asked_for_code(server, portal, citizen).await;
    let page = other_way(&mut browser, &page, "recovery-code").await;
    assert_eq!(page.path(), "/login/recovery-code", "{}", page.describe());
    (browser, page)
}

async fn enter(server: &Server, portal: &Client, citizen: &Citizen, code: &str) -> Page {
    let (mut browser, page) = asked_for_paper(server, portal, citizen).await;
    browser.submit(&page, &[("recovery-code", code)]).await
}

#[tokio::test]
async fn ten_codes_are_shown_once_and_a_new_set_ends_them() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    let first = make(&server, &mut browser, &citizen).await;
    assert_eq!(first.len(), 10);
    let page = browser.visit(CODES).await;
    assert!(first.iter().all(|code| !page.body.contains(code)), "never shown again");
    assert!(page.text_of("left").contains("10"), "{}", page.describe());

    let second = make(&server, &mut browser, &citizen).await;
    assert!(first.iter().all(|code| !second.contains(code)));
    let page = enter(&server, &portal, &citizen, &first[0]).await;
    assert_eq!(page.status, 422, "{}", page.describe());
    let page = enter(&server, &portal, &citizen, &second[0]).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
    let page = browser.visit("/home/security").await;
    assert!(page.text_of("recovery-left").contains('9'), "{}", page.describe());
}

#[tokio::test]
async fn a_code_on_paper_opens_once_however_it_is_typed() {
    // ATK-105
    let (server, portal, citizen, codes) = scene().await;
    let typed = codes[3].replace('-', " ").to_lowercase();
    let page = enter(&server, &portal, &citizen, &typed).await;
    let tokens = portal.redeem(&server, &page.redirected("code").expect("in")).await;
    assert_eq!(tokens.id_claims()["acr"], "urn:vn:eid:auth:2");
    for again in [&codes[3], &typed] {
        let page = enter(&server, &portal, &citizen, again).await;
        assert_eq!((page.path(), page.status.as_u16()), ("/login/recovery-code", 422));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_uses_of_one_code_one_gets_in() {
    // ATK-105
    let (server, portal, citizen, codes) = scene().await;
    let mut asked = Vec::new();
    for _ in 0..4 {
        asked.push(asked_for_paper(&server, &portal, &citizen).await);
    }
    let pages = all_at_once(asked.len(), |index| {
        let (mut browser, page) = asked[index].clone();
        let code = codes[0].clone();
        async move { browser.submit(&page, &[("recovery-code", &code)]).await }
    })
    .await;
    let let_in = pages.iter().filter(|page| page.redirected("code").is_some()).count();
    assert_eq!(let_in, 1);
}

#[tokio::test]
async fn guesses_at_paper_are_counted_apart() {
    // ATK-101, ATK-099
    let (server, portal, citizen, codes) = scene().await;
    let wrong = "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE";
    for typed in ["", "12345", "AAAAA-BBBBB-CCCCC-DDDDD-EEEE!"] {
        let page = enter(&server, &portal, &citizen, typed).await;
        assert_eq!(page.status, 422, "no code, no guess: {typed}");
    }
    for _ in 0..5 {
        assert_eq!(enter(&server, &portal, &citizen, wrong).await.status, 422);
    }
    let (mut browser, page) = asked_for_paper(&server, &portal, &citizen).await;
    let page = browser.submit(&page, &[("recovery-code", &codes[0])]).await;
    assert_eq!(page.status, 429, "{}", page.describe());
    // The application still opens: its count is its own.
    let page = other_way(&mut browser, &page, "totp").await;
    let page = browser.submit(&page, &[("totp", &citizen.code_at(server.now()))]).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}

#[tokio::test]
async fn a_set_is_made_only_after_a_recent_strong_login() {
    // ATK-095
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    let page = browser.log_in(&server, CODES, &citizen).await;
    server.clock.advance(std::time::Duration::from_mins(16));
    let late = browser.press(&page, "make-codes", &[]).await;
    assert_eq!(late.path(), "/login", "{}", late.describe());
    let enrolments = server.provider.store.enrolments(citizen.id).await.unwrap();
    assert_eq!(enrolments.len(), 2, "nothing was bound");
}

#[tokio::test]
async fn a_set_that_is_used_up_is_not_offered_any_more() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let (codes, mut live) = give_codes(&server, &citizen).await;
    for (used, code) in codes.iter().enumerate() {
        assert_eq!(remaining(&live, server.now()), Some(codes.len() - used));
        let (provider, now) = (&server.provider, server.now());
        let handle =
            with_recovery_code(provider, &live, code, Occasion::default(), now).await.unwrap();
        live = session_of(&server, &handle).await;
    }
    assert_eq!(remaining(&live, server.now()), None);
    let (_, page) = asked_for_code(&server, &portal, &citizen).await;
    assert!(!page.has_id("other-ways"), "{}", page.describe());
}
