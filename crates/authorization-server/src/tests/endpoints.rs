use std::collections::BTreeSet;

use axum::body::Body;
use http::{Method, Request, StatusCode, header};

use super::house::{House, Seen, call};
use crate::endpoints::{ENDPOINTS, Surface};

async fn asked(house: &House, method: &Method, path: &str) -> Seen {
    let file = if path.starts_with("/app/") { "app.css" } else { "vneid.css" };
    let path = path.replace("{file}", file);
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    call(&house.router, request).await
}

#[tokio::test]
async fn every_endpoint_of_the_table_answers_and_no_other_method_does() {
    let house = House::open().await;
    let paths: BTreeSet<_> = ENDPOINTS.iter().map(|endpoint| endpoint.path).collect();
    for path in paths {
        let in_table = |method: &Method| {
            ENDPOINTS.iter().any(|endpoint| endpoint.path == path && endpoint.method == *method)
        };
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let seen = asked(&house, &method, path).await;
            if in_table(&method) {
                assert_ne!(seen.status, StatusCode::NOT_FOUND, "{method} {path}");
                assert_ne!(seen.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            } else {
                assert_eq!(seen.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
                let allowed = seen.headers[header::ALLOW].to_str().unwrap();
                assert_eq!(allowed.contains("GET"), in_table(&Method::GET), "{method} {path}");
            }
            assert!(seen.status != StatusCode::INTERNAL_SERVER_ERROR, "{method} {path}");
            assert_eq!(seen.headers["x-request-id"].len(), 17, "{method} {path}");
            assert_eq!(seen.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        }
    }
}

#[tokio::test]
async fn every_answer_of_a_page_is_protected_also_its_errors() {
    // ATK-093, BCP-20, BCP-25
    let house = House::open().await;
    let pages = ENDPOINTS.iter().filter(|endpoint| endpoint.surface() == Surface::Page);
    let mut paths: Vec<_> =
        pages.map(|endpoint| (endpoint.method.clone(), endpoint.path)).collect();
    paths.push((Method::GET, "/no/such/page"));
    paths.push((Method::DELETE, "/login"));
    for (method, path) in paths {
        let seen = asked(&house, &method, path).await;
        let policy = seen.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'"), "{method} {path}: {policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        // Passkeys, and the one page that asks by itself how things stand.
        let asks = method == Method::GET && matches!(path, "/login" | "/login/app");
        assert_eq!(policy.contains("script-src 'self'"), asks, "{method} {path}: {policy}");
        assert_eq!(seen.headers[header::X_FRAME_OPTIONS], "DENY", "{method} {path}");
        assert_eq!(seen.headers[header::CACHE_CONTROL], "no-store", "{method} {path}");
        assert!(!seen.headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), "{path}");
        if seen.status.is_client_error() {
            assert!(seen.body.contains("<h1"), "{method} {path} has no page");
        }
    }
}

#[tokio::test]
async fn programs_of_any_origin_may_read_the_open_endpoints_without_credentials() {
    // ATK-027
    let house = House::open().await;
    for endpoint in ENDPOINTS.iter().filter(|endpoint| endpoint.surface() == Surface::OpenApi) {
        let seen = asked(&house, &endpoint.method, endpoint.path).await;
        assert_eq!(seen.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{}", endpoint.path);
        assert!(!seen.headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
        let preflight = Request::builder()
            .method(Method::OPTIONS)
            .uri(endpoint.path)
            .header(header::ORIGIN, "https://app.example")
            .header(header::ACCESS_CONTROL_REQUEST_METHOD, "POST")
            .body(Body::empty())
            .unwrap();
        let seen = call(&house.router, preflight).await;
        assert_eq!(seen.status, StatusCode::NO_CONTENT, "{}", endpoint.path);
    }
}

#[tokio::test]
async fn nobody_but_the_own_page_in_the_own_browser_may_post_a_form() {
    // ATK-091
    let house = House::open().await;
    let posts = ENDPOINTS.iter().filter(|endpoint| {
        endpoint.method == Method::POST
            && endpoint.surface() == Surface::Page
            && endpoint.path != "/authorize"
    });
    for endpoint in posts {
        for origin in ["https://evil.example", super::house::ISSUER] {
            let request = Request::builder()
                .method(Method::POST)
                .uri(endpoint.path)
                .header(header::ORIGIN, origin)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from("decision=yes&csrf=guess"))
                .unwrap();
            let seen = call(&house.router, request).await;
            assert_eq!(seen.status, StatusCode::FORBIDDEN, "{origin} {}", endpoint.path);
        }
    }
}

#[tokio::test]
async fn both_metadata_documents_are_the_same_and_carry_a_validator() {
    // DI-04, ATK-026
    let house = House::open().await;
    let openid = asked(&house, &Method::GET, "/.well-known/openid-configuration").await;
    let oauth = asked(&house, &Method::GET, "/.well-known/oauth-authorization-server?x=1").await;
    assert_eq!(openid.body, oauth.body);
    assert_eq!(openid.headers[header::ETAG], oauth.headers[header::ETAG]);
    assert_eq!(openid.headers[header::CONTENT_TYPE], "application/json");
    let again = Request::builder()
        .uri("/.well-known/openid-configuration")
        .header(header::IF_NONE_MATCH, &openid.headers[header::ETAG])
        .body(Body::empty())
        .unwrap();
    assert_eq!(call(&house.router, again).await.status, StatusCode::NOT_MODIFIED);
}
