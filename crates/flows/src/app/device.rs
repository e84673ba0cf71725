//! The app's half: it reads a code, shows its holder who asks, and answers.

use std::sync::Arc;
use std::time::Duration;

use identity_core::{RelyingParty, Timestamp};

use super::browser::{Known, load, waiting_for};
use super::code::{QrCode, TransactionId};
use super::request::{DeviceHandle, SignedRequest};
use super::transaction::{Answerer, Number, Question, number_of};
use super::{AppError, AppRefusal};
use crate::provider::Provider;

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
    let id = QrCode::open(provider, code, now).ok_or(AppRefusal::CodeExpired)?;
    let known = load(provider, id, now).await?.ok_or(AppRefusal::CodeExpired)?;
    scan(provider, request, &known, now).await
}

/// What waits for this person without a code.
pub async fn pending(
    provider: &Provider,
    request: &SignedRequest,
    now: Timestamp,
) -> Result<Option<Asked>, AppError> {
    let Some(id) = waiting_for(provider, request.subject.id, now).await? else { return Ok(None) };
    let Some(known) = load(provider, id, now).await? else { return Ok(None) };
    match scan(provider, request, &known, now).await {
        Ok(asked) => Ok(Some(asked)),
        Err(AppError::Refused(_)) => Ok(None),
        Err(fault) => Err(fault),
    }
}

async fn scan(
    provider: &Provider,
    request: &SignedRequest,
    known: &Known,
    now: Timestamp,
) -> Result<Asked, AppError> {
    let scanned = known.transaction.scanned(answerer(request), now).inspect_err(|refusal| {
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
    let decided = known.transaction.approved(answerer(request), request.holder, number, now);
    let (to, refusal) = match decided {
        Ok(approved) => (Some(approved), None),
        Err((to, refusal)) => (to, Some(refusal)),
    };
    if let Some(to) = to
        && !known.replace(provider, &to, now).await?
    {
        // A wrong number must not be one that was never counted.
        return Err(AppRefusal::Over.into());
    }
    match refusal {
        None => Ok(()),
        Some(refusal) => {
            tracing::info!(?refusal, "approval refused");
            Err(refusal.into())
        }
    }
}

pub async fn deny(
    provider: &Provider,
    request: &SignedRequest,
    now: Timestamp,
) -> Result<(), AppError> {
    let known = asked(provider, request, now).await?;
    let denied = known.transaction.denied(answerer(request), now)?;
    if known.replace(provider, &denied, now).await? { Ok(()) } else { Err(AppRefusal::Over.into()) }
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
