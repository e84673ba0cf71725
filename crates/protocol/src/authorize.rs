//! The authorization request (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2.1), read in two phases.
//!
//! First [`AuthorizationTarget`]: who asks, and where an answer would go. Faults there are shown on
//! a page and never redirected (BCP-02). Only when the target is a registered one does anybody look
//! at the rest, [`AuthorizationRequest`], whose faults travel back with [`ErrorContext`].

use std::collections::BTreeSet;
use std::fmt;

use identity_core::TransactionDetails;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::authorization_details::{self, AUTHORIZATION_DETAILS};
use crate::{ClaimsRequest, CodeChallenge, ErrorCode, Params, ProtocolError, ScopeSet};

#[cfg(test)]
mod tests;

const MAX_CLIENT_ID: usize = 255;
const MAX_REDIRECT_URI: usize = 2048;
const MAX_STATE: usize = 2048;
const MAX_NONCE: usize = 512;
const MAX_LOGIN_HINT: usize = 256;
const MAX_ID_TOKEN_HINT: usize = 8192;
/// Preferences beyond these are cut off: wishes are never an error (op-traps 6).
const MAX_WISHES: usize = 16;
const MAX_WISH: usize = 255;
const MAX_LANGUAGE_TAG: usize = 35;

/// Why there is nobody to answer: told to the person on a page (RFC 6749 §4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum TargetError {
    #[error("client_id is missing")]
    ClientIdMissing,
    #[error("client_id is malformed")]
    ClientIdMalformed,
    #[error("redirect_uri is malformed")]
    RedirectUriMalformed,
}

/// Who asks and where the answer should go, both still to be looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationTarget {
    pub client_id: String,
    pub redirect_uri: Option<String>,
}

impl AuthorizationTarget {
    pub fn from_params(params: &Params) -> Result<Self, TargetError> {
        let client_id = params.get("client_id").ok_or(TargetError::ClientIdMissing)?;
        if !is_client_id(client_id) {
            return Err(TargetError::ClientIdMalformed);
        }
        let redirect_uri = params.get("redirect_uri");
        if redirect_uri.is_some_and(|uri| uri.len() > MAX_REDIRECT_URI) {
            return Err(TargetError::RedirectUriMalformed);
        }
        Ok(Self { client_id: client_id.to_owned(), redirect_uri: redirect_uri.map(str::to_owned) })
    }
}

/// 1 to 255 printable ASCII characters (RFC 6749 Appendix A.1).
pub(crate) fn is_client_id(text: &str) -> bool {
    (1..=MAX_CLIENT_ID).contains(&text.len()) && text.bytes().all(|b| matches!(b, 0x20..=0x7e))
}

/// How the answer reaches the client (OAuth 2.0 Multiple Response Types §2.1, Form Post §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    #[default]
    Query,
    FormPost,
}

impl ResponseMode {
    pub const ALL: [Self; 2] = [Self::Query, Self::FormPost];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }
}

/// What an answer needs from the request, readable even when everything else is wrong.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ErrorContext {
    /// Exactly as sent (OA-10). An oversized one is not carried.
    pub state: Option<String>,
    /// `query` when missing or unknown.
    pub response_mode: ResponseMode,
}

impl ErrorContext {
    pub fn from_params(params: &Params) -> Self {
        let state = params.get("state").filter(|state| state.len() <= MAX_STATE);
        let mode = params.get("response_mode").and_then(ResponseMode::parse);
        Self { state: state.map(str::to_owned), response_mode: mode.unwrap_or_default() }
    }
}

impl fmt::Debug for ErrorContext {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ErrorContext")
            .field("response_mode", &self.response_mode)
            .finish_non_exhaustive()
    }
}

/// What the client wants the person to be asked (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    None,
    Login,
    Consent,
    SelectAccount,
}

impl Prompt {
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromptSet(BTreeSet<Prompt>);

impl PromptSet {
    /// Values we do not know are ignored; `none` beside anything else, known or not, is a
    /// contradiction (OpenID Connect Core §3.1.2.1).
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let words: BTreeSet<&str> = text.split(' ').filter(|word| !word.is_empty()).collect();
        if words.contains(Prompt::None.as_str()) && words.len() > 1 {
            return Err(ProtocolError::invalid_request("prompt none excludes every other prompt"));
        }
        let known = Prompt::ALL.into_iter().filter(|prompt| words.contains(prompt.as_str()));
        Ok(Self(known.collect()))
    }

    pub fn contains(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How the client would like the page to be laid out. A wish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisplayMode {
    Page,
    Popup,
    Touch,
    Wap,
}

impl DisplayMode {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "page" => Some(Self::Page),
            "popup" => Some(Self::Popup),
            "touch" => Some(Self::Touch),
            "wap" => Some(Self::Wap),
            _ => None,
        }
    }
}

/// A well-formed request for `response_type=code`. Absent members are left out when it is written,
/// because it travels sealed in browser state.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    #[serde(rename = "c")]
    pub client_id: String,
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    #[serde(rename = "m", default)]
    pub response_mode: ResponseMode,
    #[serde(rename = "s", default)]
    pub scope: ScopeSet,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(rename = "p", default, skip_serializing_if = "PromptSet::is_empty")]
    pub prompt: PromptSet,
    /// Seconds since the person last actively authenticated.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u32>,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
    /// A compact JWS by its look only; the signature is somebody else's business.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    pub id_token_hint: Option<String>,
    #[serde(rename = "u", default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales: Vec<String>,
    #[serde(rename = "q", default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub claims: ClaimsRequest,
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values: Vec<String>,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub display: Option<DisplayMode>,
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<CodeChallenge>,
    /// From `authorization_details` (RFC 9396).
    #[serde(rename = "x", default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<TransactionDetails>,
}

impl AuthorizationRequest {
    pub fn from_params(params: &Params) -> Result<Self, ProtocolError> {
        let target = AuthorizationTarget::from_params(params)?;
        refuse_unsupported_extensions(params)?;
        require_code_response(params)?;
        Ok(Self {
            client_id: target.client_id,
            redirect_uri: target.redirect_uri,
            response_mode: response_mode(params)?,
            scope: scope(params)?,
            state: bounded(params, "state", MAX_STATE, "state is too long")?,
            nonce: bounded(params, "nonce", MAX_NONCE, "nonce is too long")?,
            prompt: params.get("prompt").map_or(Ok(PromptSet::default()), PromptSet::parse)?,
            max_age: params.get("max_age").map(max_age).transpose()?,
            login_hint: bounded(params, "login_hint", MAX_LOGIN_HINT, "login_hint is too long")?,
            id_token_hint: id_token_hint(params)?,
            ui_locales: params.get("ui_locales").map(language_tags).unwrap_or_default(),
            claims: params.get("claims").map(ClaimsRequest::parse).transpose()?.unwrap_or_default(),
            acr_values: params.get("acr_values").map(wishes).unwrap_or_default(),
            display: params.get("display").and_then(DisplayMode::parse),
            code_challenge: CodeChallenge::from_params(params)?,
            transaction: params
                .get(AUTHORIZATION_DETAILS)
                .map(authorization_details::parse)
                .transpose()?,
        })
    }

    /// What the answer to this request carries back.
    pub fn error_context(&self) -> ErrorContext {
        ErrorContext { state: self.state.clone(), response_mode: self.response_mode }
    }
}

/// Hints name a person and `state` may hold a session: neither is for logs.
impl fmt::Debug for AuthorizationRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AuthorizationRequest")
            .field("client_id", &self.client_id)
            .field("response_mode", &self.response_mode)
            .field("scope", &self.scope)
            .field("prompt", &self.prompt)
            .field("max_age", &self.max_age)
            .field("acr_values", &self.acr_values)
            .field("code_challenge", &self.code_challenge)
            .finish_non_exhaustive()
    }
}

impl From<TargetError> for ProtocolError {
    fn from(fault: TargetError) -> Self {
        Self::invalid_request(match fault {
            TargetError::ClientIdMissing => "client_id is missing",
            TargetError::ClientIdMalformed => "client_id is malformed",
            TargetError::RedirectUriMalformed => "redirect_uri is malformed",
        })
    }
}

/// Ignoring these silently would answer a request the client did not make (op-traps 7).
fn refuse_unsupported_extensions(params: &Params) -> Result<(), ProtocolError> {
    let refusals = [
        ("request", ErrorCode::RequestNotSupported, "request objects are not supported"),
        ("request_uri", ErrorCode::RequestUriNotSupported, "request_uri is not supported"),
        (
            "registration",
            ErrorCode::RegistrationNotSupported,
            "the registration parameter is not supported",
        ),
    ];
    match refusals.into_iter().find(|(name, ..)| params.get(name).is_some()) {
        Some((_, code, sentence)) => Err(ProtocolError::new(code, sentence)),
        None => Ok(()),
    }
}

fn require_code_response(params: &Params) -> Result<(), ProtocolError> {
    match params.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(ProtocolError::new(
            ErrorCode::UnsupportedResponseType,
            "the only supported response_type is code",
        )),
        None => Err(ProtocolError::invalid_request("response_type is missing")),
    }
}

fn response_mode(params: &Params) -> Result<ResponseMode, ProtocolError> {
    let unknown = ProtocolError::invalid_request("response_mode must be query or form_post");
    params
        .get("response_mode")
        .map_or(Ok(ResponseMode::default()), |text| ResponseMode::parse(text).ok_or(unknown))
}

/// The scope of a request, empty when it names none.
fn scope(params: &Params) -> Result<ScopeSet, ProtocolError> {
    let malformed = ProtocolError::new(ErrorCode::InvalidScope, "scope is malformed");
    ScopeSet::parse(params.get("scope").unwrap_or_default()).map_err(|_| malformed)
}

fn bounded(
    params: &Params,
    name: &str,
    max_bytes: usize,
    sentence: &'static str,
) -> Result<Option<String>, ProtocolError> {
    match params.get(name) {
        Some(value) if value.len() > max_bytes => Err(ProtocolError::invalid_request(sentence)),
        value => Ok(value.map(str::to_owned)),
    }
}

fn max_age(text: &str) -> Result<u32, ProtocolError> {
    let malformed = ProtocolError::invalid_request("max_age is not a number of seconds");
    // u32 would also read a leading plus sign.
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(malformed)
}

fn id_token_hint(params: &Params) -> Result<Option<String>, ProtocolError> {
    let hint = bounded(params, "id_token_hint", MAX_ID_TOKEN_HINT, "id_token_hint is too long")?;
    if hint.as_deref().is_some_and(|hint| !is_compact_jws(hint)) {
        return Err(ProtocolError::invalid_request("id_token_hint is not a compact JWS"));
    }
    Ok(hint)
}

/// Three dot-separated runs of base64url; the last may be empty (RFC 7515 §7.1).
pub(crate) fn is_compact_jws(text: &str) -> bool {
    let base64url = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    text.bytes().all(base64url) && text.split('.').count() == 3 && !text.starts_with('.')
}

/// Tags we could have a text for; anything else is passed over (op-traps 6).
pub(crate) fn language_tags(text: &str) -> Vec<String> {
    let tag = |word: &str| {
        word.len() <= MAX_LANGUAGE_TAG
            && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    wishes(text).into_iter().filter(|word| tag(word)).collect()
}

/// Words in order of preference, each once.
fn wishes(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| (1..=MAX_WISH).contains(&word.len())) {
        if words.len() < MAX_WISHES && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}
