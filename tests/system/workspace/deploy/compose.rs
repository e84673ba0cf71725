//! The compose file: what each service is given, and what it is not.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{text, texts, yaml};

const FILE: &str = "deploy/compose/compose.yaml";
const NODES: [&str; 4] =
    ["authorization-1", "authorization-2", "introspection-1", "introspection-2"];

fn compose() -> Value {
    yaml(FILE)
}

fn services(compose: &Value) -> impl Iterator<Item = (&String, &Value)> {
    compose["services"].as_object().expect("services").iter()
}

#[test]
fn two_nodes_of_each_role_serve_over_both_stores() {
    let compose = compose();
    let names: BTreeSet<&str> = services(&compose).map(|(name, _)| name.as_str()).collect();
    let others = ["migrate", "grants", "postgres", "redis", "nginx"];
    assert_eq!(names, NODES.into_iter().chain(others).collect());
    for node in NODES {
        let role = node.split('-').next().expect("a role");
        let command = texts(&compose["services"][node]["command"]).join(" ");
        assert_eq!(command, format!("--config /run/secrets/{role}.toml serve --role {role}"));
    }
}

#[test]
fn what_is_ours_runs_with_nothing_it_does_not_need() {
    let compose = compose();
    for name in NODES.into_iter().chain(["migrate"]) {
        let service = &compose["services"][name];
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(service.get("ports").is_none(), "{name} is reached through nginx alone");
        assert!(service.get("privileged").is_none(), "{name}");
        assert!(service.get("environment").is_none(), "{name}: secrets are files");
    }
}

#[test]
fn only_nginx_can_be_reached_and_only_who_must_can_get_out() {
    let compose = compose();
    let networks = &compose["networks"];
    for inside in ["app", "data"] {
        assert_eq!(networks[inside]["internal"], true, "{inside}");
    }
    for (name, service) in services(&compose) {
        assert_eq!(service.get("ports").is_some(), name == "nginx", "{name}");
        let joined = texts(&service["networks"]);
        assert!(!joined.is_empty(), "{name} would join the default network");
        let outward = joined.iter().any(|network| networks[*network]["internal"] != true);
        let must = name == "nginx" || name.starts_with("authorization");
        assert_eq!(outward, must, "{name}");
        let stores = joined.contains(&"data");
        assert_eq!(stores, name != "nginx", "{name}");
    }
}

#[test]
fn every_secret_is_declared_made_and_used() {
    let compose = compose();
    let declared = compose["secrets"].as_object().expect("secrets");
    let mut used = BTreeSet::new();
    for (name, service) in services(&compose) {
        for secret in texts(&service["secrets"]) {
            assert!(declared.contains_key(secret), "{name} uses {secret}");
            used.insert(secret);
        }
    }
    let made = text("deploy/compose/make-secrets.sh");
    for (secret, place) in declared {
        assert!(used.contains(secret.as_str()), "nobody uses {secret}");
        assert_eq!(place["file"], format!("./secrets/{secret}").as_str());
        let stem = secret.trim_end_matches(".key").trim_end_matches(".password");
        let stem = stem.trim_end_matches(".toml");
        assert!(made.contains(stem), "make-secrets.sh does not make {secret}");
    }
}

#[test]
fn what_is_mounted_exists_and_cannot_be_written() {
    let compose = compose();
    let volumes = compose["volumes"].as_object().expect("volumes");
    for (name, service) in services(&compose) {
        for mount in texts(&service["volumes"]) {
            let source = mount.split(':').next().expect("a source");
            if volumes.contains_key(source) {
                continue;
            }
            assert!(mount.ends_with(":ro"), "{name} may write {mount}");
            let path = super::super::root().join("deploy/compose").join(source);
            let made = source.starts_with("./secrets/");
            assert!(made || path.exists(), "{name} mounts {source}, which is not there");
        }
    }
}

#[test]
fn nodes_start_after_the_schema_and_its_grants() {
    let compose = compose();
    let after = |service: &str, other: &str| {
        compose["services"][service]["depends_on"][other]["condition"].as_str().map(str::to_owned)
    };
    let done = Some("service_completed_successfully".to_owned());
    let healthy = Some("service_healthy".to_owned());
    for node in NODES {
        assert_eq!(after(node, "grants"), done, "{node}");
        assert_eq!(after("nginx", node), healthy, "{node}");
    }
    assert_eq!(after("grants", "migrate"), done);
    assert_eq!(after("migrate", "postgres"), healthy);
    for node in NODES {
        let address = format!("server {node}:8080 ");
        assert!(text("deploy/compose/upstreams.conf").contains(&address), "{address}");
    }
}
