//! The holder's own passkeys: enrol, name, remove. Whoever comes here has logged in recently and
//! strongly enough to change how they log in (NIST SP 800-63B-4 §4.1.2, ATK-095); the edge asks.

use std::sync::Arc;

use identity_core::secret::SecretDigest;
use identity_core::time::random_bytes;
use identity_core::{AuthenticatorId, AuthenticatorKind, Timestamp};
use jose::digest::{base64url, base64url_decode};
use storage::{Change, Commit, Credential, Enrolment, Label, PasskeyCredential, Replacement};

use super::creation::{self, CreationFault};
use super::kept::Kept;
use super::{Creation, PATIENCE, Site, options};
use crate::binding;
use crate::challenge::{Asked, Challenge, Question};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::LiveSession;

/// Nobody needs more, and a person's authenticators are read whole at every login.
pub const MOST: usize = 10;

/// One of the holder's passkeys, as they would know it.
pub struct Held {
    pub id: AuthenticatorId,
    pub label: Option<Label>,
    pub bound_at: Timestamp,
    /// To the hour.
    pub used_at: Option<Timestamp>,
    pub kind: HeldKind,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeldKind {
    /// On one device, which may be lost with it.
    OnOneDevice,
    /// Copied to the holder's other devices.
    Synced,
    /// Vouched for by its maker.
    Hardware,
}

/// What the page needs to ask for a new passkey.
pub struct Offer {
    /// Goes into the form as it is.
    pub challenge: String,
    /// For the browser's script.
    pub options: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EnrolRefusal {
    /// The page is too old or was answered already: ask anew.
    Stale,
    /// The browser's answer is not one.
    Wrong,
    /// This person's duties need a key from the operator's list.
    NotVouchedFor,
    /// It is theirs already.
    Known,
    TooMany,
}

#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    #[error("refused")]
    Refused(EnrolRefusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<EnrolRefusal> for EnrolError {
    fn from(refusal: EnrolRefusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What can be used now, oldest first.
pub fn held(live: &LiveSession, now: Timestamp) -> Vec<Held> {
    usable(live, now)
        .map(|(enrolment, passkey)| Held {
            id: enrolment.authenticator.id,
            label: enrolment.label.clone(),
            bound_at: enrolment.authenticator.bound_at,
            used_at: Kept::read(passkey).ok().and_then(|kept| kept.used_at),
            kind: match (passkey.backup_eligible, passkey.attested) {
                (true, _) => HeldKind::Synced,
                (false, true) => HeldKind::Hardware,
                (false, false) => HeldKind::OnOneDevice,
            },
        })
        .collect()
}

/// The person's passkeys that can be used now.
pub(crate) fn usable(
    live: &LiveSession,
    now: Timestamp,
) -> impl Iterator<Item = (&Enrolment, &PasskeyCredential)> {
    passkeys_of(&live.enrolments, now)
}

pub(crate) fn passkeys_of(
    enrolments: &[Enrolment],
    now: Timestamp,
) -> impl Iterator<Item = (&Enrolment, &PasskeyCredential)> {
    let usable = enrolments.iter().filter(move |enrolment| enrolment.authenticator.usable(now));
    usable.filter_map(|enrolment| match &enrolment.credential {
        Credential::Passkey(passkey) => Some((enrolment, &**passkey)),
        Credential::Password(_)
        | Credential::Totp(_)
        | Credential::RecoveryCodes(_)
        | Credential::AppDevice(_)
        | Credential::MessageCode
        | Credential::Biometric { .. } => None,
    })
}

/// `browser`: the digest of the browser's own cookie.
pub fn offer(
    provider: &Provider,
    live: &LiveSession,
    browser: SecretDigest,
    now: Timestamp,
) -> Result<Offer, EnrolError> {
    let known: Vec<_> = usable(live, now).map(|(_, passkey)| passkey).collect();
    if known.len() >= MOST {
        return Err(EnrolRefusal::TooMany.into());
    }
    let secret: [u8; 32] = random_bytes(provider.entropy.as_ref());
    let asked = Asked::at_home(browser, live.session.id);
    let challenge = Challenge::new(provider, Question::PasskeyEnrolment, asked, PATIENCE, now)
        .with_state(base64url(&secret));
    let name = live.subject.profile.number.masked();
    let holder = options::For { subject: live.subject.id, name: &name };
    let demand = provider.settings.attestation.demand_of(live.subject.class);
    let site = Site::of(&provider.settings.issuer)?;
    Ok(Offer {
        challenge: challenge.seal(provider, now)?,
        options: options::of_enrolment(&site, &secret, &holder, &known, demand)?,
    })
}

/// Binds the key that the browser made. It is no evidence for the present session: nothing was signed
/// with it yet (WebAuthn §7.1 without attestation).
pub async fn enrol(
    provider: &Arc<Provider>,
    live: &LiveSession,
    browser: SecretDigest,
    sealed: &str,
    creation: &Creation,
    label: Option<Label>,
    now: Timestamp,
) -> Result<(), EnrolError> {
    let asked = Asked::at_home(browser, live.session.id);
    let challenge = Challenge::open(provider, sealed, Question::PasskeyEnrolment, &asked, now)
        .ok_or(EnrolRefusal::Stale)?;
    let secret = base64url_decode(challenge.state()).map_err(|_| EnrolRefusal::Stale)?;
    let known: Vec<_> = usable(live, now).map(|(_, passkey)| passkey).collect();
    if known.len() >= MOST {
        return Err(EnrolRefusal::TooMany.into());
    }
    let site = Site::of(&provider.settings.issuer)?;
    let demand = provider.settings.attestation.demand_of(live.subject.class);
    let passkey = creation::check(&site, &secret, creation, live.subject.id, &known, demand, now)
        .map_err(refusal_of)?;
    let authenticator =
        binding::authenticator(provider, live.subject.id, AuthenticatorKind::Passkey, now);
    let credential = Credential::Passkey(Box::new(passkey));
    let enrolment = Enrolment { label, ..Enrolment::new(authenticator, credential) };
    let notice = binding::notice(provider, live, AuthenticatorKind::Passkey, now)?;
    let mut plan = vec![challenge.consume()];
    plan.extend(binding::bind(provider, enrolment, now));
    match provider.commit(&plan, now).await? {
        Commit::Done => {
            notice.send(provider, now);
            Ok(())
        }
        // ATK-097: what was answered once enrols nothing more.
        Commit::Lost(_) => Err(EnrolRefusal::Stale.into()),
    }
}

fn refusal_of(fault: CreationFault) -> EnrolError {
    match fault {
        CreationFault::Wrong => EnrolRefusal::Wrong.into(),
        CreationFault::NotVouchedFor => EnrolRefusal::NotVouchedFor.into(),
        CreationFault::Known => EnrolRefusal::Known.into(),
        CreationFault::Ours(fault) => fault.into(),
    }
}

/// Names one of the holder's own passkeys; somebody else's is as if it did not exist.
pub async fn rename(
    provider: &Provider,
    live: &LiveSession,
    id: AuthenticatorId,
    label: Label,
    now: Timestamp,
) -> Result<(), Fault> {
    let Some((enrolment, _)) = own(live, id, now) else { return Ok(()) };
    let plan = [Change::ReplaceCredential {
        authenticator: id,
        version: enrolment.version,
        next: Replacement {
            credential: enrolment.credential.clone(),
            label: Some(label),
            password_length: None,
        },
    }];
    // Used at the same moment elsewhere: the name can be given again.
    provider.commit(&plan, now).await.map(|_| ())
}

/// Takes one of the holder's own passkeys away. What was proven with it proves nothing from now on
/// (ATK-139).
pub async fn remove(
    provider: &Provider,
    live: &LiveSession,
    id: AuthenticatorId,
    now: Timestamp,
) -> Result<(), Fault> {
    let Some((enrolment, _)) = own(live, id, now) else { return Ok(()) };
    let plan = binding::remove(provider, &enrolment.authenticator, now);
    provider.commit_uncontested(&plan, now).await
}

fn own(
    live: &LiveSession,
    id: AuthenticatorId,
    now: Timestamp,
) -> Option<(&Enrolment, &PasskeyCredential)> {
    usable(live, now).find(|(enrolment, _)| enrolment.authenticator.id == id)
}
