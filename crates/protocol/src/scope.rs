//! Scopes (RFC 6749 §3.3).

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};
use thiserror::Error;

const MAX_SCOPE_CHARACTERS: usize = 128;
const MAX_SCOPES: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a list of scope tokens separated by single spaces")]
pub struct ScopeError;

/// One scope token: printable ASCII without blank, `"` and `\`, at most 128 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scope(String);

impl Scope {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(token: &str) -> Result<Self, ScopeError> {
        let allowed = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        let well_formed =
            (1..=MAX_SCOPE_CHARACTERS).contains(&token.len()) && token.bytes().all(allowed);
        well_formed.then(|| Self(token.to_owned())).ok_or(ScopeError)
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(token: String) -> Result<Self, ScopeError> {
        token.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A set of scopes in alphabetical order; the order a client wrote them in means nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct ScopeSet(BTreeSet<Scope>);

impl ScopeSet {
    /// Reads the space-delimited form; the empty string is the empty set.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let scopes = text.split(' ').map(str::parse).collect::<Result<BTreeSet<_>, _>>()?;
        if scopes.len() > MAX_SCOPES {
            return Err(ScopeError);
        }
        Ok(Self(scopes))
    }

    pub fn contains(&self, scope: &str) -> bool {
        self.0.iter().any(|known| known.as_str() == scope)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for ScopeSet {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::parse(text)
    }
}

impl TryFrom<String> for ScopeSet {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        Self::parse(&text)
    }
}

impl Serialize for ScopeSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for ScopeSet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_str(" ")?;
            }
            formatter.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn scopes_are_deduplicated_and_compared_as_a_set() {
        let set = ScopeSet::parse("profile openid profile").unwrap();
        assert_eq!(set.to_string(), "openid profile");
        assert_eq!(set, ScopeSet::parse("openid profile").unwrap());
        assert!(set.contains("openid") && !set.contains("Openid"));
    }

    #[test]
    fn text_outside_the_grammar_is_refused() {
        // RFC 6749 §3.3
        for text in [" ", "a  b", " a", "a ", "a\tb", "a\"", "a\\b", "é", "a\0"] {
            assert_eq!(ScopeSet::parse(text), Err(ScopeError), "{text:?}");
        }
        assert!(ScopeSet::parse(&"a".repeat(MAX_SCOPE_CHARACTERS + 1)).is_err());
        let many = (0..=MAX_SCOPES).map(|i| format!("s{i}")).collect::<Vec<_>>().join(" ");
        assert!(ScopeSet::parse(&many).is_err());
    }

    proptest! {
        #[test]
        fn a_set_survives_writing_and_reading(text in "[!-~&&[^\"\\\\]]{1,9}( [!-~&&[^\"\\\\]]{1,9}){0,9}") {
            let set = ScopeSet::parse(&text).unwrap();
            prop_assert_eq!(ScopeSet::parse(&set.to_string()).unwrap(), set.clone());
            let json = serde_json::to_string(&set).unwrap();
            prop_assert_eq!(serde_json::from_str::<ScopeSet>(&json).unwrap(), set);
        }

        #[test]
        fn an_intersection_is_a_subset_of_both(a in "[a-d]( [a-d]){0,3}", b in "[a-d]( [a-d]){0,3}") {
            let (a, b) = (ScopeSet::parse(&a).unwrap(), ScopeSet::parse(&b).unwrap());
            let both = a.intersection(&b);
            prop_assert!(both.is_subset(&a) && both.is_subset(&b));
            prop_assert_eq!(a.is_subset(&b), both == a);
        }
    }
}
