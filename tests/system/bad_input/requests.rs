//! Requests that are not what they should be.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::AUTHORIZATION;
use serde_json::Value;
use testkit::{Client, Page, Server};

const FORM: &str = "application/x-www-form-urlencoded";

/// Status and error code of a POST of these very bytes.
async fn post(server: &Server, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> (u16, String) {
    let request = server.http.post(server.url(path)).header("content-type", kind);
    answer(request.body(body.into())).await
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, String) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert!(response.headers().contains_key("x-request-id"));
    let body: Value = response.json().await.unwrap_or_default();
    (status, body["error"].as_str().unwrap_or_default().to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

fn secret(client: &Client) -> &str {
    client.secret.as_deref().expect("a confidential client")
}

#[tokio::test]
async fn no_parameter_may_come_twice() {
    // ATK-015, RFC 6749 §3.1
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let mut browser = server.browser();
    let honest = portal.authorize(&[]);
    let query = honest.split_once('?').unwrap().1;
    for pair in query.split('&') {
        let twice = format!("/authorize?{query}&{pair}");
        let page = browser.get(&twice).await;
        assert_eq!(page.status, 400, "{pair}");
        assert!(page.location().is_none(), "{pair}: which of the two redirect URIs?");
        // Once in the query and once in the body is twice.
        let url = server.url(&format!("/authorize?{query}"));
        let request = server.http.post(url).header("content-type", FORM).body(pair.to_owned());
        assert_eq!(request.send().await.unwrap().status(), 400, "{pair} in both");
    }
    let form =
        format!("grant_type=client_credentials&client_id=portal&client_secret={}", secret(&portal));
    for pair in form.split('&') {
        let got = post(&server, "/token", FORM, format!("{form}&{pair}")).await;
        assert_eq!(got, refused(400, "invalid_request"), "{pair}");
    }
    for path in ["/revoke", "/introspect"] {
        let got = post(&server, path, FORM, "token=a&token=b&client_id=portal").await;
        assert_eq!(got, refused(400, "invalid_request"), "{path}");
    }
}

#[tokio::test]
async fn bodies_that_are_no_small_honest_form_are_refused() {
    // ATK-125, ATK-015
    let server = Server::start().await;
    let large = format!("grant_type=x&pad={}", "a".repeat(17 * 1024));
    let many = (0..80).map(|number| format!("p{number}=1")).collect::<Vec<_>>().join("&");
    let broken: [(&str, Vec<u8>); 7] = [
        ("many fields", many.into_bytes()),
        ("bad UTF-8", b"grant_type=%ff%fe".to_vec()),
        ("raw bad UTF-8", b"grant_type=\xff\xfe".to_vec()),
        ("bad escape", b"grant_type=%4".to_vec()),
        ("NUL", b"grant_type=authorization_code%00&client_id=portal".to_vec()),
        ("line break", b"grant_type=a%0d%0ab".to_vec()),
        ("no name", b"=x".to_vec()),
    ];
    for path in ["/token", "/revoke", "/introspect"] {
        for (what, body) in &broken {
            let got = post(&server, path, FORM, body.clone()).await;
            assert_eq!(got, refused(400, "invalid_request"), "{path}: {what}");
        }
        let got = post(&server, path, FORM, large.clone()).await;
        assert_eq!(got, refused(413, "invalid_request"), "{path}: 17 KiB");
        for kind in ["application/json", "multipart/form-data; boundary=x", "text/plain"] {
            let (status, code) = post(&server, path, kind, "grant_type=x").await;
            assert!(matches!(status, 400 | 415), "{path}: {kind}: {status}");
            assert_eq!(code, "invalid_request", "{path}: {kind}");
        }
    }
    for path in ["/login", "/login/totp", "/consent", "/select-account", "/home/security/password"]
    {
        for (what, body) in broken.iter().chain([&("17 KiB", large.clone().into_bytes())]) {
            let (status, _) = post(&server, path, FORM, body.clone()).await;
            assert!(matches!(status, 400 | 413), "{path}: {what}: {status}");
        }
    }
}

#[tokio::test]
async fn claims_may_be_neither_deep_nor_endless() {
    // Every parser bounds size and depth before recursing (design §8)
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let mut browser = server.browser();
    let deep = format!("{}{}", "{\"userinfo\":".repeat(200), "}".repeat(200));
    let arrays = format!("{{\"userinfo\":{{\"name\":{}{}}}}}", "[".repeat(500), "]".repeat(500));
    let twice = "{\"userinfo\":{},\"userinfo\":{}}";
    for claims in [deep.as_str(), &arrays, twice, "{", "[]", "null", "\"x\"", "{\"userinfo\":1}"] {
        let page = browser.visit(&portal.authorize(&[("claims", claims)])).await;
        assert_eq!(page.redirected("error").as_deref(), Some("invalid_request"), "{claims:.40}");
        assert_eq!(page.redirected("state").as_deref(), Some("s-1"), "{claims:.40}");
    }
}

#[tokio::test]
async fn grants_and_verifiers_that_do_not_exist_are_named_for_what_they_are() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let cases: [(&[(&str, &str)], &str); 7] = [
        (
            &[("grant_type", "password"), ("username", "a"), ("password", "b")],
            "unsupported_grant_type",
        ),
        (&[("grant_type", "implicit")], "unsupported_grant_type"),
        (&[("grant_type", "")], "invalid_request"),
        (&[("code", "vac1_x")], "invalid_request"),
        (&[("grant_type", "authorization_code")], "invalid_request"),
        (
            &[("grant_type", "authorization_code"), ("code", "x"), ("code_verifier", "short")],
            "invalid_grant",
        ),
        (&[("grant_type", "refresh_token")], "invalid_request"),
    ];
    for (form, code) in cases {
        let answer = portal.post(&server, "/token", form).await;
        assert_eq!((answer.status, answer.error()), (400, code), "{form:?}");
    }
}

#[tokio::test]
async fn a_client_proves_who_it_is_by_one_method_the_one_it_registered() {
    // RFC 6749 §2.3, BCP-21: no oracle for ids, methods or secrets
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let right = STANDARD.encode(format!("portal:{}", secret(&portal)));
    let wrong = STANDARD.encode("portal:some-other-secret-of-the-same-length");
    let nobody = STANDARD.encode("nobody:some-other-secret-of-the-same-length");
    let grant = "grant_type=client_credentials";
    let send = async |header: &str, body: String| {
        let request = server.http.post(server.url("/token")).header("content-type", FORM);
        let response = request.header(AUTHORIZATION, header).body(body).send().await.unwrap();
        let challenge = response.headers().contains_key("www-authenticate");
        (response.status().as_u16(), challenge, response.text().await.unwrap())
    };
    let two = format!("{grant}&client_id=portal&client_secret={}", secret(&portal));
    let (status, _, body) = send(&format!("Basic {right}"), two.clone()).await;
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("invalid_request"), "{body}");

    let other = format!("{grant}&client_id=other");
    let (status, _, body) = send(&format!("Basic {right}"), other).await;
    assert_eq!(status, 400, "{body}");

    let model = send(&format!("Basic {wrong}"), grant.to_owned()).await;
    assert!(model.0 == 401 && model.1, "{model:?}");
    assert_eq!(send(&format!("Basic {nobody}"), grant.to_owned()).await, model, "an oracle");
    for garbage in
        ["Basic", "Basic ", "Basic %%%", "Basic OmE=", "Basic cG9ydGFs", "Bearer x", "Digest x"]
    {
        let (status, challenge, body) = send(garbage, grant.to_owned()).await;
        assert!(status == 401 && challenge && body.contains("invalid_client"), "{garbage}: {body}");
    }
    // Registered for the header, so the body is no way in.
    let (status, code) = post(&server, "/token", FORM, two).await;
    assert_eq!((status, code.as_str()), (401, "invalid_client"));
    let unauthenticated = post(&server, "/token", FORM, format!("{grant}&client_id=portal")).await;
    assert_eq!(unauthenticated, refused(401, "invalid_client"));
}

#[tokio::test]
async fn introspection_says_the_same_of_every_token_that_is_not_active() {
    // RFC 7662 §2.2
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    let other = server.client("other").create().await;
    let mut browser = server.browser();
    let code = browser.authorize(&server, &portal, &citizen, &[]).await;
    let tokens = portal.redeem(&server, &code).await;
    let foreign = tokens.access_token();
    let forged = format!("{}A", &foreign[..foreign.len() - 1]);
    for token in ["x", "vat1_", foreign, &forged, &code, tokens.id_token()] {
        let answer = other.post(&server, "/introspect", &[("token", token)]).await;
        assert_eq!(answer.body, serde_json::json!({ "active": false }), "{token}");
        assert_eq!(answer.headers["content-length"], "16", "{token}");
    }
}

#[tokio::test]
async fn a_page_says_nothing_of_what_it_was_sent() {
    // ATK-122: no echo, so nothing to inject
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let mut browser = server.browser();
    let canary = "<script>alert(6174)</script>";
    let asks: [&[(&str, &str)]; 5] = [
        &[("client_id", canary)],
        &[("redirect_uri", canary)],
        &[("login_hint", canary)],
        &[("display", canary)],
        &[("ui_locales", canary)],
    ];
    for asked in asks {
        let page = browser.visit(&portal.authorize(asked)).await;
        assert!(!page.body.contains("6174)<"), "{asked:?}: {}", page.describe());
    }
    let page: Page = browser.visit(&portal.authorize(&[])).await;
    let page = browser.submit(&page, &[("username", canary), ("password", "x")]).await;
    assert!(!page.body.contains(canary), "{}", page.describe());
}
