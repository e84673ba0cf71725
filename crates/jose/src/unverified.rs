//! Whose token does this claim to be? Only ever used to choose the registration whose keys and names
//! it is then verified against; nothing read here is believed.

use serde_json::Value;

use crate::strict::UnverifiedJws;

/// `iss` of a client assertion that came without `client_id` (RFC 7523 §3: it must be the client).
pub fn unverified_issuer(token: &str) -> Option<String> {
    unverified_text(token, "iss")
}

/// `aud` of one of our ID tokens sent as a hint without `client_id`.
pub fn unverified_audience(token: &str) -> Option<String> {
    unverified_text(token, "aud")
}

fn unverified_text(token: &str, claim: &str) -> Option<String> {
    let claims = UnverifiedJws::parse(token).ok()?.claims().ok()?;
    claims.get(claim).and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::base64url;

    #[test]
    fn garbage_names_nobody() {
        let header = base64url(br#"{"alg":"ES256"}"#);
        let token = |claims: &str| format!("{header}.{}.c2ln", base64url(claims.as_bytes()));
        assert_eq!(unverified_issuer(&token(r#"{"iss":"portal"}"#)).as_deref(), Some("portal"));
        assert_eq!(unverified_audience(&token(r#"{"aud":["a","b"]}"#)), None);
        for garbage in ["", "a.b", "..", "a.b.c"] {
            assert_eq!(unverified_issuer(garbage), None, "{garbage}");
        }
    }
}
