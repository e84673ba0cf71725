//! The answer to a login: that somebody used the key that was kept (WebAuthn §7.2).

use identity_core::Timestamp;
use serde_json::json;
use storage::PasskeyCredential;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AuthenticationExtensionsClientOutputs, AuthenticationState, AuthenticatorAssertionResponseRaw,
    PublicKeyCredential, UserVerificationPolicy,
};

use super::kept::Kept;
use super::{Site, Verification};
use crate::refusal::Fault;

/// How stale the shown time of the last use may be, so that a key that does not count costs one
/// write an hour and not one a login.
const USED_WITHIN: std::time::Duration = std::time::Duration::from_hours(1);

/// What the page sent, as the browser made it.
pub struct Assertion {
    pub credential_id: Vec<u8>,
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
    /// Whom the authenticator believes it answers for; always there in a discoverable login.
    pub user_handle: Option<Vec<u8>>,
}

/// A good answer.
#[derive(Debug)]
pub struct Asserted {
    pub user: UserVerified,
    /// What to keep from now on; `None`: nothing worth a write has changed.
    pub changed: Option<PasskeyCredential>,
}

/// What the authenticator reports of this one use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserVerified {
    /// Somebody was there.
    PresentOnly,
    /// And gave the PIN, or the biometric, that the authenticator knows.
    Verified,
}

/// Why an answer is none.
#[derive(Debug)]
pub enum AssertionFault {
    /// Another challenge, origin, RP id, key or account; or not signed at all.
    Wrong(&'static str),
    /// Verification was required.
    NotVerified,
    /// The key has signed more often elsewhere than here: perhaps there are two of it (§6.1.1).
    CounterWentBack,
    /// What was bound to one device now says it can be copied, or the other way round (§7.2 step 19).
    BackupChanged,
    Ours(Fault),
}

impl From<Fault> for AssertionFault {
    fn from(fault: Fault) -> Self {
        Self::Ours(fault)
    }
}

/// Checks the answer to `challenge` against what was kept.
pub fn check(
    site: &Site,
    challenge: &[u8],
    assertion: &Assertion,
    passkey: &PasskeyCredential,
    verification: Verification,
    now: Timestamp,
) -> Result<Asserted, AssertionFault> {
    if !site.asked_here(&assertion.client_data) {
        return Err(AssertionFault::Wrong("asked elsewhere"));
    }
    let kept = Kept::read(passkey)?;
    let state = state(challenge, verification)?;
    let answered = site
        .core
        .authenticate_single_credential(&answer(assertion), &state, &kept.credential(passkey))
        .map_err(|error| fault_of(&error))?;
    let aged = kept.used_at.is_none_or(|at| now >= at.plus(USED_WITHIN));
    let moved = answered.counter() != kept.counter || answered.backup_state() != passkey.backed_up;
    let changed = if aged || moved {
        let kept = Kept { counter: answered.counter(), used_at: Some(now), ..kept };
        let (public, backed_up) = (kept.write()?, answered.backup_state());
        Some(PasskeyCredential { public, backed_up, ..passkey.clone() })
    } else {
        None
    };
    Ok(Asserted {
        user: if answered.user_verified() {
            UserVerified::Verified
        } else {
            UserVerified::PresentOnly
        },
        changed,
    })
}

fn answer(assertion: &Assertion) -> PublicKeyCredential {
    PublicKeyCredential {
        id: jose::digest::base64url(&assertion.credential_id),
        raw_id: assertion.credential_id.clone(),
        response: AuthenticatorAssertionResponseRaw {
            authenticator_data: assertion.authenticator_data.clone(),
            client_data_json: assertion.client_data.clone(),
            signature: assertion.signature.clone(),
            user_handle: assertion.user_handle.clone(),
        },
        extensions: AuthenticationExtensionsClientOutputs::default(),
        type_: "public-key".to_owned(),
    }
}

/// The library makes its states with randomness of its own; here randomness is an argument, so the
/// state is written the way the library reads it back.
fn state(challenge: &[u8], verification: Verification) -> Result<AuthenticationState, Fault> {
    let policy = UserVerificationPolicy::from(verification);
    Ok(serde_json::from_value(json!({
        "credentials": [],
        "policy": policy,
        "challenge": jose::digest::base64url(challenge),
        "appid": null,
        "allow_backup_eligible_upgrade": false,
    }))?)
}

fn fault_of(error: &WebauthnError) -> AssertionFault {
    match error {
        WebauthnError::UserNotVerified => AssertionFault::NotVerified,
        WebauthnError::CredentialPossibleCompromise => AssertionFault::CounterWentBack,
        WebauthnError::CredentialBackupEligibilityInconsistent
        | WebauthnError::CredentialMayNotBeHardwareBound => AssertionFault::BackupChanged,
        WebauthnError::MismatchedChallenge => AssertionFault::Wrong("another challenge"),
        WebauthnError::InvalidRPIDHash => AssertionFault::Wrong("another RP id"),
        WebauthnError::AuthenticationFailure => AssertionFault::Wrong("not signed by this key"),
        WebauthnError::UserNotPresent => AssertionFault::Wrong("nobody was there"),
        _ => AssertionFault::Wrong("malformed"),
    }
}
