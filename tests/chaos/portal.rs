//! A relying party and its citizens, at whichever node they like.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use testkit::client::{REDIRECT_URI, SECRET, VERIFIER};
use testkit::{Browser, ClientKey, Page, Program};

use super::site::Site;

const NUMBER: &str = "067190000001";
const PASSWORD: &str = testkit::citizen::PASSWORD;
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Longer than a node may take to find out that a store is away.
const PATIENCE: Duration = Duration::from_secs(20);

/// Who asks.
#[derive(Clone, Copy)]
pub enum Client {
    /// Confidential, by secret.
    Portal,
    /// Public: its refresh tokens rotate.
    App,
}

/// What came back.
#[derive(Clone, Debug)]
pub enum Answer {
    Said {
        status: u16,
        retry_after: bool,
        body: Value,
    },
    /// The connection broke: whether anything was done, nobody knows.
    Nothing,
}

/// What a node says about a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Judged {
    Active,
    Inactive,
    /// 503: it does not guess.
    CannotSay,
    NoAnswer,
}

#[derive(Clone)]
pub struct Portal {
    http: reqwest::Client,
    issuer: String,
    nodes: Arc<[u16]>,
    sessions: Arc<[Browser]>,
}

/// What every row needs to be registered.
pub fn register(program: &Program) {
    program.write("password", PASSWORD);
    program.write("citizen.toml", &citizen(NUMBER, false));
    program.done(&["citizen", "create", "citizen.toml"]);
    let secret = format!("method = \"client_secret_basic\"\nclient_secret = \"{SECRET}\"");
    let jwks = ClientKey::from_seed(7).jwks();
    let key = &jwks["keys"][0];
    let field = |name: &str| format!("{name} = {}", key[name]);
    let key: Vec<String> = ["kty", "crv", "x", "kid", "alg", "use"].map(field).into();
    let key =
        format!("method = \"private_key_jwt\"\njwks = {{ keys = [{{ {} }}] }}", key.join(", "));
    let clients = [
        ("portal", "\"authorization_code\", \"refresh_token\"", secret.as_str()),
        ("app", "\"authorization_code\", \"refresh_token\"", "method = \"none\""),
        ("machine", "\"client_credentials\"", &key),
    ];
    for (id, grants, authentication) in clients {
        program.write("client.toml", &client(id, grants, authentication));
        program.done(&["client", "register", "client.toml"]);
    }
}

pub fn citizen(number: &str, totp: bool) -> String {
    format!(
        "name = \"Nguyễn Thị Bền\"\nnumber = \"{number}\"\nbirth_date = \"1990-05-17\"\n\
         account_level = 2\ncard = {{ kind = \"identity_card\" }}\npassword_file = \"password\"\n\
         totp = {totp}\n"
    )
}

fn client(id: &str, grants: &str, authentication: &str) -> String {
    format!(
        "client_id = \"{id}\"\nlegal_entity = \"Văn phòng Thử nghiệm\"\n\
         scopes = [\"openid\", \"offline_access\", \"cases.write\"]\n\
         redirect_uris = [\"{REDIRECT_URI}\"]\ngrant_types = [{grants}]\n\
         consent = \"ordered_by_law\"\nname = {{ vi = \"Cổng\", en = \"Portal\" }}\n\
         [authentication]\n{authentication}\n\
         [agreement]\nnumber = \"1\"\nsigned_on = \"2026-03-01\"\nsystem_security_level = 3\n\
         purpose = {{ vi = \"x\", en = \"x\" }}\n"
    )
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_secs()).expect("before the year 292 billion")
}

impl Answer {
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Said { status, .. } => Some(*status),
            Self::Nothing => None,
        }
    }

    /// Refused by a node that could not do its work, in the way it should.
    pub fn asks_to_come_back(&self) -> bool {
        matches!(self, Self::Said { status: 503, retry_after: true, .. })
    }

    /// An assertion: for good, or because the memory of claims has only just begun.
    pub fn is_refused(&self) -> bool {
        matches!(self.status(), Some(401 | 503))
    }

    pub fn text(&self, name: &str) -> String {
        let Self::Said { body, .. } = self else { panic!("no answer") };
        body[name].as_str().unwrap_or_else(|| panic!("no {name}: {self:?}")).to_owned()
    }
}

impl Client {
    fn id(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::App => "app",
        }
    }
}

impl Portal {
    pub async fn with(site: &Site, sessions: usize) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .expect("a client");
        let nodes = site.nodes.iter().map(|node| node.port).collect();
        let mut browsers = Vec::new();
        for _ in 0..sessions {
            browsers.push(logged_in(&site.program, NUMBER).await);
        }
        Self { http, issuer: site.program.issuer(), nodes, sessions: browsers.into() }
    }

    /// The same, at the nodes that are there now.
    pub fn also_at(&self, site: &Site) -> Self {
        let nodes = site.nodes.iter().map(|node| node.port).collect();
        Self { nodes, ..self.clone() }
    }

    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// A code by single sign-on; `None` when this node cannot.
    pub async fn code(&self, node: usize, session: usize) -> Option<String> {
        let browser = &self.sessions[session % self.sessions.len()];
        let cookies: Vec<String> =
            browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let url = self.url(node, &authorize(Client::Portal, &[("prompt", "none")]));
        let request = self.http.get(url).header("cookie", cookies.join("; "));
        code_in(request.send().await.ok()?.headers())
    }

    /// A code whose grant outlives the session.
    pub async fn offline_code(&self, client: Client, node: usize) -> String {
        let mut browser = Browser::new(self.http.clone(), &self.url(node, ""));
        browser.cookies.clone_from(&self.sessions[0].cookies);
        let asks = [("scope", "openid offline_access"), ("prompt", "consent")];
        let page = browser.visit(&authorize(client, &asks)).await;
        page.redirected("code").unwrap_or_else(|| panic!("no code: {}", page.describe()))
    }

    pub async fn redeem(&self, client: Client, node: usize, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", VERIFIER),
        ];
        self.post(client, node, "/token", &form).await
    }

    /// A grant of the portal's that must come about: its access token.
    pub async fn access_token(&self, node: usize) -> String {
        let code = self.code(node, node).await.expect("a code");
        self.redeem(Client::Portal, node, &code).await.text("access_token")
    }

    pub async fn refresh(&self, client: Client, node: usize, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post(client, node, "/token", &form).await
    }

    pub async fn revoke(&self, node: usize, token: &str) -> Answer {
        self.post(Client::Portal, node, "/revoke", &[("token", token)]).await
    }

    /// By who may ask about the portal's tokens: the portal.
    pub async fn judge(&self, node: usize, token: &str) -> Judged {
        match self.post(Client::Portal, node, "/introspect", &[("token", token)]).await {
            Answer::Said { status: 200, body, .. } if body["active"] == true => Judged::Active,
            Answer::Said { status: 200, body, .. } if body == json!({ "active": false }) => {
                Judged::Inactive
            }
            Answer::Said { status: 503, .. } => Judged::CannotSay,
            Answer::Nothing => Judged::NoAnswer,
            answer @ Answer::Said { .. } => panic!("{answer:?}"),
        }
    }

    /// Whether the token serves at userinfo; 401 is no.
    pub async fn userinfo(&self, node: usize, token: &str) -> Judged {
        match self.http.get(self.url(node, "/userinfo")).bearer_auth(token).send().await {
            Ok(answer) if answer.status() == 200 => Judged::Active,
            Ok(answer) if answer.status() == 401 => Judged::Inactive,
            Ok(answer) if answer.status() == 503 => Judged::CannotSay,
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => Judged::NoAnswer,
        }
    }

    /// An assertion of the client "machine", made now (RFC 7523 §3).
    pub fn assertion(&self, jti: &str) -> String {
        ClientKey::from_seed(7).assertion("machine", &json!(self.issuer), jti, now())
    }

    /// Asks for a token with this assertion and nothing else.
    pub async fn assert(&self, node: usize, assertion: &str) -> Answer {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "cases.write"),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ];
        self.send(self.http.post(self.url(node, "/token")), &form).await
    }

    /// Waits until every node accepts assertions: a Redis that is new has an epoch that begins after
    /// everything it may have forgotten (`storage::ports::EPOCH_MARGIN`). Returns how long it took.
    pub async fn until_asserted(&self, name: &str) -> Duration {
        let begun = Instant::now();
        for node in 0..self.nodes() {
            for attempt in 0.. {
                let assertion = self.assertion(&format!("{name}-{node}-{attempt}"));
                let answer = self.assert(node, &assertion).await;
                if answer.status() == Some(200) {
                    break;
                }
                assert!(answer.asks_to_come_back(), "{answer:?}");
                assert!(begun.elapsed() < PATIENCE * 2, "node {node} accepts no assertion");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        begun.elapsed()
    }

    /// A document anybody may read.
    pub async fn document(&self, node: usize, path: &str) -> Option<Value> {
        let answer = self.http.get(self.url(node, path)).send().await.ok()?;
        if answer.status() == 200 { answer.json().await.ok() } else { None }
    }

    async fn post(&self, client: Client, node: usize, path: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.http.post(self.url(node, path));
        match client {
            Client::Portal => self.send(request.basic_auth(client.id(), Some(SECRET)), form).await,
            Client::App => {
                self.send(request, &[form, &[("client_id", client.id())]].concat()).await
            }
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder, form: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let Ok(answer) = request.body(body).send().await else { return Answer::Nothing };
        let status = answer.status().as_u16();
        let retry_after = answer.headers().contains_key("retry-after");
        let Ok(text) = answer.text().await else { return Answer::Nothing };
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Answer::Said { status, retry_after, body }
    }

    fn url(&self, node: usize, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.nodes[node % self.nodes.len()])
    }
}

pub fn authorize(client: Client, further: &[(&str, &str)]) -> String {
    let mut query = vec![
        ("client_id", client.id()),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ];
    query.retain(|(name, _)| further.iter().all(|(other, _)| other != name));
    query.extend(further);
    let mut serializer = url::form_urlencoded::Serializer::new(String::new());
    format!("/authorize?{}", serializer.extend_pairs(query).finish())
}

/// Through the pages, as far as a password leads.
pub async fn with_password(
    program: &Program,
    number: &str,
    asks: &[(&str, &str)],
) -> (Browser, Page) {
    let mut browser = program.browser();
    let page = browser.visit(&authorize(Client::Portal, asks)).await;
    let page = browser.submit(&page, &[("username", number), ("password", PASSWORD)]).await;
    (browser, page)
}

async fn logged_in(program: &Program, number: &str) -> Browser {
    let (browser, page) = with_password(program, number, &[]).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
    browser
}

fn code_in(headers: &reqwest::header::HeaderMap) -> Option<String> {
    let location = url::Url::parse(headers.get("location")?.to_str().ok()?).ok()?;
    let mut pairs = location.query_pairs();
    let (_, code) = pairs.find(|(name, _)| name == "code")?;
    Some(code.into_owned())
}
