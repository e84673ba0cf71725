//! Traces: one span of ours, in the trace of whoever asked, at a collector.

use testkit::{Collector, Program, free_port};

use crate::operator::{PASSWORD, create_citizen, register_client};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digit).collect()
}

#[tokio::test]
async fn a_span_reaches_the_collector_in_the_trace_of_whoever_asked() {
    // W3C Trace Context, ATK-124
    let collector = Collector::start().await;
    let program = Program::new();
    create_citizen(&program, "067190000001");
    register_client(&program, "portal", "");
    let traced = format!(
        "{}[tracing]\notlp_endpoint = \"{}\"\n",
        program
            .configuration(program.port)
            .replace("[storage]", "log_format = \"json\"\n[storage]"),
        collector.endpoint
    );
    program.write("traced.toml", &traced);
    let process = program.start("traced.toml", &["serve"], program.port).await;
    let mut browser = program.browser();
    let page = browser
        .visit(
            "/authorize?client_id=portal&response_type=code&scope=openid&state=s\
             &redirect_uri=https%3A%2F%2Fportal.example%2Fcallback\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        )
        .await;
    let page = browser.submit(&page, &[("username", "067190000001"), ("password", PASSWORD)]).await;
    let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
    let request = program.http.post(format!("{}/token", program.issuer()));
    let request = request.header("traceparent", format!("00-{TRACE}-{PARENT}-01"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body("grant_type=khong-co&client_id=ke-la").send().await.unwrap();
    assert_eq!(answer.status(), 400);

    let log = program.path(&format!("{}.log", program.port));
    assert!(process.interrupt().await);
    assert!(collector.has(&bytes(TRACE)), "the trace was continued");
    assert!(collector.has(&bytes(PARENT)), "the caller's span is the parent");
    for told in ["POST /token", "GET /authorize", "service.name", "hash", "commit"] {
        assert!(collector.has(told.as_bytes()), "{told}");
    }
    for secret in [&code, PASSWORD, "067190000001", "Vận Hành", "ke-la", "code_challenge"] {
        assert!(!collector.has(secret.as_bytes()), "{secret} left the house");
    }
    let log = std::fs::read_to_string(log).unwrap();
    let refused = log.lines().find(|line| line.contains(TRACE)).expect("a line of that trace");
    let refused: serde_json::Value = serde_json::from_str(refused).expect("still JSON");
    assert_eq!(refused["trace_id"], TRACE);
    assert_eq!(refused["span_id"].as_str().map(str::len), Some(16));
}

#[tokio::test]
async fn a_collector_that_is_away_hurts_nobody() {
    let program = Program::new();
    let traced = format!(
        "{}[tracing]\notlp_endpoint = \"http://127.0.0.1:{}\"\n",
        program.configuration(program.port),
        free_port()
    );
    program.write("traced.toml", &traced);
    let process = program.start("traced.toml", &["serve"], program.port).await;
    let answer = program.http.get(format!("{}/login", program.issuer())).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(process.interrupt().await);
}
