//! Numbers that name people. None of them is a key: they can be cancelled and set again
//! (Circular 59/2021 art. 6), so subjects have an opaque identifier of their own.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::subject::Sex;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a number of {expected} ASCII digits")]
pub struct NumberError {
    pub expected: usize,
}

macro_rules! digits {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Exactly the ASCII digits: no spaces, no full-width digits (ATK-128).
            pub fn parse(text: &str) -> Result<Self, NumberError> {
                if text.len() == $length && text.bytes().all(|b| b.is_ascii_digit()) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NumberError { expected: $length })
                }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// All but the last three digits hidden, for pages.
            pub fn masked(&self) -> String {
                let hidden = self.0.len().saturating_sub(3);
                let (_, tail) = self.0.split_at(hidden);
                format!("{}{tail}", "•".repeat(hidden))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

digits!(
    /// The citizen's personal identification number (số định danh cá nhân; Law on Identification art. 12).
    PersonalNumber,
    12
);
digits!(
    /// The foreigner's number set by the identification system (số định danh của người nước ngoài).
    ForeignerNumber,
    12
);
digits!(
    /// The number of the former nine-digit identity card (CMND), which ended on 2024-12-31.
    LegacyNumber,
    9
);

/// What the digits suggest. Decree 70/2024 no longer prescribes the structure, so these are hints
/// for a human, never facts about a person (domain §3.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NumberHints {
    /// Sex registered at birth.
    pub sex: Sex,
    pub birth_year: u16,
    /// Province code of Circular 59/2021, or a country code for births abroad (≥ 101).
    pub place_code: u16,
}

/// Where a birth was registered, as the number says: one of the provinces of Circular 59/2021, coarse
/// enough to be counted by. A hint like the rest of the number, so for statistics and nothing else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Province(u16);

impl Province {
    /// All places abroad count as one: some of their codes stand for very few people.
    pub const ABROAD: Self = Self(100);

    pub fn of(number: &IdentityNumber) -> Option<Self> {
        match number {
            IdentityNumber::Citizen(number) => Some(Self::from_code(number.hints().place_code)),
            IdentityNumber::Foreigner(_) => None,
        }
    }

    pub fn from_code(code: u16) -> Self {
        if code < Self::ABROAD.0 { Self(code) } else { Self::ABROAD }
    }
}

impl fmt::Display for Province {
    /// Three digits, as in the number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ABROAD { f.write_str("abroad") } else { write!(f, "{:03}", self.0) }
    }
}

impl PersonalNumber {
    /// Digits 1–3 place, 4 century and sex, 5–6 year (Circular 59/2021 art. 4).
    pub fn hints(&self) -> NumberHints {
        let digit = |at: usize| self.0.as_bytes().get(at).map_or(0, |b| u16::from(b - b'0'));
        let century_and_sex = digit(3);
        NumberHints {
            sex: if century_and_sex % 2 == 0 { Sex::Male } else { Sex::Female },
            birth_year: (19 + century_and_sex / 2) * 100 + digit(4) * 10 + digit(5),
            place_code: digit(0) * 100 + digit(1) * 10 + digit(2),
        }
    }
}

/// The number an account is known by.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "number", rename_all = "snake_case")]
pub enum IdentityNumber {
    Citizen(PersonalNumber),
    Foreigner(ForeignerNumber),
}

impl IdentityNumber {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Citizen(number) => number.as_str(),
            Self::Foreigner(number) => number.as_str(),
        }
    }

    pub fn masked(&self) -> String {
        match self {
            Self::Citizen(number) => number.masked(),
            Self::Foreigner(number) => number.masked(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_structure_gives_hints() {
        let hints = PersonalNumber::parse("067301001234").unwrap().hints();
        assert_eq!(hints, NumberHints { sex: Sex::Female, birth_year: 2001, place_code: 67 });
        let hints = PersonalNumber::parse("001085009876").unwrap().hints();
        assert_eq!(hints, NumberHints { sex: Sex::Male, birth_year: 1985, place_code: 1 });
    }

    #[test]
    fn places_abroad_are_one_province() {
        let province = |text: &str| {
            Province::of(&IdentityNumber::Citizen(PersonalNumber::parse(text).unwrap()))
        };
        assert_eq!(province("067301001234").unwrap().to_string(), "067");
        assert_eq!(province("101301001234"), Some(Province::ABROAD));
        assert_eq!(province("250301001234"), Some(Province::ABROAD));
        let foreigner = ForeignerNumber::parse("067301001234").unwrap();
        assert_eq!(Province::of(&IdentityNumber::Foreigner(foreigner)), None);
    }

    #[test]
    fn only_twelve_ascii_digits_are_a_personal_number() {
        for bad in [
            "",
            "06730100123",
            "0673010012345",
            "06730100123a",
            "０６７３０１００１２３４",
            " 67301001234",
        ] {
            assert!(PersonalNumber::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_output_hides_the_digits() {
        // ATK-124
        let number = PersonalNumber::parse("067301001234").unwrap();
        assert!(!format!("{number:?}").contains("0673"));
        assert_eq!(number.masked(), "•••••••••234");
    }
}
