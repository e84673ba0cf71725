//! The question on the consent page.

use serde_json::Value;

use super::Scene;

const VOLUNTARY: &str =
    r#"{"userinfo":{"email":null,"phone_number":null,"phone_number_verified":null}}"#;
const EMAIL: [(&str, &str); 1] = [("scope", "openid email")];

impl Scene {
    async fn person(&self, code: &str) -> Value {
        let tokens = self.client.redeem(&self.server, code).await;
        self.server.userinfo(tokens.access_token()).await
    }
}

#[tokio::test]
async fn a_person_is_asked_once_and_their_answer_is_remembered() {
    let mut scene = Scene::set().await;
    let page = scene.ask_and_be_asked(&EMAIL).await;
    assert!(page.body.contains("Cổng asking") && page.body.contains("Văn phòng Thử nghiệm"));
    assert!(page.body.contains("Giải quyết thủ tục hành chính"), "the purpose is shown");
    let code = scene.approve(&page, &[]).await;
    assert!(scene.person(&code).await["email"].is_string());

    scene.pass(60);
    scene.ask_and_go_on(&EMAIL).await;
    scene.ask_and_go_on(&[("scope", "openid")]).await;
    scene.browser = scene.server.browser();
    scene.ask_and_go_on(&EMAIL).await;
}

#[tokio::test]
async fn a_new_scope_is_a_new_question_and_keeps_what_was_agreed() {
    let mut scene = Scene::set().await;
    let page = scene.ask_and_be_asked(&EMAIL).await;
    scene.approve(&page, &[]).await;
    let page = scene.ask_and_be_asked(&[("scope", "openid phone")]).await;
    scene.approve(&page, &[]).await;
    let code = scene.ask_and_go_on(&[("scope", "openid email phone")]).await;
    let person = scene.person(&code).await;
    assert!(person["email"].is_string() && person["phone_number"].is_string(), "{person}");
}

#[tokio::test]
async fn prompt_consent_asks_again_every_time() {
    let mut scene = Scene::set().await;
    let again = [EMAIL[0], ("prompt", "consent")];
    for _ in 0..2 {
        let page = scene.ask_and_be_asked(&again).await;
        scene.approve(&page, &[]).await;
        scene.pass(5);
    }
}

#[tokio::test]
async fn what_is_not_ticked_is_not_released_and_not_asked_about_again() {
    // PDPL art. 9: nothing optional is ticked beforehand, each can be left out
    let mut scene = Scene::set().await;
    let asks = [("claims", VOLUNTARY)];
    let page = scene.ask_and_be_asked(&asks).await;
    assert!(page.has_id("claim-email") && page.has_id("claim-phone_number"));
    assert!(!page.body.contains("checked"), "{}", page.describe());
    let code = scene.approve(&page, &["phone_number"]).await;
    let person = scene.person(&code).await;
    assert!(person["phone_number"].is_string(), "{person}");
    assert_eq!(person["phone_number_verified"], true, "one tick for one kind of data");
    assert!(person.get("email").is_none(), "{person}");

    let code = scene.ask_and_go_on(&asks).await;
    assert!(scene.person(&code).await.get("email").is_none());
    let page = scene.ask_and_be_asked(&[("scope", "openid address")]).await;
    scene.approve(&page, &[]).await;
    let code = scene.ask_and_go_on(&asks).await;
    assert!(scene.person(&code).await.get("email").is_none(), "a no outlives other questions");
}

#[tokio::test]
async fn a_tick_that_is_taken_back_takes_the_tokens_back_that_are_out() {
    // PDPL art. 9: in part, and at any time
    let mut scene = Scene::set().await;
    let scope = ("scope", "openid offline_access");
    let asks = [scope, ("prompt", "consent"), ("claims", VOLUNTARY)];
    let page = scene.ask_and_be_asked(&asks).await;
    let code = scene.approve(&page, &["email"]).await;
    let tokens = scene.client.redeem(&scene.server, &code).await;
    assert!(scene.server.userinfo(tokens.access_token()).await["email"].is_string());
    let unredeemed = scene.ask_and_go_on(&[("claims", VOLUNTARY)]).await;

    scene.pass(5);
    let page = scene.ask_and_be_asked(&asks).await;
    let code = scene.approve(&page, &[]).await;
    assert!(!scene.active(tokens.access_token()).await);
    let userinfo = scene.server.userinfo_response(tokens.access_token()).await;
    assert_eq!(userinfo.status(), 401);
    let refreshed = scene.client.refresh(&scene.server, tokens.refresh_token()).await;
    assert_eq!(refreshed.error(), "invalid_grant");
    let late = scene.client.redeem(&scene.server, &unredeemed).await;
    assert_eq!(late.error(), "invalid_grant", "a code that carries the claim");
    scene.pass(1);
    let person = scene.person(&code).await;
    assert!(person["sub"].is_string() && person.get("email").is_none(), "{person}");
}

#[tokio::test]
async fn a_no_to_a_wish_does_not_answer_what_is_essential_now() {
    let mut scene = Scene::set().await;
    let wish = [("claims", r#"{"userinfo":{"phone_number":null}}"#)];
    let page = scene.ask_and_be_asked(&wish).await;
    scene.approve(&page, &[]).await;
    scene.ask_and_go_on(&wish).await;

    let essential = [("claims", r#"{"userinfo":{"phone_number":{"essential":true}}}"#)];
    let page = scene.ask_and_be_asked(&essential).await;
    let code = scene.approve(&page, &[]).await;
    assert!(scene.person(&code).await["phone_number"].is_string());
    scene.ask_and_go_on(&essential).await;
}

#[tokio::test]
async fn a_forged_tick_releases_nothing_that_was_not_asked_for() {
    // ATK-092
    let mut scene = Scene::set().await;
    let page = scene.ask_and_be_asked(&EMAIL).await;
    let code = scene.approve(&page, &["vn_personal_number", "address", "phone_number"]).await;
    let person = scene.person(&code).await;
    assert!(person["email"].is_string(), "{person}");
    for name in ["vn_personal_number", "address", "phone_number"] {
        assert!(person.get(name).is_none(), "{name}");
    }
}

#[tokio::test]
async fn offline_access_is_told_and_only_granted_where_the_person_is_asked() {
    // OC-17
    let mut scene = Scene::set().await;
    let offline = ("scope", "openid offline_access");
    let page = scene.ask_and_be_asked(&[offline]).await;
    assert!(!page.has_id("offline"));
    let code = scene.approve(&page, &[]).await;
    let tokens = scene.client.redeem(&scene.server, &code).await;
    assert!(tokens.body.get("refresh_token").is_none(), "{tokens:?}");

    let page = scene.ask_and_be_asked(&[offline, ("prompt", "consent")]).await;
    assert!(page.has_id("offline"), "{}", page.describe());
    let code = scene.approve(&page, &[]).await;
    let tokens = scene.client.redeem(&scene.server, &code).await;
    assert!(tokens.body["refresh_token"].is_string(), "{tokens:?}");
}

#[tokio::test]
async fn saying_no_sends_access_denied_and_is_not_remembered_as_yes() {
    let mut scene = Scene::set().await;
    let page = scene.ask_and_be_asked(&EMAIL).await;
    let page = scene.browser.press(&page, "deny", &[]).await;
    assert_eq!(page.redirected("error").as_deref(), Some("access_denied"));
    assert_eq!(page.redirected("state").as_deref(), Some("s-1"));
    assert_eq!(page.redirected("iss").as_deref(), Some(scene.server.issuer.as_str()));
    scene.ask_and_be_asked(&EMAIL).await;
}

#[tokio::test]
async fn approving_in_one_tab_does_not_answer_the_wider_question_of_another() {
    // ATK-092
    let mut scene = Scene::set().await;
    let narrow = scene.ask_and_be_asked(&EMAIL).await;
    let wide = [("scope", "openid email phone vn_identity")];
    let wide_page = scene.ask_and_be_asked(&wide).await;
    let code = scene.approve(&narrow, &[]).await;
    let person = scene.person(&code).await;
    assert!(person.get("vn_personal_number").is_none(), "{person}");

    let url = wide_page.url.to_string();
    let still_there = scene.browser.visit(&url).await;
    assert_eq!(still_there.path(), "/consent", "{}", still_there.describe());
    scene.ask_and_be_asked(&wide).await;
}

#[tokio::test]
async fn consent_cannot_be_given_without_logging_in_first_nor_by_somebody_else() {
    // ATK-091, ATK-094
    let mut scene = Scene::set().await;
    let page = scene.ask_and_be_asked(&EMAIL).await;
    scene.browser.cookies.remove("vneid-session");
    let answer = scene.browser.press(&page, "approve", &[]).await;
    assert_eq!(answer.path(), "/login", "{}", answer.describe());
    let mut other = scene.server.browser();
    other.visit("/login").await;
    let answer = other.press(&page, "approve", &[]).await;
    assert_eq!(answer.status, 403, "{}", answer.describe());
    scene.ask_and_be_asked(&EMAIL).await;
}

#[tokio::test]
async fn a_consent_ordered_by_law_is_not_asked_for() {
    let mut scene = Scene::set().await;
    scene.client = scene.server.client("by-law").create().await;
    let code = scene.ask_and_go_on(&EMAIL).await;
    assert!(scene.person(&code).await["email"].is_string());
}
