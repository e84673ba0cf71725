//! What was proven, when and how: immutable records on which every level rests.

use serde::{Deserialize, Serialize};

use crate::authenticator::{AuthenticatorKind, FactorCategory};
use crate::id::{AuthenticatorId, DeviceId, EvidenceId, SubjectId};
use crate::time::{CalendarDate, Timestamp};

/// One successful use of one authenticator. Failures are security events, never evidence.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AuthenticationEvidence {
    pub id: EvidenceId,
    pub subject: SubjectId,
    pub authenticator: AuthenticatorId,
    pub kind: AuthenticatorKind,
    /// When this server received it (edge case 23).
    pub at: Timestamp,
    /// A second category the authenticator itself verified (user verification, activation; L4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_by_device: Option<FactorCategory>,
    /// Whether the person had to act (a tap, a typed code).
    pub intent: Intent,
    #[serde(default)]
    pub phishing: PhishingResistance,
    #[serde(default)]
    pub key: KeyProtection,
    /// Characters of the password used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_length: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<DeviceId>,
    /// The transaction it was given for, where one evidence serves one transaction (L12).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub biometric: Option<BiometricMatch>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    Shown,
    NotShown,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhishingResistance {
    #[default]
    None,
    Resistant,
}

/// Where the key lives, if the authenticator has one (L6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyProtection {
    #[default]
    NoKey,
    Software,
    /// Copied between devices by a sync fabric; caps at AAL2.
    Synced,
    Hardware,
}

/// The result of a comparison by a registered matcher. Samples and templates never come here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BiometricMatch {
    pub matcher: String,
    pub matcher_version: String,
    /// False-match rate at the threshold used, in matches per billion, so that it stays exact.
    pub false_match_per_billion: u32,
    pub presentation_attack: Check,
    pub injection: Check,
    pub reference: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    Passed,
    NotDone,
}

/// How an identity was proven once (NIST SP 800-63A-4 §4; Decree 69/2024 arts 10–12).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proofing {
    pub id: EvidenceId,
    pub at: Timestamp,
    pub pathway: ProofingPathway,
    pub pieces: Vec<ProofingPiece>,
    /// Officer or service that performed it, by internal reference.
    pub performed_by: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofingPathway {
    /// In the app: declared data and a face capture.
    RemoteFaceCapture,
    /// Before an officer: card shown, face and fingerprints matched with the identity database.
    InPersonBiometric,
    /// Filed by a representative with an account of level 2.
    ThroughRepresentative,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProofingPiece {
    pub kind: ProofingPieceKind,
    pub valid_until: Option<CalendarDate>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProofingPieceKind {
    IdentityCard,
    ResidenceCard,
    Passport,
    BirthCertificate,
}
