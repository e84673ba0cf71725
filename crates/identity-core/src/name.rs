//! Names of people: stored in one Unicode form, found in all of them.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A person's full name in Vietnamese order (family, middle, given), normalised to NFC.
///
/// Protocol strings are never normalised (OpenID Connect Core §14); names are, because the same
/// person may type either form (ATK-128).
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct PersonName(String);

impl std::fmt::Debug for PersonName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonName(…)")
    }
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PersonNameError {
    #[error("the name is empty")]
    Empty,
    #[error("the name is longer than {} characters", PersonName::MAX_CHARACTERS)]
    TooLong,
    #[error("the name holds a character that no name has")]
    ForeignCharacter,
}

impl PersonName {
    pub const MAX_CHARACTERS: usize = 128;
    /// More marks on one letter than any language stacks.
    const MAX_MARKS: usize = 4;

    pub fn parse(text: &str) -> Result<Self, PersonNameError> {
        if text.len() > Self::MAX_CHARACTERS * 16 {
            return Err(PersonNameError::TooLong);
        }
        let composed: String = text.nfc().collect();
        let name = composed.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.is_empty() {
            return Err(PersonNameError::Empty);
        }
        if name.chars().count() > Self::MAX_CHARACTERS {
            return Err(PersonNameError::TooLong);
        }
        if !name.chars().all(is_name_character) || longest_run_of_marks(&name) > Self::MAX_MARKS {
            return Err(PersonNameError::ForeignCharacter);
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Lower case without marks, for search: `Đặng Thị Hoà`, `Đặng Thị Hòa` and `dang thi hoa` meet.
    /// Never used to decide that two people are one.
    pub fn folded(&self) -> String {
        self.0
            .nfd()
            .filter(|c| !is_combining_mark(*c))
            .flat_map(char::to_lowercase)
            .map(|c| if c == 'đ' { 'd' } else { c })
            .collect()
    }

    /// The first word: the family name (họ).
    pub fn family(&self) -> &str {
        self.0.split(' ').next().unwrap_or_default()
    }

    /// The last word: the given name (tên); absent when the name is one word.
    pub fn given(&self) -> Option<&str> {
        self.0.rsplit_once(' ').map(|(_, given)| given)
    }

    /// What stands between family and given name (tên đệm).
    pub fn middle(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once(' ')?;
        rest.rsplit_once(' ').map(|(middle, _)| middle)
    }
}

impl<'de> Deserialize<'de> for PersonName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

fn is_name_character(c: char) -> bool {
    c.is_alphabetic() || is_combining_mark(c) || matches!(c, ' ' | '-' | '\'' | '’' | '.' | ',')
}

fn longest_run_of_marks(text: &str) -> usize {
    let mut longest = 0;
    let mut run = 0;
    for c in text.nfd() {
        run = if is_combining_mark(c) { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_unicode_forms_are_one_name() {
        // ATK-128, scorecard 41
        let composed = PersonName::parse("Nguyễn Thị Hoà").unwrap();
        let decomposed = PersonName::parse(&"Nguyễn Thị Hoà".nfd().collect::<String>()).unwrap();
        assert_eq!(composed, decomposed);
        assert_eq!(composed.as_str(), "Nguyễn Thị Hoà");
    }

    #[test]
    fn tone_placement_and_d_with_stroke_fold_together_but_names_stay_apart() {
        let old = PersonName::parse("Đặng Thị Hoà").unwrap();
        let new = PersonName::parse("Đặng Thị Hòa").unwrap();
        assert_eq!(old.folded(), new.folded());
        assert_eq!(old.folded(), "dang thi hoa");
        assert_ne!(old, new);
    }

    #[test]
    fn parts_follow_vietnamese_order() {
        let name = PersonName::parse("Trần Văn Minh Quân").unwrap();
        assert_eq!(
            (name.family(), name.middle(), name.given()),
            ("Trần", Some("Văn Minh"), Some("Quân"))
        );
        let single = PersonName::parse("Y").unwrap();
        assert_eq!((single.family(), single.middle(), single.given()), ("Y", None, None));
    }

    #[test]
    fn attacks_dressed_as_names_are_refused() {
        for bad in ["", "  ", "Nguyễn\u{202e}Văn", "a\u{200d}b", "<b>", "Lê\u{0}", "x1"] {
            assert!(PersonName::parse(bad).is_err(), "{bad:?}");
        }
        let zalgo = format!("a{}", "\u{0301}".repeat(9));
        assert_eq!(PersonName::parse(&zalgo), Err(PersonNameError::ForeignCharacter));
        assert_eq!(PersonName::parse(&"a".repeat(129)), Err(PersonNameError::TooLong));
    }
}
