//! Presenting an access token, and being told why it does not do (RFC 6750, RFC 9470).

use std::fmt;

use crate::token::MAX_TOKEN;
use crate::{ErrorCode, Params, ProtocolError, ScopeSet, SecretString};

/// The access token of a request to a resource of ours, `None` when there is none.
///
/// `form` is given only when the method allows a body and its type is a form (RFC 6750 §2.2). A
/// token in the query is refused even when a better one is present: it is in somebody's log by now
/// (BT-03).
pub fn presented_token(
    authorization_header: Option<&[u8]>,
    query: &Params,
    form: Option<&Params>,
) -> Result<Option<SecretString>, ProtocolError> {
    if query.names().any(|name| name == "access_token") {
        return Err(ProtocolError::invalid_request("an access token must not be in the query"));
    }
    let in_header = authorization_header.and_then(without_scheme);
    let in_form = form.and_then(|form| form.get("access_token")).map(str::as_bytes);
    let token = match (in_header, in_form) {
        (Some(_), Some(_)) => {
            return Err(ProtocolError::invalid_request("the access token was sent twice"));
        }
        (None, None) => return Ok(None),
        (Some(token), None) | (None, Some(token)) => token,
    };
    parse_token(token)
        .map(Some)
        .ok_or(ProtocolError::new(ErrorCode::InvalidToken, "the access token is malformed"))
}

/// What follows `Bearer `, whatever its case (RFC 9110 §11.1); `None` for another scheme.
fn without_scheme(header: &[u8]) -> Option<&[u8]> {
    if header.eq_ignore_ascii_case(b"bearer") {
        return Some(b"");
    }
    let (scheme, token) = header.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then_some(token)
}

/// `b64token` of RFC 6750 §2.1.
fn parse_token(bytes: &[u8]) -> Option<SecretString> {
    let text = std::str::from_utf8(bytes).ok()?;
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b);
    let body = text.trim_end_matches('=');
    let well_formed = !body.is_empty() && text.len() <= MAX_TOKEN && body.bytes().all(allowed);
    well_formed.then(|| SecretString::new(text))
}

/// The value of a `WWW-Authenticate` header. Each attribute stands at most once (BT-02) because
/// each is a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Challenge {
    error: Option<ProtocolError>,
    scope: ScopeSet,
    acr_values: Vec<String>,
    max_age: Option<u32>,
}

impl Challenge {
    /// For a request without any token: it is told nothing more (RFC 6750 §3.1).
    pub fn missing_token() -> Self {
        Self::default()
    }

    pub fn error(error: ProtocolError) -> Self {
        Self { error: Some(error), ..Self::default() }
    }

    pub fn insufficient_scope(needed: ScopeSet) -> Self {
        let code = ErrorCode::InsufficientScope;
        let error = ProtocolError::new(code, "the access token does not cover this request");
        Self { error: Some(error), scope: needed, ..Self::default() }
    }

    /// The person must log in again, better or more recently (RFC 9470 §3).
    pub fn insufficient_user_authentication(acr_values: Vec<String>, max_age: Option<u32>) -> Self {
        let code = ErrorCode::InsufficientUserAuthentication;
        let error = ProtocolError::new(code, "a different authentication is required");
        Self { error: Some(error), acr_values, max_age, ..Self::default() }
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bearer realm=\"vneid\"")?;
        if let Some(error) = &self.error {
            write_attribute(formatter, "error", error.code().as_str())?;
            write_attribute(formatter, "error_description", error.description())?;
        }
        if !self.scope.is_empty() {
            write_attribute(formatter, "scope", &self.scope.to_string())?;
        }
        if !self.acr_values.is_empty() {
            write_attribute(formatter, "acr_values", &self.acr_values.join(" "))?;
        }
        if let Some(max_age) = self.max_age {
            write_attribute(formatter, "max_age", &max_age.to_string())?;
        }
        Ok(())
    }
}

/// A quoted string that cannot be left: what would need escaping or is not printable is dropped
/// (ATK-014).
fn write_attribute(formatter: &mut fmt::Formatter<'_>, name: &str, value: &str) -> fmt::Result {
    let safe = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    write!(formatter, ", {name}=\"{}\"", value.chars().filter(safe).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present(header: Option<&str>, form: &str) -> Result<Option<SecretString>, ProtocolError> {
        let form = Params::parse(form.as_bytes()).unwrap();
        presented_token(header.map(str::as_bytes), &Params::default(), Some(&form))
    }

    #[test]
    fn a_token_is_found_in_header_or_form() {
        // OC-11
        let token = Some(SecretString::new("a.b_c~d+e/f=="));
        assert_eq!(present(Some("Bearer a.b_c~d+e/f=="), ""), Ok(token.clone()));
        assert_eq!(present(Some("bEARER a.b_c~d+e/f=="), ""), Ok(token.clone()));
        assert_eq!(present(None, "access_token=a.b_c~d%2Be/f=="), Ok(token));
        assert_eq!(present(None, ""), Ok(None));
        assert_eq!(present(Some("Basic abc"), ""), Ok(None));
    }

    #[test]
    fn two_tokens_or_one_in_the_query_are_refused() {
        // BT-03
        let twice = present(Some("Bearer a"), "access_token=a").unwrap_err();
        assert_eq!(twice.code(), ErrorCode::InvalidRequest);
        for query in [&b"access_token=a"[..], b"access_token="] {
            let query = Params::parse(query).unwrap();
            let refused = presented_token(Some(b"Bearer a"), &query, None).unwrap_err();
            assert_eq!(refused.code(), ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn malformed_tokens_are_invalid() {
        let long = format!("Bearer {}", "a".repeat(MAX_TOKEN + 1));
        for header in [
            "Bearer",
            "Bearer ",
            "Bearer  a",
            "Bearer a b",
            "Bearer =",
            "Bearer a=b",
            "Bearer a,b",
            &long,
        ] {
            let refused = present(Some(header), "").expect_err(header);
            assert_eq!(refused.code(), ErrorCode::InvalidToken, "{header}");
        }
        let query = Params::default();
        assert!(presented_token(Some(b"Bearer \xff"), &query, None).is_err());
    }

    #[test]
    fn a_step_up_challenge_names_what_is_missing() {
        // RFC 9470 §3
        let challenge = Challenge::insufficient_user_authentication(
            vec!["urn:vn:eid:auth:3".into()],
            Some(300),
        );
        assert_eq!(
            challenge.to_string(),
            "Bearer realm=\"vneid\", error=\"insufficient_user_authentication\", \
             error_description=\"a different authentication is required\", \
             acr_values=\"urn:vn:eid:auth:3\", max_age=\"300\""
        );
        assert_eq!(Challenge::missing_token().to_string(), "Bearer realm=\"vneid\"");
    }

    #[test]
    fn a_challenge_cannot_be_broken_out_of() {
        // ATK-014
        let hostile = vec!["a\"\r\nSet-Cookie: x\\".to_owned()];
        let text = Challenge::insufficient_user_authentication(hostile, None).to_string();
        assert!(text.ends_with("acr_values=\"aSet-Cookie: x\""), "{text}");
        assert!(!text.contains(['\r', '\n', '\\']));
    }
}
