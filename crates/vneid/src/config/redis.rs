//! Where Redis is, if it is used.

use std::time::Duration;

use identity_core::secret::SecretBytes;
use storage_redis::{
    ClientCertificate, Credentials, KeyPrefix, Password, RedisLocation, RedisSettings, Tls,
};

use super::reading::Reading;

impl Reading<'_> {
    /// `None` where no Redis is named. Everything that is wrong is a fault by the time this returns.
    pub(super) fn redis(&mut self) -> Option<RedisSettings> {
        let credentials = self.credentials("redis.username", "redis.password_file");
        let sentinel = self.credentials("redis.sentinel_username", "redis.sentinel_password_file");
        let tls = self.redis_tls();
        let prefix = self.prefix();
        let timeout = self.millis("redis.timeout_ms");
        let master = self.text("redis.sentinel_master");
        let cluster = self.flag("redis.cluster").filter(|(asked, _)| *asked);
        let (url, place) = self.text("redis.url")?;
        let location = match (master, cluster) {
            (Some((name, _)), None) => RedisLocation::sentinel(&name, &url, sentinel),
            (None, Some(_)) => RedisLocation::cluster(&url),
            (None, None) => RedisLocation::single(&url),
            (Some(_), Some((_, place))) => {
                self.fault(&place, "redis.cluster and redis.sentinel_master exclude each other");
                return None;
            }
        };
        let location = location.map_err(|error| self.fault(&place, error.to_string())).ok()?;
        let settings = RedisSettings::new(location);
        Some(RedisSettings {
            credentials,
            tls,
            prefix: prefix.unwrap_or(settings.prefix),
            timeout: timeout.unwrap_or(settings.timeout),
            location: settings.location,
        })
    }

    fn credentials(&mut self, username: &str, password_file: &str) -> Credentials {
        let username = self.text(username).map(|(name, _)| name);
        let password = self.file(password_file).and_then(|bytes| String::from_utf8(bytes).ok());
        let password = password.map(|text| Password::new(text.trim_end().to_owned()));
        Credentials { username, password }
    }

    fn redis_tls(&mut self) -> Tls {
        let chain = self.file("redis.client_certificate");
        let key = self.file("redis.client_key");
        if chain.is_some() != key.is_some() {
            self.missing(if chain.is_some() {
                "redis.client_key"
            } else {
                "redis.client_certificate"
            });
        }
        let client = chain
            .zip(key)
            .map(|(chain, key)| ClientCertificate { chain, key: SecretBytes::new(key) });
        Tls { authorities: self.file("redis.ca_file"), client }
    }

    fn prefix(&mut self) -> Option<KeyPrefix> {
        let (text, place) = self.text("redis.prefix")?;
        KeyPrefix::parse(&text).map_err(|error| self.fault(&place, error.to_string())).ok()
    }

    /// What the file that `key` names holds.
    pub(super) fn file(&mut self, key: &str) -> Option<Vec<u8>> {
        let (path, place) = self.path_and_place(key)?;
        std::fs::read(&path).map_err(|error| self.fault(&place, error.to_string())).ok()
    }

    pub(super) fn millis(&mut self, key: &str) -> Option<Duration> {
        let millis = self.number(key)?;
        Some(Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX)))
    }
}
