//! Somebody forgot the password. Two codes by different ways, or one and another factor, stand in for
//! it (NIST SP 800-63B-4 §4.2); then they set a new one and log in with it.
//!
//! ```text
//!  begin ──> two sealed questions, whoever was named ··> codes to whom it is, if anybody
//!  prove ──> what was proven is used up; a permit, sealed, for one new password
//!  finish ─> the new password in the place of the old; what is reported lost is suspended; every
//!            session and grant ends; a notice leaves
//! ```
//!
//! Nobody learns here who has an account (ATK-098): [`begin`] asks no store before it answers, and
//! [`prove`] makes the same journeys for a name that nobody bears.

mod new_start;

use std::sync::Arc;
use std::time::Duration;

use identity_core::account::{AccountLevel, AccountState};
use identity_core::authenticator::AttemptGate;
use identity_core::event::LoginRefusalReason;
use identity_core::secret::SecretDigest;
use identity_core::{
    Authenticator, AuthenticatorKind, EventKind, LoginName, SecurityEvent, Subject, SubjectId,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use storage::{Change, Commit, Credential, Enrolment, StoreError, ThrottleKey, VersionedSubject};

use self::new_start::Permitted;
pub use self::new_start::{NewStart, Permission, finish, permission};
use crate::challenge::{Asked, Challenge, Question};
use crate::messages::{Channel, Matter, Message, MessageCode};
use crate::password::PasswordFault;
use crate::proof::message_codes::{LIFE, SendError, SendRefusal, allow, is_theirs};
use crate::proof::recovery_codes::{RecoveryCode, use_up};
use crate::proof::{Stopped, gate};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::sim;
use crate::totp;

/// What somebody is told after a hundred failures; the count is forgotten a month after the last one.
const LONG: Duration = Duration::from_hours(24);

#[derive(Debug)]
pub enum RecoveryRefusal {
    /// No number and no telephone: what nobody can be called.
    NotAName,
    /// The page is too old, or of another browser, or was used.
    Stale,
    /// Not enough was proven. Also for a name that nobody bears.
    NotProven,
    Wait(Duration),
    NewPassword(PasswordFault),
}

#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    #[error("refused")]
    Refused(RecoveryRefusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for RecoveryError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

const fn refused(refusal: RecoveryRefusal) -> RecoveryError {
    RecoveryError::Refused(refusal)
}

/// The two questions, as the page keeps them.
pub struct Questions {
    pub sms: String,
    pub email: String,
}

/// What a question is about.
#[derive(Serialize, Deserialize)]
struct Named {
    /// A login name, as it was typed.
    name: String,
    channel: Channel,
}

/// Asks for two codes, and lets them be sent to whoever is named, if anybody is. The answer does not
/// wait for that, and so is the same, and as quick, for everybody.
pub fn begin(
    provider: &Arc<Provider>,
    typed_name: &str,
    browser: SecretDigest,
    now: Timestamp,
) -> Result<Questions, RecoveryError> {
    let name = LoginName::parse(typed_name).map_err(|_| refused(RecoveryRefusal::NotAName))?;
    let room = provider.messaging.room()?;
    let asked = Asked::nobody_yet(browser);
    let codes = Channel::ALL.map(|_| MessageCode::generate(provider.entropy.as_ref()));
    let [sms, email] = &codes;
    let question = |channel, code: &MessageCode| -> Result<String, Fault> {
        let named = serde_json::to_string(&Named { name: typed_name.to_owned(), channel })?;
        Challenge::new(provider, Question::RecoveryCode, asked.clone(), LIFE, now)
            .with_secret(code.expose())
            .with_state(named)
            .seal(provider, now)
    };
    let questions =
        Questions { sms: question(Channel::Sms, sms)?, email: question(Channel::Email, email)? };
    let provider = Arc::clone(provider);
    tokio::spawn(async move {
        if let Err(fault) = send_codes(&provider, &name, &codes, now).await {
            tracing::error!(cause = %fault, "codes for recovery were not sent");
        }
        drop(room);
    });
    Ok(questions)
}

async fn send_codes(
    provider: &Provider,
    name: &LoginName,
    codes: &[MessageCode; 2],
    now: Timestamp,
) -> Result<(), Fault> {
    let Some(VersionedSubject { subject, .. }) = provider.store.subject_by_login(name).await?
    else {
        return Ok(());
    };
    if !is_recoverable(&subject) {
        return Ok(());
    }
    let enrolments = provider.store.enrolments(subject.id).await?;
    for (channel, code) in Channel::ALL.into_iter().zip(codes) {
        let address = channel.address_of(&subject.profile);
        let theirs = is_theirs(&subject.profile, &enrolments, channel, now);
        let Some(address) = address.filter(|_| theirs) else { continue };
        // Whoever took over the number must not take over the account with it (edge case 22).
        if channel == Channel::Sms && sim::is_withheld(provider, &subject.profile, now).await? {
            tracing::info!("no code for recovery to a number that moved");
            continue;
        }
        match allow(provider, subject.id, address, now).await {
            Ok(()) => {}
            Err(SendError::Refused(SendRefusal::TooMany)) => {
                tracing::info!(channel = channel.as_str(), "too many messages");
                continue;
            }
            Err(SendError::Refused(
                SendRefusal::NoAddress | SendRefusal::NotSent | SendRefusal::NumberMoved,
            )) => continue,
            Err(SendError::Fault(fault)) => return Err(fault),
        }
        let message = Message::about(Matter::Recover { code }, channel, address);
        // What went wrong stands in the log; there is nobody to tell.
        let _ = provider.messaging.send(message, now).await;
    }
    Ok(())
}

const fn is_recoverable(subject: &Subject) -> bool {
    matches!(subject.account.state, AccountState::Activated { .. })
}

/// What somebody typed who recovers: at least one code that was sent, and one thing more.
#[derive(Clone, Copy)]
pub struct Proofs<'a> {
    pub sms_question: &'a str,
    pub sms: &'a str,
    pub email_question: &'a str,
    pub email: &'a str,
    /// The code of their authenticator app.
    pub totp: &'a str,
    /// One on paper.
    pub recovery_code: &'a str,
}

/// Checks what was typed. The answer is the permit for one new password.
pub async fn prove(
    provider: &Provider,
    proofs: Proofs<'_>,
    browser: SecretDigest,
    now: Timestamp,
) -> Result<String, RecoveryError> {
    let asked = Asked::nobody_yet(browser);
    let sms = open(provider, proofs.sms_question, &asked, now, Channel::Sms);
    let email = open(provider, proofs.email_question, &asked, now, Channel::Email);
    let (Some((sms, name)), Some((email, same))) = (sms, email) else {
        return Err(refused(RecoveryRefusal::Stale));
    };
    if name != same {
        return Err(refused(RecoveryRefusal::Stale));
    }
    let found = provider.store.subject_by_login(&name).await?.map(|found| found.subject);
    let key = count_of(found.as_ref(), name);
    match provider.store.reserve_attempt(&key, now).await? {
        AttemptGate::Open => {}
        AttemptGate::Wait(delay) => return Err(refused(RecoveryRefusal::Wait(delay))),
        AttemptGate::Exhausted => return Err(refused(RecoveryRefusal::Wait(LONG))),
    }
    let entropy = provider.entropy.as_ref();
    let id = found.as_ref().map_or_else(|| SubjectId::random(entropy), |found| found.id);
    let enrolments = provider.store.enrolments(id).await?;
    let mut plan = vec![Change::ResetFailures(key)];
    let mut factors = Vec::new();
    for (channel, question, typed) in
        [(Channel::Sms, &sms, proofs.sms), (Channel::Email, &email, proofs.email)]
    {
        // Also before it is clear who is meant: guesses take as long for everybody.
        let right = question.is_answered_by(typed.trim());
        if right && was_sent(found.as_ref(), &enrolments, channel, now) {
            factors.push(channel.kind());
            plan.push(question.consume());
        }
    }
    let Some(subject) = found.filter(is_recoverable) else {
        return Err(not_proven(provider, None, now).await);
    };
    // Only for somebody who has a code from us: nobody else may guess at the rest here.
    if factors.len() == 1
        && let Some((kind, effects)) = another_factor(provider, &enrolments, proofs, now).await?
    {
        factors.push(kind);
        plan.extend(effects);
    }
    if factors.len() < needed(&subject, &enrolments, now) {
        return Err(not_proven(provider, Some(&subject), now).await);
    }
    match provider.commit(&plan, now).await? {
        Commit::Done => {}
        Commit::Lost(_) => return Err(not_proven(provider, Some(&subject), now).await),
    }
    Ok(Permitted { subject: subject.id, factors }.seal(provider, asked, now)?)
}

/// One for all names of one person (ATK-099).
fn count_of(subject: Option<&Subject>, named: LoginName) -> ThrottleKey {
    let number = subject.map(|subject| LoginName::of_number(&subject.profile.number));
    ThrottleKey::Recovery(number.unwrap_or(named))
}

/// A question whose code went nowhere cannot be answered, not even by luck.
fn was_sent(
    subject: Option<&Subject>,
    enrolments: &[Enrolment],
    channel: Channel,
    now: Timestamp,
) -> bool {
    subject.is_some_and(|subject| is_theirs(&subject.profile, enrolments, channel, now))
}

fn open(
    provider: &Provider,
    sealed: &str,
    asked: &Asked,
    now: Timestamp,
    channel: Channel,
) -> Option<(Challenge, LoginName)> {
    let question = Challenge::open(provider, sealed, Question::RecoveryCode, asked, now)?;
    let named: Named = serde_json::from_str(question.state()).ok()?;
    let name = LoginName::parse(&named.name).ok()?;
    (named.channel == channel).then_some((question, name))
}

/// NIST SP 800-63B-4 §4.2.2: one code where the password was all there is to lose; otherwise two by
/// different ways, or one and a bound factor.
fn needed(subject: &Subject, enrolments: &[Enrolment], now: Timestamp) -> usize {
    let beside = |enrolment: &&Enrolment| {
        enrolment.authenticator.kind != AuthenticatorKind::Password
            && enrolment.authenticator.usable(now)
    };
    match subject.account.level {
        AccountLevel::One if enrolments.iter().filter(beside).count() == 0 => 1,
        AccountLevel::One | AccountLevel::Two => 2,
    }
}

/// The app's code or one on paper, counted under its own authenticator.
async fn another_factor(
    provider: &Provider,
    enrolments: &[Enrolment],
    proofs: Proofs<'_>,
    now: Timestamp,
) -> Result<Option<(AuthenticatorKind, Vec<Change>)>, RecoveryError> {
    for enrolment in enrolments.iter().filter(|enrolment| enrolment.authenticator.usable(now)) {
        let Authenticator { id: authenticator, kind, .. } = enrolment.authenticator;
        let reset = Change::ResetFailures(ThrottleKey::Authenticator(authenticator));
        match &enrolment.credential {
            Credential::Totp(secret) if !proofs.totp.trim().is_empty() => {
                counted(provider, enrolment, now).await?;
                if let Some(step) = totp::matching_step(secret, proofs.totp, now)? {
                    let used = Change::ConsumeTotpStep { authenticator, step };
                    return Ok(Some((kind, vec![used, reset])));
                }
            }
            Credential::RecoveryCodes(_) => {
                let Some(code) = RecoveryCode::parse(proofs.recovery_code) else { continue };
                counted(provider, enrolment, now).await?;
                if let Some(mut used) = use_up(provider, enrolment, &code, now) {
                    used.push(reset);
                    return Ok(Some((kind, used)));
                }
            }
            Credential::Password(_)
            | Credential::Totp(_)
            | Credential::Passkey(_)
            | Credential::AppDevice(_)
            | Credential::MessageCode
            | Credential::Biometric { .. } => {}
        }
    }
    Ok(None)
}

async fn counted(
    provider: &Provider,
    enrolment: &Enrolment,
    now: Timestamp,
) -> Result<(), RecoveryError> {
    match gate(provider, enrolment, now).await {
        Ok(()) => Ok(()),
        // Which of the two is closed is not said.
        Err(Stopped::Closed(_) | Stopped::Refused(_)) => Err(refused(RecoveryRefusal::NotProven)),
        Err(Stopped::Fault(fault)) => Err(fault.into()),
    }
}

async fn not_proven(
    provider: &Provider,
    subject: Option<&Subject>,
    now: Timestamp,
) -> RecoveryError {
    let reason = match subject {
        Some(_) => LoginRefusalReason::WrongCode,
        None => LoginRefusalReason::UnknownPerson,
    };
    let kind = EventKind::LoginRefused { authenticator: None, reason, province: None };
    let mut event = SecurityEvent::new(kind, now, provider.entropy.as_ref());
    event.subject = subject.map(|subject| subject.id);
    tracing::info!(event = %event.id, ?reason, "recovery refused");
    match provider.commit_uncontested(&[Change::Append(Box::new(event))], now).await {
        Ok(()) => refused(RecoveryRefusal::NotProven),
        Err(fault) => fault.into(),
    }
}
