//! `verified_claims` (OpenID Connect for Identity Assurance 1.0): asked, agreed to, and told.

use serde_json::{Value, json};
use testkit::{Citizen, Client, Server};

const FRAMEWORK: &str = "urn:vn:eid:decree-69-2024";

#[expect(clippy::needless_pass_by_value, reason = "they are written where they are passed")]
fn wish(verification: Value, claims: Value) -> Value {
    json!({ "verification": verification, "claims": claims })
}

/// Userinfo and ID token after a login that asked for `userinfo` and `id_token`.
async fn told(
    server: &Server,
    portal: &Client,
    citizen: &Citizen,
    claims: &Value,
) -> (Value, Value) {
    let claims = claims.to_string();
    let asks = [("scope", "openid"), ("claims", claims.as_str())];
    let code = server.browser().authorize(server, portal, citizen, &asks).await;
    let tokens = portal.redeem(server, &code).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    (server.userinfo(tokens.access_token()).await, tokens.id_claims())
}

#[tokio::test]
async fn a_portal_learns_how_and_when_exactly_what_it_asked_for_was_verified() {
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    let verification = json!({
        "trust_framework": { "value": FRAMEWORK }, "assurance_level": null, "time": { "max_age": 63_072_000 },
        "evidence": [{ "document_details": { "type": { "values": ["idcard", "passport"] } } }],
    });
    let request = json!({
        "userinfo": { "verified_claims": wish(verification, json!({ "birthdate": null, "email": null })) },
        "id_token": { "verified_claims": wish(json!({ "trust_framework": null }), json!({ "name": null })) },
    });
    let (person, id_token) = told(&server, &portal, &citizen, &request).await;
    let verified = &person["verified_claims"];
    assert_eq!(
        verified["claims"],
        json!({ "birthdate": "1990-05-17" }),
        "mail is not verified by anybody"
    );
    let verification = &verified["verification"];
    assert_eq!(verification["trust_framework"], FRAMEWORK);
    assert_eq!(verification["assurance_level"], "2");
    assert_eq!(verification["evidence"], json!([{ "document_details": { "type": "idcard" } }]));
    assert!(
        verification["time"].as_str().is_some_and(|time| time.ends_with('Z')),
        "{verification}"
    );
    assert!(person.get("birthdate").is_none(), "asked for with its verification, and not besides");

    let expected = json!({
        "verification": { "trust_framework": FRAMEWORK }, "claims": { "name": "Nguyễn Thị Kiểm Thử" },
    });
    assert_eq!(id_token["verified_claims"], expected);
}

#[tokio::test]
async fn what_was_not_verified_that_way_is_left_out_and_the_login_goes_on() {
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    for verification in [
        json!({ "trust_framework": { "value": "de_aml" } }),
        json!({ "trust_framework": null, "time": { "max_age": 86_400 } }),
        json!({ "trust_framework": null, "assurance_level": { "value": "1" } }),
        json!({ "trust_framework": null, "evidence": [{ "type": { "value": "electronic_record" } }] }),
    ] {
        let wish = wish(verification.clone(), json!({ "name": { "essential": true } }));
        let request = json!({ "userinfo": { "verified_claims": wish } });
        let (person, _) = told(&server, &portal, &citizen, &request).await;
        assert!(person.get("verified_claims").is_none(), "{verification}: {person}");
        assert!(person["sub"].is_string());
    }
}

#[tokio::test]
async fn an_expired_card_lowers_the_level_that_is_vouched_for_at_once() {
    // L9
    let server = Server::start().await;
    let citizen = server.citizen().card_until("2020-01-01").create().await;
    let portal = server.client("portal").create().await;
    let verification = json!({ "trust_framework": null, "assurance_level": null });
    let request =
        json!({ "userinfo": { "verified_claims": wish(verification, json!({ "name": null })) } });
    let (person, _) = told(&server, &portal, &citizen, &request).await;
    let level = &person["verified_claims"]["verification"]["assurance_level"];
    assert_ne!(*level, json!("2"), "{person}");
}

#[tokio::test]
async fn the_person_is_asked_and_a_no_is_kept() {
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").asks_consent().create().await;
    let claims = json!({ "userinfo": { "verified_claims":
        wish(json!({ "trust_framework": null }), json!({ "birthdate": null })) } });
    let claims = claims.to_string();
    let url = portal.authorize(&[("scope", "openid"), ("claims", claims.as_str())]);
    let mut browser = server.browser();
    let page = browser.log_in(&server, &url, &citizen).await;
    assert_eq!(page.path(), "/consent", "{}", page.describe());
    assert!(page.body.contains("đã được xác minh"), "{}", page.body);
    // Nothing ticked.
    let page = browser.press(&page, "approve", &[]).await;
    let tokens = portal.redeem(&server, &page.redirected("code").expect("a code")).await;
    let person = server.userinfo(tokens.access_token()).await;
    assert!(person.get("verified_claims").is_none(), "{person}");
}

#[tokio::test]
async fn discovery_says_what_can_be_asked_for() {
    let server = Server::start().await;
    let metadata = server.get_json("/.well-known/openid-configuration").await;
    assert_eq!(metadata["verified_claims_supported"], true);
    assert_eq!(metadata["trust_frameworks_supported"], json!([FRAMEWORK]));
    assert_eq!(metadata["evidence_supported"], json!(["document"]));
    let claims = metadata["claims_in_verified_claims_supported"].as_array().unwrap();
    assert!(claims.contains(&json!("birthdate")) && !claims.contains(&json!("email")));
}
