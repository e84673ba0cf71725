//! The answer to an enrolment, and the key it leaves behind (WebAuthn §7.1).

use identity_core::{SubjectId, Timestamp};
use serde_json::json;
use storage::PasskeyCredential;
use webauthn_rs_core::proto::{
    AuthenticatorAttestationResponseRaw, RegisterPublicKeyCredential,
    RegistrationExtensionsClientOutputs, RegistrationState, RequestRegistrationExtensions,
    UserVerificationPolicy,
};

use super::attestation::Demand;
use super::kept::Kept;
use super::{Site, options};
use crate::refusal::Fault;

/// What the page sent, as the browser made it.
pub struct Creation {
    pub client_data: Vec<u8>,
    pub attestation_object: Vec<u8>,
}

#[derive(Debug)]
pub enum CreationFault {
    /// Another challenge, origin, RP id or algorithm; or nothing that can be read.
    Wrong,
    /// No listed maker vouches for it, or it can be copied to other devices.
    NotVouchedFor,
    /// The holder has this very key already.
    Known,
    Ours(Fault),
}

impl From<Fault> for CreationFault {
    fn from(fault: Fault) -> Self {
        Self::Ours(fault)
    }
}

/// Checks the answer to `challenge`; what comes back is to be kept for `subject`.
pub fn check(
    site: &Site,
    challenge: &[u8],
    creation: &Creation,
    subject: SubjectId,
    known: &[&PasskeyCredential],
    demand: Demand<'_>,
    now: Timestamp,
) -> Result<PasskeyCredential, CreationFault> {
    if !site.asked_here(&creation.client_data) {
        return Err(CreationFault::Wrong);
    }
    // Attestation is judged below, on our own clock.
    let made = site
        .core
        .register_credential(&answer(creation), &state(challenge, demand)?, None)
        .map_err(|_| CreationFault::Wrong)?;
    if known.iter().any(|passkey| passkey.credential_id == made.cred_id) {
        return Err(CreationFault::Known);
    }
    let model = match demand {
        Demand::Nothing => None,
        // What is copied leaves the hardware that was vouched for.
        Demand::Attested(_) if made.backup_eligible => return Err(CreationFault::NotVouchedFor),
        Demand::Attested(rules) => {
            let model = rules.model(&made.attestation, now);
            Some(model.map_err(|_| CreationFault::NotVouchedFor)?)
        }
    };
    let kept = Kept { key: made.cred, counter: made.counter, used_at: None };
    Ok(PasskeyCredential {
        credential_id: made.cred_id,
        public: kept.write()?,
        aaguid: model.map(uuid::Uuid::into_bytes).unwrap_or_default(),
        backup_eligible: made.backup_eligible,
        backed_up: made.backup_state,
        user_handle: Some(subject.uuid().as_bytes().to_vec()),
        attested: model.is_some(),
    })
}

fn answer(creation: &Creation) -> RegisterPublicKeyCredential {
    RegisterPublicKeyCredential {
        // The id that counts is in the attestation object.
        id: String::new(),
        raw_id: Vec::new(),
        response: AuthenticatorAttestationResponseRaw {
            attestation_object: creation.attestation_object.clone(),
            client_data_json: creation.client_data.clone(),
            transports: None,
        },
        type_: "public-key".to_owned(),
        extensions: RegistrationExtensionsClientOutputs::default(),
    }
}

/// As for logins: written the way the library reads it, because the challenge is ours.
fn state(challenge: &[u8], demand: Demand<'_>) -> Result<RegistrationState, Fault> {
    let policy = match demand {
        Demand::Nothing => UserVerificationPolicy::Preferred,
        Demand::Attested(_) => UserVerificationPolicy::Required,
    };
    Ok(serde_json::from_value(json!({
        "policy": policy,
        "exclude_credentials": [],
        "challenge": jose::digest::base64url(challenge),
        "credential_algorithms": options::ALGORITHMS,
        "require_resident_key": true,
        "authenticator_attachment": null,
        "extensions": RequestRegistrationExtensions {
            cred_protect: None,
            uvm: None,
            cred_props: None,
            min_pin_length: None,
            hmac_create_secret: None,
        },
        "allow_synchronised_authenticators": true,
    }))?)
}
