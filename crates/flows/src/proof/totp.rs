//! The code of an authenticator application.

use identity_core::event::LoginRefusalReason;
use identity_core::secret::SecretDigest;
use identity_core::{AuthenticatorId, AuthenticatorKind, Timestamp};
use jose::digest::sha256;
use storage::{Change, Credential};

use super::{Attempt, Checked, Occasion, Refused, Stopped, evidence_of, gate, take};
use crate::login::{LoginError, LoginRefusal};
use crate::provider::Provider;
use crate::session::{Consumed, LiveSession, SessionHandle};
use crate::totp;

/// Checks the code of the person whose session this is.
pub async fn with_totp(
    provider: &Provider,
    live: &LiveSession,
    typed: &str,
    occasion: Occasion<'_>,
    now: Timestamp,
) -> Result<SessionHandle, LoginError> {
    let attempt = Attempt::beside(live, occasion, now);
    take(provider, &attempt, check(provider, live, typed, now)).await
}

async fn check(
    provider: &Provider,
    live: &LiveSession,
    typed: &str,
    now: Timestamp,
) -> Result<Checked, Stopped> {
    let nothing = Stopped::Closed(LoginRefusal::WrongCode);
    let Some(enrolment) = live.usable(AuthenticatorKind::Totp, now) else { return Err(nothing) };
    let Credential::Totp(secret) = &enrolment.credential else { return Err(nothing) };
    gate(provider, enrolment, now).await?;
    let Some(step) = totp::matching_step(secret, typed, now)? else {
        let (reason, answer) = (LoginRefusalReason::WrongCode, LoginRefusal::WrongCode);
        return Err(Refused::new(Some(&live.subject), Some(enrolment), reason, answer).into());
    };
    Ok(Checked {
        subject: live.subject.clone(),
        evidence: evidence_of(provider, enrolment, now),
        consumed: Some(consumed(enrolment.authenticator.id, step)),
        effects: vec![Change::ConsumeTotpStep { authenticator: enrolment.authenticator.id, step }],
        enrolment: enrolment.clone(),
    })
}

/// One step of one app.
pub(crate) fn consumed(authenticator: AuthenticatorId, step: u64) -> Consumed {
    let step = step.to_be_bytes();
    Consumed::once(SecretDigest(sha256(
        &[authenticator.uuid().as_bytes().as_slice(), &step].concat(),
    )))
}
