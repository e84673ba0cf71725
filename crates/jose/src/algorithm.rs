//! Algorithms as closed types: what has no variant here cannot be asked for, whatever a header says
//! (ATK-030, ATK-031). `none` and the HMAC family have none.

use std::fmt;

use identity_core::key::KeyPurpose;
use identity_core::relying_party::IdTokenAlgorithm;
use serde::{Deserialize, Serialize};

/// What we sign with ourselves (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl SigningAlgorithm {
    pub const ALL: [Self; 3] = [Self::Es256, Self::Rs256, Self::EdDsa];

    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    pub const fn purpose(self) -> KeyPurpose {
        match self {
            Self::Es256 => KeyPurpose::SignEs256,
            Self::Rs256 => KeyPurpose::SignRs256,
            Self::EdDsa => KeyPurpose::SignEdDsa,
        }
    }

    /// `None` for a key that does not sign.
    pub const fn from_purpose(purpose: KeyPurpose) -> Option<Self> {
        match purpose {
            KeyPurpose::SignEs256 => Some(Self::Es256),
            KeyPurpose::SignRs256 => Some(Self::Rs256),
            KeyPurpose::SignEdDsa => Some(Self::EdDsa),
            KeyPurpose::Seal => None,
        }
    }
}

impl From<IdTokenAlgorithm> for SigningAlgorithm {
    fn from(registered: IdTokenAlgorithm) -> Self {
        match registered {
            IdTokenAlgorithm::Es256 => Self::Es256,
            IdTokenAlgorithm::Rs256 => Self::Rs256,
            IdTokenAlgorithm::EdDsa => Self::EdDsa,
        }
    }
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What clients may sign their assertions with: ours and PS256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum ForeignAlgorithm {
    #[serde(rename = "ES256")]
    Es256,
    #[serde(rename = "PS256")]
    Ps256,
    #[serde(rename = "RS256")]
    Rs256,
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl ForeignAlgorithm {
    pub const ALL: [Self; 4] = [Self::Es256, Self::Ps256, Self::Rs256, Self::EdDsa];

    /// The `alg` value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
            Self::EdDsa => "EdDSA",
        }
    }

    pub(crate) const fn library(self) -> jsonwebtoken::Algorithm {
        match self {
            Self::Es256 => jsonwebtoken::Algorithm::ES256,
            Self::Ps256 => jsonwebtoken::Algorithm::PS256,
            Self::Rs256 => jsonwebtoken::Algorithm::RS256,
            Self::EdDsa => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_written_name_is_the_serialised_one() {
        for algorithm in SigningAlgorithm::ALL {
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.name());
            assert_eq!(SigningAlgorithm::from_purpose(algorithm.purpose()), Some(algorithm));
        }
        for algorithm in ForeignAlgorithm::ALL {
            assert_eq!(serde_json::to_value(algorithm).unwrap(), algorithm.name());
        }
    }

    #[test]
    fn no_spelling_of_none_and_no_mac_is_an_algorithm() {
        // ATK-030, ATK-031
        for name in ["none", "None", "nOnE", "", "HS256", "HS512", "es256", "ES256K"] {
            let json = serde_json::Value::from(name);
            assert!(serde_json::from_value::<SigningAlgorithm>(json.clone()).is_err(), "{name}");
            assert!(serde_json::from_value::<ForeignAlgorithm>(json).is_err(), "{name}");
        }
    }
}
