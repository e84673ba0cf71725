//! SIGKILL in the middle of two thousand redemptions.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use testkit::{Browser, Program, all_at_once};

const REDEMPTIONS: usize = 2_000;
/// The process is killed when so many were acknowledged.
const KILLED_AFTER: usize = 1_000;
const WORKERS: usize = 8;
const VERIFIER: &str = testkit::client::VERIFIER;
const SECRET: &str = "a-secret-of-this-test-with-enough-entropy";
const PASSWORD: &str = "mật khẩu đủ dài để đứng một mình";

/// What the relying party knows.
#[derive(Default)]
struct Seen {
    /// Code to access token, of redemptions that were answered.
    acknowledged: BTreeMap<String, String>,
    /// Sent, and no answer came.
    unknown: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_process_forgets_nothing_it_acknowledged_and_redeems_nothing_twice() {
    // Decision 4: one statement, one winner; durable before it is acknowledged
    let program = Program::new();
    prepare(&program);
    let process = program.serve().await;
    let browser = logged_in(&program).await;
    let seen = Arc::new(Mutex::new(Seen::default()));
    let begun = Arc::new(AtomicUsize::new(0));
    let process = Arc::new(Mutex::new(Some(process)));

    all_at_once(WORKERS, |_| {
        let client = Caller { http: program.http.clone(), issuer: program.issuer() };
        let (browser, seen, begun) = (browser.clone(), Arc::clone(&seen), Arc::clone(&begun));
        let process = Arc::clone(&process);
        async move { client.work(browser, &seen, &begun, &process).await }
    })
    .await;
    assert!(process.lock().unwrap().is_none(), "it was killed");

    let again = program.serve().await;
    let client = Caller { http: program.http.clone(), issuer: program.issuer() };
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    assert!(seen.acknowledged.len() >= KILLED_AFTER);
    client.settle(&seen.unknown).await;
    assert!(client.code(&browser).await.is_some(), "the session outlived the process");
    let seen = Arc::new(seen);
    all_at_once(WORKERS, |worker| {
        let client = Caller { http: program.http.clone(), issuer: program.issuer() };
        let seen = Arc::clone(&seen);
        async move { client.check(&seen, worker).await }
    })
    .await;
    assert!(again.interrupt().await);
    assert!(program.done(&["ledger", "verify"]).contains("as it was sealed"));
}

fn prepare(program: &Program) {
    program.write("password", PASSWORD);
    program.write(
        "citizen.toml",
        "name = \"Nguyễn Thị Bền\"\nnumber = \"067190000001\"\nbirth_date = \"1990-05-17\"\n\
         account_level = 2\ncard = { kind = \"identity_card\" }\npassword_file = \"password\"\n",
    );
    program.write("client.toml", &client_file("portal", SECRET));
    program.done(&["citizen", "create", "citizen.toml"]);
    program.done(&["client", "register", "client.toml"]);
}

pub fn client_file(id: &str, secret: &str) -> String {
    format!(
        "client_id = \"{id}\"\nlegal_entity = \"Văn phòng Thử nghiệm\"\nscopes = [\"openid\"]\n\
         redirect_uris = [\"{}\"]\ngrant_types = [\"authorization_code\"]\n\
         consent = \"ordered_by_law\"\nname = {{ vi = \"Cổng\", en = \"Portal\" }}\n\
         [authentication]\nmethod = \"client_secret_basic\"\nclient_secret = \"{secret}\"\n\
         [agreement]\nnumber = \"1\"\nsigned_on = \"2026-03-01\"\nsystem_security_level = 3\n\
         purpose = {{ vi = \"x\", en = \"x\" }}\n",
        testkit::client::REDIRECT_URI
    )
}

fn authorize(further: &str) -> String {
    format!(
        "/authorize?client_id=portal&response_type=code&scope=openid&redirect_uri={}\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
         {further}",
        "https%3A%2F%2Fportal.example%2Fcallback"
    )
}

async fn logged_in(program: &Program) -> Browser {
    let mut browser = program.browser();
    let page = browser.visit(&authorize("")).await;
    let filled = [("username", "067190000001"), ("password", PASSWORD)];
    let page = browser.submit(&page, &filled).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
    browser
}

struct Caller {
    http: reqwest::Client,
    issuer: String,
}

impl Caller {
    /// Redeems fresh codes until the server dies under it, or all are done.
    async fn work(
        &self,
        browser: Browser,
        seen: &Mutex<Seen>,
        begun: &AtomicUsize,
        process: &Mutex<Option<testkit::Process>>,
    ) {
        while begun.fetch_add(1, Ordering::SeqCst) < REDEMPTIONS {
            let Some(code) = self.code(&browser).await else { break };
            match self.redeem(&code).await {
                Some((200, body)) => {
                    let token = body["access_token"].as_str().expect("a token").to_owned();
                    let mut seen = seen.lock().unwrap();
                    seen.acknowledged.insert(code, token);
                    if seen.acknowledged.len() == KILLED_AFTER {
                        process.lock().unwrap().take().expect("still there").kill();
                    }
                }
                Some(answer) => panic!("{answer:?}"),
                None => {
                    seen.lock().unwrap().unknown.push(code);
                    break;
                }
            }
        }
    }

    /// Those whose answer never came: once at most, all in all.
    async fn settle(&self, unknown: &[String]) {
        for code in unknown {
            let (first, _) = self.redeem(code).await.expect("an answer");
            let (second, _) = self.redeem(code).await.expect("an answer");
            assert!(matches!(first, 200 | 400), "{first}");
            assert_eq!(second, 400, "twice");
        }
    }

    /// Every acknowledged grant is there, and its code is used up.
    async fn check(&self, seen: &Seen, worker: usize) {
        for (code, token) in seen.acknowledged.iter().skip(worker).step_by(WORKERS) {
            let (status, body) = self.post("/introspect", &[("token", token)]).await.unwrap();
            assert_eq!((status, &body["active"]), (200, &Value::Bool(true)), "lost: {body}");
            let (status, body) = self.redeem(code).await.unwrap();
            assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")));
            let (_, body) = self.post("/introspect", &[("token", token)]).await.unwrap();
            // Only a grant that is in the database can be revoked by the second redemption.
            assert_eq!(body["active"], false, "its grant was not there");
        }
    }

    async fn code(&self, browser: &Browser) -> Option<String> {
        let cookies: Vec<String> =
            browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = self.http.get(format!("{}{}", self.issuer, authorize("&prompt=none")));
        let answer = request.header("cookie", cookies.join("; ")).send().await.ok()?;
        let location = answer.headers().get("location")?.to_str().ok()?.to_owned();
        let location = url::Url::parse(&location).expect("a URL");
        let code = location.query_pairs().find(|(name, _)| name == "code");
        Some(code.unwrap_or_else(|| panic!("no code: {location}")).1.into_owned())
    }

    async fn redeem(&self, code: &str) -> Option<(u16, Value)> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", testkit::client::REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.post("/token", &form).await
    }

    /// `None`: no whole answer came.
    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Option<(u16, Value)> {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.post(format!("{}{path}", self.issuer)).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.basic_auth("portal", Some(SECRET)).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }
}
