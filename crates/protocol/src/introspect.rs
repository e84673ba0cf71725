//! Introspection (RFC 7662).

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use crate::revoke::{TokenTypeHint, token_and_hint};
use crate::token::TokenType;
use crate::{Params, ProtocolError, ScopeSet, SecretString};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntrospectionRequest {
    pub token: SecretString,
    pub hint: Option<TokenTypeHint>,
}

impl IntrospectionRequest {
    pub fn from_params(params: &Params) -> Result<Self, ProtocolError> {
        let (token, hint) = token_and_hint(params)?;
        Ok(Self { token, hint })
    }
}

/// The answer. A token that is not good, for whatever reason, gets `{"active":false}` and
/// nothing else (RFC 7662 §2.2), so that the answer is no oracle.
///
/// `A` is what says how sure we are; who only reads takes any JSON.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "Read<A>", bound(deserialize = "A: Deserialize<'de>"))]
pub enum IntrospectionResponse<A = Value> {
    Inactive,
    Active(Box<ActiveToken<A>>),
}

/// What the caller may know about a good token. Times are seconds since 1970 (UTC).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, bound(deserialize = "A: Deserialize<'de>"))]
pub struct ActiveToken<A = Value> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub aud: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "ScopeSet::is_empty")]
    pub scope: ScopeSet,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<TokenType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// RFC 9470 §6.2
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// RFC 9470 §6.2; never the empty string (op-traps 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The vector behind `acr`, decayed to this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assurance: Option<A>,
    /// RFC 9396 §9.2
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_details: Option<Value>,
    /// RFC 8693 §4.1: who acts for the subject.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
    /// RFC 7800 §3.1: the key the presenter must hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Value>,
}

impl<A> Default for ActiveToken<A> {
    fn default() -> Self {
        Self {
            iss: None,
            sub: None,
            aud: Vec::new(),
            client_id: None,
            scope: ScopeSet::default(),
            token_type: None,
            jti: None,
            iat: None,
            nbf: None,
            exp: None,
            auth_time: None,
            acr: None,
            amr: Vec::new(),
            assurance: None,
            authorization_details: None,
            act: None,
            cnf: None,
        }
    }
}

/// The form on the wire, written without a copy: this is the most frequent answer there is.
#[derive(Serialize)]
struct Written<'a, A> {
    active: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    token: Option<&'a ActiveToken<A>>,
}

impl<A: Serialize> Serialize for IntrospectionResponse<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let token = match self {
            Self::Inactive => None,
            Self::Active(token) => Some(token.as_ref()),
        };
        Written { active: token.is_some(), token }.serialize(serializer)
    }
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "A: Deserialize<'de>"))]
struct Read<A> {
    active: bool,
    #[serde(flatten)]
    token: Option<Box<ActiveToken<A>>>,
}

impl<A> From<Read<A>> for IntrospectionResponse<A> {
    fn from(read: Read<A>) -> Self {
        match read {
            Read { active: true, token } => Self::Active(token.unwrap_or_default()),
            Read { active: false, .. } => Self::Inactive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inactive_answer_says_nothing_else() {
        // RFC 7662 §2.2
        let json = serde_json::to_string(&IntrospectionResponse::<Value>::Inactive).unwrap();
        assert_eq!(json, r#"{"active":false}"#);
        let told: IntrospectionResponse =
            serde_json::from_str(r#"{"active":false,"sub":"x"}"#).unwrap();
        assert_eq!(IntrospectionResponse::Inactive, told);
    }

    #[test]
    fn an_active_answer_survives_writing_and_reading() {
        let token = ActiveToken {
            sub: Some("s".into()),
            aud: vec!["https://api.vn".into()],
            exp: Some(1_800_000_000),
            scope: ScopeSet::parse("openid").unwrap(),
            token_type: Some(TokenType::Dpop),
            assurance: Some(serde_json::json!({"vn_auth": 2})),
            ..ActiveToken::default()
        };
        let response = IntrospectionResponse::Active(Box::new(token));
        let json = serde_json::to_value(&response).unwrap();
        assert_eq!(json["active"], true);
        assert_eq!(json["token_type"], "DPoP");
        assert!(json.get("acr").is_none() && json.get("amr").is_none());
        assert_eq!(serde_json::from_value::<IntrospectionResponse>(json).unwrap(), response);
    }
}
