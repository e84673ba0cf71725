//! The revocation request (RFC 7009 §2.1).

use crate::token::is_token;
use crate::{Params, ProtocolError, SecretString};

/// Where to look first. A wrong hint must not keep us from finding the token (RFC 7009 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenTypeHint {
    AccessToken,
    RefreshToken,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevocationRequest {
    pub token: SecretString,
    pub hint: Option<TokenTypeHint>,
}

impl RevocationRequest {
    pub fn from_params(params: &Params) -> Result<Self, ProtocolError> {
        let (token, hint) = token_and_hint(params)?;
        Ok(Self { token, hint })
    }
}

/// The two parameters revocation and introspection share. A hint we do not know is ignored.
pub(crate) fn token_and_hint(
    params: &Params,
) -> Result<(SecretString, Option<TokenTypeHint>), ProtocolError> {
    let token = params.get("token").ok_or(ProtocolError::invalid_request("token is missing"))?;
    if !is_token(token) {
        return Err(ProtocolError::invalid_request("token is malformed"));
    }
    let hint = match params.get("token_type_hint") {
        Some("access_token") => Some(TokenTypeHint::AccessToken),
        Some("refresh_token") => Some(TokenTypeHint::RefreshToken),
        Some(_) | None => None,
    };
    Ok((SecretString::new(token), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_hint_is_ignored_and_a_missing_token_refused() {
        let read = |body: &[u8]| RevocationRequest::from_params(&Params::parse(body).unwrap());
        let request = read(b"token=t&token_type_hint=refresh_token").unwrap();
        assert_eq!(request.hint, Some(TokenTypeHint::RefreshToken));
        assert_eq!(read(b"token=t&token_type_hint=pink").unwrap().hint, None);
        assert!(read(b"token=").is_err());
        assert!(read(b"token=a%20b").is_err());
    }
}
