use super::super::portal::fake_provider::{self, NOW, access_token};
use super::super::portal::requirements::samples::birth_registration;
use super::*;

struct Office {
    url: String,
    http: reqwest::Client,
}

impl Office {
    /// Procedure 9 needs authentication level 3.
    async fn at(issuer: String, client_secret: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let config = CaseSystemConfig {
            issuer,
            client_id: "case-system".into(),
            client_secret: client_secret.into(),
            procedures: [birth_registration(2, 3)].into(),
            now: Arc::new(|| NOW),
        };
        tokio::spawn(serve(config, listener, std::future::pending()));
        Self { url, http: outbound_client().unwrap() }
    }

    async fn new() -> Self {
        Self::at(fake_provider::start().await.issuer.clone(), "secret").await
    }

    async fn file(&self, token: &str, body: &'static str) -> reqwest::Response {
        let request = self.http.post(format!("{}/cases", self.url)).bearer_auth(token).body(body);
        request.send().await.unwrap()
    }
}

fn challenge(response: &reqwest::Response) -> &str {
    response.headers()["www-authenticate"].to_str().unwrap()
}

#[tokio::test]
async fn a_sufficient_token_files_and_its_subject_sees_the_case() {
    let office = Office::new().await;
    let filed = office.file(&access_token(3), r#"{"procedure":9}"#).await;
    assert_eq!(filed.status(), 201);
    let receipt: Receipt = filed.json().await.unwrap();
    assert_eq!((receipt.procedure, receipt.filed_at), (9, NOW));
    assert_eq!(receipt.seen.authentication_level, AuthenticationLevel(3));
    let url = format!("{}/cases/{}", office.url, receipt.number);
    let seen = office.http.get(url).bearer_auth(access_token(1)).send().await.unwrap();
    assert_eq!(seen.json::<Receipt>().await.unwrap(), receipt);
}

#[tokio::test]
async fn a_login_that_does_not_suffice_is_told_what_would() {
    let office = Office::new().await;
    let refused = office.file(&access_token(2), r#"{"procedure":9}"#).await;
    assert_eq!(refused.status(), 401);
    let challenge = Challenge::parse(challenge(&refused)).unwrap();
    assert_eq!(challenge.acr_values, ["urn:vn:eid:auth:3", "urn:vn:eid:auth:4"]);
    assert_eq!(challenge.max_age, Some(MAX_LOGIN_AGE));
}

#[tokio::test]
async fn every_unacceptable_token_is_refused_by_its_own_challenge() {
    let office = Office::new().await;
    let inactive = office.file("made-up", r#"{"procedure":9}"#).await;
    assert_eq!(inactive.status(), 401);
    assert_eq!(challenge(&inactive), r#"Bearer error="invalid_token""#);
    let narrow = office.file(&access_token(0), r#"{"procedure":9}"#).await;
    assert_eq!(narrow.status(), 403);
    assert!(challenge(&narrow).contains("insufficient_scope"));
    let none = office.http.post(format!("{}/cases", office.url)).send().await.unwrap();
    assert_eq!(none.status(), 401);
    assert_eq!(challenge(&none), "Bearer");
}

#[tokio::test]
async fn a_malformed_filing_is_a_bad_request() {
    let office = Office::new().await;
    for body in ["", "{}", r#"{"procedure":99}"#, r#"{"procedure":-1}"#, "[[[["] {
        assert_eq!(office.file(&access_token(3), body).await.status(), 400, "{body}");
    }
}

#[tokio::test]
async fn no_clear_answer_about_a_token_is_no_service() {
    let provider = fake_provider::start().await;
    let unknown_caller = Office::at(provider.issuer.clone(), "wrong").await;
    let (gone, issuer) = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        (listener, issuer)
    };
    drop(gone);
    for office in [unknown_caller, Office::at(issuer, "secret").await] {
        let answer = office.file(&access_token(3), r#"{"procedure":9}"#).await;
        assert_eq!(answer.status(), 503);
    }
}

fn caller(subject: &str) -> Caller {
    let answer = serde_json::json!({ "active": true, "sub": subject, "scope": SCOPE });
    Caller::of(&Login::of_introspection(answer).unwrap().unwrap()).unwrap()
}

#[test]
fn a_case_is_invisible_to_everybody_but_its_subject() {
    let mut archive = Archive::default();
    let receipt = archive.keep(caller("u1"), 9, NOW);
    assert!(archive.find(&receipt.number, "u1").is_some());
    assert!(archive.find(&receipt.number, "u2").is_none());
    for number in ["", "DEMO-", "DEMO-2", "DEMO--1", "1"] {
        assert!(archive.find(number, "u1").is_none(), "{number}");
    }
}

#[test]
fn credentials_are_form_encoded_before_they_become_basic() {
    assert_eq!(form_encoded("a:b c"), "a%3Ab+c");
}
