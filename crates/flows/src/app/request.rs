//! Whose request is this? A JWS of a bound device, made for this endpoint, seen for the first time.

use std::time::Duration;

use identity_core::{AuthenticatorId, Subject, SubjectId, Timestamp};
use jose::app_request::{AppRequest, ExpectedAppRequest, unverified_key_id, verify_app_request};
use jose::digest::{base64url, base64url_decode};
use jose::{JwtRefusal, PublicKey};
use serde_json::{Map, Value};
use storage::record::DossierOf;
use storage::{Claim, Credential, Enrolment};
use uuid::Uuid;

use super::{AppError, AppRefusal, ensure_usable};
use crate::provider::Provider;

/// The longest request, in bytes: an attestation statement is the longest thing in one.
pub const MAX_REQUEST_BYTES: usize = 8 * 1024;
/// A person needs a handful; an app that asks what is pending, one every few seconds.
const MOST_PER_MINUTE: u64 = 60;
/// The `kid` of the key that only the holder's PIN unlocks ends so.
const VERIFIED: &str = ".uv";

/// What a device is called in its requests. It finds the person without an index and tells nothing
/// about them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DeviceHandle {
    pub subject: SubjectId,
    pub authenticator: AuthenticatorId,
}

impl DeviceHandle {
    pub fn of(enrolment: &Enrolment) -> Self {
        let authenticator = &enrolment.authenticator;
        Self { subject: authenticator.subject, authenticator: authenticator.id }
    }

    fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 32] = base64url_decode(text).ok()?.try_into().ok()?;
        let uuid = |half: &[u8]| Uuid::from_slice(half).ok();
        let (subject, authenticator) = bytes.split_at(16);
        Some(Self {
            subject: SubjectId::from_uuid(uuid(subject)?),
            authenticator: AuthenticatorId::from_uuid(uuid(authenticator)?),
        })
    }
}

impl std::fmt::Display for DeviceHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (subject, authenticator) = (self.subject.uuid(), self.authenticator.uuid());
        let halves = [subject.as_bytes().as_slice(), authenticator.as_bytes()];
        f.write_str(&base64url(&halves.concat()))
    }
}

/// Whether the device made sure that its holder was there (NIST SP 800-63B-4 §3.2.10): only then
/// could it use the second of its keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderCheck {
    Done,
    NotDone,
}

/// A request of a bound device, signed by it and seen for the first time.
pub struct SignedRequest {
    pub subject: Subject,
    pub enrolment: Enrolment,
    pub holder: HolderCheck,
    pub content: Map<String, Value>,
}

impl SignedRequest {
    /// A text that the request must hold.
    pub fn text(&self, name: &str) -> Result<&str, AppRefusal> {
        text(&self.content, name)
    }
}

pub(super) fn text<'c>(content: &'c Map<String, Value>, name: &str) -> Result<&'c str, AppRefusal> {
    content.get(name).and_then(Value::as_str).ok_or(AppRefusal::Malformed)
}

/// Authenticates `token`, which came to `path` by POST.
pub async fn authenticate(
    provider: &Provider,
    token: &str,
    path: &str,
    now: Timestamp,
) -> Result<SignedRequest, AppError> {
    let named = unverified_key_id(token).ok_or(AppRefusal::Malformed)?;
    let (handle, holder) = match named.strip_suffix(VERIFIED) {
        Some(handle) => (handle, HolderCheck::Done),
        None => (named.as_str(), HolderCheck::NotDone),
    };
    let handle = DeviceHandle::parse(handle).ok_or(AppRefusal::Malformed)?;
    let of = DossierOf { subject: handle.subject, session: None, client: None, grant: None };
    let dossier = provider.store.dossier(&of).await?.ok_or(AppRefusal::DeviceUnknown)?;
    let mut enrolments = dossier.enrolments.into_iter();
    let enrolment = enrolments
        .find(|enrolment| enrolment.authenticator.id == handle.authenticator)
        .ok_or(AppRefusal::DeviceUnknown)?;
    let Credential::AppDevice(device) = &enrolment.credential else {
        return Err(AppRefusal::DeviceUnknown.into());
    };
    let key = match holder {
        HolderCheck::Done => device.activation_key.as_ref().ok_or(AppRefusal::NotSigned)?,
        HolderCheck::NotDone => &device.public_key,
    };
    let key = PublicKey::es256(key).map_err(|_| AppRefusal::NotSigned)?;
    let request = verify(provider, token, &key, path, now)?;
    claim(provider, &named, &request, now).await?;
    let id = handle.to_string();
    within_rate(provider, "app requests", &id, MOST_PER_MINUTE, now).await?;
    if !enrolment.authenticator.usable(now) {
        return Err(AppRefusal::DeviceNotUsable.into());
    }
    ensure_usable(&dossier.subject.subject.account.state)?;
    Ok(SignedRequest {
        subject: dossier.subject.subject,
        enrolment,
        holder,
        content: request.content,
    })
}

pub(super) fn verify(
    provider: &Provider,
    token: &str,
    key: &PublicKey,
    path: &str,
    now: Timestamp,
) -> Result<AppRequest, AppRefusal> {
    let issuer = provider.settings.issuer.as_str();
    let uri = format!("{issuer}{path}");
    let expected = ExpectedAppRequest { issuer, method: "POST", uri: &uri, now };
    verify_app_request(token, key, &expected).map_err(|refusal| {
        tracing::info!(%refusal, "request of an app refused");
        match refusal {
            JwtRefusal::Expired | JwtRefusal::NotYetValid => AppRefusal::Stale,
            JwtRefusal::TooLong => AppRefusal::TooLarge,
            JwtRefusal::Malformed(_) => AppRefusal::Malformed,
            JwtRefusal::CriticalExtension
            | JwtRefusal::AlgorithmNotAllowed
            | JwtRefusal::WrongType
            | JwtRefusal::UnknownKey
            | JwtRefusal::AmbiguousKey
            | JwtRefusal::BadSignature
            | JwtRefusal::Claim(_)
            | JwtRefusal::WrongIssuer
            | JwtRefusal::WrongSubject
            | JwtRefusal::WrongAudience
            | JwtRefusal::LivesTooLong => AppRefusal::NotSigned,
        }
    })
}

/// A request is heard once (ATK-050), whoever brings it.
pub(super) async fn claim(
    provider: &Provider,
    signer: &str,
    request: &AppRequest,
    now: Timestamp,
) -> Result<(), AppError> {
    let id = format!("{signer} {}", request.jti);
    let claim = Claim {
        purpose: "app request",
        id: &id,
        issued_at: request.issued_at,
        // One clock may run ahead of ours: remembered a little longer than it is believed.
        expires_at: request.expires_at().plus(jose::CLOCK_SKEW),
    };
    if provider.transient.claim_once(claim, now).await? {
        Ok(())
    } else {
        tracing::info!("request of an app came twice");
        Err(AppRefusal::NotSigned.into())
    }
}

pub(super) async fn within_rate(
    provider: &Provider,
    purpose: &'static str,
    id: &str,
    most: u64,
    now: Timestamp,
) -> Result<(), AppError> {
    let window = Duration::from_mins(1);
    let count = provider.transient.count(purpose, id, window, now).await?;
    if count <= most { Ok(()) } else { Err(AppRefusal::TooMany.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back_and_nothing_else_does() {
        let handle = DeviceHandle {
            subject: SubjectId::from_uuid(Uuid::from_u128(1)),
            authenticator: AuthenticatorId::from_uuid(Uuid::from_u128(2)),
        };
        assert_eq!(DeviceHandle::parse(&handle.to_string()), Some(handle));
        for garbage in ["", "AAAA", "!", &"A".repeat(44)] {
            assert_eq!(DeviceHandle::parse(garbage), None, "{garbage}");
        }
    }
}
