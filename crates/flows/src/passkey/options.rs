//! What the page's script hands to the browser: JSON whose byte strings are base64url, as
//! `PublicKeyCredential.parseRequestOptionsFromJSON` reads it (WebAuthn §5.1.9).

use identity_core::SubjectId;
use serde::Serialize;
use storage::PasskeyCredential;
use webauthn_rs_core::proto::{
    AllowCredentials, AttestationConveyancePreference, AuthenticatorSelectionCriteria,
    COSEAlgorithm, PubKeyCredParams, PublicKeyCredentialCreationOptions,
    PublicKeyCredentialDescriptor, PublicKeyCredentialRequestOptions, RelyingParty,
    ResidentKeyRequirement, User, UserVerificationPolicy,
};

use super::attestation::Demand;
use super::{PATIENCE, Site, Verification, site};
use crate::refusal::Fault;

const PUBLIC_KEY: &str = "public-key";
/// ECDSA on P-256 and P-384, and RSA for older Windows machines; best first.
pub(super) const ALGORITHMS: [COSEAlgorithm; 3] =
    [COSEAlgorithm::ES256, COSEAlgorithm::ES384, COSEAlgorithm::RS256];

impl From<Verification> for UserVerificationPolicy {
    fn from(verification: Verification) -> Self {
        match verification {
            Verification::Required => Self::Required,
            Verification::Preferred => Self::Preferred,
        }
    }
}

/// Who a new passkey is for.
pub struct For<'a> {
    pub subject: SubjectId,
    /// What the holder tells their accounts apart by. It may travel into a sync fabric abroad: nothing
    /// that names a person belongs in it.
    pub name: &'a str,
}

/// For `navigator.credentials.get`. Without `allowed` any discoverable passkey may answer, so nobody
/// learns from this who has which (ATK-098).
pub fn of_login(
    site: &Site,
    challenge: &[u8],
    allowed: &[&PasskeyCredential],
    verification: Verification,
) -> Result<String, Fault> {
    let allowed = allowed.iter().map(|passkey| AllowCredentials {
        type_: PUBLIC_KEY.to_owned(),
        id: passkey.credential_id.clone(),
        transports: None,
    });
    json(&PublicKeyCredentialRequestOptions {
        challenge: challenge.to_vec(),
        timeout: Some(timeout()),
        rp_id: site.rp_id.clone(),
        allow_credentials: allowed.collect(),
        user_verification: verification.into(),
        hints: None,
        extensions: None,
    })
}

/// For `navigator.credentials.create`. Always discoverable: that is what makes it a passkey. `known`:
/// the holder's other ones, so that no authenticator gets a second.
pub fn of_enrolment(
    site: &Site,
    challenge: &[u8],
    holder: &For<'_>,
    known: &[&PasskeyCredential],
    demand: Demand<'_>,
) -> Result<String, Fault> {
    let known = known.iter().map(|passkey| PublicKeyCredentialDescriptor {
        type_: PUBLIC_KEY.to_owned(),
        id: passkey.credential_id.clone(),
        transports: None,
    });
    let algorithm =
        |alg: COSEAlgorithm| PubKeyCredParams { type_: PUBLIC_KEY.to_owned(), alg: alg as i64 };
    json(&PublicKeyCredentialCreationOptions {
        rp: RelyingParty { name: site::NAME.to_owned(), id: site.rp_id.clone() },
        user: User {
            id: holder.subject.uuid().as_bytes().to_vec(),
            name: holder.name.to_owned(),
            display_name: holder.name.to_owned(),
        },
        challenge: challenge.to_vec(),
        pub_key_cred_params: ALGORITHMS.map(algorithm).into(),
        timeout: Some(timeout()),
        exclude_credentials: Some(known.collect()),
        authenticator_selection: Some(AuthenticatorSelectionCriteria {
            authenticator_attachment: None,
            resident_key: Some(ResidentKeyRequirement::Required),
            require_resident_key: true,
            user_verification: match demand {
                Demand::Nothing => UserVerificationPolicy::Preferred,
                Demand::Attested(_) => UserVerificationPolicy::Required,
            },
        }),
        hints: None,
        attestation: Some(match demand {
            Demand::Nothing => AttestationConveyancePreference::None,
            Demand::Attested(_) => AttestationConveyancePreference::Direct,
        }),
        attestation_formats: None,
        extensions: None,
    })
}

fn timeout() -> u32 {
    u32::try_from(PATIENCE.as_millis()).unwrap_or(u32::MAX)
}

fn json(options: &impl Serialize) -> Result<String, Fault> {
    Ok(serde_json::to_string(options)?)
}
