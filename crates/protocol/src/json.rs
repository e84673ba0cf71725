//! JSON from strangers: bounded in size and depth before anything recurses, no name twice.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use thiserror::Error;

/// Deeper is refused whatever the caller allows (ATK-042: a stack overflow aborts the process).
pub const MAX_DEPTH: usize = 32;

/// Integers beyond this lose digits in most readers (RFC 7493 §2.2).
const MAX_INTEGER: u64 = 1 << 53;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JsonError {
    #[error("the document is too large")]
    TooLarge,
    #[error("the document is nested too deeply")]
    TooDeep,
    #[error("the document is malformed, repeats a member or holds an inexact number")]
    Malformed,
}

/// Reads one JSON document of at most `max_bytes` and `max_depth` open brackets.
pub fn parse_bounded(bytes: &[u8], max_bytes: usize, max_depth: usize) -> Result<Value, JsonError> {
    if bytes.len() > max_bytes {
        return Err(JsonError::TooLarge);
    }
    if depth(bytes) > max_depth.min(MAX_DEPTH) {
        return Err(JsonError::TooDeep);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut deserializer).map_err(|_| JsonError::Malformed)?;
    deserializer.end().map_err(|_| JsonError::Malformed)?;
    Ok(value)
}

/// The most brackets open at once, found without recursion. Brackets inside strings do not count.
fn depth(bytes: &[u8]) -> usize {
    let (mut open, mut deepest) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in bytes {
        match (in_string, byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'[' | b'{') => {
                open += 1;
                deepest = deepest.max(open);
            }
            (false, b']' | b'}') => open = open.saturating_sub(1),
            (true | false, _) => {}
        }
    }
    deepest
}

/// Builds a [`Value`] as serde_json does, but refuses what readers disagree about.
#[derive(Clone, Copy)]
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value without repeated members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_INTEGER {
            return Err(E::custom("integer beyond 2^53"));
        }
        Ok(Value::from(value))
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_INTEGER {
            return Err(E::custom("integer beyond 2^53"));
        }
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let exact = value.abs() <= 9_007_199_254_740_992.0;
        Number::from_f64(value)
            .filter(|_| exact)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number beyond 2^53"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(Strict)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.insert(name, members.next_value_seed(Strict)?).is_some() {
                return Err(A::Error::custom("repeated member"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<Value, JsonError> {
        parse_bounded(text.as_bytes(), 4096, 8)
    }

    #[test]
    fn repeated_members_are_refused_however_they_are_spelled() {
        // ATK-042
        for text in [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"[{"b":{"a":1,"a":2}}]"#] {
            assert_eq!(parse(text), Err(JsonError::Malformed), "{text}");
        }
        assert!(parse(r#"{"a":{"a":1},"b":{"a":1}}"#).is_ok());
    }

    #[test]
    fn depth_is_refused_before_recursion_whatever_the_caller_allows() {
        // ATK-042
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(parse(&deep(8)).is_ok());
        assert_eq!(parse(&deep(9)), Err(JsonError::TooDeep));
        let abyss = deep(1_000_000);
        let limit = usize::MAX;
        assert_eq!(parse_bounded(abyss.as_bytes(), limit, limit), Err(JsonError::TooDeep));
        // An escaped quote does not end a string; an escaped backslash does not escape a quote.
        assert!(parse(r#""\"[[[[[[[[[[[[""#).is_ok());
        assert_eq!(parse(&format!(r#"["\\",{}]"#, deep(8))), Err(JsonError::TooDeep));
    }

    #[test]
    fn what_readers_disagree_about_is_refused() {
        // ATK-042
        let cases = [
            "\u{feff}{}",
            "9007199254740993",
            "-9007199254740993",
            "18446744073709551616",
            "1e400",
            "1e17",
            r#""\ud800""#,
            "{} {}",
            "",
            "NaN",
            "{'a':1}",
            "[1,]",
            "01",
        ];
        for text in cases {
            assert_eq!(parse(text), Err(JsonError::Malformed), "{text}");
        }
    }

    #[test]
    fn size_is_bounded() {
        assert_eq!(parse_bounded(b"[1, 2]", 5, 8), Err(JsonError::TooLarge));
    }

    proptest! {
        #[test]
        fn whatever_we_accept_reads_the_same_elsewhere(text in "[\\[\\]{}:,\"a0-9.eE\\\\u+-]{0,40}") {
            if let Ok(value) = parse(&text) {
                prop_assert_eq!(Some(value), serde_json::from_str::<Value>(&text).ok());
            }
        }
    }
}
