//! Making one connection.

use std::time::Duration;

use identity_core::secret::SecretBytes;
use redis::aio::{AsyncPushSender, ConnectionLike as _, MultiplexedConnection};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::{
    AsyncConnectionConfig, Client, ClientTlsConfig, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind,
    IntoConnectionInfo as _, ProtocolVersion, RedisConnectionInfo, RedisError, RedisResult,
    TlsCertificates, TlsMode, Value,
};

use crate::settings::{Credentials, RedisAddress, RedisLocation, RedisSettings, Sentinels};

/// Longest wait for TCP, TLS and credentials together. Callers do not wait that long.
const CONNECTING: Duration = Duration::from_secs(2);

/// Only what can be told without asking Redis: it may be away while we start.
#[derive(Debug, thiserror::Error)]
#[error("Redis cannot be reached with these settings")]
pub struct RedisSettingsError(#[source] RedisError);

/// Knows how to connect.
#[derive(Clone)]
pub(crate) struct Dialler {
    settings: RedisSettings,
    certificates: Option<TlsCertificates>,
}

/// A connection that carries the commands of many tasks at once. It copies cheaply.
#[derive(Clone)]
pub(crate) enum Wire {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Wire {
    pub async fn send(&mut self, command: &Cmd) -> RedisResult<Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command).await,
            Self::Cluster(connection) => command.query_async(connection).await,
        }
    }

    /// Whether dialling again is called for. A cluster's connection finds its nodes by itself, until
    /// it knows none any more.
    pub fn is_lost(&self, error: &RedisError) -> bool {
        match self {
            Self::One(_) => error.is_unrecoverable_error() || says_another_is_primary(error),
            Self::Cluster(_) => error.kind() == ErrorKind::ClusterConnectionNotFound,
        }
    }
}

/// Whom we are connected to has been demoted, or has not finished starting.
fn says_another_is_primary(error: &RedisError) -> bool {
    matches!(error.code(), Some("READONLY" | "MASTERDOWN" | "LOADING"))
}

impl Dialler {
    pub fn new(settings: RedisSettings) -> Result<Self, RedisSettingsError> {
        install_cryptography();
        let certificates = certificates(&settings);
        let dialler = Self { settings, certificates };
        for address in dialler.addresses() {
            // Reads the certificates.
            dialler
                .client(&address.at, &Credentials::default(), 0, ProtocolVersion::RESP2)
                .map_err(RedisSettingsError)?;
        }
        Ok(dialler)
    }

    pub fn settings(&self) -> &RedisSettings {
        &self.settings
    }

    /// For commands.
    pub async fn commands(&self) -> RedisResult<Wire> {
        if let RedisLocation::Cluster(nodes) = &self.settings.location {
            let connecting = self.cluster(nodes)?;
            return within(connecting.get_async_connection()).await.map(Wire::Cluster);
        }
        let (address, database) = self.one().await?;
        let credentials = &self.settings.credentials;
        let client = self.client(&address, credentials, database, ProtocolVersion::RESP2)?;
        connect(&client, config()).await.map(Wire::One)
    }

    /// For what Redis says unasked. Any node of a cluster hears what is published at any other.
    pub async fn listening(
        &self,
        on_push: impl AsyncPushSender + Clone,
    ) -> RedisResult<MultiplexedConnection> {
        let candidates = match &self.settings.location {
            RedisLocation::Single(_) | RedisLocation::Sentinel(_) => vec![self.one().await?],
            RedisLocation::Cluster(nodes) => {
                nodes.iter().map(|node| (node.at.clone(), 0)).collect()
            }
        };
        let credentials = &self.settings.credentials;
        let mut last = no_address();
        for (address, database) in candidates {
            let client = self.client(&address, credentials, database, ProtocolVersion::RESP3)?;
            match connect(&client, config().set_push_sender(on_push.clone())).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn addresses(&self) -> &[RedisAddress] {
        match &self.settings.location {
            RedisLocation::Single(address) => std::slice::from_ref(address),
            RedisLocation::Sentinel(sentinels) => &sentinels.addresses,
            RedisLocation::Cluster(nodes) => nodes,
        }
    }

    /// The one Redis that takes writes, with the number of our database there.
    async fn one(&self) -> RedisResult<(ConnectionAddr, i64)> {
        match &self.settings.location {
            RedisLocation::Single(address) => Ok((address.at.clone(), address.database)),
            RedisLocation::Sentinel(sentinels) => Ok((self.primary(sentinels).await?, 0)),
            RedisLocation::Cluster(nodes) => {
                Ok((nodes.first().ok_or_else(no_address)?.at.clone(), 0))
            }
        }
    }

    /// Asks one sentinel after the other. One that lags behind names a server that refuses writes,
    /// and then we ask again.
    async fn primary(&self, sentinels: &Sentinels) -> RedisResult<ConnectionAddr> {
        let mut question = redis::cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(&sentinels.master_name);
        let mut last = no_address();
        for address in &sentinels.addresses {
            let client =
                self.client(&address.at, &sentinels.credentials, 0, ProtocolVersion::RESP2)?;
            let answer = async {
                let mut sentinel = connect(&client, config()).await?;
                within(question.query_async::<Option<(String, u16)>>(&mut sentinel)).await
            };
            match answer.await {
                Ok(Some((host, port))) => return Ok(like(&address.at, host, port)),
                Ok(None) => {
                    last = RedisError::from((
                        ErrorKind::MasterNameNotFoundBySentinel,
                        "the sentinels watch nothing of this name",
                    ));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn client(
        &self,
        address: &ConnectionAddr,
        credentials: &Credentials,
        database: i64,
        protocol: ProtocolVersion,
    ) -> RedisResult<Client> {
        // The name of the library is nobody's business, and one permission less to give.
        let mut redis = RedisConnectionInfo::default()
            .set_db(database)
            .set_protocol(protocol)
            .set_skip_set_lib_name();
        if let Some(username) = &credentials.username {
            redis = redis.set_username(username);
        }
        if let Some(password) = &credentials.password {
            redis = redis.set_password(password.expose());
        }
        let info: ConnectionInfo =
            address.clone().into_connection_info()?.set_redis_settings(redis);
        match (&self.certificates, address) {
            (Some(certificates), ConnectionAddr::TcpTls { .. }) => {
                Client::build_with_tls(info, certificates.clone())
            }
            _ => Client::open(info),
        }
    }

    fn cluster(&self, nodes: &[RedisAddress]) -> RedisResult<ClusterClient> {
        // No retries of its own: it cannot know what must not be done twice.
        let mut builder = ClusterClientBuilder::new(nodes.iter().map(|node| node.at.clone()))
            .retries(0)
            .connection_timeout(CONNECTING)
            .response_timeout(self.settings.timeout);
        if nodes.iter().any(RedisAddress::speaks_tls) {
            builder = builder.tls(TlsMode::Secure);
            if let Some(certificates) = &self.certificates {
                builder = builder.certs(certificates.clone());
            }
        }
        if let Some(username) = &self.settings.credentials.username {
            builder = builder.username(username);
        }
        if let Some(password) = &self.settings.credentials.password {
            builder = builder.password(password.expose());
        }
        builder.build()
    }
}

/// Whoever waits for an answer brings a time limit of their own.
fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECTING)).set_response_timeout(None)
}

async fn connect(
    client: &Client,
    config: AsyncConnectionConfig,
) -> RedisResult<MultiplexedConnection> {
    within(client.get_multiplexed_async_connection_with_config(&config)).await
}

async fn within<T>(connecting: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match tokio::time::timeout(CONNECTING, connecting).await {
        Ok(result) => result,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// The same kind of address for another host.
fn like(address: &ConnectionAddr, host: String, port: u16) -> ConnectionAddr {
    match address {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    }
}

fn no_address() -> RedisError {
    RedisError::from((ErrorKind::InvalidClientConfig, "no address of Redis"))
}

/// The library asks for the process's choice, and fails where two are linked and none is chosen. It
/// may have been made elsewhere.
fn install_cryptography() {
    let chosen = rustls::crypto::CryptoProvider::get_default();
    if chosen.is_none() {
        // Whoever is a moment faster chose the same.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

fn certificates(settings: &RedisSettings) -> Option<TlsCertificates> {
    let tls = &settings.tls;
    if tls.authorities.is_none() && tls.client.is_none() {
        return None;
    }
    let expose = |key: &SecretBytes| key.expose().to_vec();
    let client_tls = tls.client.as_ref().map(|client| ClientTlsConfig {
        client_cert: client.chain.clone(),
        client_key: expose(&client.key),
    });
    Some(TlsCertificates { client_tls, root_cert: tls.authorities.clone() })
}
