//! The one path every proof takes, whatever is proven with.
//!
//! ```text
//!  gate       counts the attempt before it is checked; while closed nothing is looked at
//!   └─ check    the adapter's own: Checked, or why not
//!       ├─ accept   uses up, resets failures, records evidence, opens or extends the session: one plan
//!       └─ refuse   one event, one line in the log, one answer
//!  password · passkey · totp · recovery_codes · message_codes · app · biometric   adapters, a file each
//!  ways                               which there are, and what each can do
//! ```
//!
//! An adapter makes an [`Attempt`] and hands `take` a future that ends in [`Checked`] or [`Stopped`].
//! Only an adapter whose subject is known beforehand needs the session to find it: a discoverable
//! passkey or a scanned QR code names its subject itself.

pub mod app;
pub mod biometric;
pub mod message_codes;
pub mod passkey;
pub mod password;
pub mod recovery_codes;
pub mod totp;
pub mod ways;

use identity_core::account::AccountState;
use identity_core::authenticator::{AttemptGate, AttemptRule, AuthenticatorStatus};
use identity_core::event::LoginRefusalReason;
use identity_core::{
    Account, AuthenticationEvidence, Authenticator, AuthenticatorId, ClientId, EventKind,
    EvidenceId, Province, SecurityEvent, Session, Subject, SubjectId, Timestamp,
};
use node::measure::Step;
use storage::{Change, Commit, Contest, Enrolment, StoreError, ThrottleKey};

use crate::lock::holder_may_lift;
use crate::login::{LoginError, LoginRefusal};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::{Consumed, LiveSession, Proof, SessionHandle, record_evidence};

/// What a proof can do for a browser that nobody is logged in at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It says who is there, and so opens a session.
    Alone,
    /// It counts in the session of the person who is there already.
    Beside,
}

/// Whose proof opens a session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Admits {
    /// Of an account in use.
    Usable,
    /// Also of one that its holder locked: they are on their way to unlock it, and whatever else such a
    /// session asks for is judged by the account's state as ever.
    LockedByHolder,
}

impl Admits {
    fn lets_in(
        self,
        provider: &Provider,
        account: &Account,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        Ok(match (&account.state, self) {
            (AccountState::Activated { .. }, _) => true,
            (AccountState::Locked { lock, .. }, Self::LockedByHolder) => {
                holder_may_lift(provider.policy(now)?.as_ref(), lock)
            }
            (AccountState::Locked { .. }, Self::Usable)
            | (AccountState::Registered { .. } | AccountState::Deceased { .. }, _) => false,
        })
    }
}

/// Where a proof was given, and for whom.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    pub standing: Standing,
    pub admits: Admits,
    /// The browser's present session, if any.
    pub session: Option<&'a Session>,
    pub occasion: Occasion<'a>,
    /// What the citizen will recognise the browser by.
    pub browser: &'a str,
    pub now: Timestamp,
}

/// What somebody proves who they are for.
#[derive(Clone, Copy, Default)]
pub struct Occasion<'a> {
    /// The relying party that sent the browser here.
    pub client: Option<&'a ClientId>,
    /// Where it is for one transaction: what the proof is bound to (L12).
    pub transaction: Option<&'a str>,
}

impl<'a> Attempt<'a> {
    /// One more proof of the person whose session this is.
    pub fn beside(live: &'a LiveSession, occasion: Occasion<'a>, now: Timestamp) -> Self {
        let (standing, session) = (Standing::Beside, Some(&live.session));
        // Whoever it is has come in already.
        let admits = Admits::Usable;
        Self { standing, admits, session, occasion, browser: &live.session.browser, now }
    }

    const fn step(&self) -> Step {
        match self.standing {
            Standing::Alone => Step::FirstFactor,
            Standing::Beside => Step::SecondFactor,
        }
    }
}

/// A proof that was found good. Nothing is written yet.
pub struct Checked {
    pub subject: Subject,
    pub enrolment: Enrolment,
    pub evidence: AuthenticationEvidence,
    /// What no other proof may have been made of.
    pub consumed: Option<Consumed>,
    /// What it uses up: a step, a code, a challenge, a counter. Part of the plan that accepts it, so
    /// of two that came with the same proof one is refused.
    pub effects: Vec<Change>,
}

/// A check that ended otherwise.
#[derive(Debug)]
pub enum Stopped {
    /// Nothing was checked: the gate is closed, or there is nothing to check it against.
    Closed(LoginRefusal),
    Refused(Refused),
    Fault(Fault),
}

/// A proof that was found wrong: the event it becomes, and what the person is told.
#[derive(Debug)]
pub struct Refused {
    subject: Option<SubjectId>,
    province: Option<Province>,
    authenticator: Option<AuthenticatorId>,
    reason: LoginRefusalReason,
    answer: LoginRefusal,
}

impl Refused {
    pub fn new(
        subject: Option<&Subject>,
        enrolment: Option<&Enrolment>,
        reason: LoginRefusalReason,
        answer: LoginRefusal,
    ) -> Self {
        Self {
            subject: subject.map(|subject| subject.id),
            province: subject.and_then(|subject| Province::of(&subject.profile.number)),
            authenticator: enrolment.map(|enrolment| enrolment.authenticator.id),
            reason,
            answer,
        }
    }
}

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<Fault> for Stopped {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// Carries a proof through to its end, and counts how it ended, once.
pub(crate) async fn take(
    provider: &Provider,
    attempt: &Attempt<'_>,
    check: impl Future<Output = Result<Checked, Stopped>>,
) -> Result<SessionHandle, LoginError> {
    let taken = match check.await {
        Ok(checked) => accept(provider, attempt, checked).await,
        Err(Stopped::Refused(refused)) => Err(refuse(provider, attempt, refused).await),
        Err(Stopped::Closed(refusal)) => Err(LoginError::Refused(refusal)),
        Err(Stopped::Fault(fault)) => Err(fault.into()),
    };
    provider.count(attempt.step(), &taken, attempt.occasion.client);
    taken
}

/// Counts the attempt before it is checked, so that parallel guesses cannot share a free one.
pub(crate) async fn gate(
    provider: &Provider,
    enrolment: &Enrolment,
    now: Timestamp,
) -> Result<(), Stopped> {
    let key = ThrottleKey::Authenticator(enrolment.authenticator.id);
    gate_at(provider, &key, Some(enrolment), now).await
}

/// The same under a key of the caller's own.
pub(crate) async fn gate_at(
    provider: &Provider,
    key: &ThrottleKey,
    enrolment: Option<&Enrolment>,
    now: Timestamp,
) -> Result<(), Stopped> {
    gate_under(provider, &AttemptRule::TYPED, key, enrolment, now).await
}

/// The same where failures cost something else.
pub(crate) async fn gate_under(
    provider: &Provider,
    rule: &AttemptRule,
    key: &ThrottleKey,
    enrolment: Option<&Enrolment>,
    now: Timestamp,
) -> Result<(), Stopped> {
    let refusal = match provider.store.reserve_attempt_under(rule, key, now).await? {
        AttemptGate::Open => return Ok(()),
        AttemptGate::Wait(delay) => LoginRefusal::Wait(delay),
        AttemptGate::Exhausted => {
            disable(provider, enrolment, now).await?;
            LoginRefusal::Exhausted
        }
    };
    let authenticator = enrolment.map(|enrolment| enrolment.authenticator.id);
    tracing::info!(?authenticator, reason = "throttled", "login refused");
    Err(Stopped::Closed(refusal))
}

/// What one use of this authenticator shows at least; an adapter adds what it saw beyond that.
pub(crate) fn evidence_of(
    provider: &Provider,
    enrolment: &Enrolment,
    now: Timestamp,
) -> AuthenticationEvidence {
    let id = EvidenceId::generate(now, provider.entropy.as_ref());
    // Something was typed: the person acted, and there is no key.
    AuthenticationEvidence::of(&enrolment.authenticator, id, now)
}

async fn accept(
    provider: &Provider,
    attempt: &Attempt<'_>,
    checked: Checked,
) -> Result<SessionHandle, LoginError> {
    let Checked { subject, enrolment, .. } = &checked;
    let refused = |reason, answer| Refused::new(Some(subject), Some(enrolment), reason, answer);
    if attempt.standing == Standing::Alone
        && !attempt.admits.lets_in(provider, &subject.account, attempt.now)?
    {
        let answer = LoginRefusal::AccountNotUsable(subject.account.state.clone());
        let refused = refused(LoginRefusalReason::AccountNotUsable, answer);
        return Err(refuse(provider, attempt, refused).await);
    }
    let written = match write(provider, attempt, attempt.session, &checked).await? {
        // The session ended while the proof was checked: start a new one.
        Err(Contest::SessionEnded) if attempt.standing == Standing::Alone => {
            write(provider, attempt, None, &checked).await?
        }
        written => written,
    };
    match written {
        Ok(handle) => Ok(handle),
        Err(contest) => {
            let refused = refused(reason_of(contest), LoginRefusal::WrongCode);
            Err(refuse(provider, attempt, refused).await)
        }
    }
}

/// One plan, all of it or nothing; or the contest it lost.
async fn write(
    provider: &Provider,
    attempt: &Attempt<'_>,
    session: Option<&Session>,
    checked: &Checked,
) -> Result<Result<SessionHandle, Contest>, Fault> {
    let transaction = attempt.occasion.transaction.map(str::to_owned);
    let proof = Proof {
        evidence: AuthenticationEvidence { transaction, ..checked.evidence.clone() },
        consumed: checked.consumed.clone(),
        province: Province::of(&checked.subject.profile.number),
        client: attempt.occasion.client,
        browser: attempt.browser,
    };
    let opening = record_evidence(provider, session, proof, attempt.now).await?;
    let mut plan = checked.effects.clone();
    let key = ThrottleKey::Authenticator(checked.enrolment.authenticator.id);
    plan.push(Change::ResetFailures(key));
    plan.extend(opening.plan);
    Ok(match provider.commit(&plan, attempt.now).await? {
        Commit::Done => Ok(opening.handle),
        Commit::Lost(contest) => Err(contest),
    })
}

/// ATK-103: what was used once is never accepted again, whoever brings it.
const fn reason_of(contest: Contest) -> LoginRefusalReason {
    match contest {
        Contest::StepUsed | Contest::AlreadyConsumed | Contest::AuthenticatorMoved => {
            LoginRefusalReason::CodeReplayed
        }
        Contest::NameTaken
        | Contest::SubjectMoved
        | Contest::SessionEnded
        | Contest::GrantExists
        | Contest::GenerationMoved
        | Contest::DeliveryTaken
        | Contest::KeyExists
        | Contest::KeyMoved => LoginRefusalReason::AuthenticatorUnusable,
    }
}

/// One event and one log line per refused proof; neither says what was typed.
async fn refuse(provider: &Provider, attempt: &Attempt<'_>, refused: Refused) -> LoginError {
    let Refused { subject, province, authenticator, reason, answer } = refused;
    let kind = EventKind::LoginRefused { authenticator, reason, province };
    let mut event = SecurityEvent::new(kind, attempt.now, provider.entropy.as_ref());
    event.subject = subject;
    event.client = attempt.occasion.client.cloned();
    tracing::info!(event = %event.id, ?reason, "login refused");
    let recorded =
        provider.commit_uncontested(&[Change::Append(Box::new(event))], attempt.now).await;
    match recorded {
        Ok(()) => LoginError::Refused(answer),
        Err(fault) => fault.into(),
    }
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
    provider.commit_uncontested(&disabled(provider, enrolment, now), now).await
}

/// The changes after which only binding it anew helps. What was proven with it stays proven.
pub(crate) fn disabled(provider: &Provider, enrolment: &Enrolment, now: Timestamp) -> [Change; 2] {
    let Authenticator { id: authenticator, subject, kind, .. } = enrolment.authenticator;
    let event = SecurityEvent::new(
        EventKind::AuthenticatorDisabled { authenticator, kind },
        now,
        provider.entropy.as_ref(),
    );
    let status = AuthenticatorStatus::Disabled { since: now };
    [
        Change::SetAuthenticatorStatus { authenticator, status },
        Change::Append(Box::new(event.about(subject))),
    ]
}
