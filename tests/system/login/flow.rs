//! Tabs, back buttons, old pages and other people's browsers.

use std::time::Duration;

use identity_core::session::{SessionEnd, SessionEndReason};
use storage::{Change, SessionScope};
use testkit::{Browser, Citizen, Page, Server};

use super::asked_for_code;

const SESSION: &str = "vneid-session";

fn filled(citizen: &Citizen) -> [(&'static str, &str); 2] {
    [("username", &citizen.number), ("password", &citizen.password)]
}

#[tokio::test]
async fn every_proof_brings_a_new_session_handle_and_kills_the_old_one() {
    // ATK-090
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    let planted = "A".repeat(43);
    browser.cookies.insert(SESSION.to_owned(), planted.clone());

    browser.authorize(&server, &portal, &citizen, &[]).await;
    let after_password = browser.cookies[SESSION].clone();
    assert_ne!(after_password, planted, "a handle from outside is not adopted");
    let asks = [("acr_values", "urn:vn:eid:auth:2")];
    browser.authorize(&server, &portal, &citizen, &asks).await;
    let after_code = browser.cookies[SESSION].clone();
    assert_ne!(after_code, after_password);

    for dead in [planted, after_password] {
        let mut thief = browser.clone();
        thief.cookies.insert(SESSION.to_owned(), dead);
        assert_eq!(thief.visit(&portal.authorize(&[])).await.path(), "/login");
    }
    assert!(browser.visit(&portal.authorize(&[])).await.redirected("code").is_some());
}

#[tokio::test]
async fn a_login_begun_in_one_browser_cannot_be_finished_in_another() {
    // ATK-090, ATK-091
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let mut victim = server.browser();
    let page = victim.visit(&portal.authorize(&[])).await;
    let mut other = server.browser();
    let own = other.visit(&portal.authorize(&[])).await;

    let shown = other.get(page.url.as_str()).await;
    assert_eq!(shown.status, 400);
    // With the token of the other browser's own form, so that only the interaction is foreign.
    let interaction = hidden(&page, "interaction");
    let mut form = filled(&citizen).to_vec();
    form.push(("interaction", &interaction));
    let sent = other.submit(&own, &form).await;
    assert_eq!(sent.status, 400, "{}", sent.describe());
    assert!(!other.cookies.contains_key(SESSION), "nobody was logged in");
    let csrf = hidden(&own, "csrf");
    form = filled(&citizen).to_vec();
    form.push(("csrf", &csrf));
    assert_eq!(victim.submit(&page, &form).await.status, 403, "a foreign form token");
}

#[tokio::test]
async fn a_page_older_than_half_an_hour_is_explained_and_leads_nowhere() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    let page = browser.visit(&portal.authorize(&[])).await;
    server.clock.advance(Duration::from_secs(30 * 60 - 1));
    assert_eq!(browser.get(page.url.as_str()).await.status, 200);
    server.clock.advance(Duration::from_mins(1));
    for answer in
        [browser.get(page.url.as_str()).await, browser.submit(&page, &filled(&citizen)).await]
    {
        assert_eq!(answer.status, 400);
        assert!(answer.location().is_none());
        let request_id = answer.headers["x-request-id"].to_str().unwrap();
        assert!(answer.body.contains(request_id), "{}", answer.describe());
    }
    assert!(!browser.cookies.contains_key(SESSION));
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_of_a_login_costs_one_more_password() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let (mut browser, page) = asked_for_code(&server, &portal, &citizen).await;
    let end = SessionEnd { at: server.now(), reason: SessionEndReason::EndedByHolder };
    let plan = [Change::EndSessions { scope: SessionScope::OfSubject(citizen.id), end }];
    server.provider.commit_uncontested(&plan, server.now()).await.unwrap();

    let code = citizen.code_at(server.now());
    let page = browser.submit(&page, &[("totp", &code)]).await;
    assert_eq!(page.path(), "/login", "{}", page.describe());
    let page = browser.submit(&page, &filled(&citizen)).await;
    assert_eq!(page.path(), "/login/totp", "{}", page.describe());
    let page = browser.submit(&page, &[("totp", &code)]).await;
    assert!(page.redirected("code").is_some(), "the code was not used up: {}", page.describe());
    assert_eq!(page.redirected("state").as_deref(), Some("s-1"), "the request was not lost");
}

#[tokio::test]
async fn going_back_and_sending_the_login_page_again_does_no_harm() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    let page = browser.visit(&portal.authorize(&[])).await;
    let first = browser.submit(&page, &filled(&citizen)).await.redirected("code").unwrap();
    // Looking at the page again shows nothing of it: the person is logged in.
    let again = browser.visit(page.url.as_str()).await;
    assert!(again.redirected("code").is_some(), "{}", again.describe());
    let second = browser.submit(&page, &filled(&citizen)).await.redirected("code").unwrap();
    for code in [first, second] {
        assert_eq!(portal.redeem(&server, &code).await.status, 200);
    }
}

#[tokio::test]
async fn two_tabs_for_two_relying_parties_both_finish() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let hospital = server.client("hospital").create().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    let one = browser.visit(&portal.authorize(&[("state", "one")])).await;
    let two = browser.visit(&hospital.authorize(&[("state", "two")])).await;
    let one = browser.submit(&one, &filled(&citizen)).await;
    let two = browser.submit(&two, &filled(&citizen)).await;
    for (page, client, state) in [(one, portal, "one"), (two, hospital, "two")] {
        assert_eq!(page.redirected("state").as_deref(), Some(state));
        let tokens = client.redeem(&server, &page.redirected("code").unwrap()).await;
        assert_eq!(tokens.status, 200, "{tokens:?}");
        assert_eq!(tokens.id_claims()["aud"], client.id.as_str());
    }
}

#[tokio::test]
async fn another_person_in_the_same_browser_ends_the_first_ones_session() {
    // ATK-090: a session never changes hands
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let (first, second) = (server.citizen().create().await, server.citizen().create().await);
    let mut browser = server.browser();
    let code = browser.authorize(&server, &portal, &first, &[]).await;
    let mine = portal.redeem(&server, &code).await;
    server.clock.advance(Duration::from_secs(1));
    let asks = [("prompt", "select_account")];
    let page = browser.visit(&portal.authorize(&asks)).await;
    let page = another_account(&mut browser, &page).await;
    assert_eq!(page.path(), "/login", "{}", page.describe());
    let page = browser.submit(&page, &filled(&second)).await;
    let theirs = portal.redeem(&server, &page.redirected("code").unwrap()).await;
    assert_ne!(mine.id_claims()["sub"], theirs.id_claims()["sub"]);
    assert_eq!(portal.introspect(&server, mine.access_token()).await["active"], false);
    assert_eq!(portal.introspect(&server, theirs.access_token()).await["active"], true);
}

async fn another_account(browser: &mut Browser, page: &Page) -> Page {
    assert_eq!(page.path(), "/select-account", "{}", page.describe());
    browser.submit(page, &[("another", "1")]).await
}

fn hidden(page: &Page, name: &str) -> String {
    let fields = page.form().fields;
    fields.into_iter().find(|(known, _)| known == name).expect("the form has it").1
}
