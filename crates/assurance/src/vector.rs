//! The vector: what may be asserted about a person at one instant, and how two such statements compare.

use std::cmp::Ordering;

use identity_core::authenticator::FactorCategory;
use identity_core::{AuthenticatorKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::levels::{Aal, EidasLoa, Fal, Ial, IsoLoa, VnAccountLevel, VnAuthenticationLevel};
use crate::reason::Ladder;

/// One rung on each ladder, ordered component by component: `a <= b` only if `b` is at least as high on
/// every ladder. Serves as what was reached and, with absent members as bottom, as what is required.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Levels {
    #[serde(rename = "vn_authentication_level")]
    pub vn_authentication: VnAuthenticationLevel,
    #[serde(rename = "vn_account_level")]
    pub vn_account: VnAccountLevel,
    pub aal: Aal,
    pub ial: Ial,
    #[serde(skip_serializing_if = "EidasLoa::is_none")]
    pub eidas: EidasLoa,
    #[serde(rename = "iso_29115")]
    pub iso: IsoLoa,
    pub fal: Fal,
}

impl Levels {
    /// Nothing asserted: the default, spelled out.
    pub const BOTTOM: Self = Self {
        vn_authentication: VnAuthenticationLevel::None,
        vn_account: VnAccountLevel::None,
        aal: Aal::None,
        ial: Ial::Ial0,
        eidas: EidasLoa::None,
        iso: IsoLoa::None,
        fal: Fal::None,
    };

    /// The greatest vector that both reach.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        Self {
            vn_authentication: self.vn_authentication.min(other.vn_authentication),
            vn_account: self.vn_account.min(other.vn_account),
            aal: self.aal.min(other.aal),
            ial: self.ial.min(other.ial),
            eidas: self.eidas.min(other.eidas),
            iso: self.iso.min(other.iso),
            fal: self.fal.min(other.fal),
        }
    }

    /// The least vector that reaches both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self {
            vn_authentication: self.vn_authentication.max(other.vn_authentication),
            vn_account: self.vn_account.max(other.vn_account),
            aal: self.aal.max(other.aal),
            ial: self.ial.max(other.ial),
            eidas: self.eidas.max(other.eidas),
            iso: self.iso.max(other.iso),
            fal: self.fal.max(other.fal),
        }
    }

    /// Each ladder by name with the number reached, for comparison and for reasons.
    pub(crate) fn rungs(self) -> [(Ladder, u8); 7] {
        [
            (Ladder::Authentication, self.vn_authentication.number()),
            (Ladder::Account, self.vn_account.number()),
            (Ladder::Aal, self.aal.number()),
            (Ladder::Ial, self.ial.number()),
            (Ladder::Eidas, self.eidas.number()),
            (Ladder::Iso, self.iso.number()),
            (Ladder::Fal, self.fal.number()),
        ]
    }
}

impl PartialOrd for Levels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self.meet(*other) == *self, self.meet(*other) == *other) {
            (true, true) => Some(Ordering::Equal),
            (true, false) => Some(Ordering::Less),
            (false, true) => Some(Ordering::Greater),
            (false, false) => None,
        }
    }
}

/// The `assurance` claim: levels and the facts they rest on.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct AssuranceVector {
    #[serde(flatten)]
    pub levels: Levels,
    #[serde(flatten)]
    pub facts: Facts,
}

/// What happened, as far as the levels rest on it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// The freshest use of each kind for each category, ordered by category.
    pub factors: Vec<Factor>,
    /// One of them cannot be relayed by a false site.
    pub phishing_resistant: bool,
    /// The person had to act.
    pub intent: bool,
    /// A restricted method (NIST SP 800-63B-4 §3.2.9) was among them.
    pub restricted: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Factor {
    pub kind: AuthenticatorKind,
    pub category: FactorCategory,
    #[serde(with = "numeric_date")]
    pub at: Timestamp,
}

impl Facts {
    pub fn shows(&self, category: FactorCategory) -> bool {
        self.factors.iter().any(|factor| factor.category == category)
    }

    /// The oldest proof of the category among those relied on.
    pub fn oldest(&self, category: FactorCategory) -> Option<Timestamp> {
        self.times(category).min()
    }

    fn times(&self, category: FactorCategory) -> impl Iterator<Item = Timestamp> {
        self.factors.iter().filter(move |factor| factor.category == category).map(|f| f.at)
    }
}

/// Seconds since the epoch, as every other instant in a token (`NumericDate`, RFC 7519 §2).
mod numeric_date {
    use identity_core::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(at.unix_seconds())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        i64::deserialize(deserializer).map(Timestamp::from_unix_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> AssuranceVector {
        AssuranceVector {
            levels: Levels {
                vn_authentication: VnAuthenticationLevel::L2,
                vn_account: VnAccountLevel::Two,
                aal: Aal::Aal2,
                ial: Ial::Ial2,
                eidas: EidasLoa::Substantial,
                iso: IsoLoa::Loa3,
                fal: Fal::Fal2,
            },
            facts: Facts {
                factors: vec![Factor {
                    kind: AuthenticatorKind::Password,
                    category: FactorCategory::Knowledge,
                    at: Timestamp::from_unix_seconds(1_790_000_000),
                }],
                intent: true,
                ..Facts::default()
            },
        }
    }

    #[test]
    fn the_claim_has_the_documented_shape_and_reads_back() {
        let json = serde_json::to_value(sample()).unwrap();
        let expected = serde_json::json!({
            "vn_authentication_level": 2, "vn_account_level": 2, "aal": 2, "ial": 2,
            "eidas": "substantial", "iso_29115": 3, "fal": 2,
            "factors": [{"kind": "password", "category": "knowledge", "at": 1_790_000_000}],
            "phishing_resistant": false, "intent": true, "restricted": false,
        });
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_value::<AssuranceVector>(json).unwrap(), sample());
    }

    #[test]
    fn an_absent_component_is_none_and_not_a_guess() {
        // SP 800-63C-4 §2.5
        let vector: AssuranceVector = serde_json::from_str(r#"{"aal":1}"#).unwrap();
        assert_eq!(vector.levels, Levels { aal: Aal::Aal1, ..Levels::BOTTOM });
        assert!(serde_json::from_str::<AssuranceVector>(r#"{"aal":4}"#).is_err());
    }

    #[test]
    fn vectors_that_each_lead_on_one_ladder_do_not_compare() {
        let authentication = Levels { aal: Aal::Aal3, ..Levels::BOTTOM };
        let identity = Levels { ial: Ial::Ial2, ..Levels::BOTTOM };
        assert_eq!(authentication.partial_cmp(&identity), None);
        assert_eq!(authentication.meet(identity), Levels::BOTTOM);
        assert!(authentication <= authentication.join(identity));
    }
}
