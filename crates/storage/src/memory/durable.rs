//! The port in its plainest form: maps behind one lock. What a real store must be indistinguishable
//! from; slow, and gone with the process.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use identity_core::authenticator::{AttemptGate, AttemptRule, AuthenticatorStatus, FailureCount};
use identity_core::consent::Consent;
use identity_core::grant::Grant;
use identity_core::id::{DeliveryId, SessionId};
use identity_core::key::KeyRecord;
use identity_core::secret::SecretDigest;
use identity_core::{
    Authenticator, AuthenticatorId, ClientId, EventKind, GrantId, LoginName, RelyingParty, Session,
    Subject, SubjectId, Timestamp,
};
use ledger::{RecordedEvent, Sequence};
use uuid::Uuid;

use crate::change::{Change, Commit};
use crate::ports::{KeyReader, LedgerReader, RegistryReader, Store, StoreResult};
use crate::record::{
    Enrolment, GrantsRemoved, Lease, LogoutDelivery, SignedCheckpoint, SubjectListing, ThrottleKey,
    VersionedSubject,
};

/// A durable store without durability: the reference for the contract.
#[derive(Default, Debug)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Tables {
    pub subjects: BTreeMap<SubjectId, VersionedSubject>,
    pub enrolments: BTreeMap<AuthenticatorId, Enrolment>,
    pub consumed: HashSet<(&'static str, [u8; 32])>,
    pub other_failures: HashMap<ThrottleKey, FailureCount>,
    pub sessions: BTreeMap<SessionId, Session>,
    pub grants: BTreeMap<GrantId, Grant>,
    pub consents: BTreeMap<(SubjectId, ClientId), Consent>,
    pub relying_parties: BTreeMap<ClientId, RelyingParty>,
    pub keys: BTreeMap<String, KeyRecord>,
    pub logouts: BTreeMap<DeliveryId, LogoutDelivery>,
    pub events: Vec<RecordedEvent>,
    pub checkpoints: BTreeMap<u64, SignedCheckpoint>,
    pub leases: HashMap<Lease, (Uuid, Timestamp)>,
}

impl Tables {
    pub fn bearer_of(&self, name: &LoginName) -> Option<&VersionedSubject> {
        self.subjects.values().find(|stored| login_names(&stored.subject).contains(name))
    }

    pub fn failures(&mut self, key: &ThrottleKey) -> Option<&mut FailureCount> {
        match key {
            ThrottleKey::Authenticator(id) => {
                self.enrolments.get_mut(id).map(|enrolment| &mut enrolment.failures)
            }
            ThrottleKey::UnknownName(_)
            | ThrottleKey::MessageCodes(_)
            | ThrottleKey::Recovery(_) => Some(self.other_failures.entry(key.clone()).or_default()),
        }
    }
}

/// The number in force and the phone.
pub(super) fn login_names(subject: &Subject) -> Vec<LoginName> {
    let phone = subject.profile.phone.as_ref();
    let phone = phone.map(|phone| LoginName::Phone(phone.value.clone()));
    std::iter::once(LoginName::of_number(&subject.profile.number)).chain(phone).collect()
}

/// See [`Store::remove_ended_grants`].
fn was_over(grant: &Grant, before: Timestamp) -> bool {
    match grant {
        Grant::Active(grant) => !grant.terms.outlives_session() && grant.redeemed_at < before,
        Grant::Revoked(grant) => grant.at < before,
    }
}

impl MemoryStore {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RegistryReader for MemoryStore {
    async fn relying_parties(&self) -> StoreResult<Vec<RelyingParty>> {
        Ok(self.tables().relying_parties.values().cloned().collect())
    }
}

#[async_trait]
impl KeyReader for MemoryStore {
    async fn keys(&self) -> StoreResult<Vec<KeyRecord>> {
        let mut keys: Vec<_> = self.tables().keys.values().cloned().collect();
        keys.sort_by_key(|key| key.created_at);
        Ok(keys)
    }
}

#[async_trait]
impl LedgerReader for MemoryStore {
    async fn events_after(&self, after: Sequence, limit: u32) -> StoreResult<Vec<RecordedEvent>> {
        let tables = self.tables();
        let events = tables.events.iter().filter(|row| row.sequence() > after);
        Ok(events.take(limit as usize).cloned().collect())
    }

    async fn sequence_before(&self, from: Timestamp) -> StoreResult<Sequence> {
        let tables = self.tables();
        let seen = tables.events.iter().take_while(|row| row.event().at < from).last();
        Ok(seen.map_or(Sequence::BEFORE_FIRST, RecordedEvent::sequence))
    }

    async fn standing_events(&self) -> StoreResult<Vec<RecordedEvent>> {
        let stands = |row: &&RecordedEvent| {
            matches!(
                row.event().kind,
                EventKind::ClientSuspended
                    | EventKind::ClientReinstated
                    | EventKind::KeyCompromised { .. }
            )
        };
        Ok(self.tables().events.iter().filter(stands).cloned().collect())
    }

    async fn head(&self) -> StoreResult<Sequence> {
        let tables = self.tables();
        Ok(tables.events.last().map_or(Sequence::BEFORE_FIRST, RecordedEvent::sequence))
    }

    async fn checkpoints(&self) -> StoreResult<Vec<SignedCheckpoint>> {
        Ok(self.tables().checkpoints.values().cloned().collect())
    }

    async fn newest_checkpoint(&self) -> StoreResult<Option<SignedCheckpoint>> {
        Ok(self.tables().checkpoints.last_key_value().map(|(_, checkpoint)| checkpoint.clone()))
    }
}

#[async_trait]
impl Store for MemoryStore {
    /// On a copy, which becomes the truth only when every change was made.
    async fn commit(&self, plan: &[Change]) -> StoreResult<Commit> {
        let mut tables = self.tables();
        let mut planned = tables.clone();
        for change in plan {
            if let Commit::Lost(contest) = planned.apply(change)? {
                return Ok(Commit::Lost(contest));
            }
        }
        *tables = planned;
        Ok(Commit::Done)
    }

    async fn subject(&self, id: SubjectId) -> StoreResult<Option<VersionedSubject>> {
        Ok(self.tables().subjects.get(&id).cloned())
    }

    async fn subject_by_login(&self, name: &LoginName) -> StoreResult<Option<VersionedSubject>> {
        Ok(self.tables().bearer_of(name).cloned())
    }

    async fn subjects_by_name(&self, folded: &str) -> StoreResult<Vec<SubjectListing>> {
        let tables = self.tables();
        let subjects = tables.subjects.values().map(|stored| &stored.subject);
        Ok(subjects
            .filter(|subject| subject.profile.name.folded() == folded)
            .map(|subject| SubjectListing {
                subject: subject.id,
                name: subject.profile.name.as_str().to_owned(),
            })
            .collect())
    }

    async fn enrolments(&self, subject: SubjectId) -> StoreResult<Vec<Enrolment>> {
        let tables = self.tables();
        let kept = |enrolment: &&Enrolment| {
            let Authenticator { subject: bearer, status, .. } = &enrolment.authenticator;
            *bearer == subject && !matches!(status, AuthenticatorStatus::Removed { .. })
        };
        let mut enrolments: Vec<_> = tables.enrolments.values().filter(kept).cloned().collect();
        enrolments.sort_by_key(|enrolment| enrolment.authenticator.bound_at);
        Ok(enrolments)
    }

    async fn reserve_attempt_under(
        &self,
        rule: &AttemptRule,
        key: &ThrottleKey,
        now: Timestamp,
    ) -> StoreResult<AttemptGate> {
        let mut tables = self.tables();
        let Some(failures) = tables.failures(key) else {
            return Ok(AttemptGate::Exhausted);
        };
        let gate = failures.gate_under(rule, now);
        if gate == AttemptGate::Open {
            *failures = FailureCount { consecutive: failures.consecutive + 1, last_at: Some(now) };
        }
        Ok(gate)
    }

    async fn session(&self, id: SessionId) -> StoreResult<Option<Session>> {
        Ok(self.tables().sessions.get(&id).cloned())
    }

    async fn session_by_handle(&self, handle: &SecretDigest) -> StoreResult<Option<Session>> {
        let tables = self.tables();
        Ok(tables.sessions.values().find(|session| session.handle == *handle).cloned())
    }

    async fn live_sessions(&self, subject: SubjectId, now: Timestamp) -> StoreResult<Vec<Session>> {
        let tables = self.tables();
        let live = |session: &&Session| session.subject == subject && session.alive(now);
        let mut sessions: Vec<_> = tables.sessions.values().filter(live).cloned().collect();
        sessions.sort_by_key(|session| std::cmp::Reverse(session.created_at));
        Ok(sessions)
    }

    async fn grant(&self, id: GrantId) -> StoreResult<Option<Grant>> {
        Ok(self.tables().grants.get(&id).cloned())
    }

    async fn clients_of_session(&self, session: SessionId) -> StoreResult<Vec<ClientId>> {
        let tables = self.tables();
        let terms = tables.grants.values().map(|grant| match grant {
            Grant::Active(grant) => &grant.terms,
            Grant::Revoked(grant) => &grant.terms,
        });
        let of_session = terms.filter(|terms| terms.session == session);
        let mut clients: Vec<_> = of_session.map(|terms| terms.client.clone()).collect();
        clients.sort();
        clients.dedup();
        Ok(clients)
    }

    async fn consent(&self, subject: SubjectId, client: &ClientId) -> StoreResult<Option<Consent>> {
        Ok(self.tables().consents.get(&(subject, client.clone())).cloned())
    }

    async fn consents_of(&self, subject: SubjectId) -> StoreResult<Vec<Consent>> {
        let tables = self.tables();
        let given = tables.consents.values().filter(|consent| consent.subject == subject);
        let mut consents: Vec<_> = given.cloned().collect();
        consents.sort_by_key(|consent| std::cmp::Reverse(consent.given_at));
        Ok(consents)
    }

    async fn history_of(
        &self,
        subject: SubjectId,
        before: Option<Sequence>,
        limit: u32,
    ) -> StoreResult<Vec<RecordedEvent>> {
        let tables = self.tables();
        let shown = |row: &&RecordedEvent| {
            row.event().subject == Some(subject)
                && before.is_none_or(|before| row.sequence() < before)
        };
        Ok(tables.events.iter().rev().filter(shown).take(limit as usize).cloned().collect())
    }

    async fn take_lease(
        &self,
        lease: Lease,
        holder: Uuid,
        runs_out_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<bool> {
        let mut tables = self.tables();
        let held = tables.leases.get(&lease);
        let free = held.is_none_or(|(by, until)| *by == holder || *until <= now);
        if free {
            tables.leases.insert(lease, (holder, runs_out_at));
        }
        Ok(free)
    }

    async fn remove_dead_sessions(&self, before: Timestamp, most: u32) -> StoreResult<u64> {
        let sessions = &mut self.tables().sessions;
        let dead = sessions.values().filter(|session| session.expires_at < before);
        let dead: Vec<_> = dead.take(most as usize).map(|session| session.id).collect();
        sessions.retain(|id, _| !dead.contains(id));
        Ok(dead.len() as u64)
    }

    async fn remove_ended_grants(
        &self,
        after: Option<GrantId>,
        before: Timestamp,
        most: u32,
    ) -> StoreResult<GrantsRemoved> {
        use std::ops::Bound;

        let grants = &mut self.tables().grants;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let old = (from, Bound::Excluded(GrantId::earliest(before)));
        let looked_at: Vec<_> = grants.range(old).take(most as usize).map(|(id, _)| *id).collect();
        let ended: Vec<_> = looked_at
            .iter()
            .filter(|id| grants.get(id).is_some_and(|grant| was_over(grant, before)))
            .collect();
        for id in &ended {
            grants.remove(id);
        }
        let full = looked_at.len() == most as usize;
        let next = looked_at.last().copied().filter(|_| full);
        Ok(GrantsRemoved { count: ended.len() as u64, next })
    }

    async fn due_logouts(&self, now: Timestamp, limit: u32) -> StoreResult<Vec<LogoutDelivery>> {
        let tables = self.tables();
        let due = tables.logouts.values().filter(|delivery| delivery.due_at <= now);
        let mut due: Vec<_> = due.cloned().collect();
        due.sort_by_key(|delivery| (delivery.due_at, delivery.id));
        due.truncate(limit as usize);
        Ok(due)
    }
}
