//! What an operator chooses.

use std::fmt;
use std::time::Duration;

use identity_core::secret::SecretBytes;
use redis::{ConnectionAddr, IntoConnectionInfo as _};

/// Everything it takes to reach Redis.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    pub location: RedisLocation,
    pub credentials: Credentials,
    pub tls: Tls,
    pub prefix: KeyPrefix,
    /// How long a caller waits for an answer, connecting included.
    pub timeout: Duration,
}

impl RedisSettings {
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_millis(500);

    /// Without credentials, with the system's certificates, the usual prefix and time-out.
    pub fn new(location: RedisLocation) -> Self {
        Self {
            location,
            credentials: Credentials::default(),
            tls: Tls::default(),
            prefix: KeyPrefix::default(),
            timeout: Self::DEFAULT_TIMEOUT,
        }
    }
}

/// Where Redis is.
#[derive(Clone, Debug)]
pub enum RedisLocation {
    Single(RedisAddress),
    Sentinel(Sentinels),
    /// Some of the nodes; the others are learnt from them.
    Cluster(Vec<RedisAddress>),
}

/// Who knows where the primary is.
#[derive(Clone, Debug)]
pub struct Sentinels {
    /// What the sentinels call what they watch.
    pub master_name: String,
    /// The primary is reached as its sentinels are: with TLS or without.
    pub addresses: Vec<RedisAddress>,
    /// Who we are to the sentinels; to Redis, [`RedisSettings::credentials`].
    pub credentials: Credentials,
}

impl RedisLocation {
    pub fn single(url: &str) -> Result<Self, RedisAddressError> {
        RedisAddress::parse(url).map(Self::Single)
    }

    /// `urls` are separated by commas.
    pub fn sentinel(
        master_name: &str,
        urls: &str,
        credentials: Credentials,
    ) -> Result<Self, RedisAddressError> {
        let addresses = several(urls)?;
        Ok(Self::Sentinel(Sentinels {
            master_name: master_name.to_owned(),
            addresses,
            credentials,
        }))
    }

    /// `urls` are separated by commas.
    pub fn cluster(urls: &str) -> Result<Self, RedisAddressError> {
        several(urls).map(Self::Cluster)
    }
}

/// Where sentinels and clusters are concerned there are no sockets and no numbered databases, and
/// either all of them speak TLS or none.
fn several(urls: &str) -> Result<Vec<RedisAddress>, RedisAddressError> {
    let addresses: Vec<RedisAddress> =
        urls.split(',').map(|url| RedisAddress::parse(url.trim())).collect::<Result<_, _>>()?;
    let first_speaks_tls = addresses.first().is_some_and(RedisAddress::speaks_tls);
    for address in &addresses {
        if address.database != 0 || matches!(address.at, ConnectionAddr::Unix(_)) {
            return Err(RedisAddressError::SingleOnly);
        }
        if address.speaks_tls() != first_speaks_tls {
            return Err(RedisAddressError::Mixed);
        }
    }
    Ok(addresses)
}

/// `redis://host:port/database`, `rediss://…` with TLS, or `unix:/path?db=…`.
#[derive(Clone, Debug)]
pub struct RedisAddress {
    pub(crate) at: ConnectionAddr,
    pub(crate) database: i64,
}

/// Says nothing of what was written there: it may hold a password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RedisAddressError {
    #[error("not an address of the form redis://host:port, rediss://host:port or unix:/path")]
    Malformed,
    #[error("user and password belong into settings of their own, not into the address")]
    CarriesCredentials,
    #[error("the certificate of Redis is always checked")]
    Insecure,
    #[error("sockets and numbered databases are for a single Redis")]
    SingleOnly,
    #[error("either all addresses use TLS or none")]
    Mixed,
}

impl RedisAddress {
    pub fn parse(url: &str) -> Result<Self, RedisAddressError> {
        let info = url.into_connection_info().map_err(|_| RedisAddressError::Malformed)?;
        let settings = info.redis_settings();
        if settings.username().is_some() || settings.password().is_some() {
            return Err(RedisAddressError::CarriesCredentials);
        }
        if matches!(info.addr(), ConnectionAddr::TcpTls { insecure: true, .. }) {
            return Err(RedisAddressError::Insecure);
        }
        Ok(Self { at: info.addr().clone(), database: settings.db() })
    }

    pub(crate) fn speaks_tls(&self) -> bool {
        matches!(self.at, ConnectionAddr::TcpTls { .. })
    }
}

/// Who we are to Redis: nobody, a password, or a user of its access control list.
#[derive(Clone, Default, Debug)]
pub struct Credentials {
    pub username: Option<String>,
    pub password: Option<Password>,
}

/// Does not print, and is wiped when dropped.
#[derive(Clone)]
pub struct Password(SecretBytes);

impl Password {
    pub fn new(text: String) -> Self {
        Self(SecretBytes::new(text.into_bytes()))
    }

    pub(crate) fn expose(&self) -> &str {
        // It was text when it came.
        str::from_utf8(self.0.expose()).unwrap_or_default()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Files in PEM, for `rediss://`.
#[derive(Clone, Default, Debug)]
pub struct Tls {
    /// Who may sign the certificate of Redis; absent: whom the system trusts.
    pub authorities: Option<Vec<u8>>,
    /// Ours, where Redis asks for one (`tls-auth-clients yes`).
    pub client: Option<ClientCertificate>,
}

#[derive(Clone, Debug)]
pub struct ClientCertificate {
    pub chain: Vec<u8>,
    pub key: SecretBytes,
}

/// What all our keys and the channel of the bell begin with, so that one Redis can be shared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyPrefix(String);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a key prefix is 1 to 32 letters, digits, '-', '_', '.' or ':'")]
pub struct KeyPrefixError;

impl KeyPrefix {
    /// Braces would choose the slot in a cluster, stars mean something in an access control list.
    pub fn parse(text: &str) -> Result<Self, KeyPrefixError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if (1..=32).contains(&text.len()) && text.bytes().all(plain) {
            return Ok(Self(text.to_owned()));
        }
        Err(KeyPrefixError)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for KeyPrefix {
    fn default() -> Self {
        Self("vneid:".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_carry_no_secret_and_no_way_around_the_certificate() {
        for (url, refused) in [
            ("redis://user:secret@host", RedisAddressError::CarriesCredentials),
            ("redis://:secret@host", RedisAddressError::CarriesCredentials),
            ("unix:/run/redis?pass=secret", RedisAddressError::CarriesCredentials),
            ("rediss://host/#insecure", RedisAddressError::Insecure),
            ("http://host", RedisAddressError::Malformed),
            ("host:6379", RedisAddressError::Malformed),
            ("", RedisAddressError::Malformed),
        ] {
            assert_eq!(RedisAddress::parse(url).err(), Some(refused), "{url}");
        }
        for url in ["redis://host", "rediss://host:6380/2", "redis://[::1]:7000", "unix:/run/redis"]
        {
            assert!(RedisAddress::parse(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn many_addresses_are_alike() {
        assert!(RedisLocation::cluster("redis://a:1, redis://b:2,redis://c:3").is_ok());
        for (urls, refused) in [
            ("redis://a,rediss://b", RedisAddressError::Mixed),
            ("redis://a/1", RedisAddressError::SingleOnly),
            ("unix:/run/redis", RedisAddressError::SingleOnly),
            ("redis://a,", RedisAddressError::Malformed),
        ] {
            assert_eq!(RedisLocation::cluster(urls).err(), Some(refused), "{urls}");
        }
    }

    #[test]
    fn settings_print_no_secret() {
        let mut settings = RedisSettings::new(RedisLocation::single("redis://host").unwrap());
        settings.credentials.password = Some(Password::new("hunter2".to_owned()));
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn a_prefix_chooses_no_slot_and_matches_nothing_else() {
        assert!(KeyPrefix::parse("vneid:test.1-").is_ok());
        for wrong in ["", "{a}", "a*", "a b", "ä", &"a".repeat(33)] {
            assert_eq!(KeyPrefix::parse(wrong), Err(KeyPrefixError), "{wrong}");
        }
    }
}
