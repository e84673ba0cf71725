//! What the simulator shall have seen, and what it shall get wrong.

use flows::matcher::Modality;
use flows::matcher::statement::{Bound, CaptureRequest, Detection, MatchStatement, Outcome};
use identity_core::evidence::MatchPlace;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Dials {
    /// In millionths, as is the threshold.
    pub score: u32,
    pub threshold: u32,
    pub false_match_per_billion: u32,
    pub sample: Sample,
    pub about: About,
    pub signature: Signature,
}

impl Default for Dials {
    fn default() -> Self {
        Self {
            score: 950_000,
            threshold: 800_000,
            false_match_per_billion: 10_000,
            sample: Sample::Live,
            about: About::AsAsked,
            signature: Signature::Good,
        }
    }
}

/// Who or what is before the camera.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sample {
    Live,
    /// A picture or a mask.
    Spoof,
    /// A recording fed in behind the camera.
    Injected,
    /// Nobody looked for pictures and masks.
    Unchecked,
    /// Nobody looked for recordings.
    Uninspected,
    /// Nobody came.
    TimedOut,
}

/// What the statement is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    AsAsked,
    OtherChallenge,
    OtherPerson,
    OtherDevice,
    OtherTransaction,
    OtherModality,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    Good,
    /// Made an hour ago.
    Old,
    /// Made a minute before anybody asked.
    Early,
    OtherKey,
    OtherIssuer,
    OtherAudience,
    /// `alg: none`
    None,
}

pub const fn word(modality: Modality) -> &'static str {
    match modality {
        Modality::Face => "face",
        Modality::Fingerprint => "fingerprint",
    }
}

impl Dials {
    /// What to say about this request.
    pub fn statement(self, request: &CaptureRequest) -> MatchStatement {
        use Detection::{Failed, NotDone, Passed};
        let (outcome, presentation_attack, injection) = match self.sample {
            Sample::Live => (Outcome::Compared, Passed, Passed),
            Sample::Spoof => (Outcome::Compared, Failed, Passed),
            Sample::Injected => (Outcome::Compared, Passed, Failed),
            Sample::Unchecked => (Outcome::Compared, NotDone, Passed),
            Sample::Uninspected => (Outcome::Compared, Passed, NotDone),
            Sample::TimedOut => (Outcome::NotCompared, NotDone, NotDone),
        };
        MatchStatement {
            bound: self.about.turned(request.bound.clone()),
            outcome,
            score: self.score,
            threshold: self.threshold,
            false_match_per_billion: self.false_match_per_billion,
            presentation_attack,
            injection,
            place: MatchPlace::Central,
            version: "simulator 1".to_owned(),
            reference_captured_at: None,
        }
    }
}

impl About {
    fn turned(self, asked: Bound) -> Bound {
        let other = |text: &str| format!("{text}0");
        match self {
            Self::AsAsked => asked,
            Self::OtherChallenge => Bound { challenge: other(&asked.challenge), ..asked },
            Self::OtherPerson => Bound { reference: other(&asked.reference), ..asked },
            Self::OtherDevice => Bound { device: other(&asked.device), ..asked },
            Self::OtherTransaction => Bound { transaction: other(&asked.transaction), ..asked },
            Self::OtherModality => Bound {
                modality: match asked.modality {
                    Modality::Face => Modality::Fingerprint,
                    Modality::Fingerprint => Modality::Face,
                },
                ..asked
            },
        }
    }
}

/// The position of a dial, as forms and JSON say it.
pub fn position(dial: &impl Serialize) -> String {
    let written = serde_json::to_value(dial).ok();
    written.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// The dials of the page, each with its positions: value and label.
pub const SAMPLES: [(&str, &str); 6] = [
    ("live", "Người thật"),
    ("spoof", "Ảnh hoặc mặt nạ"),
    ("injected", "Video chèn vào sau camera"),
    ("unchecked", "Không kiểm tra ảnh giả"),
    ("uninspected", "Không kiểm tra video chèn"),
    ("timed_out", "Hết thời gian"),
];
pub const SUBJECTS: [(&str, &str); 6] = [
    ("as_asked", "Đúng yêu cầu"),
    ("other_challenge", "Thử thách khác"),
    ("other_person", "Người khác"),
    ("other_device", "Thiết bị khác"),
    ("other_transaction", "Giao dịch khác"),
    ("other_modality", "Loại sinh trắc khác"),
];
pub const SIGNATURES: [(&str, &str); 7] = [
    ("good", "Đúng"),
    ("old", "Ký một giờ trước"),
    ("early", "Ký trước khi được hỏi"),
    ("other_key", "Khóa không đăng ký"),
    ("other_issuer", "Tên đơn vị khác"),
    ("other_audience", "Cho nơi khác"),
    ("none", "Không ký"),
];

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn all_read<T: DeserializeOwned + PartialEq>(positions: &[(&str, &str)]) -> usize {
        let read = |value: &str| serde_json::from_value::<T>(value.into()).unwrap();
        let values: Vec<T> = positions.iter().map(|(value, _)| read(value)).collect();
        values.iter().enumerate().filter(|(at, it)| !values[..*at].contains(*it)).count()
    }

    #[test]
    fn every_position_of_a_dial_is_one_of_its_own() {
        assert_eq!(all_read::<Sample>(&SAMPLES), SAMPLES.len());
        assert_eq!(all_read::<About>(&SUBJECTS), SUBJECTS.len());
        assert_eq!(all_read::<Signature>(&SIGNATURES), SIGNATURES.len());
        assert_eq!(serde_json::from_str::<Dials>("{}").unwrap(), Dials::default());
    }
}
