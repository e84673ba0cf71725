//! The examiner's way in (op-traps 26), and that it stays in development.

use std::path::Path;

use testkit::Server;
use vneid::config::Config;

use super::attempt;

#[tokio::test]
async fn an_examiner_logs_in_by_password_as_often_as_they_like() {
    // op-traps 26
    let number = "067102000001";
    let line = format!("test_authentication.accounts = [\"{number}\"]");
    let server = Server::start_with(&line).await;
    let portal = server.client("portal").create().await;
    let examiner = server.citizen().create().await;
    assert_eq!(examiner.number, number, "the first citizen of every test server");
    for _ in 0..12 {
        assert_eq!(attempt(&server, &portal, number, "wrong").await.status, 422);
    }
    let page = attempt(&server, &portal, number, &examiner.password).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());

    let other = server.citizen().create().await;
    for _ in 0..5 {
        attempt(&server, &portal, &other.number, "wrong").await;
    }
    let page = attempt(&server, &portal, &other.number, &other.password).await;
    assert_eq!(page.status, 429, "everybody else is throttled as ever");
}

#[test]
fn production_refuses_test_accounts() {
    let key = "a1".repeat(32);
    let text = |environment: &str| {
        format!(
            "issuer = \"https://id.example.vn\"\nenvironment = \"{environment}\"\n\
             test_authentication.accounts = [\"067102000001\"]\n[storage]\nsqlite = \"x.db\"\n\
             [keys]\nkey_encryption_key = \"{key}\"\npersonal_data_key = \"{key}\"\n\
             index_key = \"{key}\"\npairwise_key = \"{key}\"\n"
        )
    };
    let faults = |environment| match Config::read(&text(environment), Path::new("."), &[]) {
        Ok(_) => String::new(),
        Err(faults) => faults.to_string(),
    };
    assert!(faults("production").contains("test_authentication.accounts"));
    assert!(!faults("development").contains("test_authentication"));
}
