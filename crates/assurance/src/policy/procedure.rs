//! The essential administrative procedures and the levels each needs.

use serde::{Deserialize, Serialize};

use crate::levels::{VnAccountLevel, VnAuthenticationLevel};
use crate::requirement::{Demand, Requirement};
use crate::vector::Levels;

/// One procedure of Đắk Nông Decision 468/QĐ-UBND, Appendix I. Levels are this provider's proposal.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    /// Stable name, as guardianship scopes and portals use it.
    pub code: String,
    pub number: u8,
    pub name_vi: String,
    pub name_en: String,
    /// The body that leads it.
    pub lead_vi: String,
    /// Mức độ dịch vụ công trực tuyến: 3 partly, 4 wholly online. A third thing called "level".
    pub service_level: u8,
    pub account_level: VnAccountLevel,
    pub authentication_level: VnAuthenticationLevel,
    /// A representative may file it for a person under guardianship.
    #[serde(default)]
    pub guardian: bool,
    #[serde(default)]
    pub organisation: OrganisationUse,
    /// The filing is signed digitally.
    #[serde(default)]
    pub signature: bool,
    pub source: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganisationUse {
    #[default]
    No,
    Allowed,
    /// Only organisations file it; the levels are those of the person who acts for them.
    Only,
}

impl Procedure {
    pub fn requirement(&self) -> Requirement {
        let levels = Requirement::at_least(Levels {
            vn_account: self.account_level,
            vn_authentication: self.authentication_level,
            ..Levels::BOTTOM
        });
        match self.organisation {
            OrganisationUse::Only => Requirement { demands: [Demand::Mandate].into(), ..levels },
            OrganisationUse::No | OrganisationUse::Allowed => levels,
        }
    }
}
