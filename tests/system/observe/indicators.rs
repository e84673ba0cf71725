//! `/indicators` and `vneid indicators`.

use serde_json::Value;
use testkit::{Program, Server, until};

use super::{OPERATIONS, eventful_login, looks_like_an_identifier};
use crate::operator::{PASSWORD, create_citizen, register_client};

async fn indicators(server: &Server) -> Value {
    server.operations("/indicators").await.json().await.unwrap()
}

#[tokio::test]
async fn indicators_come_from_the_ledger_and_name_no_person() {
    // scope rows 67 and 68, ATK-124
    let server = Server::start_with(OPERATIONS).await;
    let told = eventful_login(&server).await;
    let mut browser = server.browser();
    for _ in 0..5 {
        browser.authorize(&server, &told.portal, &told.citizen, &[("prompt", "login")]).await;
        server.clock.advance(std::time::Duration::from_secs(1));
    }
    until("five logins are counted", || async {
        let shown = indicators(&server).await;
        shown["today"]["relying_parties"]["quan-sat"]["first_factor"]["done"] == 5
    })
    .await;
    let shown = indicators(&server).await;
    assert_eq!(shown["rounded_to"], 5);
    let province = &told.citizen.number[..3];
    assert_eq!(shown["last_24_hours"]["provinces"][province]["first_factor"]["done"], 5);
    let refused = &shown["today"]["all"]["first_factor"]["refused"];
    assert!(refused.is_null(), "one refusal is too few to be told: {shown}");
    let text = shown.to_string();
    for (what, secret) in &told.secrets {
        assert!(!text.contains(secret.as_str()), "{what} is shown");
    }
    assert!(!looks_like_an_identifier(&text), "{text}");
}

#[tokio::test]
async fn a_node_that_starts_counts_what_happened_before() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start_on_with(&directory.path().join("vneid.db"), OPERATIONS).await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    for _ in 0..5 {
        server.browser().authorize(&server, &portal, &citizen, &[]).await;
    }
    let server = server.restart().await;
    until("the past is counted", || async {
        let shown = indicators(&server).await;
        shown["today"]["complete"] == true && shown["today"]["all"]["first_factor"]["done"] == 5
    })
    .await;
}

#[tokio::test]
async fn a_month_is_printed_as_a_table() {
    // scope row 69
    let program = Program::new();
    create_citizen(&program, "067190000001");
    register_client(&program, "portal", "");
    let process = program.serve().await;
    let authorize = "/authorize?client_id=portal&response_type=code&scope=openid&state=s\
         &redirect_uri=https%3A%2F%2Fportal.example%2Fcallback\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    for _ in 0..5 {
        let mut browser = program.browser();
        let page = browser.visit(authorize).await;
        let filled = [("username", "067190000001"), ("password", PASSWORD)];
        let page = browser.submit(&page, &filled).await;
        assert!(page.redirected("code").is_some(), "{}", page.describe());
    }
    let now = program.done(&["ledger", "verify"]);
    assert!(now.contains("rows"));
    let this_month = this_month();
    let table = program.done(&["indicators", "--month", &this_month]);
    assert!(table.starts_with("by,name,step,done,refused,success_percent\n"), "{table}");
    assert!(table.contains("relying_party,portal,first_factor,5,0,100\n"), "{table}");
    assert!(table.contains("province,067,first_factor,5,0,100\n"), "{table}");
    let other = program.done(&["indicators", "--month", "2020-02"]);
    assert_eq!(other.lines().count(), 1, "{other}");
    program.refused(&["indicators", "--month", "yesterday"]);
    assert!(process.interrupt().await);
}

/// In Viet Nam, as the real clock says.
fn this_month() -> String {
    use identity_core::Clock as _;
    let today = vneid::system::SystemClock.now().day_in_viet_nam();
    format!("{:04}-{:02}", today.year(), today.month())
}
