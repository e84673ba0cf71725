//! Decisions of the ledger, taken again by the command line.

use sqlx::{ConnectOptions as _, Connection as _, Row as _};
use testkit::Program;

use super::processes::access_token;
use super::{create_citizen, register_client};

const NUMBER: &str = "067190000001";
/// All that one login by single sign-on writes, the terms in their long form; the short one
/// (`storage.compact_grants`) is some five hundred bytes less.
const MOST_BYTES: usize = 1280;

/// The newest grant's event and terms, as they are stored.
async fn newest(program: &Program) -> (serde_json::Value, usize) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(program.path("vneid.db"));
    let mut connection = options.connect().await.unwrap();
    let row = sqlx::query(
        "SELECT leaf, (SELECT terms FROM grants ORDER BY redeemed_at DESC LIMIT 1) AS terms
         FROM events WHERE kind = 'grant_issued' ORDER BY sequence DESC LIMIT 1",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    let (leaf, terms): (Vec<u8>, Vec<u8>) = (row.get(0), row.get_unchecked(1));
    connection.close().await.unwrap();
    let size = leaf.len() + terms.len();
    (serde_json::from_slice(&leaf).unwrap(), size)
}

/// The id of the one decision that refused a relying party.
async fn refused_decision(program: &Program) -> String {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(program.path("vneid.db"));
    let mut connection = options.connect().await.unwrap();
    let found = "SELECT leaf FROM events WHERE leaf LIKE '%not_sure_enough%'";
    let row = sqlx::query(found).fetch_one(&mut connection).await.unwrap();
    let event: serde_json::Value = serde_json::from_slice(row.get::<&[u8], _>(0)).unwrap();
    event["id"].as_str().unwrap().to_owned()
}

/// The policies built in, the newest one changed.
fn other_policy(program: &Program, from: &str, to: &str) {
    let built_in = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/policy");
    std::fs::create_dir_all(program.path("policies")).unwrap();
    for name in ["2024-07-01.toml", "2026-09-28.toml"] {
        let text = std::fs::read_to_string(format!("{built_in}/{name}")).unwrap();
        let text = if name.starts_with("2026") { text.replace(from, to) } else { text };
        program.write(&format!("policies/{name}"), &text);
    }
}

#[tokio::test]
async fn every_decision_is_explained_bit_for_bit_and_tried_under_another_policy() {
    let program = Program::new();
    create_citizen(&program, NUMBER);
    let secret = register_client(&program, "portal", "");
    let process = program.serve().await;
    access_token(&program, &secret).await;
    process.kill();

    let (event, size) = newest(&program).await;
    println!("grant and event of one login: {size} bytes");
    assert!(size <= MOST_BYTES, "{size} bytes: {event}");
    let text = event.to_string();
    assert!(!text.contains(NUMBER) && !text.contains("1990"), "{text}");

    for id in [&event["id"], &event["grant"]] {
        let said = program.done(&["policy", "explain", id.as_str().unwrap()]);
        assert!(said.contains("permit at urn:vn:eid:auth:1"), "{said}");
        assert!(said.contains("reproduced bit for bit"), "{said}");
        assert!(!said.contains("NOT"), "{said}");
        assert!(!said.contains(NUMBER) && !said.contains("Vận Hành"), "{said}");
    }

    other_policy(&program, "minimum_alone = 15", "minimum_alone = 15");
    let said = program.done(&["policy", "dry-run", "--policy", "policies", "--since", "1h"]);
    assert!(said.contains("decisions   1\n") && said.contains("unchanged   1\n"), "{said}");

    // The same password no longer stands alone.
    other_policy(&program, "minimum_alone = 15", "minimum_alone = 64");
    let said = program.done(&["policy", "dry-run", "--policy", "policies", "--since", "1h"]);
    assert!(said.contains("changed     1\n"), "{said}");
    assert!(said.contains("PASSWORD_TOO_SHORT_ALONE"), "{said}");
    assert!(said.contains(event["id"].as_str().unwrap()), "an example: {said}");
    assert!(!said.contains(NUMBER), "{said}");

    let id = event["id"].as_str().unwrap();
    let said = program.done(&["policy", "explain", id, "--policies", "policies"]);
    assert!(said.contains("NOT reproduced"), "that file has changed since: {said}");
    assert!(said.contains("Mật khẩu") || said.contains("mật khẩu"), "{said}");
    std::fs::remove_file(program.path("policies/2026-09-28.toml")).unwrap();
    let refused = program.refused(&["policy", "explain", id, "--policies", "policies"]);
    assert!(refused.contains("no longer at hand") || refused.contains("policies"), "{refused}");
    let unknown = "0193c0de-0000-7000-8000-000000000000";
    let refused = program.refused(&["policy", "explain", unknown]);
    assert!(refused.contains("holds no decision"), "{refused}");
    assert!(program.refused(&["policy", "explain", "nonsense"]).contains("no id"));
}

#[tokio::test]
async fn what_a_relying_party_did_not_get_is_explained_too() {
    let program = Program::new();
    create_citizen(&program, NUMBER);
    register_client(&program, "portal", "");
    let process = program.serve().await;
    let mut browser = program.browser();
    let demand = "%7B%22id_token%22%3A%7B%22acr%22%3A%7B%22essential%22%3Atrue%2C%22values%22%3A\
                  %5B%22urn%3Avn%3Aeid%3Aauth%3A4%22%5D%7D%7D%7D";
    let url = format!(
        "/authorize?client_id=portal&response_type=code&scope=openid&state=s&claims={demand}\
         &redirect_uri=https%3A%2F%2Fportal.example%2Fcallback\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let page = browser.visit(&url).await;
    let filled = [("username", NUMBER), ("password", super::PASSWORD)];
    let page = browser.submit(&page, &filled).await;
    assert_eq!(page.redirected("error").as_deref(), Some("unmet_authentication_requirements"));
    process.kill();

    other_policy(&program, "minimum_alone = 15", "minimum_alone = 16");
    let said = program.done(&["policy", "dry-run", "--policy", "policies"]);
    assert!(said.contains("decisions   1\n") && said.contains("unchanged   1\n"), "{said}");
    let said = program.done(&["policy", "explain", &refused_decision(&program).await]);
    assert!(said.contains("requirement_unreachable"), "{said}");
    assert!(said.contains("reproduced bit for bit"), "{said}");
}

#[tokio::test]
async fn a_transaction_is_part_of_what_is_explained() {
    let program = Program::new();
    create_citizen(&program, NUMBER);
    let types = "authorization_details_types = [\"urn:vn:eid:transaction\"]";
    register_client(&program, "bank", types);
    let process = program.serve().await;
    let mut browser = program.browser();
    let details = "%5B%7B%22type%22%3A%22urn%3Avn%3Aeid%3Atransaction%22%2C%22kind%22%3A%22transfer%22%2C\
                   %22amount%22%3A9999999%2C%22reference%22%3A%22r-17%22%7D%5D";
    let url = format!(
        "/authorize?client_id=bank&response_type=code&scope=openid&state=s\
         &authorization_details={details}&redirect_uri=https%3A%2F%2Fportal.example%2Fcallback\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let page = browser.visit(&url).await;
    let filled = [("username", NUMBER), ("password", super::PASSWORD)];
    let page = browser.submit(&page, &filled).await;
    assert_eq!(page.redirected("error").as_deref(), Some("unmet_authentication_requirements"));
    process.kill();

    let id = refused_decision(&program).await;
    let said = program.done(&["policy", "explain", &id]);
    assert!(said.contains("transfer of 9999999 đồng, 9999999 today, device new"), "{said}");
    assert!(said.contains("reproduced bit for bit"), "{said}");
    assert!(!said.contains("r-17"), "the reference is the bank's: {said}");
}
