//! What a procedure needs, what a login proved, and what is missing between the two.
//!
//! Account level and authentication level are two ladders that share one Vietnamese word (mức độ):
//! who you were proven to be when the account was opened (Decree 69/2024 art. 7), and how you proved it
//! just now (art. 20). Only the second can be raised by logging in again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Mức độ tài khoản, Decree 69/2024 art. 7: 1 or 2; 0 when the provider vouches for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountLevel(pub u8);

/// Mức độ xác thực, Decree 69/2024 art. 20: 1 to 4; 0 when the provider vouches for none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AuthenticationLevel(pub u8);

impl fmt::Display for AccountLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for AuthenticationLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl AccountLevel {
    /// The value that names this level in `acr_values` and in an RFC 9470 challenge.
    pub fn urn(self) -> String {
        format!("urn:vn:eid:account:{self}")
    }

    fn from_urn(urn: &str) -> Option<Self> {
        urn.strip_prefix("urn:vn:eid:account:")?.parse().ok().map(Self)
    }
}

impl AuthenticationLevel {
    pub const HIGHEST: Self = Self(4);

    /// The value that names this level in `acr`, `acr_values` and in an RFC 9470 challenge.
    pub fn urn(self) -> String {
        format!("urn:vn:eid:auth:{self}")
    }

    /// This level and all above it, lowest first: OpenID Connect compares `acr` by equality
    /// (Core §5.5.1.1), so whoever demands level 2 must say that 3 is welcome too.
    pub fn urns_that_suffice(self) -> Vec<String> {
        (self.0..=Self::HIGHEST.0).map(|level| Self(level).urn()).collect()
    }

    fn from_urn(urn: &str) -> Option<Self> {
        urn.strip_prefix("urn:vn:eid:auth:")?.parse().ok().map(Self)
    }
}

/// One of the essential procedures a citizen can file here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    pub number: u8,
    pub code: String,
    pub name_vi: String,
    pub name_en: String,
    /// The body that leads it, in Vietnamese.
    pub lead_vi: String,
    pub account_level: AccountLevel,
    pub authentication_level: AuthenticationLevel,
    /// A guardian or representative may file for somebody.
    pub guardian: bool,
    /// An organisation's account may file.
    pub organisation: bool,
    /// The filing is signed digitally.
    pub signature: bool,
}

/// The members of the provider's `assurance` claim that matter here. All are optional and others are
/// ignored, so that the provider may add ladders without breaking its relying parties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assurance {
    #[serde(default, rename = "vn_account_level")]
    account_level: Option<AccountLevel>,
    #[serde(default, rename = "vn_authentication_level")]
    authentication_level: Option<AuthenticationLevel>,
}

impl Assurance {
    #[cfg(test)]
    pub fn new(account: AccountLevel, authentication: AuthenticationLevel) -> Self {
        Self { account_level: Some(account), authentication_level: Some(authentication) }
    }

    /// An absent level is no level (NIST SP 800-63C-4 §2.5), never a default.
    pub fn account_level(self) -> AccountLevel {
        self.account_level.unwrap_or_default()
    }

    pub fn authentication_level(self) -> AuthenticationLevel {
        self.authentication_level.unwrap_or_default()
    }
}

/// Why a login does not suffice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortfall {
    /// The account itself is too low: no login can change that, a visit to the police can.
    Account(AccountLevel),
    /// More factors are needed now: step up.
    Authentication(AuthenticationLevel),
}

impl Procedure {
    /// What `assurance` lacks. The account comes first: there is no point in asking for more factors
    /// when they could not help.
    pub fn shortfall(&self, assurance: Assurance) -> Option<Shortfall> {
        if assurance.account_level() < self.account_level {
            Some(Shortfall::Account(self.account_level))
        } else if assurance.authentication_level() < self.authentication_level {
            Some(Shortfall::Authentication(self.authentication_level))
        } else {
            None
        }
    }
}

impl Shortfall {
    /// Reads the first value of a challenge's `acr_values` that this portal understands.
    pub fn from_acr_values(acr_values: &str) -> Option<Self> {
        acr_values.split(' ').find_map(|urn| {
            AuthenticationLevel::from_urn(urn)
                .map(Self::Authentication)
                .or_else(|| AccountLevel::from_urn(urn).map(Self::Account))
        })
    }
}

#[cfg(test)]
pub mod samples {
    use super::*;

    /// Procedure 9 of the essential 25, with the given needs.
    pub fn birth_registration(account: u8, authentication: u8) -> Procedure {
        Procedure {
            number: 9,
            code: "birth-registration".into(),
            name_vi: "Đăng ký khai sinh".into(),
            name_en: "Birth registration".into(),
            lead_vi: "Sở Tư pháp".into(),
            account_level: AccountLevel(account),
            authentication_level: AuthenticationLevel(authentication),
            guardian: true,
            organisation: false,
            signature: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::samples::birth_registration;
    use super::*;

    fn proved(account: u8, authentication: u8) -> Assurance {
        Assurance::new(AccountLevel(account), AuthenticationLevel(authentication))
    }

    #[test]
    fn a_login_suffices_exactly_when_both_ladders_reach() {
        for account in 0..=2 {
            for authentication in 0..=4 {
                let shortfall = birth_registration(2, 3).shortfall(proved(account, authentication));
                let expected = match (account >= 2, authentication >= 3) {
                    (true, true) => None,
                    (true, false) => Some(Shortfall::Authentication(AuthenticationLevel(3))),
                    (false, _) => Some(Shortfall::Account(AccountLevel(2))),
                };
                assert_eq!(
                    shortfall, expected,
                    "account {account}, authentication {authentication}"
                );
            }
        }
    }

    #[test]
    fn an_absent_level_is_no_level_and_unknown_members_are_ignored() {
        let assurance: Assurance =
            serde_json::from_str(r#"{"vn_account_level":2,"aal":3,"eidas":"high","new":{}}"#)
                .unwrap();
        assert_eq!(assurance.authentication_level(), AuthenticationLevel(0));
        assert_eq!(
            birth_registration(2, 1).shortfall(assurance),
            Some(Shortfall::Authentication(AuthenticationLevel(1)))
        );
    }

    #[test]
    fn a_challenge_survives_the_wire() {
        let read = Shortfall::from_acr_values;
        assert_eq!(read(&AccountLevel(2).urn()), Some(Shortfall::Account(AccountLevel(2))));
        let level = AuthenticationLevel(4);
        assert_eq!(read(&level.urn()), Some(Shortfall::Authentication(level)));
        assert_eq!(Shortfall::from_acr_values("urn:nist:aal:2 phr"), None);
        assert_eq!(
            Shortfall::from_acr_values("urn:nist:aal:2 urn:vn:eid:auth:3"),
            Some(Shortfall::Authentication(AuthenticationLevel(3)))
        );
    }

    #[test]
    fn whoever_demands_a_level_accepts_higher_ones() {
        let urns = AuthenticationLevel(3).urns_that_suffice();
        assert_eq!(urns, ["urn:vn:eid:auth:3", "urn:vn:eid:auth:4"]);
    }
}
