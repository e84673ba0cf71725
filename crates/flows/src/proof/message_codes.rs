//! Codes sent by SMS or e-mail. The engine takes them for what they are: restricted (NIST SP
//! 800-63B-4 §3.2.9), and by e-mail no second factor at all.

use std::time::Duration;

use identity_core::authenticator::AuthenticatorStatus;
use identity_core::contact::Verification;
use identity_core::event::LoginRefusalReason;
use identity_core::subject::Profile;
use identity_core::{
    Authenticator, AuthenticatorKind, ClientId, Province, SubjectId, Timestamp, TransactionDetails,
};
use storage::{Change, Commit, Credential, Enrolment, StoreError, ThrottleKey};

use super::{Attempt, Checked, Occasion, Refused, Stopped, evidence_of, gate_at, take};
use crate::binding;
use crate::challenge::{Asked, Challenge, Question};
use crate::citizen::{ChangeError, ChangeRefusal};
use crate::identifier::address_identifier;
use crate::login::{LoginError, LoginRefusal};
use crate::messages::{Channel, Matter, Message, MessageCode};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::{Consumed, LiveSession, Proof, SessionHandle, record_evidence};
use crate::sim;

/// NIST SP 800-63B-4 §3.1.3: at most ten minutes.
pub const LIFE: Duration = Duration::from_mins(10);
const WINDOW: Duration = Duration::from_hours(1);
/// Enough for somebody with bad reception; not enough to annoy.
pub const PER_PERSON: u64 = 6;
/// A telephone may be shared by a family.
pub const PER_ADDRESS: u64 = 12;

/// Why no code is on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendRefusal {
    /// There is no such address, or no code may be sent there.
    NoAddress,
    TooMany,
    /// The gateway did not take it.
    NotSent,
    /// The number moved to another SIM lately, or nobody could say (NIST SP 800-63B-4 §3.1.3.3).
    NumberMoved,
}

#[derive(Debug, thiserror::Error)]
pub enum SendError {
    #[error("not sent")]
    Refused(SendRefusal),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for SendError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

/// Whom a code is for, and for what: the message says so (ATK-104).
#[derive(Clone, Copy, Default)]
pub struct About<'a> {
    pub client: Option<&'a ClientId>,
    pub details: Option<&'a TransactionDetails>,
}

/// What came back: the sealed question of the page, and what was typed there.
#[derive(Clone, Copy)]
pub struct Answer<'a> {
    pub challenge: &'a str,
    pub typed: &'a str,
}

/// Sends a code for this attempt. The answer is the sealed question for the page.
pub async fn send(
    provider: &Provider,
    live: &LiveSession,
    channel: Channel,
    asked: Asked,
    about: About<'_>,
    now: Timestamp,
) -> Result<String, SendError> {
    let no_address = SendError::Refused(SendRefusal::NoAddress);
    let Some(enrolment) = live.usable(channel.kind(), now) else { return Err(no_address) };
    let Some(address) = channel.address_of(&live.subject.profile) else { return Err(no_address) };
    ensure_unmoved(provider, live, channel, now).await?;
    allow(provider, live.subject.id, address, now).await?;
    let code = MessageCode::generate(provider.entropy.as_ref());
    let party = about.client.and_then(|client| provider.registry.get(client));
    let party = party.as_ref().map(|party| party.name.vi.as_str());
    let matter = match (party, about.details) {
        (Some(party), Some(details)) => Matter::Confirm { code: &code, party, details },
        (party, _) => Matter::LogIn { code: &code, party },
    };
    let message = Message::about(matter, channel, address);
    deliver(provider, message, now).await?;
    let challenge = Challenge::new(provider, Question::MessageCode, asked, LIFE, now)
        .with_secret(code.expose())
        .with_state(enrolment.authenticator.id.to_string());
    Ok(challenge.seal(provider, now)?)
}

/// Checks the code of the person whose session this is.
pub async fn with_message_code(
    provider: &Provider,
    live: &LiveSession,
    channel: Channel,
    answer: Answer<'_>,
    asked: &Asked,
    occasion: Occasion<'_>,
    now: Timestamp,
) -> Result<SessionHandle, LoginError> {
    let attempt = Attempt::beside(live, occasion, now);
    take(provider, &attempt, check(provider, live, channel, answer, asked, now)).await
}

async fn check(
    provider: &Provider,
    live: &LiveSession,
    channel: Channel,
    answer: Answer<'_>,
    asked: &Asked,
    now: Timestamp,
) -> Result<Checked, Stopped> {
    let nothing = || Stopped::Closed(LoginRefusal::WrongCode);
    let enrolment = live.usable(channel.kind(), now).ok_or_else(nothing)?;
    // Counted also where the question turns out to be somebody else's: which it is, is not told.
    let key = ThrottleKey::MessageCodes(live.subject.id);
    gate_at(provider, &key, Some(enrolment), now).await?;
    let challenge = Challenge::open(provider, answer.challenge, Question::MessageCode, asked, now)
        .filter(|challenge| challenge.state() == enrolment.authenticator.id.to_string())
        .filter(|challenge| challenge.is_answered_by(answer.typed));
    let Some(challenge) = challenge else {
        let (reason, answer) = (LoginRefusalReason::WrongCode, LoginRefusal::WrongCode);
        return Err(Refused::new(Some(&live.subject), Some(enrolment), reason, answer).into());
    };
    Ok(Checked {
        subject: live.subject.clone(),
        evidence: evidence_of(provider, enrolment, now),
        consumed: Some(Consumed::once(challenge.digest())),
        effects: vec![challenge.consume(), Change::ResetFailures(key)],
        enrolment: enrolment.clone(),
    })
}

/// Sends the first code to where later ones shall go.
pub async fn offer(
    provider: &Provider,
    live: &LiveSession,
    channel: Channel,
    asked: Asked,
    now: Timestamp,
) -> Result<String, SendError> {
    let Some(address) = channel.address_of(&live.subject.profile) else {
        return Err(SendError::Refused(SendRefusal::NoAddress));
    };
    ensure_unmoved(provider, live, channel, now).await?;
    allow(provider, live.subject.id, address, now).await?;
    let code = MessageCode::generate(provider.entropy.as_ref());
    deliver(provider, Message::about(Matter::Bind { code: &code }, channel, address), now).await?;
    let challenge = Challenge::new(provider, Question::Address, asked, LIFE, now)
        .with_secret(code.expose())
        .with_state(address_identifier(&provider.settings, address));
    Ok(challenge.seal(provider, now)?)
}

/// Binds the address in the profile once a code came through to it. That code is evidence for the
/// session, too: nobody is asked for another one at once.
pub async fn confirm(
    provider: &Provider,
    live: &LiveSession,
    channel: Channel,
    answer: Answer<'_>,
    asked: &Asked,
    now: Timestamp,
) -> Result<SessionHandle, ChangeError> {
    let key = ThrottleKey::MessageCodes(live.subject.id);
    match gate_at(provider, &key, None, now).await {
        Ok(()) => {}
        Err(Stopped::Closed(refusal)) => {
            return Err(ChangeError::Refused(ChangeRefusal::CurrentPassword(refusal)));
        }
        Err(Stopped::Refused(_)) => return Err(ChangeError::Refused(ChangeRefusal::WrongCode)),
        Err(Stopped::Fault(fault)) => return Err(fault.into()),
    }
    let address = channel.address_of(&live.subject.profile);
    let address = address.map(|address| address_identifier(&provider.settings, address));
    let challenge = Challenge::open(provider, answer.challenge, Question::Address, asked, now)
        // The address may have changed since, or be that of the other channel.
        .filter(|challenge| Some(challenge.state()) == address.as_deref())
        .filter(|challenge| challenge.is_answered_by(answer.typed))
        .ok_or(ChangeError::Refused(ChangeRefusal::WrongCode))?;
    let authenticator = binding::authenticator(provider, live.subject.id, channel.kind(), now);
    let enrolment = Enrolment::new(authenticator, Credential::MessageCode);
    let evidence = evidence_of(provider, &enrolment, now);
    let mut plan = binding::replace(provider, live, enrolment, now);
    plan.extend([challenge.consume(), Change::ResetFailures(key)]);
    let browser = &live.session.browser;
    let province = Province::of(&live.subject.profile.number);
    let consumed = Some(Consumed::once(challenge.digest()));
    let proof = Proof { evidence, consumed, province, client: None, browser };
    let opening = record_evidence(provider, Some(&live.session), proof, now).await?;
    plan.extend(opening.plan);
    match provider.commit(&plan, now).await? {
        Commit::Done => Ok(opening.handle),
        Commit::Lost(_) => Err(ChangeError::Refused(ChangeRefusal::WrongCode)),
    }
}

/// No more codes to this address.
pub async fn stop(
    provider: &Provider,
    live: &LiveSession,
    channel: Channel,
    now: Timestamp,
) -> Result<(), Fault> {
    let plan = unbound(provider, &live.enrolments, channel.kind(), now);
    provider.commit_uncontested(&plan, now).await
}

/// Whether this address is known to be the person's: an officer checked it, or a code came through.
/// Not any more once they reported its telephone or mailbox lost.
pub(crate) fn is_theirs(
    profile: &Profile,
    enrolments: &[Enrolment],
    channel: Channel,
    now: Timestamp,
) -> bool {
    let verification = match channel {
        Channel::Sms => profile.phone.as_ref().map(|phone| phone.verification),
        Channel::Email => profile.email.as_ref().map(|email| email.verification),
    };
    let bound = enrolments.iter().map(|enrolment| &enrolment.authenticator);
    let bound: Vec<_> = bound.filter(|bound| bound.kind == channel.kind()).collect();
    let suspended =
        |bound: &&Authenticator| matches!(bound.status, AuthenticatorStatus::Suspended { .. });
    if bound.iter().any(suspended) {
        return false;
    }
    verification == Some(Verification::Verified)
        || (verification.is_some() && bound.iter().any(|bound| bound.usable(now)))
}

/// Counts one more message, and refuses it where there were too many: a citizen's telephone is not
/// ours to ring all day (ATK-104). What is lost with the counters costs a few messages.
pub(crate) async fn allow(
    provider: &Provider,
    subject: SubjectId,
    address: &str,
    now: Timestamp,
) -> Result<(), SendError> {
    let address = address_identifier(&provider.settings, address);
    let store = provider.transient.as_ref();
    let to_person = store.count("messages to person", &subject.to_string(), WINDOW, now).await?;
    if to_person > PER_PERSON {
        return Err(SendError::Refused(SendRefusal::TooMany));
    }
    if store.count("messages to address", &address, WINDOW, now).await? > PER_ADDRESS {
        return Err(SendError::Refused(SendRefusal::TooMany));
    }
    Ok(())
}

/// Nothing is sent to a SIM that somebody else may have got lately.
async fn ensure_unmoved(
    provider: &Provider,
    live: &LiveSession,
    channel: Channel,
    now: Timestamp,
) -> Result<(), SendError> {
    let withheld = match channel {
        Channel::Sms => sim::is_withheld(provider, &live.subject.profile, now).await?,
        Channel::Email => false,
    };
    if withheld { Err(SendError::Refused(SendRefusal::NumberMoved)) } else { Ok(()) }
}

async fn deliver(provider: &Provider, message: Message, now: Timestamp) -> Result<(), SendError> {
    let sent = provider.messaging.send(message, now).await;
    sent.map_err(|_| SendError::Refused(SendRefusal::NotSent))
}

/// The changes after which no code goes to an address that is no longer the person's: a new number
/// is bound like a new authenticator (NIST SP 800-63B-4 §3.1.3.3).
pub(crate) fn unbound(
    provider: &Provider,
    enrolments: &[Enrolment],
    kind: AuthenticatorKind,
    now: Timestamp,
) -> Vec<Change> {
    let bound = enrolments.iter().map(|enrolment| &enrolment.authenticator);
    let bound = bound.filter(|bound| bound.kind == kind);
    bound.flat_map(|old| binding::remove(provider, old, now)).collect()
}
