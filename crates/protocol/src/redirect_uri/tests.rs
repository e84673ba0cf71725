use proptest::prelude::*;

use super::*;

fn web(uri: &str) -> Result<RegisteredRedirectUri, RedirectUriError> {
    RegisteredRedirectUri::parse(uri, ApplicationType::Web, Environment::Production)
}

fn native(uri: &str) -> Result<RegisteredRedirectUri, RedirectUriError> {
    RegisteredRedirectUri::parse(uri, ApplicationType::Native, Environment::Production)
}

/// What attackers present instead of `https://portal.example.vn/callback` (ATK-007).
const HOSTILE: &str = include_str!("hostile.txt");

/// Those with bytes that do not survive in a list of lines.
const HOSTILE_BYTES: [&str; 14] = [
    "",
    " https://portal.example.vn/callback",
    "https://portal.example.vn/callback ",
    "https://portal.example.vn/callback\u{200b}",
    "\nhttps://portal.example.vn/callback",
    "https://portal.example.vn/callback\n",
    "https://portal.example.vn/callback\r\nLocation: https://evil.example",
    "https://portal.example.vn\t/callback",
    "https://portal\n.example.vn/callback",
    "htt\tps://portal.example.vn/callback",
    "https://portal.example.vn/callback\0",
    "https://portal.example.vn\0.evil.example/callback",
    "https://portal.example.vn/callback\u{202e}",
    "\u{feff}https://portal.example.vn/callback",
];

fn hostile() -> impl Iterator<Item = &'static str> {
    HOSTILE.lines().chain(HOSTILE_BYTES)
}

#[test]
fn nothing_but_the_same_bytes_matches() {
    // ATK-007, BCP-01, op-traps 9
    let registered = web("https://portal.example.vn/callback").unwrap();
    let as_native = native("https://portal.example.vn/callback").unwrap();
    assert!(registered.matches("https://portal.example.vn/callback"));
    assert!(hostile().count() >= 100, "{}", hostile().count());
    for uri in hostile() {
        assert!(!registered.matches(uri), "{uri:?}");
        assert!(!as_native.matches(uri), "{uri:?}");
    }
    assert!(
        !registered.matches(&format!("https://portal.example.vn/callback{}", "a".repeat(1 << 20)))
    );
}

#[test]
fn what_is_hostile_in_form_cannot_be_registered_either() {
    // ATK-007. The rest of the corpus is honest for somebody else's host or path.
    let forms = [
        "\\",
        "@",
        "#",
        "%00",
        "%09",
        "%0a",
        "%0d",
        "%23",
        "%25",
        "%2e",
        "%2E",
        "%2f",
        "%2F",
        "%5c",
        "/../",
        "/./",
        ";",
        "*",
        ":443/",
        "javascript:",
        "data:",
        "file:",
        "blob:",
        "\n",
        "\t",
        "\0",
        " ",
        "http:",
        "HTTPS",
        "Https",
        ":/callback",
    ];
    let mut seen = 0;
    for uri in
        hostile().filter(|uri| forms.iter().any(|form| uri.contains(form)) || !uri.is_ascii())
    {
        // An @ in the path is an ordinary character.
        if uri == "https://evil.example/@portal.example.vn/callback" {
            continue;
        }
        seen += 1;
        assert!(web(uri).is_err(), "{uri:?}");
        assert!(native(uri).is_err(), "{uri:?}");
    }
    assert!(seen > 60, "{seen}");
}

#[test]
fn honest_uris_are_registered() {
    for uri in [
        "https://portal.example.vn/callback",
        "https://portal.example.vn",
        "https://portal.example.vn/",
        "https://portal.example.vn:8443/a/b.c?dummy1=lorem&dummy2=ipsum",
        "https://xn--cng-hoa.vn/%C4%91%C4%83ng-nh%E1%BA%ADp",
    ] {
        let registered = web(uri).unwrap_or_else(|fault| panic!("{uri}: {fault}"));
        assert!(registered.matches(uri));
    }
    assert!(native("vn.gov.portal.app:/callback").is_ok());
    assert!(native("vn.gov.portal.app://callback?x=1").is_ok());
}

#[test]
fn a_query_with_response_parameters_is_refused() {
    // ATK-010
    for name in RESPONSE_PARAMETERS.into_iter().chain(["%63ode", "st%61te", "x=1&iss"]) {
        for uri in [format!("https://p.vn/cb?{name}=1"), format!("https://p.vn/cb?{name}")] {
            assert_eq!(web(&uri), Err(RedirectUriError::Query), "{uri}");
        }
    }
    assert_eq!(native("vn.gov.app:/cb?code=1"), Err(RedirectUriError::Query));
    assert_eq!(web("https://p.vn/cb?a=1&a=2"), Err(RedirectUriError::Query));
}

#[test]
fn plain_http_is_for_loopback_only() {
    // BCP-19
    use ApplicationType::{Native, Web};
    use Environment::{Development, Production};
    let cases = [
        ("http://127.0.0.1/cb", Native, Production, true),
        ("http://[::1]:4000/cb", Native, Production, true),
        ("http://localhost/cb", Native, Production, false),
        ("http://127.0.0.1/cb", Web, Production, false),
        ("http://127.0.0.1:9000/cb", Web, Development, true),
        ("http://localhost:9000/cb", Web, Development, true),
        ("http://localhost.evil.example/cb", Web, Development, false),
        ("http://127.0.0.2/cb", Native, Development, false),
        ("http://portal.example.vn/cb", Native, Development, false),
        ("vn.gov.app:/cb", Web, Development, false),
        ("app:/cb", Native, Development, false),
        ("javascript:alert(1)", Native, Development, false),
    ];
    for (uri, application, environment, allowed) in cases {
        let result = RegisteredRedirectUri::parse(uri, application, environment);
        assert_eq!(result.is_ok(), allowed, "{uri} {application:?} {environment:?}");
    }
}

#[test]
fn only_a_native_loopback_port_may_vary() {
    // BCP-01, RFC 8252 §7.3
    let registered = native("http://127.0.0.1/cb?x=1").unwrap();
    assert!(registered.matches("http://127.0.0.1:49152/cb?x=1"));
    assert!(registered.matches("http://127.0.0.1:1/cb?x=1"));
    for other in [
        "http://127.0.0.1:/cb?x=1",
        "http://127.0.0.1:0/cb?x=1",
        "http://127.0.0.1:080/cb?x=1",
        "http://127.0.0.1:65536/cb?x=1",
        "http://127.0.0.1:80/cb",
        "http://127.0.0.1:80@evil.example/cb?x=1",
        "http://127.0.0.1.evil.example/cb?x=1",
        "http://127.0.0.1:1.evil.example/cb?x=1",
        "http://localhost:80/cb?x=1",
        "http://[::1]:80/cb?x=1",
        "https://127.0.0.1:80/cb?x=1",
    ] {
        assert!(!registered.matches(other), "{other}");
    }
    let bare = native("http://[::1]").unwrap();
    assert!(bare.matches("http://[::1]:5000"));
    assert!(!bare.matches("http://[::1]:5000/"));
    let development = Environment::Development;
    let web =
        RegisteredRedirectUri::parse("http://127.0.0.1/cb", ApplicationType::Web, development);
    assert!(!web.unwrap().matches("http://127.0.0.1:5000/cb"));
    let named =
        RegisteredRedirectUri::parse("http://localhost/cb", ApplicationType::Native, development);
    assert!(!named.unwrap().matches("http://localhost:5000/cb"));
}

proptest! {
    #[test]
    fn a_web_uri_matches_itself_and_nothing_else(
        path in "[a-z0-9/_-]{0,20}", presented in "https://portal\\.example\\.vn/[a-z0-9/_%.-]{0,20}"
    ) {
        let uri = format!("https://portal.example.vn/{path}");
        let registered = web(&uri).unwrap();
        prop_assert!(registered.matches(&uri));
        prop_assert_eq!(registered.matches(&presented), uri == presented);
    }
}
