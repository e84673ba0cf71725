//! From what was written to what it means. Every setting is looked at before anything is refused, so
//! that an operator sees all faults in one go.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use authorization_server::outbound::Exceptions;
use authorization_server::state::ReferenceApp;
use flows::provider::TestAuthentication;
use identity_core::LoginName;
use protocol::{Environment, Issuer};
use url::Url;
use zeroize::Zeroizing;

use super::settings::{Merged, Place, Written};
use super::{Config, ConfigError, Fault, LogFormat, MasterKeys, Observing, TlsFiles, Traces};

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const DEFAULT_CONNECTIONS: usize = 10_000;
const DEFAULT_ANNOUNCE_HOURS: usize = 24;
/// What a load balancer needs to see that a node is not ready any more.
const DEFAULT_DRAIN_SECONDS: usize = 5;

pub struct Reading<'a> {
    merged: Merged,
    base: &'a Path,
    faults: Vec<Fault>,
}

impl<'a> Reading<'a> {
    pub fn new(merged: Merged, base: &'a Path, faults: Vec<Fault>) -> Self {
        Self { merged, base, faults }
    }

    pub fn config(mut self) -> Result<Config, ConfigError> {
        let environment = self.environment();
        let issuer = self.issuer(environment);
        let listen = self.listen();
        let log_format = match self.text("log_format") {
            Some((text, _)) if text == "text" => LogFormat::Text,
            Some(_) | None => LogFormat::Json,
        };
        let policy_directory = self.path("policy_directory");
        let reference_app = self.reference_app();
        let storage = self.storage(environment);
        let grants = self.grants();
        let redis = self.redis();
        let keys = self.master_keys(environment);
        let hsm = self.hsm();
        let announce = self.number("keys.announce_hours").unwrap_or(DEFAULT_ANNOUNCE_HOURS);
        let tls = self.tls();
        let test_authentication = self.test_authentication(environment);
        let attestation = self.attestation();
        let matchers = self.matchers(environment);
        let outbound_exceptions = self.outbound(environment);
        let messages = self.messages(environment);
        let connections = self.number("limits.connections").unwrap_or(DEFAULT_CONNECTIONS);
        let hashing_threads = self.number("limits.hashing_threads");
        let observing = self.observing(environment);
        match (issuer, listen, storage, keys) {
            (Some(issuer), Some(listen), Some(storage), Some(keys)) if self.faults.is_empty() => {
                Ok(Config {
                    issuer,
                    environment,
                    listen,
                    log_format,
                    policy_directory,
                    reference_app,
                    storage,
                    grants,
                    redis,
                    keys,
                    hsm,
                    announce: Duration::from_hours(u64::try_from(announce).unwrap_or(u64::MAX)),
                    tls,
                    test_authentication,
                    attestation,
                    matchers,
                    outbound_exceptions,
                    messages,
                    connections,
                    hashing_threads,
                    observing,
                })
            }
            _ => {
                self.faults.sort();
                Err(ConfigError(self.faults))
            }
        }
    }

    /// Production unless somebody says otherwise: the safe side.
    fn environment(&mut self) -> Environment {
        match self.text("environment") {
            Some((text, _)) if text == "development" => Environment::Development,
            Some(_) | None => Environment::Production,
        }
    }

    fn issuer(&mut self, environment: Environment) -> Option<Issuer> {
        let (text, place) = self.required("issuer")?;
        Issuer::parse(&text, environment)
            .map_err(|fault| self.fault(&place, fault.to_string()))
            .ok()
    }

    fn listen(&mut self) -> Option<SocketAddr> {
        let Some((text, place)) = self.text("listen") else { return DEFAULT_LISTEN.parse().ok() };
        let address = text.parse().ok();
        if address.is_none() {
            self.fault(&place, "expected an address and a port, such as 127.0.0.1:8080");
        }
        address
    }

    fn master_keys(&mut self, environment: Environment) -> Option<MasterKeys> {
        let key_encryption = self.key_encryption(environment);
        let previous_key_encryption = self.previous_key_encryption(environment);
        let personal_data = self.master_key("keys.personal_data_key", environment);
        let index = self.master_key("keys.index_key", environment);
        let pairwise = self.master_key("keys.pairwise_key", environment);
        Some(MasterKeys {
            key_encryption: key_encryption?,
            previous_key_encryption,
            personal_data: personal_data?,
            index: index?,
            pairwise: pairwise?,
        })
    }

    /// By value or by file; missing is a fault.
    pub(super) fn secret(&mut self, key: &str) -> Option<(Zeroizing<String>, Place)> {
        let by_value = self.text(key);
        let by_file = self.path_and_place(&format!("{key}_file"));
        match (by_value, by_file) {
            (Some((text, place)), None) => Some((Zeroizing::new(text), place)),
            (None, Some((path, place))) => {
                let read = std::fs::read_to_string(&path);
                let read = read.map_err(|error| self.fault(&place, error.to_string()));
                Some((Zeroizing::new(read.ok()?), place))
            }
            (Some((_, place)), Some(_)) => {
                self.fault(&place, "is given by value and by file");
                None
            }
            (None, None) => {
                self.missing(&format!("{key}_file"));
                None
            }
        }
    }

    fn tls(&mut self) -> Option<TlsFiles> {
        match (self.path("tls.certificate"), self.path("tls.key")) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                self.missing("tls.key");
                None
            }
            (None, Some(_)) => {
                self.missing("tls.certificate");
                None
            }
        }
    }

    fn test_authentication(&mut self, environment: Environment) -> TestAuthentication {
        let Some((names, place)) = self.texts("test_authentication.accounts") else {
            return TestAuthentication::Off;
        };
        self.only_in_development(environment, &place, "these accounts are not throttled");
        let mut accounts = Vec::new();
        for name in names {
            match LoginName::parse(&name) {
                Ok(name) => accounts.push(name),
                Err(fault) => self.fault(&place, fault.to_string()),
            }
        }
        TestAuthentication::For(accounts)
    }

    fn outbound(&mut self, environment: Environment) -> Exceptions {
        let Some((pairs, place)) = self.texts("outbound.allow") else {
            return Exceptions::default();
        };
        self.only_in_development(environment, &place, "private addresses are never reached");
        Exceptions::parse(pairs.iter().map(String::as_str)).unwrap_or_else(|| {
            self.fault(&place, "expected host:port pairs");
            Exceptions::default()
        })
    }

    fn observing(&mut self, environment: Environment) -> Observing {
        let operations = self.text("operations.listen").and_then(|(text, place)| {
            let address = text.parse().ok();
            if address.is_none() {
                self.fault(&place, "expected an address and a port, such as 127.0.0.1:9090");
            }
            address
        });
        let drain = self.number("operations.drain_seconds").unwrap_or(match environment {
            Environment::Production => DEFAULT_DRAIN_SECONDS,
            Environment::Development => 0,
        });
        Observing {
            operations,
            drain: Duration::from_secs(u64::try_from(drain).unwrap_or(u64::MAX)),
            relying_party_labels: self
                .flag("metrics.relying_party_labels")
                .is_none_or(|(flag, _)| flag),
            traces: self.traces(),
        }
    }

    fn traces(&mut self) -> Option<Traces> {
        let ratio = match self.merged.take("tracing.sample_ratio") {
            Some((Written::Fraction(ratio), _)) => ratio,
            Some(_) | None => 1.0,
        };
        let (text, place) = self.text("tracing.otlp_endpoint")?;
        if !cfg!(feature = "otlp") {
            self.fault(&place, "this program was built without OpenTelemetry (feature otlp)");
        }
        let endpoint = Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none()
        });
        if endpoint.is_none() {
            self.fault(&place, "expected an http or https URL, such as http://127.0.0.1:4318");
        }
        Some(Traces { endpoint: endpoint?, ratio })
    }

    pub(super) fn only_in_development(
        &mut self,
        environment: Environment,
        place: &Place,
        why: &str,
    ) {
        if environment == Environment::Production {
            self.fault(place, format!("is for development only: {why}"));
        }
    }

    pub(super) fn required(&mut self, key: &str) -> Option<(String, Place)> {
        let found = self.text(key);
        if found.is_none() {
            self.missing(key);
        }
        found
    }

    pub(super) fn text(&mut self, key: &str) -> Option<(String, Place)> {
        match self.merged.take(key)? {
            (Written::Text(text), place) => Some((text, place)),
            _ => None,
        }
    }

    fn reference_app(&mut self) -> ReferenceApp {
        match self.flag("reference_app") {
            Some((true, _)) => ReferenceApp::Served,
            Some((false, _)) | None => ReferenceApp::NotServed,
        }
    }

    pub(super) fn flag(&mut self, key: &str) -> Option<(bool, Place)> {
        match self.merged.take(key)? {
            (Written::Flag(flag), place) => Some((flag, place)),
            _ => None,
        }
    }

    pub(super) fn number(&mut self, key: &str) -> Option<usize> {
        match self.merged.take(key)? {
            (Written::Number(number), _) => Some(number),
            _ => None,
        }
    }

    pub(super) fn number_and_place(&mut self, key: &str) -> Option<(usize, Place)> {
        match self.merged.take(key)? {
            (Written::Number(number), place) => Some((number, place)),
            _ => None,
        }
    }

    fn texts(&mut self, key: &str) -> Option<(Vec<String>, Place)> {
        match self.merged.take(key)? {
            (Written::Texts(texts), place) => Some((texts, place)),
            _ => None,
        }
    }

    pub(super) fn path(&mut self, key: &str) -> Option<PathBuf> {
        self.path_and_place(key).map(|(path, _)| path)
    }

    pub(super) fn path_and_place(&mut self, key: &str) -> Option<(PathBuf, Place)> {
        let (text, place) = self.text(key)?;
        let path = match &place {
            Place::File(_) => self.base.join(text),
            Place::Variable(_) => PathBuf::from(text),
        };
        Some((path, place))
    }

    pub(super) fn holds(&self, key: &str) -> bool {
        self.merged.holds(key)
    }

    pub(super) fn missing(&mut self, key: &str) {
        self.faults.push(Fault::at(key, "is missing"));
    }

    pub(super) fn fault(&mut self, place: &Place, message: impl Into<String>) {
        self.faults.push(Fault::new(place, message));
    }
}
