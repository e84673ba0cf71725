//! What a logout token says (OpenID Connect Back-Channel Logout §2.4).

use serde::{Deserialize, Serialize};

/// The claims of a logout token. There is no `nonce` on purpose: it keeps a logout token from ever
/// passing for an ID token (op-traps 23).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogoutTokenClaims {
    pub iss: String,
    pub aud: String,
    pub sub: String,
    /// The session as that client knows it.
    pub sid: String,
    pub iat: i64,
    pub exp: i64,
    pub jti: String,
    pub events: LogoutEvents,
}

/// The one event that a logout token reports: an object with that name and nothing in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogoutEvents {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: NoMembers,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoMembers {}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_event_is_written_as_the_specification_shows_it() {
        let event = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
        assert_eq!(serde_json::to_value(LogoutEvents::default()).unwrap(), event);
        assert_eq!(serde_json::from_value::<LogoutEvents>(event).unwrap(), LogoutEvents::default());
        assert!(serde_json::from_value::<LogoutEvents>(json!({})).is_err());
    }
}
