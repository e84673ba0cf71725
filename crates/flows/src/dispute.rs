//! "Không phải tôi": the holder says that a login or a use was not theirs.
//!
//! ```text
//!  matter    what is disputed: a row of the history or a session, the person's own
//!   └─ outlook   what would happen: shown before anything does
//!       └─ report    one transaction: sessions end, what was used is suspended, grants are revoked,
//!                    relying parties are told, the case is recorded under a number
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use identity_core::grant::{Grant, GrantTerms, RevocationReason};
use identity_core::session::SessionEndReason;
use identity_core::{
    AuthenticationEvidence, Authenticator, AuthenticatorId, AuthenticatorKind, CaseNumber,
    ClientId, EventId, EventKind, RelyingParty, SecurityEvent, Session, SessionId, Timestamp,
};
use ledger::Sequence;
use storage::{Change, GrantScope};

use crate::authenticators::{opens, suspended};
use crate::logout::{notices_about, parties_of};
use crate::proof::ways::stands_alone;
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::{LiveSession, end_session};

/// What the holder points at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Disputed {
    Entry(Sequence),
    Session(SessionId),
}

/// What is disputed, found to be the person's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matter {
    pub at: Timestamp,
    pub client: Option<ClientId>,
    session: SessionId,
    event: Option<EventId>,
    used: BTreeSet<AuthenticatorId>,
}

/// What a report does to this person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outlook {
    pub here: Here,
    pub suspends: Vec<AuthenticatorKind>,
    /// Used, and yet kept: without them nobody could log in. Whoever it was may know them.
    pub keeps: Vec<AuthenticatorKind>,
}

/// What becomes of the session the report is made in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Here {
    Stays,
    /// It is itself what is disputed.
    Ends,
}

/// What was done.
pub struct Report {
    pub case: CaseNumber,
    pub outlook: Outlook,
    /// Relying parties that are being told.
    pub told: Vec<Arc<RelyingParty>>,
}

/// `None`: there is no such thing, or it is somebody else's, or nothing that could be disputed.
pub async fn matter(
    provider: &Provider,
    live: &LiveSession,
    disputed: Disputed,
) -> Result<Option<Matter>, Fault> {
    match disputed {
        Disputed::Session(id) => {
            let session = provider.store.session(id).await?;
            Ok(session.filter(|session| session.subject == live.subject.id).map(|session| Matter {
                at: session.created_at,
                client: None,
                session: id,
                event: None,
                used: authenticators_of(&session.evidence),
            }))
        }
        Disputed::Entry(sequence) => entry(provider, live, sequence).await,
    }
}

/// A row of this person's own history, and of nobody else's: it is looked for among theirs.
async fn entry(
    provider: &Provider,
    live: &LiveSession,
    sequence: Sequence,
) -> Result<Option<Matter>, Fault> {
    let Some(after) = sequence.0.checked_add(1).map(Sequence) else { return Ok(None) };
    let newest = provider.store.history_of(live.subject.id, Some(after), 1).await?;
    let Some(row) = newest.first().filter(|row| row.sequence() == sequence) else {
        return Ok(None);
    };
    let event = row.event();
    let (session, evidence) = if let EventKind::GrantIssued { session, grant, .. } = &event.kind {
        let grant = provider.store.grant(*grant).await?;
        (*session, grant.map(|grant| terms(grant).evidence))
    } else if let EventKind::LoginSucceeded { session, .. } = &event.kind {
        (*session, None)
    } else {
        return Ok(None);
    };
    let evidence = match evidence {
        Some(evidence) => evidence,
        // What was forgotten since can no longer be suspended; everything else is done all the same.
        None => provider.store.session(session).await?.map_or_else(Vec::new, |it| it.evidence),
    };
    Ok(Some(Matter {
        at: event.at,
        client: event.client.clone(),
        session,
        event: Some(event.id),
        used: authenticators_of(&evidence),
    }))
}

fn terms(grant: Grant) -> GrantTerms {
    match grant {
        Grant::Active(active) => active.terms,
        Grant::Revoked(revoked) => revoked.terms,
    }
}

fn authenticators_of(evidence: &[AuthenticationEvidence]) -> BTreeSet<AuthenticatorId> {
    evidence.iter().map(|evidence| evidence.authenticator).collect()
}

/// What reporting it would do. Writes nothing.
pub fn outlook(
    provider: &Provider,
    live: &LiveSession,
    matter: &Matter,
    now: Timestamp,
) -> Result<Outlook, Fault> {
    Ok(decide(provider, live, matter, now)?.0)
}

fn decide<'a>(
    provider: &Provider,
    live: &'a LiveSession,
    matter: &Matter,
    now: Timestamp,
) -> Result<(Outlook, Vec<&'a Authenticator>), Fault> {
    let held: Vec<_> = live.enrolments.iter().map(|enrolment| &enrolment.authenticator).collect();
    let minimum_alone = provider.policy(now)?.password.minimum_alone;
    let (suspends, keeps) = suspendable(&held, &matter.used, minimum_alone, now);
    let kinds = |of: &[&Authenticator]| of.iter().map(|held| held.kind).collect();
    let here = if matter.session == live.session.id { Here::Ends } else { Here::Stays };
    Ok((Outlook { here, suspends: kinds(&suspends), keeps: kinds(&keeps) }, suspends))
}

/// Of what was used: what is suspended, and what is kept so that the holder can still log in. Where
/// what says who is there must be kept (a password that somebody knows), so is what was used beside
/// it: without it that password would open alone.
fn suspendable<'a>(
    held: &[&'a Authenticator],
    used: &BTreeSet<AuthenticatorId>,
    minimum_alone: u16,
    now: Timestamp,
) -> (Vec<&'a Authenticator>, Vec<&'a Authenticator>) {
    let candidates = held.iter().filter(|held| used.contains(&held.id) && held.usable(now));
    let (alone, beside): (Vec<_>, Vec<_>) =
        candidates.copied().partition(|held| stands_alone(held.kind));
    let mut left = held.to_vec();
    let (mut suspends, mut keeps) = (Vec::new(), Vec::new());
    for candidate in alone.into_iter().chain(beside) {
        let without: Vec<_> = left.iter().copied().filter(|held| held.id != candidate.id).collect();
        let exposed = keeps.iter().any(|kept: &&Authenticator| stands_alone(kept.kind));
        if !exposed && opens(&without, minimum_alone, now) {
            left = without;
            suspends.push(candidate);
        } else {
            keeps.push(candidate);
        }
    }
    (suspends, keeps)
}

/// All of it in one transaction. Every other session ends, whoever it belongs to; this one, too, where
/// it is what is disputed. Every grant is revoked: nobody knows which of them somebody else got.
pub async fn report(
    provider: &Provider,
    live: &LiveSession,
    matter: &Matter,
    now: Timestamp,
) -> Result<Report, Fault> {
    let subject = live.subject.id;
    let entropy = provider.entropy.as_ref();
    let (outlook, suspends) = decide(provider, live, matter, now)?;
    let ending: Vec<Session> = provider.store.live_sessions(subject, now).await?;
    let ending = ending
        .into_iter()
        .filter(|session| outlook.here == Here::Ends || session.id != live.session.id);
    let (mut plan, mut told) = (Vec::new(), Vec::new());
    let mut ended = BTreeSet::new();
    for session in ending {
        told.extend(parties_of(provider, session.id).await?);
        let reason = SessionEndReason::EndedByHolder;
        plan.extend(end_session(provider, &session, reason, now).await?);
        ended.insert(session.id);
    }
    if !ended.contains(&matter.session) {
        // It is over here; a relying party may not have heard of it.
        told.extend(parties_of(provider, matter.session).await?);
        let notices = notices_about(provider, subject, matter.session, now).await?;
        plan.extend(notices.into_iter().map(|notice| Change::QueueLogout(notice.delivery)));
    }
    plan.extend(suspends.iter().flat_map(|held| suspended(provider, held, now)));
    let case = CaseNumber::generate(entropy);
    let (session, disputed) = (matter.session, matter.event);
    let kind = EventKind::UseDisputed { case: case.clone(), session, disputed };
    let mut event = SecurityEvent::new(kind, now, entropy).about(subject);
    event.client = matter.client.clone();
    plan.extend([
        Change::RevokeGrants {
            scope: GrantScope::OfSubject(subject),
            reason: RevocationReason::CredentialChanged,
            now,
        },
        Change::Append(Box::new(event)),
    ]);
    provider.commit_uncontested(&plan, now).await?;
    told.retain(|party| party.backchannel_logout_uri.is_some());
    told.sort_by(|one, other| one.client_id.cmp(&other.client_id));
    told.dedup_by(|one, other| one.client_id == other.client_id);
    Ok(Report { case, outlook, told })
}

#[cfg(test)]
mod tests {
    use identity_core::SubjectId;
    use identity_core::authenticator::AuthenticatorStatus;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

    fn id(number: u128) -> AuthenticatorId {
        format!("{number:032x}").parse().unwrap()
    }

    fn held(number: u128, kind: AuthenticatorKind, length: Option<u16>) -> Authenticator {
        Authenticator {
            id: id(number),
            subject: format!("{:032x}", 1).parse::<SubjectId>().unwrap(),
            kind,
            status: AuthenticatorStatus::Active,
            bound_at: NOW,
            expires_at: None,
            password_length: length,
        }
    }

    fn suspends(all: &[Authenticator], used: &[u128]) -> Vec<AuthenticatorKind> {
        let held: Vec<_> = all.iter().collect();
        let used = used.iter().map(|number| id(*number)).collect();
        let (suspends, keeps) = suspendable(&held, &used, 15, NOW);
        assert_eq!(suspends.len() + keeps.len(), used.len(), "nothing is passed over");
        suspends.iter().map(|held| held.kind).collect()
    }

    #[test]
    fn the_last_way_in_is_kept_and_so_is_what_guards_it() {
        use AuthenticatorKind::{Password, RecoveryCode, Totp};
        let password = held(1, Password, Some(20));
        let short = held(2, Password, Some(8));
        let totp = held(3, Totp, None);
        let codes = held(4, RecoveryCode, None);
        assert_eq!(suspends(std::slice::from_ref(&password), &[1]), []);
        // A password that somebody knows must not come to stand alone.
        assert_eq!(suspends(&[password.clone(), totp.clone()], &[1, 3]), []);
        // A code read over a shoulder: the password, which was not used, still opens.
        assert_eq!(suspends(&[password, totp.clone()], &[3]), [Totp]);
        assert_eq!(suspends(&[short.clone(), totp.clone()], &[3]), []);
        assert_eq!(suspends(&[short, totp, codes], &[3]), [Totp]);
    }

    #[test]
    fn what_is_suspended_already_is_neither_suspended_again_nor_counted_as_a_way() {
        let password = held(1, AuthenticatorKind::Password, Some(20));
        let status = AuthenticatorStatus::Suspended { since: NOW };
        let gone = Authenticator { status, ..held(2, AuthenticatorKind::Password, Some(20)) };
        let all = [&password, &gone];
        let used = BTreeSet::from([password.id, gone.id]);
        let (suspends, keeps) = suspendable(&all, &used, 15, NOW);
        assert!(suspends.is_empty());
        assert_eq!(keeps, [&password]);
    }
}
