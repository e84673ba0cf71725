//! The strict `application/x-www-form-urlencoded` reader behind every endpoint.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// Longest query or body that is looked at.
pub const MAX_BYTES: usize = 16 * 1024;
/// Most fields, empty ones included.
pub const MAX_FIELDS: usize = 64;

/// The parameters whose meaning is ours: a control character in one of them is never honest.
const PROTOCOL_PARAMETERS: [&str; 40] = [
    "access_token",
    "acr_values",
    "authorization_details",
    "claims",
    "claims_locales",
    "client_assertion",
    "client_assertion_type",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "display",
    "error",
    "error_description",
    "error_uri",
    "grant_type",
    "id_token",
    "id_token_hint",
    "iss",
    "login_hint",
    "logout_hint",
    "max_age",
    "nonce",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "refresh_token",
    "registration",
    "request",
    "request_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "token",
    "token_type_hint",
    "ui_locales",
];

/// Why a query or body was not understood. All of them are the sender's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ParamsError {
    #[error("the parameters are larger than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("there are more than {MAX_FIELDS} parameters")]
    TooMany,
    #[error("a percent escape is malformed")]
    Escape,
    #[error("a parameter is not UTF-8")]
    Utf8,
    #[error("a parameter has no name")]
    NoName,
    #[error("a parameter is repeated")]
    Repeated,
    #[error("a protocol parameter holds a control character")]
    ControlCharacter,
}

/// Decoded parameters, each name at most once (RFC 6749 §3.1).
///
/// Values may be secrets: `Debug` prints names only and memory is wiped on drop.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(BTreeMap<String, Zeroizing<String>>);

impl Params {
    /// Reads a query string (without `?`) or a form body.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParamsError> {
        if bytes.len() > MAX_BYTES {
            return Err(ParamsError::TooLarge);
        }
        let mut params = Self::default();
        for (index, field) in bytes.split(|byte| *byte == b'&').enumerate() {
            if index >= MAX_FIELDS {
                return Err(ParamsError::TooMany);
            }
            if field.is_empty() {
                continue;
            }
            let mut halves = field.splitn(2, |byte| *byte == b'=');
            let name = decode_component(halves.next().unwrap_or_default())?;
            let value = decode_component(halves.next().unwrap_or_default())?;
            params.insert(name.to_string(), value)?;
        }
        Ok(params)
    }

    /// Joins query and body of one request; a name in both is repeated (ATK-015).
    pub fn merge(query: Self, body: Self) -> Result<Self, ParamsError> {
        let mut merged = query;
        for (name, value) in body.0 {
            merged.insert(name, value)?;
        }
        if merged.0.len() > MAX_FIELDS {
            return Err(ParamsError::TooMany);
        }
        Ok(merged)
    }

    /// The value, unless absent or empty, which are the same (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every name that was sent, also with an empty value.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    fn insert(&mut self, name: String, value: Zeroizing<String>) -> Result<(), ParamsError> {
        if name.is_empty() {
            return Err(ParamsError::NoName);
        }
        if has_forbidden_control(&name, &value) {
            return Err(ParamsError::ControlCharacter);
        }
        match self.0.entry(name) {
            Entry::Occupied(_) => Err(ParamsError::Repeated),
            Entry::Vacant(vacant) => {
                vacant.insert(value);
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// JSON, where line breaks are blanks.
const JSON_PARAMETERS: [&str; 2] = ["authorization_details", "claims"];

/// Controls split headers and log lines (ATK-014).
fn has_forbidden_control(name: &str, value: &str) -> bool {
    let is_blank = |c: char| JSON_PARAMETERS.contains(&name) && matches!(c, '\t' | '\n' | '\r');
    // Tokens are long and printable: bytes are told apart faster than characters.
    let printable = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    !printable
        && PROTOCOL_PARAMETERS.contains(&name)
        && value.chars().any(|c| c.is_control() && !is_blank(c))
}

/// Undoes form encoding of one name or value: `+` is a space, escapes are two hex digits.
pub(crate) fn decode_component(encoded: &[u8]) -> Result<Zeroizing<String>, ParamsError> {
    // One allocation of the final size, so that no copy of a secret stays behind on growth.
    let mut decoded = Zeroizing::new(Vec::with_capacity(encoded.len()));
    // What stands before the first escape, often everything, is copied as it is.
    let plain = encoded.iter().position(|byte| matches!(byte, b'+' | b'%'));
    let (plain, mut rest) = encoded.split_at(plain.unwrap_or(encoded.len()));
    decoded.extend_from_slice(plain);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let [high, low, after @ ..] = rest else { return Err(ParamsError::Escape) };
                rest = after;
                hex_digit(*high)? << 4 | hex_digit(*low)?
            }
            plain => plain,
        });
    }
    let text = String::from_utf8(std::mem::take(&mut *decoded)).map_err(|_| ParamsError::Utf8)?;
    Ok(Zeroizing::new(text))
}

fn hex_digit(digit: u8) -> Result<u8, ParamsError> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(ParamsError::Escape),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_and_plus_are_decoded() {
        let params = Params::parse(b"scope=openid+profile&state=%E1%BA%A1%26%3d").unwrap();
        assert_eq!(params.get("scope"), Some("openid profile"));
        assert_eq!(params.get("state"), Some("ạ&="));
    }

    #[test]
    fn an_empty_value_is_absent_but_still_counts_as_sent() {
        // OA-03
        let params = Params::parse(b"state=&nonce&&").unwrap();
        assert_eq!(params.get("state"), None);
        assert_eq!(params.get("nonce"), None);
        assert_eq!(Params::parse(b"state=&state=x"), Err(ParamsError::Repeated));
    }

    #[test]
    fn every_protocol_parameter_is_refused_when_repeated_in_query_body_or_across() {
        // ATK-015
        for name in PROTOCOL_PARAMETERS.into_iter().chain(["unknown"]) {
            let twice = format!("{name}=a&{name}=a");
            assert_eq!(Params::parse(twice.as_bytes()), Err(ParamsError::Repeated), "{name}");
            let once = Params::parse(format!("{name}=a").as_bytes()).unwrap();
            assert_eq!(Params::merge(once.clone(), once), Err(ParamsError::Repeated), "{name}");
        }
        assert_eq!(Params::parse(b"state=a&st%61te=b"), Err(ParamsError::Repeated));
    }

    #[test]
    fn malformed_escapes_and_text_are_refused() {
        for bytes in [&b"a=%"[..], b"a=%4", b"a=%4g", b"a=%+1", b"%zz=1"] {
            assert_eq!(Params::parse(bytes), Err(ParamsError::Escape));
        }
        for bytes in [&b"a=\xff"[..], b"a=%ff", b"a=%c0%80", b"a=%ed%a0%80"] {
            assert_eq!(Params::parse(bytes), Err(ParamsError::Utf8));
        }
        assert_eq!(Params::parse(b"=x"), Err(ParamsError::NoName));
    }

    #[test]
    fn line_breaks_and_nul_are_refused_in_protocol_parameters() {
        // ATK-014
        for name in PROTOCOL_PARAMETERS {
            for escape in ["%00", "%0d%0a", "%7f", "%c2%85"] {
                let query = format!("{name}=a{escape}b");
                let expected = match (name, escape) {
                    ("authorization_details" | "claims", "%0d%0a") => None,
                    _ => Some(ParamsError::ControlCharacter),
                };
                assert_eq!(Params::parse(query.as_bytes()).err(), expected, "{query}");
            }
        }
        assert!(Params::parse(b"page_field=%0a").is_ok());
    }

    #[test]
    fn size_and_field_count_are_bounded() {
        assert_eq!(Params::parse(&vec![b'a'; MAX_BYTES + 1]), Err(ParamsError::TooLarge));
        assert!(Params::parse(&vec![b'a'; MAX_BYTES]).is_ok());
        let fields = |n: usize| (0..n).map(|i| format!("f{i}=1")).collect::<Vec<_>>().join("&");
        assert!(Params::parse(fields(MAX_FIELDS).as_bytes()).is_ok());
        assert_eq!(Params::parse(fields(MAX_FIELDS + 1).as_bytes()), Err(ParamsError::TooMany));
    }

    #[test]
    fn debug_output_shows_no_value() {
        let params = Params::parse(b"client_secret=hunter2").unwrap();
        assert!(!format!("{params:?}").contains("hunter2"));
    }

    proptest! {
        #[test]
        fn what_a_client_encodes_is_what_we_read(
            fields in proptest::collection::btree_map("[a-zA-Z_ %&=+]{1,12}x", "[^\\p{C}]{1,40}", 0..20)
        ) {
            let body = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&fields).finish();
            let params = Params::parse(body.as_bytes()).unwrap();
            for (name, value) in &fields {
                prop_assert_eq!(params.get(name), Some(value.as_str()));
            }
            prop_assert_eq!(params.names().count(), fields.len());
        }
    }
}
