//! The `authorization_details` parameter (RFC 9396): one transaction that the person is to agree to.
//!
//! ```json
//! [{"type": "urn:vn:eid:transaction", "kind": "transfer", "amount": 20000000, "reference": "FT261122-17"}]
//! ```
//!
//! One type, one element. A proof is given for one transaction, so two of them are two requests.

use identity_core::TransactionDetails;
use serde_json::{Map, Value, json};

use crate::json::parse_bounded;
use crate::{ErrorCode, ProtocolError};

pub const AUTHORIZATION_DETAILS: &str = "authorization_details";
/// A transaction with a value in đồng.
pub const TRANSACTION: &str = "urn:vn:eid:transaction";
/// Every type there is.
pub const TYPES: [&str; 1] = [TRANSACTION];

const MAX_BYTES: usize = 2048;
const MAX_DEPTH: usize = 3;
/// Of a kind or a procedure, both of them names in the policy.
const MAX_NAME: usize = 64;
const MAX_REFERENCE: usize = 64;
/// In đồng: a million times what anybody transfers, and exact in every reader of JSON.
const MAX_AMOUNT: u64 = 1_000_000_000_000_000;

/// Reads the parameter. Whatever is not understood is refused: a member that was passed over might have
/// been what the relying party relied on (RFC 9396 §5).
pub fn parse(text: &str) -> Result<TransactionDetails, ProtocolError> {
    let document = parse_bounded(text.as_bytes(), MAX_BYTES, MAX_DEPTH)
        .map_err(|_| refused("authorization_details is not valid JSON, or too large"))?;
    let Value::Array(elements) = document else {
        return Err(refused("authorization_details is not an array"));
    };
    match <[Value; 1]>::try_from(elements) {
        Ok([Value::Object(members)]) => transaction(members),
        Ok(_) => Err(refused("an element of authorization_details is not an object")),
        Err(_) => Err(refused("authorization_details must have exactly one element")),
    }
}

/// As it goes back to the relying party: in the token response, the ID token and introspection
/// (RFC 9396 §7, §9).
pub fn to_json(details: &TransactionDetails) -> Value {
    let TransactionDetails { kind, amount, day_total, known_device, reference, procedure } =
        details;
    let mut element = json!({
        "type": TRANSACTION,
        "kind": kind,
        "amount": amount,
        "reference": reference,
    });
    if let Value::Object(members) = &mut element {
        let optional = [
            ("day_total", day_total.map(Value::from)),
            ("known_device", known_device.then_some(Value::Bool(true))),
            ("procedure", procedure.clone().map(Value::from)),
        ];
        let given = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
        members.extend(given.map(|(name, value)| (name.to_owned(), value)));
    }
    Value::Array(vec![element])
}

fn transaction(mut members: Map<String, Value>) -> Result<TransactionDetails, ProtocolError> {
    match members.remove("type") {
        Some(Value::String(name)) if name == TRANSACTION => {}
        Some(_) | None => return Err(refused("the type of authorization_details is unknown")),
    }
    let malformed = refused("a member of the transaction is missing or malformed");
    let details = TransactionDetails {
        kind: text(&mut members, "kind", is_name)?.ok_or(malformed)?,
        amount: number(&mut members, "amount")?.ok_or(malformed)?,
        day_total: number(&mut members, "day_total")?,
        known_device: match members.remove("known_device") {
            None => false,
            Some(Value::Bool(known)) => known,
            Some(_) => return Err(malformed),
        },
        reference: text(&mut members, "reference", is_reference)?.ok_or(malformed)?,
        procedure: text(&mut members, "procedure", is_name)?,
    };
    if details.day_total.is_some_and(|total| total < details.amount) {
        return Err(refused("day_total is less than amount"));
    }
    if members.is_empty() {
        Ok(details)
    } else {
        Err(refused("the transaction has an unknown member"))
    }
}

fn text(
    members: &mut Map<String, Value>,
    name: &str,
    is_well_formed: impl Fn(&str) -> bool,
) -> Result<Option<String>, ProtocolError> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) if is_well_formed(&text) => Ok(Some(text)),
        Some(_) => Err(refused("a member of the transaction is missing or malformed")),
    }
}

fn number(members: &mut Map<String, Value>, name: &str) -> Result<Option<u64>, ProtocolError> {
    let Some(value) = members.remove(name) else { return Ok(None) };
    let amount = value.as_u64().filter(|amount| *amount <= MAX_AMOUNT);
    let malformed = refused("amounts are whole numbers of dong, not above 10^15");
    amount.map(Some).ok_or(malformed)
}

fn is_name(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(letter)
}

/// It is shown to the person: no words, so that nobody is talked to through it (ATK-122).
fn is_reference(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    (1..=MAX_REFERENCE).contains(&text.len()) && text.bytes().all(plain)
}

const fn refused(description: &'static str) -> ProtocolError {
    ProtocolError::new(ErrorCode::InvalidAuthorizationDetails, description)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = r#"{"type":"urn:vn:eid:transaction","kind":"transfer","amount":20000000,
        "day_total":25000000,"known_device":true,"reference":"FT261122/17","procedure":"passport"}"#;

    fn one(members: &str) -> String {
        format!(
            r#"[{{"type":"urn:vn:eid:transaction","kind":"transfer","amount":1,"reference":"r"{members}}}]"#
        )
    }

    #[test]
    fn a_transaction_is_read_and_told_again_word_for_word() {
        let details = parse(&format!("[{WHOLE}]")).unwrap();
        assert_eq!((details.amount, details.day_total), (20_000_000, Some(25_000_000)));
        assert!(details.known_device);
        let told: Value = serde_json::from_str(&format!("[{WHOLE}]")).unwrap();
        assert_eq!(to_json(&details), told);
        let least = parse(&one("")).unwrap();
        assert_eq!((least.day_total, least.known_device, &least.procedure), (None, false, &None));
        assert_eq!(parse(&to_json(&least).to_string()), Ok(least));
    }

    #[test]
    fn amounts_are_exact_and_bounded() {
        for (amount, read) in [("0", Some(0)), ("1000000000000000", Some(MAX_AMOUNT))] {
            let text = one("").replace(":1,", &format!(":{amount},"));
            assert_eq!(parse(&text).ok().map(|details| details.amount), read, "{amount}");
        }
        for amount in ["-1", "1.5", "1e3", "\"1\"", "null", "1000000000000001", "9007199254740993"]
        {
            assert!(parse(&one("").replace(":1,", &format!(":{amount},"))).is_err(), "{amount}");
        }
    }

    #[test]
    fn what_is_not_understood_whole_is_refused_with_its_own_code() {
        // RFC 9396 §5; ATK-042
        let cases = [
            String::new(),
            "{}".to_owned(),
            WHOLE.to_owned(),
            "[]".to_owned(),
            "[1]".to_owned(),
            format!("[{WHOLE},{WHOLE}]"),
            r#"[{"type":"payment_initiation"}]"#.to_owned(),
            r#"[{"kind":"transfer","amount":1,"reference":"r"}]"#.to_owned(),
            r#"[{"type":"urn:vn:eid:transaction","kind":"transfer","amount":1}]"#.to_owned(),
            r#"[{"type":"urn:vn:eid:transaction","amount":1,"reference":"r"}]"#.to_owned(),
            one(r#","actions":["pay"]"#),
            one(r#","locations":[]"#),
            one(r#","amount":2"#),
            one(r#","day_total":0"#),
            one(r#","known_device":"yes""#),
            one(r#","procedure":"Passport""#),
            one(r#","procedure":null"#),
            one(r#","x":[[["deep"]]]"#),
            one("").replace(r#":"r""#, r#":"""#),
            one("").replace(r#":"r""#, r#":"Gọi 0123 ngay""#),
            one("").replace(r#":"r""#, &format!(r#":"{}""#, "r".repeat(MAX_REFERENCE + 1))),
            one("").replace("transfer", &"t".repeat(MAX_NAME + 1)),
            one(&" ".repeat(MAX_BYTES)),
        ];
        for text in cases {
            let code = parse(&text).map_err(|error| error.code());
            assert_eq!(code, Err(ErrorCode::InvalidAuthorizationDetails), "{text}");
        }
        assert!(parse(&one("").replace(r#":"r""#, &format!(r#":"{}""#, "r".repeat(64)))).is_ok());
    }
}
