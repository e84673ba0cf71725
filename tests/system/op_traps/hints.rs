//! `id_token_hint`: believed when it is ours, however old; refused when it is anything else.

use serde_json::json;
use testkit::client::SECRET;
use testkit::jwt::{ClientKey, claims_of, header_of, hs256, unsigned};

use super::{Examination, assert_error, assert_error_page};

#[tokio::test]
async fn an_expired_hint_still_names_its_person() {
    // trap 4
    let mut exam = Examination::begin().await;
    let hint = exam.tokens(&[]).await.id_token().to_owned();
    exam.pass(30 * 60);
    assert!(claims_of(&hint)["exp"].as_i64().unwrap() < exam.server.now().unix_seconds());
    let page = exam.ask(&[("prompt", "none"), ("id_token_hint", &hint)]).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}

#[tokio::test]
async fn a_hint_at_somebody_else_never_gets_an_answer_about_who_is_there() {
    // OC-03
    let mut exam = Examination::begin().await;
    let first = exam.tokens(&[]).await;
    let other = exam.server.citizen().create().await;
    exam.browser = exam.server.browser();
    exam.pass(2);
    exam.browser.authorize(&exam.server, &exam.client, &other, &[]).await;
    exam.pass(2);

    let hint = [("id_token_hint", first.id_token())];
    let silent = exam.ask(&[hint[0], ("prompt", "none")]).await;
    assert_error(&exam, &silent, "login_required", "s-1");
    let subject = first.id_claims()["sub"].as_str().unwrap().to_owned();
    let claims = json!({ "id_token": { "sub": { "value": subject } } }).to_string();
    let silent = exam.ask(&[("claims", claims.as_str()), ("prompt", "none")]).await;
    assert_error(&exam, &silent, "login_required", "s-1");

    let page = exam.ask(&hint).await;
    assert_eq!(page.path(), "/login", "{}", page.describe());
    let filled = [("username", other.number.as_str()), ("password", other.password.as_str())];
    let wrong = exam.browser.submit(&page, &filled).await;
    assert_error(&exam, &wrong, "login_required", "s-1");
    exam.pass(2);
    let right = exam.tokens(&hint).await;
    assert_eq!(right.id_claims()["sub"], subject.as_str());
}

#[tokio::test]
async fn a_forged_hint_is_refused_at_both_doors() {
    // trap 4, ATK-030, ATK-031, ATK-041
    let mut exam = Examination::begin().await;
    let mine = exam.tokens(&[]).await;
    let stranger = exam.server.client("stranger").create().await;
    let page = exam.browser.visit(&stranger.authorize(&[])).await;
    let foreign = stranger.redeem(&exam.server, &page.redirected("code").unwrap()).await;

    let (header, claims) = (header_of(mine.id_token()), mine.id_claims());
    let published = exam.server.get_json("/jwks").await["keys"][0].to_string();
    let own_key = ClientKey::from_seed(1);
    let signature = mine.id_token().rsplit('.').next().unwrap();
    let other_claims = unsigned(&json!({ "sub": "x" }));
    let forged = [
        ("alg none", unsigned(&claims)),
        ("HS256 over the client's secret", hs256(&claims, SECRET.as_bytes())),
        ("HS256 over our public key", hs256(&claims, published.as_bytes())),
        ("a key of their own", own_key.sign(&json!({ "alg": "EdDSA", "typ": "JWT" }), &claims)),
        ("our key's name", own_key.sign(&header, &claims)),
        ("other claims", format!("{other_claims}{signature}")),
        ("no signature", mine.id_token().replace(signature, "")),
        ("another client's", foreign.id_token().to_owned()),
        ("an access token", mine.access_token().to_owned()),
    ];
    for (what, hint) in &forged {
        let page = exam.ask(&[("id_token_hint", hint), ("prompt", "none")]).await;
        assert_eq!(page.redirected("error").as_deref(), Some("invalid_request"), "{what}");
        assert_error(&exam, &page, "invalid_request", "s-1");
        let query = [
            ("id_token_hint", hint.as_str()),
            ("client_id", exam.client.id.as_str()),
            ("post_logout_redirect_uri", "https://portal.example/"),
        ];
        let url = url::Url::parse_with_params(&exam.server.url("/logout"), query).unwrap();
        let page = exam.browser.visit(url.as_str()).await;
        assert_error_page(&page);
    }
    assert!(exam.active(mine.access_token()).await, "nobody was logged out");
}
