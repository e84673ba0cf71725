//! One change, made to plain maps.

use std::collections::btree_map::Entry;

use identity_core::authenticator::FailureCount;
use identity_core::consent::Consent;
use identity_core::grant::{ActiveGrant, Generation, Grant, GrantTerms, RevocationReason};
use identity_core::id::{DeliveryId, SessionId};
use identity_core::key::KeyRecord;
use identity_core::secret::SecretDigest;
use identity_core::session::SessionEnd;
use identity_core::{
    AuthenticationEvidence, AuthenticatorId, GrantId, RelyingParty, SecurityEvent, Session,
    Subject, Timestamp,
};
use ledger::{RecordedEvent, Sequence};

use super::durable::{Tables, login_names};
use crate::change::{Change, Commit, Contest, GrantScope, KeyChange, Replacement, SessionScope};
use crate::error::StoreError;
use crate::ports::StoreResult;
use crate::record::{Enrolment, LogoutDelivery, ThrottleKey, VersionedSubject};

/// What a grant holds that belongs to a session and outlives it.
const OFFLINE_ACCESS: &str = "offline_access";

impl Tables {
    pub(super) fn apply(&mut self, change: &Change) -> StoreResult<Commit> {
        match change {
            Change::CreateSubject(subject) => return Ok(self.store_subject(subject, 1)),
            Change::ReplaceSubject { subject, version } => {
                return Ok(self.replace_subject(subject, *version));
            }
            Change::ConsumeTotpStep { authenticator, step } => {
                return Ok(self.consume_step(*authenticator, *step));
            }
            Change::ReplaceCredential { authenticator, version, next } => {
                return Ok(self.replace_credential(*authenticator, *version, next));
            }
            Change::ConsumeOnce { purpose, digest, .. } => {
                return Ok(self.consume_once(purpose, *digest));
            }
            Change::ExtendSession { session, handle, evidence, now } => {
                return Ok(self.extend_session(*session, *handle, evidence, *now));
            }
            Change::InsertGrant(grant) => return Ok(self.insert_grant(grant)),
            Change::RotateGrant { grant, from, to, now } => {
                return Ok(self.rotate(*grant, *from, *to, *now));
            }
            Change::TakeLogout { delivery, due_at, until } => {
                return Ok(self.take_logout(*delivery, *due_at, *until));
            }
            Change::Key(change) => return Ok(self.change_key(change)),

            Change::BindAuthenticator(enrolment) => {
                self.enrolments.insert(enrolment.authenticator.id, Enrolment::clone(enrolment));
            }
            Change::SetAuthenticatorStatus { authenticator, status } => {
                let enrolment = self.enrolment(*authenticator)?;
                enrolment.authenticator.status = *status;
                enrolment.version += 1;
            }
            Change::ResetFailures(key) => self.reset_failures(key),
            Change::OpenSession(session) => {
                self.sessions.insert(session.id, Session::clone(session));
            }
            Change::TouchSession { session, now } => self.touch_session(*session, *now),
            Change::EndSessions { scope, end } => self.end_sessions(*scope, *end),
            Change::SaveConsent(consent) => self.save_consent(consent),
            Change::WithdrawConsent { subject, client, now } => {
                if let Some(consent) = self.consents.get_mut(&(*subject, client.clone())) {
                    consent.withdrawn_at.get_or_insert(*now);
                }
            }
            Change::RevokeGrants { scope, reason, now } => self.revoke(scope, *reason, *now),
            Change::SaveRelyingParty(party) => self.save_relying_party(party),
            Change::QueueLogout(delivery) => self.queue_logout(delivery),
            Change::FinishLogout(delivery) => drop(self.logouts.remove(delivery)),
            Change::RetryLogout { delivery, due_at } => self.retry_logout(*delivery, *due_at),
            Change::SaveCheckpoint(checkpoint) => {
                self.checkpoints.entry(checkpoint.size).or_insert_with(|| checkpoint.clone());
            }
            Change::Append(event) => self.append(event)?,
        }
        Ok(Commit::Done)
    }

    fn take_logout(&mut self, id: DeliveryId, due_at: Timestamp, until: Timestamp) -> Commit {
        match self.logouts.get_mut(&id).filter(|delivery| delivery.due_at == due_at) {
            Some(delivery) => {
                delivery.due_at = until;
                Commit::Done
            }
            None => Commit::Lost(Contest::DeliveryTaken),
        }
    }

    fn replace_subject(&mut self, subject: &Subject, version: u64) -> Commit {
        let current = self.subjects.get(&subject.id).map(|stored| stored.version);
        if current == Some(version) {
            self.store_subject(subject, version + 1)
        } else {
            Commit::Lost(Contest::SubjectMoved)
        }
    }

    fn store_subject(&mut self, subject: &Subject, version: u64) -> Commit {
        let taken = login_names(subject)
            .iter()
            .any(|name| self.bearer_of(name).is_some_and(|bearer| bearer.subject.id != subject.id));
        if taken {
            return Commit::Lost(Contest::NameTaken);
        }
        let stored = VersionedSubject { subject: subject.clone(), version };
        self.subjects.insert(subject.id, stored);
        Commit::Done
    }

    fn consume_step(&mut self, id: AuthenticatorId, step: u64) -> Commit {
        let unused =
            |enrolment: &&mut Enrolment| enrolment.last_step.is_none_or(|last| last < step);
        match self.enrolments.get_mut(&id).filter(unused) {
            Some(enrolment) => {
                enrolment.last_step = Some(step);
                Commit::Done
            }
            None => Commit::Lost(Contest::StepUsed),
        }
    }

    fn consume_once(&mut self, purpose: &'static str, digest: SecretDigest) -> Commit {
        if self.consumed.insert((purpose, digest.0)) {
            Commit::Done
        } else {
            Commit::Lost(Contest::AlreadyConsumed)
        }
    }

    fn replace_credential(&mut self, id: AuthenticatorId, seen: u64, next: &Replacement) -> Commit {
        let known = self.enrolments.get_mut(&id);
        let Some(enrolment) = known.filter(|known| known.version == seen) else {
            return Commit::Lost(Contest::AuthenticatorMoved);
        };
        enrolment.version += 1;
        enrolment.credential = next.credential.clone();
        enrolment.label.clone_from(&next.label);
        enrolment.authenticator.password_length = next.password_length;
        Commit::Done
    }

    fn rotate(&mut self, id: GrantId, from: Generation, to: Generation, now: Timestamp) -> Commit {
        match self.grants.get_mut(&id) {
            Some(Grant::Active(ActiveGrant { generation, rotated_at, .. }))
                if *generation == from =>
            {
                (*generation, *rotated_at) = (to, now);
                Commit::Done
            }
            Some(Grant::Active(_) | Grant::Revoked(_)) | None => {
                Commit::Lost(Contest::GenerationMoved)
            }
        }
    }

    fn extend_session(
        &mut self,
        id: SessionId,
        handle: SecretDigest,
        evidence: &[AuthenticationEvidence],
        now: Timestamp,
    ) -> Commit {
        let live = |session: &&mut Session| session.ended.is_none() && now < session.expires_at;
        let Some(session) = self.sessions.get_mut(&id).filter(live) else {
            return Commit::Lost(Contest::SessionEnded);
        };
        session.handle = handle;
        session.evidence.extend_from_slice(evidence);
        session.last_used_at = now;
        Commit::Done
    }

    fn touch_session(&mut self, id: SessionId, now: Timestamp) {
        let session = self.sessions.get_mut(&id);
        if let Some(session) = session.filter(|session| session.ended.is_none()) {
            session.last_used_at = session.last_used_at.max(now);
        }
    }

    fn end_sessions(&mut self, scope: SessionScope, end: SessionEnd) {
        for session in self.sessions.values_mut().filter(|session| holds_session(scope, session)) {
            session.ended.get_or_insert(end);
        }
    }

    fn insert_grant(&mut self, grant: &ActiveGrant) -> Commit {
        match self.grants.entry(grant.terms.grant) {
            Entry::Occupied(_) => Commit::Lost(Contest::GrantExists),
            Entry::Vacant(free) => {
                free.insert(Grant::Active(grant.clone()));
                Commit::Done
            }
        }
    }

    fn revoke(&mut self, scope: &GrantScope, reason: RevocationReason, now: Timestamp) {
        for grant in self.grants.values_mut() {
            if let Grant::Active(active) = grant
                && holds_grant(scope, &active.terms)
            {
                *grant = Grant::Revoked(active.clone().revoke(reason, now));
            }
        }
    }

    fn save_consent(&mut self, consent: &Consent) {
        self.consents.insert((consent.subject, consent.client.clone()), consent.clone());
    }

    fn save_relying_party(&mut self, party: &RelyingParty) {
        self.relying_parties.insert(party.client_id.clone(), party.clone());
    }

    fn queue_logout(&mut self, delivery: &LogoutDelivery) {
        self.logouts.insert(delivery.id, delivery.clone());
    }

    fn retry_logout(&mut self, id: DeliveryId, due_at: Timestamp) {
        if let Some(delivery) = self.logouts.get_mut(&id) {
            delivery.attempts += 1;
            delivery.due_at = due_at;
        }
    }

    fn append(&mut self, event: &SecurityEvent) -> StoreResult<()> {
        let leaf = ledger::encode(event).map_err(StoreError::corrupt)?;
        let sequence = Sequence(self.events.len() as u64 + 1);
        self.events.push(RecordedEvent::read(sequence, leaf).map_err(StoreError::corrupt)?);
        Ok(())
    }

    fn reset_failures(&mut self, key: &ThrottleKey) {
        if let Some(failures) = self.failures(key) {
            *failures = FailureCount::default();
        }
    }

    fn change_key(&mut self, change: &KeyChange) -> Commit {
        match change {
            KeyChange::Create(key) => match self.keys.entry(key.kid.clone()) {
                Entry::Occupied(_) => Commit::Lost(Contest::KeyExists),
                Entry::Vacant(free) => {
                    free.insert(KeyRecord::clone(key));
                    Commit::Done
                }
            },
            KeyChange::Reschedule { kid, from, to } => {
                match self.keys.get_mut(kid).filter(|key| key.times() == *from) {
                    Some(key) => {
                        key.set_times(*to);
                        Commit::Done
                    }
                    None => Commit::Lost(Contest::KeyMoved),
                }
            }
            KeyChange::Rewrap { kid, from, to } => {
                match self.keys.get_mut(kid).filter(|key| key.wrapped == *from) {
                    Some(key) => {
                        key.wrapped.clone_from(to);
                        Commit::Done
                    }
                    None => Commit::Lost(Contest::KeyMoved),
                }
            }
        }
    }

    fn enrolment(&mut self, id: AuthenticatorId) -> StoreResult<&mut Enrolment> {
        let unknown = || StoreError::corrupt(format_args!("no authenticator {id}"));
        self.enrolments.get_mut(&id).ok_or_else(unknown)
    }
}

fn holds_session(scope: SessionScope, session: &Session) -> bool {
    match scope {
        SessionScope::One(id) => session.id == id,
        SessionScope::OfSubject(subject) => session.subject == subject,
    }
}

fn holds_grant(scope: &GrantScope, terms: &GrantTerms) -> bool {
    match scope {
        GrantScope::One(id) => terms.grant == *id,
        GrantScope::OnlineOfSession(session) => {
            terms.session == *session && !terms.scopes.contains(OFFLINE_ACCESS)
        }
        GrantScope::OfSubject(subject) => terms.subject == *subject,
        GrantScope::OfSubjectAtClient { subject, client } => {
            terms.subject == *subject && terms.client == *client
        }
    }
}
