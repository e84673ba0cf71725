//! Seven ladders. Vietnamese law alone calls two of them "level"; each is a type of its own, so that
//! comparing two ladders does not compile.

use std::fmt;

use identity_core::AccountLevel;
use identity_core::relying_party::ClientProfile;
use serde::{Deserialize, Serialize};

/// A number that is no rung of the ladder it was meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{number} is not a level of {ladder}")]
pub struct LevelError {
    number: u8,
    ladder: &'static str,
}

macro_rules! ladder {
    (
        $(#[$doc:meta])* $name:ident {
            $(#[$bottom_doc:meta])* $bottom:ident = 0 => $bottom_urn:expr;
            $($(#[$level_doc:meta])* $level:ident = $number:literal => $urn:expr;)+
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub enum $name {
            $(#[$bottom_doc])* #[default] $bottom,
            $($(#[$level_doc])* $level,)+
        }

        impl $name {
            /// Every rung, lowest first.
            pub const ALL: &[Self] = &[Self::$bottom, $(Self::$level),+];

            pub const fn number(self) -> u8 {
                match self {
                    Self::$bottom => 0,
                    $(Self::$level => $number,)+
                }
            }

            /// How the level is named in `acr`; `None` where there is nothing to name.
            pub const fn urn(self) -> Option<&'static str> {
                match self {
                    Self::$bottom => $bottom_urn,
                    $(Self::$level => $urn,)+
                }
            }
        }

        impl TryFrom<u8> for $name {
            type Error = LevelError;

            fn try_from(number: u8) -> Result<Self, LevelError> {
                let level = Self::ALL.iter().copied().find(|level| level.number() == number);
                level.ok_or(LevelError { number, ladder: stringify!($name) })
            }
        }

        impl From<$name> for u8 {
            fn from(level: $name) -> Self {
                level.number()
            }
        }
    };
}

ladder! {
    /// How a person authenticated (mức độ xác thực, Decree 69/2024 art. 20).
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "u8", into = "u8")]
    VnAuthenticationLevel {
        None = 0 => None;
        /// One factor, no biometric.
        L1 = 1 => Some("urn:vn:eid:auth:1");
        /// Two different factors, no biometric.
        L2 = 2 => Some("urn:vn:eid:auth:2");
        /// Two or more different factors, one of them biometric.
        L3 = 3 => Some("urn:vn:eid:auth:3");
        /// A biometric, a possession and a knowledge factor.
        L4 = 4 => Some("urn:vn:eid:auth:4");
    }
}

ladder! {
    /// What the account is good for *now* (mức độ tài khoản, Decree 69/2024 arts 7 and 9). Distinct from
    /// [`identity_core::AccountLevel`], the level it was issued at: an expired card lies between them.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "u8", into = "u8")]
    VnAccountLevel {
        None = 0 => None;
        One = 1 => Some("urn:vn:eid:account:1");
        Two = 2 => Some("urn:vn:eid:account:2");
    }
}

ladder! {
    /// Authentication assurance (NIST SP 800-63B-4 §2).
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "u8", into = "u8")]
    Aal {
        None = 0 => None;
        Aal1 = 1 => Some("urn:nist:aal:1");
        Aal2 = 2 => Some("urn:nist:aal:2");
        Aal3 = 3 => Some("urn:nist:aal:3");
    }
}

ladder! {
    /// Identity assurance (NIST SP 800-63A-4 §4). Level 0 is a statement of its own: nothing claimed.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "u8", into = "u8")]
    Ial {
        Ial0 = 0 => Some("urn:nist:ial:0");
        Ial1 = 1 => Some("urn:nist:ial:1");
        Ial2 = 2 => Some("urn:nist:ial:2");
        Ial3 = 3 => Some("urn:nist:ial:3");
    }
}

ladder! {
    /// Level of assurance of Regulation (EU) 2015/1502. A word on the wire, absent when there is none.
    EidasLoa {
        None = 0 => None;
        Low = 1 => Some("http://eidas.europa.eu/LoA/low");
        Substantial = 2 => Some("http://eidas.europa.eu/LoA/substantial");
        High = 3 => Some("http://eidas.europa.eu/LoA/high");
    }
}

ladder! {
    /// Level of assurance of ISO/IEC 29115 (ITU-T X.1254).
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "u8", into = "u8")]
    IsoLoa {
        None = 0 => None;
        Loa1 = 1 => Some("urn:iso:29115:loa:1");
        Loa2 = 2 => Some("urn:iso:29115:loa:2");
        Loa3 = 3 => Some("urn:iso:29115:loa:3");
        Loa4 = 4 => Some("urn:iso:29115:loa:4");
    }
}

ladder! {
    /// Federation assurance (NIST SP 800-63C-4 §2). Not offered as an `acr`: the registration of the
    /// relying party decides it, no login can.
    #[derive(Serialize, Deserialize)]
    #[serde(try_from = "u8", into = "u8")]
    Fal {
        None = 0 => None;
        Fal1 = 1 => None;
        Fal2 = 2 => None;
        Fal3 = 3 => None;
    }
}

impl Fal {
    /// What a client's registered profile reaches. Every client has a written agreement, a single
    /// audience and an identifier that names nobody (SP 800-63C-4 §2.3); injection protection is certain
    /// only where PKCE is required. Level 3 needs a key the person holds, which no profile offers.
    pub const fn of_profile(profile: ClientProfile) -> Self {
        match profile {
            ClientProfile::Strict => Self::Fal2,
            ClientProfile::OidcBasic => Self::Fal1,
        }
    }
}

impl From<AccountLevel> for VnAccountLevel {
    fn from(level: AccountLevel) -> Self {
        match level {
            AccountLevel::One => Self::One,
            AccountLevel::Two => Self::Two,
        }
    }
}

impl EidasLoa {
    const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Substantial => "substantial",
            Self::High => "high",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::None
    }
}

impl fmt::Display for EidasLoa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for EidasLoa {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for EidasLoa {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::ALL.iter().copied().find(|level| level.word() == text).ok_or_else(|| {
            serde::de::Error::custom("expected \"none\", \"low\", \"substantial\" or \"high\"")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rungs_are_ordered_like_their_numbers_and_read_back_from_them() {
        for (rung, number) in VnAuthenticationLevel::ALL.iter().zip(0..) {
            assert_eq!(rung.number(), number);
            assert_eq!(VnAuthenticationLevel::try_from(number), Ok(*rung));
        }
        assert!(VnAuthenticationLevel::ALL.is_sorted());
        assert!(VnAuthenticationLevel::try_from(5).is_err());
        assert!(VnAccountLevel::try_from(3).is_err());
    }

    #[test]
    fn only_identity_assurance_can_name_its_bottom() {
        assert_eq!(Ial::Ial0.urn(), Some("urn:nist:ial:0"));
        assert_eq!(Aal::None.urn(), None);
        assert_eq!(VnAuthenticationLevel::None.urn(), None);
        assert_eq!(EidasLoa::None.urn(), None);
    }
}
