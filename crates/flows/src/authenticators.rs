//! What the holder does with an authenticator they have: name it, report it lost, take it away.
//!
//! None of it ever closes the account by accident: the last way in stays until there is another.

use identity_core::authenticator::AuthenticatorStatus;
use identity_core::session::SessionEndReason;
use identity_core::{
    Authenticator, AuthenticatorId, AuthenticatorKind, EventKind, SecurityEvent, Timestamp,
};
use storage::{Change, Commit, Enrolment, Label, Replacement};

use crate::binding;
use crate::proof::ways::{WAYS, stands_alone};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::{LiveSession, end_session};

/// How something changed, or why it did not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a refusal is shown"]
pub enum Outcome {
    Done,
    /// Nobody could log in any more.
    LastWay,
    /// Changed or taken away while the page was open.
    Moved,
}

/// The person's own; somebody else's is as if it did not exist.
pub fn own(live: &LiveSession, id: AuthenticatorId) -> Option<&Enrolment> {
    live.enrolments.iter().find(|enrolment| enrolment.authenticator.id == id)
}

/// Whether somebody with these can still log in: with something that says who is there and, where that
/// is a password too short to stand alone, with something beside it (NIST SP 800-63B-4 §3.1.1).
pub fn opens(held: &[&Authenticator], minimum_alone: u16, now: Timestamp) -> bool {
    let usable =
        |held: &&&Authenticator| held.usable(now) && WAYS.iter().any(|way| way.kind == held.kind);
    let beside = held.iter().filter(usable).any(|held| !stands_alone(held.kind));
    held.iter().filter(usable).filter(|held| stands_alone(held.kind)).any(|held| {
        let long = held.password_length.is_some_and(|length| length >= minimum_alone);
        held.kind != AuthenticatorKind::Password || long || beside
    })
}

/// Whether the account would still open without this one.
pub fn dispensable(
    provider: &Provider,
    live: &LiveSession,
    without: AuthenticatorId,
    now: Timestamp,
) -> Result<bool, Fault> {
    let all = live.enrolments.iter().map(|enrolment| &enrolment.authenticator);
    let left: Vec<_> = all.filter(|held| held.id != without).collect();
    Ok(opens(&left, provider.policy(now)?.password.minimum_alone, now))
}

pub async fn rename(
    provider: &Provider,
    enrolment: &Enrolment,
    label: Label,
    now: Timestamp,
) -> Result<Outcome, Fault> {
    let plan = [Change::ReplaceCredential {
        authenticator: enrolment.authenticator.id,
        version: enrolment.version,
        next: Replacement {
            credential: enrolment.credential.clone(),
            label: Some(label),
            password_length: enrolment.authenticator.password_length,
        },
    }];
    Ok(match provider.commit(&plan, now).await? {
        Commit::Done => Outcome::Done,
        Commit::Lost(_) => Outcome::Moved,
    })
}

/// Takes it away for good. What was proven with it proves nothing any more (ATK-139).
pub async fn remove(
    provider: &Provider,
    live: &LiveSession,
    enrolment: &Enrolment,
    now: Timestamp,
) -> Result<Outcome, Fault> {
    if !dispensable(provider, live, enrolment.authenticator.id, now)? {
        return Ok(Outcome::LastWay);
    }
    let mut plan = binding::remove(provider, &enrolment.authenticator, now).to_vec();
    plan.extend(others_resting_on(provider, live, enrolment.authenticator.id, now).await?);
    provider.commit_uncontested(&plan, now).await?;
    Ok(Outcome::Done)
}

/// Suspends it at once: the sessions elsewhere that rest on it end, this one keeps what else was
/// proven in it (edge case 12). It comes back only by being bound anew.
pub async fn report_lost(
    provider: &Provider,
    live: &LiveSession,
    enrolment: &Enrolment,
    now: Timestamp,
) -> Result<Outcome, Fault> {
    if !dispensable(provider, live, enrolment.authenticator.id, now)? {
        return Ok(Outcome::LastWay);
    }
    let mut plan = suspended(provider, &enrolment.authenticator, now).to_vec();
    plan.extend(others_resting_on(provider, live, enrolment.authenticator.id, now).await?);
    provider.commit_uncontested(&plan, now).await?;
    Ok(Outcome::Done)
}

/// The changes that suspend one.
pub(crate) fn suspended(provider: &Provider, held: &Authenticator, now: Timestamp) -> [Change; 2] {
    let Authenticator { id: authenticator, subject, kind, .. } = *held;
    let event = SecurityEvent::new(
        EventKind::AuthenticatorSuspended { authenticator, kind },
        now,
        provider.entropy.as_ref(),
    );
    let status = AuthenticatorStatus::Suspended { since: now };
    [
        Change::SetAuthenticatorStatus { authenticator, status },
        Change::Append(Box::new(event.about(subject))),
    ]
}

/// The end of every session elsewhere in which it was used.
async fn others_resting_on(
    provider: &Provider,
    live: &LiveSession,
    id: AuthenticatorId,
    now: Timestamp,
) -> Result<Vec<Change>, Fault> {
    let mut plan = Vec::new();
    for session in provider.store.live_sessions(live.subject.id, now).await? {
        let rests = session.evidence.iter().any(|evidence| evidence.authenticator == id);
        if rests && session.id != live.session.id {
            let reason = SessionEndReason::CredentialChanged;
            plan.extend(end_session(provider, &session, reason, now).await?);
        }
    }
    Ok(plan)
}
