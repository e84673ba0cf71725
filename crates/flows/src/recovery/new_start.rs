//! The end of a recovery: the permit, the new password, and what was lost with the old days.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use identity_core::authenticator::{AuthenticatorStatus, FactorCategory};
use identity_core::grant::RevocationReason;
use identity_core::secret::SecretDigest;
use identity_core::session::SessionEndReason;
use identity_core::{
    Account, Authenticator, AuthenticatorId, AuthenticatorKind, EventKind, SecurityEvent, Subject,
    SubjectId, Timestamp,
};
use serde::{Deserialize, Serialize};
use storage::{
    Change, Commit, Contest, Credential, Enrolment, GrantScope, StoreError, VersionedSubject,
};

use super::{RecoveryError, RecoveryRefusal, is_recoverable, refused};
use crate::authenticators::suspended;
use crate::binding;
use crate::challenge::{Asked, Challenge, Question};
use crate::messages::Matter;
use crate::notices::Notice;
use crate::password::Password;
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::end_session;

/// Long enough to think of a good sentence.
const PERMIT_LIFE: Duration = Duration::from_mins(15);

/// What the permit permits.
#[derive(Serialize, Deserialize)]
pub(super) struct Permitted {
    pub subject: SubjectId,
    pub factors: Vec<AuthenticatorKind>,
}

impl Permitted {
    /// The permit, for this browser and once.
    pub fn seal(&self, provider: &Provider, asked: Asked, now: Timestamp) -> Result<String, Fault> {
        let permit = Challenge::new(provider, Question::NewPassword, asked, PERMIT_LIFE, now);
        permit.with_state(serde_json::to_string(self)?).seal(provider, now)
    }
}

/// The person a permit is about, and what they proved for it.
async fn permitted(
    provider: &Provider,
    permit: &str,
    browser: SecretDigest,
    now: Timestamp,
) -> Result<(Challenge, Permitted, VersionedSubject), RecoveryError> {
    let stale = || refused(RecoveryRefusal::Stale);
    let asked = Asked::nobody_yet(browser);
    let permit =
        Challenge::open(provider, permit, Question::NewPassword, &asked, now).ok_or_else(stale)?;
    let permitted: Permitted = serde_json::from_str(permit.state()).map_err(|_| stale())?;
    let found = provider.store.subject(permitted.subject).await?;
    let found = found.filter(|found| is_recoverable(&found.subject)).ok_or_else(stale)?;
    Ok((permit, permitted, found))
}

/// What whoever holds this permit may do.
pub struct Permission {
    /// Shortest password they may set.
    pub minimum_password: u16,
    /// What they could have lost: what opens their account, but for what they just proved to have.
    pub losable: Vec<Enrolment>,
}

/// What this permit permits, if `lost` is what they report lost.
pub async fn permission(
    provider: &Provider,
    permit: &str,
    lost: &BTreeSet<AuthenticatorId>,
    browser: SecretDigest,
    now: Timestamp,
) -> Result<Permission, RecoveryError> {
    let (_, permitted, _) = permitted(provider, permit, browser, now).await?;
    let enrolments = provider.store.enrolments(permitted.subject).await?;
    let losable: Vec<_> = losable(&enrolments, &permitted, now).cloned().collect();
    Ok(Permission { minimum_password: minimum(provider, &enrolments, lost, now)?, losable })
}

/// Whoever brought a code of it today has not lost it, nobody loses a face, and the password is replaced
/// in any case.
fn losable<'a>(
    enrolments: &'a [Enrolment],
    permitted: &'a Permitted,
    now: Timestamp,
) -> impl Iterator<Item = &'a Enrolment> {
    enrolments.iter().filter(move |enrolment| {
        let held = &enrolment.authenticator;
        let proven = permitted.factors.contains(&held.kind);
        held.usable(now) && !proven && held.kind.category() == FactorCategory::Possession
    })
}

fn minimum(
    provider: &Provider,
    enrolments: &[Enrolment],
    lost: &BTreeSet<AuthenticatorId>,
    now: Timestamp,
) -> Result<u16, RecoveryError> {
    let rule = &provider.policy(now)?.password;
    let second = enrolments.iter().map(|enrolment| &enrolment.authenticator);
    let mut second = second.filter(|known| {
        known.kind == AuthenticatorKind::Totp && known.usable(now) && !lost.contains(&known.id)
    });
    let alone = second.next().is_none();
    Ok(if alone { rule.minimum_alone } else { rule.minimum_with_second_factor })
}

/// What somebody sets, and reports, who holds a permit.
pub struct NewStart<'a> {
    pub password: &'a str,
    /// Reported lost: nothing is proven with these any more.
    pub lost: &'a BTreeSet<AuthenticatorId>,
}

/// Sets the new password. It is a new authenticator: what was proven with the old one proves nothing
/// any more, and the wait after a recovery begins. The answer is what was suspended.
pub async fn finish(
    provider: &Arc<Provider>,
    permit: &str,
    new: &NewStart<'_>,
    browser: SecretDigest,
    now: Timestamp,
) -> Result<Vec<Enrolment>, RecoveryError> {
    let (permit, permitted, found) = permitted(provider, permit, browser, now).await?;
    let enrolments = provider.store.enrolments(permitted.subject).await?;
    let judged = |fault| refused(RecoveryRefusal::NewPassword(fault));
    let password = Password::parse(new.password).map_err(judged)?;
    let profile = &found.subject.profile;
    let own = [profile.number.as_str(), profile.name.as_str()];
    password.judge(minimum(provider, &enrolments, new.lost, now)?, &own).map_err(judged)?;
    let lost: Vec<_> = losable(&enrolments, &permitted, now)
        .filter(|enrolment| new.lost.contains(&enrolment.authenticator.id))
        .cloned()
        .collect();
    let notice = Notice::of(provider, Matter::Recovered, profile, &enrolments, now)?;
    let length = password.characters();
    let phc = provider.passwords.hash(password, provider.entropy.as_ref()).await?;
    let authenticator = Authenticator {
        id: AuthenticatorId::generate(now, provider.entropy.as_ref()),
        subject: permitted.subject,
        kind: AuthenticatorKind::Password,
        status: AuthenticatorStatus::Active,
        bound_at: now,
        expires_at: None,
        password_length: Some(length),
    };
    let enrolment = Enrolment::new(authenticator, Credential::Password(phc));
    let mut plan = vec![permit.consume()];
    plan.extend(binding::replace_among(provider, &enrolments, enrolment, now));
    plan.extend(lost.iter().flat_map(|lost| suspended(provider, &lost.authenticator, now)));
    plan.extend(recovered(provider, &found, permitted.factors, now).await?);
    match provider.commit(&plan, now).await? {
        Commit::Done => {
            notice.send(provider, now);
            Ok(lost)
        }
        Commit::Lost(Contest::AlreadyConsumed) => Err(refused(RecoveryRefusal::Stale)),
        Commit::Lost(contest) => {
            let moved = StoreError::unavailable(format!("the account moved: {contest:?}"));
            Err(moved.into())
        }
    }
}

/// What follows beside the password: everything that was opened with the old one ends.
async fn recovered(
    provider: &Provider,
    found: &VersionedSubject,
    factors: Vec<AuthenticatorKind>,
    now: Timestamp,
) -> Result<Vec<Change>, Fault> {
    let subject = found.subject.id;
    let account = Account { recovered_at: Some(now), ..found.subject.account.clone() };
    let event = EventKind::AccountRecovered { factors };
    let event = SecurityEvent::new(event, now, provider.entropy.as_ref()).about(subject);
    let mut plan = vec![
        Change::ReplaceSubject {
            subject: Box::new(Subject { account, ..found.subject.clone() }),
            version: found.version,
        },
        Change::RevokeGrants {
            scope: GrantScope::OfSubject(subject),
            reason: RevocationReason::CredentialChanged,
            now,
        },
        Change::Append(Box::new(event)),
    ];
    for session in provider.store.live_sessions(subject, now).await? {
        let reason = SessionEndReason::CredentialChanged;
        plan.extend(end_session(provider, &session, reason, now).await?);
    }
    Ok(plan)
}
