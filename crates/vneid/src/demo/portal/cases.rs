//! The portal's client for the case system: files a procedure with the citizen's access token.

use openidconnect::AccessToken;
use reqwest::StatusCode;
use reqwest::header::WWW_AUTHENTICATE;
use serde::{Deserialize, Serialize};
use step_up::Challenge;

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
    /// RFC 9470: the login behind the token does not suffice. With the greatest age in seconds.
    #[error("login does not suffice")]
    Insufficient(Shortfall, Option<u32>),
    /// RFC 9470: the level suffices, the login is older than this many seconds.
    #[error("login is too old")]
    TooOld(u32),
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
    let header = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
    header.and_then(insufficient).unwrap_or(CaseError::TokenRefused)
}

/// Reads a step-up challenge (RFC 9470 §3); `None` if it is another one.
fn insufficient(header: &str) -> Option<CaseError> {
    let Challenge { acr_values, max_age, .. } = Challenge::parse(header)?;
    match Shortfall::from_acr_values(&acr_values.join(" ")) {
        Some(shortfall) => Some(CaseError::Insufficient(shortfall, max_age)),
        None => max_age.filter(|_| acr_values.is_empty()).map(CaseError::TooOld),
    }
}

fn unavailable(cause: impl std::fmt::Display) -> CaseError {
    CaseError::Unavailable(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_up_challenge_names_the_missing_level() {
        let header = r#"Bearer error="insufficient_user_authentication", error_description="more", acr_values="urn:vn:eid:auth:3", max_age="60""#;
        let level = Shortfall::Authentication(AuthenticationLevel(3));
        assert_eq!(insufficient(header), Some(CaseError::Insufficient(level, Some(60))));
        let old = r#"Bearer error="insufficient_user_authentication", max_age="60""#;
        assert_eq!(insufficient(old), Some(CaseError::TooOld(60)));
    }

    #[test]
    fn any_other_challenge_is_not_a_step_up() {
        for header in [
            r#"Bearer error="invalid_token", acr_values="urn:vn:eid:auth:3""#,
            r#"Bearer error="insufficient_user_authentication", acr_values="urn:nist:aal:2""#,
            r#"DPoP error="insufficient_user_authentication", acr_values="urn:vn:eid:auth:3""#,
            "Bearer",
            "",
        ] {
            assert_eq!(insufficient(header), None, "{header}");
        }
    }
}
