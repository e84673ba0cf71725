//! Reads TOML key by key, so that every fault of a file is found at once and named by its line.

use std::cell::RefCell;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// One thing wrong with a policy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct PolicyFault {
    pub file: String,
    pub line: usize,
    pub message: String,
}

/// A file being read, and what was found wrong so far.
pub(super) struct Source<'a> {
    file: &'a str,
    text: &'a str,
    faults: RefCell<Vec<PolicyFault>>,
}

impl<'a> Source<'a> {
    pub fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, faults: RefCell::default() }
    }

    /// Parses as far as possible; syntax errors are faults like all others.
    pub fn root(&self) -> Section<'_, 'a> {
        let (root, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            self.fault(error.span().map_or(0, |span| span.start), error.message());
        }
        Section { source: self, path: String::new(), at: 0, table: root.into_inner() }
    }

    pub fn fault(&self, offset: usize, message: impl fmt::Display) {
        let line = 1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
        let fault = PolicyFault { file: self.file.to_owned(), line, message: message.to_string() };
        self.faults.borrow_mut().push(fault);
    }

    pub fn into_faults(self) -> Vec<PolicyFault> {
        let mut faults = self.faults.into_inner();
        faults.sort();
        faults.dedup();
        faults
    }
}

/// One table. Keys are taken out one by one; [`Section::finish`] refuses what is left.
pub(super) struct Section<'s, 'a> {
    source: &'s Source<'a>,
    path: String,
    at: usize,
    table: DeTable<'a>,
}

impl<'s, 'a> Section<'s, 'a> {
    /// Where the table begins, for faults about it as a whole.
    pub fn fault(&self, message: impl fmt::Display) {
        self.source.fault(self.at, message);
    }

    pub fn required<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let Some(value) = self.table.remove(key) else {
            self.fault(format_args!("missing key `{}`", self.name(key)));
            return None;
        };
        self.read(key, value)
    }

    /// The outer `None` is a fault, the inner one an absent key.
    #[expect(clippy::option_option, reason = "absent and wrong are different things here")]
    pub fn optional<T: DeserializeOwned>(&mut self, key: &str) -> Option<Option<T>> {
        match self.table.remove(key) {
            Some(value) => self.read(key, value).map(Some),
            None => Some(None),
        }
    }

    pub fn or_default<T: DeserializeOwned + Default>(&mut self, key: &str) -> Option<T> {
        self.optional(key).map(Option::unwrap_or_default)
    }

    pub fn section(&mut self, key: &str) -> Option<Section<'s, 'a>> {
        let Some(value) = self.table.remove(key) else {
            self.fault(format_args!("missing table `{}`", self.name(key)));
            return None;
        };
        self.open(key, value)
    }

    /// The tables inside this one, each with its key.
    pub fn sections(mut self) -> Vec<(String, Section<'s, 'a>)> {
        let table = std::mem::take(&mut self.table);
        table
            .into_iter()
            .filter_map(|(key, value)| {
                let key = key.into_inner().into_owned();
                self.open(&key, value).map(|section| (key, section))
            })
            .collect()
    }

    /// The tables of an array of tables.
    pub fn array(&mut self, key: &str) -> Vec<Section<'s, 'a>> {
        let Some(value) = self.table.remove(key) else {
            self.fault(format_args!("missing tables `[[{}]]`", self.name(key)));
            return Vec::new();
        };
        let at = value.span().start;
        let DeValue::Array(items) = value.into_inner() else {
            self.source.fault(at, format_args!("`{}` must be an array of tables", self.name(key)));
            return Vec::new();
        };
        items.into_iter().filter_map(|item| self.open(key, item)).collect()
    }

    /// Refuses unknown keys (fail closed: a misspelt limit must not silently vanish).
    pub fn finish(self) {
        for key in self.table.keys() {
            let name = self.name(key.get_ref());
            self.source.fault(key.span().start, format_args!("unknown key `{name}`"));
        }
    }

    /// A key of this table given as text, e.g. the kind in `[kinds.totp]`.
    pub fn named<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        use serde::de::IntoDeserializer;
        use serde::de::value::{Error, StringDeserializer};
        let deserializer: StringDeserializer<Error> = name.to_owned().into_deserializer();
        let value = T::deserialize(deserializer);
        value.map_err(|_| self.fault(format_args!("unknown name `{}`", self.path))).ok()
    }

    fn open(&self, key: &str, value: Spanned<DeValue<'a>>) -> Option<Section<'s, 'a>> {
        let at = value.span().start;
        let path = self.name(key);
        match value.into_inner() {
            DeValue::Table(table) => Some(Section { source: self.source, path, at, table }),
            other => {
                let found = other.type_str();
                self.source.fault(at, format_args!("`{path}` must be a table, not {found}"));
                None
            }
        }
    }

    fn read<T: DeserializeOwned>(&self, key: &str, value: Spanned<DeValue<'a>>) -> Option<T> {
        let at = value.span().start;
        T::deserialize(ValueDeserializer::from(value))
            .map_err(|error| {
                let at = error.span().map_or(at, |span| span.start);
                self.source.fault(at, format_args!("`{}`: {}", self.name(key), error.message()));
            })
            .ok()
    }

    pub fn holds(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The full name of a key of this table.
    pub fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// A span of time as people write it: `5s`, `15m`, `12h`, `7d`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span(pub Duration);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let seconds = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)]
            .into_iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
            .and_then(|(count, unit)| {
                count.parse::<u32>().ok().map(|count| u64::from(count) * unit)
            });
        seconds
            .map(|seconds| Self(Duration::from_secs(seconds)))
            .ok_or_else(|| serde::de::Error::custom("expected a span such as \"15m\" or \"12h\""))
    }
}
