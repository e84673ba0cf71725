//! One transaction asked for by `authorization_details` (RFC 9396), judged by its amount, and told to
//! whom it concerns.

use std::time::Duration;

use identity_core::relying_party::AccessTokenFormat;
use protocol::authorization_details::TRANSACTION;
use serde_json::{Value, json};
use testkit::{App, Browser, Citizen, Client, Page, Server};

use crate::login::screen::Screen;

/// A transfer as a bank writes it, with further members.
fn transfer(amount: u64, further: &Value) -> String {
    let mut element = json!({
        "type": TRANSACTION, "kind": "transfer", "amount": amount, "reference": "FT26112200017",
    });
    let members = element.as_object_mut().unwrap();
    members.extend(further.as_object().cloned().unwrap_or_default());
    json!([element]).to_string()
}

fn plain(amount: u64) -> String {
    transfer(amount, &json!({}))
}

struct Scene {
    server: Server,
    bank: Client,
    citizen: Citizen,
}

impl Scene {
    async fn set() -> Self {
        Self::with(None).await
    }

    /// A bank with a requirement of its own.
    async fn with(requirement: Option<&str>) -> Self {
        let server = Server::start().await;
        let bank = server.client("bank").with(|party| {
            party.authorization_details_types = [TRANSACTION.to_owned()].into();
            party.requirement = requirement.map(str::to_owned);
        });
        let bank = bank.create().await;
        let citizen = server.citizen().create().await;
        // What the person holds has been theirs for longer than any requirement waits.
        server.clock.advance(Duration::from_hours(48));
        Self { server, bank, citizen }
    }

    fn url(&self, details: &str) -> String {
        self.bank.authorize(&[("authorization_details", details)])
    }

    async fn confirm(&self, browser: &mut Browser, details: &str) -> Page {
        browser.log_in(&self.server, &self.url(details), &self.citizen).await
    }

    /// What comes back at once from a request that nobody needs to see.
    async fn refusal(&self, details: &str) -> Option<String> {
        self.server.browser().visit(&self.url(details)).await.redirected("error")
    }
}

#[tokio::test]
async fn a_transfer_below_the_limit_needs_two_factors_and_says_everywhere_what_it_was_for() {
    // State Bank Circular 50/2024, class B; RFC 9396 §7, §9
    let scene = Scene::set().await;
    let details = transfer(9_999_999, &json!({ "known_device": true }));
    let mut browser = scene.server.browser();
    let page = browser.visit(&scene.url(&details)).await;
    let reason = page.text_of("reason");
    assert!(reason.contains("giao dịch 9.999.999 đồng (mã FT26112200017)"), "{reason}");
    assert!(reason.contains(&scene.bank.party.name.vi), "{reason}");

    let page = scene.confirm(&mut browser, &details).await;
    let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
    let tokens = scene.bank.redeem(&scene.server, &code).await;
    let told: Value = serde_json::from_str(&details).unwrap();
    assert_eq!(tokens.body["authorization_details"], told);
    assert_eq!(tokens.id_claims()["authorization_details"], told);
    assert_eq!(tokens.id_claims()["acr"], "urn:vn:eid:auth:2");
    let introspected = scene.bank.introspect(&scene.server, tokens.access_token()).await;
    assert_eq!(introspected["authorization_details"], told);
    let userinfo = scene.server.userinfo(tokens.access_token()).await;
    assert!(userinfo.get("authorization_details").is_none());

    let page = browser.visit(&scene.bank.authorize(&[])).await;
    let tokens = scene.bank.redeem(&scene.server, &page.redirected("code").unwrap()).await;
    assert!(tokens.body.get("authorization_details").is_none(), "a login is no transaction");
}

#[tokio::test]
async fn from_ten_million_or_above_twenty_in_a_day_a_biometric_is_needed() {
    // State Bank Circular 50/2024, class C; Decision 2345/QĐ-NHNN
    let scene = Scene::set().await;
    let above = transfer(1, &json!({ "day_total": 20_000_001 }));
    for details in [plain(10_000_000), above] {
        let page = scene.confirm(&mut scene.server.browser(), &details).await;
        let error = page.redirected("error");
        let unmet = Some("unmet_authentication_requirements");
        assert_eq!(error.as_deref(), unmet, "{details}: {}", page.describe());
    }
    let within = transfer(1, &json!({ "day_total": 20_000_000 }));
    let page = scene.confirm(&mut scene.server.browser(), &within).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}

#[tokio::test]
async fn intent_is_asked_for_each_transaction_and_its_proofs_serve_no_other() {
    // L12: single sign-on covers no transaction whose policy asks for intent
    let scene = Scene::with(Some("irreversible")).await;
    let mut browser = scene.server.browser();
    let page = browser.log_in(&scene.server, &scene.bank.authorize(&[]), &scene.citizen).await;
    assert!(page.redirected("code").is_some(), "logged in with both: {}", page.describe());
    let page = browser.visit(&scene.bank.authorize(&[])).await;
    assert!(page.redirected("code").is_some(), "and for a login that suffices");

    for details in [plain(1), plain(1)] {
        let page = browser.visit(&scene.url(&details)).await;
        assert_eq!(page.path(), "/login", "asked again: {}", page.describe());
        let filled = [("password", scene.citizen.password.as_str())];
        let page = browser.submit(&page, &filled).await;
        assert_eq!(page.path(), "/login/totp", "and for both: {}", page.describe());
        let reason = page.text_of("reason");
        assert!(reason.contains("xác thực mức 2 cho giao dịch 1 đồng"), "{reason}");
        scene.server.next_totp_step();
        let code = scene.citizen.code_at(scene.server.now());
        let page = browser.submit(&page, &[("totp", &code)]).await;
        let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
        let tokens = scene.bank.redeem(&scene.server, &code).await;
        assert_eq!(tokens.status, 200, "judged again at redemption: {tokens:?}");
    }
    let url = scene.bank.authorize(&[("authorization_details", &plain(1)), ("prompt", "none")]);
    let silent = browser.visit(&url).await;
    assert_eq!(silent.redirected("error").as_deref(), Some("login_required"));
}

#[tokio::test]
async fn the_app_shows_what_is_agreed_to() {
    // State Bank Circular 50/2024: amount and reference where the approval is given
    let scene = Scene::set().await;
    let app = App::of(&scene.server, &scene.citizen).await;
    let mut screen = Screen::of(scene.server.browser(), &scene.url(&plain(7_000_000))).await;
    let asked = app.ask(&scene.server, "resolve", json!({ "code": screen.code })).await.ok();
    let details = json!({ "kind": "transfer", "amount": 7_000_000, "reference": "FT26112200017" });
    assert_eq!(asked["question"]["details"], details);
    let number = screen.number().await;
    app.approve(&scene.server, &screen.transaction, &number).await.ok();
    let page = screen.collect().await;
    let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
    let tokens = scene.bank.redeem(&scene.server, &code).await;
    assert_eq!(tokens.body["authorization_details"][0]["amount"], 7_000_000);
}

#[tokio::test]
async fn a_refresh_repeats_what_was_granted_and_asks_nothing_anew() {
    let scene = Scene::set().await;
    let details = plain(5_000_000);
    let asks = [
        ("authorization_details", details.as_str()),
        ("scope", "openid offline_access"),
        ("prompt", "consent"),
    ];
    let mut browser = scene.server.browser();
    let code = browser.authorize(&scene.server, &scene.bank, &scene.citizen, &asks).await;
    let tokens = scene.bank.redeem(&scene.server, &code).await;
    // Long after the quarter of an hour that its requirement gives a proof.
    scene.server.clock.advance(Duration::from_hours(5));
    let tokens = scene.bank.refresh(&scene.server, tokens.refresh_token()).await;
    let told: Value = serde_json::from_str(&details).unwrap();
    assert_eq!(tokens.body["authorization_details"], told);
    let introspected = scene.bank.introspect(&scene.server, tokens.access_token()).await;
    assert_eq!(introspected["authorization_details"], told);
}

#[tokio::test]
async fn what_is_not_understood_or_not_registered_is_refused_before_anybody_is_asked() {
    // RFC 9396 §5
    let scene = Scene::set().await;
    let cases = [
        r#"[{"type":"payment_initiation","amount":1}]"#.to_owned(),
        transfer(1, &json!({ "creditor": "x" })),
        transfer(1, &json!({ "kind": "no-such-kind" })),
        transfer(1, &json!({ "procedure": "no-such-procedure" })),
        "[]".to_owned(),
        "{".to_owned(),
    ];
    for details in cases {
        let error = scene.refusal(&details).await;
        assert_eq!(error.as_deref(), Some("invalid_authorization_details"), "{details}");
    }
    assert_eq!(scene.refusal(&plain(1)).await, None);

    let portal = scene.server.client("portal").create().await;
    let url = portal.authorize(&[("authorization_details", &plain(1))]);
    let page = scene.server.browser().visit(&url).await;
    assert_eq!(page.redirected("error").as_deref(), Some("invalid_authorization_details"));

    let form = [("grant_type", "client_credentials"), ("authorization_details", "[]")];
    let tokens = scene.bank.post(&scene.server, "/token", &form).await;
    assert_eq!((tokens.status, tokens.error()), (400, "invalid_authorization_details"));

    let metadata = scene.server.get_json("/.well-known/openid-configuration").await;
    assert_eq!(metadata["authorization_details_types_supported"], json!([TRANSACTION]));
}

#[tokio::test]
async fn a_token_that_verifies_offline_carries_the_transaction_too() {
    // RFC 9396 §9.1
    let scene = Scene::set().await;
    let bank = scene.server.client("branch").with(|party| {
        party.authorization_details_types = [TRANSACTION.to_owned()].into();
        party.access_token_format = AccessTokenFormat::Jwt;
    });
    let bank = bank.create().await;
    let details = plain(3);
    let asks = [("authorization_details", details.as_str())];
    let mut browser = scene.server.browser();
    let code = browser.authorize(&scene.server, &bank, &scene.citizen, &asks).await;
    let tokens = bank.redeem(&scene.server, &code).await;
    let claims = testkit::jwt::claims_of(tokens.access_token());
    assert_eq!(claims["authorization_details"][0]["amount"], 3);
}

#[tokio::test]
async fn a_procedure_that_the_transaction_belongs_to_counts_as_well() {
    // Criminal records ask for authentication level 4, which nobody here can reach.
    let scene = Scene::set().await;
    let details = transfer(1, &json!({ "procedure": "criminal-record" }));
    let page = scene.confirm(&mut scene.server.browser(), &details).await;
    let error = page.redirected("error");
    assert_eq!(error.as_deref(), Some("unmet_authentication_requirements"));
}
