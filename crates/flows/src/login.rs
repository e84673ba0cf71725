//! Proving who you are: a password, then a code. One choke point counts every attempt.

use std::time::Duration;

use identity_core::account::AccountState;
use identity_core::authenticator::{AttemptGate, AuthenticatorKind, AuthenticatorStatus};
use identity_core::event::LoginRefusalReason;
use identity_core::{
    AuthenticationEvidence, ClientId, EventKind, EvidenceId, LoginName, Province, SecurityEvent,
    Session, Subject, Timestamp,
};
use node::measure::Step;
use storage::{Change, Commit, Contest, Credential, Enrolment, ThrottleKey};

use crate::password::{Password, PasswordCheck};
use crate::provider::Provider;
use crate::refusal::{Blame, Fault};
use crate::session::{LiveSession, Proof, SessionHandle, record_evidence};
use crate::totp;

/// What the person is told. Unknown name, wrong password, disabled password: one and the same
/// (ATK-098).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoginRefusal {
    WrongCredentials,
    WrongCode,
    /// Too many failures; the same for names nobody bears.
    Wait(Duration),
    /// No more attempts: this way in is closed until it is set up again.
    Exhausted,
    /// Said only after the right password.
    AccountNotUsable(AccountState),
}

#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    #[error("refused")]
    Refused(LoginRefusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<storage::StoreError> for LoginError {
    fn from(error: storage::StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl Blame for LoginError {
    fn is_ours(&self) -> bool {
        matches!(self, Self::Fault(_))
    }
}

/// What the login page sent, and from where.
pub struct PasswordAttempt<'a> {
    pub username: &'a str,
    pub password: &'a str,
    /// The browser's present session, if any.
    pub session: Option<&'a Session>,
    /// The relying party that sent the browser here.
    pub client: Option<&'a ClientId>,
    /// What the citizen will recognise the browser by.
    pub browser: &'a str,
    pub now: Timestamp,
}

impl PasswordAttempt<'_> {
    fn proof(&self, subject: &Subject, evidence: AuthenticationEvidence) -> Proof<'_> {
        let province = Province::of(&subject.profile.number);
        Proof { evidence, province, client: self.client, browser: self.browser }
    }
}

/// Checks name and password; the way through is the same whoever was named.
pub async fn with_password(
    provider: &Provider,
    attempt: &PasswordAttempt<'_>,
) -> Result<SessionHandle, LoginError> {
    let entered = check_password(provider, attempt).await;
    provider.count(Step::FirstFactor, &entered, attempt.client);
    entered
}

async fn check_password(
    provider: &Provider,
    attempt: &PasswordAttempt<'_>,
) -> Result<SessionHandle, LoginError> {
    let now = attempt.now;
    let name = LoginName::parse(attempt.username).ok();
    let found = match &name {
        Some(name) => provider.store.subject_by_login(name).await?,
        None => None,
    };
    let subject = found.map(|found| found.subject);
    let enrolment = match &subject {
        Some(subject) => password_enrolment(provider, subject).await?,
        None => None,
    };
    let examiner =
        name.as_ref().is_some_and(|name| provider.settings.test_authentication.covers(name));
    let key = throttle_key(enrolment.as_ref(), name.as_ref());
    if let (Some(key), false) = (&key, examiner) {
        pass_gate(provider, key, enrolment.as_ref(), now).await?;
    }
    let usable = enrolment.as_ref().filter(|enrolment| enrolment.authenticator.usable(now));
    let stored = usable.and_then(|enrolment| match &enrolment.credential {
        Credential::Password(phc) => Some(phc.clone()),
        Credential::Totp(_) => None,
    });
    let check = match Password::parse(attempt.password) {
        Ok(password) => provider.passwords.check(password, stored).await?,
        Err(_) => PasswordCheck::Wrong,
    };
    match (check, subject, usable) {
        (PasswordCheck::Right, Some(subject), Some(enrolment)) => {
            accept_password(provider, attempt, &subject, enrolment).await
        }
        (_, subject, _) => {
            let reason = match &subject {
                Some(_) => LoginRefusalReason::WrongPassword,
                None => LoginRefusalReason::UnknownPerson,
            };
            let refused = Refused { client: attempt.client, reason };
            refuse(provider, subject.as_ref(), enrolment.as_ref(), refused, now).await?;
            Err(LoginError::Refused(LoginRefusal::WrongCredentials))
        }
    }
}

async fn accept_password(
    provider: &Provider,
    attempt: &PasswordAttempt<'_>,
    subject: &Subject,
    enrolment: &Enrolment,
) -> Result<SessionHandle, LoginError> {
    let now = attempt.now;
    if !matches!(subject.account.state, AccountState::Activated { .. }) {
        let reason = LoginRefusalReason::AccountNotUsable;
        let refused = Refused { client: attempt.client, reason };
        refuse(provider, Some(subject), Some(enrolment), refused, now).await?;
        let state = subject.account.state.clone();
        return Err(LoginError::Refused(LoginRefusal::AccountNotUsable(state)));
    }
    let proof = attempt.proof(subject, evidence_of(provider, enrolment, now));
    let opening = record_evidence(provider, attempt.session, proof, now).await?;
    let mut plan = vec![reset(enrolment)];
    plan.extend(opening.plan);
    match provider.commit(&plan, now).await? {
        Commit::Done => Ok(opening.handle),
        // The session ended while the password was checked: start a new one.
        Commit::Lost(_) => {
            let proof = attempt.proof(subject, evidence_of(provider, enrolment, now));
            let opening = record_evidence(provider, None, proof, now).await?;
            provider.commit_uncontested(&opening.plan, now).await?;
            Ok(opening.handle)
        }
    }
}

/// Checks the second factor of the person whose session this is.
pub async fn with_totp(
    provider: &Provider,
    live: &LiveSession,
    typed: &str,
    client: Option<&ClientId>,
    now: Timestamp,
) -> Result<SessionHandle, LoginError> {
    let entered = check_totp(provider, live, typed, client, now).await;
    provider.count(Step::SecondFactor, &entered, client);
    entered
}

async fn check_totp(
    provider: &Provider,
    live: &LiveSession,
    typed: &str,
    client: Option<&ClientId>,
    now: Timestamp,
) -> Result<SessionHandle, LoginError> {
    let refused = || LoginError::Refused(LoginRefusal::WrongCode);
    let enrolment = live
        .enrolments
        .iter()
        .find(|enrolment| enrolment.authenticator.kind == AuthenticatorKind::Totp)
        .filter(|enrolment| enrolment.authenticator.usable(now))
        .ok_or_else(refused)?;
    let Credential::Totp(secret) = &enrolment.credential else { return Err(refused()) };
    let key = ThrottleKey::Authenticator(enrolment.authenticator.id);
    pass_gate(provider, &key, Some(enrolment), now).await?;
    let Some(step) = totp::matching_step(secret, typed, now)? else {
        let wrong = Refused { client, reason: LoginRefusalReason::WrongCode };
        refuse(provider, Some(&live.subject), Some(enrolment), wrong, now).await?;
        return Err(refused());
    };
    let evidence = evidence_of(provider, enrolment, now);
    let browser = &live.session.browser;
    let province = Province::of(&live.subject.profile.number);
    let proof = Proof { evidence, province, client, browser };
    let opening = record_evidence(provider, Some(&live.session), proof, now).await?;
    let authenticator = enrolment.authenticator.id;
    let mut plan = vec![Change::ConsumeTotpStep { authenticator, step }, reset(enrolment)];
    plan.extend(opening.plan);
    match provider.commit(&plan, now).await? {
        Commit::Done => Ok(opening.handle),
        Commit::Lost(contest) => {
            // ATK-103: a code seen once is never accepted again, whoever types it.
            let reason = match contest {
                Contest::StepUsed => LoginRefusalReason::CodeReplayed,
                _ => LoginRefusalReason::AuthenticatorUnusable,
            };
            let lost = Refused { client, reason };
            refuse(provider, Some(&live.subject), Some(enrolment), lost, now).await?;
            Err(refused())
        }
    }
}

async fn password_enrolment(
    provider: &Provider,
    subject: &Subject,
) -> Result<Option<Enrolment>, Fault> {
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

/// Counts the attempt before it is checked, so that parallel guesses cannot share a free one.
pub(crate) async fn pass_gate(
    provider: &Provider,
    key: &ThrottleKey,
    enrolment: Option<&Enrolment>,
    now: Timestamp,
) -> Result<(), LoginError> {
    let refusal = match provider.store.reserve_attempt(key, now).await? {
        AttemptGate::Open => return Ok(()),
        AttemptGate::Wait(delay) => LoginRefusal::Wait(delay),
        AttemptGate::Exhausted => {
            disable(provider, enrolment, now).await?;
            LoginRefusal::Exhausted
        }
    };
    let authenticator = enrolment.map(|enrolment| enrolment.authenticator.id);
    tracing::info!(?authenticator, reason = "throttled", "login refused");
    Err(LoginError::Refused(refusal))
}

/// NIST SP 800-63B-4 §3.2.2: at the limit the authenticator is disabled, once.
async fn disable(
    provider: &Provider,
    enrolment: Option<&Enrolment>,
    now: Timestamp,
) -> Result<(), Fault> {
    let Some(enrolment) = enrolment.filter(|enrolment| enrolment.authenticator.usable(now)) else {
        return Ok(());
    };
    let authenticator = enrolment.authenticator.id;
    let kind =
        EventKind::AuthenticatorDisabled { authenticator, kind: enrolment.authenticator.kind };
    let event = SecurityEvent::new(kind, now, provider.entropy.as_ref())
        .about(enrolment.authenticator.subject);
    let plan = [
        Change::SetAuthenticatorStatus {
            authenticator,
            status: AuthenticatorStatus::Disabled { since: now },
        },
        Change::Append(Box::new(event)),
    ];
    provider.commit_uncontested(&plan, now).await
}

/// Why a proof was refused, and on whose behalf it was tried.
struct Refused<'a> {
    client: Option<&'a ClientId>,
    reason: LoginRefusalReason,
}

/// One event and one log line per refused proof; neither says what was typed.
async fn refuse(
    provider: &Provider,
    subject: Option<&Subject>,
    enrolment: Option<&Enrolment>,
    Refused { client, reason }: Refused<'_>,
    now: Timestamp,
) -> Result<(), Fault> {
    let authenticator = enrolment.map(|enrolment| enrolment.authenticator.id);
    let province = subject.and_then(|subject| Province::of(&subject.profile.number));
    let kind = EventKind::LoginRefused { authenticator, reason, province };
    let mut event = SecurityEvent::new(kind, now, provider.entropy.as_ref());
    event.subject = subject.map(|subject| subject.id);
    event.client = client.cloned();
    tracing::info!(event = %event.id, ?reason, "login refused");
    provider.commit_uncontested(&[Change::Append(Box::new(event))], now).await
}

fn reset(enrolment: &Enrolment) -> Change {
    Change::ResetFailures(ThrottleKey::Authenticator(enrolment.authenticator.id))
}

pub(crate) fn evidence_of(
    provider: &Provider,
    enrolment: &Enrolment,
    now: Timestamp,
) -> AuthenticationEvidence {
    let id = EvidenceId::generate(now, provider.entropy.as_ref());
    // Passwords and codes are typed: the person acted, and there is no key.
    AuthenticationEvidence::of(&enrolment.authenticator, id, now)
}
