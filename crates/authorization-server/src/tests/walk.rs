use std::sync::Arc;

use axum::body::Body;
use http::{Request, StatusCode, header};
use identity_core::Clock;
use identity_core::secret::SecretBytes;
use jose::digest::{base64url, sha256};
use serde_json::Value;

use super::house::{Browser, House, NUMBER, PASSWORD, Seen, TOTP, call};
use crate::delivery::{Courier, Pass};
use crate::outbound::{Exceptions, Outbound};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn authorize(more: &str) -> String {
    let challenge = base64url(&sha256(VERIFIER.as_bytes()));
    format!(
        "/authorize?client_id=portal&redirect_uri=http%3A%2F%2Flocalhost%3A8081%2Fcallback\
         &response_type=code&scope=openid%20profile%20phone&state=s1&nonce=n1\
         &code_challenge={challenge}&code_challenge_method=S256{more}"
    )
}

async fn post_as_client(house: &House, path: &str, body: String) -> Seen {
    // portal:portal-secret
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header(header::AUTHORIZATION, "Basic cG9ydGFsOnBvcnRhbC1zZWNyZXQ=")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    call(&house.router, request).await
}

fn code_at(house: &House) -> String {
    flows::totp::code_at(&SecretBytes::new(TOTP.to_vec()), house.clock.now()).unwrap()
}

/// From `login` to wherever the second factor leads.
async fn log_in(browser: &mut Browser<'_>, login: &str) -> Seen {
    let page = browser.get(login).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let fields = [
        ("csrf", page.field("csrf")),
        ("interaction", page.field("interaction")),
        ("username", NUMBER),
        ("password", PASSWORD),
    ];
    let next = browser.post("/login", &fields).await;
    assert_eq!(next.status, StatusCode::SEE_OTHER, "{}", next.body);
    let page = browser.get(next.location()).await;
    let code = code_at(browser.house);
    let fields = [
        ("csrf", page.field("csrf")),
        ("interaction", page.field("interaction")),
        ("totp", code.as_str()),
    ];
    let next = browser.post("/login/totp", &fields).await;
    assert_eq!(next.status, StatusCode::SEE_OTHER, "{}", next.body);
    next
}

async fn log_in_at_portal(browser: &mut Browser<'_>, more: &str) -> Seen {
    let asked = browser.get(&authorize(more)).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.body);
    assert!(asked.location().starts_with("/login?interaction="), "{}", asked.location());
    let consent = log_in(browser, asked.location()).await;
    let page = browser.get(consent.location()).await;
    assert!(page.body.contains("id=\"approve\""), "{}", page.body);
    let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("form-action 'self' http://localhost:8081;"), "{policy}");
    let fields = [
        ("csrf", page.field("csrf")),
        ("interaction", page.field("interaction")),
        ("decision", "approve"),
    ];
    browser.post("/consent", &fields).await
}

fn parameter(location: &str, name: &str) -> String {
    let url = url::Url::parse(location).unwrap();
    url.query_pairs().find(|(known, _)| known == name).unwrap().1.into_owned()
}

async fn redeem(house: &House, code: &str) -> Value {
    let body = format!(
        "grant_type=authorization_code&code={code}&code_verifier={VERIFIER}\
         &redirect_uri=http%3A%2F%2Flocalhost%3A8081%2Fcallback"
    );
    let tokens = post_as_client(house, "/token", body).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    assert_eq!(tokens.headers[header::CACHE_CONTROL], "no-store");
    serde_json::from_str(&tokens.body).unwrap()
}

#[tokio::test]
async fn a_citizen_logs_in_at_a_portal_and_out_everywhere() {
    let house = House::open().await;
    let mut browser = Browser::new(&house);
    let answer = log_in_at_portal(&mut browser, "").await;
    let location = answer.location().to_owned();
    assert!(location.starts_with("http://localhost:8081/callback?code="), "{location}");
    assert_eq!(parameter(&location, "state"), "s1");
    let tokens = redeem(&house, &parameter(&location, "code")).await;

    let token = tokens["access_token"].as_str().unwrap();
    let asked = Request::builder()
        .uri("/userinfo")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    let claims: Value = serde_json::from_str(&call(&house.router, asked).await.body).unwrap();
    assert_eq!(claims["name"], "Nguyễn Thị Lan");
    assert_eq!(claims["phone_number"], "+84912345678");

    // Single sign-on with remembered consent: straight to a code.
    let again = browser.get(&authorize("&prompt=none")).await;
    assert!(again.location().contains("/callback?code="), "{}", again.location());

    let hint = tokens["id_token"].as_str().unwrap();
    let back = "http%3A%2F%2Flocalhost%3A8081%2F";
    let logout = format!("/logout?id_token_hint={hint}&post_logout_redirect_uri={back}&state=x");
    let out = browser.get(&logout).await;
    assert_eq!(out.location(), "http://localhost:8081/?state=x");
    assert!(!browser.cookies.contains_key("vneid-session"));
    let asked = Request::builder()
        .uri("/userinfo")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap();
    assert_eq!(call(&house.router, asked).await.status, StatusCode::UNAUTHORIZED);
    let silent = browser.get(&authorize("&prompt=none")).await;
    assert_eq!(parameter(silent.location(), "error"), "login_required");
}

#[tokio::test]
async fn a_form_post_answer_is_a_page_that_may_only_lead_to_the_portal() {
    let house = House::open().await;
    let mut browser = Browser::new(&house);
    let answer = log_in_at_portal(&mut browser, "&response_mode=form_post").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.field("state"), "s1");
    let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("script-src 'self'"), "{policy}");
    assert!(policy.contains("form-action 'self' http://localhost:8081;"), "{policy}");
    redeem(&house, answer.field("code")).await;
}

#[tokio::test]
async fn a_request_by_post_comes_again_by_get() {
    let house = House::open().await;
    let query = authorize("");
    let request = Request::builder()
        .method("POST")
        .uri("/authorize")
        .header(header::ORIGIN, "http://localhost:8081")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(query.split_once('?').unwrap().1.to_owned()))
        .unwrap();
    let seen = call(&house.router, request).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER);
    let location = seen.location().to_owned();
    assert!(location.starts_with("/authorize?"), "{location}");
    let next = Browser::new(&house).get(&location).await;
    assert!(next.location().starts_with("/login?interaction="));
}

#[tokio::test]
async fn a_login_begun_in_one_browser_does_not_go_on_in_another() {
    // ATK-090
    let house = House::open().await;
    let asked = Browser::new(&house).get(&authorize("")).await;
    let elsewhere = Browser::new(&house).get(asked.location()).await;
    assert_eq!(elsewhere.status, StatusCode::BAD_REQUEST);
    assert!(elsewhere.body.contains("<h1"));
}

#[tokio::test]
async fn a_wrong_password_stays_on_the_page_and_many_must_wait() {
    // ATK-098, ATK-099
    let house = House::open().await;
    let mut browser = Browser::new(&house);
    let asked = browser.get(&authorize("&ui_locales=en")).await;
    let page = browser.get(asked.location()).await;
    assert!(page.body.contains("<html lang=\"en\">"));
    for name in [NUMBER, "067301009999"] {
        let mut last = StatusCode::OK;
        for _ in 0..6 {
            let fields = [
                ("csrf", page.field("csrf")),
                ("interaction", page.field("interaction")),
                ("username", name),
                ("password", "hunter2hunter2"),
            ];
            let seen = browser.post("/login", &fields).await;
            last = seen.status;
            assert!(seen.body.contains(&format!("value=\"{name}\"")));
            assert!(!seen.body.contains("hunter2"));
        }
        assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "{name}");
    }
}

#[tokio::test]
async fn the_citizens_own_pages_ask_for_a_login_and_then_open() {
    let house = House::open().await;
    let mut browser = Browser::new(&house);
    log_in_at_portal(&mut browser, "").await;
    for path in [
        "/home",
        "/home/sessions",
        "/home/consents",
        "/home/history",
        "/home/security",
        "/home/security/password",
        "/home/security/totp",
        "/logout",
    ] {
        let stranger = Browser::new(&house).get(path).await;
        assert_eq!(stranger.status, StatusCode::SEE_OTHER, "{path}");
        let seen = browser.get(path).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}");
    }
    let page = browser.get("/home/consents").await;
    let consent = page.body.split("name=\"consent\" value=\"").nth(1).unwrap();
    let consent = consent.split('"').next().unwrap();
    let fields = [("csrf", page.field("csrf")), ("consent", consent)];
    let seen = browser.post("/home/consents/withdraw", &fields).await;
    assert_eq!(seen.location(), "/home/consents");
    let told = browser.get("/home/consents").await;
    assert!(told.body.contains("notice"), "{}", told.body);
    assert!(!browser.cookies.contains_key("vneid-notice"));
}

#[tokio::test]
async fn a_step_up_asks_the_same_person_and_a_late_form_finds_its_place() {
    let house = House::open().await;
    let mut browser = Browser::new(&house);
    log_in_at_portal(&mut browser, "").await;
    house.later(60);
    let asked = browser.get(&authorize("&prompt=login")).await;
    let page = browser.get(asked.location()).await;
    assert!(page.body.contains("id=\"holder\"") && !page.body.contains("id=\"username\""));
    // A consent form that nobody was shown leads back to the login.
    let fields = [
        ("csrf", page.field("csrf")),
        ("interaction", page.field("interaction")),
        ("decision", "approve"),
    ];
    let seen = browser.post("/consent", &fields).await;
    assert!(seen.location().starts_with("/login?interaction="), "{}", seen.location());
}

#[tokio::test]
async fn a_portal_may_ask_for_a_logout_and_the_person_may_say_no() {
    let house = House::open().await;
    let mut browser = Browser::new(&house);
    log_in_at_portal(&mut browser, "").await;
    let page = browser.get("/logout?client_id=portal").await;
    assert!(page.body.contains("id=\"logout-yes\""));
    let fields =
        |decision| [("csrf", page.field("csrf")), ("request", page.field("request")), decision];
    let no = browser.post("/logout", &fields(("decision", "no"))).await;
    assert_eq!(no.location(), "/home");
    assert_eq!(browser.get("/home").await.status, StatusCode::OK);
    let yes = browser.post("/logout", &fields(("decision", "yes"))).await;
    assert_eq!(yes.location(), "/logged-out");
    assert_eq!(browser.get("/logged-out").await.status, StatusCode::OK);
    assert_eq!(browser.get("/home").await.status, StatusCode::SEE_OTHER);
}

/// Answers each connection with the next status and returns what was posted.
fn portal_listening(statuses: &'static [u16]) -> (u16, std::thread::JoinHandle<Vec<String>>) {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let mut heard = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            while !String::from_utf8_lossy(&request).contains("logout_token=") {
                let read = stream.read(&mut chunk).unwrap();
                request.extend_from_slice(&chunk[..read]);
            }
            let answer =
                format!("HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            heard.push(String::from_utf8_lossy(&request).into_owned());
        }
        heard
    });
    (port, server)
}

#[tokio::test]
async fn the_portal_is_told_of_the_logout_until_it_has_heard() {
    // op-traps 23
    let (port, server) = portal_listening(&[500, 200]);
    let uri = format!("http://localhost:{port}/backchannel");
    let house = House::open_telling(Some(&uri)).await;
    let mut browser = Browser::new(&house);
    let answer = log_in_at_portal(&mut browser, "").await;
    redeem(&house, &parameter(answer.location(), "code")).await;
    let page = browser.get("/logout").await;
    browser.post("/logout", &[("csrf", page.field("csrf")), ("decision", "yes")]).await;

    let exceptions = Exceptions::parse([format!("localhost:{port}").as_str()]).unwrap();
    let outbound = Arc::new(Outbound::new(exceptions).unwrap());
    let clock: Arc<dyn Clock> = house.clock.clone();
    let mut courier = Courier::new(house.provider.clone(), outbound, clock);
    let mut deliver = async || courier.deliver_due().await.unwrap();
    assert_eq!(deliver().await, Pass { delivered: 0, failed: 1 });
    assert_eq!(deliver().await, Pass::default(), "a failed notice waits");
    house.later(5);
    assert_eq!(deliver().await, Pass { delivered: 1, failed: 0 });
    house.later(3600);
    assert_eq!(deliver().await, Pass::default(), "what was heard is not said again");
    assert!(server.join().unwrap().iter().all(|request| request.starts_with("POST /backchannel")));
}
