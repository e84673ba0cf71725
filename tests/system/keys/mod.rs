//! Keys in earnest: where they live, how they follow each other, what a leak takes with it.
//!
//! ```text
//!  hsm     keys in a hardware security module        leaks   two nodes on one database
//! ```

mod hsm;
mod leaks;

use serde_json::Value;
use testkit::{Browser, Program};

pub const NUMBER: &str = "067190000001";
const PASSWORD: &str = "mật khẩu đủ dài để đứng một mình";
const SECRET: &str = "a-secret-of-this-test-with-enough-entropy";

fn create_citizen(program: &Program) {
    program.write("password", PASSWORD);
    program.write(
        "citizen.toml",
        &format!(
            "name = \"Nguyễn Thị Giữ Khoá\"\nnumber = \"{NUMBER}\"\nbirth_date = \"1990-05-17\"\n\
             account_level = 2\ncard = {{ kind = \"identity_card\" }}\npassword_file = \"password\"\n"
        ),
    );
    program.done(&["citizen", "create", "citizen.toml"]);
}

/// `format`: of its access tokens.
fn register_client(program: &Program, id: &str, format: &str) {
    program.write(
        "client.toml",
        &format!(
            "client_id = \"{id}\"\nlegal_entity = \"Văn phòng\"\n\
             scopes = [\"openid\", \"offline_access\", \"cases.write\"]\n\
             redirect_uris = [\"{}\"]\naccess_token_format = \"{format}\"\n\
             grant_types = [\"authorization_code\", \"refresh_token\", \"client_credentials\"]\n\
             consent = \"ordered_by_law\"\nname = {{ vi = \"Cổng\", en = \"Portal\" }}\n\
             [authentication]\nmethod = \"client_secret_basic\"\nclient_secret = \"{SECRET}\"\n\
             [agreement]\nnumber = \"1\"\nsigned_on = \"2026-03-01\"\nsystem_security_level = 3\n\
             purpose = {{ vi = \"x\", en = \"x\" }}\n",
            testkit::client::REDIRECT_URI
        ),
    );
    program.done(&["client", "register", "client.toml"]);
}

/// Through the pages to a code.
async fn code(browser: &mut Browser, client: &str) -> String {
    let url = format!(
        "/authorize?client_id={client}&response_type=code&scope=openid%20offline_access&state=s\
         &prompt=consent&redirect_uri=https%3A%2F%2Fportal.example%2Fcallback\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let mut page = browser.visit(&url).await;
    if page.has_id("password") {
        let filled = [("username", NUMBER), ("password", PASSWORD)];
        page = browser.submit(&page, &filled).await;
    }
    if page.redirected("code").is_none() {
        page = browser.submit(&page, &[]).await;
    }
    page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()))
}

/// A form to the node that listens on `port`, as `client`: status, `Retry-After`, body.
async fn post(
    program: &Program,
    port: u16,
    path: &str,
    client: &str,
    form: &[(&str, &str)],
) -> (u16, bool, Value) {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let request = program.http.post(format!("http://127.0.0.1:{port}{path}"));
    let request = request.basic_auth(client, Some(SECRET)).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.send().await.expect("the node answers");
    let (status, wait) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
    (status, wait, answer.json().await.expect("JSON"))
}

async fn redeem(program: &Program, port: u16, client: &str, code: &str) -> (u16, bool, Value) {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", testkit::client::REDIRECT_URI),
        ("code_verifier", testkit::client::VERIFIER),
    ];
    post(program, port, "/token", client, &form).await
}

async fn refresh(program: &Program, port: u16, client: &str, token: &str) -> (u16, bool, Value) {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    post(program, port, "/token", client, &form).await
}

async fn is_active(program: &Program, port: u16, client: &str, token: &str) -> bool {
    let (_, _, body) = post(program, port, "/introspect", client, &[("token", token)]).await;
    body["active"].as_bool().unwrap_or_else(|| panic!("{body}"))
}

fn text<'a>(body: &'a Value, name: &str) -> &'a str {
    body[name].as_str().unwrap_or_else(|| panic!("{body}"))
}

/// Rows of `vneid keys list`: kid, purpose, stage, three times, where it lives.
fn keys(program: &Program) -> Vec<Vec<String>> {
    let list = program.done(&["keys", "list"]);
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
    list.lines().skip(1).filter(|line| !line.is_empty()).map(words).collect()
}
