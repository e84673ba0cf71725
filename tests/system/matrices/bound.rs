//! Every bound value changed one at a time: refused, and nothing issued.

use std::time::Duration;

use testkit::client::REDIRECT_URI;
use testkit::{Client, Page, Server};

use super::{flipped, next_code, offline_tokens, refused_grant};

/// Well-formed, and not the one.
const OTHER_VERIFIER: &str = "aBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// What is changed, who redeems, and with which parameters.
type Case<'a> = (&'a str, &'a Client, &'a [(&'a str, &'a str)]);

#[tokio::test]
async fn a_code_is_good_for_exactly_what_it_was_issued_for() {
    // ATK-004 to 006, RFC 6749 §4.1.3, RFC 7636 §4.6
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    let other = server.client("other").create().await;
    let mut browser = server.browser();
    browser.authorize(&server, &portal, &citizen, &[]).await;

    let longer = format!("{REDIRECT_URI}/");
    let upper = REDIRECT_URI.replace("portal", "Portal");
    let cases: [Case<'_>; 6] = [
        ("another client", &other, &[]),
        ("another redirect_uri", &portal, &[("redirect_uri", &longer)]),
        ("the same redirect_uri, spelled otherwise", &portal, &[("redirect_uri", &upper)]),
        ("no redirect_uri", &portal, &[("redirect_uri", "")]),
        ("another verifier", &portal, &[("code_verifier", OTHER_VERIFIER)]),
        ("no verifier", &portal, &[("code_verifier", "")]),
    ];
    for (what, client, changed) in cases {
        let code = next_code(&mut browser, &portal, &[]).await;
        refused_grant(what, &client.redeem_with(&server, &code, changed).await);
        let control = portal.redeem(&server, &code).await;
        assert_eq!(control.status, 200, "{what}: a refusal uses nothing up: {control:?}");
    }
}

#[tokio::test]
async fn a_verifier_nobody_announced_is_a_downgrade_and_refused() {
    // BCP-06
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let basic = server.client("basic").basic_op().create().await;
    let mut browser = server.browser();
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = browser.authorize(&server, &basic, &citizen, &without).await;
    refused_grant("an extra verifier", &basic.redeem(&server, &code).await);
    let control = basic.redeem_with(&server, &code, &[("code_verifier", "")]).await;
    assert_eq!(control.status, 200, "{control:?}");
}

#[tokio::test]
async fn a_code_lives_for_a_minute_to_the_millisecond() {
    // L13: closed-open
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    let mut browser = server.browser();
    let code = browser.authorize(&server, &portal, &citizen, &[]).await;
    server.clock.advance(Duration::from_millis(59_999));
    assert_eq!(portal.redeem(&server, &code).await.status, 200);
    let code = next_code(&mut browser, &portal, &[]).await;
    server.clock.advance(Duration::from_mins(1));
    refused_grant("expired", &portal.redeem(&server, &code).await);
}

#[tokio::test]
async fn no_bit_of_a_sealed_token_can_be_changed() {
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    let mut browser = server.browser();
    let tokens = offline_tokens(&server, &mut browser, &portal, &citizen).await;
    let code = next_code(&mut browser, &portal, &[]).await;

    for forged in flipped(&code) {
        refused_grant(&forged, &portal.redeem(&server, &forged).await);
    }
    for forged in flipped(tokens.refresh_token()) {
        refused_grant(&forged, &portal.refresh(&server, &forged).await);
        let answer = portal.post(&server, "/revoke", &[("token", &forged)]).await;
        assert_eq!(answer.status, 200, "unknown tokens are revoked already");
    }
    for forged in flipped(tokens.access_token()) {
        assert_eq!(server.userinfo_response(&forged).await.status(), 401, "{forged}");
        let answer = portal.introspect(&server, &forged).await;
        assert_eq!(answer, serde_json::json!({ "active": false }), "{forged}");
        portal.post(&server, "/revoke", &[("token", &forged)]).await;
    }

    assert_eq!(portal.redeem(&server, &code).await.status, 200);
    assert_eq!(portal.refresh(&server, tokens.refresh_token()).await.status, 200);
    assert_eq!(portal.introspect(&server, tokens.access_token()).await["active"], true);
}

#[tokio::test]
async fn a_refresh_token_belongs_to_its_client_and_dies_of_disuse() {
    // ATK-072, BCP-15
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    let other = server.client("other").create().await;
    let native = server.client("native").public().create().await;
    let mut browser = server.browser();
    let tokens = offline_tokens(&server, &mut browser, &portal, &citizen).await;
    let refresh = tokens.refresh_token();
    refused_grant("another client", &other.refresh(&server, refresh).await);
    refused_grant("a public client", &native.refresh(&server, refresh).await);
    let answer = other.post(&server, "/revoke", &[("token", refresh)]).await;
    assert_eq!(answer.status, 200);
    assert_eq!(portal.refresh(&server, refresh).await.status, 200, "others cannot revoke it");

    server.clock.advance(Duration::from_hours(30 * 24) - Duration::from_millis(1));
    assert_eq!(portal.refresh(&server, refresh).await.status, 200);
    server.clock.advance(Duration::from_millis(1));
    refused_grant("thirty days unused", &portal.refresh(&server, refresh).await);
}

#[tokio::test]
async fn an_access_token_is_shown_to_its_audience_until_it_expires() {
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    let other = server.client("other").create().await;
    let mut browser = server.browser();
    let code = browser.authorize(&server, &portal, &citizen, &[]).await;
    let tokens = portal.redeem(&server, &code).await;
    let token = tokens.access_token();
    let inactive = serde_json::json!({ "active": false });
    assert_eq!(other.introspect(&server, token).await, inactive, "not its audience");
    other.post(&server, "/revoke", &[("token", token)]).await;
    server.clock.advance(Duration::from_millis(900_000 - 1));
    assert_eq!(portal.introspect(&server, token).await["active"], true);
    assert_eq!(server.userinfo_response(token).await.status(), 200);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(portal.introspect(&server, token).await, inactive, "expired");
    assert_eq!(server.userinfo_response(token).await.status(), 401);
}

#[tokio::test]
async fn no_page_opens_on_a_changed_interaction() {
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").asks_consent().create().await;
    let mut browser = server.browser();
    let login = browser.visit(&portal.authorize(&[])).await;
    let filled = [("username", &*citizen.number), ("password", &*citizen.password)];
    let consent = browser.submit(&login, &filled).await;
    assert_eq!(consent.path(), "/consent", "{}", consent.describe());
    server.clock.advance(Duration::from_secs(1));
    let totp = browser.visit(&portal.authorize(&[("acr_values", "urn:vn:eid:auth:2")])).await;
    let select = browser.visit(&portal.authorize(&[("prompt", "select_account")])).await;
    let asked = [
        (&login, "/login"),
        (&consent, "/consent"),
        (&totp, "/login/totp"),
        (&select, "/select-account"),
    ];
    for (page, path) in asked {
        assert_eq!(page.path(), path, "{}", page.describe());
        for forged in flipped(&interaction_of(page)) {
            let shown = browser.get(&format!("{path}?interaction={forged}")).await;
            assert_eq!(shown.status, 400, "{path}: {}", shown.describe());
            let sent = browser.submit_once(page, &[("interaction", &forged)]).await;
            assert_eq!(sent.status, 400, "{path}: {}", sent.describe());
            assert!(sent.location().is_none());
        }
    }
    let finished = browser.press(&consent, "approve", &[]).await;
    assert!(finished.redirected("code").is_some(), "{}", finished.describe());
}

fn interaction_of(page: &Page) -> String {
    let fields = page.form().fields;
    fields.into_iter().find(|(name, _)| name == "interaction").expect("every form has it").1
}
