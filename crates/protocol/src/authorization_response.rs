//! The authorization response (RFC 6749 §4.1.2), with `iss` always (RFC 9207 §2, ISS-01).

use std::fmt;

use url::form_urlencoded::byte_serialize;

use crate::{ErrorContext, Issuer, ProtocolError, ResponseMode};

/// An answer on its way to a redirect URI that has been matched against the registration.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    redirect_uri: String,
    mode: ResponseMode,
    parameters: Vec<(&'static str, String)>,
}

/// What the edge writes. A redirect answers with 303, never 307 (BCP-22).
#[derive(Clone, PartialEq, Eq)]
pub enum RenderedResponse {
    Redirect { location: String },
    FormPost { action: String, fields: Vec<(&'static str, String)> },
}

impl AuthorizationResponse {
    pub fn success(
        redirect_uri: impl Into<String>,
        code: impl Into<String>,
        context: &ErrorContext,
        issuer: &Issuer,
    ) -> Self {
        Self::new(redirect_uri.into(), vec![("code", code.into())], context, issuer)
    }

    /// Carries defined parameters only, and never a code (op-traps 10).
    pub fn error(
        redirect_uri: impl Into<String>,
        error: ProtocolError,
        context: &ErrorContext,
        issuer: &Issuer,
    ) -> Self {
        let parameters = vec![
            ("error", error.code().as_str().to_owned()),
            ("error_description", error.description().to_owned()),
        ];
        Self::new(redirect_uri.into(), parameters, context, issuer)
    }

    fn new(
        redirect_uri: String,
        mut parameters: Vec<(&'static str, String)>,
        context: &ErrorContext,
        issuer: &Issuer,
    ) -> Self {
        parameters.extend(context.state.clone().map(|state| ("state", state)));
        parameters.push(("iss", issuer.as_str().to_owned()));
        Self { redirect_uri, mode: context.response_mode, parameters }
    }

    /// The error it carries, if it is a refusal: code and description.
    pub fn refusal(&self) -> Option<(&str, &str)> {
        let of = |wanted: &str| {
            let parameter = self.parameters.iter().find(|(name, _)| *name == wanted);
            parameter.map(|(_, value)| value.as_str())
        };
        Some((of("error")?, of("error_description").unwrap_or_default()))
    }

    pub fn render(self) -> RenderedResponse {
        match self.mode {
            ResponseMode::Query => RenderedResponse::Redirect { location: self.location() },
            ResponseMode::FormPost => {
                RenderedResponse::FormPost { action: self.redirect_uri, fields: self.parameters }
            }
        }
    }

    /// The registered URI byte for byte, then our parameters; its own query stays in front
    /// (RFC 6749 §3.1.2). Everything added is percent-encoded ASCII (ATK-014).
    fn location(&self) -> String {
        let mut location = self.redirect_uri.clone();
        for (name, value) in &self.parameters {
            let separator = match location.split_once('?') {
                None => "?",
                Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
                Some(_) => "&",
            };
            location.push_str(separator);
            location.push_str(name);
            location.push('=');
            location.extend(byte_serialize(value.as_bytes()));
        }
        location
    }
}

impl fmt::Debug for AuthorizationResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        formatter
            .debug_struct("AuthorizationResponse")
            .field("mode", &self.mode)
            .field("parameters", &names)
            .finish_non_exhaustive()
    }
}

/// Both variants may hold a code.
impl fmt::Debug for RenderedResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Redirect { .. } => "Redirect(redacted)",
            Self::FormPost { .. } => "FormPost(redacted)",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Environment, ErrorCode, Params};

    fn issuer() -> Issuer {
        Issuer::parse("https://id.example.vn", Environment::Production).unwrap()
    }

    fn context(state: &str, response_mode: ResponseMode) -> ErrorContext {
        ErrorContext { state: Some(state.to_owned()), response_mode }
    }

    fn location(response: AuthorizationResponse) -> String {
        match response.render() {
            RenderedResponse::Redirect { location } => location,
            RenderedResponse::FormPost { .. } => panic!("not a redirect"),
        }
    }

    #[test]
    fn the_registered_query_is_preserved_and_appended_to() {
        // op-traps 9, OA-04
        let context = context("s", ResponseMode::Query);
        for (registered, expected) in [
            ("https://p.vn/cb", "https://p.vn/cb?code="),
            ("https://p.vn/cb?", "https://p.vn/cb?code="),
            ("https://p.vn/cb?a=b%20c&d", "https://p.vn/cb?a=b%20c&d&code="),
            ("https://p.vn/cb?a=b&", "https://p.vn/cb?a=b&code="),
        ] {
            let url =
                location(AuthorizationResponse::success(registered, "x", &context, &issuer()));
            assert_eq!(url, format!("{expected}x&state=s&iss=https%3A%2F%2Fid.example.vn"));
        }
    }

    #[test]
    fn an_error_carries_only_defined_parameters() {
        // op-traps 10 and 11, ISS-01
        let error = ProtocolError::new(ErrorCode::LoginRequired, "a login is needed");
        let context = context(&"s".repeat(128), ResponseMode::FormPost);
        let response = AuthorizationResponse::error("https://p.vn/cb", error, &context, &issuer());
        let RenderedResponse::FormPost { action, fields } = response.render() else {
            panic!("not a form")
        };
        assert_eq!(action, "https://p.vn/cb");
        let names: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["error", "error_description", "state", "iss"]);
        assert_eq!(fields[2].1.len(), 128);
    }

    #[test]
    fn an_absent_state_stays_absent() {
        // OA-10
        let url = location(AuthorizationResponse::success(
            "https://p.vn/cb",
            "x",
            &ErrorContext::default(),
            &issuer(),
        ));
        assert!(!url.contains("state"));
    }

    proptest! {
        #[test]
        fn any_state_comes_back_unchanged_in_a_header_safe_url(state in "\\PC{1,64}|[\\x00-\\x7f]{1,64}") {
            // ATK-014
            let context = context(&state, ResponseMode::Query);
            let url = location(AuthorizationResponse::success("https://p.vn/cb", "x", &context, &issuer()));
            prop_assert!(url.bytes().all(|b| b.is_ascii_graphic()));
            prop_assert!(!url.contains('#'));
            let pairs: Vec<_> = url::form_urlencoded::parse(url.split_once('?').unwrap().1.as_bytes())
                .into_owned().collect();
            prop_assert_eq!(&pairs[1].1, &state);
            if !state.chars().any(char::is_control) {
                let params = Params::parse(url.split_once('?').unwrap().1.as_bytes()).unwrap();
                prop_assert_eq!(params.get("state"), Some(state.as_str()));
            }
        }
    }
}
