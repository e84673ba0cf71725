//! Every endpoint without credentials, with garbage, by the wrong method.

use std::collections::BTreeMap;

use authorization_server::endpoints::{Caller, ENDPOINTS, Surface};
use reqwest::header::HeaderMap;
use reqwest::{Method, Response};
use serde_json::Value;
use testkit::Server;

const FORM: &str = "application/x-www-form-urlencoded";

/// An endpoint of either half of the server.
struct Door {
    method: Method,
    path: String,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    /// Answers everybody.
    Open,
    /// JSON, after authentication of a client or a bearer.
    Guarded,
    /// Takes what a matcher's page sends, and sends everybody else to the page of errors.
    Return,
    /// HTML.
    Page(Caller),
}

fn doors() -> Vec<Door> {
    let ours = ENDPOINTS.iter().map(|endpoint| Door {
        method: endpoint.method.clone(),
        path: endpoint.path.replace("{file}", "no-such-file"),
        kind: match (endpoint.surface(), endpoint.caller) {
            (Surface::Page, caller) => Kind::Page(caller),
            (_, Caller::Anybody) => Kind::Open,
            (_, Caller::MatchersBrowser) => Kind::Return,
            (_, _) => Kind::Guarded,
        },
    });
    let introspection = introspection::ENDPOINTS.iter().map(|endpoint| Door {
        method: endpoint.method.parse().unwrap(),
        path: endpoint.path.to_owned(),
        kind: match endpoint.caller {
            introspection::Caller::ConfidentialClient => Kind::Guarded,
            introspection::Caller::Anybody => Kind::Open,
        },
    });
    ours.chain(introspection).collect()
}

async fn knock(server: &Server, door: &Door, query: &str, body: &str) -> Response {
    let url = server.url(&format!("{}{query}", door.path));
    let mut request = server.http.request(door.method.clone(), url);
    if door.method == Method::POST {
        request = request.header("content-type", FORM).body(body.to_owned());
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn nobody_gets_more_than_a_refusal_without_credentials() {
    // scorecard 12
    let server = Server::start().await;
    for door in doors() {
        let (what, kind) = (format!("{} {}", door.method, door.path), door.kind);
        let answer = knock(&server, &door, "", "").await;
        let status = answer.status().as_u16();
        match kind {
            Kind::Open => assert!(matches!(status, 200 | 404), "{what}: {status}"),
            Kind::Guarded => check_json_refusal(&what, answer).await,
            Kind::Return => check_turned_away(&what, &answer),
            Kind::Page(caller) => {
                check_page_headers(&what, answer.headers());
                let location = answer.headers().get("location");
                let location = location.map(|value| value.to_str().unwrap().to_owned());
                match (caller, &door.method) {
                    (Caller::Holder, &Method::GET) => {
                        assert_eq!(status, 303, "{what}");
                        let target = location.expect("to the login page");
                        assert!(target.starts_with("/login?interaction=vin1_"), "{what}: {target}");
                    }
                    // Nothing is done on behalf of whoever has no form of ours (ATK-091).
                    (Caller::Holder | Caller::SameBrowser, &Method::POST) => {
                        assert!(matches!(status, 400 | 403 | 303), "{what}: {status}");
                        assert!(location.is_none_or(|to| to.starts_with("/logout")), "{what}");
                    }
                    (Caller::RelyingPartysBrowser, &Method::GET) => {
                        assert_eq!(status, 400, "{what}");
                    }
                    _ => assert!(status < 500, "{what}: {status}"),
                }
            }
        }
    }
}

/// Sets no cookie either: it comes from another site.
fn check_turned_away(what: &str, answer: &Response) {
    assert_eq!(answer.status(), 303, "{what}");
    assert_eq!(answer.headers()["location"], "/error", "{what}");
    assert!(!answer.headers().contains_key("set-cookie"), "{what}");
}

#[tokio::test]
async fn garbage_is_refused_and_never_our_fault() {
    let server = Server::start().await;
    let garbage = [
        "%",
        "a=%zz",
        "=",
        "a=1&a=2",
        "client_id=%00",
        "\u{202e}=\u{feff}",
        "interaction=vin1_x",
        "token=x&client_id=nobody&client_secret=x",
        "csrf=x&interaction=x&totp=1",
        "prompt=none&scope=%0a",
    ];
    for door in doors() {
        for text in garbage {
            let what = format!("{} {} {text}", door.method, door.path);
            let query = if text.is_ascii() { format!("?{text}") } else { String::new() };
            let answer = knock(&server, &door, &query, text).await;
            let status = answer.status().as_u16();
            assert!(status < 500, "{what}: {status}");
            match door.kind {
                Kind::Open => {}
                Kind::Guarded => check_json_refusal(&what, answer).await,
                Kind::Return => check_turned_away(&what, &answer),
                Kind::Page(_) => {
                    check_page_headers(&what, answer.headers());
                    let to = answer.headers().get("location").map(|to| to.to_str().unwrap());
                    assert!(to.is_none_or(|to| to.starts_with('/')), "{what}: leads out to {to:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_method_that_is_not_in_the_table_is_not_allowed() {
    let server = Server::start().await;
    let mut known: BTreeMap<String, (Vec<Method>, Kind)> = BTreeMap::new();
    for door in doors() {
        known.entry(door.path).or_insert((Vec::new(), door.kind)).0.push(door.method);
    }
    let tried =
        [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::TRACE];
    for (path, (methods, kind)) in known {
        for method in tried.iter().filter(|method| !methods.contains(method)) {
            let request = server.http.request(method.clone(), server.url(&path));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 405, "{method} {path}");
            assert!(answer.headers().contains_key("allow"), "{method} {path}: RFC 9110 §15.5.6");
            if let Kind::Page(_) = kind {
                check_page_headers(&format!("{method} {path}"), answer.headers());
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_a_page_with_all_its_protection() {
    let server = Server::start().await;
    for path in ["/nowhere", "/login/", "/home/../login/x", "/.git/config", "/authorize/x"] {
        let answer = server.http.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        check_page_headers(path, answer.headers());
    }
}

/// RFC 6749 §5.2, RFC 6750 §3: a registered code, and nothing kept.
async fn check_json_refusal(what: &str, answer: Response) {
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    assert!(matches!(status, 400 | 401), "{what}: {status}");
    assert_eq!(headers["cache-control"], "no-store", "{what}");
    assert_eq!(headers["x-content-type-options"], "nosniff", "{what}");
    assert!(headers.contains_key("x-request-id"), "{what}");
    let body = answer.text().await.unwrap();
    if body.is_empty() {
        assert!(headers.contains_key("www-authenticate"), "{what}: RFC 6750 §3.1");
        return;
    }
    let body: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{what}: {body}"));
    let code = body["error"].as_str().unwrap_or_else(|| panic!("{what}: {body}"));
    let registered = ["invalid_request", "invalid_client", "invalid_token"];
    assert!(registered.contains(&code), "{what}: {code}");
}

/// ATK-093, ATK-122: on every page, errors and redirects included.
fn check_page_headers(what: &str, headers: &HeaderMap) {
    let value = |name: &str| {
        let value = headers.get(name).unwrap_or_else(|| panic!("{what}: no {name}"));
        value.to_str().unwrap().to_owned()
    };
    let policy = value("content-security-policy");
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
    assert!(policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    assert!(policy.starts_with("default-src 'none'"), "{what}: {policy}");
    assert_eq!(value("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(value("cache-control"), "no-store", "{what}");
    assert_eq!(value("referrer-policy"), "same-origin", "{what}");
    assert_eq!(value("x-frame-options"), "DENY", "{what}");
    assert!(!value("x-request-id").is_empty(), "{what}");
}
