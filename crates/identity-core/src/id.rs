//! One type per identifier, so that a session can never be looked up by a grant.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::{Entropy, Timestamp, random_bytes};

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a valid identifier")]
pub struct IdError;

macro_rules! typed_uuid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh identifier that sorts by `now` (UUID version 7).
            pub fn generate(now: Timestamp, entropy: &dyn Entropy) -> Self {
                let millis = u64::try_from(now.unix_millis()).unwrap_or(0);
                let random = random_bytes::<10>(entropy);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }

            /// Sorts before everything generated at `moment` or later.
            pub fn earliest(moment: Timestamp) -> Self {
                let millis = u64::try_from(moment.unix_millis()).unwrap_or(0);
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
            }

            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::parse_str(text).map(Self).map_err(|_| IdError)
            }
        }
    };
}

typed_uuid!(
    /// A person, for ever: opaque, never reused, never shown to a relying party as it is.
    SubjectId
);
typed_uuid!(
    /// One password, one TOTP secret, one key.
    AuthenticatorId
);
typed_uuid!(
    /// One recorded authentication or proofing event.
    EvidenceId
);
typed_uuid!(
    /// One login of one browser; the `sid` of logout tokens is derived from it per client.
    SessionId
);
typed_uuid!(
    /// One authorization and everything issued from it (the token family).
    GrantId
);
typed_uuid!(
    /// One row of the ledger.
    EventId
);
typed_uuid!(
    /// One access token, so that it can be taken back alone (RFC 7009).
    TokenId
);
typed_uuid!(
    /// A device that carries keys of one or more subjects.
    DeviceId
);
typed_uuid!(
    /// One outbound logout notice.
    DeliveryId
);

impl SubjectId {
    /// A fresh subject. Random throughout (UUID version 4): it must not tell when an account was made.
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(uuid::Builder::from_random_bytes(random_bytes(entropy)).into_uuid())
    }
}

/// The identifier of a relying party's client (RFC 6749 §2.2): 1 to 128 visible ASCII characters,
/// compared byte for byte and never normalised.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    pub const MAX_LENGTH: usize = 128;

    pub fn parse(text: &str) -> Result<Self, IdError> {
        let visible = text.bytes().all(|b| b.is_ascii_graphic());
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !visible {
            return Err(IdError);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// What a person reads to the help line about a dispute: eight letters and digits, like `7K3M-9QXA`.
/// Neither the digits alone nor their number can be taken for an identity or telephone number.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseNumber(String);

impl CaseNumber {
    /// Without I, L, O and U, which are misheard or misread.
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    pub fn generate(entropy: &dyn Entropy) -> Self {
        let symbol = |byte: u8| Self::ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0');
        let symbols = random_bytes::<8>(entropy).map(symbol).map(char::from);
        let (first, last): (String, String) =
            (symbols.iter().take(4).collect(), symbols.iter().skip(4).collect());
        Self(format!("{first}-{last}"))
    }

    pub fn parse(text: &str) -> Result<Self, IdError> {
        let ours = |group: &str| {
            group.len() == 4 && group.bytes().all(|byte| Self::ALPHABET.contains(&byte))
        };
        match text.split_once('-') {
            Some((first, last)) if ours(first) && ours(last) => Ok(Self(text.to_owned())),
            Some(_) | None => Err(IdError),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for CaseNumber {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<CaseNumber> for String {
    fn from(case: CaseNumber) -> Self {
        case.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client_ids_are_bounded_visible_ascii() {
        assert!(ClientId::parse("cong-dich-vu-cong").is_ok());
        for bad in ["", "with space", "tab\t", "đvc", &"x".repeat(129)] {
            assert_eq!(ClientId::parse(bad), Err(IdError), "{bad}");
        }
    }

    #[test]
    fn a_case_number_is_short_and_of_letters_that_are_not_misheard() {
        assert!(CaseNumber::parse("7K3M-9QXA").is_ok());
        for refused in ["", "7K3M9QXA", "7K3M-9QX", "7k3m-9qxa", "OIL0-UUUU", "7K3M-9QXA-1"] {
            assert!(CaseNumber::parse(refused).is_err(), "{refused}");
        }
    }
}
