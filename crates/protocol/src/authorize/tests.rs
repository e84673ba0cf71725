use proptest::prelude::*;

use super::*;

const MINIMAL: &str = "client_id=portal&response_type=code&scope=openid";

fn read(query: &str) -> Result<AuthorizationRequest, ProtocolError> {
    AuthorizationRequest::from_params(&Params::parse(query.as_bytes()).unwrap())
}

fn read_more(extra: &str) -> Result<AuthorizationRequest, ProtocolError> {
    read(&format!("{MINIMAL}&{extra}"))
}

fn refusal(query: &str) -> ErrorCode {
    read(query).expect_err(query).code()
}

#[test]
fn the_target_is_judged_alone() {
    let target =
        |query: &str| AuthorizationTarget::from_params(&Params::parse(query.as_bytes()).unwrap());
    let found = target("client_id=portal&redirect_uri=https://p.vn/cb&response_type=nonsense");
    assert_eq!(found.unwrap().redirect_uri.as_deref(), Some("https://p.vn/cb"));
    assert_eq!(target("redirect_uri=https://p.vn"), Err(TargetError::ClientIdMissing));
    assert_eq!(target("client_id=c%C3%A1"), Err(TargetError::ClientIdMalformed));
    let long = format!("client_id=a&redirect_uri=https://p.vn/{}", "a".repeat(2048));
    assert_eq!(target(&long), Err(TargetError::RedirectUriMalformed));
}

#[test]
fn response_type_is_code_or_nothing() {
    // OA-05, BCP-09
    assert_eq!(refusal("client_id=a"), ErrorCode::InvalidRequest);
    for other in ["token", "id_token", "code+id_token", "code+token", "Code", "none"] {
        let query = format!("client_id=a&response_type={other}");
        assert_eq!(refusal(&query), ErrorCode::UnsupportedResponseType);
    }
}

#[test]
fn request_objects_and_registration_are_refused_not_ignored() {
    // op-traps 7
    let cases = [
        ("request=e30.e30.", ErrorCode::RequestNotSupported),
        ("request_uri=urn:x", ErrorCode::RequestUriNotSupported),
        ("registration=%7B%7D", ErrorCode::RegistrationNotSupported),
    ];
    for (extra, code) in cases {
        assert_eq!(refusal(&format!("{MINIMAL}&{extra}")), code);
    }
}

#[test]
fn unknown_wishes_are_never_an_error() {
    // op-traps 6
    let request = read_more(
        "ui_locales=se+vi-VN+%21+se&claims_locales=se&display=hologram&acr_values=urn:x+LoA1+urn:x&foo=bar&prompt=dance",
    )
    .unwrap();
    assert_eq!(request.ui_locales, ["se", "vi-VN"]);
    assert_eq!(request.acr_values, ["urn:x", "LoA1"]);
    assert_eq!(request.display, None);
    assert!(request.prompt.is_empty());
}

#[test]
fn prompt_none_stands_alone() {
    // op-traps 3, OC-02
    assert!(read_more("prompt=none").unwrap().prompt.contains(Prompt::None));
    assert_eq!(read_more("prompt=login+consent").unwrap().prompt.0.len(), 2);
    for prompt in ["none+login", "consent+none", "none+dance"] {
        assert_eq!(refusal(&format!("{MINIMAL}&prompt={prompt}")), ErrorCode::InvalidRequest);
    }
}

#[test]
fn max_age_is_a_plain_number_of_seconds() {
    // op-traps 2
    assert_eq!(read_more("max_age=0").unwrap().max_age, Some(0));
    assert_eq!(read_more("max_age=10000").unwrap().max_age, Some(10_000));
    for bad in ["-1", "%2B5", "1.5", "x", "4294967296"] {
        assert_eq!(refusal(&format!("{MINIMAL}&max_age={bad}")), ErrorCode::InvalidRequest);
    }
}

#[test]
fn state_and_mode_are_found_even_when_the_rest_is_wrong() {
    // op-traps 3
    let params =
        Params::parse(b"response_mode=form_post&state=a%20b&request=x&claims=%7B").unwrap();
    let context = ErrorContext::from_params(&params);
    assert_eq!(context.state.as_deref(), Some("a b"));
    assert_eq!(context.response_mode, ResponseMode::FormPost);
    let odd = Params::parse(b"response_mode=web_message").unwrap();
    assert_eq!(ErrorContext::from_params(&odd).response_mode, ResponseMode::Query);
    assert_eq!(refusal(&format!("{MINIMAL}&response_mode=web_message")), ErrorCode::InvalidRequest);
    assert_eq!(refusal(&format!("{MINIMAL}&response_mode=fragment")), ErrorCode::InvalidRequest);
}

#[test]
fn oversized_values_are_refused() {
    for (name, max) in [("state", MAX_STATE), ("nonce", MAX_NONCE), ("login_hint", MAX_LOGIN_HINT)]
    {
        assert!(read_more(&format!("{name}={}", "a".repeat(max))).is_ok(), "{name}");
        let over = format!("{MINIMAL}&{name}={}", "a".repeat(max + 1));
        assert_eq!(refusal(&over), ErrorCode::InvalidRequest, "{name}");
    }
}

#[test]
fn a_hint_must_look_like_a_signed_token() {
    assert!(read_more("id_token_hint=e30.e30.c2ln").unwrap().id_token_hint.is_some());
    for bad in ["e30.e30", "a.b.c.d", "..", "a%20b.c.d"] {
        assert_eq!(refusal(&format!("{MINIMAL}&id_token_hint={bad}")), ErrorCode::InvalidRequest);
    }
}

#[test]
fn a_malformed_scope_has_its_own_code() {
    assert_eq!(refusal("client_id=a&response_type=code&scope=a++b"), ErrorCode::InvalidScope);
    assert!(read("client_id=a&response_type=code").unwrap().scope.is_empty());
}

#[test]
fn debug_output_names_no_person() {
    let request = read_more("login_hint=001099012345&state=s3cret&nonce=n0nce").unwrap();
    let text = format!("{request:?}");
    for private in ["001099012345", "s3cret", "n0nce"] {
        assert!(!text.contains(private), "{text}");
    }
}

proptest! {
    #[test]
    fn a_request_survives_sealing(
        state in "[^\\p{C}]{1,64}",
        nonce in proptest::option::of("[!-~]{1,64}"),
        age in proptest::option::of(any::<u32>()),
        prompt in proptest::sample::select(vec!["none", "login", "login consent", "select_account"]),
        mode in proptest::sample::select(vec!["query", "form_post"]),
    ) {
        let mut form = url::form_urlencoded::Serializer::new(MINIMAL.to_owned());
        form.append_pair("state", &state).append_pair("prompt", prompt);
        form.append_pair("response_mode", mode);
        form.append_pair("claims", r#"{"id_token":{"acr":{"essential":true,"values":["a"]}}}"#);
        if let Some(nonce) = &nonce { form.append_pair("nonce", nonce); }
        if let Some(age) = age { form.append_pair("max_age", &age.to_string()); }
        let request = read(&form.finish()).unwrap();
        prop_assert_eq!(request.state.as_deref(), Some(state.as_str()));
        let sealed = serde_json::to_vec(&request).unwrap();
        prop_assert_eq!(serde_json::from_slice::<AuthorizationRequest>(&sealed).unwrap(), request);
    }
}
