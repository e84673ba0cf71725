//! A change, as the statements that make it.

use storage::privacy::PersonalDataCipher;
use storage::terms::TermsForm;
use storage::{Change, Commit, Contest};

use super::{
    authenticators, consents, consumed, grants, ledger, registry, sessions, subjects, throttle,
};
use crate::database::{Connection, Fault};
use crate::events;

/// What one change came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a lost contest undoes the plan"]
pub enum Outcome {
    Applied,
    Lost(Contest),
}

impl Outcome {
    /// One conditional statement, one row: ours. No row: somebody was first.
    pub fn of(rows_affected: u64, contest: Contest) -> Self {
        if rows_affected == 0 { Self::Lost(contest) } else { Self::Applied }
    }
}

/// Carries out `plan` inside the transaction open on `connection`, which must be undone when a
/// contest was lost. Its events are appended together, at the end: nothing in a plan reads them.
pub async fn apply_all(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    form: TermsForm,
    plan: &[Change],
) -> Result<Commit, Fault> {
    let mut appended = Vec::new();
    for change in plan {
        if let Change::Append(event) = change {
            appended.push(event.as_ref());
            continue;
        }
        match apply(connection, cipher, form, change).await? {
            Outcome::Applied => {}
            Outcome::Lost(contest) => return Ok(Commit::Lost(contest)),
        }
    }
    events::append(connection, &appended).await?;
    Ok(Commit::Done)
}

async fn apply(
    db: &mut Connection,
    cipher: &PersonalDataCipher,
    form: TermsForm,
    change: &Change,
) -> Result<Outcome, Fault> {
    match change {
        Change::CreateSubject(subject) => return subjects::create(db, cipher, subject).await,
        Change::ReplaceSubject { subject, version } => {
            return subjects::replace(db, cipher, subject, *version).await;
        }
        Change::ConsumeTotpStep { authenticator, step } => {
            return authenticators::consume_step(db, *authenticator, *step).await;
        }
        Change::ReplaceCredential { authenticator, version, next } => {
            return authenticators::replace(db, cipher, *authenticator, *version, next).await;
        }
        Change::ConsumeOnce { purpose, digest, expires_at } => {
            return consumed::consume(db, purpose, digest, *expires_at).await;
        }
        Change::ExtendSession { session, handle, evidence, now } => {
            return sessions::extend(db, *session, handle, evidence, *now).await;
        }
        Change::InsertGrant(grant) => return grants::insert(db, form, grant).await,
        Change::RotateGrant { grant, from, to, now } => {
            return grants::rotate(db, *grant, *from, *to, *now).await;
        }
        Change::TakeLogout { delivery, due_at, until } => {
            return registry::take_logout(db, *delivery, *due_at, *until).await;
        }
        Change::Key(change) => return registry::change_key(db, change).await,

        Change::BindAuthenticator(enrolment) => {
            authenticators::bind(db, cipher, enrolment).await?;
        }
        Change::SetAuthenticatorStatus { authenticator, status } => {
            authenticators::set_status(db, *authenticator, *status).await?;
        }
        Change::ResetFailures(key) => throttle::reset(db, cipher, key).await?,
        Change::OpenSession(session) => sessions::open(db, session).await?,
        Change::TouchSession { session, now } => sessions::touch(db, *session, *now).await?,
        Change::EndSessions { scope, end } => sessions::end(db, *scope, *end).await?,
        Change::SaveConsent(consent) => consents::save(db, consent).await?,
        Change::WithdrawConsent { subject, client, now } => {
            consents::withdraw(db, *subject, client, *now).await?;
        }
        Change::RevokeGrants { scope, reason, now } => {
            grants::revoke(db, scope, *reason, *now).await?;
        }
        Change::SaveRelyingParty(party) => registry::save_relying_party(db, party).await?,
        Change::QueueLogout(delivery) => registry::queue_logout(db, delivery).await?,
        Change::FinishLogout(delivery) => registry::finish_logout(db, *delivery).await?,
        Change::RetryLogout { delivery, due_at } => {
            registry::retry_logout(db, *delivery, *due_at).await?;
        }
        Change::SaveCheckpoint(checkpoint) => {
            ledger::save_checkpoint(db, checkpoint).await?;
        }
        Change::Append(event) => events::append(db, &[event]).await?,
    }
    Ok(Outcome::Applied)
}
