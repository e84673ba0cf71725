//! `/logout` (OpenID Connect RP-Initiated Logout 1.0).

use testkit::{Browser, Citizen, Client, Page, Server, Tokens};

const RETURN: &str = "https://portal.example/";

/// Somebody who is logged in at a portal.
struct Scene {
    server: Server,
    citizen: Citizen,
    client: Client,
    browser: Browser,
    tokens: Tokens,
}

impl Scene {
    async fn set() -> Self {
        let server = Server::start().await;
        let citizen = server.citizen().without_totp().create().await;
        let client = server.client("portal").create().await;
        let mut browser = server.browser();
        let code = browser.authorize(&server, &client, &citizen, &[]).await;
        let tokens = client.redeem(&server, &code).await;
        Self { server, citizen, client, browser, tokens }
    }

    fn logout(&self, query: &[(&str, &str)]) -> String {
        let url = url::Url::parse_with_params(&self.server.url("/logout"), query).unwrap();
        url.to_string()
    }

    async fn visit(&mut self, query: &[(&str, &str)]) -> Page {
        let url = self.logout(query);
        self.browser.visit(&url).await
    }

    fn hint(&self) -> String {
        self.tokens.id_token().to_owned()
    }

    async fn is_logged_in(&mut self) -> bool {
        let silent = self.client.authorize(&[("prompt", "none")]);
        let answer = self.browser.visit(&silent).await;
        let active = self.client.introspect(&self.server, self.tokens.access_token()).await;
        let code = answer.redirected("code").is_some();
        assert_eq!(active["active"], code, "session and tokens live and die together");
        code
    }
}

fn assert_refused(page: &Page) {
    assert_eq!(page.status, 400, "{}", page.describe());
    assert!(page.location().is_none() && page.has_id("error-title"), "{}", page.describe());
}

#[tokio::test]
async fn a_relying_party_that_proves_which_session_it_means_logs_it_out_at_once() {
    // trap 23, LO-01
    let mut scene = Scene::set().await;
    let hint = scene.hint();
    let state = "st ate&=?";
    let query =
        [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", RETURN), ("state", state)];
    let page = scene.visit(&query).await;
    assert_eq!(page.status, 303, "{}", page.describe());
    assert!(page.location().unwrap().as_str().starts_with(RETURN));
    assert_eq!(page.redirected("state").as_deref(), Some(state));
    assert!(!scene.browser.cookies.contains_key("vneid-session"), "the cookie is gone");
    assert!(!scene.is_logged_in().await);

    let again = scene.visit(&query).await;
    assert_eq!(again.redirected("state").as_deref(), Some(state), "twice is no error");
}

#[tokio::test]
async fn an_expired_hint_still_logs_out_and_without_an_address_ends_at_our_page() {
    // trap 4
    let mut scene = Scene::set().await;
    scene.server.clock.advance(std::time::Duration::from_mins(30));
    let hint = scene.hint();
    let page = scene.visit(&[("id_token_hint", &hint)]).await;
    assert_eq!(page.path(), "/logged-out", "{}", page.describe());
    assert!(!scene.is_logged_in().await);
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_and_their_no_counts() {
    // trap 23, LO-02
    let mut scene = Scene::set().await;
    let query = [("client_id", "portal"), ("post_logout_redirect_uri", RETURN)];
    for query in [&query[..0], &query[..1], &query] {
        let page = scene.visit(query).await;
        assert_eq!(page.path(), "/logout", "{}", page.describe());
        assert!(page.body.contains("Cổng portal"), "who will be told: {}", page.describe());
        let page = scene.browser.press(&page, "logout-no", &[]).await;
        assert_eq!(page.path(), "/home", "{}", page.describe());
        assert!(scene.is_logged_in().await);
    }
    let page = scene.visit(&query).await;
    let page = scene.browser.press(&page, "logout-yes", &[]).await;
    assert_eq!(page.path(), "/logged-out", "no hint, no way back: {}", page.describe());
    assert!(!scene.is_logged_in().await);
}

#[tokio::test]
async fn a_hint_at_another_session_asks_and_remembers_the_way_back() {
    let mut scene = Scene::set().await;
    let hint = scene.hint();
    scene.browser = scene.server.browser();
    let (server, client, citizen) = (&scene.server, &scene.client, &scene.citizen);
    let code = scene.browser.authorize(server, client, citizen, &[]).await;
    scene.tokens = client.redeem(server, &code).await;

    let query =
        [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", RETURN), ("state", "s")];
    let page = scene.visit(&query).await;
    assert_eq!(page.path(), "/logout", "{}", page.describe());
    assert!(scene.is_logged_in().await, "asking changes nothing");
    let mut stranger = scene.server.browser();
    stranger.visit("/login").await;
    let refused = stranger.press(&page, "logout-yes", &[]).await;
    assert_eq!(refused.status, 403, "a form of another browser: {}", refused.describe());
    let page = scene.browser.press(&page, "logout-yes", &[]).await;
    assert_eq!(page.redirected("state").as_deref(), Some("s"), "{}", page.describe());
    assert!(!scene.is_logged_in().await);
}

#[tokio::test]
async fn a_return_address_that_is_not_registered_is_an_error_page_and_nobody_is_logged_out() {
    // trap 23, ATK-011, ATK-111
    let mut scene = Scene::set().await;
    let hint = scene.hint();
    for address in [
        "https://portal.example/more",
        "https://portal.example/?x=1",
        "https://portal.example",
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "https://portal.example/callback",
    ] {
        let query = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", address)];
        let page = scene.visit(&query).await;
        assert_refused(&page);
    }
    assert!(scene.is_logged_in().await);
}

#[tokio::test]
async fn a_hint_of_another_client_and_a_request_nobody_understands_are_error_pages() {
    // traps 4 and 23, ATK-111
    let mut scene = Scene::set().await;
    scene.server.client("stranger").create().await;
    let hint = scene.hint();
    for query in [
        vec![("id_token_hint", hint.as_str()), ("client_id", "stranger")],
        vec![("id_token_hint", hint.as_str()), ("client_id", "nobody")],
        vec![("client_id", "nobody")],
        vec![("id_token_hint", "not-a-token")],
        vec![("id_token_hint", scene.tokens.access_token())],
    ] {
        let url = scene.logout(&query);
        let page = scene.browser.visit(&url).await;
        assert_refused(&page);
    }
    let repeated = scene.server.url("/logout?state=a&state=b");
    assert_refused(&scene.browser.visit(&repeated).await);
    assert!(scene.is_logged_in().await);
}

#[tokio::test]
async fn somebody_who_is_not_logged_in_sees_that_they_are_logged_out() {
    // trap 23
    let server = Server::start().await;
    let page = server.browser().visit("/logout").await;
    assert_eq!(page.path(), "/logged-out", "{}", page.describe());
    assert_eq!(page.status, 200);
}

#[tokio::test]
async fn a_logout_posted_from_the_relying_partys_site_still_logs_this_browser_out() {
    // ATK-091: the POST comes without our cookies, so the browser comes again by GET
    let mut scene = Scene::set().await;
    let hint = scene.hint();
    let fields =
        [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", RETURN), ("state", "s")];
    let answer = scene.browser.post_from_elsewhere("/logout", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.describe());
    assert_eq!(answer.location().unwrap().path(), "/logout");
    let page = scene.browser.follow(answer).await;
    assert_eq!(page.redirected("state").as_deref(), Some("s"), "{}", page.describe());
    assert!(!scene.is_logged_in().await);
}

#[tokio::test]
async fn another_site_cannot_answer_the_question_for_the_person() {
    // ATK-091, ATK-111
    let mut scene = Scene::set().await;
    let answer = scene.browser.post_from_elsewhere("/logout", &[("decision", "yes")]).await;
    assert_eq!(answer.status, 403, "{}", answer.describe());
    assert!(scene.is_logged_in().await);
    let answer = scene.browser.post_from_elsewhere("/logout", &[]).await;
    let page = scene.browser.follow(answer).await;
    assert!(page.has_id("logout-yes"), "{}", page.describe());
    assert!(scene.is_logged_in().await);
}

#[tokio::test]
async fn what_was_granted_for_the_persons_absence_survives_and_everything_else_dies() {
    let mut scene = Scene::set().await;
    let asks = [("scope", "openid offline_access"), ("prompt", "consent")];
    let (server, client, citizen) = (&scene.server, &scene.client, &scene.citizen);
    let code = scene.browser.authorize(server, client, citizen, &asks).await;
    let offline = client.redeem(server, &code).await;
    let unredeemed = scene.browser.authorize(server, client, citizen, &[]).await;

    let hint = scene.hint();
    scene.visit(&[("id_token_hint", &hint)]).await;
    let (server, client) = (&scene.server, &scene.client);
    let online = client.introspect(server, scene.tokens.access_token()).await;
    assert_eq!(online["active"], false);
    let late = client.redeem(server, &unredeemed).await;
    assert_eq!(late.error(), "invalid_grant", "a code of the ended session");
    let refreshed = client.refresh(server, offline.refresh_token()).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let answer = client.introspect(server, refreshed.access_token()).await;
    assert_eq!(answer["active"], true, "{answer}");
}
