//! What the provider publishes, and who may read it from where.

use std::collections::BTreeSet;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use testkit::Server;

/// Members that are lists, with something each must hold.
const LISTS: [(&str, &str); 28] = [
    ("authorization_details_types_supported", "urn:vn:eid:transaction"),
    ("trust_frameworks_supported", "urn:vn:eid:decree-69-2024"),
    ("claims_in_verified_claims_supported", "name"),
    ("evidence_supported", "document"),
    ("documents_supported", "idcard"),
    ("documents_check_methods_supported", "data"),
    ("acr_values_supported", "urn:vn:eid:auth:2"),
    ("claim_types_supported", "normal"),
    ("claims_supported", "vn_personal_number"),
    ("code_challenge_methods_supported", "S256"),
    ("display_values_supported", "page"),
    ("grant_types_supported", "refresh_token"),
    ("id_token_signing_alg_values_supported", "RS256"),
    ("introspection_endpoint_auth_methods_supported", "private_key_jwt"),
    ("introspection_endpoint_auth_signing_alg_values_supported", "ES256"),
    ("prompt_values_supported", "select_account"),
    ("response_modes_supported", "form_post"),
    ("response_types_supported", "code"),
    ("revocation_endpoint_auth_methods_supported", "none"),
    ("revocation_endpoint_auth_signing_alg_values_supported", "ES256"),
    ("scopes_supported", "openid"),
    ("subject_types_supported", "pairwise"),
    ("token_endpoint_auth_methods_supported", "private_key_jwt"),
    ("token_endpoint_auth_signing_alg_values_supported", "ES256"),
    ("ui_locales_supported", "vi"),
    ("response_modes_supported", "query"),
    ("id_token_signing_alg_values_supported", "EdDSA"),
    ("id_token_signing_alg_values_supported", "ES256"),
];

const FLAGS: [(&str, bool); 7] = [
    ("verified_claims_supported", true),
    ("authorization_response_iss_parameter_supported", true),
    ("backchannel_logout_session_supported", true),
    ("backchannel_logout_supported", true),
    ("claims_parameter_supported", true),
    ("request_parameter_supported", false),
    ("request_uri_parameter_supported", false),
];

const ADDRESSES: [(&str, &str); 8] = [
    ("issuer", ""),
    ("authorization_endpoint", "/authorize"),
    ("end_session_endpoint", "/logout"),
    ("introspection_endpoint", "/introspect"),
    ("jwks_uri", "/jwks"),
    ("revocation_endpoint", "/revoke"),
    ("token_endpoint", "/token"),
    ("userinfo_endpoint", "/userinfo"),
];

#[tokio::test]
async fn both_discovery_documents_have_known_members_of_the_right_type_and_no_other() {
    // traps 7, 13, 16 and 25
    let server = Server::start().await;
    let openid = server.get_json("/.well-known/openid-configuration").await;
    let oauth = server.get_json("/.well-known/oauth-authorization-server").await;
    assert_eq!(openid, oauth, "one document serves both readers");
    for (name, path) in ADDRESSES {
        assert_eq!(openid[name], format!("{}{path}", server.issuer), "{name}");
    }
    for (name, value) in FLAGS {
        assert_eq!(openid[name], value, "{name}");
    }
    for (name, member) in LISTS {
        let list = openid[name].as_array().unwrap_or_else(|| panic!("{name} is a list"));
        assert!(list.iter().all(Value::is_string) && list.contains(&json!(member)), "{name}");
        let algorithms = name.ends_with("_alg_values_supported");
        assert!(!(algorithms && list.contains(&json!("none"))), "{name}");
    }
    let known: BTreeSet<&str> = LISTS.map(|(name, _)| name).into_iter().collect();
    let known: BTreeSet<&str> = known
        .into_iter()
        .chain(FLAGS.map(|(name, _)| name))
        .chain(ADDRESSES.map(|(name, _)| name))
        .collect();
    let members: BTreeSet<&str> = openid.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, known);
}

#[tokio::test]
async fn every_advertised_address_is_there() {
    // trap 25
    let server = Server::start().await;
    let document = server.get_json("/.well-known/openid-configuration").await;
    for (name, _) in &ADDRESSES[1..] {
        let url = document[*name].as_str().unwrap();
        let (get, post) = (server.http.get(url).send().await, server.http.post(url).send().await);
        let statuses = [get.unwrap().status(), post.unwrap().status()];
        assert!(statuses.iter().all(|status| *status != 404), "{name}: {statuses:?}");
    }
}

#[tokio::test]
async fn the_key_set_is_public_in_every_member() {
    // trap 17
    let server = Server::start().await;
    let set = server.get_json("/jwks").await;
    let keys = set["keys"].as_array().expect("keys");
    let kids: BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().expect("kid")).collect();
    assert_eq!(kids.len(), keys.len(), "every kid is unique");
    let mut algorithms = BTreeSet::new();
    for key in keys {
        assert_eq!(key["use"], "sig", "{key}");
        algorithms.insert(key["alg"].as_str().expect("alg"));
        let members: BTreeSet<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        let material: &[&str] = match key["kty"].as_str().expect("kty") {
            "EC" => &["crv", "x", "y"],
            "OKP" => &["crv", "x"],
            "RSA" => &["n", "e"],
            other => panic!("a key of kind {other}"),
        };
        let public = ["kty", "kid", "use", "alg"].iter().chain(material).copied();
        assert_eq!(members, public.collect(), "no private and no symmetric member");
        if key["kty"] == "RSA" {
            let modulus = jose::digest::base64url_decode(key["n"].as_str().unwrap()).unwrap();
            assert!(modulus.len() >= 256, "RSA of 2048 bits at least");
        }
    }
    assert_eq!(algorithms, BTreeSet::from(["ES256", "EdDSA", "RS256"]));
}

#[tokio::test]
async fn documents_may_be_kept_for_a_while_and_say_when_they_are_the_same() {
    // ATK-026
    let server = Server::start().await;
    for path in ["/.well-known/openid-configuration", "/jwks"] {
        let first = server.http.get(server.url(path)).send().await.unwrap();
        let headers = first.headers().clone();
        assert_eq!(headers["content-type"], "application/json");
        assert!(headers["cache-control"].to_str().unwrap().starts_with("public, max-age="));
        assert!(headers.contains_key("date"), "trap 18");
        let again = server.http.get(server.url(path)).header("if-none-match", &headers["etag"]);
        assert_eq!(again.send().await.unwrap().status(), 304);
        let odd = server.http.get(server.url(&format!("{path};x=.css"))).send().await.unwrap();
        assert_eq!(odd.status(), 404);
    }
}

#[tokio::test]
async fn programs_in_browsers_may_read_the_api_and_never_a_page() {
    // trap 22, ATK-027
    let server = Server::start().await;
    let ask = async |method: Method, path: &str, asked: Option<&str>| -> HeaderMap {
        let mut request = server
            .http
            .request(method, server.url(path))
            .header("origin", "https://spa.example")
            .header("cookie", "vneid-session=x");
        if let Some(asked) = asked {
            request = request
                .header("access-control-request-method", asked)
                .header("access-control-request-headers", "authorization");
        }
        request.send().await.unwrap().headers().clone()
    };
    let api = [
        (Method::GET, "/.well-known/openid-configuration"),
        (Method::GET, "/.well-known/oauth-authorization-server"),
        (Method::GET, "/jwks"),
        (Method::POST, "/token"),
        (Method::GET, "/userinfo"),
        (Method::POST, "/userinfo"),
        (Method::POST, "/revoke"),
    ];
    for (method, path) in api {
        let preflight = ask(Method::OPTIONS, path, Some(method.as_str())).await;
        assert!(
            preflight["access-control-allow-methods"].to_str().unwrap().contains(method.as_str())
        );
        let allowed = preflight["access-control-allow-headers"].to_str().unwrap();
        assert!(allowed.contains("authorization"), "{path}");
        for headers in [preflight, ask(method, path, None).await] {
            assert_eq!(headers["access-control-allow-origin"], "*", "{path}");
            assert!(!headers.contains_key("access-control-allow-credentials"), "{path}");
        }
    }
    for path in ["/authorize", "/login", "/consent", "/logout", "/home", "/introspect", "/nowhere"]
    {
        for (method, asked) in
            [(Method::GET, None), (Method::POST, None), (Method::OPTIONS, Some("GET"))]
        {
            let headers = ask(method, path, asked).await;
            assert!(!headers.contains_key("access-control-allow-origin"), "{path}");
        }
    }
}
