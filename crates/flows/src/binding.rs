//! An authenticator comes to a person, and perhaps in the place of another.

use identity_core::authenticator::AuthenticatorStatus;
use identity_core::{
    Authenticator, AuthenticatorId, AuthenticatorKind, EventKind, SecurityEvent, SubjectId,
    Timestamp,
};
use storage::{Change, Enrolment};

use crate::messages::Matter;
use crate::notices::Notice;
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::LiveSession;

/// One that was just proven, or handed out.
pub(crate) fn authenticator(
    provider: &Provider,
    subject: SubjectId,
    kind: AuthenticatorKind,
    now: Timestamp,
) -> Authenticator {
    Authenticator {
        id: AuthenticatorId::generate(now, provider.entropy.as_ref()),
        subject,
        kind,
        status: AuthenticatorStatus::Active,
        bound_at: now,
        expires_at: None,
        password_length: None,
    }
}

/// What tells its holder that one of this kind came.
pub(crate) fn notice(
    provider: &Provider,
    live: &LiveSession,
    kind: AuthenticatorKind,
    now: Timestamp,
) -> Result<Notice, Fault> {
    let profile = &live.subject.profile;
    Notice::of(provider, Matter::Added(kind), profile, &live.enrolments, now)
}

/// The changes that bind it beside what the person has already.
pub(crate) fn bind(provider: &Provider, enrolment: Enrolment, now: Timestamp) -> Vec<Change> {
    let Authenticator { id: authenticator, subject, kind, .. } = enrolment.authenticator;
    let event = SecurityEvent::new(
        EventKind::AuthenticatorBound { authenticator, kind },
        now,
        provider.entropy.as_ref(),
    );
    vec![
        Change::BindAuthenticator(Box::new(enrolment)),
        Change::Append(Box::new(event.about(subject))),
    ]
}

/// The changes that bind it in the place of all others of its kind.
pub(crate) fn replace(
    provider: &Provider,
    live: &LiveSession,
    enrolment: Enrolment,
    now: Timestamp,
) -> Vec<Change> {
    replace_among(provider, &live.enrolments, enrolment, now)
}

/// The same where nobody is logged in.
pub(crate) fn replace_among(
    provider: &Provider,
    known: &[Enrolment],
    enrolment: Enrolment,
    now: Timestamp,
) -> Vec<Change> {
    let known = known.iter().map(|known| &known.authenticator);
    let earlier = known.filter(|known| known.kind == enrolment.authenticator.kind);
    let mut plan: Vec<Change> = earlier.flat_map(|old| remove(provider, old, now)).collect();
    plan.extend(bind(provider, enrolment, now));
    plan
}

/// The changes that take one away for good.
pub(crate) fn remove(provider: &Provider, old: &Authenticator, now: Timestamp) -> [Change; 2] {
    let Authenticator { id: authenticator, subject, kind, .. } = *old;
    let event = SecurityEvent::new(
        EventKind::AuthenticatorRemoved { authenticator, kind },
        now,
        provider.entropy.as_ref(),
    );
    let status = AuthenticatorStatus::Removed { since: now };
    [
        Change::SetAuthenticatorStatus { authenticator, status },
        Change::Append(Box::new(event.about(subject))),
    ]
}
