//! A setting that nobody reads is a start that fails, on the day of the deployment.

use std::collections::BTreeSet;

use serde_json::Value;
use vneid::config::schema::json_schema;

/// Read by the command line, the log, and `make chaos`.
const NOT_SETTINGS: [&str; 3] = ["VNEID_CONFIG", "VNEID_LOG", "VNEID_CHAOS"];

/// Every setting as `table.key`.
fn settings() -> BTreeSet<String> {
    fn collect(path: &str, schema: &Value, found: &mut BTreeSet<String>) {
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if inner["properties"].is_object() {
                collect(&path, inner, found);
            } else {
                found.insert(path);
            }
        }
    }
    let mut found = BTreeSet::new();
    collect("", &json_schema(), &mut found);
    assert!(found.contains("storage.sqlite"), "{found:?}");
    found
}

fn variables() -> BTreeSet<String> {
    let name = |key: &String| format!("VNEID_{}", key.replace('.', "_").to_ascii_uppercase());
    settings().iter().map(name).chain(NOT_SETTINGS.map(str::to_owned)).collect()
}

/// `VNEID_…` wherever it stands in a text.
fn named_variables(text: &str) -> impl Iterator<Item = &str> {
    let word = |byte: char| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == '_';
    let parts = text.match_indices("VNEID_").filter_map(move |(at, _)| {
        let end = text[at..].find(|byte| !word(byte)).map_or(text.len(), |length| at + length);
        text.get(at..end)
    });
    parts.filter(|name| !name.ends_with('_'))
}

#[test]
fn every_variable_that_deployments_and_operators_pages_name_is_a_setting() {
    let (known, mut named) = (variables(), 0);
    let pages = super::super::files(".md").into_iter().filter(|p| p.starts_with("docs/operations"));
    for path in super::files().into_iter().chain(pages) {
        for variable in named_variables(&super::super::read(&path)) {
            named += 1;
            assert!(known.contains(variable), "{} names {variable}", path.display());
        }
    }
    assert!(named > 5, "only {named} variables found");
}

#[test]
fn every_key_of_the_example_configurations_is_a_setting() {
    let known = settings();
    let configurations: Vec<_> = super::files()
        .into_iter()
        .filter(|path| path.starts_with("deploy/config"))
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    assert_eq!(configurations.len(), 3, "one for each role and one for migrations");
    for path in configurations {
        let file: toml::Table = super::super::read(&path).parse().expect("TOML");
        for key in keys(&file) {
            assert!(known.contains(&key), "{} sets {key}", path.display());
        }
    }
}

/// As `table.key`.
fn keys(file: &toml::Table) -> Vec<String> {
    file.iter()
        .flat_map(|(name, value)| match value.as_table() {
            Some(table) => table.keys().map(|key| format!("{name}.{key}")).collect(),
            None => vec![name.clone()],
        })
        .collect()
}

#[test]
fn a_name_is_found_wherever_it_stands() {
    let text = "VNEID_* and `VNEID_LISTEN`; VNEID_LOG_FORMAT: json\n- VNEID_ISSUER";
    let found: Vec<_> = named_variables(text).collect();
    assert_eq!(found, ["VNEID_LISTEN", "VNEID_LOG_FORMAT", "VNEID_ISSUER"]);
}
