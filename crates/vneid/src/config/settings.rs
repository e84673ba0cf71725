//! Every setting there is, in one table: names, environment variables, checks and the schema all come
//! from here.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Fault;

/// What an environment variable of ours begins with.
pub const PREFIX: &str = "VNEID_";
/// Read by the command line and the log, not settings of the provider.
const NOT_SETTINGS: [&str; 2] = ["VNEID_CONFIG", "VNEID_LOG"];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Text,
    Choice(&'static [&'static str]),
    Flag,
    Number,
    /// From 0 to 1.
    Fraction,
    /// In the environment: separated by commas.
    Texts,
}

#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// `table.key`.
    pub key: &'static str,
    pub kind: Kind,
    pub about: &'static str,
}

const fn setting(key: &'static str, kind: Kind, about: &'static str) -> Setting {
    Setting { key, kind, about }
}

pub const SETTINGS: &[Setting] = &[
    setting(
        "issuer",
        Kind::Text,
        "The provider's name and public base URL; https outside development.",
    ),
    setting(
        "environment",
        Kind::Choice(&["production", "development"]),
        "development permits http on this machine, throw-away keys and test accounts.",
    ),
    setting("listen", Kind::Text, "Address and port to listen on. Default 127.0.0.1:8080."),
    setting("log_format", Kind::Choice(&["json", "text"]), "How log lines look. Default json."),
    setting(
        "policy_directory",
        Kind::Text,
        "Directory of dated policy files. Default: the files built in.",
    ),
    setting(
        "reference_app",
        Kind::Flag,
        "Serve the reference app of citizens at /app/. Default false; on in the demo.",
    ),
    setting("storage.sqlite", Kind::Text, "Path of the SQLite database file."),
    setting(
        "storage.ephemeral",
        Kind::Flag,
        "Keep everything in memory and lose it at the end. Development only.",
    ),
    setting(
        "storage.postgres",
        Kind::Text,
        "URL of the PostgreSQL database. Several hosts, separated by commas, are tried until the \
         primary is found.",
    ),
    setting(
        "storage.postgres_password_file",
        Kind::Text,
        "File with the password, instead of one in the URL.",
    ),
    setting(
        "storage.postgres_ca_file",
        Kind::Text,
        "PEM file with the authority that signed the server's certificate. Asks for TLS.",
    ),
    setting("storage.postgres_connections", Kind::Number, "Most connections. Default 16."),
    setting(
        "storage.postgres_acquire_timeout_ms",
        Kind::Number,
        "How long a request waits for a connection. Default 2000.",
    ),
    setting(
        "storage.postgres_statement_timeout_ms",
        Kind::Number,
        "After how long a statement is given up. Default 5000.",
    ),
    setting(
        "storage.postgres_statement_cache",
        Kind::Number,
        "Statements kept prepared on each connection. Default 200.",
    ),
    setting(
        "storage.postgres_pooler",
        Kind::Flag,
        "The URL leads to PgBouncer in transaction mode: nothing is kept on a connection, and \
         nobody listens for news there.",
    ),
    setting(
        "storage.postgres_events_months",
        Kind::Number,
        "Months of security events that are kept, at least 60. Default: all.",
    ),
    setting(
        "storage.compact_grants",
        Kind::Flag,
        "Write grants in their short form. Only once no node of the release before this one serves \
         the same database, for it cannot read them. Default false.",
    ),
    setting(
        "redis.url",
        Kind::Text,
        "redis://host:port, rediss:// with TLS, or unix:/path. Without Redis the database also keeps \
         what counts once. With Sentinel or Cluster: several, separated by commas.",
    ),
    setting(
        "redis.sentinel_master",
        Kind::Text,
        "What the sentinels call the primary; redis.url then names the sentinels.",
    ),
    setting("redis.cluster", Kind::Flag, "redis.url names nodes of a Redis Cluster."),
    setting("redis.username", Kind::Text, "Who we are to Redis."),
    setting("redis.password_file", Kind::Text, "File with the password."),
    setting("redis.sentinel_username", Kind::Text, "Who we are to the sentinels."),
    setting("redis.sentinel_password_file", Kind::Text, "File with the password for sentinels."),
    setting("redis.ca_file", Kind::Text, "PEM file with the authorities that Redis is checked by."),
    setting("redis.client_certificate", Kind::Text, "PEM file with our certificate for Redis."),
    setting("redis.client_key", Kind::Text, "PEM file with its private key."),
    setting("redis.prefix", Kind::Text, "What our keys in Redis begin with. Default vneid:."),
    setting("redis.timeout_ms", Kind::Number, "How long an answer may take. Default 500."),
    setting(
        "keys.key_encryption_key",
        Kind::Text,
        "Wraps signing and sealing keys at rest. 32 bytes, hexadecimal or base64.",
    ),
    setting("keys.key_encryption_key_file", Kind::Text, "The same, in a file."),
    setting(
        "keys.personal_data_key",
        Kind::Text,
        "Wraps the key of every person's data. Lost with it: all personal data.",
    ),
    setting("keys.personal_data_key_file", Kind::Text, "The same, in a file."),
    setting("keys.index_key", Kind::Text, "Keys the blind indexes by which people are found."),
    setting("keys.index_key_file", Kind::Text, "The same, in a file."),
    setting(
        "keys.pairwise_key",
        Kind::Text,
        "Keys subject identifiers. Changing it changes every sub.",
    ),
    setting("keys.pairwise_key_file", Kind::Text, "The same, in a file."),
    setting(
        "keys.previous_key_encryption_key",
        Kind::Text,
        "The key-encryption key before this one, until `vneid keys rewrap` is done.",
    ),
    setting("keys.previous_key_encryption_key_file", Kind::Text, "The same, in a file."),
    setting(
        "keys.announce_hours",
        Kind::Number,
        "How long a signing key is published before it signs. Default 24.",
    ),
    setting("hsm.module", Kind::Text, "PKCS#11 library of a hardware security module."),
    setting("hsm.token_label", Kind::Text, "Label of the token in it."),
    setting("hsm.pin", Kind::Text, "PIN of the token's ordinary user."),
    setting("hsm.pin_file", Kind::Text, "The same, in a file."),
    setting(
        "hsm.key_encryption_key_label",
        Kind::Text,
        "Label of an AES-256 key in the token, used instead of keys.key_encryption_key.",
    ),
    setting(
        "hsm.previous_key_encryption_key_label",
        Kind::Text,
        "Label of the one before it, until `vneid keys rewrap` is done.",
    ),
    setting(
        "hsm.signing",
        Kind::Flag,
        "Make signing keys in the token; they never leave it. Default false.",
    ),
    setting("hsm.sessions", Kind::Number, "Most operations in the token at once. Default 4."),
    setting(
        "tls.certificate",
        Kind::Text,
        "PEM file with the certificate chain. Without tls, a proxy terminates it.",
    ),
    setting("tls.key", Kind::Text, "PEM file with its private key."),
    setting(
        "test_authentication.accounts",
        Kind::Texts,
        "Login names that log in by password alone, without throttle. Development only.",
    ),
    setting(
        "passkeys.makers_file",
        Kind::Text,
        "TOML file with the makers and models of security keys that officials must have. Without it \
         no official can enrol a passkey.",
    ),
    setting(
        "biometrics.matchers_file",
        Kind::Text,
        "TOML file with the matchers whose comparisons of faces and fingers count. Without it none do.",
    ),
    setting(
        "outbound.allow",
        Kind::Texts,
        "host:port pairs that back-channel requests may reach although private. Development only.",
    ),
    setting(
        "messages.gateway",
        Kind::Text,
        "URL of the gateway that delivers SMS and e-mail. Default: none, and no codes by message.",
    ),
    setting("messages.gateway_secret", Kind::Text, "What we bear to the gateway."),
    setting("messages.gateway_secret_file", Kind::Text, "The same, in a file."),
    setting(
        "messages.sim_signal",
        Kind::Text,
        "URL that says whether a telephone number moved to another SIM. Default: nobody is asked.",
    ),
    setting(
        "messages.outbox",
        Kind::Flag,
        "Keep messages in memory and show them at /dev/outbox. Development only.",
    ),
    setting("limits.connections", Kind::Number, "Most connections at once. Default 10000."),
    setting(
        "limits.hashing_threads",
        Kind::Number,
        "Most passwords hashed at once. Default: one per core.",
    ),
    setting(
        "operations.listen",
        Kind::Text,
        "Address and port for probes, metrics and indicators; never public. Default: none.",
    ),
    setting(
        "operations.drain_seconds",
        Kind::Number,
        "How long to serve on, not ready, when asked to stop. Default 5; in development at once.",
    ),
    setting(
        "metrics.relying_party_labels",
        Kind::Flag,
        "Count the steps of logins at each registered relying party, too. Default true.",
    ),
    setting(
        "tracing.otlp_endpoint",
        Kind::Text,
        "Base URL of an OpenTelemetry collector (OTLP over HTTP). Default: none.",
    ),
    setting(
        "tracing.sample_ratio",
        Kind::Fraction,
        "Which part of all traces is sent, from 0 to 1. Default 1.",
    ),
];

/// Three ways to say where everything durable is.
pub const STORES: [&str; 3] = ["storage.sqlite", "storage.ephemeral", "storage.postgres"];

impl Setting {
    pub fn find(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.key.replace('.', "_").to_ascii_uppercase())
    }
}

/// Where a value was written, for fault messages and for relative paths.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    File(String),
    Variable(String),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(key) => f.write_str(key),
            Self::Variable(name) => f.write_str(name),
        }
    }
}

/// A value as written. No `Debug`: some are secrets.
pub enum Written {
    Text(String),
    Flag(bool),
    Number(usize),
    Fraction(f64),
    Texts(Vec<String>),
}

/// The file with the environment laid over it.
#[derive(Default)]
pub struct Merged {
    values: BTreeMap<&'static str, (Written, Place)>,
}

impl Merged {
    pub fn take(&mut self, key: &str) -> Option<(Written, Place)> {
        self.values.remove(key)
    }

    pub fn holds(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    pub fn read_file(&mut self, table: &Table, faults: &mut Vec<Fault>) {
        self.read_table("", table, faults);
    }

    fn read_table(&mut self, path: &str, table: &Table, faults: &mut Vec<Fault>) {
        for (name, value) in table {
            let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if let Some(setting) = Setting::find(&key) {
                let place = Place::File(key);
                match from_toml(setting.kind, value) {
                    Ok(written) => {
                        self.values.insert(setting.key, (written, place));
                    }
                    Err(expected) => faults.push(Fault::new(&place, expected)),
                }
            } else if let (Value::Table(table), true) = (value, is_table(&key)) {
                self.read_table(&key, table, faults);
            } else {
                faults.push(Fault::new(&Place::File(key), "there is no such setting"));
            }
        }
    }

    /// The environment wins over the file, also over the other spelling of the same thing.
    pub fn read_environment(&mut self, variables: &[(String, String)], faults: &mut Vec<Fault>) {
        for (name, text) in variables {
            if !name.starts_with(PREFIX) || NOT_SETTINGS.contains(&name.as_str()) {
                continue;
            }
            let place = Place::Variable(name.clone());
            let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == *name) else {
                faults.push(Fault::new(&place, "there is no such setting"));
                continue;
            };
            match from_text(setting.kind, text) {
                Ok(written) => {
                    self.drop_from_file(&alternatives(setting.key));
                    self.values.insert(setting.key, (written, place));
                }
                Err(expected) => faults.push(Fault::new(&place, expected)),
            }
        }
    }

    fn drop_from_file(&mut self, keys: &[String]) {
        self.values.retain(|key, (_, place)| {
            !(matches!(place, Place::File(_)) && keys.iter().any(|other| other == key))
        });
    }
}

fn is_table(path: &str) -> bool {
    SETTINGS
        .iter()
        .any(|setting| setting.key.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// The other ways to say what `key` says.
fn alternatives(key: &str) -> Vec<String> {
    match key.strip_suffix("_file") {
        Some(by_value) => vec![by_value.to_owned()],
        None if STORES.contains(&key) => {
            STORES.iter().filter(|other| **other != key).map(|&other| other.to_owned()).collect()
        }
        None => vec![format!("{key}_file")],
    }
}

fn from_toml(kind: Kind, value: &Value) -> Result<Written, String> {
    match (kind, value) {
        (Kind::Text, Value::String(text)) => Ok(Written::Text(text.clone())),
        (Kind::Number, Value::Integer(number)) => number_from(&number.to_string()),
        (Kind::Fraction, Value::Float(number)) => fraction_from(&number.to_string()),
        (Kind::Fraction, Value::Integer(number)) => fraction_from(&number.to_string()),
        (Kind::Choice(choices), Value::String(text)) => choice(choices, text),
        (Kind::Flag, Value::Boolean(flag)) => Ok(Written::Flag(*flag)),
        (Kind::Texts, Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Written::Texts)
            .ok_or_else(|| "expected a list of texts".to_owned()),
        (Kind::Text, _) => Err("expected a text".to_owned()),
        (Kind::Choice(choices), _) => Err(one_of(choices)),
        (Kind::Number, _) => Err(POSITIVE.to_owned()),
        (Kind::Fraction, _) => Err(FRACTION.to_owned()),
        (Kind::Flag, _) => Err("expected true or false".to_owned()),
        (Kind::Texts, _) => Err("expected a list of texts".to_owned()),
    }
}

fn from_text(kind: Kind, text: &str) -> Result<Written, String> {
    match kind {
        Kind::Text => Ok(Written::Text(text.to_owned())),
        Kind::Choice(choices) => choice(choices, text),
        Kind::Number => number_from(text),
        Kind::Fraction => fraction_from(text),
        Kind::Flag => {
            text.parse().map(Written::Flag).map_err(|_| "expected true or false".to_owned())
        }
        Kind::Texts => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(Written::Texts(items.map(str::to_owned).collect()))
        }
    }
}

fn choice(choices: &[&str], text: &str) -> Result<Written, String> {
    if choices.contains(&text) { Ok(Written::Text(text.to_owned())) } else { Err(one_of(choices)) }
}

fn one_of(choices: &[&str]) -> String {
    format!("expected one of: {}", choices.join(", "))
}

const FRACTION: &str = "expected a number from 0 to 1";

fn fraction_from(text: &str) -> Result<Written, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(Written::Fraction(number)),
        Ok(_) | Err(_) => Err(FRACTION.to_owned()),
    }
}

const POSITIVE: &str = "expected a number greater than zero";

fn number_from(text: &str) -> Result<Written, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(Written::Number(number)),
        Ok(_) | Err(_) => Err(POSITIVE.to_owned()),
    }
}
