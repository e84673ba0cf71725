//! Authentication context classes: the names under which relying parties ask for levels.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::levels::{Aal, EidasLoa, Ial, IsoLoa, VnAccountLevel, VnAuthenticationLevel};
use crate::vector::{AssuranceVector, Levels};

/// One rung of one ladder under its registered name. Unknown names cannot be made into one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Acr {
    urn: &'static str,
    asks: Levels,
}

/// An essential `acr` none of whose values is known here (edge case 30).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("none of the requested authentication context classes is known")]
pub struct UnknownAcr;

impl Acr {
    /// Every class, for `acr_values_supported`. The primary ladder comes first.
    pub fn all() -> Vec<Self> {
        let bottom = Levels::BOTTOM;
        let authentication = VnAuthenticationLevel::ALL
            .iter()
            .map(|&level| (level.urn(), Levels { vn_authentication: level, ..bottom }));
        let account = VnAccountLevel::ALL
            .iter()
            .map(|&level| (level.urn(), Levels { vn_account: level, ..bottom }));
        let aal = Aal::ALL.iter().map(|&aal| (aal.urn(), Levels { aal, ..bottom }));
        let ial = Ial::ALL.iter().map(|&ial| (ial.urn(), Levels { ial, ..bottom }));
        let eidas = EidasLoa::ALL.iter().map(|&eidas| (eidas.urn(), Levels { eidas, ..bottom }));
        let iso = IsoLoa::ALL.iter().map(|&iso| (iso.urn(), Levels { iso, ..bottom }));
        authentication
            .chain(account)
            .chain(aal)
            .chain(ial)
            .chain(eidas)
            .chain(iso)
            .filter_map(|(urn, asks)| urn.map(|urn| Self { urn, asks }))
            .collect()
    }

    /// Compared byte for byte, like every protocol string.
    pub fn parse(text: &str) -> Option<Self> {
        Self::all().into_iter().find(|acr| acr.urn == text)
    }

    pub const fn as_str(self) -> &'static str {
        self.urn
    }

    /// The least vector that meets this class.
    pub const fn asks(self) -> Levels {
        self.asks
    }
}

impl Serialize for Acr {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.urn)
    }
}

impl<'de> Deserialize<'de> for Acr {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("not a known context class"))
    }
}

impl fmt::Display for Acr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.urn)
    }
}

impl AssuranceVector {
    pub fn meets(&self, acr: Acr) -> bool {
        acr.asks <= self.levels
    }

    /// The value of the `acr` claim when nothing in particular was asked for: the Vietnamese
    /// authentication level. `None` means the claim is left out; it is never empty (op-traps 6).
    pub fn acr(&self) -> Option<Acr> {
        let level = self.levels.vn_authentication;
        let asks = Levels { vn_authentication: level, ..Levels::BOTTOM };
        level.urn().map(|urn| Acr { urn, asks })
    }

    /// The value to answer a request with. OpenID Connect Core §5.5.1.1 compares by equality, so of the
    /// requested classes one that *holds* is named: the primary one if it is among them, else the first.
    /// A class that does not hold is never echoed.
    pub fn acr_among(&self, requested: &[Acr]) -> Option<Acr> {
        let primary = self.acr();
        if primary.is_some_and(|acr| requested.contains(&acr)) {
            return primary;
        }
        requested.iter().copied().find(|acr| self.meets(*acr)).or(primary)
    }
}

/// What a request said about `acr`. The classes are alternatives, in order of preference.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AcrWish {
    #[default]
    None,
    /// `acr_values`, or the claim not marked essential: tried for, never an error (op-traps 6).
    Voluntary(Vec<Acr>),
    /// `claims.id_token.acr` with `essential: true`: met, or the request fails.
    Essential(Vec<Acr>),
}

impl AcrWish {
    /// Unknown values are passed over (edge case 30).
    pub fn voluntary<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let known: Vec<_> = values.into_iter().filter_map(Acr::parse).collect();
        if known.is_empty() { Self::None } else { Self::Voluntary(known) }
    }

    /// Essential without values asks only that the claim be there. Unknown values beside known ones are
    /// alternatives that cannot be met; with unknown ones alone the request cannot succeed.
    pub fn essential<'a>(values: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownAcr> {
        let mut values = values.into_iter().peekable();
        if values.peek().is_none() {
            return Ok(Self::None);
        }
        let known: Vec<_> = values.filter_map(Acr::parse).collect();
        if known.is_empty() { Err(UnknownAcr) } else { Ok(Self::Essential(known)) }
    }

    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }

    pub fn classes(&self) -> &[Acr] {
        match self {
            Self::None => &[],
            Self::Voluntary(classes) | Self::Essential(classes) => classes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reason::Ladder;

    fn at(level: VnAuthenticationLevel, aal: Aal) -> AssuranceVector {
        let levels = Levels { vn_authentication: level, aal, ..Levels::BOTTOM };
        AssuranceVector { levels, ..AssuranceVector::default() }
    }

    fn acr(text: &str) -> Acr {
        Acr::parse(text).unwrap()
    }

    #[test]
    fn every_class_reads_back_from_its_own_text() {
        let all = Acr::all();
        assert_eq!(all.len(), 4 + 2 + 3 + 4 + 3 + 4);
        assert!(all.iter().all(|acr| Acr::parse(acr.as_str()) == Some(*acr)));
        for unknown in ["", "urn:vn:eid:auth:0", "urn:vn:eid:auth:5", "URN:VN:EID:AUTH:1", "LoA1"] {
            assert_eq!(Acr::parse(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_class_asks_for_its_own_rung_of_its_own_ladder_and_for_nothing_else() {
        const LADDERS: [(&str, Ladder); 6] = [
            ("urn:vn:eid:auth:", Ladder::Authentication),
            ("urn:vn:eid:account:", Ladder::Account),
            ("urn:nist:aal:", Ladder::Aal),
            ("urn:nist:ial:", Ladder::Ial),
            ("http://eidas.europa.eu/LoA/", Ladder::Eidas),
            ("urn:iso:29115:loa:", Ladder::Iso),
        ];
        let all = Acr::all();
        for (prefix, ladder) in LADDERS {
            let of_ladder = all.iter().filter(|acr| acr.as_str().starts_with(prefix));
            let mut lowest = Levels::BOTTOM;
            for acr in of_ladder {
                assert_eq!(acr.to_string(), acr.as_str());
                let asked = acr.asks().rungs().into_iter().zip(Levels::BOTTOM.rungs());
                let above: Vec<_> = asked.filter(|(rung, bottom)| rung != bottom).collect();
                // The lowest identity level is that nothing was proven.
                if acr.as_str() == "urn:nist:ial:0" {
                    assert!(above.is_empty());
                    continue;
                }
                assert!(above.len() == 1 && above[0].0.0 == ladder, "{acr}: {above:?}");
                assert!(lowest < acr.asks(), "{acr} lies above the one before it");
                lowest = acr.asks();
            }
            assert!(lowest > Levels::BOTTOM, "{prefix}");
        }
    }

    #[test]
    fn the_answer_names_a_requested_class_that_holds() {
        let reached = at(VnAuthenticationLevel::L3, Aal::Aal2);
        let (two, three, four) =
            (acr("urn:vn:eid:auth:2"), acr("urn:vn:eid:auth:3"), acr("urn:vn:eid:auth:4"));
        assert_eq!(reached.acr_among(&[]), Some(three));
        assert_eq!(reached.acr_among(&[two, three, four]), Some(three));
        assert_eq!(reached.acr_among(&[two]), Some(two));
        assert_eq!(reached.acr_among(&[acr("urn:nist:aal:2")]), Some(acr("urn:nist:aal:2")));
    }

    #[test]
    fn a_class_that_does_not_hold_is_never_echoed_and_nothing_is_never_an_empty_string() {
        // op-traps 6
        let reached = at(VnAuthenticationLevel::L1, Aal::Aal1);
        assert_eq!(reached.acr_among(&[acr("urn:nist:aal:3")]), Some(acr("urn:vn:eid:auth:1")));
        assert_eq!(AssuranceVector::default().acr(), None);
    }

    #[test]
    fn an_unknown_class_fails_only_where_it_is_essential() {
        // edge case 30
        assert_eq!(AcrWish::voluntary(["LoA1"]), AcrWish::None);
        assert_eq!(AcrWish::essential(["LoA1"]), Err(UnknownAcr));
        let known = acr("urn:nist:aal:2");
        let wished = AcrWish::voluntary(["LoA1", "urn:nist:aal:2"]);
        assert_eq!(wished, AcrWish::Voluntary(vec![known]));
        let mixed = AcrWish::essential(["LoA1", "urn:nist:aal:2"]);
        assert_eq!(mixed, Ok(AcrWish::Essential(vec![known])));
        assert_eq!(AcrWish::essential([]), Ok(AcrWish::None));
    }
}
