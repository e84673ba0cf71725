//! Who may use whom (docs/architecture.md). A dependency that Cargo would allow and the house does
//! not is a wall knocked down.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

/// Our crates from the inside out, with everything of ours each may name outside its tests.
const MAY_USE: &[(&str, &[&str])] = &[
    ("identity-core", &[]),
    ("assurance", &["identity-core"]),
    ("protocol", &["identity-core"]),
    ("jose", &["identity-core"]),
    ("ledger", &["identity-core"]),
    ("storage", &["identity-core", "ledger", "assurance"]),
    ("storage-sqlite", &["storage", "identity-core", "ledger", "assurance"]),
    ("storage-postgres", &["storage", "identity-core", "ledger", "assurance"]),
    ("storage-redis", &["storage", "identity-core"]),
    ("node", &["identity-core", "protocol", "jose", "ledger", "storage"]),
    ("flows", &["identity-core", "assurance", "protocol", "jose", "ledger", "storage", "node"]),
    (
        "introspection",
        &["identity-core", "assurance", "protocol", "jose", "ledger", "storage", "node"],
    ),
    (
        "authorization-server",
        &["flows", "identity-core", "assurance", "protocol", "jose", "ledger", "storage", "node"],
    ),
    // For portals: knows nothing of ours.
    ("step-up", &[]),
    (
        "vneid",
        &[
            "step-up",
            "authorization-server",
            "introspection",
            "flows",
            "node",
            "storage-sqlite",
            "storage-postgres",
            "storage-redis",
            "storage",
            "ledger",
            "jose",
            "protocol",
            "assurance",
            "identity-core",
        ],
    ),
];

/// What exists for tests alone.
const TEST_ONLY: &[&str] = &["bench", "test-servers", "testkit", "vneid-tests"];

/// What only an edge may link.
const EDGES_ONLY: &[(&str, &[&str])] = &[
    ("axum", &["authorization-server", "introspection", "vneid"]),
    ("hyper-util", &["vneid"]),
    ("reqwest", &["authorization-server", "vneid"]),
    ("sqlx", &["storage-sqlite", "storage-postgres"]),
    ("redis", &["storage-redis"]),
    ("askama", &["authorization-server", "vneid"]),
    ("openidconnect", &["vneid"]),
    ("webauthn-rs-core", &["flows"]),
    ("metrics-exporter-prometheus", &["vneid"]),
    ("opentelemetry", &["vneid"]),
];

fn packages() -> BTreeMap<String, Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(super::root())
        .output()
        .expect("cargo metadata runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages").clone();
    packages.into_iter().map(|package| (text(&package["name"]), package)).collect()
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// Names of what a package links outside its tests.
fn links(package: &Value) -> BTreeSet<String> {
    let dependencies = package["dependencies"].as_array().expect("a list of dependencies");
    let outside_tests = dependencies.iter().filter(|dependency| dependency["kind"] != "dev");
    outside_tests.map(|dependency| text(&dependency["name"])).collect()
}

#[test]
fn every_crate_uses_only_what_stands_below_it() {
    let packages = packages();
    let ours: BTreeSet<&str> = packages.keys().map(String::as_str).collect();
    for (name, allowed) in MAY_USE {
        let package = packages.get(*name).unwrap_or_else(|| panic!("{name} is missing"));
        for used in links(package).iter().filter(|used| ours.contains(used.as_str())) {
            assert!(allowed.contains(&used.as_str()), "{name} must not use {used}");
        }
    }
}

#[test]
fn no_crate_stands_outside_the_table() {
    let known: BTreeSet<&str> = MAY_USE.iter().map(|(name, _)| *name).collect();
    for name in packages().keys() {
        let test_only = TEST_ONLY.contains(&name.as_str());
        assert!(test_only || known.contains(name.as_str()), "{name} has no place in the table");
    }
}

#[test]
fn edges_stay_at_the_edge() {
    for (dependency, allowed) in EDGES_ONLY {
        for (name, package) in packages() {
            let test_only = TEST_ONLY.contains(&name.as_str());
            let uses = links(&package).contains(*dependency);
            assert!(
                !uses || test_only || allowed.contains(&name.as_str()),
                "{name} must not use {dependency}"
            );
        }
    }
}

#[test]
fn the_test_kit_never_ships() {
    for (name, package) in packages() {
        for kit in ["testkit", "test-servers"] {
            let links_it = links(&package).contains(kit);
            let test_only = TEST_ONLY.contains(&name.as_str());
            assert!(!links_it || test_only, "{name} links {kit} outside its tests");
        }
    }
}
