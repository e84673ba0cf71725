//! What the protocol may say when it says no: a registered code and a fixed sentence.

use serde::Serialize;
use thiserror::Error;

use crate::ParamsError;

macro_rules! error_codes {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)+) => {
        /// Codes from the IANA "OAuth Extensions Error" registry and the base specifications.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ErrorCode { $($(#[$doc])* $variant,)+ }

        impl ErrorCode {
            /// Every code, for tests and documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

error_codes! {
    /// RFC 6749 §4.1.2.1, §5.2
    InvalidRequest = "invalid_request",
    /// RFC 6749 §5.2
    InvalidClient = "invalid_client",
    /// RFC 6749 §5.2
    InvalidGrant = "invalid_grant",
    /// RFC 6749 §4.1.2.1, §5.2
    UnauthorizedClient = "unauthorized_client",
    /// RFC 6749 §5.2
    UnsupportedGrantType = "unsupported_grant_type",
    /// RFC 6749 §4.1.2.1, §5.2
    InvalidScope = "invalid_scope",
    /// RFC 6749 §4.1.2.1
    AccessDenied = "access_denied",
    /// RFC 6749 §4.1.2.1
    UnsupportedResponseType = "unsupported_response_type",
    /// RFC 6749 §4.1.2.1
    ServerError = "server_error",
    /// RFC 6749 §4.1.2.1
    TemporarilyUnavailable = "temporarily_unavailable",
    /// OpenID Connect Core §3.1.2.6
    InteractionRequired = "interaction_required",
    /// OpenID Connect Core §3.1.2.6
    LoginRequired = "login_required",
    /// OpenID Connect Core §3.1.2.6
    AccountSelectionRequired = "account_selection_required",
    /// OpenID Connect Core §3.1.2.6
    ConsentRequired = "consent_required",
    /// OpenID Connect Core §3.1.2.6
    RequestNotSupported = "request_not_supported",
    /// OpenID Connect Core §3.1.2.6
    RequestUriNotSupported = "request_uri_not_supported",
    /// OpenID Connect Core §3.1.2.6
    RegistrationNotSupported = "registration_not_supported",
    /// OpenID Connect Core Error Code unmet_authentication_requirements
    UnmetAuthenticationRequirements = "unmet_authentication_requirements",
    /// RFC 6750 §3.1
    InvalidToken = "invalid_token",
    /// RFC 6750 §3.1
    InsufficientScope = "insufficient_scope",
    /// RFC 9470 §3
    InsufficientUserAuthentication = "insufficient_user_authentication",
    /// RFC 9396 §5
    InvalidAuthorizationDetails = "invalid_authorization_details",
    /// RFC 7009 §2.2.1
    UnsupportedTokenType = "unsupported_token_type",
}

impl ErrorCode {
    /// The HTTP status when the code is a direct answer (not a redirect): RFC 6749 §5.2,
    /// RFC 6750 §3.1, RFC 9470 §3.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidClient | Self::InvalidToken | Self::InsufficientUserAuthentication => 401,
            Self::AccessDenied | Self::InsufficientScope => 403,
            Self::ServerError => 500,
            Self::TemporarilyUnavailable => 503,
            Self::InvalidRequest
            | Self::InvalidGrant
            | Self::UnauthorizedClient
            | Self::UnsupportedGrantType
            | Self::InvalidScope
            | Self::UnsupportedResponseType
            | Self::InteractionRequired
            | Self::LoginRequired
            | Self::AccountSelectionRequired
            | Self::ConsentRequired
            | Self::RequestNotSupported
            | Self::RequestUriNotSupported
            | Self::RegistrationNotSupported
            | Self::UnmetAuthenticationRequirements
            | Self::InvalidAuthorizationDetails
            | Self::UnsupportedTokenType => 400,
        }
    }
}

/// A refusal in the words of the protocol. The sentence is fixed at compile time, so nothing a
/// sender wrote is ever echoed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{}: {description}", code.as_str())]
pub struct ProtocolError {
    code: ErrorCode,
    description: &'static str,
}

impl ProtocolError {
    /// `description` uses only the characters RFC 6749 §5.2 allows; debug builds check it.
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        debug_assert!(is_description(description), "outside the set of RFC 6749 §5.2");
        Self { code, description }
    }

    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new(ErrorCode::InvalidRequest, description)
    }

    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    pub const fn description(&self) -> &'static str {
        self.description
    }

    /// The body of RFC 6749 §5.2.
    pub fn json_body(&self) -> String {
        #[derive(Serialize)]
        struct Body {
            error: &'static str,
            error_description: &'static str,
        }
        let body = Body { error: self.code.as_str(), error_description: self.description };
        // Two plain strings cannot fail to serialise; the fallback is the bare code.
        serde_json::to_string(&body)
            .unwrap_or_else(|_| format!(r#"{{"error":"{}"}}"#, self.code.as_str()))
    }
}

impl From<ParamsError> for ProtocolError {
    fn from(fault: ParamsError) -> Self {
        Self::invalid_request(match fault {
            ParamsError::TooLarge => "the request is too large",
            ParamsError::TooMany => "the request has too many parameters",
            ParamsError::Escape => "a percent escape is malformed",
            ParamsError::Utf8 => "a parameter is not UTF-8",
            ParamsError::NoName => "a parameter has no name",
            ParamsError::Repeated => "a parameter is repeated",
            ParamsError::ControlCharacter => "a parameter holds a control character",
        })
    }
}

/// %x20-21 / %x23-5B / %x5D-7E (RFC 6749 §4.1.2.1, §5.2; OA-14).
const fn is_description(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        if !matches!(*first, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e) {
            return false;
        }
        rest = tail;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_in_the_allowed_characters() {
        let mut texts: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(texts.iter().all(|text| is_description(text)));
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), ErrorCode::ALL.len());
    }

    #[test]
    fn a_body_has_exactly_the_two_members() {
        let error = ProtocolError::invalid_request("scope is malformed");
        assert_eq!(
            error.json_body(),
            r#"{"error":"invalid_request","error_description":"scope is malformed"}"#
        );
    }

    #[test]
    fn descriptions_outside_the_character_set_are_noticed() {
        // OA-14, op-traps 10
        for bad in ["a\"b", "a\\b", "a\nb", "a\tb", "không"] {
            assert!(!is_description(bad), "{bad:?}");
        }
    }
}
