//! The app's half: it reads a code, shows its holder who asks, and answers.

use std::sync::Arc;
use std::time::Duration;

use identity_core::event::LoginRefusalReason;
use identity_core::evidence::Presentation;
use identity_core::{EventKind, Province, RelyingParty, SecurityEvent, Timestamp};
use storage::Change;

use super::browser::{Known, load, waiting_for};
use super::code::{QrCode, TransactionId};
use super::request::{DeviceHandle, SignedRequest};
use super::transaction::{Answered, Answerer, Number, Question, State, number_of};
use super::{AppError, AppRefusal};
use crate::provider::Provider;
use crate::refusal::Fault;

/// A question, for its holder to read before they agree.
pub struct Asked {
    pub transaction: TransactionId,
    pub question: Question,
    /// The relying party as it is registered now; none on the citizen's own pages.
    pub party: Option<Arc<RelyingParty>>,
    pub asked_at: Timestamp,
    pub expires_in: Duration,
}

/// The app read this code.
pub async fn resolve(
    provider: &Provider,
    request: &SignedRequest,
    now: Timestamp,
) -> Result<Asked, AppError> {
    let code = request.text("code")?;
    let code = QrCode::open(provider, code, now).ok_or(AppRefusal::CodeExpired)?;
    let known = load(provider, code.transaction, now).await?.ok_or(AppRefusal::CodeExpired)?;
    scan(provider, request, &known, code.presentation, now).await
}

/// What waits for this person without a code.
pub async fn pending(
    provider: &Provider,
    request: &SignedRequest,
    now: Timestamp,
) -> Result<Option<Asked>, AppError> {
    let Some(id) = waiting_for(provider, request.subject.id, now).await? else { return Ok(None) };
    let Some(known) = load(provider, id, now).await? else { return Ok(None) };
    match scan(provider, request, &known, Presentation::Direct, now).await {
        Ok(asked) => Ok(Some(asked)),
        Err(AppError::Refused(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

async fn scan(
    provider: &Provider,
    request: &SignedRequest,
    known: &Known,
    presentation: Presentation,
    now: Timestamp,
) -> Result<Asked, AppError> {
    let scanned = known.transaction.scanned(answerer(request), presentation, now);
    let scanned = scanned.inspect_err(|refusal| {
        tracing::info!(?refusal, "code not for this device");
    })?;
    if scanned != known.transaction && !known.replace(provider, &scanned, now).await? {
        return Err(AppRefusal::AlreadyScanned.into());
    }
    let party = match &scanned.question.client {
        Some(client) => Some(provider.registry.find(client.as_str()).ok_or(AppRefusal::Over)?),
        None => None,
    };
    Ok(Asked {
        transaction: known.id,
        party,
        asked_at: scanned.began_at,
        expires_in: scanned.expires_at().since(now),
        question: scanned.question,
    })
}

/// The holder typed the number that the browser shows.
pub async fn approve(
    provider: &Provider,
    request: &SignedRequest,
    now: Timestamp,
) -> Result<(), AppError> {
    let known = asked(provider, request, now).await?;
    let typed = request.text("number")?;
    let two_digits = typed.len() == 2 && typed.bytes().all(|byte| byte.is_ascii_digit());
    let typed = typed.parse().ok().filter(|_| two_digits).ok_or(AppRefusal::Malformed)?;
    let number = Number { typed, shown: number_of(provider, &known.id) };
    let Answered { to, refused } =
        known.transaction.answered(answerer(request), request.holder, number, now)?;
    if !known.replace(provider, &to, now).await? {
        // A wrong number must not be one that was never counted.
        return Err(AppRefusal::Over.into());
    }
    if to.state == State::Failed {
        record(provider, request, &known, LoginRefusalReason::WrongNumber, now).await?;
    }
    refused.map_or(Ok(()), |refusal| Err(refusal.into()))
}

pub async fn deny(
    provider: &Provider,
    request: &SignedRequest,
    now: Timestamp,
) -> Result<(), AppError> {
    let known = asked(provider, request, now).await?;
    let denied = known.transaction.denied(answerer(request), now)?;
    if !known.replace(provider, &denied, now).await? {
        return Err(AppRefusal::Over.into());
    }
    Ok(record(provider, request, &known, LoginRefusalReason::DeniedByHolder, now).await?)
}

/// For the holder's history, and for whoever looks for attacks.
async fn record(
    provider: &Provider,
    request: &SignedRequest,
    known: &Known,
    reason: LoginRefusalReason,
    now: Timestamp,
) -> Result<(), Fault> {
    let authenticator = Some(request.enrolment.authenticator.id);
    let province = Province::of(&request.subject.profile.number);
    let kind = EventKind::LoginRefused { authenticator, reason, province };
    let mut event =
        SecurityEvent::new(kind, now, provider.entropy.as_ref()).about(request.subject.id);
    event.client.clone_from(&known.transaction.question.client);
    tracing::info!(event = %event.id, ?reason, "login refused");
    provider.commit_uncontested(&[Change::Append(Box::new(event))], now).await
}

async fn asked(
    provider: &Provider,
    request: &SignedRequest,
    now: Timestamp,
) -> Result<Known, AppError> {
    let id = TransactionId::parse(request.text("transaction")?).ok_or(AppRefusal::Malformed)?;
    Ok(load(provider, id, now).await?.ok_or(AppRefusal::Over)?)
}

fn answerer(request: &SignedRequest) -> Answerer {
    DeviceHandle::of(&request.enrolment).into()
}
