//! What passes a proxy, and what does not.

use std::time::Duration;

use serde_json::Value;
use testkit::program::Process;
use testkit::{Browser, Program, free_port, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::front::{Front, Hop, Nodes, certificate};
use super::have;
use super::recorder::Recorder;
use crate::operator::{PASSWORD, create_citizen, register_client};

const NUMBER: &str = "067190000001";
const FORM: &str = "application/x-www-form-urlencoded";
const REDIRECT: &str = "https%3A%2F%2Fportal.example%2Fcallback";

/// What strangers send to be taken for somebody (ATK-025, ATK-060).
const SPOOFED: [(&str, &str); 12] = [
    ("forwarded", "for=203.0.113.9;host=evil.example;proto=http"),
    ("x-forwarded-for", "203.0.113.9"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-prefix", "/evil"),
    ("x-real-ip", "203.0.113.9"),
    ("x-forwarded-client-cert", "Subject=\"CN=evil\""),
    ("x-ssl-client-cert", "evil"),
    ("client-cert", ":ZXZpbA==:"),
    ("x-original-url", "/home"),
    ("x-http-method-override", "DELETE"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
];

/// A provider of two processes, one of each role, that calls itself `https://localhost:{public}`.
struct Provider {
    nodes: Nodes,
    secret: String,
    _running: [Process; 2],
    _program: Program,
}

async fn provider(public: u16, tls: Option<&std::path::Path>) -> Provider {
    let program = Program::new();
    let introspection = free_port();
    for (name, port) in [("vneid.toml", program.port), ("introspection.toml", introspection)] {
        let issuer = format!("https://localhost:{public}");
        let mut text = program.configuration(port).replace(&program.issuer(), &issuer);
        if let Some(directory) = tls {
            let here = directory.display();
            text = format!(
                "tls.certificate = \"{here}/fullchain.pem\"\ntls.key = \"{here}/key.pem\"\n{text}"
            );
        }
        program.write(name, &text);
    }
    create_citizen(&program, NUMBER);
    let secret = register_client(&program, "portal", "");
    let role = |role| ["serve", "--role", role];
    let start = async |file, arguments: [&str; 3], port| match tls {
        None => program.start(file, &arguments, port).await,
        Some(_) => program.start_listening(file, &arguments, port).await,
    };
    let running = [
        start("vneid.toml", role("authorization"), program.port).await,
        start("introspection.toml", role("introspection"), introspection).await,
    ];
    let nodes = Nodes { authorization: program.port, introspection };
    Provider { nodes, secret, _running: running, _program: program }
}

/// Through the pages to an access token, then what introspection says of it; every request with
/// headers that a stranger made up.
async fn log_in_with_spoofed_headers(front: &Front, secret: &str) -> Value {
    let spoofed = SPOOFED.iter().map(|(name, value)| {
        (reqwest::header::HeaderName::from_static(name), value.parse().expect("a value"))
    });
    let pem = std::fs::read(front.directory.path().join("fullchain.pem")).expect("a certificate");
    let http = reqwest::Client::builder()
        .add_root_certificate(reqwest::Certificate::from_pem(&pem).expect("PEM"))
        .redirect(reqwest::redirect::Policy::none())
        .default_headers(spoofed.collect())
        .build()
        .expect("a client");
    let issuer = front.issuer();
    let metadata = format!("{issuer}/.well-known/openid-configuration");
    let metadata: Value = http.get(metadata).send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["issuer"], issuer.as_str());
    assert!(!metadata.to_string().contains("evil"), "{metadata}");

    let mut browser = Browser::new(http.clone(), &issuer);
    let page = browser
        .visit(&format!(
            "/authorize?client_id=portal&response_type=code&scope=openid&state=canary-state\
             &redirect_uri={REDIRECT}&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
             &code_challenge_method=S256"
        ))
        .await;
    let hsts = &page.headers["strict-transport-security"];
    assert!(hsts.to_str().unwrap().starts_with("max-age="), "{hsts:?}");
    let page = browser.submit(&page, &[("username", NUMBER), ("password", PASSWORD)]).await;
    let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));

    let post = async |path: &str, form: String| -> Value {
        let request = http.post(format!("{issuer}{path}")).header("content-type", FORM);
        let request = request.basic_auth("portal", Some(secret)).body(form);
        request.send().await.unwrap().json().await.unwrap()
    };
    let form = format!(
        "grant_type=authorization_code&code={code}&code_verifier={}&redirect_uri={REDIRECT}",
        testkit::client::VERIFIER
    );
    let tokens = post("/token", form).await;
    let token = tokens["access_token"].as_str().unwrap_or_else(|| panic!("{tokens}"));
    post("/introspect", format!("token={token}")).await
}

#[tokio::test]
async fn a_whole_login_passes_nginx_whatever_a_stranger_says_about_himself() {
    // BCP-23, ATK-025
    let directory = tempfile::tempdir().unwrap();
    certificate(directory.path());
    let port = free_port();
    let provider = provider(port, None).await;
    let front = Front::nginx(directory, port, provider.nodes).await;
    let said = log_in_with_spoofed_headers(&front, &provider.secret).await;
    assert_eq!(said["active"], true, "{said}");
    assert_eq!(said["iss"], front.issuer().as_str());

    let file = front.directory.path().join("vneid.json");
    let read = || std::fs::read_to_string(&file).unwrap();
    // nginx writes its line when the answer is already on its way.
    until("the last request is in the log", async || read().contains("/introspect")).await;
    let log = read();
    assert!(log.contains("\"path\":\"/authorize\""), "{log}");
    for secret in ["canary-state", "code_challenge", "code=", "evil"] {
        assert!(!log.contains(secret), "{secret} is in {log}");
    }
    for line in log.lines() {
        serde_json::from_str::<Value>(line).expect("every line of the log is JSON");
    }
}

#[tokio::test]
async fn a_whole_login_passes_haproxy_over_tls_to_the_nodes() {
    if !have("haproxy", "its configuration is read by nobody") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    certificate(directory.path());
    let tls = tempfile::tempdir().unwrap();
    for name in ["fullchain.pem", "key.pem"] {
        std::fs::copy(directory.path().join(name), tls.path().join(name)).unwrap();
    }
    let port = free_port();
    let provider = provider(port, Some(tls.path())).await;
    let health = Recorder::start().await;
    let front = Front::haproxy(directory, port, provider.nodes, Hop::Tls, health.port).await;
    let said = log_in_with_spoofed_headers(&front, &provider.secret).await;
    assert_eq!(said["active"], true, "{said}");
    assert!(health.requests().iter().all(|head| head.starts_with("get /readyz ")));

    // A node that is not ready is asked nothing more.
    health.refuse();
    until("the nodes are out of rotation", || async {
        let answer = front.http.get(format!("{}/healthz", front.issuer())).send().await;
        answer.is_ok_and(|answer| answer.status() == 503)
    })
    .await;
}

/// Sends every spoofed header, and one in a spelling that some servers take for another.
async fn spoof(front: &Front, path: &str) -> reqwest::Response {
    let mut request = front.http.get(format!("{}{path}", front.issuer()));
    for (name, value) in SPOOFED {
        request = request.header(name, value);
    }
    request.header("x-kept", "kept").send().await.unwrap()
}

fn assert_stripped(heads: &[String], front: &Front) {
    let head = heads.iter().find(|head| head.contains("x-kept: kept")).expect("it arrived");
    for (name, _) in SPOOFED {
        assert!(!head.contains(&format!("\r\n{name}:")), "{name} arrived: {head}");
    }
    let host = head.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    assert!(["localhost".to_owned(), format!("localhost:{}", front.port)].contains(&host.into()));
}

/// A request under a stranger's name, on a connection to `port`; the status of the answer.
async fn under_another_name(front: &Front) -> u16 {
    let request = front.http.get(format!("{}/", front.issuer())).header("host", "evil.example");
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn nothing_that_only_a_proxy_may_say_passes_nginx() {
    // BCP-23, ATK-025, ATK-060, ATK-125
    let directory = tempfile::tempdir().unwrap();
    certificate(directory.path());
    let [authorization, introspection] = [Recorder::start().await, Recorder::start().await];
    let nodes = Nodes { authorization: authorization.port, introspection: introspection.port };
    let front = Front::nginx(directory, free_port(), nodes).await;
    assert_eq!(spoof(&front, "/authorize?x=1").await.status(), 200);
    assert_stripped(&authorization.requests(), &front);
    assert_eq!(spoof(&front, "/introspect").await.status(), 200);
    assert_stripped(&introspection.requests(), &front);
    assert_eq!(authorization.requests().len(), 1, "introspection has nodes of its own");

    assert_eq!(under_another_name(&front).await, 421);
    let large = front.http.post(format!("{}/token", front.issuer())).body("x".repeat(17 * 1024));
    assert_eq!(large.send().await.unwrap().status(), 413);
    let plain = format!("http://127.0.0.1:{}/home?a=b", front.plain_port);
    let redirected = front.http.get(plain).header("host", "evil.example").send().await.unwrap();
    assert_eq!(redirected.status(), 308);
    assert_eq!(redirected.headers()["location"], "https://localhost/home?a=b");
    assert_eq!(authorization.requests().len(), 1, "none of these reached a node");
}

#[tokio::test]
async fn who_sends_a_request_byte_by_byte_is_cut_off_and_others_are_served() {
    // ATK-125
    let directory = tempfile::tempdir().unwrap();
    certificate(directory.path());
    let node = Recorder::start().await;
    let nodes = Nodes { authorization: node.port, introspection: node.port };
    let front = Front::nginx(directory, free_port(), nodes).await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(("127.0.0.1", front.plain_port)).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: local").await.unwrap();
        slow.push(stream);
    }
    assert_eq!(spoof(&front, "/").await.status(), 200);
    for mut stream in slow {
        let mut rest = Vec::new();
        let ended = timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "a half request was kept for longer than its time");
    }
}

#[tokio::test]
async fn nothing_that_only_a_proxy_may_say_passes_haproxy() {
    // BCP-23, ATK-025, ATK-060
    if !have("haproxy", "its configuration is read by nobody") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    certificate(directory.path());
    let [authorization, introspection] = [Recorder::start().await, Recorder::start().await];
    let health = Recorder::start().await;
    let nodes = Nodes { authorization: authorization.port, introspection: introspection.port };
    let front = Front::haproxy(directory, free_port(), nodes, Hop::Plain, health.port).await;
    assert_eq!(spoof(&front, "/authorize?x=1").await.status(), 200);
    assert_stripped(&authorization.requests(), &front);
    assert_eq!(spoof(&front, "/introspect").await.status(), 200);
    assert_stripped(&introspection.requests(), &front);
    assert_eq!(under_another_name(&front).await, 421);
    let large = front.http.post(format!("{}/token", front.issuer())).body("x".repeat(17 * 1024));
    assert_eq!(large.send().await.unwrap().status(), 413);
    assert_eq!(authorization.requests().len(), 1);
}
