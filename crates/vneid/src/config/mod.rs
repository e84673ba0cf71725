//! What an operator chose: one TOML file with the environment laid over it, read once, in `main`.
//!
//! ```text
//!  settings     the one table of names     file + VNEID_* ──> Merged
//!  reading      Merged ──> Config, or every fault at once
//!  master_keys  the four keys that never enter the database
//!  stores       where what must be remembered is kept; redis, what may be lost
//!  messages     where codes by SMS and e-mail leave; biometrics, who may compare faces and fingers
//!  hsm          the token that may hold the first of them, and the signing keys
//!  schema       the table as JSON Schema, for editors and people
//! ```

mod biometrics;
mod hsm;
mod master_keys;
mod messages;
mod passkeys;
mod reading;
mod redis;
pub mod schema;
mod settings;
mod stores;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use authorization_server::outbound::Exceptions;
use authorization_server::state::ReferenceApp;
use flows::matcher::Matchers;
use flows::passkey::AttestationRules;
use flows::provider::TestAuthentication;
use protocol::{Environment, Issuer};
use storage::terms::TermsForm;
use url::Url;

pub use hsm::Hsm;
pub use master_keys::{KeyEncryption, MasterKey, MasterKeys};
pub use messages::Messages;
pub use settings::PREFIX;
use settings::{Merged, Place};
use storage_redis::RedisSettings;
pub use stores::{Postgres, Storage};

pub struct Config {
    pub issuer: Issuer,
    pub environment: Environment,
    pub listen: SocketAddr,
    pub log_format: LogFormat,
    /// `None`: the policies built in.
    pub policy_directory: Option<PathBuf>,
    pub reference_app: ReferenceApp,
    pub storage: Storage,
    pub grants: TermsForm,
    pub redis: Option<RedisSettings>,
    pub keys: MasterKeys,
    pub hsm: Option<Hsm>,
    /// How long a signing key is published before it signs.
    pub announce: Duration,
    pub tls: Option<TlsFiles>,
    pub test_authentication: TestAuthentication,
    /// Makers whose hardware is believed where it is demanded.
    pub attestation: AttestationRules,
    /// Whose comparisons of biometrics count.
    pub matchers: Matchers,
    /// Private places that outbound requests may reach.
    pub outbound_exceptions: Exceptions,
    pub messages: Messages,
    pub connections: usize,
    /// `None`: one per core.
    pub hashing_threads: Option<usize>,
    pub observing: Observing,
}

/// How this process is watched.
#[derive(Clone, Debug)]
pub struct Observing {
    /// Where probes, metrics and indicators are served; `None`: nowhere, and nothing is counted.
    pub operations: Option<SocketAddr>,
    /// How long to serve on, not ready, when asked to stop.
    pub drain: Duration,
    pub relying_party_labels: bool,
    pub traces: Option<Traces>,
}

#[derive(Clone, Debug)]
pub struct Traces {
    pub endpoint: Url,
    /// From 0 to 1.
    pub ratio: f64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    Json,
    Text,
}

/// One thing wrong with the configuration. Never quotes a value: it may be a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Fault {
    pub place: String,
    pub message: String,
}

impl Fault {
    fn new(place: &Place, message: impl Into<String>) -> Self {
        Self::at(place.to_string(), message)
    }

    fn at(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: place.into(), message: message.into() }
    }
}

/// Everything that is wrong, reported together.
#[derive(Debug, thiserror::Error)]
pub struct ConfigError(pub Vec<Fault>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used:")?;
        for Fault { place, message } in &self.0 {
            write!(f, "\n  {place}: {message}")?;
        }
        Ok(())
    }
}

/// The variables of this process that are meant for us.
pub fn environment_variables() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}

impl Config {
    /// Reads `file`, if there is one, and lays `variables` over it.
    pub fn load(file: Option<&Path>, variables: &[(String, String)]) -> Result<Self, ConfigError> {
        let Some(path) = file else { return Self::read("", Path::new(""), variables) };
        let text = std::fs::read_to_string(path).map_err(|error| {
            ConfigError(vec![Fault::at(path.display().to_string(), error.to_string())])
        })?;
        Self::read(&text, path.parent().unwrap_or(Path::new("")), variables)
    }

    /// `base`: what paths in `text` are relative to. Those in variables are relative to where the
    /// process runs.
    pub fn read(
        text: &str,
        base: &Path,
        variables: &[(String, String)],
    ) -> Result<Self, ConfigError> {
        let mut faults = Vec::new();
        let mut merged = Merged::default();
        match text.parse::<toml::Table>() {
            Ok(table) => merged.read_file(&table, &mut faults),
            // Only the first line of the message: the rest quotes the text, which may hold a secret.
            Err(error) => faults.push(Fault::at(line_of(text, error.span()), error.message())),
        }
        merged.read_environment(variables, &mut faults);
        reading::Reading::new(merged, base, faults).config()
    }
}

fn line_of(text: &str, span: Option<std::ops::Range<usize>>) -> String {
    let start = span.map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(start).filter(|byte| *byte == b'\n').count();
    format!("line {line}")
}
