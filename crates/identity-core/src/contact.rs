//! Ways to reach a person.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A Vietnamese mobile number in E.164 form (`+84…`). One number serves one account (domain §1.5).
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a phone number in E.164 or Vietnamese national form")]
pub struct PhoneNumberError;

impl PhoneNumber {
    /// Accepts `0xxxxxxxxx` and `+…`; spaces, dots and hyphens between digits are dropped.
    pub fn parse(text: &str) -> Result<Self, PhoneNumberError> {
        if text.len() > 32 {
            return Err(PhoneNumberError);
        }
        let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-')).collect();
        let e164 = match compact.strip_prefix('0') {
            Some(national) if national.len() == 9 => format!("+84{national}"),
            Some(_) => return Err(PhoneNumberError),
            None => compact,
        };
        let digits = e164.strip_prefix('+').ok_or(PhoneNumberError)?;
        let valid = (8..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if valid { Ok(Self(e164)) } else { Err(PhoneNumberError) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PhoneNumber(…)")
    }
}

impl<'de> Deserialize<'de> for PhoneNumber {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Whether we have seen the person answer on a contact.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verification {
    Verified,
    Unverified,
}

/// A contact and whether it was verified.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Contact<T> {
    pub value: T,
    pub verification: Verification,
}

/// A postal address as OpenID Connect Core §5.1.1 writes it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Address {
    pub formatted: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_and_international_forms_meet() {
        let national = PhoneNumber::parse("0912 345 678").unwrap();
        assert_eq!(national, PhoneNumber::parse("+84912345678").unwrap());
        for bad in ["", "912345678", "09123", "+0123456789", "+84 91234567a", "123456789012"] {
            assert!(PhoneNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
