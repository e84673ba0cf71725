//! The token endpoint's messages (RFC 6749 §4.1.3, §4.4.2, §5, §6).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::authorization_details::AUTHORIZATION_DETAILS;
use crate::{CodeVerifier, ErrorCode, Params, ProtocolError, ScopeSet, SecretString};

/// Codes and tokens of ours are sealed and carry facts, hence long.
pub(crate) const MAX_TOKEN: usize = 8192;
const MAX_REDIRECT_URI: usize = 2048;

/// What a client wants tokens for. There is no password grant (BCP-10) and there will be none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenRequest {
    AuthorizationCode {
        code: SecretString,
        redirect_uri: Option<String>,
        code_verifier: Option<CodeVerifier>,
    },
    RefreshToken {
        refresh_token: SecretString,
        /// Narrows, never widens (OA-15).
        scope: Option<ScopeSet>,
    },
    ClientCredentials {
        scope: Option<ScopeSet>,
    },
}

impl TokenRequest {
    /// What a token is granted for was settled when the person agreed. To ask again here (RFC 9396 §6) is
    /// refused rather than ignored: the client would take the answer for what it asked.
    pub fn from_params(params: &Params) -> Result<Self, ProtocolError> {
        if params.get(AUTHORIZATION_DETAILS).is_some() {
            return Err(ProtocolError::new(
                ErrorCode::InvalidAuthorizationDetails,
                "authorization_details is taken at the authorization endpoint only",
            ));
        }
        match params.get("grant_type") {
            Some("authorization_code") => Ok(Self::AuthorizationCode {
                code: bearer_value(params, "code")?,
                redirect_uri: redirect_uri(params)?,
                code_verifier: code_verifier(params)?,
            }),
            Some("refresh_token") => Ok(Self::RefreshToken {
                refresh_token: bearer_value(params, "refresh_token")?,
                scope: scope(params)?,
            }),
            Some("client_credentials") => Ok(Self::ClientCredentials { scope: scope(params)? }),
            Some(_) => Err(ProtocolError::new(
                ErrorCode::UnsupportedGrantType,
                "this grant_type is not supported",
            )),
            None => Err(ProtocolError::invalid_request("grant_type is missing")),
        }
    }
}

/// A code or token by its look: visible ASCII of bearable length. What is not, was never ours.
fn bearer_value(params: &Params, name: &'static str) -> Result<SecretString, ProtocolError> {
    let value = params
        .get(name)
        .ok_or(ProtocolError::invalid_request("the parameter this grant_type needs is missing"))?;
    if !is_token(value) {
        return Err(ProtocolError::new(ErrorCode::InvalidGrant, "the code or token is not valid"));
    }
    Ok(SecretString::new(value))
}

pub(crate) fn is_token(value: &str) -> bool {
    (1..=MAX_TOKEN).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic())
}

fn redirect_uri(params: &Params) -> Result<Option<String>, ProtocolError> {
    match params.get("redirect_uri") {
        Some(uri) if uri.len() > MAX_REDIRECT_URI => {
            Err(ProtocolError::invalid_request("redirect_uri is too long"))
        }
        uri => Ok(uri.map(str::to_owned)),
    }
}

/// A malformed verifier cannot equal anything we accepted, which is `invalid_grant`
/// (RFC 7636 §4.6, PK-04).
fn code_verifier(params: &Params) -> Result<Option<CodeVerifier>, ProtocolError> {
    let malformed = ProtocolError::new(ErrorCode::InvalidGrant, "code_verifier is not valid");
    params.get("code_verifier").map(CodeVerifier::parse).transpose().map_err(|_| malformed)
}

fn scope(params: &Params) -> Result<Option<ScopeSet>, ProtocolError> {
    let malformed = ProtocolError::new(ErrorCode::InvalidScope, "scope is malformed");
    params.get("scope").map(ScopeSet::parse).transpose().map_err(|_| malformed)
}

/// How an access token is to be presented (RFC 6750, RFC 9449 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenType {
    Bearer,
    #[serde(rename = "DPoP")]
    Dpop,
}

/// The successful answer (RFC 6749 §5.1). Send it with `Cache-Control: no-store` (OA-13).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenResponse {
    pub access_token: String,
    pub token_type: TokenType,
    /// Seconds; a JSON number (op-traps 18).
    pub expires_in: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// What was granted, said even when it is what was asked for (OA-08).
    #[serde(default, skip_serializing_if = "ScopeSet::is_empty")]
    pub scope: ScopeSet,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
    /// As granted (RFC 9396 §7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Value>,
}

impl fmt::Debug for TokenResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenResponse")
            .field("token_type", &self.token_type)
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<TokenRequest, ProtocolError> {
        TokenRequest::from_params(&Params::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn each_grant_is_read_with_its_parameters() {
        let verifier = "a".repeat(43);
        let body =
            format!("grant_type=authorization_code&code=c&redirect_uri=u&code_verifier={verifier}");
        let expected = TokenRequest::AuthorizationCode {
            code: SecretString::new("c"),
            redirect_uri: Some("u".into()),
            code_verifier: Some(CodeVerifier::parse(&verifier).unwrap()),
        };
        assert_eq!(read(&body), Ok(expected));
        let refresh = read("grant_type=refresh_token&refresh_token=r&scope=openid").unwrap();
        assert!(matches!(refresh, TokenRequest::RefreshToken { scope: Some(_), .. }));
        let credentials = read("grant_type=client_credentials").unwrap();
        assert_eq!(credentials, TokenRequest::ClientCredentials { scope: None });
    }

    #[test]
    fn what_is_missing_or_unknown_has_its_registered_code() {
        // BCP-10, ATK-004, PK-04
        let short =
            format!("grant_type=authorization_code&code=c&code_verifier={}", "a".repeat(42));
        let cases = [
            ("", ErrorCode::InvalidRequest),
            ("grant_type=authorization_code", ErrorCode::InvalidRequest),
            ("grant_type=authorization_code&code=", ErrorCode::InvalidRequest),
            ("grant_type=authorization_code&code=a%20b", ErrorCode::InvalidGrant),
            ("grant_type=refresh_token", ErrorCode::InvalidRequest),
            ("grant_type=refresh_token&refresh_token=r&scope=a++b", ErrorCode::InvalidScope),
            ("grant_type=password&username=u&password=p", ErrorCode::UnsupportedGrantType),
            ("grant_type=Authorization_Code&code=c", ErrorCode::UnsupportedGrantType),
            (
                "grant_type=authorization_code&code=c&authorization_details=%5B%5D",
                ErrorCode::InvalidAuthorizationDetails,
            ),
            (&short, ErrorCode::InvalidGrant),
        ];
        for (body, code) in cases {
            assert_eq!(read(body).expect_err(body).code(), code, "{body}");
        }
    }

    #[test]
    fn a_response_has_a_numeric_lifetime_and_no_empty_members() {
        // op-traps 18
        let response = TokenResponse {
            access_token: "at".into(),
            token_type: TokenType::Bearer,
            expires_in: 300,
            refresh_token: None,
            scope: ScopeSet::parse("openid").unwrap(),
            id_token: None,
            authorization_details: None,
        };
        let json = serde_json::to_string(&response).unwrap();
        assert_eq!(
            json,
            r#"{"access_token":"at","token_type":"Bearer","expires_in":300,"scope":"openid"}"#
        );
        assert_eq!(serde_json::from_str::<TokenResponse>(&json).unwrap(), response);
        assert!(!format!("{response:?}").contains("at\""));
    }
}
