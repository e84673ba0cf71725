//! What a client may wish for: a wish is never an error, and never an empty answer.

use serde_json::json;

use super::{Examination, assert_error};

#[tokio::test]
async fn claims_of_scopes_come_from_userinfo_and_not_in_the_id_token() {
    // trap 5
    let mut exam = Examination::begin().await;
    let scope = "openid profile email phone address vn_identity vn_legacy_identity";
    let tokens = exam.tokens(&[("scope", scope)]).await;
    let person = exam.server.userinfo(tokens.access_token()).await;
    let claims = tokens.id_claims();
    let personal = [
        "name",
        "family_name",
        "given_name",
        "birthdate",
        "gender",
        "email",
        "phone_number",
        "address",
        "vn_personal_number",
        "vn_legacy_number",
        "vn_nationality",
    ];
    for name in personal {
        assert!(person.get(name).is_some_and(|value| !value.is_null()), "{name} in {person}");
        assert!(claims.get(name).is_none(), "{name} in {claims}");
    }
}

#[tokio::test]
async fn claims_asked_one_by_one_come_where_they_were_asked_and_absent_ones_are_no_error() {
    // trap 5
    let mut exam = Examination::begin().await;
    let claims = json!({
        "id_token": { "name": { "essential": true }, "auth_time": null },
        "userinfo": { "email": null, "nickname": { "essential": true }, "website": null },
    });
    let tokens = exam.tokens(&[("claims", &claims.to_string())]).await;
    assert_eq!(tokens.id_claims()["name"], "Nguyễn Thị Kiểm Thử");
    let person = exam.server.userinfo(tokens.access_token()).await;
    assert!(person["email"].is_string(), "{person}");
    assert!(person.get("nickname").is_none() && person.get("name").is_none(), "{person}");
}

#[tokio::test]
async fn a_claim_beyond_the_registration_is_not_released_however_it_is_asked_for() {
    let mut exam = Examination::of(|party| {
        party.scopes.remove("vn_identity");
    })
    .await;
    let claims = json!({ "userinfo": { "vn_personal_number": { "essential": true } } }).to_string();
    let tokens = exam.tokens(&[("scope", "openid vn_identity"), ("claims", &claims)]).await;
    assert_eq!(tokens.body["scope"], "openid");
    let person = exam.server.userinfo(tokens.access_token()).await;
    assert!(person.get("vn_personal_number").is_none(), "{person}");
}

#[tokio::test]
async fn a_wish_that_nobody_understands_is_passed_over() {
    // trap 6
    let mut exam = Examination::begin().await;
    let localised = r#"{"userinfo":{"name#vi":null,"name#en":{"essential":true}},"other":{}}"#;
    for wish in [
        ("claims", localised),
        ("claims", r#"{"id_token":{"acr":{"value":"urn:unheard:of"}}}"#),
        ("ui_locales", "se"),
        ("ui_locales", "vi-VN en"),
        ("claims_locales", "se vi"),
        ("display", "popup"),
        ("display", "hologram"),
        ("acr_values", "urn:unheard:of"),
        ("login_hint", "nobody@example.vn"),
        ("scope", "openid profile unheard_of"),
        ("prompt", "unheard_of"),
        ("extra", "1"),
        ("resource_owner", "anybody"),
    ] {
        let tokens = exam.tokens(&[wish]).await;
        assert_eq!(tokens.id_claims()["acr"], "urn:vn:eid:auth:1", "{wish:?}");
    }
}

#[tokio::test]
async fn a_level_wished_for_in_vain_is_told_truly_and_one_demanded_in_vain_is_refused() {
    // trap 6, OC-12, edge case 30
    let mut exam = Examination::begin().await;
    exam.citizen = exam.server.citizen().without_totp().create().await;
    for wish in ["urn:vn:eid:auth:2", "urn:vn:eid:auth:4", "urn:vn:eid:auth:4 urn:unheard:of"] {
        let claims = exam.tokens(&[("acr_values", wish)]).await.id_claims();
        assert_eq!(claims["acr"], "urn:vn:eid:auth:1", "{wish}");
    }
    for demand in ["urn:vn:eid:auth:2", "urn:vn:eid:auth:4", "urn:unheard:of"] {
        let acr = json!({ "essential": true, "values": [demand] });
        let claims = json!({ "id_token": { "acr": acr } }).to_string();
        let page = exam.finish(&[("claims", &claims)]).await;
        assert_error(&exam, &page, "unmet_authentication_requirements", "s-1");
    }
}

#[tokio::test]
async fn a_level_demanded_and_reached_is_the_one_that_is_told() {
    let mut exam = Examination::begin().await;
    let acr = json!({ "essential": true, "values": ["urn:unheard:of", "urn:vn:eid:auth:2"] });
    let claims = json!({ "id_token": { "acr": acr } }).to_string();
    let told = exam.tokens(&[("claims", &claims)]).await.id_claims();
    assert_eq!(told["acr"], "urn:vn:eid:auth:2");
}

#[tokio::test]
async fn a_login_hint_fills_the_form_in_and_decides_nothing() {
    let mut exam = Examination::begin().await;
    let number = exam.citizen.number.clone();
    let page = exam.ask(&[("login_hint", &number)]).await;
    assert!(page.body.contains(&format!("value=\"{number}\"")), "{}", page.describe());
    let page = exam.ask(&[("login_hint", "\"><b>not a name")]).await;
    assert!(!page.body.contains("not a name"), "{}", page.describe());
}
