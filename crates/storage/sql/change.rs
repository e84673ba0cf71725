//! A change, as the statements that make it.

use storage::privacy::PersonalDataCipher;
use storage::terms::TermsForm;
use storage::{Change, Commit, Contest};

use super::{authenticators, consents, grants, ledger, registry, sessions, subjects, throttle};
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
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    form: TermsForm,
    change: &Change,
) -> Result<Outcome, Fault> {
    match change {
        Change::CreateSubject(subject) => {
            return subjects::create(connection, cipher, subject).await;
        }
        Change::ReplaceSubject { subject, version } => {
            return subjects::replace(connection, cipher, subject, *version).await;
        }
        Change::ConsumeTotpStep { authenticator, step } => {
            return authenticators::consume_step(connection, *authenticator, *step).await;
        }
        Change::ExtendSession { session, handle, evidence, now } => {
            return sessions::extend(connection, *session, handle, evidence, *now).await;
        }
        Change::InsertGrant(grant) => return grants::insert(connection, form, grant).await,
        Change::RotateGrant { grant, from, to, now } => {
            return grants::rotate(connection, *grant, *from, *to, *now).await;
        }
        Change::TakeLogout { delivery, due_at, until } => {
            return registry::take_logout(connection, *delivery, *due_at, *until).await;
        }
        Change::Key(change) => return registry::change_key(connection, change).await,

        Change::BindAuthenticator(enrolment) => {
            authenticators::bind(connection, cipher, enrolment).await?;
        }
        Change::SetAuthenticatorStatus { authenticator, status } => {
            authenticators::set_status(connection, *authenticator, *status).await?;
        }
        Change::ReplaceCredential { authenticator, credential, password_length } => {
            let (id, length) = (*authenticator, *password_length);
            authenticators::replace_credential(connection, cipher, id, credential, length).await?;
        }
        Change::ResetFailures(key) => throttle::reset(connection, cipher, key).await?,
        Change::OpenSession(session) => sessions::open(connection, session).await?,
        Change::TouchSession { session, now } => {
            sessions::touch(connection, *session, *now).await?;
        }
        Change::EndSessions { scope, end } => sessions::end(connection, *scope, *end).await?,
        Change::SaveConsent(consent) => consents::save(connection, consent).await?,
        Change::WithdrawConsent { subject, client, now } => {
            consents::withdraw(connection, *subject, client, *now).await?;
        }
        Change::RevokeGrants { scope, reason, now } => {
            grants::revoke(connection, scope, *reason, *now).await?;
        }
        Change::SaveRelyingParty(party) => registry::save_relying_party(connection, party).await?,
        Change::QueueLogout(delivery) => registry::queue_logout(connection, delivery).await?,
        Change::FinishLogout(delivery) => registry::finish_logout(connection, *delivery).await?,
        Change::RetryLogout { delivery, due_at } => {
            registry::retry_logout(connection, *delivery, *due_at).await?;
        }
        Change::SaveCheckpoint(checkpoint) => {
            ledger::save_checkpoint(connection, checkpoint).await?;
        }
        Change::Append(event) => events::append(connection, &[event]).await?,
    }
    Ok(Outcome::Applied)
}
