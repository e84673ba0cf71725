//! The registered claims, read so that a claim of the wrong type is never taken for an absent one
//! (ATK-039, CVE-2026-25537).

use std::time::Duration;

use identity_core::Timestamp;
use serde_json::{Map, Value};

use crate::refusal::JwtRefusal;

/// How far another clock may run ahead of ours.
pub const CLOCK_SKEW: Duration = Duration::from_secs(10);

/// 9999-12-31T23:59:59Z: no honest date lies beyond.
const LAST_SECOND: i64 = 253_402_300_799;

pub(crate) fn text<'c>(
    claims: &'c Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'c str>, JwtRefusal> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwtRefusal::Claim(name)),
    }
}

/// A `NumericDate` in whole seconds (RFC 7519 §2). Fractions, which the RFC permits, are refused:
/// nobody needs them and libraries disagree on them.
pub(crate) fn date(
    claims: &Map<String, Value>,
    name: &'static str,
) -> Result<Option<Timestamp>, JwtRefusal> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    match value.as_i64() {
        Some(seconds @ 0..=LAST_SECOND) => Ok(Some(Timestamp::from_unix_seconds(seconds))),
        Some(_) | None => Err(JwtRefusal::Claim(name)),
    }
}

/// The audience: one string or a list of strings (RFC 7519 §4.1.3).
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Audience<'c> {
    One(&'c str),
    Many(Vec<&'c str>),
}

impl Audience<'_> {
    pub fn contains(&self, expected: &str) -> bool {
        match self {
            Self::One(audience) => *audience == expected,
            Self::Many(audiences) => audiences.contains(&expected),
        }
    }
}

pub(crate) fn audience(claims: &Map<String, Value>) -> Result<Audience<'_>, JwtRefusal> {
    match claims.get("aud") {
        Some(Value::String(one)) => Ok(Audience::One(one)),
        Some(Value::Array(many)) => many
            .iter()
            .map(|item| item.as_str().ok_or(JwtRefusal::Claim("aud")))
            .collect::<Result<_, _>>()
            .map(Audience::Many),
        Some(_) | None => Err(JwtRefusal::Claim("aud")),
    }
}

/// `iat` and `nbf`, where present, are well formed and not in the future. Returns `iat`.
pub(crate) fn begun(
    claims: &Map<String, Value>,
    now: Timestamp,
) -> Result<Option<Timestamp>, JwtRefusal> {
    let (issued_at, not_before) = (date(claims, "iat")?, date(claims, "nbf")?);
    let latest = now.plus(CLOCK_SKEW);
    if issued_at.max(not_before).is_some_and(|instant| instant > latest) {
        return Err(JwtRefusal::NotYetValid);
    }
    Ok(issued_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: Value) -> Map<String, Value> {
        match value {
            Value::Object(object) => object,
            _ => panic!("an object"),
        }
    }

    #[test]
    fn a_date_of_any_other_form_is_malformed_and_never_absent() {
        // ATK-039
        for odd in [
            json!("1700000000"),
            json!(1e30),
            json!(1_700_000_000.5),
            json!(1_700_000_000.0),
            json!(-1),
            json!(u64::MAX),
            json!(i64::MAX),
            json!(null),
            json!([1_700_000_000]),
            json!({}),
            json!(true),
        ] {
            for name in ["exp", "nbf", "iat"] {
                let claims = claims(json!({ name: odd }));
                assert_eq!(date(&claims, name), Err(JwtRefusal::Claim(name)), "{name} {odd}");
            }
        }
        assert_eq!(date(&claims(json!({})), "exp"), Ok(None));
    }

    #[test]
    fn the_clock_of_another_may_run_ten_seconds_ahead_and_no_more() {
        let now = Timestamp::from_unix_seconds(1_000_000);
        for name in ["iat", "nbf"] {
            assert!(begun(&claims(json!({ name: 1_000_010 })), now).is_ok());
            let ahead = claims(json!({ name: 1_000_011 }));
            assert_eq!(begun(&ahead, now), Err(JwtRefusal::NotYetValid), "{name}");
        }
    }

    #[test]
    fn an_audience_is_a_string_or_strings() {
        assert!(audience(&claims(json!({"aud": ["a", "b"]}))).unwrap().contains("b"));
        assert!(!audience(&claims(json!({"aud": "a"}))).unwrap().contains("A"));
        for odd in [json!({}), json!({"aud": 1}), json!({"aud": ["a", 1]}), json!({"aud": null})] {
            assert_eq!(audience(&claims(odd)), Err(JwtRefusal::Claim("aud")));
        }
    }
}
