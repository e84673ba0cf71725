//! A name and a password: who is there, and that they know it.

use identity_core::authenticator::AuthenticatorKind;
use identity_core::event::LoginRefusalReason;
use identity_core::{LoginName, Session, Subject, Timestamp};
use storage::{Credential, Enrolment, ThrottleKey};

use super::{
    Admits, Attempt, Checked, Occasion, Refused, Standing, Stopped, evidence_of, gate_at, take,
};
use crate::login::{LoginError, LoginRefusal};
use crate::password::{Password, PasswordCheck};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::SessionHandle;

/// What the login page sent, and from where.
pub struct PasswordAttempt<'a> {
    pub username: &'a str,
    pub password: &'a str,
    pub admits: Admits,
    /// The browser's present session, if any.
    pub session: Option<&'a Session>,
    pub occasion: Occasion<'a>,
    /// What the citizen will recognise the browser by.
    pub browser: &'a str,
    pub now: Timestamp,
}

/// Checks name and password; the way through is the same whoever was named.
pub async fn with_password(
    provider: &Provider,
    typed: &PasswordAttempt<'_>,
) -> Result<SessionHandle, LoginError> {
    let attempt = Attempt {
        standing: Standing::Alone,
        admits: typed.admits,
        session: typed.session,
        occasion: typed.occasion,
        browser: typed.browser,
        now: typed.now,
    };
    take(provider, &attempt, check(provider, typed)).await
}

async fn check(provider: &Provider, typed: &PasswordAttempt<'_>) -> Result<Checked, Stopped> {
    let now = typed.now;
    let name = LoginName::parse(typed.username).ok();
    let found = match &name {
        Some(name) => provider.store.subject_by_login(name).await?,
        None => None,
    };
    let subject = found.map(|found| found.subject);
    let enrolment = match &subject {
        Some(subject) => password_of(provider, subject).await?,
        None => None,
    };
    let examiner =
        name.as_ref().is_some_and(|name| provider.settings.test_authentication.covers(name));
    if let (Some(key), false) = (throttle_key(enrolment.as_ref(), name.as_ref()), examiner) {
        gate_at(provider, &key, enrolment.as_ref(), now).await?;
    }
    let stored = enrolment.as_ref().filter(|enrolment| enrolment.authenticator.usable(now));
    let stored = stored.and_then(|enrolment| match &enrolment.credential {
        Credential::Password(phc) => Some(phc.clone()),
        Credential::Totp(_)
        | Credential::Passkey(_)
        | Credential::RecoveryCodes(_)
        | Credential::AppDevice(_)
        | Credential::MessageCode
        | Credential::Biometric { .. } => None,
    });
    let check = match Password::parse(typed.password) {
        Ok(password) => provider.passwords.check(password, stored).await?,
        Err(_) => PasswordCheck::Wrong,
    };
    match (check, subject, enrolment) {
        (PasswordCheck::Right, Some(subject), Some(enrolment)) => {
            let evidence = evidence_of(provider, &enrolment, now);
            let effects = Vec::new();
            Ok(Checked { subject, enrolment, evidence, consumed: None, effects })
        }
        (_, subject, enrolment) => {
            let reason = match &subject {
                Some(_) => LoginRefusalReason::WrongPassword,
                None => LoginRefusalReason::UnknownPerson,
            };
            let answer = LoginRefusal::WrongCredentials;
            Err(Refused::new(subject.as_ref(), enrolment.as_ref(), reason, answer).into())
        }
    }
}

async fn password_of(provider: &Provider, subject: &Subject) -> Result<Option<Enrolment>, Fault> {
    let enrolments = provider.store.enrolments(subject.id).await?;
    Ok(enrolments
        .into_iter()
        .find(|enrolment| enrolment.authenticator.kind == AuthenticatorKind::Password))
}

/// A person without a password is counted like a name nobody bears.
fn throttle_key(enrolment: Option<&Enrolment>, name: Option<&LoginName>) -> Option<ThrottleKey> {
    match enrolment {
        Some(enrolment) => Some(ThrottleKey::Authenticator(enrolment.authenticator.id)),
        None => name.cloned().map(ThrottleKey::UnknownName),
    }
}
