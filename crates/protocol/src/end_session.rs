//! RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0 §2).

use std::fmt;

use crate::authorize::{is_client_id, is_compact_jws, language_tags};
use crate::{Params, ProtocolError};

const MAX_ID_TOKEN_HINT: usize = 8192;
const MAX_REDIRECT_URI: usize = 2048;
const MAX_STATE: usize = 2048;
const MAX_LOGOUT_HINT: usize = 256;

/// Everything is optional: without anything it is a person who wants to log out.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EndSessionRequest {
    /// Unverified, and honoured after verification even when expired (op-traps 4).
    pub id_token_hint: Option<String>,
    pub client_id: Option<String>,
    /// Never followed without a valid hint or a known client (op-traps 23).
    pub post_logout_redirect_uri: Option<String>,
    pub state: Option<String>,
    pub ui_locales: Vec<String>,
    pub logout_hint: Option<String>,
}

impl EndSessionRequest {
    pub fn from_params(params: &Params) -> Result<Self, ProtocolError> {
        let owned = |name| params.get(name).map(str::to_owned);
        let request = Self {
            id_token_hint: owned("id_token_hint"),
            client_id: owned("client_id"),
            post_logout_redirect_uri: owned("post_logout_redirect_uri"),
            state: owned("state"),
            ui_locales: params.get("ui_locales").map(language_tags).unwrap_or_default(),
            logout_hint: owned("logout_hint"),
        };
        request
            .fault()
            .map_or(Ok(request), |sentence| Err(ProtocolError::invalid_request(sentence)))
    }

    fn fault(&self) -> Option<&'static str> {
        let over = |value: &Option<String>, max| value.as_ref().is_some_and(|v| v.len() > max);
        let hint = self.id_token_hint.as_deref();
        if over(&self.id_token_hint, MAX_ID_TOKEN_HINT) || hint.is_some_and(|h| !is_compact_jws(h))
        {
            Some("id_token_hint is not a compact JWS")
        } else if self.client_id.as_deref().is_some_and(|id| !is_client_id(id)) {
            Some("client_id is malformed")
        } else if over(&self.post_logout_redirect_uri, MAX_REDIRECT_URI) {
            Some("post_logout_redirect_uri is too long")
        } else if over(&self.state, MAX_STATE) {
            Some("state is too long")
        } else if over(&self.logout_hint, MAX_LOGOUT_HINT) {
            Some("logout_hint is too long")
        } else {
            None
        }
    }
}

impl fmt::Debug for EndSessionRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("EndSessionRequest")
            .field("client_id", &self.client_id)
            .field("post_logout_redirect_uri", &self.post_logout_redirect_uri)
            .finish_non_exhaustive()
    }
}

/// The registered address with `state` appended, percent-encoded (RP-Initiated Logout §3).
pub fn return_address(registered: &str, state: Option<&str>) -> String {
    let Some(state) = state else { return registered.to_owned() };
    let separator = if registered.contains('?') { '&' } else { '?' };
    let encoded: String = url::form_urlencoded::byte_serialize(state.as_bytes()).collect();
    format!("{registered}{separator}state={encoded}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<EndSessionRequest, ProtocolError> {
        EndSessionRequest::from_params(&Params::parse(query.as_bytes()).unwrap())
    }

    #[test]
    fn nothing_at_all_is_a_request() {
        // op-traps 23
        assert_eq!(read(""), Ok(EndSessionRequest::default()));
    }

    #[test]
    fn every_parameter_is_read_and_bounded() {
        let request = read("id_token_hint=a.b.c&client_id=p&post_logout_redirect_uri=https://p.vn&state=s&ui_locales=vi&logout_hint=x").unwrap();
        assert_eq!(request.state.as_deref(), Some("s"));
        assert_eq!(request.ui_locales, ["vi"]);
        assert!(read("id_token_hint=abc").is_err());
        for (name, max) in
            [("post_logout_redirect_uri", 2048), ("state", 2048), ("logout_hint", 256)]
        {
            assert!(read(&format!("{name}={}", "a".repeat(max))).is_ok(), "{name}");
            assert!(read(&format!("{name}={}", "a".repeat(max + 1))).is_err(), "{name}");
        }
    }
}
