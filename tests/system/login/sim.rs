//! A telephone number that moved to another SIM (edge case 22; NIST SP 800-63B-4 §3.1.3.3), as the
//! operator's gateway tells over HTTP.

use std::time::Duration;

use identity_core::Timestamp;
use testkit::{Browser, Citizen, Client, Gateway, Page, Says, Server};

const SMS_HOME: &str = "/home/security/sms-code";
const DEMAND: &str = r#"{"id_token":{"acr":{"essential":true,"values":["urn:vn:eid:auth:2"]}}}"#;

struct Scene {
    gateway: Gateway,
    server: Server,
    portal: Client,
    citizen: Citizen,
}

impl Scene {
    /// Somebody with a long password and a code by SMS beside it.
    async fn set() -> Self {
        let gateway = Gateway::start().await;
        let server = Server::start_with(&gateway.configuration()).await;
        let portal = server.client("portal").create().await;
        let citizen = server.citizen().without_totp().with_verified_email().create().await;
        let scene = Self { gateway, server, portal, citizen };
        let (mut browser, page) = scene.binding().await;
        let page = browser.press(&page, "send-code", &[]).await;
        let code = scene.newest_code();
        let page = browser.submit(&page, &[("message-code", &code)]).await;
        assert_eq!(page.path(), "/home/security", "{}", page.describe());
        scene.server.clock.advance(Duration::from_hours(1));
        scene
    }

    async fn binding(&self) -> (Browser, Page) {
        let mut browser = self.server.browser();
        let page = browser.log_in(&self.server, SMS_HOME, &self.citizen).await;
        assert_eq!(page.path(), SMS_HOME, "{}", page.describe());
        (browser, page)
    }

    fn newest_code(&self) -> String {
        let taken = self.gateway.taken();
        taken.last().unwrap()["text"].as_str().unwrap().chars().take(6).collect()
    }

    fn ago(&self, hours: u64) -> Timestamp {
        self.server.now().minus(Duration::from_hours(hours))
    }

    /// After the password, where a second factor is demanded.
    async fn demanded(&self) -> (Browser, Page) {
        let mut browser = self.server.browser();
        let page = browser.visit(&self.portal.authorize(&[("claims", DEMAND)])).await;
        let filled = [("username", &*self.citizen.number), ("password", &*self.citizen.password)];
        let page = browser.submit(&page, &filled).await;
        (browser, page)
    }

    /// What the gateway says counts from now on, not what it said a moment ago.
    fn later(&self, says: Says) {
        self.gateway.will_say(says);
        self.server.clock.advance(Duration::from_mins(2));
    }
}

#[tokio::test]
async fn no_code_is_offered_to_a_number_that_moved_within_the_window() {
    let scene = Scene::set().await;
    let (_, page) = scene.demanded().await;
    assert_eq!(page.path(), "/login/sms-code", "{}", page.describe());
    let asked = scene.gateway.asked();
    let number = scene.gateway.taken()[0]["to"].clone();
    assert_eq!(asked.last().unwrap()["to"], number);

    let taken = scene.gateway.taken().len();
    for says in [Says::MovedAt(scene.ago(1)), Says::MovedAt(scene.ago(24 * 7 - 1))] {
        scene.later(says);
        let (_, page) = scene.demanded().await;
        let error = page.redirected("error");
        let unmet = Some("unmet_authentication_requirements");
        assert_eq!(error.as_deref(), unmet, "{says:?}: {}", page.describe());
    }
    scene.later(Says::MovedAt(scene.ago(24 * 7)));
    let (_, page) = scene.demanded().await;
    assert_eq!(page.path(), "/login/sms-code", "the window is over: {}", page.describe());
    assert_eq!(scene.gateway.taken().len(), taken, "nothing was sent");
}

#[tokio::test]
async fn while_nobody_can_say_no_code_is_offered() {
    // L13: `unanswered = "withhold"`
    let scene = Scene::set().await;
    for says in [Says::Nothing, Says::Nonsense] {
        scene.later(says);
        let (_, page) = scene.demanded().await;
        let error = page.redirected("error");
        assert_eq!(error.as_deref(), Some("unmet_authentication_requirements"), "{says:?}");
    }
    scene.later(Says::NeverMoved);
    assert_eq!(scene.demanded().await.1.path(), "/login/sms-code");
}

#[tokio::test]
async fn a_number_that_moves_while_the_page_is_open_gets_no_code() {
    let scene = Scene::set().await;
    let (mut browser, page) = scene.demanded().await;
    let taken = scene.gateway.taken().len();
    scene.later(Says::MovedAt(scene.server.now()));
    let page = browser.press(&page, "send-code", &[]).await;
    assert_eq!(page.redirected("error").as_deref(), Some("unmet_authentication_requirements"));
    assert_eq!(scene.gateway.taken().len(), taken);
}

#[tokio::test]
async fn a_code_that_came_after_the_number_moved_proves_nothing_once_that_is_known() {
    let scene = Scene::set().await;
    let (mut browser, page) = scene.demanded().await;
    let moved = scene.server.now();
    scene.server.clock.advance(Duration::from_secs(5));
    let page = browser.press(&page, "send-code", &[]).await;
    let code = scene.newest_code();
    let page = browser.submit(&page, &[("message-code", &code)]).await;
    assert!(page.redirected("code").is_some(), "nobody knew: {}", page.describe());
    scene.later(Says::MovedAt(moved));
    let page = browser.visit(&scene.portal.authorize(&[("claims", DEMAND)])).await;
    assert_eq!(page.redirected("error").as_deref(), Some("unmet_authentication_requirements"));
}

#[tokio::test]
async fn one_minute_asks_one_question() {
    let scene = Scene::set().await;
    let before = scene.gateway.asked().len();
    for _ in 0..3 {
        scene.demanded().await;
    }
    assert_eq!(scene.gateway.asked().len(), before + 1);
}

#[tokio::test]
async fn neither_binding_nor_recovery_sends_to_a_number_that_moved() {
    let gateway = Gateway::start().await;
    let server = Server::start_with(&gateway.configuration()).await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().without_totp().with_verified_email().create().await;
    let scene = Scene { gateway, server, portal, citizen };
    scene.gateway.will_say(Says::MovedAt(scene.ago(1)));
    let (mut browser, page) = scene.binding().await;
    let page = browser.press(&page, "send-code", &[]).await;
    assert_eq!(page.status, 422, "{}", page.describe());
    assert!(page.body.contains("vừa đổi SIM"), "{}", page.describe());
    assert!(scene.gateway.taken().is_empty());

    let mut stranger = scene.server.browser();
    let page = stranger.visit("/recover").await;
    stranger.submit(&page, &[("username", &scene.citizen.number)]).await;
    testkit::until("the mail is sent", || async { !scene.gateway.taken().is_empty() }).await;
    let channels: Vec<_> =
        scene.gateway.taken().iter().map(|taken| taken["channel"].clone()).collect();
    assert_eq!(channels, ["email"]);
}
