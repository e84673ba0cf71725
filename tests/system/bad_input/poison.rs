//! Hosts and proxies that lie about where we are.

use testkit::Server;

const LIES: [(&str, &str); 9] = [
    ("host", "evil.example"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-port", "444"),
    ("x-forwarded-prefix", "/evil"),
    ("x-forwarded-server", "evil.example"),
    ("x-original-url", "/evil"),
    ("x-rewrite-url", "/evil"),
    ("forwarded", "host=evil.example;proto=https"),
];

#[tokio::test]
async fn nothing_a_request_says_about_us_changes_what_we_say() {
    // ATK-025, ATK-026
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let paths = [
        "/.well-known/openid-configuration".to_owned(),
        "/.well-known/oauth-authorization-server".to_owned(),
        "/jwks".to_owned(),
        "/home".to_owned(),
        "/".to_owned(),
        "/logged-out".to_owned(),
        portal.authorize(&[]),
        portal.authorize(&[("prompt", "none")]),
    ];
    for path in paths {
        let honest = server.http.get(server.url(&path)).send().await.unwrap();
        let honest = (honest.status(), target(&honest), honest.text().await.unwrap());
        assert!(!honest.2.is_empty() || honest.1.is_some(), "{path}");
        for (name, value) in LIES {
            let request = server.http.get(server.url(&path)).header(name, value);
            let answer = request.send().await.unwrap();
            let (status, to) = (answer.status(), target(&answer));
            let body = answer.text().await.unwrap();
            // A foreign host may also be refused (RFC 9110 §15.5.20).
            if status.is_client_error() && !honest.0.is_client_error() {
                assert_eq!(name, "host", "{path}");
                continue;
            }
            assert_eq!((status, &to), (honest.0, &honest.1), "{name} at {path}");
            assert!(!body.contains("evil"), "{name} at {path}: {body}");
            if path.contains("well-known") {
                assert_eq!(body, honest.2, "{name} at {path}");
            }
        }
    }
}

#[tokio::test]
async fn the_issuer_in_tokens_and_answers_is_the_configured_one() {
    // ATK-025
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let portal = server.client("portal").create().await;
    let mut browser = server.browser();
    browser.authorize(&server, &portal, &citizen, &[]).await;
    let cookies: Vec<String> =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let request = server.http.get(server.url(&portal.authorize(&[("prompt", "none")])));
    let request = request.header("cookie", cookies.join("; "));
    let answer = request.header("x-forwarded-host", "evil.example").send().await.unwrap();
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let location = url::Url::parse(&location).unwrap();
    let value = |name: &str| {
        let found = location.query_pairs().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("no {name} in {location}")).1.into_owned()
    };
    assert_eq!(value("iss"), server.issuer);
    let tokens = portal.redeem(&server, &value("code")).await;
    assert_eq!(tokens.id_claims()["iss"], server.issuer.as_str());
}

/// Where it leads, without what is random in it.
fn target(answer: &reqwest::Response) -> Option<String> {
    let location = answer.headers().get("location")?.to_str().unwrap();
    Some(match location.split_once("interaction=") {
        Some((before, _)) => before.to_owned(),
        None => location.to_owned(),
    })
}
