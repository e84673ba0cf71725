//! What comes out: token responses, ID tokens, userinfo.

use identity_core::relying_party::{AccessTokenFormat, IdTokenAlgorithm, SubjectType};
use jose::digest::{base64url, sha256, sha512};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
use reqwest::header::AUTHORIZATION;
use serde_json::{Value, json};
use testkit::Server;
use testkit::jwt::header_of;

use super::Examination;

#[tokio::test]
async fn a_token_response_has_the_types_it_must_have() {
    // trap 18
    let mut exam = Examination::begin().await;
    let tokens = exam.tokens_offline().await;
    assert_eq!(tokens.headers["content-type"], "application/json");
    assert_eq!(tokens.headers["cache-control"], "no-store");
    let life = tokens.body["expires_in"].as_u64().expect("a positive number");
    assert!((1..=31_536_000).contains(&life), "{life}");
    assert_eq!(tokens.body["token_type"], "Bearer");
    let printable =
        |text: &str| text.len() >= 22 && text.bytes().all(|b| (0x21..=0x7e).contains(&b));
    assert!(printable(tokens.access_token()) && printable(tokens.refresh_token()));
    let claims = tokens.id_claims();
    for name in ["exp", "iat", "auth_time"] {
        assert!(claims[name].is_i64(), "{name} in {claims}");
    }
    assert!(claims["acr"].as_str().is_some_and(|acr| !acr.is_empty()), "{claims}");
    assert!(claims["amr"].is_array() && claims["sid"].is_string(), "{claims}");
}

#[tokio::test]
async fn every_registered_algorithm_verifies_with_the_published_keys() {
    // traps 17 and 19: judged by a library that is not ours
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    for (registered, algorithm) in [
        (IdTokenAlgorithm::Es256, Algorithm::ES256),
        (IdTokenAlgorithm::Rs256, Algorithm::RS256),
        (IdTokenAlgorithm::EdDsa, Algorithm::EdDSA),
    ] {
        let client = server.client(&format!("{registered:?}"));
        let client = client.with(|party| party.id_token_algorithm = registered).create().await;
        let code = server.browser().authorize(&server, &client, &citizen, &[]).await;
        let tokens = client.redeem(&server, &code).await;
        let claims = verified(&server, tokens.id_token(), algorithm, &client.id).await;
        assert_eq!(claims["at_hash"], at_hash(algorithm, tokens.access_token()), "{registered:?}");
        assert!(claims.get("c_hash").is_none() && claims.get("s_hash").is_none(), "{claims}");
        server.next_totp_step();
    }
}

/// Half of the digest that goes with the algorithm (OpenID Connect Core §3.1.3.6); EdDSA over
/// Ed25519 goes with SHA-512.
fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    match algorithm {
        Algorithm::EdDSA => base64url(&sha512(access_token.as_bytes())[..32]),
        _ => base64url(&sha256(access_token.as_bytes())[..16]),
    }
}

async fn verified(server: &Server, jwt: &str, algorithm: Algorithm, audience: &str) -> Value {
    let keys: JwkSet = serde_json::from_value(server.get_json("/jwks").await).expect("a JWK set");
    let header = header_of(jwt);
    let kid = header["kid"].as_str().expect("the header names its key");
    let key = DecodingKey::from_jwk(keys.find(kid).expect("the key is published")).unwrap();
    let mut validation = Validation::new(algorithm);
    validation.set_audience(&[audience]);
    validation.set_issuer(&[&server.issuer]);
    // The library would ask the wall clock; time stands still here.
    validation.validate_exp = false;
    decode::<Value>(jwt, &key, &validation).expect("the signature holds").claims
}

#[tokio::test]
async fn an_access_token_for_offline_use_is_a_typed_jwt() {
    // RFC 9068 §2
    let mut exam =
        Examination::of(|party| party.access_token_format = AccessTokenFormat::Jwt).await;
    let tokens = exam.tokens(&[("scope", "openid email")]).await;
    let token = tokens.access_token();
    assert_eq!(header_of(token)["typ"], "at+jwt");
    let claims = verified(&exam.server, token, Algorithm::ES256, "examined").await;
    assert_eq!(
        (&claims["client_id"], &claims["scope"]),
        (&json!("examined"), &json!("email openid"))
    );
    assert_eq!(claims["sub"], tokens.id_claims()["sub"]);
    assert!(exam.server.userinfo(token).await["email"].is_string());
    assert!(exam.active(token).await);
}

#[tokio::test]
async fn userinfo_answers_by_header_and_by_body_and_never_by_query() {
    // trap 18, BT-03
    let mut exam = Examination::begin().await;
    let tokens = exam.tokens(&[("scope", "openid profile phone email address")]).await;
    let (http, url) = (exam.server.http.clone(), exam.server.url("/userinfo"));
    let token = tokens.access_token();
    let form = "application/x-www-form-urlencoded";
    let by_body =
        http.post(&url).header("content-type", form).body(format!("access_token={token}"));
    let by_scheme = http.get(&url).header(AUTHORIZATION, format!("bEaReR {token}"));
    let ways =
        [http.get(&url).bearer_auth(token), http.post(&url).bearer_auth(token), by_body, by_scheme];
    for way in ways {
        let response = way.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(response.headers().contains_key("date"), "trap 18");
        assert_types(&response.json().await.unwrap(), &tokens.id_claims());
    }
    let by_query = http.get(format!("{url}?access_token={token}")).send().await.unwrap();
    assert_eq!(by_query.status(), 400);
    let without = http.get(&url).send().await.unwrap();
    assert_eq!(without.status(), 401);
    assert_eq!(without.headers()["www-authenticate"], "Bearer realm=\"vneid\"");
}

fn assert_types(person: &Value, id_claims: &Value) {
    assert_eq!(person["sub"], id_claims["sub"]);
    assert!(person["updated_at"].is_i64(), "{person}");
    assert!(person["address"]["formatted"].is_string(), "{person}");
    assert_eq!(person["phone_number_verified"], true);
    assert_eq!(person["email_verified"], false);
    assert!(person["phone_number"].as_str().unwrap().starts_with("+84"), "{person}");
    assert_eq!(person["birthdate"], "1990-05-17");
    let members = person.as_object().unwrap();
    assert!(members.values().all(|value| !value.is_null() && value != ""), "{person}");
}

#[tokio::test]
async fn what_is_not_an_access_token_of_ours_is_refused_with_a_challenge() {
    // RFC 6750 §3, ATK-041
    let mut exam = Examination::begin().await;
    let tokens = exam.tokens_offline().await;
    let half = &tokens.access_token()[..40];
    for token in ["garbage", half, tokens.id_token(), tokens.refresh_token()] {
        let response = exam.server.userinfo_response(token).await;
        assert_eq!(response.status(), 401, "{token}");
        let challenge = response.headers()["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Bearer ") && challenge.contains("error=\"invalid_token\""));
    }
    exam.pass(15 * 60);
    assert_eq!(exam.server.userinfo_response(tokens.access_token()).await.status(), 401, "expired");
}

#[tokio::test]
async fn a_clients_own_token_speaks_of_nobody() {
    // BCP-24
    let exam = Examination::begin().await;
    let form = [("grant_type", "client_credentials"), ("scope", "cases.write")];
    let tokens = exam.client.post(&exam.server, "/token", &form).await;
    assert_eq!(tokens.status, 200, "{tokens:?}");
    assert!(tokens.body.get("id_token").is_none() && tokens.body.get("refresh_token").is_none());
    assert_eq!(exam.server.userinfo_response(tokens.access_token()).await.status(), 401);
    let answer = exam.client.introspect(&exam.server, tokens.access_token()).await;
    assert_eq!(answer["active"], true);
    assert!(answer.get("acr").is_none() && answer.get("assurance").is_none(), "{answer}");
    let form = [("grant_type", "client_credentials"), ("scope", "openid profile")];
    let about_people = exam.client.post(&exam.server, "/token", &form).await;
    assert_eq!(about_people.error(), "invalid_scope");
}

#[tokio::test]
async fn two_sectors_know_one_person_under_two_names_and_share_nothing() {
    // ATK-083
    let mut exam = Examination::begin().await;
    let same = exam.server.client("same-sector").create().await;
    let sector = SubjectType::Pairwise { sector: "other.example".to_owned() };
    let other =
        exam.server.client("other").with(|party| party.subject_type = sector).create().await;
    let open = exam.server.client("open").with(|party| party.subject_type = SubjectType::Public);
    let open = open.create().await;
    let first = exam.tokens(&[]).await.id_claims();
    let mut told = Vec::new();
    for client in [same, other, open] {
        exam.client = client;
        told.push(exam.tokens(&[]).await.id_claims());
    }
    assert_eq!(first["sub"], told[0]["sub"]);
    assert_ne!(first["sub"], told[1]["sub"]);
    assert_ne!(told[1]["sub"], told[2]["sub"]);
    assert_ne!(first["sid"], told[1]["sid"]);
}
