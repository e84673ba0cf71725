//! What is written to the log, and what never is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use testkit::client::VERIFIER;
use testkit::{Log, Page, Server};

/// Lines that say of one request that it was refused.
fn refusals(log: &Log, request_id: &str) -> usize {
    let of_request = |line: &&str| line.contains(request_id) && line.contains("refused");
    log.text().lines().filter(of_request).count()
}

#[tokio::test]
async fn no_secret_and_no_personal_data_is_ever_logged() {
    // ATK-124
    let log = Log::capture();
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").asks_consent().create().await;
    let mut browser = server.browser();
    let scope = "openid profile email phone address offline_access vn_identity";
    let asks = [("scope", scope), ("prompt", "consent"), ("acr_values", "urn:vn:eid:auth:2")];
    let page = browser.visit(&portal.authorize(&asks)).await;
    let wrong = [("username", &*citizen.number), ("password", "mật khẩu sai hoàn toàn")];
    browser.submit(&page, &wrong).await;
    let page = browser.log_in(&server, &portal.authorize(&asks), &citizen).await;
    let page = browser.press(&page, "approve", &[]).await;
    let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
    let tokens = portal.redeem(&server, &code).await;
    server.userinfo(tokens.access_token()).await;
    portal.introspect(&server, tokens.access_token()).await;
    portal.refresh(&server, tokens.refresh_token()).await;
    portal.redeem(&server, &code).await;
    portal.refresh(&server, tokens.refresh_token()).await;
    portal.post(&server, "/revoke", &[("token", tokens.access_token())]).await;
    server.userinfo_response(tokens.access_token()).await;
    browser.visit("/home").await;

    let secret = portal.secret.clone().unwrap();
    let basic = STANDARD.encode(format!("portal:{secret}"));
    server.clock.advance(std::time::Duration::from_secs(1));
    let interaction = page_field(&browser.visit(&portal.authorize(&[("prompt", "login")])).await);
    let mut canaries = vec![
        ("password", citizen.password.clone()),
        ("wrong password", "mật khẩu sai hoàn toàn".to_owned()),
        ("personal number", citizen.number.clone()),
        ("name", "Kiểm Thử".to_owned()),
        ("e-mail", "kiem.thu.1@".to_owned()),
        ("phone", "900000001".to_owned()),
        ("one-time code", citizen.code_at(server.now())),
        ("code", code),
        ("access token", tokens.access_token().to_owned()),
        ("refresh token", tokens.refresh_token().to_owned()),
        ("ID token", tokens.id_token().to_owned()),
        ("client secret", secret),
        ("Basic header", basic),
        ("verifier", VERIFIER.to_owned()),
        ("interaction", interaction),
        ("master key", "a1a1a1a1".to_owned()),
    ];
    // How somebody logged in last is a word, not a secret.
    let secrets = browser.cookies.iter().filter(|(name, _)| *name != "vneid-method");
    canaries.extend(secrets.map(|(_, value)| ("cookie", value.clone())));
    let text = log.text();
    assert!(text.contains("vneid") || text.contains("request"), "something was captured");
    for (what, canary) in canaries {
        // Any telling part of it.
        let part: String = canary.chars().take(40).collect();
        assert!(!text.contains(&part), "{what} is in the log");
    }
}

#[tokio::test]
async fn a_refusal_is_one_line_with_the_request_id_the_caller_was_told() {
    // ATK-123, docs/logging
    let log = Log::capture();
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    let mut browser = server.browser();
    let page = browser.visit(&portal.authorize(&[])).await;
    let wrong = [("username", &*citizen.number), ("password", "sai")];
    let wrong = browser.submit(&page, &wrong).await;
    let stale = browser.get("/login?interaction=vin1_x").await;
    let unknown = browser.get("/authorize?client_id=nobody").await;
    let forged = browser.submit(&page, &[("csrf", "x")]).await;
    let id = |page: &Page| page.headers["x-request-id"].to_str().unwrap().to_owned();
    let mut refused: Vec<(&str, String)> = vec![
        ("wrong password", id(&wrong)),
        ("stale page", id(&stale)),
        ("unknown client", id(&unknown)),
        ("forged form", id(&forged)),
    ];
    for (what, answer) in [
        ("bad code", portal.redeem(&server, "vac1_x").await),
        ("bad refresh token", portal.refresh(&server, "vrt1_x").await),
        ("bad grant", portal.post(&server, "/token", &[("grant_type", "x")]).await),
        ("malformed", portal.post(&server, "/introspect", &[]).await),
    ] {
        let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
        refused.push((what, id));
    }
    let bearer = server.userinfo_response("vat1_x").await;
    refused.push(("bad token", bearer.headers()["x-request-id"].to_str().unwrap().to_owned()));
    for (what, id) in refused {
        assert_eq!(refusals(&log, &id), 1, "{what} ({id}):\n{}", log.text());
    }
}

fn page_field(page: &Page) -> String {
    let fields = page.form().fields;
    fields.into_iter().find(|(name, _)| name == "interaction").expect("an interaction").1
}
