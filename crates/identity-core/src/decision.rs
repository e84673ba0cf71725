//! A judged request as codes and the ledger carry it. What is inside, only the judge of assurance reads.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::compact::{Compact, Input};

/// `assurance::KeptDecision` in its compact form; base64url where text is needed. Holds nothing that says
/// who a person is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RecordedDecision(pub Vec<u8>);

impl Serialize for RecordedDecision {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for RecordedDecision {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        URL_SAFE_NO_PAD.decode(text.as_bytes()).map(Self).map_err(D::Error::custom)
    }
}

impl Compact for RecordedDecision {
    fn write(&self, bytes: &mut Vec<u8>) {
        self.0.len().write(bytes);
        bytes.extend_from_slice(&self.0);
    }

    fn read(input: &mut Input<'_>) -> Option<Self> {
        let length = usize::read(input)?;
        input.take(length).map(|bytes| Self(bytes.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact;

    #[test]
    fn a_decision_survives_both_ways_of_writing() {
        let decision = RecordedDecision((0..=255).collect());
        assert_eq!(compact::from_bytes(&compact::to_bytes(&decision)), Some(decision.clone()));
        let json = serde_json::to_string(&decision).unwrap();
        assert_eq!(serde_json::from_str::<RecordedDecision>(&json).unwrap(), decision);
        assert!(serde_json::from_str::<RecordedDecision>("\"=\"").is_err());
    }
}
