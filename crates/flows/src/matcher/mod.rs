//! The port to matchers of biometrics: services elsewhere that compare one person with one template
//! (1:1), and sign what they saw.
//!
//! Nothing of a body ever comes here. We hold a reference to a template that the matcher keeps; the
//! sample goes from the person to the matcher, and back comes a statement.
//!
//! ```text
//!  CaptureRequest ── signed by us, by way of the browser ──> matcher ── captures, compares
//!  MatchStatement <── signed by the matcher, by way of the browser ──┘
//!    └─ statement::verdict ── Match · NoMatch · Attack · NotCompared
//!  Matchers       who may make statements, with which keys, about what, and how long
//! ```

pub mod statement;

use std::collections::BTreeSet;
use std::fmt;

use identity_core::{AuthenticatorKind, Timestamp};
use jose::Jwks;
use serde::{Deserialize, Serialize};

/// What can be compared. NIST SP 800-63B-4 §3.2.3 leaves voices out; no matcher for irises is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    Face,
    Fingerprint,
}

impl Modality {
    pub const fn kind(self) -> AuthenticatorKind {
        match self {
            Self::Face => AuthenticatorKind::Face,
            Self::Fingerprint => AuthenticatorKind::Fingerprint,
        }
    }

    pub fn of_kind(kind: AuthenticatorKind) -> Option<Self> {
        [Self::Face, Self::Fingerprint].into_iter().find(|modality| modality.kind() == kind)
    }
}

/// What a matcher knows somebody's template by: `matcher-1/42`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplateReference {
    matcher: String,
    template: String,
}

impl TemplateReference {
    /// Bounds both parts: a matcher's name, and what it calls the template.
    const LONGEST: usize = 128;

    pub fn parse(text: &str) -> Option<Self> {
        let (matcher, template) = text.split_once('/')?;
        let plain = |part: &str| {
            (1..=Self::LONGEST).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
        };
        (plain(matcher) && plain(template))
            .then(|| Self { matcher: matcher.to_owned(), template: template.to_owned() })
    }

    pub fn matcher(&self) -> &str {
        &self.matcher
    }
}

impl fmt::Display for TemplateReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.matcher, self.template)
    }
}

/// A matcher as the operator registered it.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// The issuer of its statements, and the first part of references to its templates.
    pub id: String,
    /// Where it captures samples: an address for browsers.
    pub capture: String,
    pub keys: Jwks,
    pub modalities: BTreeSet<Modality>,
    /// Believed in `[valid_from, valid_until)`: for as long as its tests hold (L13).
    pub valid_from: Timestamp,
    pub valid_until: Timestamp,
}

/// Everybody whose statements count.
#[derive(Clone, Debug, Default)]
pub struct Matchers(Vec<Matcher>);

impl Matchers {
    /// `None`: two of them have one name.
    pub fn new(matchers: Vec<Matcher>) -> Option<Self> {
        let names: BTreeSet<&str> = matchers.iter().map(|matcher| matcher.id.as_str()).collect();
        (names.len() == matchers.len()).then_some(Self(matchers))
    }

    /// The matcher of this template, if it may compare this now.
    pub fn in_force(
        &self,
        reference: &TemplateReference,
        modality: Modality,
        now: Timestamp,
    ) -> Option<&Matcher> {
        self.0.iter().find(|matcher| {
            matcher.id == reference.matcher
                && matcher.modalities.contains(&modality)
                && matcher.valid_from <= now
                && now < matcher.valid_until
        })
    }

    /// Where matchers capture.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|matcher| matcher.capture.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(id: &str) -> Matcher {
        Matcher {
            id: id.to_owned(),
            capture: "https://matcher.vn/capture".to_owned(),
            keys: Jwks::parse("{\"keys\":[]}").unwrap(),
            modalities: BTreeSet::from([Modality::Face]),
            valid_from: Timestamp::from_unix_seconds(100),
            valid_until: Timestamp::from_unix_seconds(200),
        }
    }

    #[test]
    fn a_reference_names_a_matcher_and_a_template() {
        let reference = TemplateReference::parse("matcher-1/42").unwrap();
        assert_eq!(
            (reference.matcher(), reference.to_string().as_str()),
            ("matcher-1", "matcher-1/42")
        );
        for garbage in ["", "/", "matcher-1", "matcher-1/", "/42", "m/4/2", "m/4 2", "m/é"] {
            assert_eq!(TemplateReference::parse(garbage), None, "{garbage}");
        }
        assert_eq!(TemplateReference::parse(&format!("m/{}", "4".repeat(129))), None);
    }

    #[test]
    fn a_matcher_is_believed_for_its_time_its_templates_and_its_modalities() {
        // L13: closed-open
        let matchers = Matchers::new(vec![matcher("a"), matcher("b")]).unwrap();
        let reference = TemplateReference::parse("b/1").unwrap();
        let found = |modality, second| {
            let now = Timestamp::from_unix_seconds(second);
            matchers.in_force(&reference, modality, now).map(|matcher| matcher.id.as_str())
        };
        assert_eq!(found(Modality::Face, 100), Some("b"));
        assert_eq!(found(Modality::Face, 99), None);
        assert_eq!(found(Modality::Face, 200), None);
        assert_eq!(found(Modality::Fingerprint, 100), None);
        let unknown = TemplateReference::parse("c/1").unwrap();
        let now = Timestamp::from_unix_seconds(100);
        assert!(matchers.in_force(&unknown, Modality::Face, now).is_none());
        assert!(Matchers::new(vec![matcher("a"), matcher("a")]).is_none());
    }
}
