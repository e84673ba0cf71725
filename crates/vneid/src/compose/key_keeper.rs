//! The key ring's life: the first keys, the next ones, and what happens when one leaks.
//!
//! Several nodes may come to the same conclusion at once. Each plan moves the times of a key it
//! started from, so the database carries out one of them; the others look again.

use std::sync::Arc;
use std::time::Duration;

use flows::{Fault, Provider};
use identity_core::grant::ActiveGrant;
use identity_core::key::{KeyPurpose, KeyRecord, KeyTimes};
use identity_core::{Clock, Entropy, EventKind, SecurityEvent, Session, Timestamp};
use jose::{Custody, KeyOrder, KeyRing, KeyRingError, KeyStage, RotationSchedule, plan_rotation};
use storage::{Change, Commit, KeyChange, Store, StoreError};
use tokio::time::sleep;

pub const PURPOSES: [KeyPurpose; 4] =
    [KeyPurpose::SignEs256, KeyPurpose::SignRs256, KeyPurpose::SignEdDsa, KeyPurpose::Seal];

/// How often a plan that lost is made anew. Whoever won left little to do.
const ATTEMPTS: usize = 5;
/// How long a node that makes no keys waits for one that does, and how often it looks.
const WAIT_FOR_KEYS: Duration = Duration::from_secs(30);
const LOOK_FOR_KEYS: Duration = Duration::from_millis(500);

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
    #[error(
        "there are no keys yet: start a node that issues (`--role all` or `authorization`) first"
    )]
    NoneYet,
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
    /// In a hurry: announced for so long only.
    Within(Duration),
}

/// Makes, schedules and opens keys. The key-encryption key stays in here.
///
/// Records of spent keys are kept: the signature of a ledger checkpoint is verified with the key of
/// its day, however long ago that was.
pub struct KeyKeeper {
    store: Arc<dyn Store>,
    custody: Arc<Custody>,
    announce: Duration,
    entropy: Arc<dyn Entropy>,
}

/// Changes to commit together, and the keys made for them.
#[derive(Default)]
struct Plan {
    changes: Vec<Change>,
    made: Vec<KeyRecord>,
}

impl KeyKeeper {
    /// `announce`: how long a signing key is published before it signs.
    pub fn new(
        store: Arc<dyn Store>,
        custody: Custody,
        announce: Duration,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self { store, custody: Arc::new(custody), announce, entropy }
    }

    pub async fn records(&self) -> Result<Vec<KeyRecord>, KeyError> {
        Ok(self.store.keys().await?)
    }

    pub async fn ring(&self) -> Result<KeyRing, KeyError> {
        self.open(self.records().await?, None).await
    }

    /// The ring of `records`; what `known` holds is not opened again. Off the threads that answer
    /// requests: it may take a device's time.
    pub async fn open(
        &self,
        records: Vec<KeyRecord>,
        known: Option<Arc<KeyRing>>,
    ) -> Result<KeyRing, KeyError> {
        let opened =
            self.working(move |custody, _| custody.open(records, known.as_deref())).await?;
        Ok(opened?)
    }

    /// The ring of a node that makes keys, with whatever was due.
    pub async fn ring_of_maker(&self, now: Timestamp) -> Result<KeyRing, KeyError> {
        let rotated = self.rotate(Pace::Scheduled, now).await;
        let ring = self.ring().await?;
        match rotated {
            // The keys there are go on; the loop tries again.
            Err(KeyError::Ring(KeyRingError::Device(error))) if ring.lacking(now).is_empty() => {
                tracing::warn!(%error, "the next keys cannot be made yet");
                Ok(ring)
            }
            Err(error) => Err(error),
            Ok(_) => Ok(ring),
        }
    }

    /// The ring of a node that makes none. On an empty database it waits a while for one that does.
    pub async fn ring_of_reader(&self, clock: &dyn Clock) -> Result<KeyRing, KeyError> {
        let mut waited = Duration::ZERO;
        loop {
            let ring = self.ring().await?;
            if !ring.lacking(clock.now()).contains(&KeyPurpose::Seal) {
                return Ok(ring);
            }
            if waited >= WAIT_FOR_KEYS {
                return Err(KeyError::NoneYet);
            }
            if waited.is_zero() {
                tracing::warn!("there are no keys yet; waiting for a node that makes them");
            }
            sleep(LOOK_FOR_KEYS).await;
            waited += LOOK_FOR_KEYS;
        }
    }

    /// The ring as it was before any key leaked: to judge what was signed before that, and for
    /// nothing else.
    pub async fn ring_before_leaks(&self) -> Result<KeyRing, KeyError> {
        let mut records = self.records().await?;
        for record in &mut records {
            record.compromised_at = None;
        }
        self.open(records, None).await
    }

    /// Does what rotation asks for and returns the kids that were made. Nothing to do: nothing
    /// written. Of several nodes that find the same key due, one makes its successor.
    pub async fn rotate(&self, pace: Pace, now: Timestamp) -> Result<Vec<String>, KeyError> {
        for _ in 0..ATTEMPTS {
            let records = self.records().await?;
            let mut plan = Plan::default();
            for purpose in PURPOSES {
                self.succeed(&mut plan, &records, purpose, pace, now).await?;
            }
            if plan.changes.is_empty() {
                return Ok(Vec::new());
            }
            match self.store.commit(&plan.changes).await? {
                Commit::Done => return Ok(plan.kids()),
                Commit::Lost(_) => self.discard(plan).await?,
            }
        }
        Err(KeyError::Moved)
    }

    /// A key leaked: nothing made with it is believed from this moment on (ATK-131), and a successor
    /// is made in the same transaction.
    pub async fn compromise(
        &self,
        provider: &Provider,
        kid: &str,
        now: Timestamp,
    ) -> Result<Vec<String>, KeyError> {
        let choose = |records: &[KeyRecord]| {
            let leaked = records.iter().find(|record| record.kid == kid);
            match leaked.ok_or_else(|| KeyError::Unknown(kid.to_owned()))?.compromised_at {
                Some(_) => Err(KeyError::AlreadyCompromised(kid.to_owned())),
                None => Ok(vec![kid.to_owned()]),
            }
        };
        self.disbelieve(provider, choose, now).await.map(|(_, made)| made)
    }

    /// After commits were lost (a restore to an earlier time): nobody knows any more which tokens were
    /// taken back, so nothing sealed until now is believed. Returns what leaked and what was made.
    pub async fn compromise_all_sealing(
        &self,
        provider: &Provider,
        now: Timestamp,
    ) -> Result<(Vec<String>, Vec<String>), KeyError> {
        let choose = |records: &[KeyRecord]| {
            let sealing = records.iter().filter(|record| record.purpose == KeyPurpose::Seal);
            let alive = sealing.filter(|record| KeyStage::of(record, now).is_believed());
            Ok(alive.map(|record| record.kid.clone()).collect())
        };
        self.disbelieve(provider, choose, now).await
    }

    /// Wraps every key that is not wrapped by today's key-encryption key, all of them in one
    /// transaction, and returns how many. Looks again until nothing is left: a node may have made a
    /// key meanwhile.
    pub async fn rewrap(&self) -> Result<usize, KeyError> {
        let mut count = 0;
        for _ in 0..ATTEMPTS {
            let records = self.records().await?;
            let changes = self.working(|custody, entropy| rewrapping(custody, records, entropy));
            let changes = changes.await??;
            if changes.is_empty() {
                return Ok(count);
            }
            if self.store.commit(&changes).await? == Commit::Done {
                count += changes.len();
            }
        }
        Err(KeyError::Moved)
    }

    async fn disbelieve(
        &self,
        provider: &Provider,
        choose: impl Fn(&[KeyRecord]) -> Result<Vec<String>, KeyError>,
        now: Timestamp,
    ) -> Result<(Vec<String>, Vec<String>), KeyError> {
        for _ in 0..ATTEMPTS {
            let mut records = self.records().await?;
            let leaked = choose(&records)?;
            let mut plan = Plan::default();
            for record in records.iter_mut().filter(|record| leaked.contains(&record.kid)) {
                let from = record.times();
                record.compromised_at = Some(now);
                plan.reschedule(&record.kid, from, record.times());
                let kind = EventKind::KeyCompromised { kid: record.kid.clone() };
                plan.changes.push(self.event(kind, now));
            }
            for purpose in PURPOSES {
                if records.iter().any(|key| key.purpose == purpose && leaked.contains(&key.kid)) {
                    self.succeed_if_possible(&mut plan, &records, purpose, now).await?;
                }
            }
            if provider.commit(&plan.changes, now).await? == Commit::Done {
                self.renew(&provider.keys).await?;
                return Ok((leaked, plan.kids()));
            }
            self.discard(plan).await?;
        }
        Err(KeyError::Moved)
    }

    /// Puts the ring of the present records in place. First what needs no key opened: a key that
    /// leaked is disbelieved also where its successor cannot be opened yet.
    pub async fn renew(&self, keys: &node::Keys) -> Result<(), KeyError> {
        let records = self.records().await?;
        let known = Arc::new(keys.ring().rescheduled(&records));
        keys.replace(Arc::clone(&known));
        keys.replace(Arc::new(self.open(records, Some(known)).await?));
        Ok(())
    }

    /// A leak does not wait for the device that would make the successor.
    async fn succeed_if_possible(
        &self,
        plan: &mut Plan,
        records: &[KeyRecord],
        purpose: KeyPurpose,
        now: Timestamp,
    ) -> Result<(), KeyError> {
        match self.succeed(plan, records, purpose, Pace::Scheduled, now).await {
            Err(KeyError::Ring(KeyRingError::Device(error))) => {
                tracing::error!(%error, "no successor can be made now; rotation makes it later");
                Ok(())
            }
            other => other,
        }
    }

    /// Adds what keeps the keys of `purpose` following each other.
    async fn succeed(
        &self,
        plan: &mut Plan,
        records: &[KeyRecord],
        purpose: KeyPurpose,
        pace: Pace,
        now: Timestamp,
    ) -> Result<(), KeyError> {
        let rotation = plan_rotation(records, purpose, self.schedule(purpose, pace), now);
        if let Some(activates_at) = rotation.create {
            let order = KeyOrder { purpose, created_at: now, activates_at };
            let made = self.generate(order, records.to_vec()).await?;
            plan.contest_with_the_dead(records, purpose, now);
            plan.changes.push(Change::Key(KeyChange::Create(Box::new(made.clone()))));
            let kind = EventKind::KeyCreated { kid: made.kid.clone() };
            plan.changes.push(self.event(kind, now));
            plan.made.push(made);
        }
        for retirement in rotation.retire {
            if let Some(record) = records.iter().find(|record| record.kid == retirement.kid) {
                let mut retired = record.times();
                retired.retires_at = Some(retirement.retires_at);
                retired.removes_at = Some(retirement.removes_at);
                plan.reschedule(&record.kid, record.times(), retired);
            }
        }
        Ok(())
    }

    /// RSA takes its time, and so does a device.
    async fn generate(
        &self,
        order: KeyOrder,
        existing: Vec<KeyRecord>,
    ) -> Result<KeyRecord, KeyError> {
        let made =
            self.working(move |custody, entropy| custody.generate(order, &existing, entropy));
        Ok(made.await??)
    }

    /// Keys in a device are there before the database has them, so those of a lost plan must go. One
    /// that stays because the device is away is only never used.
    async fn discard(&self, plan: Plan) -> Result<(), KeyError> {
        let discard = move |custody: &Custody, _: &dyn Entropy| {
            for record in &plan.made {
                if let Err(error) = custody.discard(record) {
                    tracing::warn!(kid = record.kid, %error, "an unused key stays in the device");
                }
            }
        };
        self.working(discard).await
    }

    async fn working<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Custody, &dyn Entropy) -> T + Send + 'static,
    ) -> Result<T, KeyError> {
        let (custody, entropy) = (Arc::clone(&self.custody), Arc::clone(&self.entropy));
        let worked = tokio::task::spawn_blocking(move || work(&custody, entropy.as_ref()));
        worked.await.map_err(|_| KeyError::Interrupted)
    }

    fn event(&self, kind: EventKind, now: Timestamp) -> Change {
        Change::Append(Box::new(SecurityEvent::new(kind, now, self.entropy.as_ref())))
    }

    pub fn schedule(&self, purpose: KeyPurpose, pace: Pace) -> RotationSchedule {
        let scheduled = match purpose {
            // An ID token is a logout hint for as long as its session lives.
            KeyPurpose::SignEs256 | KeyPurpose::SignRs256 | KeyPurpose::SignEdDsa => {
                let signing = RotationSchedule::signing(Session::LIFE);
                RotationSchedule { publish_ahead: self.announce, ..signing }
            }
            KeyPurpose::Seal => RotationSchedule::sealing(ActiveGrant::REFRESH_IDLE),
        };
        match pace {
            Pace::Scheduled => scheduled,
            Pace::Now => RotationSchedule { active_for: Duration::ZERO, ..scheduled },
            Pace::Within(publish_ahead) => {
                RotationSchedule { active_for: Duration::ZERO, publish_ahead, ..scheduled }
            }
        }
    }
}

fn rewrapping(
    custody: &Custody,
    records: Vec<KeyRecord>,
    entropy: &dyn Entropy,
) -> Result<Vec<Change>, KeyRingError> {
    let mut changes = Vec::new();
    for record in records {
        if let Some(to) = custody.rewrap(&record, entropy)? {
            let KeyRecord { kid, wrapped: from, .. } = record;
            changes.push(Change::Key(KeyChange::Rewrap { kid, from, to }));
        }
    }
    Ok(changes)
}

impl Plan {
    fn kids(&self) -> Vec<String> {
        self.made.iter().map(|record| record.kid.clone()).collect()
    }

    fn reschedule(&mut self, kid: &str, from: KeyTimes, to: KeyTimes) {
        let kid = kid.to_owned();
        self.changes.push(Change::Key(KeyChange::Reschedule { kid, from, to }));
    }

    /// A key that fills a gap retires none of the living, so the newest of the dead is what two nodes
    /// compete for: when it retired no longer means anything.
    fn contest_with_the_dead(
        &mut self,
        records: &[KeyRecord],
        purpose: KeyPurpose,
        now: Timestamp,
    ) {
        let dead = records.iter().filter(|record| {
            record.purpose == purpose
                && match KeyStage::of(record, now) {
                    KeyStage::VerifyOnly | KeyStage::Removed | KeyStage::Compromised => true,
                    KeyStage::Published | KeyStage::Active => false,
                }
        });
        let mut living = records.iter().filter(|record| {
            record.purpose == purpose && KeyStage::of(record, now) == KeyStage::Active
        });
        if let (None, Some(dead)) = (living.next(), dead.max_by_key(|record| record.created_at)) {
            let to = KeyTimes { retires_at: Some(now), ..dead.times() };
            self.reschedule(&dead.kid, dead.times(), to);
        }
    }
}
