//! When a person is asked again, and when nobody may be.

use serde_json::Value;

use super::{Examination, assert_error};

fn auth_time(claims: &Value) -> i64 {
    claims["auth_time"].as_i64().expect("auth_time is a number")
}

#[tokio::test]
async fn prompt_login_takes_a_password_every_time_and_moves_auth_time() {
    // trap 1
    let mut exam = Examination::begin().await;
    let mut last = auth_time(&exam.tokens(&[]).await.id_claims());
    for _ in 0..2 {
        exam.pass(2);
        let page = exam.ask(&[("prompt", "login")]).await;
        assert_eq!(page.path(), "/login", "{}", page.describe());
        for password in ["", "not the password of anybody"] {
            let refused = exam.browser.submit(&page, &[("password", password)]).await;
            assert_eq!((refused.path(), refused.status.as_u16()), ("/login", 422), "{password}");
        }
        let answer = exam.browser.submit(&page, &[("password", &exam.citizen.password)]).await;
        let code = answer.redirected("code").expect("a code");
        let now = auth_time(&exam.client.redeem(&exam.server, &code).await.id_claims());
        assert!(now >= last + 2, "{now} after {last}");
        last = now;
    }
}

#[tokio::test]
async fn max_age_is_measured_from_the_last_proof() {
    // trap 2
    let mut exam = Examination::begin().await;
    let first = auth_time(&exam.tokens(&[]).await.id_claims());
    exam.pass(2);

    let silent = exam.tokens(&[("max_age", "10000")]).await;
    assert_eq!(auth_time(&silent.id_claims()), first, "silent success tells the old time");
    let none = exam.ask(&[("max_age", "1"), ("prompt", "none")]).await;
    assert_error(&exam, &none, "login_required", "s-1");

    let page = exam.ask(&[("max_age", "1")]).await;
    assert_eq!(page.path(), "/login", "{}", page.describe());
    let again = exam.tokens(&[("max_age", "1")]).await;
    assert_eq!(auth_time(&again.id_claims()), first + 2);
    exam.pass(1);
    let zero = exam.ask(&[("max_age", "0")]).await;
    assert_eq!(zero.path(), "/login", "max_age=0 asks like prompt=login");
}

#[tokio::test]
async fn prompt_none_answers_the_client_and_shows_nobody_anything() {
    // trap 3: state of 128 characters, iss, registered codes
    let mut exam = Examination::begin().await;
    let state = "s".repeat(128);
    let silent = [("prompt", "none"), ("state", state.as_str())];
    let page = exam.ask(&silent).await;
    assert_error(&exam, &page, "login_required", &state);

    exam.code(&[]).await;
    let page = exam.ask(&silent).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
    assert_eq!(page.redirected("state").as_deref(), Some(state.as_str()));

    let more = r#"{"id_token":{"acr":{"essential":true,"value":"urn:vn:eid:auth:2"}}}"#;
    let page = exam.ask(&[silent.as_slice(), &[("claims", more)]].concat()).await;
    assert_error(&exam, &page, "login_required", &state);
    let page = exam.ask(&[("prompt", "none login"), ("state", &state)]).await;
    assert_error(&exam, &page, "invalid_request", &state);
}

#[tokio::test]
async fn prompt_none_says_so_when_consent_is_missing_and_succeeds_once_it_is_given() {
    // trap 3
    let mut exam = Examination::begin().await;
    exam.client = exam.server.client("asking").asks_consent().create().await;
    let page = exam.finish(&[("scope", "openid email")]).await;
    assert_eq!(page.path(), "/consent", "{}", page.describe());
    let silent = [("scope", "openid email"), ("prompt", "none")];
    let refused = exam.ask(&silent).await;
    assert_error(&exam, &refused, "consent_required", "s-1");
    exam.browser.press(&page, "approve", &[]).await;
    let page = exam.ask(&silent).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}

#[tokio::test]
async fn prompt_select_account_lets_the_person_choose_who_goes_on() {
    // trap 3, OC-02
    let mut exam = Examination::begin().await;
    let other = exam.server.citizen().create().await;
    let first = exam.tokens(&[]).await.id_claims();
    exam.pass(2);

    let page = exam.ask(&[("prompt", "select_account")]).await;
    assert_eq!(page.path(), "/select-account", "{}", page.describe());
    let account = page.body.split("id=\"account-").nth(1).expect("the present account");
    let button = format!("account-{}", account.split('"').next().unwrap());
    let same = exam.browser.press(&page, &button, &[]).await;
    let code = same.redirected("code").expect("a code without another login");
    let same = exam.client.redeem(&exam.server, &code).await.id_claims();
    assert_eq!((&same["sub"], &same["auth_time"]), (&first["sub"], &first["auth_time"]));

    let page = exam.ask(&[("prompt", "select_account")]).await;
    let page = exam.browser.press(&page, "use-another-account", &[]).await;
    assert_eq!(page.path(), "/login", "{}", page.describe());
    let filled = [("username", other.number.as_str()), ("password", other.password.as_str())];
    let page = exam.browser.submit(&page, &filled).await;
    let code = page.redirected("code").expect("a code");
    let another = exam.client.redeem(&exam.server, &code).await.id_claims();
    assert_ne!(another["sub"], first["sub"]);
}

#[tokio::test]
async fn every_page_works_without_scripts_and_has_the_ids_that_programs_look_for() {
    // trap 26
    let mut exam = Examination::begin().await;
    exam.client = exam.server.client("asking").asks_consent().create().await;
    let asks = [("acr_values", "urn:vn:eid:auth:2"), ("scope", "openid email")];
    let login = exam.ask(&asks).await;
    let citizen = exam.citizen.clone();
    let filled = [("username", citizen.number.as_str()), ("password", &citizen.password)];
    let totp = exam.browser.submit(&login, &filled).await;
    let code = citizen.code_at(exam.server.now());
    let consent = exam.browser.submit(&totp, &[("totp", &code)]).await;
    exam.browser.press(&consent, "approve", &[]).await;
    let logout = exam.browser.visit("/logout").await;
    for (page, path, ids) in [
        (login, "/login", ["username", "password"]),
        (totp, "/login/totp", ["totp", "verify"]),
        (consent, "/consent", ["approve", "deny"]),
        (logout, "/logout", ["logout-yes", "logout-no"]),
    ] {
        assert_eq!(page.path(), path, "{}", page.describe());
        assert!(ids.iter().all(|id| page.has_id(id)), "{}", page.describe());
        // What passkeys need is a file of ours, and nothing else on the page needs it.
        let scripts = page.body.matches("<script").count();
        let ours = page.body.matches("<script type=\"module\" src=\"/assets/").count();
        assert_eq!(scripts, ours, "{}", page.describe());
    }
}
