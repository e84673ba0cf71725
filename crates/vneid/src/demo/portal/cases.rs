//! The portal's client for the case system: files a procedure with the citizen's access token.

use openidconnect::AccessToken;
use reqwest::StatusCode;
use reqwest::header::WWW_AUTHENTICATE;
use serde::{Deserialize, Serialize};

use super::requirements::{AccountLevel, AuthenticationLevel, Shortfall};

/// What the case system keeps of a filing, and gives back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    pub number: String,
    /// Number of the procedure.
    pub procedure: u8,
    /// Seconds since the epoch.
    pub filed_at: i64,
    pub seen: Seen,
}

/// What the case system learnt by introspection when the case was filed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub client_id: Option<String>,
    pub scope: String,
    pub acr: Option<String>,
    #[serde(default)]
    pub amr: Vec<String>,
    pub account_level: AccountLevel,
    pub authentication_level: AuthenticationLevel,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// RFC 9470: the login behind the token does not suffice.
    #[error("login does not suffice")]
    Insufficient(Shortfall),
    #[error("access token no longer accepted")]
    TokenRefused,
    #[error("no such case")]
    NotFound,
    #[error("case system not available: {0}")]
    Unavailable(String),
}

pub struct CaseApi {
    base: String,
    http: reqwest::Client,
}

impl CaseApi {
    pub fn new(base: String, http: reqwest::Client) -> Self {
        Self { base, http }
    }

    pub async fn file(&self, procedure: u8, token: &AccessToken) -> Result<Receipt, CaseError> {
        let request = self
            .http
            .post(format!("{}/cases", self.base))
            .json(&serde_json::json!({ "procedure": procedure }));
        receipt(request, token).await
    }

    pub async fn receipt(&self, number: &str, token: &AccessToken) -> Result<Receipt, CaseError> {
        // A case number is a path segment; anything else cannot name a case.
        if number.len() > 32 || !number.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(CaseError::NotFound);
        }
        receipt(self.http.get(format!("{}/cases/{number}", self.base)), token).await
    }
}

async fn receipt(
    request: reqwest::RequestBuilder,
    token: &AccessToken,
) -> Result<Receipt, CaseError> {
    let response = request.bearer_auth(token.secret()).send().await.map_err(unavailable)?;
    match response.status() {
        StatusCode::OK | StatusCode::CREATED => {
            super::read_json(response).await.map_err(unavailable)
        }
        StatusCode::UNAUTHORIZED => Err(challenge(&response)),
        StatusCode::NOT_FOUND => Err(CaseError::NotFound),
        status => Err(unavailable(status)),
    }
}

fn challenge(response: &reqwest::Response) -> CaseError {
    response
        .headers()
        .get(WWW_AUTHENTICATE)
        .and_then(|value| value.to_str().ok())
        .and_then(insufficient)
        .map_or(CaseError::TokenRefused, CaseError::Insufficient)
}

/// Reads a step-up challenge (RFC 9470 §3); `None` if it is another one.
fn insufficient(header: &str) -> Option<Shortfall> {
    let parameters = header.strip_prefix("Bearer ")?;
    (parameter(parameters, "error")? == "insufficient_user_authentication")
        .then(|| Shortfall::from_acr_values(parameter(parameters, "acr_values")?))?
}

/// The value of `name="value"`. The case system writes no escapes and no commas inside quotes.
fn parameter<'a>(parameters: &'a str, name: &str) -> Option<&'a str> {
    parameters.split(',').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then(|| value.trim_matches('"'))
    })
}

fn unavailable(cause: impl std::fmt::Display) -> CaseError {
    CaseError::Unavailable(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_up_challenge_names_the_missing_level() {
        let header = r#"Bearer error="insufficient_user_authentication", error_description="more", acr_values="urn:vn:eid:auth:3""#;
        assert_eq!(insufficient(header), Some(Shortfall::Authentication(AuthenticationLevel(3))));
    }

    #[test]
    fn any_other_challenge_is_not_a_step_up() {
        for header in [
            r#"Bearer error="invalid_token", acr_values="urn:vn:eid:auth:3""#,
            r#"Bearer error="insufficient_user_authentication""#,
            r#"DPoP error="insufficient_user_authentication", acr_values="urn:vn:eid:auth:3""#,
            "Bearer",
            "",
        ] {
            assert_eq!(insufficient(header), None, "{header}");
        }
    }
}
