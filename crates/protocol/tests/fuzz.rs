//! Arbitrary bytes against every parser: none may panic, and what is accepted must hold what its
//! type promises. `cargo test` runs each briefly; `BOLERO_RANDOM_TEST_TIME_MS` lengthens it. Seeds
//! are kept under `tests/__fuzz__`. Random bytes alone would seldom pass the first check, so each
//! input is tried as it is and spelled with the words of the format.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bolero::check;
use protocol::authorize::AuthorizationTarget;
use protocol::bearer::presented_token;
use protocol::end_session::EndSessionRequest;
use protocol::introspect::IntrospectionRequest;
use protocol::json::{MAX_DEPTH, parse_bounded};
use protocol::revoke::RevocationRequest;
use protocol::{
    ApplicationType, AuthorizationRequest, AuthorizationResponse, ClaimsRequest, CodeChallenge,
    CodeVerifier, Environment, ErrorContext, Issuer, Params, PresentedClient,
    RegisteredRedirectUri, RenderedResponse, ScopeSet, TokenRequest,
};

/// The words of form-encoded requests, names with their separators.
const FORM: &[&str] = &[
    "&client_id=portal&response_type=code",
    "&grant_type=authorization_code&code=c",
    "&grant_type=refresh_token&refresh_token=r",
    "&client_id=portal&client_secret=s",
    "&client_id=",
    "portal",
    "&response_type=code",
    "&scope=",
    "openid",
    "+profile",
    "&state=",
    "%20x",
    "&nonce=",
    "&prompt=",
    "none",
    "login",
    "+consent",
    "&max_age=",
    "300",
    "&response_mode=",
    "form_post",
    "query",
    "&claims=",
    "%7B%22id_token%22:%7B%22acr%22:null%7D%7D",
    "&authorization_details=",
    "%5B%7B%22type%22:%22urn:vn:eid:transaction%22,%22kind%22:%22transfer%22,",
    "%22amount%22:20000000,%22reference%22:%22r%22%7D%5D",
    "&acr_values=",
    "&display=page",
    "&ui_locales=",
    "vi",
    "&id_token_hint=",
    "e30.e30.c2ln",
    "&redirect_uri=",
    "https://p.vn/cb",
    "&request=",
    "&code_challenge_method=S256",
    "&code_challenge=",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "&client_secret=",
    "&client_assertion=",
    "&client_assertion_type=",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    "&grant_type=",
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "&code=",
    "&code_verifier=",
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "&refresh_token=",
    "&token=",
    "&token_type_hint=",
    "&post_logout_redirect_uri=",
    "&logout_hint=",
    "%00",
    "%C4%91",
    "%ff",
    "%",
    "=",
];
const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u0061",
    "\"a\":",
    "\"b\":",
    "\"userinfo\":{",
    "\"id_token\":{",
    "\"acr\":{",
    "\"name#vi\":null",
    "\"essential\":true",
    "\"value\":",
    "\"values\":[",
    "null",
    "true",
    "1",
    "-0",
    ".5",
    "e9",
    "9007199254740993",
    "\\ud800",
    "}}",
    " ",
    "\n",
];
const URI: &[&str] = &[
    "https://",
    "http://",
    "portal.example.vn",
    "127.0.0.1",
    "[::1]",
    "localhost",
    ":",
    "80",
    "443",
    "/",
    "callback",
    "https://portal.example.vn/callback",
    "..",
    ".",
    "%2e",
    "%2f",
    "\\",
    "@",
    "#",
    "?",
    "code=",
    "a=1",
    "&",
    ";",
    "*",
    "javascript:",
    "vn.gov.app:/",
    "\t",
    "xn--",
    "đ",
    "//",
];
const TOKENS: &[&str] = &[
    "openid",
    "profile",
    " ",
    "vn_identity",
    "\"",
    "\\",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-c",
    "M",
    "N",
    "=",
    "+",
    "-._~",
    "a",
];
const HEADER: &[&str] = &[
    "Basic ",
    "basic ",
    "Bearer ",
    "bearer",
    "cDpz",
    "cG9ydGFsOnMzY3JldA==",
    "cDo=",
    "=",
    " ",
    "a.b-c_d~e+f/",
    "e30.e30.c2ln",
    ",",
    "\"",
];

/// Gives `judge` the bytes as they are, then spelled: high bytes become words, low ones stay.
fn try_both(input: &[u8], words: &[&str], judge: impl Fn(&[u8])) {
    judge(input);
    let length = input.first().map_or(0, |first| usize::from(first % 24));
    let spelled: Vec<u8> = input
        .iter()
        .skip(1)
        .take(length)
        .flat_map(|byte| match usize::from(*byte) {
            word @ 32.. => {
                words.iter().cycle().nth(word).map_or(vec![], |word| word.as_bytes().to_vec())
            }
            _ => vec![*byte],
        })
        .collect();
    judge(&spelled);
}

fn text(input: &[u8]) -> &str {
    std::str::from_utf8(input).unwrap_or_default()
}

#[test]
fn params() {
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, FORM, |input| {
            if let Ok(params) = Params::parse(input) {
                let state = params.get("state").unwrap_or_default();
                assert!(!state.chars().any(char::is_control));
                let again = Params::merge(params.clone(), params.clone());
                assert_eq!(again.is_ok(), params.names().next().is_none());
            }
        });
    });
}

#[test]
fn json() {
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, JSON, |input| {
            if let Ok(value) = parse_bounded(input, 4096, MAX_DEPTH) {
                let elsewhere: serde_json::Value =
                    serde_json::from_slice(input).expect("looser reader");
                assert_eq!(value, elsewhere);
            }
        });
    });
}

#[test]
fn scope() {
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, TOKENS, |input| {
            if let Ok(scopes) = ScopeSet::parse(text(input)) {
                assert_eq!(ScopeSet::parse(&scopes.to_string()), Ok(scopes));
            }
        });
    });
}

#[test]
fn pkce() {
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, TOKENS, |input| {
            if let Ok(challenge) = CodeChallenge::parse(text(input)) {
                assert_eq!(challenge.to_string(), text(input));
            }
            if let Ok(verifier) = CodeVerifier::parse(text(input)) {
                assert!(verifier.challenge().is_met_by(&verifier));
            }
        });
    });
}

#[test]
fn authorization_request() {
    let issuer = Issuer::parse("https://id.example.vn", Environment::Production).expect("issuer");
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, FORM, |input| {
            let Ok(params) = Params::parse(input) else { return };
            let context = ErrorContext::from_params(&params);
            let response =
                AuthorizationResponse::success("https://p.vn/cb", "c", &context, &issuer);
            if let RenderedResponse::Redirect { location } = response.render() {
                assert!(location.bytes().all(|b| b.is_ascii_graphic()));
            }
            if let Ok(request) = AuthorizationRequest::from_params(&params) {
                assert!(AuthorizationTarget::from_params(&params).is_ok());
                assert_eq!(request.error_context(), context);
                let sealed = serde_json::to_vec(&request).expect("writes");
                let opened: AuthorizationRequest = serde_json::from_slice(&sealed).expect("reads");
                assert_eq!(opened, request);
            }
        });
    });
}

#[test]
fn claims_request() {
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, JSON, |input| {
            if let Ok(request) = ClaimsRequest::parse(text(input)) {
                let written = serde_json::to_string(&request).expect("writes");
                assert_eq!(ClaimsRequest::parse(&written), Ok(request));
            }
        });
    });
}

#[test]
fn redirect_uri() {
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, URI, |input| {
            let uri = text(input);
            let honest = RegisteredRedirectUri::parse(
                "https://portal.example.vn/callback",
                ApplicationType::Native,
                Environment::Development,
            );
            let same = uri == "https://portal.example.vn/callback";
            assert_eq!(honest.expect("registers").matches(uri), same);
            for application in [ApplicationType::Web, ApplicationType::Native] {
                for environment in [Environment::Production, Environment::Development] {
                    if let Ok(registered) =
                        RegisteredRedirectUri::parse(uri, application, environment)
                    {
                        assert!(registered.matches(uri));
                        assert!(
                            uri.bytes().all(|b| b.is_ascii_graphic()) && !uri.contains(['#', '\\'])
                        );
                    }
                }
            }
        });
    });
}

#[test]
fn client_authentication() {
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, FORM, |input| {
            let basic = format!("Basic {}", STANDARD.encode(input));
            let (header, body) = input.split_at(input.len() / 2);
            let params = Params::parse(body).unwrap_or_default();
            let _ = PresentedClient::from(Some(basic.as_bytes()), &Params::default());
            let _ = PresentedClient::from(Some(header), &params);
            let _ = PresentedClient::from(None, &params);
        });
    });
}

#[test]
fn back_channel_requests() {
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, FORM, |input| {
            let Ok(params) = Params::parse(input) else { return };
            let _ = TokenRequest::from_params(&params);
            let introspection = IntrospectionRequest::from_params(&params);
            assert_eq!(introspection.is_ok(), RevocationRequest::from_params(&params).is_ok());
            let _ = EndSessionRequest::from_params(&params);
        });
    });
}

#[test]
fn bearer() {
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, HEADER, |input| {
            if let Ok(Some(token)) = presented_token(Some(input), &Params::default(), None) {
                assert!(input.ends_with(token.expose_secret().as_bytes()));
            }
        });
    });
}

#[test]
fn issuer() {
    check!().with_max_len(512).for_each(|input: &[u8]| {
        try_both(input, URI, |input| {
            if let Ok(issuer) = Issuer::parse(text(input), Environment::Development) {
                assert_eq!(issuer.as_str(), text(input));
                assert!(issuer.endpoint("/token").starts_with(text(input)));
                assert!(issuer.oauth_metadata_url().contains("/.well-known/"));
            }
        });
    });
}
