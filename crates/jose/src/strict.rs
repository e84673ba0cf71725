//! Reading what strangers wrote: JSON without duplicates or depth, JWS in compact form only.

use std::fmt;

use serde::de::{self, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

use crate::digest::base64url_decode;
use crate::refusal::JwtRefusal;

/// The longest signed token read, in bytes. Ours stay below 4 KiB.
pub(crate) const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The deepest nesting read (ATK-042). Counted before parsing, so that no recursion depends on input.
const MAX_DEPTH: usize = 32;

/// A JSON value in which no object names a member twice, at any depth (RFC 7515 §4, ATK-042).
#[derive(Debug)]
pub(crate) struct UniqueJson(pub Value);

impl<'de> Deserialize<'de> for UniqueJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueVisitor).map(Self)
    }
}

struct UniqueVisitor;

impl<'de> Visitor<'de> for UniqueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate members")
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(UniqueJson(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let UniqueJson(value) = members.next_value()?;
            if object.insert(name, value).is_some() {
                return Err(de::Error::custom("a member is named twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

/// Parses one JSON object; bounding the size is the caller's duty.
pub(crate) fn parse_object(json: &[u8]) -> Option<Map<String, Value>> {
    if !nests_shallowly(json) {
        return None;
    }
    match serde_json::from_slice::<UniqueJson>(json).ok()?.0 {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

fn nests_shallowly(json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return false;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    true
}

/// The header members that decide anything. `jwk`, `jku`, `x5u`, `x5c` are not among them: a token
/// does not say with which key it is to be believed (ATK-034).
#[derive(Debug)]
pub(crate) struct Header {
    pub algorithm: String,
    pub kid: Option<String>,
    pub typ: Option<String>,
}

/// A JWS in compact form (RFC 7515 §7.1), taken apart but not yet believed.
#[derive(Debug)]
pub(crate) struct UnverifiedJws<'t> {
    pub header: Header,
    /// The bytes that were signed.
    pub signing_input: &'t str,
    pub payload: Vec<u8>,
    pub signature: Vec<u8>,
    pub signature_text: &'t str,
}

impl<'t> UnverifiedJws<'t> {
    pub fn parse(token: &'t str) -> Result<Self, JwtRefusal> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(JwtRefusal::TooLong);
        }
        let shape = || JwtRefusal::Malformed("not three parts");
        let (signing_input, signature_text) = token.rsplit_once('.').ok_or_else(shape)?;
        let (header, payload) = signing_input.split_once('.').ok_or_else(shape)?;
        if payload.contains('.') {
            return Err(shape());
        }
        let decode = |text| base64url_decode(text).map_err(|_| JwtRefusal::Malformed("base64url"));
        Ok(Self {
            header: Header::parse(&decode(header)?)?,
            signing_input,
            payload: decode(payload)?,
            signature: decode(signature_text)?,
            signature_text,
        })
    }

    /// The claims. Call it after the signature was verified.
    pub fn claims(&self) -> Result<Map<String, Value>, JwtRefusal> {
        parse_object(&self.payload).ok_or(JwtRefusal::Malformed("claims are not a strict object"))
    }
}

impl Header {
    fn parse(json: &[u8]) -> Result<Self, JwtRefusal> {
        let mut members =
            parse_object(json).ok_or(JwtRefusal::Malformed("header is not a strict object"))?;
        // No extension is understood, so none may be critical (RFC 7515 §4.1.11, ATK-036); `b64`
        // changes what is signed and is refused with or without `crit` (RFC 7797, ATK-037).
        if members.contains_key("crit") || members.contains_key("b64") {
            return Err(JwtRefusal::CriticalExtension);
        }
        let mut text = |name| match members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(JwtRefusal::Malformed("a header member is not a string")),
        };
        Ok(Self {
            algorithm: text("alg")?.ok_or(JwtRefusal::Malformed("no alg"))?,
            kid: text("kid")?,
            typ: text("typ")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::base64url;

    #[test]
    fn a_member_named_twice_is_refused_at_any_depth() {
        // ATK-042
        for twice in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":[{"b":1,"b":2}]}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":{"b":{"c":1,"c":1}}}"#,
        ] {
            assert!(parse_object(twice.as_bytes()).is_none(), "{twice}");
        }
        assert!(parse_object(br#"{"a":{"a":{"a":1}}}"#).is_some());
    }

    #[test]
    fn depth_is_counted_before_anything_recurses() {
        // ATK-042: 10 000 levels, and the last level that is still allowed
        let nested = |levels: usize| {
            format!("{{\"a\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
        };
        assert!(parse_object(nested(MAX_DEPTH).as_bytes()).is_some());
        assert!(parse_object(nested(MAX_DEPTH + 1).as_bytes()).is_none());
        assert!(parse_object(nested(10_000).as_bytes()).is_none());
        let brackets_in_text = format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(100));
        assert!(parse_object(brackets_in_text.as_bytes()).is_some());
    }

    #[test]
    fn odd_json_is_refused() {
        // ATK-042: byte order mark, lone surrogate, trailing text, other top-level types
        for odd in ["\u{feff}{}", r#"{"a":"\ud800"}"#, "{} {}", "[]", "1", "", r#"{"a":1e999}"#] {
            assert!(parse_object(odd.as_bytes()).is_none(), "{odd}");
        }
        assert!(parse_object(b"{\"a\":\"\xff\"}").is_none());
    }

    #[test]
    fn other_serialisations_and_extensions_are_refused() {
        // ATK-036, ATK-037
        let with_header = |json: &str| format!("{}.e30.AA", base64url(json.as_bytes()));
        for token in ["", ".", "..", "a.b", "e30.e30.e30.e30", "e30.e30.e30.e30.e30", "{}"] {
            assert!(UnverifiedJws::parse(token).is_err(), "{token}");
        }
        for json in [
            r#"{"alg":"ES256","crit":[]}"#,
            r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
            r#"{"alg":"ES256","b64":false}"#,
        ] {
            let refusal = UnverifiedJws::parse(&with_header(json)).unwrap_err();
            assert_eq!(refusal, JwtRefusal::CriticalExtension, "{json}");
        }
        for json in [r#"{"alg":1}"#, "{}", r#"{"alg":"ES256","kid":7}"#, r#"{"alg":"a","alg":"a"}"#]
        {
            assert!(UnverifiedJws::parse(&with_header(json)).is_err(), "{json}");
        }
        assert!(UnverifiedJws::parse(&with_header(r#"{"alg":"ES256","jku":"https://a"}"#)).is_ok());
    }

    #[test]
    fn a_token_beyond_the_bound_is_not_even_decoded() {
        let long = format!("e30.{}.AA", "A".repeat(MAX_TOKEN_BYTES));
        assert_eq!(UnverifiedJws::parse(&long).unwrap_err(), JwtRefusal::TooLong);
    }
}
