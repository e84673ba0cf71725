//! Processes that serve.

use serde_json::Value;
use testkit::free_port;
use testkit::{Program, until};

use super::{PASSWORD, create_citizen, register_client};

const NUMBER: &str = "067190000001";

/// Whether a node says that the token is active; `None` when it does not say.
async fn active(program: &Program, port: u16, token: &str, secret: &str) -> Option<bool> {
    let request = program.http.post(format!("http://127.0.0.1:{port}/introspect"));
    let request = request.basic_auth("portal", Some(secret));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(format!("token={token}")).send().await.ok()?;
    let body: Value = answer.json().await.ok()?;
    body["active"].as_bool()
}

/// Through the pages of the process, to an access token.
pub(super) async fn access_token(program: &Program, secret: &str) -> String {
    let mut browser = program.browser();
    let page = browser
        .visit(
            "/authorize?client_id=portal&response_type=code&scope=openid&state=s\
             &redirect_uri=https%3A%2F%2Fportal.example%2Fcallback\
             &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        )
        .await;
    let page = browser.submit(&page, &[("username", NUMBER), ("password", PASSWORD)]).await;
    let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
    let form = format!(
        "grant_type=authorization_code&code={code}&code_verifier={}\
         &redirect_uri=https%3A%2F%2Fportal.example%2Fcallback",
        testkit::client::VERIFIER
    );
    let request = program.http.post(format!("{}/token", program.issuer()));
    let request = request.basic_auth("portal", Some(secret)).body(form);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let body: Value = request.send().await.unwrap().json().await.unwrap();
    body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}

#[tokio::test]
async fn a_node_that_only_introspects_learns_of_everything_from_the_ledger() {
    // Three processes on one file. The bound of one second is the follower's, and tested there.
    let program = Program::new();
    create_citizen(&program, NUMBER);
    let secret = register_client(&program, "portal", "");
    let provider = program.serve().await;
    let port = free_port();
    program.write("introspection.toml", &program.configuration(port));
    let role = ["serve", "--role", "introspection"];
    let introspection = program.start("introspection.toml", &role, port).await;

    let token = access_token(&program, &secret).await;
    assert_eq!(active(&program, port, &token, &secret).await, Some(true));
    let page = program.http.get(format!("http://127.0.0.1:{port}/login")).send().await.unwrap();
    assert_eq!(page.status(), 404, "it links no pages");

    // By a third process: the command line.
    program.done(&["citizen", "lock", NUMBER, "--reason", "suspected-misuse"]);
    for node in [port, program.port] {
        until("the lock is known", || async {
            active(&program, node, &token, &secret).await == Some(false)
        })
        .await;
    }

    program.done(&["citizen", "unlock", NUMBER]);
    let token = access_token(&program, &secret).await;
    // The other way round a node may be late as well, by the same second: safe, and over soon.
    until("the unlocking is known", || async {
        active(&program, port, &token, &secret).await == Some(true)
    })
    .await;
    program.done(&["client", "disable", "portal"]);
    until("the suspension is known", || async {
        active(&program, port, &token, &secret).await != Some(true)
    })
    .await;
    assert!(introspection.interrupt().await);
    assert!(provider.interrupt().await);
}

#[tokio::test]
async fn control_c_ends_a_server_tidily() {
    let program = Program::new();
    let process = program.serve().await;
    let log = program.path(&format!("{}.log", program.port));
    assert!(process.interrupt().await, "exit code 0");
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("stopping"), "{log}");
    assert!(!log.contains("ERROR") && !log.contains("panicked"), "{log}");
    assert!(!program.path("vneid.db-wal").exists(), "the log was written back into the file");
    program.done(&["ledger", "verify"]);
    program.serve().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_a_clear_failure() {
    let program = Program::new();
    let process = program.serve().await;
    let complaint = program.refused(&["serve"]);
    assert!(complaint.contains("error: "), "{complaint}");
    assert!(!complaint.contains("panicked"), "{complaint}");
    drop(process);
}

#[tokio::test]
async fn the_demo_starts_with_nothing_and_tells_how_to_log_in() {
    let program = Program::new();
    let said = program.done(&["demo", "totp", "lan"]);
    let code = said.split_whitespace().next().expect("a code first");
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{said}");
    assert!(!program.run(&["demo", "totp", "nobody"]).success);

    // Three neighbouring ports; the demo says at once when one of them is taken.
    let port = (0..50).map(|_| free_port()).find(|first| {
        let free = |port| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
        first.checked_add(2).is_some() && free(first + 1) && free(first + 2)
    });
    let port = port.expect("three neighbouring free ports");
    let arguments = ["demo", "--ephemeral", "--port", &port.to_string()];
    let demo = program.start("vneid.toml", &arguments, port).await;
    let metadata = format!("http://localhost:{port}/.well-known/openid-configuration");
    let metadata: Value = program.http.get(metadata).send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["issuer"], format!("http://localhost:{port}").as_str());
    let portal = program.http.get(format!("http://localhost:{}/", port + 1)).send().await.unwrap();
    assert_eq!(portal.status(), 200);
    let banner = demo.log();
    for told in ["lan", "authenticator secret", "Ctrl-C"] {
        assert!(banner.contains(told), "{banner}");
    }
    assert!(demo.interrupt().await);
    assert!(!program.path("vneid.db").exists(), "nothing is kept");
}
