//! `deploy/` as text: whatever can be judged without starting anything.
//!
//! ```text
//!  settings   every name is one that the provider knows      scripts   sh reads them
//!  compose    what each service is given, and not given      image     what the build is given
//!  helm       values, schema and templates agree             database  tables, headers, ports agree
//! ```

mod agreement;
mod compose;
mod helm;
mod image;
mod settings;

use std::path::PathBuf;

use serde_json::Value;

/// Files below `deploy/`.
fn files() -> Vec<PathBuf> {
    super::files("").into_iter().filter(|path| path.starts_with("deploy")).collect()
}

fn text(path: &str) -> String {
    super::read(path.as_ref())
}

/// A YAML document as JSON, merge keys (`<<`) resolved.
fn yaml(path: &str) -> Value {
    parsed(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn parsed(text: &str) -> Result<Value, serde_norway::Error> {
    let mut document: serde_norway::Value = serde_norway::from_str(text)?;
    document.apply_merge()?;
    serde_norway::from_value(document)
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}
