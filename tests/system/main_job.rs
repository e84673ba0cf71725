//! The main job: a citizen logs in at a portal, the portal learns who and how sure, its back end
//! introspects, the citizen logs out everywhere.

use testkit::{Browser, Server};

#[tokio::test]
async fn a_citizen_logs_in_and_the_portal_learns_who_and_how_sure() {
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;

    let mut browser = server.browser();
    let asks = [("scope", "openid profile vn_identity")];
    let code = browser.authorize(&server, &portal, &citizen, &asks).await;
    let tokens = portal.redeem(&server, &code).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert_eq!(tokens.body["token_type"], "Bearer");
    assert_eq!(tokens.body["expires_in"], 900);

    let claims = tokens.id_claims();
    assert_eq!(claims["nonce"], "n-1");
    assert_eq!(claims["aud"], "portal");
    assert_eq!(claims["acr"], "urn:vn:eid:auth:1", "a long password alone was enough");
    assert_eq!(claims["assurance"]["vn_account_level"], 2);

    let person = server.userinfo(tokens.access_token()).await;
    assert_eq!(person["sub"], claims["sub"]);
    assert_eq!(person["name"], "Nguyễn Thị Kiểm Thử");
    assert_eq!(person["vn_personal_number"], citizen.number.as_str());
    assert!(person.get("phone_number").is_none(), "nobody asked for it");
}

#[tokio::test]
async fn asking_for_level_two_brings_the_second_factor_and_nothing_else() {
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;

    let mut browser = server.browser();
    browser.authorize(&server, &portal, &citizen, &[]).await;
    let asks = [("acr_values", "urn:vn:eid:auth:2")];
    let page = browser.visit(&portal.authorize(&asks)).await;
    assert_eq!(page.path(), "/login/totp", "the password was proven a moment ago");

    let code = browser.authorize(&server, &portal, &citizen, &asks).await;
    let claims = portal.redeem(&server, &code).await.id_claims();
    assert_eq!(claims["acr"], "urn:vn:eid:auth:2");
    assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
}

#[tokio::test]
async fn the_back_end_introspects_until_the_citizen_logs_out() {
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let cases = server.client("cases").create().await;
    let portal = server
        .client("portal")
        .with(|party| party.audiences = [cases.party.client_id.clone()].into())
        .create()
        .await;

    let mut browser = server.browser();
    let code = browser.authorize(&server, &portal, &citizen, &[]).await;
    let tokens = portal.redeem(&server, &code).await;
    let answer = cases.introspect(&server, tokens.access_token()).await;
    assert_eq!(answer["active"], true, "{answer}");
    assert_eq!(answer["client_id"], "portal");
    assert_eq!(answer["assurance"]["vn_authentication_level"], 1);

    log_out(&mut browser, &server).await;
    let answer = cases.introspect(&server, tokens.access_token()).await;
    assert_eq!(answer, serde_json::json!({ "active": false }));
    let page = browser.visit(&portal.authorize(&[])).await;
    assert_eq!(page.path(), "/login", "the session is gone");
}

#[tokio::test]
async fn what_the_portal_bound_to_its_request_still_binds_after_every_interruption() {
    // ATK-005: login, second factor and consent stand between the request and the code
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").asks_consent().create().await;
    let mut browser = server.browser();
    let url = portal.authorize(&[("acr_values", "urn:vn:eid:auth:2")]);
    let page = browser.log_in(&server, &url, &citizen).await;
    assert_eq!(page.path(), "/consent", "{}", page.describe());
    let page = browser.press(&page, "approve", &[]).await;
    let code = page.redirected("code").expect("a code");

    let other = "a".repeat(43);
    for stripped in ["", other.as_str()] {
        let refused = portal.redeem_with(&server, &code, &[("code_verifier", stripped)]).await;
        assert_eq!(refused.error(), "invalid_grant", "{stripped}");
    }
    let tokens = portal.redeem(&server, &code).await;
    assert_eq!(tokens.id_claims()["nonce"], "n-1", "a refused guess used nothing up");
}

/// Through the citizen's own logout page.
async fn log_out(browser: &mut Browser, server: &Server) {
    let page = browser.visit(&server.url("/logout")).await;
    assert!(page.has_id("logout-yes"), "{}", page.describe());
    let page = browser.submit(&page, &[("decision", "yes")]).await;
    assert_eq!(page.path(), "/logged-out", "{}", page.describe());
}
