//! Seeing what this process does: numbers, traces, lines, indicators, and a door of their own.
//!
//! Everything here reads and nothing decides. Without `operations.listen` nobody counts; without
//! `tracing.otlp_endpoint` nobody traces.
//!
//! ```text
//!  Watch         what one node shows            sample    gauges, looked up when somebody asks
//!    operations    /healthz · /readyz · /metrics · /indicators, on an address of their own
//!    numbers       the recorder behind the `metrics` facade            process   /proc
//!    indicators    steps of logins by relying party and province, from the ledger (ADR 0016)
//!  logging       lines on standard error, with trace ids      otlp   spans to a collector
//!    fields        what a span knows, as JSON
//! ```

mod fields;
pub mod indicators;
pub mod logging;
mod numbers;
mod operations;
#[cfg(feature = "otlp")]
pub mod otlp;
#[cfg(not(feature = "otlp"))]
#[path = "no_otlp.rs"]
pub mod otlp;
mod process;
mod sample;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use flows::Provider;
use identity_core::{Clock, Timestamp};
use jose::SigningAlgorithm;
use ledger::Freshness;
use storage_redis::RedisTransientStore;
use tokio::time::timeout;

use crate::compose::expiry::Guards;
use crate::compose::{Durable, Role};
use indicators::Indicators;

pub use numbers::install;
pub use operations::serve;

/// How long the store may take to answer a probe.
const PATIENCE: Duration = Duration::from_secs(1);

/// What one node shows of itself.
pub struct Watch {
    pub provider: Arc<Provider>,
    pub guards: Arc<Guards>,
    pub clock: Arc<dyn Clock>,
    pub durable: Durable,
    pub redis: Option<Arc<RedisTransientStore>>,
    pub indicators: Arc<Indicators>,
    pub role: Role,
    pub started: Instant,
    pub draining: AtomicBool,
}

/// Why a node should get no traffic. Each part is a fixed sentence: probes are logged elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Readiness {
    pub ready: bool,
    pub serving: &'static str,
    pub keys: &'static str,
    pub ledger: &'static str,
    pub store: &'static str,
    /// Absent where there is none. It never decides: a node without it serves nearly everybody, and
    /// the others would find the same at every node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redis: Option<&'static str>,
}

const OK: &str = "ok";
const WITHOUT_REDIS: &str =
    "does not answer: client assertions are refused with 503, news comes by the poll";

impl Watch {
    /// From now on this node is not ready, and still serves.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub async fn readiness(&self) -> Readiness {
        let now = self.clock.now();
        let serving = if self.draining.load(Ordering::Relaxed) { "stopping" } else { OK };
        let (store, redis) = tokio::join!(self.store(), self.redis());
        let (keys, ledger) = (self.keys(now), self.ledger(now));
        let ready = [serving, keys, ledger, store].iter().all(|part| *part == OK);
        Readiness { ready, serving, keys, ledger, store, redis }
    }

    async fn store(&self) -> &'static str {
        match timeout(PATIENCE, self.provider.store.head()).await {
            Ok(Ok(_)) => OK,
            Ok(Err(_)) => "does not answer",
            Err(_) => "answers too late",
        }
    }

    async fn redis(&self) -> Option<&'static str> {
        let redis = self.redis.as_ref()?;
        Some(match redis.ping().await {
            Ok(()) => OK,
            Err(_) => WITHOUT_REDIS,
        })
    }

    fn keys(&self, now: Timestamp) -> &'static str {
        match self.provider.keys.ring().signer(SigningAlgorithm::Es256, now) {
            Ok(_) => OK,
            Err(_) => "no signing key is active",
        }
    }

    fn ledger(&self, now: Timestamp) -> &'static str {
        match self.provider.security.freshness(now) {
            Freshness::Current => OK,
            Freshness::Stale { .. } => "its head was not confirmed within the bound",
        }
    }
}
