//! What an access token says when it is a JWT (RFC 9068 §2.2): for relying parties registered to
//! verify offline. All others get sealed tokens.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The claims of a JWT access token. Dates are in whole seconds.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    pub iss: String,
    pub exp: i64,
    pub aud: Vec<String>,
    /// The person, or the client itself where nobody logged in.
    pub sub: String,
    pub client_id: String,
    pub iat: i64,
    pub jti: String,
    /// Space-separated (RFC 8693 §4.2).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// RFC 9396 §9.1
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Value>,
    /// The same token as a sealed one, for this provider's own endpoints: opaque to everybody else.
    pub facts: String,
}
