//! The account holder's own page: where they are logged in, what they agreed to, and the means to
//! change how they log in.

use std::sync::Arc;

use identity_core::authenticator::AuthenticatorKind;
use identity_core::consent::Consent;
use identity_core::grant::RevocationReason;
use identity_core::secret::SecretBytes;
use identity_core::session::SessionEndReason;
use identity_core::{EventKind, Province, SecurityEvent, Session, SessionId, Timestamp};
use jose::TokenKind;
use serde::{Deserialize, Serialize};
use storage::{Change, Commit, Credential, Enrolment, GrantScope, Replacement, ThrottleKey};

use crate::binding;
use crate::login::LoginRefusal;
use crate::messages::Matter;
use crate::notices::Notice;
use crate::password::{Password, PasswordCheck, PasswordFault};
use crate::proof::totp::consumed;
use crate::proof::{Stopped, evidence_of, gate};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::sealed::{self, SealedFact};
use crate::session::{LiveSession, Proof, SessionHandle, end_session, record_evidence};
use crate::totp;

pub async fn sessions(
    provider: &Provider,
    live: &LiveSession,
    now: Timestamp,
) -> Result<Vec<Session>, Fault> {
    Ok(provider.store.live_sessions(live.subject.id, now).await?)
}

pub async fn consents(provider: &Provider, live: &LiveSession) -> Result<Vec<Consent>, Fault> {
    let consents = provider.store.consents_of(live.subject.id).await?;
    Ok(consents.into_iter().filter(|consent| consent.withdrawn_at.is_none()).collect())
}

/// Ends one of the person's own sessions; somebody else's is as if it did not exist.
pub async fn end_one_session(
    provider: &Provider,
    live: &LiveSession,
    session: SessionId,
    now: Timestamp,
) -> Result<(), Fault> {
    let own = sessions(provider, live, now).await?;
    let Some(session) = own.iter().find(|own| own.id == session) else { return Ok(()) };
    let plan = end_session(provider, session, SessionEndReason::EndedByHolder, now).await?;
    provider.commit_uncontested(&plan, now).await
}

pub async fn end_other_sessions(
    provider: &Provider,
    live: &LiveSession,
    now: Timestamp,
) -> Result<(), Fault> {
    let plan = others_ended(provider, live, SessionEndReason::EndedByHolder, now).await?;
    provider.commit_uncontested(&plan, now).await
}

async fn others_ended(
    provider: &Provider,
    live: &LiveSession,
    reason: SessionEndReason,
    now: Timestamp,
) -> Result<Vec<Change>, Fault> {
    let mut plan = Vec::new();
    for session in sessions(provider, live, now).await? {
        if session.id != live.session.id {
            plan.extend(end_session(provider, &session, reason, now).await?);
        }
    }
    Ok(plan)
}

#[derive(Debug)]
pub enum ChangeRefusal {
    CurrentPassword(LoginRefusal),
    NewPassword(PasswordFault),
    SameAsCurrent,
    WrongCode,
    /// The sealed secret is stale or of another person.
    StaleEnrolment,
}

#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    #[error("refused")]
    Refused(ChangeRefusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Shortest password a person with a second factor may choose; alone it must be longer.
pub fn minimum_password(
    provider: &Provider,
    live: &LiveSession,
    now: Timestamp,
) -> Result<u16, Fault> {
    let policy = provider.policy(now)?;
    let rule = &policy.password;
    let second = live.usable(AuthenticatorKind::Totp, now).is_some();
    Ok(if second { rule.minimum_with_second_factor } else { rule.minimum_alone })
}

/// Changes the password: the current one is asked again (ATK-095), every other session ends, every
/// grant that rests on the old one is revoked.
pub async fn change_password(
    provider: &Arc<Provider>,
    live: &LiveSession,
    current: &str,
    new: &str,
    now: Timestamp,
) -> Result<(), ChangeError> {
    let enrolment = check_current(provider, live, current, now).await?;
    let refused = |fault| ChangeError::Refused(ChangeRefusal::NewPassword(fault));
    let password = Password::parse(new).map_err(refused)?;
    let profile = &live.subject.profile;
    let own = [profile.number.as_str(), profile.name.as_str()];
    password.judge(minimum_password(provider, live, now)?, &own).map_err(refused)?;
    if current == new {
        return Err(ChangeError::Refused(ChangeRefusal::SameAsCurrent));
    }
    let matter = Matter::PasswordChanged;
    let notice = Notice::of(provider, matter, profile, &live.enrolments, now)?;
    let length = password.characters();
    let phc = provider.passwords.hash(password, provider.entropy.as_ref()).await?;
    let authenticator = enrolment.authenticator.id;
    let event = SecurityEvent::new(
        EventKind::PasswordChanged { authenticator },
        now,
        provider.entropy.as_ref(),
    );
    let mut plan = vec![
        Change::ReplaceCredential {
            authenticator,
            version: enrolment.version,
            next: Replacement {
                credential: Credential::Password(phc),
                label: enrolment.label.clone(),
                password_length: Some(length),
            },
        },
        Change::ResetFailures(ThrottleKey::Authenticator(authenticator)),
        Change::RevokeGrants {
            scope: GrantScope::OfSubject(live.subject.id),
            reason: RevocationReason::CredentialChanged,
            now,
        },
        Change::Append(Box::new(event.about(live.subject.id))),
    ];
    plan.extend(others_ended(provider, live, SessionEndReason::CredentialChanged, now).await?);
    match provider.commit(&plan, now).await? {
        Commit::Done => {
            notice.send(provider, now);
            Ok(())
        }
        // Somebody changed it, or took it away, while this was typed: it is not the current one.
        Commit::Lost(_) => {
            let refusal = ChangeRefusal::CurrentPassword(LoginRefusal::WrongCredentials);
            Err(ChangeError::Refused(refusal))
        }
    }
}

async fn check_current<'a>(
    provider: &Provider,
    live: &'a LiveSession,
    current: &str,
    now: Timestamp,
) -> Result<&'a Enrolment, ChangeError> {
    let refused = |refusal| ChangeError::Refused(ChangeRefusal::CurrentPassword(refusal));
    let wrong = || refused(LoginRefusal::WrongCredentials);
    let enrolment = live.usable(AuthenticatorKind::Password, now).ok_or_else(wrong)?;
    match gate(provider, enrolment, now).await {
        Ok(()) => {}
        Err(Stopped::Closed(refusal)) => return Err(refused(refusal)),
        Err(Stopped::Refused(_)) => return Err(wrong()),
        Err(Stopped::Fault(fault)) => return Err(fault.into()),
    }
    let Credential::Password(stored) = &enrolment.credential else { return Err(wrong()) };
    let Ok(typed) = Password::parse(current) else { return Err(wrong()) };
    match provider.passwords.check(typed, Some(stored.clone())).await? {
        PasswordCheck::Right => {
            let key = ThrottleKey::Authenticator(enrolment.authenticator.id);
            let plan = [Change::ResetFailures(key)];
            provider.commit_uncontested(&plan, now).await?;
            Ok(enrolment)
        }
        PasswordCheck::Wrong => Err(wrong()),
    }
}

/// A TOTP secret on its way to an authenticator app: sealed in the form, stored nowhere until the
/// first code proves that it arrived.
#[derive(Serialize, Deserialize)]
struct PendingTotp {
    session: SessionId,
    secret: Vec<u8>,
    at: Timestamp,
}

impl SealedFact for PendingTotp {
    const KIND: TokenKind = TokenKind::Enrolment;
}

pub struct TotpOffer {
    /// Goes into the form as it is.
    pub enrolment: String,
    pub invitation: totp::Invitation,
}

pub fn offer_totp(
    provider: &Provider,
    live: &LiveSession,
    now: Timestamp,
) -> Result<TotpOffer, Fault> {
    let secret = totp::generate_secret(provider.entropy.as_ref());
    let pending =
        PendingTotp { session: live.session.id, secret: secret.expose().to_vec(), at: now };
    let enrolment = sealed::seal(provider, &pending, now)?;
    Ok(TotpOffer { enrolment, invitation: invitation(live, &secret)? })
}

/// The same offer again, after a mistyped code.
pub fn offer_again(
    provider: &Provider,
    live: &LiveSession,
    enrolment: &str,
    now: Timestamp,
) -> Result<TotpOffer, ChangeError> {
    let secret = pending_secret(provider, live, enrolment, now)?;
    Ok(TotpOffer { enrolment: enrolment.to_owned(), invitation: invitation(live, &secret)? })
}

/// Binds the secret once a code shows that the app has it; an earlier one is replaced. That code is
/// also evidence for the session: it is used up, and asking for the next one would only make the
/// holder wait for it.
pub async fn confirm_totp(
    provider: &Arc<Provider>,
    live: &LiveSession,
    enrolment: &str,
    code: &str,
    now: Timestamp,
) -> Result<SessionHandle, ChangeError> {
    let secret = pending_secret(provider, live, enrolment, now)?;
    let step = totp::matching_step(&secret, code, now)?
        .ok_or(ChangeError::Refused(ChangeRefusal::WrongCode))?;
    let authenticator =
        binding::authenticator(provider, live.subject.id, AuthenticatorKind::Totp, now);
    let enrolment = Enrolment {
        last_step: Some(step),
        ..Enrolment::new(authenticator, Credential::Totp(secret))
    };
    let evidence = evidence_of(provider, &enrolment, now);
    let consumed = Some(consumed(enrolment.authenticator.id, step));
    let notice = binding::notice(provider, live, AuthenticatorKind::Totp, now)?;
    let mut plan = binding::replace(provider, live, enrolment, now);
    let browser = &live.session.browser;
    let province = Province::of(&live.subject.profile.number);
    let proof = Proof { evidence, consumed, province, client: None, browser };
    let opening = record_evidence(provider, Some(&live.session), proof, now).await?;
    plan.extend(opening.plan);
    match provider.commit(&plan, now).await? {
        Commit::Done => {
            notice.send(provider, now);
            Ok(opening.handle)
        }
        // The session ended meanwhile: nothing was bound.
        Commit::Lost(_) => Err(ChangeError::Refused(ChangeRefusal::StaleEnrolment)),
    }
}

fn pending_secret(
    provider: &Provider,
    live: &LiveSession,
    enrolment: &str,
    now: Timestamp,
) -> Result<SecretBytes, ChangeError> {
    const LIFE: std::time::Duration = std::time::Duration::from_mins(10);
    sealed::open::<PendingTotp>(provider, enrolment, now)
        .filter(|pending| pending.session == live.session.id && now < pending.at.plus(LIFE))
        .map(|pending| SecretBytes::new(pending.secret))
        .ok_or(ChangeError::Refused(ChangeRefusal::StaleEnrolment))
}

fn invitation(live: &LiveSession, secret: &SecretBytes) -> Result<totp::Invitation, Fault> {
    totp::invitation(secret, &live.subject.profile.number.masked(), "vneid")
}
