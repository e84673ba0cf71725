//! Binding a device: a code shown to somebody who is logged in well enough, answered by the device
//! with its keys. An account has one active device; another takes its place (domain: "một thiết bị").

use std::sync::Arc;
use std::time::Duration;

use assurance::VnAuthenticationLevel;
use identity_core::id::DeviceId;
use identity_core::secret::SecretDigest;
use identity_core::time::random_bytes;
use identity_core::{AuthenticatorKind, SessionId, Subject, SubjectId, Timestamp};
use jose::PublicKey;
use jose::app_request::unverified_content;
use jose::digest::{base64url_decode, sha256};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use storage::record::{Dossier, DossierOf};
use storage::{
    AppDevice, Change, Commit, Contest, Credential, Enrolment, Label, Slot, VersionedSubject,
};

use super::request::{self, DeviceHandle, SignedRequest};
use super::{AppError, AppRefusal, counter, ensure_usable};
use crate::binding;
use crate::judgement::level_of;
use crate::messages::Matter;
use crate::notices::Notice;
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::LiveSession;

const PURPOSE: &str = "app binding";
/// NIST SP 800-63B-4 §4.1.2: ten minutes.
pub const OFFER_LIFE: Duration = Duration::from_mins(10);
/// Of one offer. With fifty random bits none of them is worth anything to who guesses.
const MOST_TRIES: u64 = 10;
/// Without letters and digits that look alike: 32 of them, five bits each.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const CODE_CHARACTERS: usize = 10;
/// Of an offer's number. A person's has twelve.
const IDENTIFIER_DIGITS: usize = 8;
const KIND: AuthenticatorKind = AuthenticatorKind::App;

/// The level of login that may bind a device (issue: "from a level-2 session").
const NEEDED: VnAuthenticationLevel = VnAuthenticationLevel::L2;

/// What the security centre shows, once.
pub struct Offer {
    /// Names the offer; no secret.
    pub identifier: String,
    pub code: String,
}

/// An offer as it waits; the code is known by its digest only.
#[derive(Serialize, Deserialize)]
struct Waiting {
    subject: SubjectId,
    session: SessionId,
    code: SecretDigest,
    expires_at: Timestamp,
}

/// Whether this login is good enough to bind a device.
pub fn may_offer(provider: &Provider, live: &LiveSession, now: Timestamp) -> Result<bool, Fault> {
    Ok(level_of(provider, live, now)? >= NEEDED)
}

/// A fresh code for this person's device. `None`: they must log in with a second factor first.
pub async fn offer(
    provider: &Provider,
    live: &LiveSession,
    now: Timestamp,
) -> Result<Option<Offer>, Fault> {
    if !may_offer(provider, live, now)? {
        return Ok(None);
    }
    let entropy = provider.entropy.as_ref();
    let digits = u64::from_be_bytes(random_bytes(entropy)) % 100_000_000;
    let identifier = format!("{digits:08}");
    let code: String = random_bytes::<CODE_CHARACTERS>(entropy)
        .iter()
        .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
        .map(|byte| char::from(*byte))
        .collect();
    let waiting = Waiting {
        subject: live.subject.id,
        session: live.session.id,
        code: digest_of(&identifier, &code),
        expires_at: now.plus(OFFER_LIFE),
    };
    let slot = Slot { purpose: PURPOSE, id: &identifier };
    let value = serde_json::to_vec(&waiting)?;
    provider.transient.put(slot, &value, waiting.expires_at, now).await?;
    Ok(Some(Offer { identifier, code }))
}

/// A device that was just bound.
pub struct Bound {
    pub handle: DeviceHandle,
    pub subject: Subject,
    pub label: Option<Label>,
}

/// What the device says about itself.
struct NewDevice {
    key: PublicKey,
    device: AppDevice,
    label: Option<Label>,
}

/// A device answers an offer, or brings its holder's number and a code from a counter: `token` is signed with the key it brings.
pub async fn enrol(
    provider: &Arc<Provider>,
    token: &str,
    path: &str,
    now: Timestamp,
) -> Result<Bound, AppError> {
    let content = unverified_content(token).ok_or(AppRefusal::Malformed)?;
    let new = NewDevice::read(provider, &content, now)?;
    let signed = request::verify(provider, token, &new.key, path, now)?;
    let identifier = spoken(request::text(&signed.content, "identifier")?);
    let code = spoken(request::text(&signed.content, "code")?);
    request::claim(provider, &identifier, &signed, now).await?;
    let tries = provider.transient.count(PURPOSE, &identifier, OFFER_LIFE, now).await?;
    if tries > MOST_TRIES {
        return Err(AppRefusal::TooMany.into());
    }
    if identifier.len() != IDENTIFIER_DIGITS {
        let (holder, spent) = accept_from_counter(provider, &identifier, &code, now).await?;
        return bind(provider, holder, spent, new, now).await;
    }
    let slot = Slot { purpose: PURPOSE, id: &identifier };
    let found = provider.transient.get(slot, now).await?;
    let waiting: Waiting = found
        .and_then(|value| serde_json::from_slice(&value).ok())
        .filter(|waiting: &Waiting| waiting.code == digest_of(&identifier, &code))
        .ok_or(AppRefusal::BindingCode)?;
    let (holder, spent) = accept(provider, &waiting, now).await?;
    let bound = bind(provider, holder, spent, new, now).await?;
    provider.transient.remove(slot).await?;
    Ok(bound)
}

/// Typed as people type: in groups, in small letters.
fn spoken(typed: &str) -> String {
    let plain = typed.chars().filter(char::is_ascii_alphanumeric).take(32);
    plain.map(|character| character.to_ascii_uppercase()).collect()
}

fn digest_of(identifier: &str, code: &str) -> SecretDigest {
    SecretDigest(sha256(format!("{identifier} {code}").as_bytes()))
}

impl NewDevice {
    fn read(
        provider: &Provider,
        content: &Map<String, Value>,
        now: Timestamp,
    ) -> Result<Self, AppRefusal> {
        let point = |name| {
            let bytes = base64url_decode(request::text(content, name)?);
            bytes.ok().filter(|bytes| PublicKey::es256(bytes).is_ok()).ok_or(AppRefusal::Malformed)
        };
        let optional = |name| content.get(name).and_then(Value::as_str);
        let public_key = point("key")?;
        let activation_key = if content.contains_key("activation_key") {
            Some(point("activation_key")?)
        } else {
            None
        };
        // One key in both places would make the PIN a formality.
        if activation_key.as_ref() == Some(&public_key) {
            return Err(AppRefusal::Malformed);
        }
        Ok(Self {
            key: PublicKey::es256(&public_key).map_err(|_| AppRefusal::Malformed)?,
            label: optional("label").and_then(Label::parse),
            device: AppDevice {
                device: DeviceId::generate(now, provider.entropy.as_ref()),
                public_key,
                activation_key,
                attestation: optional("attestation").map(str::to_owned),
            },
        })
    }
}

/// Somebody a device may be bound to now.
struct Holder {
    subject: Subject,
    version: u64,
    enrolments: Vec<Enrolment>,
}

impl Holder {
    fn of(dossier: Dossier) -> Result<Self, AppRefusal> {
        let VersionedSubject { subject, version } = dossier.subject;
        ensure_usable(&subject.account.state)?;
        Ok(Self { subject, version, enrolments: dossier.enrolments })
    }
}

/// Who was shown the offer, while that session lives, and what uses it up.
async fn accept(
    provider: &Provider,
    waiting: &Waiting,
    now: Timestamp,
) -> Result<(Holder, Vec<Change>), AppError> {
    let (subject, session) = (waiting.subject, Some(waiting.session));
    let of = DossierOf { subject, session, client: None, grant: None };
    let dossier = provider.store.dossier(&of).await?.ok_or(AppRefusal::BindingCode)?;
    // Whoever ended that session did not want its codes to go on.
    let lives = dossier.session.as_ref().is_some_and(|session| session.alive(now));
    if !lives {
        return Err(AppRefusal::BindingCode.into());
    }
    let spent = Change::ConsumeOnce {
        purpose: PURPOSE,
        digest: waiting.code,
        expires_at: waiting.expires_at,
    };
    Ok((Holder::of(dossier)?, vec![spent]))
}

/// Whose code from a counter it is, and what uses that up.
async fn accept_from_counter(
    provider: &Provider,
    number: &str,
    code: &str,
    now: Timestamp,
) -> Result<(Holder, Vec<Change>), AppError> {
    let (subject, spent) = counter::spend(provider, number, code, now).await?;
    let of = DossierOf { subject, session: None, client: None, grant: None };
    let dossier = provider.store.dossier(&of).await?.ok_or(AppRefusal::BindingCode)?;
    Ok((Holder::of(dossier)?, spent))
}

/// One plan: the code is used up, the earlier device goes, this one comes. The person's row is
/// replaced by itself under its version, so that of two devices at once one is bound.
async fn bind(
    provider: &Arc<Provider>,
    holder: Holder,
    spent: Vec<Change>,
    new: NewDevice,
    now: Timestamp,
) -> Result<Bound, AppError> {
    let Holder { subject: person, version, enrolments } = holder;
    let earlier = enrolments.iter().map(|known| &known.authenticator);
    let matter = if earlier.clone().any(|known| known.kind == KIND && known.usable(now)) {
        Matter::DeviceMoved
    } else {
        Matter::Added(KIND)
    };
    let notice = Notice::of(provider, matter, &person.profile, &enrolments, now)?;
    let authenticator = binding::authenticator(provider, person.id, KIND, now);
    let credential = Credential::AppDevice(Box::new(new.device));
    let enrolment =
        Enrolment { label: new.label.clone(), ..Enrolment::new(authenticator, credential) };
    let handle = DeviceHandle::of(&enrolment);
    let mut plan = spent;
    plan.push(Change::ReplaceSubject { subject: Box::new(person.clone()), version });
    plan.extend(binding::replace_among(provider, &enrolments, enrolment, now));
    match provider.commit(&plan, now).await? {
        Commit::Done => {
            notice.send(provider, now);
            Ok(Bound { handle, subject: person, label: new.label })
        }
        Commit::Lost(Contest::SubjectMoved) => Err(AppRefusal::TooMany.into()),
        Commit::Lost(_) => Err(AppRefusal::BindingCode.into()),
    }
}

/// The person's device, if they have one.
pub fn device_of(live: &LiveSession, now: Timestamp) -> Option<&Enrolment> {
    live.usable(AuthenticatorKind::App, now)
}

/// The holder takes the device off at their security centre.
pub async fn remove_from_home(
    provider: &Provider,
    live: &LiveSession,
    now: Timestamp,
) -> Result<(), Fault> {
    let known = live.enrolments.iter().map(|enrolment| &enrolment.authenticator);
    let devices = known.filter(|known| known.kind == AuthenticatorKind::App);
    let plan: Vec<Change> = devices.flat_map(|old| binding::remove(provider, old, now)).collect();
    provider.commit_uncontested(&plan, now).await
}

/// The device takes itself off.
pub async fn remove_itself(
    provider: &Provider,
    request: &SignedRequest,
    now: Timestamp,
) -> Result<(), AppError> {
    let plan = binding::remove(provider, &request.enrolment.authenticator, now);
    Ok(provider.commit_uncontested(&plan, now).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_heard_however_it_is_grouped() {
        assert_eq!(spoken(" abcde-23456 "), "ABCDE23456");
        assert_eq!(spoken("1234 5678"), "12345678");
        let (one, other) = (digest_of("12345678", "A"), digest_of("12345679", "A"));
        assert!(one != other, "a code counts for its own offer only");
    }

    #[test]
    fn a_code_has_fifty_bits() {
        // NIST SP 800-63B-4 §4.1.2: at least 40 beside an identifier
        let mut letters = ALPHABET.to_vec();
        letters.dedup();
        assert_eq!(letters.len(), 32);
        const { assert!(CODE_CHARACTERS * 5 >= 40) };
    }
}
