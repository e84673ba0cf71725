//! What was proven, when and how: immutable records on which every level rests.

use serde::{Deserialize, Serialize};

use crate::authenticator::{Authenticator, AuthenticatorKind, FactorCategory};
use crate::id::{AuthenticatorId, DeviceId, EvidenceId, SessionId, SubjectId};
use crate::secret::SecretDigest;
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
    #[serde(default, skip_serializing_if = "Presentation::is_direct")]
    pub presentation: Presentation,
    /// How the device stood when its key was used; about [`Self::device`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_proof: Option<DeviceProof>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chip: Option<ChipRead>,
    /// Where it was given. Rests with the session: no token carries it, no level depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<EvidenceBinding>,
}

impl AuthenticationEvidence {
    /// The least that any use of `authenticator` proves: the person acted, and nothing was seen of keys,
    /// devices or bodies. Whoever saw more adds it.
    pub const fn of(authenticator: &Authenticator, id: EvidenceId, at: Timestamp) -> Self {
        Self {
            id,
            subject: authenticator.subject,
            authenticator: authenticator.id,
            kind: authenticator.kind,
            at,
            verified_by_device: None,
            intent: Intent::Shown,
            phishing: PhishingResistance::None,
            key: KeyProtection::NoKey,
            password_length: authenticator.password_length,
            device: None,
            transaction: None,
            biometric: None,
            presentation: Presentation::Direct,
            device_proof: None,
            chip: None,
            binding: None,
        }
    }
}

/// How it reached us. Decree 69/2024 art. 20 names the two-dimensional barcode among the knowledge factors.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presentation {
    #[default]
    Direct,
    /// A two-dimensional barcode was shown on one screen and scanned from it.
    Barcode,
}

impl Presentation {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
    fn is_direct(&self) -> bool {
        *self == Self::Direct
    }
}

/// A device bound to the subject, at the moment its key was used (L5).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeviceProof {
    /// Since when its key is bound to the subject: a new device opens no high-value transaction.
    pub bound_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<DeviceAttestation>,
}

/// What the maker's attestation service said about the device. Serves in `[at, expires_at)` (L13).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DeviceAttestation {
    pub verdict: AttestationVerdict,
    pub at: Timestamp,
    pub expires_at: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttestationVerdict {
    /// Genuine hardware, unmodified system.
    Genuine,
    /// The service answered, without being able to tell.
    Undecided,
    /// Rooted, emulated, or a key known to be stolen.
    Compromised,
}

impl DeviceAttestation {
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.at <= now && now < self.expires_at
    }
}

/// The chip of an identity document was read (ICAO Doc 9303 part 11). The result only, none of its data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChipRead {
    pub document: ProofingPieceKind,
    /// Passive authentication: the issuer signed what was read.
    pub signed_by_issuer: Check,
    /// Chip or active authentication over a fresh challenge: this chip is no copy.
    pub not_a_copy: Check,
    /// The first day on which the document no longer counts.
    pub valid_until: Option<CalendarDate>,
}

/// The session and the channel something was proven in, and what makes a replay of it visible (L12).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct EvidenceBinding {
    pub session: SessionId,
    /// Origin or relying-party id that the authenticator itself signed, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Digest of the challenge or code consumed. The same one twice is the same proof twice.
    pub replay_key: SecretDigest,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// When the matcher says that it compared: a claim of its clock, which decides nothing (edge case 23).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stated_at: Option<Timestamp>,
}

/// How the matcher came to its result. Both figures in millionths of its scale, so that they stay exact.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Comparison {
    pub score: u32,
    pub threshold: u32,
    pub place: MatchPlace,
    /// What the matcher says it compared; must be what the authenticator is.
    pub modality: AuthenticatorKind,
    /// How old the template or portrait is that the sample was compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_captured_at: Option<Timestamp>,
}

/// Where sample and reference met (NIST SP 800-63B-4 §3.2.3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MatchPlace {
    Device,
    Central,
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
