//! What is kept of a passkey beside its id, in the text that the store seals.

use identity_core::Timestamp;
use serde::{Deserialize, Serialize};
use storage::PasskeyCredential;
use webauthn_rs_core::proto::{
    AttestationFormat, COSEKey, Credential, ParsedAttestation, RegisteredExtensions,
    UserVerificationPolicy,
};

use crate::refusal::Fault;

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Kept {
    pub key: COSEKey,
    /// The newest seen; authenticators that do not count say zero.
    pub counter: u32,
    /// Within the hour: a use writes no more than it must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Timestamp>,
}

impl Kept {
    pub fn read(passkey: &PasskeyCredential) -> Result<Self, Fault> {
        Ok(serde_json::from_str(&passkey.public)?)
    }

    pub fn write(&self) -> Result<String, Fault> {
        Ok(serde_json::to_string(self)?)
    }

    /// As the library wants it. What was verified at enrolment promises nothing about a later use: each
    /// is taken as it reports itself (NIST SP 800-63B-4 app. B, law L4).
    pub fn credential(&self, passkey: &PasskeyCredential) -> Credential {
        Credential {
            cred_id: passkey.credential_id.clone(),
            cred: self.key.clone(),
            counter: self.counter,
            transports: None,
            user_verified: false,
            backup_eligible: passkey.backup_eligible,
            backup_state: passkey.backed_up,
            registration_policy: UserVerificationPolicy::Preferred,
            extensions: RegisteredExtensions::none(),
            attestation: ParsedAttestation::default(),
            attestation_format: AttestationFormat::None,
        }
    }
}
