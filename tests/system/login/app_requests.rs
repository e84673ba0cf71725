//! What the app signs: nothing of it can be changed, repeated, carried elsewhere or made by others.

use std::collections::BTreeSet;
use std::time::Duration;

use authorization_server::endpoints::{ENDPOINTS, Surface};
use serde_json::{Value, json};
use testkit::app::Signer;
use testkit::{App, Server};

const ACTION: &str = "pending";

async fn bound() -> (Server, App) {
    let server = Server::start().await;
    let lan = server.citizen().create().await;
    let app = App::of(&server, &lan).await;
    (server, app)
}

#[tokio::test]
async fn every_signed_value_is_bound() {
    // scorecard 12: each changed alone must be refused
    let (server, app) = bound().await;
    let other_path = server.url("/app/v1/deny");
    let now = server.now().unix_seconds();
    for (part, name, value, refusal) in [
        ("claims", "aud", json!("https://evil.example"), "invalid_token"),
        ("claims", "aud", json!([server.issuer]), "invalid_token"),
        ("claims", "htm", json!("GET"), "invalid_token"),
        ("claims", "htu", json!(other_path), "invalid_token"),
        ("claims", "iat", json!(now - 60), "stale_request"),
        ("claims", "iat", json!(now + 11), "stale_request"),
        ("claims", "iat", json!("now"), "invalid_token"),
        ("claims", "jti", json!("short"), "invalid_token"),
        ("claims", "req", json!([]), "invalid_token"),
        ("header", "typ", json!("JWT"), "invalid_token"),
        ("header", "typ", json!("dpop+jwt"), "invalid_token"),
        ("header", "alg", json!("none"), "invalid_token"),
        ("header", "alg", json!("HS256"), "invalid_token"),
        ("header", "kid", json!("nobody"), "invalid_request"),
        ("header", "crit", json!(["exp"]), "invalid_request"),
    ] {
        let mut envelope = app.envelope(&server, ACTION, json!({}));
        let target = if part == "claims" { &mut envelope.claims } else { &mut envelope.header };
        target[name] = value.clone();
        let said = app.send(&server, ACTION, &app.sign(&envelope, Signer::Device)).await;
        assert_eq!(said.error(), refusal, "{name} = {value}");
        assert!((400..=401).contains(&said.status.as_u16()), "{name}: {said:?}");
    }
}

#[tokio::test]
async fn a_telephone_with_a_wrong_clock_is_told_the_time() {
    let (server, app) = bound().await;
    let token = app.sign(&app.envelope(&server, ACTION, json!({})), Signer::Device);
    server.clock.advance(Duration::from_mins(1));
    let said = app.send(&server, ACTION, &token).await;
    assert_eq!(said.error(), "stale_request");
    assert_eq!(said.body["server_time"], server.now().unix_seconds());
}

#[tokio::test]
async fn a_request_is_heard_once() {
    // ATK-050
    let (server, app) = bound().await;
    let token = app.sign(&app.envelope(&server, ACTION, json!({})), Signer::Device);
    assert_eq!(app.send(&server, ACTION, &token).await.status, 200);
    assert_eq!(app.send(&server, ACTION, &token).await.error(), "invalid_token");
    server.clock.advance(Duration::from_secs(59));
    assert_eq!(app.send(&server, ACTION, &token).await.error(), "invalid_token");
}

#[tokio::test]
async fn another_telephone_or_another_body_does_not_fit_the_signature() {
    let (server, app) = bound().await;
    let mut thief = App::new();
    thief.handle.clone_from(&app.handle);
    let said = thief.ask(&server, ACTION, json!({})).await;
    assert_eq!((said.status.as_u16(), said.error()), (401, "invalid_token"));
    let approve = thief.approve(&server, "AAAAAAAAAAAAAAAAAAAAAA", "42").await;
    assert_eq!(approve.error(), "invalid_token");
    let sign = |content: Value| {
        let mut envelope = app.envelope(&server, ACTION, content);
        envelope.claims["jti"] = json!("the-same-identifier");
        app.sign(&envelope, Signer::Device)
    };
    let (one, two) = (sign(json!({})), sign(json!({ "x": 1 })));
    let (input, _) = two.rsplit_once('.').unwrap();
    let (_, signature) = one.rsplit_once('.').unwrap();
    let said = app.send(&server, ACTION, &format!("{input}.{signature}")).await;
    assert_eq!(said.error(), "invalid_token");
}

#[tokio::test]
async fn the_device_key_does_not_pass_for_the_one_behind_the_pin() {
    // L4
    let (server, app) = bound().await;
    let mut envelope = app.envelope(&server, ACTION, json!({}));
    envelope.header["kid"] = json!(format!("{}.uv", app.handle.as_ref().unwrap()));
    let token = app.sign(&envelope, Signer::Device);
    assert_eq!(app.send(&server, ACTION, &token).await.error(), "invalid_token");
}

#[tokio::test]
async fn what_is_large_slow_to_name_or_no_request_is_refused() {
    // ATK-125, ATK-042
    let (server, app) = bound().await;
    let large = app.envelope(&server, ACTION, json!({ "x": "x".repeat(9000) }));
    let said = app.send(&server, ACTION, &app.sign(&large, Signer::Device)).await;
    assert_eq!(said.status, 413);
    for garbage in ["", "x", "a.b.c", "e30.e30.", &"[".repeat(5000)] {
        let said = app.send(&server, ACTION, garbage).await;
        assert_eq!((said.status.as_u16(), said.error()), (400, "invalid_request"), "{garbage}");
    }
    let request = server.http.post(server.url("/app/v1/pending")).body("{}");
    let answer = request.header("content-type", "application/json").send().await.unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn a_telephone_that_asks_without_end_is_asked_to_wait() {
    // ATK-142
    let (server, app) = bound().await;
    let mut refused = 0;
    for _ in 0..70 {
        let said = app.ask(&server, ACTION, json!({})).await;
        refused += u32::from(said.status == 429);
    }
    assert_eq!(refused, 10);
}

#[tokio::test]
async fn no_page_of_another_origin_can_ask_and_no_cookie_counts() {
    let (server, app) = bound().await;
    let token = app.sign(&app.envelope(&server, ACTION, json!({})), Signer::Device);
    let request = server.http.post(server.url("/app/v1/pending")).body(token);
    let request = request.header("origin", "https://evil.example");
    let answer = request.header("content-type", "application/jose").send().await.unwrap();
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

/// Routes under `/app/v1/` and what `docs/api/app.yaml` says of them.
#[test]
fn the_description_of_the_interface_has_every_route_and_its_examples_fit() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/api/app.yaml");
    let document: Value = serde_norway::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    let served: BTreeSet<&str> = ENDPOINTS
        .iter()
        .filter(|endpoint| endpoint.surface() == Surface::AppApi)
        .map(|endpoint| endpoint.path)
        .collect();
    let described: BTreeSet<&str> =
        document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(served, described);
    let mut examples = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let operation = &item["post"];
        let content = &operation["requestBody"]["content"]["application/jose"];
        examples += check_examples(path, &document, content);
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = resolved(&document, response);
            let content = &response["content"]["application/json"];
            examples += check_examples(&format!("{path} {status}"), &document, content);
        }
    }
    assert!(examples >= 12, "{examples}");
}

fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

fn check_examples(place: &str, document: &Value, content: &Value) -> usize {
    let one = content.get("example").map(|example| ("example", example));
    let many = content["examples"].as_object().into_iter().flatten();
    let many = many.map(|(name, example)| (name.as_str(), &example["value"]));
    let all: Vec<_> = one.into_iter().chain(many).collect();
    for (name, example) in &all {
        fits(&format!("{place}: {name}"), document, &content["schema"], example);
    }
    all.len()
}

/// As much of JSON Schema as the document uses.
fn fits(place: &str, document: &Value, schema: &Value, value: &Value) {
    let schema = resolved(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let null = choices.iter().any(|choice| choice["type"] == "null");
        if value.is_null() && null {
            return;
        }
        let other = choices.iter().find(|choice| choice["type"] != "null").unwrap();
        return fits(place, document, other, value);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => panic!("{place}: a schema without type"),
    };
    let found = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(types.contains(&found), "{place}: {value} is no {types:?}");
    if let Some(allowed) = schema["enum"].as_array() {
        assert!(allowed.contains(value), "{place}: {value} is none of {allowed:?}");
    }
    if let Value::Array(items) = value {
        for item in items {
            fits(place, document, &schema["items"], item);
        }
    }
    let Value::Object(members) = value else { return };
    for required in schema["required"].as_array().into_iter().flatten() {
        assert!(members.contains_key(required.as_str().unwrap()), "{place}: no {required}");
    }
    for (name, member) in members {
        let property = &schema["properties"][name];
        assert!(!property.is_null(), "{place}: {name} is not described");
        fits(&format!("{place}.{name}"), document, property, member);
    }
}
