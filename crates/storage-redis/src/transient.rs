//! Claims, counts and values that all nodes share.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use identity_core::{Clock, Timestamp};
use redis::{FromRedisValue as _, Value};
use storage::ports::{
    EPOCH_MARGIN, StoreResult, TransientStore, ensure_transient_size, issued_before_the_epoch,
};
use storage::{Claim, Slot, StoreError};
use tokio::task::AbortHandle;

use crate::dial::{Dialler, RedisSettingsError};
use crate::keys::{ClaimKeys, Keys};
use crate::link::{Link, Script};
use crate::settings::RedisSettings;

/// Claims are remembered this much longer than they live: the nodes' clocks differ, and requests
/// overtake each other.
const OVERTAKING: Duration = Duration::from_mins(1);

pub struct RedisTransientStore {
    memory: Arc<Memory>,
    beginning: AbortHandle,
}

struct Memory {
    link: Link,
    keys: Keys,
    claim: Script,
    count: Script,
    value: ValueScripts,
}

/// A value lies behind the sixteen digits of its expiry, by the nodes' clocks.
struct ValueScripts {
    put: Script,
    get: Script,
    remove: Script,
    replace: Script,
}

/// What the script says of a claim.
struct Judged {
    granted: bool,
    epoch: Timestamp,
    epoch_is_new: bool,
}

impl RedisTransientStore {
    /// Must be called within a tokio runtime. Redis may be away: then calls are `Unavailable`
    /// until it can be reached.
    pub fn open(
        settings: RedisSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, RedisSettingsError> {
        let keys = Keys::new(settings.prefix.clone(), &settings.location);
        let link = Link::new(Dialler::new(settings)?);
        let claim = Script::new(include_str!("scripts/claim.lua"));
        let count = Script::new(include_str!("scripts/count.lua"));
        let memory = Arc::new(Memory { link, keys, claim, count, value: ValueScripts::new() });
        let beginning = tokio::spawn(begin_when_connected(Arc::clone(&memory), clock));
        Ok(Self { memory, beginning: beginning.abort_handle() })
    }

    /// Whether Redis answers at all, in the time that it has for any answer.
    pub async fn ping(&self) -> StoreResult<()> {
        self.memory.link.run(&redis::cmd("PING")).await.map(drop)
    }
}

impl Drop for RedisTransientStore {
    fn drop(&mut self) {
        self.beginning.abort();
    }
}

impl fmt::Debug for RedisTransientStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisTransientStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl TransientStore for RedisTransientStore {
    async fn claim_once(&self, claim: Claim<'_>, now: Timestamp) -> StoreResult<bool> {
        if claim.expires_at <= now {
            return Ok(false);
        }
        let ClaimKeys { epoch, claim: key } = self.memory.keys.claim(&claim);
        let remembered = claim.expires_at.plus(OVERTAKING).since(now);
        let arguments = [began_at(now), claim.issued_at.unix_millis(), millis(remembered)];
        let judged = self.memory.judge(&[&epoch, &key], &arguments).await?;
        if judged.epoch_is_new {
            // The other shards of a cluster need not wait for a first claim of their own.
            let memory = Arc::clone(&self.memory);
            tokio::spawn(async move { memory.begin(now).await });
        }
        if claim.issued_at < judged.epoch {
            return issued_before_the_epoch(judged.epoch, now);
        }
        Ok(judged.granted)
    }

    async fn count(
        &self,
        purpose: &'static str,
        id: &str,
        window: Duration,
        now: Timestamp,
    ) -> StoreResult<u64> {
        let key = self.memory.keys.count(purpose, id, window, now);
        let kept = millis(window.saturating_add(OVERTAKING));
        let count = self.memory.link.evaluate(&self.memory.count, &[&key], &[kept]).await?;
        u64::from_redis_value(count).map_err(StoreError::corrupt)
    }

    async fn put(
        &self,
        slot: Slot<'_>,
        value: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<()> {
        ensure_transient_size(value)?;
        let arguments = [framed(value, expires_at), kept_until(expires_at, now)];
        self.memory.value(&self.memory.value.put, slot, &arguments).await.map(drop)
    }

    async fn get(&self, slot: Slot<'_>, now: Timestamp) -> StoreResult<Option<Vec<u8>>> {
        let found = self.memory.value(&self.memory.value.get, slot, &[at(now)]).await?;
        Option::from_redis_value(found).map_err(StoreError::corrupt)
    }

    async fn remove(&self, slot: Slot<'_>) -> StoreResult<()> {
        self.memory.value(&self.memory.value.remove, slot, &[]).await.map(drop)
    }

    async fn replace_if(
        &self,
        slot: Slot<'_>,
        from: &[u8],
        to: &[u8],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> StoreResult<bool> {
        ensure_transient_size(to)?;
        let arguments =
            [at(now), from.to_vec(), framed(to, expires_at), kept_until(expires_at, now)];
        let replaced = self.memory.value(&self.memory.value.replace, slot, &arguments).await?;
        bool::from_redis_value(replaced).map_err(StoreError::corrupt)
    }
}

impl ValueScripts {
    fn new() -> Self {
        Self {
            put: Script::new(include_str!("scripts/value_put.lua")),
            get: Script::new(include_str!("scripts/value_get.lua")),
            remove: Script::new(include_str!("scripts/value_remove.lua")),
            replace: Script::new(include_str!("scripts/value_replace.lua")),
        }
    }
}

/// Text, so that a script can compare it as a number.
fn at(instant: Timestamp) -> Vec<u8> {
    format!("{:016}", instant.unix_millis().max(0)).into_bytes()
}

fn framed(value: &[u8], expires_at: Timestamp) -> Vec<u8> {
    [at(expires_at).as_slice(), value].concat()
}

fn kept_until(expires_at: Timestamp, now: Timestamp) -> Vec<u8> {
    millis(expires_at.plus(OVERTAKING).since(now)).to_string().into_bytes()
}

impl Memory {
    async fn value(
        &self,
        script: &Script,
        slot: Slot<'_>,
        arguments: &[Vec<u8>],
    ) -> StoreResult<Value> {
        self.link.evaluate(script, &[&self.keys.value(slot)], arguments).await
    }

    async fn judge(&self, keys: &[&str], arguments: &[i64]) -> StoreResult<Judged> {
        let judged = Judged::read(self.link.evaluate(&self.claim, keys, arguments).await?)?;
        if judged.epoch_is_new {
            tracing::warn!(
                epoch = judged.epoch.unix_millis(),
                "Redis remembers no claims: what was issued before is refused"
            );
        }
        Ok(judged)
    }

    /// Makes sure of the epoch of every shard, so that it does not only begin with a first claim.
    async fn begin(&self, now: Timestamp) {
        for epoch in self.keys.epochs() {
            if let Err(error) = self.judge(&[&epoch], &[began_at(now), 0, 0]).await {
                // The first claim will do it.
                tracing::debug!(%error, "the epoch could not be made sure of");
                return;
            }
        }
    }
}

impl Judged {
    fn read(answer: Value) -> StoreResult<Self> {
        let (granted, epoch, new) =
            <(i64, i64, i64)>::from_redis_value(answer).map_err(StoreError::corrupt)?;
        Ok(Self {
            granted: granted == 1,
            epoch: Timestamp::from_unix_millis(epoch),
            epoch_is_new: new == 1,
        })
    }
}

/// Every new connection may lead to a memory that forgot.
async fn begin_when_connected(memory: Arc<Memory>, clock: Arc<dyn Clock>) {
    let mut connections = memory.link.connections();
    while connections.next().await.is_some() {
        memory.begin(clock.now()).await;
    }
}

/// See [`EPOCH_MARGIN`].
fn began_at(now: Timestamp) -> i64 {
    now.plus(EPOCH_MARGIN).unix_millis()
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).max(1)
}
