//! The composition root: the one place that names an adapter. Everybody else is handed ports.
//!
//! ```text
//!  Config ──> Node::open ──> Node ── router(role) ──> server::serve
//!                             ├── background ──> follow · rotate · seal · deliver     until stopped
//!                             └── provider, keeper            what the command line works with
//!  run        all of it on one listener: what `serve`, the demo and tests call
//! ```

mod background;
pub mod expiry;
mod hsm;
mod key_keeper;
mod observer;
mod sealer;
mod shutdown;
mod stores;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use assurance::{Acr, Policies};
use authorization_server::gateway::HttpGateway;
use authorization_server::outbound::{Outbound, OutboundError};
use authorization_server::state::ReferenceApp;
use authorization_server::{ServerState, StateError};
use axum::Router;
use axum::middleware::from_fn_with_state;
use flows::messages::{Exit, Messaging, Outbox};
use flows::password::PasswordPool;
use flows::provider::TestAuthentication;
use flows::refused_request::RefusalBudget;
use flows::{Fault, Provider, Settings};
use identity_core::secret::SecretBytes;
use identity_core::{Clock, Entropy};
use introspection::IntrospectionState;
use ledger::Sequence;
use node::measure::IntrospectionMeter;
use node::{Keys, Registry, SecurityView};
use protocol::{Environment, MetadataOptions};
use storage::{LedgerReader, StoreError};
use tokio::net::TcpListener;

pub use background::Background;
use expiry::Guards;
pub use hsm::device;
pub use key_keeper::{KeyError, KeyKeeper, Pace};
pub use shutdown::{Shutdown, Trigger, channel};
use storage_redis::{RedisSettingsError, RedisTransientStore};
pub use stores::Durable;
use stores::Fleeting;

use crate::config::{Config, Messages, Observing, TlsFiles};
use crate::observe::indicators::Indicators;
use crate::observe::otlp::{self, TraceError};
use crate::observe::{self, Watch};
use crate::policies::{self, PolicyError};
use crate::server::{self, ServerError};
use crate::system;

/// What a process serves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum Role {
    /// Everything in one process.
    #[default]
    All,
    /// Browser and token endpoints.
    Authorization,
    /// POST /introspect alone.
    Introspection,
}

impl Role {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Authorization => "authorization",
            Self::Introspection => "introspection",
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error("the store cannot be opened: {0}")]
    Store(#[from] StoreError),
    #[error("Redis cannot be used: {0}")]
    Redis(#[from] RedisSettingsError),
    #[error("the database lacks migrations ({}); run `vneid migrate`", .0.join(", "))]
    MigrationsPending(Vec<String>),
    #[error("the keys cannot be opened: {0}")]
    Keys(#[from] KeyError),
    #[error("the key-encryption key cannot be used")]
    KeyEncryptionKey,
    #[error("{0}: no certificate in PEM form")]
    Certificate(String),
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error("the pages cannot be prepared: {0}")]
    State(#[from] StateError),
    #[error(transparent)]
    Outbound(#[from] OutboundError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Traces(TraceError),
}

/// A provider with its stores open and its keys, registry and security state in memory.
pub struct Node {
    pub provider: Arc<Provider>,
    pub keeper: Arc<KeyKeeper>,
    pub guards: Arc<Guards>,
    pub clock: Arc<dyn Clock>,
    durable: Durable,
    redis: Option<Arc<RedisTransientStore>>,
    outbound: Arc<Outbound>,
    /// The ledger's head before anything was loaded from the store.
    loaded_at: Sequence,
    /// Absent where the policies built in hold.
    policy_directory: Option<PathBuf>,
    tls: Option<TlsFiles>,
    connections: usize,
    observing: Observing,
    reference_app: ReferenceApp,
    /// Counted only where somebody may ask.
    indicators: Option<Arc<Indicators>>,
}

impl Node {
    /// A node that does everything.
    pub async fn open(
        config: &Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        Self::open_as(Role::All, config, clock, entropy).await
    }

    /// In development the schema is brought up to date here; in production that is an act of its own.
    /// A node that only answers introspection makes no keys: it waits for one that does.
    pub async fn open_as(
        role: Role,
        config: &Config,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, StartError> {
        if config.observing.operations.is_some() {
            // Before anything takes a handle.
            observe::install();
        }
        let policies = Arc::new(Policies::new(policies::load(config.policy_directory.as_deref())?));
        let durable = Durable::open(config, Arc::clone(&entropy)).await?;
        let now = clock.now();
        match config.environment {
            Environment::Development => durable.migrate(now).await?,
            Environment::Production => refuse_pending(durable.pending_migrations().await?)?,
        }
        let fleeting = Fleeting::open(config, &durable, &clock)?;
        let store = durable.store();
        let loaded_at = store.head().await?;
        let keeper = Arc::new(KeyKeeper::new(
            Arc::clone(&store),
            hsm::custody(config)?,
            config.announce,
            Arc::clone(&entropy),
        ));
        let keys = Arc::new(Keys::new(match role {
            Role::All | Role::Authorization => keeper.ring_of_maker(now).await?,
            Role::Introspection => keeper.ring_of_reader(clock.as_ref()).await?,
        }));
        let certificates = config.tls.iter().map(|files| files.certificate.clone());
        let guards = Guards::new(certificates, Arc::clone(&keeper), Arc::clone(&keys))?;
        let security = SecurityView::starting(Arc::clone(&store) as Arc<dyn LedgerReader>, now);
        security.catch_up(now).await?;
        let provider = Provider {
            settings: settings(config),
            transient: fleeting.transient,
            bell: fleeting.bell,
            keys,
            registry: Arc::new(Registry::load(store.as_ref()).await?),
            policies,
            security: Arc::new(security),
            passwords: passwords(config, entropy.as_ref())?,
            messaging: messaging(config)?,
            notices: Arc::default(),
            refusals: RefusalBudget::default(),
            store,
            entropy,
        };
        Ok(Self {
            provider: Arc::new(provider),
            keeper,
            guards: Arc::new(guards),
            clock,
            durable,
            redis: fleeting.redis,
            outbound: Arc::new(outbound(config)?),
            loaded_at,
            policy_directory: config.policy_directory.clone(),
            tls: config.tls.clone(),
            connections: config.connections,
            observing: config.observing.clone(),
            reference_app: config.reference_app,
            indicators: config.observing.operations.map(|_| Arc::new(Indicators::starting(now))),
        })
    }

    pub fn router(&self, role: Role) -> Result<Router, StateError> {
        let router = match role {
            Role::Introspection => introspection::standalone_router(self.introspection()),
            Role::Authorization => authorization_server::router(self.authorization()?),
            Role::All => {
                let state = self.authorization()?;
                // Both halves answer with the same request ids and headers.
                let observed =
                    from_fn_with_state(Arc::clone(&state), authorization_server::observe::observe);
                let introspect = introspection::router(self.introspection()).route_layer(observed);
                authorization_server::router(state).merge(introspect)
            }
        };
        Ok(if self.observing.traces.is_some() { otlp::continuing(router, role) } else { router })
    }

    /// Starts what works beside the requests.
    pub fn background(&self, role: Role) -> Background {
        Background::start(self, role)
    }

    /// Closes the database. Whoever still asks the store gets an error.
    pub async fn close(self) {
        self.durable.close().await;
    }

    fn authorization(&self) -> Result<Arc<ServerState>, StateError> {
        let options = MetadataOptions {
            acr_values: Acr::all().into_iter().map(|acr| acr.as_str().to_owned()).collect(),
            ..MetadataOptions::default()
        };
        let (provider, clock) = (Arc::clone(&self.provider), Arc::clone(&self.clock));
        let state = ServerState::new(provider, options, clock)?;
        Ok(Arc::new(state.with_reference_app(self.reference_app)))
    }

    fn introspection(&self) -> Arc<IntrospectionState> {
        let provider = &self.provider;
        Arc::new(IntrospectionState {
            issuer: provider.settings.issuer.clone(),
            registry: Arc::clone(&provider.registry),
            keys: Arc::clone(&provider.keys),
            security: Arc::clone(&provider.security),
            policies: Arc::clone(&provider.policies),
            transient: Arc::clone(&provider.transient),
            clock: Arc::clone(&self.clock),
            meter: IntrospectionMeter::new(protocol::endpoints::INTROSPECT),
        })
    }

    fn watch(&self, role: Role) -> Option<Arc<Watch>> {
        Some(Arc::new(Watch {
            provider: Arc::clone(&self.provider),
            guards: Arc::clone(&self.guards),
            clock: Arc::clone(&self.clock),
            durable: self.durable.clone(),
            redis: self.redis.clone(),
            indicators: Arc::clone(self.indicators.as_ref()?),
            role,
            started: Instant::now(),
            draining: AtomicBool::new(false),
        }))
    }
}

/// A node that serves; [`Running::stop`] ends it tidily.
pub struct Running {
    pub node: Node,
    pub address: SocketAddr,
    background: Background,
    trigger: Trigger,
    serving: tokio::task::JoinHandle<()>,
    operations: Option<OperationsDoor>,
}

/// The operations listener, which outlives the public one.
struct OperationsDoor {
    address: SocketAddr,
    watch: Arc<Watch>,
    trigger: Trigger,
    serving: tokio::task::JoinHandle<()>,
}

impl OperationsDoor {
    async fn open(watch: Arc<Watch>, address: SocketAddr) -> Result<Self, ServerError> {
        let listener = TcpListener::bind(address).await.map_err(ServerError::Listen)?;
        let address = listener.local_addr().map_err(ServerError::Listen)?;
        let (trigger, shutdown) = channel();
        let serving = tokio::spawn(observe::serve(Arc::clone(&watch), listener, shutdown));
        Ok(Self { address, watch, trigger, serving })
    }
}

impl Running {
    /// Serves `node` on `listener`, which may be bound to any free port: the issuer comes from the
    /// configuration alone.
    pub async fn start(node: Node, role: Role, listener: TcpListener) -> Result<Self, StartError> {
        let tls = node.tls.as_ref().map(server::tls).transpose()?;
        let address = listener.local_addr().map_err(ServerError::Listen)?;
        let router = node.router(role)?;
        let background = node.background(role);
        let (trigger, shutdown) = channel();
        let limit = server::Limits { connections: node.connections };
        let operations = match (node.watch(role), node.observing.operations) {
            (Some(watch), Some(address)) => Some(OperationsDoor::open(watch, address).await?),
            _ => None,
        };
        let serving = tokio::spawn(server::serve(router, listener, tls, limit, shutdown));
        Ok(Self { node, address, background, trigger, serving, operations })
    }

    pub fn operations(&self) -> Option<SocketAddr> {
        self.operations.as_ref().map(|door| door.address)
    }

    /// Serves on, not ready, until every load balancer had time to notice.
    pub async fn drain(&self) {
        if let Some(door) = &self.operations {
            door.watch.drain();
            tokio::time::sleep(self.node.observing.drain).await;
        }
    }

    /// No new connections; requests under way are answered; loops end; the database is closed.
    pub async fn stop(self) {
        self.trigger.pull();
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the server did not end tidily");
        }
        self.background.stop().await;
        if let Some(door) = self.operations {
            door.trigger.pull();
            if let Err(error) = door.serving.await {
                tracing::error!(%error, "the operations listener did not end tidily");
            }
        }
        self.node.close().await;
    }
}

fn outbound(config: &Config) -> Result<Outbound, OutboundError> {
    let outbound = Outbound::new(config.outbound_exceptions.clone())?;
    Ok(if config.observing.traces.is_some() { outbound.tracing(otlp::headers()) } else { outbound })
}

fn messaging(config: &Config) -> Result<Messaging, OutboundError> {
    Ok(Messaging::new(match &config.messages {
        Messages::Off => Exit::None,
        Messages::Gateway { url, secret, sim_signal } => {
            let gateway = HttpGateway::new(url.clone(), secret.clone())?;
            Exit::Gateway(Arc::new(match sim_signal {
                Some(url) => gateway.asking(url.clone())?,
                None => gateway,
            }))
        }
        Messages::Outbox => Exit::Outbox(Outbox::default()),
    }))
}

fn refuse_pending(pending: Vec<String>) -> Result<(), StartError> {
    if pending.is_empty() { Ok(()) } else { Err(StartError::MigrationsPending(pending)) }
}

fn settings(config: &Config) -> Settings {
    Settings {
        issuer: config.issuer.clone(),
        environment: config.environment,
        pairwise_key: SecretBytes::new(config.keys.pairwise.expose().to_vec()),
        test_authentication: match &config.test_authentication {
            TestAuthentication::Off => TestAuthentication::Off,
            TestAuthentication::For(names) => TestAuthentication::For(names.clone()),
        },
        attestation: config.attestation.clone(),
        matchers: config.matchers.clone(),
        relying_party_labels: config.observing.relying_party_labels,
    }
}

fn passwords(config: &Config, entropy: &dyn Entropy) -> Result<PasswordPool, StartError> {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = config.hashing_threads.unwrap_or_else(cores);
    Ok(PasswordPool::new(threads, system::let_others_go_first, entropy)?)
}
