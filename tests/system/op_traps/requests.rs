//! The authorization request, and how its answer travels.

use testkit::client::{REDIRECT_URI, query_of};

use super::{Examination, assert_error, assert_error_page};

#[tokio::test]
async fn what_is_not_supported_is_said_to_be_so() {
    // trap 7: ignoring any of these silently would answer another request
    let mut exam = Examination::begin().await;
    for (asks, error) in [
        ([("request", "e30.e30.")], "request_not_supported"),
        ([("request_uri", "https://portal.example/r")], "request_uri_not_supported"),
        ([("request_uri", "urn:ietf:params:oauth:request_uri:1")], "request_uri_not_supported"),
        ([("registration", "{}")], "registration_not_supported"),
        ([("response_type", "token")], "unsupported_response_type"),
        ([("response_type", "code id_token")], "unsupported_response_type"),
        ([("response_type", "")], "invalid_request"),
        ([("response_mode", "fragment")], "invalid_request"),
        ([("scope", "profile")], "invalid_scope"),
        ([("code_challenge", "")], "invalid_request"),
        ([("code_challenge_method", "plain")], "invalid_request"),
        ([("code_challenge_method", "")], "invalid_request"),
        ([("max_age", "-1")], "invalid_request"),
        ([("claims", "[]")], "invalid_request"),
    ] {
        let page = exam.ask(&asks).await;
        assert_eq!(page.redirected("error").as_deref(), Some(error), "{asks:?}");
        assert_error(&exam, &page, error, "s-1");
    }
}

#[tokio::test]
async fn a_redirect_uri_of_other_bytes_is_an_error_page_and_leads_nowhere() {
    // trap 9
    let mut exam = Examination::begin().await;
    for other in [
        "https://portal.example/callback/more",
        "https://portal.example/callback?x=1",
        "https://portal.example/callback?",
        "https://portal.example/callback#f",
        "https://portal.example/callback/",
        "https://portal.example/Callback",
        "https://portal.example:443/callback",
        "https://PORTAL.example/callback",
        "https://portal.example/",
        "http://portal.example/callback",
        "https://evil.example/callback",
        "//portal.example/callback",
        "callback",
    ] {
        let page = exam.ask(&[("redirect_uri", other)]).await;
        assert_error_page(&page);
        assert!(!page.body.contains(&format!("=\"{other}")), "no link leads there: {other}");
    }
}

#[tokio::test]
async fn a_registered_query_is_kept_and_appended_to() {
    // trap 9
    let registered = "https://portal.example/callback?tenant=daklak&x=a%20b";
    let mut exam = Examination::of(|party| party.redirect_uris = vec![registered.to_owned()]).await;
    let page = exam.finish(&[("redirect_uri", registered)]).await;
    let location = page.location().expect("a redirect");
    assert!(location.as_str().starts_with(&format!("{registered}&code=")), "{location}");
    let another = exam.ask(&[("redirect_uri", &registered.replace("daklak", "hanoi"))]).await;
    assert_error_page(&another);
    assert_error_page(&exam.ask(&[("redirect_uri", REDIRECT_URI)]).await);
}

#[tokio::test]
async fn a_redirect_uri_may_be_left_out_only_when_there_is_one() {
    // trap 9
    let mut one = Examination::begin().await;
    let code = one.code(&[("redirect_uri", "")]).await;
    let tokens = one.client.redeem_with(&one.server, &code, &[("redirect_uri", "")]).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");

    let mut two = Examination::of(|party| {
        party.redirect_uris.push("https://portal.example/other".to_owned());
    })
    .await;
    assert_error_page(&two.ask(&[("redirect_uri", "")]).await);
}

#[tokio::test]
async fn success_and_error_name_the_issuer_and_echo_the_state_exactly() {
    // traps 10 and 11, ATK-006
    let mut exam = Examination::begin().await;
    let issuer = exam.server.issuer.clone();
    for state in ["plain", "a b+c&d=e%20?#/", "tiếng Việt ✓", "{\"json\":[1,2]}"] {
        let page = exam.finish(&[("state", state)]).await;
        let answer = query_of(&page.location().expect("a redirect"));
        let code = page.redirected("code").expect("a code");
        let expected = [("code", code.as_str()), ("state", state), ("iss", &issuer)];
        let expected: Vec<_> =
            expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        assert_eq!(answer, expected);
        let page = exam.ask(&[("state", state), ("response_type", "none")]).await;
        assert_error(&exam, &page, "unsupported_response_type", state);
    }
    let page = exam.finish(&[("state", "")]).await;
    let location = page.location().expect("a redirect");
    assert!(!location.as_str().contains("state"), "none was sent: {location}");
}

#[tokio::test]
async fn a_line_break_in_a_parameter_of_ours_is_never_honest_and_never_becomes_a_header() {
    // ATK-014
    let mut exam = Examination::begin().await;
    exam.code(&[]).await;
    let split = "s\r\nSet-Cookie: planted=1\r\n\r\n<script>";
    let redirect_uri = format!("{REDIRECT_URI}{split}");
    for (name, value) in [
        ("state", split),
        ("nonce", split),
        ("login_hint", split),
        ("scope", split),
        ("acr_values", split),
        ("ui_locales", split),
        ("display", split),
        ("redirect_uri", &redirect_uri),
        ("of_others", split),
    ] {
        let page = exam.ask(&[(name, value)]).await;
        assert!(!exam.browser.cookies.contains_key("planted"), "{name}");
        assert!(!page.headers.values().any(|value| value == "planted=1"), "{name}");
        assert!(!page.body.contains("<script"), "{name}");
        match page.location() {
            None => assert_error_page(&page),
            Some(location) => assert!(location.as_str().starts_with(REDIRECT_URI), "{name}"),
        }
    }
}

#[tokio::test]
async fn a_form_post_answer_is_a_form_to_the_registered_address() {
    // trap 11
    let mut exam = Examination::begin().await;
    let page = exam.finish(&[("response_mode", "form_post")]).await;
    assert_eq!(page.status, 200, "{}", page.describe());
    let form = page.form_with("continue");
    assert_eq!(form.action.as_str(), REDIRECT_URI);
    let names: Vec<&str> = form.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["code", "state", "iss"]);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("form-action 'self' https://portal.example;"), "{policy}");
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    let tokens = exam.client.redeem(&exam.server, &form.fields[0].1).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");

    let asks = [("response_mode", "form_post"), ("prompt", "none login")];
    let form = exam.ask(&asks).await.form_with("continue");
    let names: Vec<&str> = form.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["error", "error_description", "state", "iss"]);
}

#[tokio::test]
async fn a_request_by_post_is_the_same_request_and_nothing_posted_is_posted_on() {
    // trap 20, BCP-22, ATK-013
    let mut exam = Examination::begin().await;
    let url = exam.client.authorize(&[("state", "posted")]);
    let query = url::Url::parse(&exam.server.url(&url)).unwrap();
    let fields = query_of(&query);
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = exam.browser.post_from_elsewhere("/authorize", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.describe());
    let page = exam.browser.follow(answer).await;
    assert_eq!(page.path(), "/login", "{}", page.describe());

    let filled = [("username", exam.citizen.number.as_str()), ("password", &exam.citizen.password)];
    let answer = exam.browser.submit_once(&page, &filled).await;
    assert_eq!(answer.status, 303, "{}", answer.describe());
    assert_eq!(answer.redirected("state").as_deref(), Some("posted"));
}

#[tokio::test]
async fn only_a_client_of_the_basic_profile_may_leave_pkce_out() {
    // BCP-08: the examiners of the Basic OP profile send none
    let mut exam = Examination::begin().await;
    exam.client = exam.server.client("basic").basic_op().create().await;
    let plain = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = exam.code(&plain).await;
    let with = exam.client.redeem(&exam.server, &code).await;
    assert_eq!(with.error(), "invalid_grant", "a verifier nobody announced (ATK-004)");
    let code = exam.code(&plain).await;
    let without = exam.client.redeem_with(&exam.server, &code, &[("code_verifier", "")]).await;
    assert_eq!(without.status, 200, "{without:?}");
    let code = exam.code(&[]).await;
    let stripped = exam.client.redeem_with(&exam.server, &code, &[("code_verifier", "")]).await;
    assert_eq!(stripped.error(), "invalid_grant", "announced, so it must come");
}
