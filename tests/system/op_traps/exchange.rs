//! The token endpoint: codes count once, refreshing keeps the login as it was, assertions are for us.

use identity_core::relying_party::{ClientAuthentication, ClientProfile};
use serde_json::{Value, json};
use testkit::{Client, ClientKey, Server, Tokens};

use super::Examination;

#[tokio::test]
async fn a_code_that_comes_twice_takes_back_what_came_of_it() {
    // trap 8, ATK-001: after 1 s, 59 s and 24 h
    for wait in [1, 59, 24 * 60 * 60] {
        let mut exam = Examination::begin().await;
        let asks = [("scope", "openid offline_access"), ("prompt", "consent")];
        let code = exam.code(&asks).await;
        let tokens = exam.client.redeem(&exam.server, &code).await;
        assert!(exam.active(tokens.access_token()).await);
        exam.pass(wait);
        let again = exam.client.redeem(&exam.server, &code).await;
        assert_eq!((again.status, again.error()), (400, "invalid_grant"), "{wait} s");
        assert!(!exam.active(tokens.access_token()).await, "{wait} s");
        let userinfo = exam.server.userinfo_response(tokens.access_token()).await;
        assert_eq!(userinfo.status(), 401, "{wait} s");
        let refreshed = exam.client.refresh(&exam.server, tokens.refresh_token()).await;
        assert_eq!(refreshed.error(), "invalid_grant", "{wait} s");
    }
}

#[tokio::test]
async fn a_code_lives_for_one_minute() {
    // trap 8
    let mut exam = Examination::begin().await;
    let code = exam.code(&[]).await;
    exam.pass(60);
    assert_eq!(exam.client.redeem(&exam.server, &code).await.error(), "invalid_grant");
}

#[tokio::test]
async fn refreshing_keeps_the_login_as_it_was() {
    // trap 16, edge case 9
    let mut exam = Examination::begin().await;
    let first = exam.tokens_offline().await;
    exam.pass(600);
    let refreshed = exam.client.refresh(&exam.server, first.refresh_token()).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    assert_kept_from_caches(&refreshed);
    let (before, after) = (first.id_claims(), refreshed.id_claims());
    for name in ["iss", "sub", "aud", "auth_time", "acr", "amr", "sid"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert!(after.get("nonce").is_none(), "{after}");
    assert_eq!(after["iat"].as_i64().unwrap(), before["iat"].as_i64().unwrap() + 600);
    assert!(exam.active(refreshed.access_token()).await);
}

#[tokio::test]
async fn a_refresh_token_is_nothing_without_its_client() {
    // trap 16, ATK-072
    let mut exam = Examination::begin().await;
    let tokens = exam.tokens_offline().await;
    let stranger = exam.server.client("stranger").create().await;
    let refused = stranger.refresh(&exam.server, tokens.refresh_token()).await;
    assert_eq!((refused.status, refused.error()), (400, "invalid_grant"));
    let nobody = Client { secret: None, ..exam.client.clone() };
    let refused = nobody.refresh(&exam.server, tokens.refresh_token()).await;
    assert_eq!((refused.status, refused.error()), (401, "invalid_client"));
    let guessing = Client { secret: Some("guess".to_owned()), ..exam.client.clone() };
    let refused = guessing.refresh(&exam.server, tokens.refresh_token()).await;
    assert_eq!((refused.status, refused.error()), (401, "invalid_client"));
    assert_kept_from_caches(&refused);
    let own = exam.client.refresh(&exam.server, tokens.refresh_token()).await;
    assert_eq!(own.status, 200, "{own:?}");
}

#[tokio::test]
async fn a_refresh_may_narrow_the_scope_and_never_widen_it() {
    // OA-15, ATK-073
    let mut exam = Examination::begin().await;
    let asks = [("scope", "openid email offline_access"), ("prompt", "consent")];
    let tokens = exam.tokens(&asks).await;
    let form = |scope| {
        [
            ("grant_type", "refresh_token"),
            ("refresh_token", tokens.refresh_token()),
            ("scope", scope),
        ]
    };
    let narrow = exam.client.post(&exam.server, "/token", &form("openid")).await;
    assert_eq!(narrow.body["scope"], "openid");
    let person = exam.server.userinfo(narrow.access_token()).await;
    assert!(person.get("email").is_none(), "{person}");
    let wide = exam.client.post(&exam.server, "/token", &form("openid phone")).await;
    assert_eq!(wide.error(), "invalid_scope");
}

#[tokio::test]
async fn no_refresh_token_without_offline_access_and_no_offline_access_unasked() {
    // OC-17, trap 16: the suite adds prompt=consent
    let mut exam = Examination::begin().await;
    for asks in [
        [("scope", "openid"), ("prompt", "consent")],
        [("scope", "openid offline_access"), ("prompt", "login")],
    ] {
        let tokens = exam.tokens(&asks).await;
        assert!(tokens.body.get("refresh_token").is_none(), "{asks:?}");
        assert_eq!(tokens.body["scope"], "openid", "what was granted is told");
    }
}

#[tokio::test]
async fn a_strict_clients_assertion_is_for_the_issuer_alone() {
    // trap 12, ATK-051
    let (server, client, key) = signing_client(ClientProfile::Strict).await;
    let issuer = server.issuer.as_str();
    assert_eq!(present(&server, &client, &key, &json!(issuer), "a").await.status, 200);
    for (serial, audience) in [
        json!(server.url("/token")),
        json!(server.url("/introspect")),
        json!([issuer]),
        json!([issuer, "https://other.example"]),
        json!(format!("{issuer}/")),
        json!("https://other.example"),
        Value::Null,
    ]
    .iter()
    .enumerate()
    {
        let refused = present(&server, &client, &key, audience, &format!("b{serial}")).await;
        assert_eq!((refused.status, refused.error()), (401, "invalid_client"), "{audience}");
    }
}

#[tokio::test]
async fn an_examined_clients_assertion_may_be_for_the_token_endpoint() {
    // trap 12
    let (server, client, key) = signing_client(ClientProfile::OidcBasic).await;
    for audience in
        [json!(server.url("/token")), json!(server.issuer), json!([server.url("/token")])]
    {
        let jti = audience.to_string();
        let answer = present(&server, &client, &key, &audience, &jti).await;
        assert_eq!(answer.status, 200, "{audience}: {answer:?}");
    }
    let both = json!([server.issuer, server.url("/token"), "https://other.example"]);
    assert_eq!(present(&server, &client, &key, &both, "x").await.status, 401);
}

#[tokio::test]
async fn an_assertion_counts_once_and_only_under_its_own_key() {
    // ATK-050, ATK-052
    let (server, client, key) = signing_client(ClientProfile::Strict).await;
    let issuer = json!(server.issuer);
    assert_eq!(present(&server, &client, &key, &issuer, "once").await.status, 200);
    assert_eq!(present(&server, &client, &key, &issuer, "once").await.status, 401);
    let stranger = ClientKey::from_seed(9);
    assert_eq!(present(&server, &client, &stranger, &issuer, "twice").await.status, 401);
    let as_other = Client { id: "other".to_owned(), ..client.clone() };
    assert_eq!(present(&server, &as_other, &key, &issuer, "thrice").await.status, 401);
    assert_eq!(present(&server, &client, &key, &issuer, "four times").await.status, 200);
}

async fn signing_client(profile: ClientProfile) -> (Server, Client, ClientKey) {
    let server = Server::start().await;
    let key = ClientKey::from_seed(3);
    let registered = ClientAuthentication::PrivateKeyJwt { jwks: key.jwks() };
    let client = server.client("signing").with(|party| {
        party.profile = profile;
        party.authentication = registered;
    });
    let client = client.create().await;
    (server, client, key)
}

/// A token of the client's own, asked for with an assertion.
async fn present(
    server: &Server,
    client: &Client,
    key: &ClientKey,
    audience: &Value,
    jti: &str,
) -> Tokens {
    let assertion = key.assertion(&client.id, audience, jti, server.now().unix_seconds());
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "cases.write"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion.as_str()),
    ];
    client.post(server, "/token", &form).await
}

fn assert_kept_from_caches(tokens: &Tokens) {
    assert_eq!(tokens.headers["cache-control"], "no-store");
    assert_eq!(tokens.headers["content-type"], "application/json");
}
