use openidconnect::url::Url;
use serde_json::json;
use tokio::net::TcpListener;

use super::super::super::case_system::{self, CaseSystemConfig};
use super::super::fake_provider::{self, CLIENT_ID, FakeProvider, NOW, SUBJECT};
use super::super::requirements::samples::birth_registration;
use super::super::{PortalConfig, outbound_client, why};
use super::*;

/// A portal, its case system and a provider, all on free ports, with one browser.
struct Town {
    provider: Arc<FakeProvider>,
    portal: String,
    http: reqwest::Client,
    cookie: Option<String>,
}

struct Page {
    status: u16,
    location: Option<Url>,
    body: String,
}

impl Town {
    /// Procedure 9 needs account level 2 and the given authentication level.
    async fn new(authentication_level: u8) -> Self {
        let provider = fake_provider::start().await;
        let procedures: Arc<[_]> = [birth_registration(2, authentication_level)].into();
        let now: super::super::Now = Arc::new(|| NOW);
        let (case_listener, case_api) = listener().await;
        let config = CaseSystemConfig {
            issuer: provider.issuer.clone(),
            client_id: "case-system".into(),
            client_secret: "secret".into(),
            procedures: Arc::clone(&procedures),
            now: Arc::clone(&now),
        };
        tokio::spawn(case_system::serve(config, case_listener, std::future::pending()));
        let (portal_listener, portal) = listener().await;
        let config = PortalConfig {
            issuer: provider.issuer.clone(),
            public_url: portal.clone(),
            client_id: CLIENT_ID.into(),
            client_secret: "secret".into(),
            case_api,
            procedures,
            explain: Arc::new(|question| Box::pin(async move { explained(&question) })),
            now,
        };
        tokio::spawn(super::super::serve(config, portal_listener, std::future::pending()));
        Self { provider, portal, http: outbound_client().unwrap(), cookie: None }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Page {
        let request = match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        };
        let response = request.send().await.unwrap();
        if let Some(set) = response.headers().get("set-cookie") {
            let set = set.to_str().unwrap();
            assert!(set.contains("; HttpOnly; SameSite=Lax"));
            self.cookie = set.split(';').next().map(str::to_owned);
        }
        let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let base = response.url().clone();
        Page {
            status: response.status().as_u16(),
            location: location.map(|to| base.join(&to).unwrap()),
            body: response.text().await.unwrap(),
        }
    }

    async fn get(&mut self, path: &str) -> Page {
        let request = self.http.get(format!("{}{path}", self.portal));
        self.send(request).await
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let request = self.http.post(format!("{}{path}", self.portal)).form(form);
        self.send(request).await
    }

    /// The provider's answer to an authorization request: the person reached `level`.
    async fn answer(&mut self, request: &Url, level: u8) -> Page {
        let code =
            fake_provider::code(level, &param(request, "nonce"), &param(request, "code_challenge"));
        let issuer = self.provider.issuer.clone();
        let state = param(request, "state");
        self.callback(&[("code", &code), ("state", &state), ("iss", &issuer)]).await
    }

    async fn callback(&mut self, parameters: &[(&str, &str)]) -> Page {
        let request = self.http.get(format!("{}/callback", self.portal)).query(parameters);
        self.send(request).await
    }

    async fn sign_in(&mut self, level: u8) {
        let request = self.get("/login").await.location.unwrap();
        let back = self.answer(&request, level).await;
        assert_eq!(back.location.unwrap().path(), "/", "{}", back.body);
    }

    async fn form_token(&mut self) -> String {
        let page = self.get("/").await.body;
        let start = page.split_once(r#"name="form_token" value=""#).expect("signed in").1;
        start.split_once('"').unwrap().0.to_owned()
    }

    async fn file(&mut self) -> Page {
        let token = self.form_token().await;
        self.post("/procedures/9/file", &[("form_token", &token)]).await
    }

    async fn is_signed_in(&mut self) -> bool {
        self.get("/").await.body.contains("Nguyễn Thị Ánh")
    }
}

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, url)
}

fn param(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap()
}

#[tokio::test]
async fn a_citizen_signs_in_files_and_gets_a_receipt() {
    let mut town = Town::new(2).await;
    let request = town.get("/login").await.location.unwrap();
    assert_eq!(param(&request, "scope"), "openid profile phone vn_identity");
    assert_eq!(param(&request, "code_challenge_method"), "S256");
    assert_eq!(param(&request, "redirect_uri"), format!("{}/callback", town.portal));
    let planted = town.cookie.clone();
    town.answer(&request, 2).await;
    assert_ne!(town.cookie, planted, "the handle changes at sign-in");
    let receipt = town.file().await.location.unwrap();
    let page = town.get(receipt.path()).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("DEMO-000001"));
}

#[tokio::test]
async fn filing_without_enough_proof_steps_up_and_returns_to_the_filing() {
    let mut town = Town::new(2).await;
    town.sign_in(1).await;
    let request = town.file().await.location.unwrap();
    assert_eq!(request.path(), "/authorize");
    assert_eq!(param(&request, "acr_values"), "urn:vn:eid:auth:2");
    assert_eq!(param(&request, "max_age"), "3600", "what the challenge named");
    let claims: serde_json::Value = serde_json::from_str(&param(&request, "claims")).unwrap();
    assert_eq!(claims["id_token"]["acr"]["essential"], true);
    let back = town.answer(&request, 2).await.location.unwrap();
    assert_eq!((back.path(), back.query()), ("/procedures/9", Some("stepped_up")));
    assert_eq!(town.file().await.location.unwrap().path(), "/cases/DEMO-000001");
}

#[tokio::test]
async fn signing_in_from_a_procedure_wishes_for_its_level_and_returns_there() {
    let mut town = Town::new(3).await;
    let request = town.get("/login?procedure=9").await.location.unwrap();
    assert_eq!(param(&request, "acr_values"), "urn:vn:eid:auth:3");
    assert!(!request.query().unwrap().contains("claims="), "a wish is not a demand");
    let back = town.answer(&request, 1).await.location.unwrap();
    assert_eq!((back.path(), back.query()), ("/procedures/9", None));
}

#[tokio::test]
async fn a_level_out_of_reach_has_its_page_and_keeps_the_session() {
    let mut town = Town::new(3).await;
    town.sign_in(2).await;
    let request = town.file().await.location.unwrap();
    let issuer = town.provider.issuer.clone();
    let state = param(&request, "state");
    let error = "unmet_authentication_requirements";
    let page = town.callback(&[("error", error), ("state", &state), ("iss", &issuer)]).await;
    assert_eq!(page.status, 403);
    assert!(page.body.contains("chưa đạt được mức xác thực 3"), "{}", page.body);
    assert!(town.is_signed_in().await);
}

// RFC 9207, ATK mix-up: an answer must name our provider, errors included.
#[tokio::test]
async fn an_answer_without_or_with_a_foreign_issuer_is_refused() {
    let mut town = Town::new(2).await;
    for issuer in [None, Some("http://localhost:9999")] {
        let request = town.get("/login").await.location.unwrap();
        let code =
            fake_provider::code(2, &param(&request, "nonce"), &param(&request, "code_challenge"));
        let state = param(&request, "state");
        let mut parameters = vec![("code", code.as_str()), ("state", &state)];
        parameters.extend(issuer.map(|issuer| ("iss", issuer)));
        let page = town.callback(&parameters).await;
        assert_eq!(page.status, 400);
        assert!(page.body.contains("issuer_mismatch"));
        assert!(!town.is_signed_in().await);
    }
}

#[tokio::test]
async fn an_answer_works_once_and_only_in_the_browser_that_asked() {
    let mut town = Town::new(2).await;
    let request = town.get("/login").await.location.unwrap();
    let own = town.cookie.take();
    assert_eq!(town.answer(&request, 2).await.status, 400);
    town.cookie = own;
    assert_eq!(town.answer(&request, 2).await.status, 303);
    let again = town.answer(&request, 2).await;
    assert!(again.body.contains("login_not_recognised"));
}

#[tokio::test]
async fn a_code_bound_to_another_verifier_is_refused() {
    let mut town = Town::new(2).await;
    let victim = town.get("/login").await.location.unwrap();
    let attacker = town.get("/login").await.location.unwrap();
    let issuer = town.provider.issuer.clone();
    let state = param(&victim, "state");
    let challenge = param(&attacker, "code_challenge");
    let code = fake_provider::code(2, &param(&victim, "nonce"), &challenge);
    let page = town.callback(&[("code", &code), ("state", &state), ("iss", &issuer)]).await;
    assert!(page.body.contains("invalid_grant"), "{}", page.body);
    assert!(!town.is_signed_in().await);
}

#[tokio::test]
async fn a_foreign_nonce_is_refused() {
    let mut town = Town::new(2).await;
    let request = town.get("/login").await.location.unwrap();
    let issuer = town.provider.issuer.clone();
    let code = fake_provider::code(2, "foreign", &param(&request, "code_challenge"));
    let state = param(&request, "state");
    let page = town.callback(&[("code", &code), ("state", &state), ("iss", &issuer)]).await;
    assert!(page.body.contains("answer_not_acceptable"), "{}", page.body);
    assert!(!town.is_signed_in().await);
}

// ATK-091
#[tokio::test]
async fn forms_of_others_neither_file_nor_log_out() {
    let mut town = Town::new(2).await;
    town.sign_in(2).await;
    for form in [&[][..], &[("form_token", "guess")][..]] {
        assert_eq!(town.post("/procedures/9/file", form).await.status, 403);
        assert_eq!(town.post("/logout", form).await.status, 403);
    }
    assert!(town.is_signed_in().await);
}

#[tokio::test]
async fn logging_out_ends_the_session_here_and_asks_the_provider_to_do_the_same() {
    let mut town = Town::new(2).await;
    town.sign_in(2).await;
    let token = town.form_token().await;
    let out = town.post("/logout", &[("form_token", &token)]).await;
    assert_eq!(out.status, 303);
    let to = out.location.unwrap();
    assert_eq!(to.path(), "/end_session");
    assert_eq!(param(&to, "post_logout_redirect_uri"), format!("{}/", town.portal));
    assert!(!param(&to, "id_token_hint").is_empty() && !param(&to, "state").is_empty());
    assert!(!town.is_signed_in().await);
}

#[tokio::test]
async fn the_provider_can_log_a_citizen_out_in_the_back_once() {
    let mut town = Town::new(2).await;
    town.sign_in(2).await;
    let claims = json!({
        "iss": town.provider.issuer, "aud": CLIENT_ID, "sub": SUBJECT, "sid": "s1", "jti": "j1",
        "iat": NOW, "exp": NOW + 120,
        "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
    });
    let token = town.provider.key.sign("logout+jwt", &claims);
    let forged = fake_provider::SigningKey::generate("k1").sign("logout+jwt", &claims);
    assert_eq!(town.post("/backchannel-logout", &[("logout_token", &forged)]).await.status, 400);
    assert!(town.is_signed_in().await);
    assert_eq!(town.post("/backchannel-logout", &[("logout_token", &token)]).await.status, 200);
    assert!(!town.is_signed_in().await);
    assert_eq!(town.post("/backchannel-logout", &[("logout_token", &token)]).await.status, 400);
    assert_eq!(town.post("/backchannel-logout", &[]).await.status, 400);
}

#[tokio::test]
async fn every_answer_forbids_scripts_framing_and_storing() {
    let mut town = Town::new(2).await;
    for path in ["/", "/procedures/9", "/nowhere", "/cases/DEMO-000001"] {
        let url = format!("{}{path}", town.portal);
        let response = town.http.get(url).send().await.unwrap();
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self'"));
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
    assert_eq!(town.get("/nowhere").await.status, 404);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_a_page_and_not_a_failure_of_the_portal() {
    let mut town = Town::new(2).await;
    let (gone, issuer) = listener().await;
    drop(gone);
    let (portal_listener, portal) = listener().await;
    let config = PortalConfig {
        issuer,
        public_url: portal.clone(),
        client_id: CLIENT_ID.into(),
        client_secret: "secret".into(),
        case_api: portal.clone(),
        procedures: [].into(),
        explain: Arc::new(|_| Box::pin(async { None })),
        now: Arc::new(|| NOW),
    };
    tokio::spawn(super::super::serve(config, portal_listener, std::future::pending()));
    town.portal = portal;
    assert_eq!(town.get("/").await.status, 200);
    assert_eq!(town.get("/login").await.status, 503);
}

/// One person is known to the demo.
fn explained(question: &why::Question) -> Option<why::Answer> {
    (question.citizen == "lan").then(|| why::Answer {
        outcome: format!("{:?}", question.proven),
        reasons: vec![why::Reason {
            code: "FACTOR_MISSING:possession".into(),
            vi: "<thiếu>".into(),
            en: "missing".into(),
        }],
        options: vec!["totp".into()],
        ..why::Answer::default()
    })
}

#[tokio::test]
async fn an_engineer_sees_how_a_made_up_citizen_would_be_judged() {
    let mut town = Town::new(3).await;
    let page = town.get("/why").await;
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("id=\"answer\"") && !page.body.contains("id=\"unknown\""));
    let page = town.get("/why?citizen=lan&procedure=birth-registration&proven=password").await;
    assert!(
        page.body.contains("Password") && page.body.contains("FACTOR_MISSING"),
        "{}",
        page.body
    );
    assert!(page.body.contains("&#60;thiếu&#62;"), "nothing leaves its place: {}", page.body);
    let page = town.get("/why?citizen=nobody&procedure=x&proven=%27").await;
    assert!(page.body.contains("id=\"unknown\""), "{}", page.body);
}
