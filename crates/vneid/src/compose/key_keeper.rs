//! The key ring's life: the first keys, the next ones, and what happens when one leaks.

use std::sync::Arc;
use std::time::Duration;

use flows::{Fault, Provider};
use identity_core::grant::ActiveGrant;
use identity_core::key::{KeyPurpose, KeyRecord};
use identity_core::{Entropy, EventKind, SecurityEvent, Session, Timestamp};
use jose::{
    KeyEncryptionKey, KeyRing, KeyRingError, RotationSchedule, generate_key, plan_rotation,
};
use storage::{Change, Commit, Store, StoreError};

const PURPOSES: [KeyPurpose; 4] =
    [KeyPurpose::SignEs256, KeyPurpose::SignRs256, KeyPurpose::SignEdDsa, KeyPurpose::Seal];

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ring(#[from] KeyRingError),
    #[error("there is no key {0}")]
    Unknown(String),
    #[error("key {0} is known to be compromised already")]
    AlreadyCompromised(String),
    #[error("the keys were changed by somebody else at the same time; try again")]
    Moved,
    #[error("generating a key was interrupted")]
    Interrupted,
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// When rotation happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// When the schedule says so.
    Scheduled,
    /// As soon as the next key can be announced.
    Now,
}

/// Makes, schedules and opens keys. The key-encryption key stays in here.
///
/// Records of spent keys are kept: the signature of a ledger checkpoint is verified with the key of
/// its day, however long ago that was.
pub struct KeyKeeper {
    store: Arc<dyn Store>,
    kek: Arc<KeyEncryptionKey>,
    entropy: Arc<dyn Entropy>,
}

impl KeyKeeper {
    pub fn new(store: Arc<dyn Store>, kek: KeyEncryptionKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { store, kek: Arc::new(kek), entropy }
    }

    pub async fn records(&self) -> Result<Vec<KeyRecord>, KeyError> {
        Ok(self.store.keys().await?)
    }

    pub async fn ring(&self) -> Result<KeyRing, KeyError> {
        Ok(KeyRing::open(self.records().await?, &self.kek)?)
    }

    /// The ring as it was before any key leaked: to judge what was signed before that, and for
    /// nothing else.
    pub async fn ring_before_leaks(&self) -> Result<KeyRing, KeyError> {
        let mut records = self.records().await?;
        for record in &mut records {
            record.compromised_at = None;
        }
        Ok(KeyRing::open(records, &self.kek)?)
    }

    /// Does what rotation asks for and returns the kids that were made. Nothing to do: nothing
    /// written.
    pub async fn rotate(&self, pace: Pace, now: Timestamp) -> Result<Vec<String>, KeyError> {
        let records = self.records().await?;
        let mut plan = Vec::new();
        for purpose in PURPOSES {
            plan.extend(self.plan(&records, purpose, pace, now).await?);
        }
        let made = created(&plan);
        if !plan.is_empty() && self.store.commit(&plan).await? != Commit::Done {
            return Err(KeyError::Moved);
        }
        Ok(made)
    }

    /// A key leaked: nothing made with it is believed from this moment on (ATK-131), and a successor
    /// is made in the same transaction.
    pub async fn compromise(
        &self,
        provider: &Provider,
        kid: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, KeyError> {
        let mut records = self.records().await?;
        let leaked = records.iter_mut().find(|record| record.kid == kid);
        let leaked = leaked.ok_or_else(|| KeyError::Unknown(kid.to_owned()))?;
        if leaked.compromised_at.is_some() {
            return Err(KeyError::AlreadyCompromised(kid.to_owned()));
        }
        leaked.compromised_at = Some(now);
        let leaked = leaked.clone();
        let purpose = leaked.purpose;
        let event = EventKind::KeyCompromised { kid: kid.to_owned() };
        let mut plan = vec![Change::SaveKey(Box::new(leaked)), self.event(event, now)];
        plan.extend(self.plan(&records, purpose, Pace::Scheduled, now).await?);
        let made = created(&plan);
        provider.commit_uncontested(&plan, now).await?;
        provider.keys.replace(self.ring().await?);
        Ok(made)
    }

    async fn plan(
        &self,
        records: &[KeyRecord],
        purpose: KeyPurpose,
        pace: Pace,
        now: Timestamp,
    ) -> Result<Vec<Change>, KeyError> {
        let rotation = plan_rotation(records, purpose, schedule(purpose, pace), now);
        let mut plan = Vec::new();
        if let Some(activates_at) = rotation.create {
            let record = self.generate(purpose, now, activates_at).await?;
            let event = EventKind::KeyCreated { kid: record.kid.clone() };
            plan.extend([Change::SaveKey(Box::new(record)), self.event(event, now)]);
        }
        for retirement in rotation.retire {
            let record = records.iter().find(|record| record.kid == retirement.kid);
            plan.extend(record.map(|record| {
                Change::SaveKey(Box::new(KeyRecord {
                    retires_at: Some(retirement.retires_at),
                    removes_at: Some(retirement.removes_at),
                    ..record.clone()
                }))
            }));
        }
        Ok(plan)
    }

    /// RSA takes its time: never on a thread that answers requests.
    async fn generate(
        &self,
        purpose: KeyPurpose,
        now: Timestamp,
        activates_at: Timestamp,
    ) -> Result<KeyRecord, KeyError> {
        let (kek, entropy) = (Arc::clone(&self.kek), Arc::clone(&self.entropy));
        let generate = move || generate_key(purpose, now, activates_at, &kek, entropy.as_ref());
        let made =
            tokio::task::spawn_blocking(generate).await.map_err(|_| KeyError::Interrupted)?;
        Ok(made?)
    }

    fn event(&self, kind: EventKind, now: Timestamp) -> Change {
        Change::Append(Box::new(SecurityEvent::new(kind, now, self.entropy.as_ref())))
    }
}

fn schedule(purpose: KeyPurpose, pace: Pace) -> RotationSchedule {
    let scheduled = match purpose {
        // An ID token is a logout hint for as long as its session lives.
        KeyPurpose::SignEs256 | KeyPurpose::SignRs256 | KeyPurpose::SignEdDsa => {
            RotationSchedule::signing(Session::LIFE)
        }
        KeyPurpose::Seal => RotationSchedule::sealing(ActiveGrant::REFRESH_IDLE),
    };
    match pace {
        Pace::Scheduled => scheduled,
        Pace::Now => RotationSchedule { active_for: Duration::ZERO, ..scheduled },
    }
}

fn created(plan: &[Change]) -> Vec<String> {
    plan.iter()
        .filter_map(|change| match change {
            Change::Append(event) => match &event.kind {
                EventKind::KeyCreated { kid } => Some(kid.clone()),
                _ => None,
            },
            _ => None,
        })
        .collect()
}
