//! What the provider says about a token (RFC 7662 §2.2).

use serde::Deserialize;
use serde_json::{Map, Value};

/// The person and client behind a token that is active. All members are optional and unknown ones are
/// ignored, so that a provider can say more without breaking anybody.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Login {
    active: bool,
    /// Absent where a client acts for itself: then nobody can be asked for more proof.
    pub sub: Option<String>,
    pub client_id: Option<String>,
    scope: String,
    pub acr: Option<String>,
    pub amr: Vec<String>,
    /// Seconds since 1970: the oldest proof that the level rests on.
    pub auth_time: Option<i64>,
    pub exp: Option<i64>,
    /// Every ladder: the provider's `assurance` claim.
    pub assurance: Map<String, Value>,
}

impl Login {
    /// From the answer of the introspection endpoint; `None` for a token that is not active.
    pub fn of_introspection(answer: Value) -> Result<Option<Self>, serde_json::Error> {
        let login: Self = serde_json::from_value(answer)?;
        Ok(login.active.then_some(login))
    }

    pub fn scope(&self) -> &str {
        &self.scope
    }

    pub fn has_scope(&self, scope: &str) -> bool {
        self.scope.split(' ').any(|granted| granted == scope)
    }

    /// The rung reached on a ladder of numbers. An absent level is no level (NIST SP 800-63C-4 §2.5).
    pub fn level(&self, ladder: &str) -> u64 {
        self.assurance.get(ladder).and_then(Value::as_u64).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_that_is_not_active_is_no_login() {
        let read = |answer| Login::of_introspection(answer).unwrap();
        assert_eq!(read(json!({ "active": false, "sub": "a" })), None);
        assert_eq!(read(json!({ "sub": "a" })), None, "silence is not a yes");
        let login = read(json!({
            "active": true, "scope": "openid vn_identity", "new": [],
            "assurance": { "vn_account_level": 2, "eidas": "high" },
        }));
        let login = login.unwrap();
        assert!(login.has_scope("vn_identity") && !login.has_scope("vn"));
        assert_eq!((login.level("vn_account_level"), login.level("eidas")), (2, 0));
        assert!(Login::of_introspection(json!({ "active": "yes" })).is_err());
    }
}
