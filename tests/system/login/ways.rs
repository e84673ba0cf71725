//! Which way to prove who you are: the page that is due, and the others that lead as far.

use flows::proof::recovery_codes::{RecoveryCode, generate};
use flows::session::{LiveSession, SessionHandle};
use testkit::{Browser, Citizen, Page, Server};

use super::{asked_for_code, attempt, other_way};

const METHOD: &str = "vneid-method";
const LEVEL_2: [(&str, &str); 1] = [("acr_values", "urn:vn:eid:auth:2")];

/// Gives this person recovery codes without the pages; with the session they were made in.
pub async fn give_codes(server: &Server, citizen: &Citizen) -> (Vec<RecoveryCode>, LiveSession) {
    let mut browser = server.browser();
    browser.log_in(server, "/home", citizen).await;
    let handle = SessionHandle::parse(&browser.cookies["vneid-session"]).unwrap();
    let live = session_of(server, &handle).await;
    let codes = generate(&server.provider, &live, server.now()).await.unwrap();
    server.next_totp_step();
    (codes, session_of(server, &handle).await)
}

pub async fn session_of(server: &Server, handle: &SessionHandle) -> LiveSession {
    let loaded = LiveSession::load(&server.provider, Some(handle), None, server.now()).await;
    loaded.unwrap().expect("the session lives")
}

async fn log_in(browser: &mut Browser, page: &Page, citizen: &Citizen) -> Page {
    let filled = [("username", &*citizen.number), ("password", &*citizen.password)];
    browser.submit(page, &filled).await
}

#[tokio::test]
async fn only_ways_that_reach_the_level_are_offered_and_only_where_there_are_several() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let (_, page) = asked_for_code(&server, &portal, &citizen).await;
    assert!(!page.has_id("other-ways"), "there is no other: {}", page.describe());

    give_codes(&server, &citizen).await;
    let (mut browser, page) = asked_for_code(&server, &portal, &citizen).await;
    assert_eq!(page.path(), "/login/totp", "the easier one is due");
    let link = page.body.split("id=\"other-ways\" href=\"").nth(1).unwrap();
    let choose = browser.visit(link.split('"').next().unwrap()).await;
    assert_eq!(choose.path(), "/login/choose", "{}", choose.describe());
    assert!(choose.has_id("method-totp") && choose.has_id("method-recovery-code"));
    assert!(!choose.has_id("method-password"), "it would add nothing");
    // A form that was written by hand chooses nothing either.
    let again = browser.submit(&choose, &[("method", "password")]).await;
    assert_eq!(again.path(), "/login/choose", "{}", again.describe());
}

#[tokio::test]
async fn a_page_that_leads_nowhere_leads_to_the_one_that_is_due() {
    // ATK-094
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    let page = browser.visit(&portal.authorize(&LEVEL_2)).await;
    let interaction = page.url.query().unwrap().to_owned();
    for path in ["/login/totp", "/login/recovery-code"] {
        let page = browser.visit(&format!("{path}?{interaction}")).await;
        assert_eq!(page.path(), "/login", "{path}");
    }
    log_in(&mut browser, &page, &citizen).await;
    let page = browser.visit(&format!("/login/recovery-code?{interaction}")).await;
    assert_eq!(page.path(), "/login/totp", "this person has no codes: {}", page.describe());
}

#[tokio::test]
async fn what_was_used_last_is_remembered_without_saying_whose_it_was() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    give_codes(&server, &citizen).await;
    let (mut browser, page) = asked_for_code(&server, &portal, &citizen).await;
    assert_eq!(browser.cookies[METHOD], "password");
    let page = other_way(&mut browser, &page, "recovery-code").await;
    let wrong = [("recovery-code", "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")];
    let page = browser.submit(&page, &wrong).await;
    assert_eq!(page.path(), "/login/recovery-code", "the choice holds: {}", page.describe());
    let page = other_way(&mut browser, &page, "totp").await;
    let page = browser.submit(&page, &[("totp", &citizen.code_at(server.now()))]).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
    assert_eq!(browser.cookies[METHOD], "totp");
    for (planted, first) in
        [("recovery-code", "/login"), ("passkey", "/login/passkey"), ("<script>", "/login")]
    {
        browser.cookies.remove("vneid-session");
        browser.cookies.insert(METHOD.to_owned(), planted.to_owned());
        let page = browser.visit(&portal.authorize(&LEVEL_2)).await;
        assert_eq!(page.path(), first, "who is there comes first: {planted}");
    }
}

#[tokio::test]
async fn a_code_beside_nothing_logs_nobody_in_anew() {
    // ATK-095, OC-02: prompt=login asks who is there
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    browser.authorize(&server, &portal, &citizen, &LEVEL_2).await;
    server.clock.advance(std::time::Duration::from_mins(1));
    assert_eq!(browser.cookies[METHOD], "totp");
    let page = browser.visit(&portal.authorize(&[("prompt", "login")])).await;
    assert_eq!(page.path(), "/login", "{}", page.describe());
    assert!(!page.has_id("other-ways"));
}

#[tokio::test]
async fn the_page_says_which_level_is_missing_and_for_whom() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let (_, page) = asked_for_code(&server, &portal, &citizen).await;
    let reason = page.text_of("reason");
    assert!(reason.contains("cần xác thực mức 2 cho thủ tục này"), "{reason}");
    let party = server.provider.registry.find(&portal.id).unwrap();
    assert!(reason.starts_with(&party.name.vi), "{reason}");
}

#[tokio::test]
async fn who_is_there_already_gets_on_while_somebody_guesses_the_password() {
    // ATK-100: each authenticator has a count of its own
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let (mut browser, page) = asked_for_code(&server, &portal, &citizen).await;
    for _ in 0..6 {
        attempt(&server, &portal, &citizen.number, "một mật khẩu hoàn toàn khác").await;
    }
    let page = browser.submit(&page, &[("totp", &citizen.code_at(server.now()))]).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}
