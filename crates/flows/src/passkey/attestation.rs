//! Whose hardware is believed, and of whom it is demanded (WebAuthn §6.5; NIST SP 800-63B-4 §3.1.7).
//!
//! Of the public nothing is asked: an attestation would tell the model of a telephone and keep people
//! out, and gain nothing for them. Who acts for the State proves that the key is in hardware of a
//! maker and model on the operator's list.

use std::time::{Duration, SystemTime};

use identity_core::Timestamp;
use identity_core::subject::HolderClass;
use serde::Deserialize;
use uuid::Uuid;
use webauthn_rs_core::attestation::verify_attestation_ca_chain;
use webauthn_rs_core::proto::{
    AttestationCaList, AttestationCaListBuilder, AttestationMetadata, ParsedAttestation,
};

/// One maker on the operator's list.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maker {
    pub name: String,
    /// The root that the makers' attestation certificates lead to, as PEM.
    pub certificate: String,
    /// Which of its models count. None of them: none does.
    pub models: Vec<Model>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub aaguid: Uuid,
    pub name: String,
}

#[derive(Debug, thiserror::Error)]
pub enum MakerError {
    #[error("{0}: the certificate cannot be read")]
    Certificate(String),
    #[error("{0}: no model is listed")]
    NoModels(String),
}

/// The operator's list.
#[derive(Clone, Default)]
pub struct AttestationRules {
    trusted: AttestationCaList,
}

/// What a new key must come with.
#[derive(Clone, Copy)]
pub enum Demand<'a> {
    Nothing,
    Attested(&'a AttestationRules),
}

/// A key that nobody on the list vouches for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotVouchedFor;

impl AttestationRules {
    pub fn new(makers: &[Maker]) -> Result<Self, MakerError> {
        let mut list = AttestationCaListBuilder::new();
        for maker in makers {
            if maker.models.is_empty() {
                return Err(MakerError::NoModels(maker.name.clone()));
            }
            for model in &maker.models {
                let certificate = maker.certificate.trim().as_bytes();
                let names = std::collections::BTreeMap::new();
                list.insert_device_pem(certificate, model.aaguid, model.name.clone(), names)
                    .map_err(|_| MakerError::Certificate(maker.name.clone()))?;
            }
        }
        Ok(Self { trusted: list.build() })
    }

    #[cfg(test)]
    pub(super) const fn trusting(trusted: AttestationCaList) -> Self {
        Self { trusted }
    }

    pub fn demand_of(&self, class: HolderClass) -> Demand<'_> {
        match class {
            HolderClass::Citizen => Demand::Nothing,
            HolderClass::Official => Demand::Attested(self),
        }
    }

    /// The model that a listed maker vouches for. A key that vouches for itself names any model it
    /// likes, so only a chain to a listed root counts (ATK-106, Keycloak CVE-2026-6856).
    pub(super) fn model(
        &self,
        attestation: &ParsedAttestation,
        now: Timestamp,
    ) -> Result<Uuid, NotVouchedFor> {
        if self.trusted.is_empty() {
            return Err(NotVouchedFor);
        }
        let maker = verify_attestation_ca_chain(&attestation.data, &self.trusted, clock(now))
            .ok()
            .flatten()
            .ok_or(NotVouchedFor)?;
        let aaguid = match &attestation.metadata {
            AttestationMetadata::Packed { aaguid } | AttestationMetadata::Tpm { aaguid, .. } => {
                *aaguid
            }
            AttestationMetadata::None
            | AttestationMetadata::AndroidKey { .. }
            | AttestationMetadata::AndroidSafetyNet { .. } => return Err(NotVouchedFor),
        };
        maker.aaguids().contains_key(&aaguid).then_some(aaguid).ok_or(NotVouchedFor)
    }
}

fn clock(now: Timestamp) -> SystemTime {
    let seconds = u64::try_from(now.unix_seconds()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
