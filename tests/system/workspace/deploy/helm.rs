//! The chart, as far as it can be judged without Helm: values fit their schema, templates use values
//! that exist, and what they write is YAML.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use super::{files, parsed, text, texts, yaml};

const CHART: &str = "deploy/helm/vneid";

fn values() -> Value {
    yaml(&format!("{CHART}/values.yaml"))
}

fn schema() -> Value {
    serde_json::from_str(&text(&format!("{CHART}/values.schema.json"))).expect("JSON")
}

fn templates() -> Vec<PathBuf> {
    let templates: Vec<_> =
        files().into_iter().filter(|path| path.starts_with(format!("{CHART}/templates"))).collect();
    assert!(templates.len() > 5, "{templates:?}");
    templates
}

/// What is wrong with `value`, in the words of the schema that `values.schema.json` uses.
fn faults(value: &Value, schema: &Value, root: &Value, path: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = root.pointer(reference.trim_start_matches('#')).expect("a definition");
        return faults(value, target, root, path);
    }
    let mut found = Vec::new();
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some(other) => panic!("{path}: the type {other} is not known here"),
        None => texts(&schema["enum"]).contains(&value.as_str().unwrap_or_default()),
    };
    let too_small = value.as_i64() < schema["minimum"].as_i64();
    let empty = schema["minItems"].is_i64() && value.as_array().is_some_and(Vec::is_empty);
    if !fits || too_small || empty {
        found.push(format!("{path}: {value}"));
    }
    for name in texts(&schema["required"]) {
        if value.get(name).is_none() {
            found.push(format!("{path}.{name}: is missing"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => found.push(format!("{path}: is not known")),
            (Value::Null, Value::Object(_)) => {
                found.extend(faults(inner, &schema["additionalProperties"], root, &path));
            }
            (Value::Null, _) => {}
            (known, _) => found.extend(faults(inner, known, root, &path)),
        }
    }
    for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(faults(inner, &schema["items"], root, &format!("{path}[{index}]")));
    }
    found
}

#[test]
fn the_values_fit_their_schema_and_others_do_not() {
    let schema = schema();
    assert_eq!(faults(&values(), &schema, &schema, ""), [""; 0]);
    for (pointer, wrong) in [
        ("/roles/authorization/replicas", Value::from(0)),
        ("/roles/introspection/outbound", Value::from("no")),
        ("/image/pullPolicy", Value::from("Sometimes")),
        ("/network/notOutbound", Value::Array(Vec::new())),
        ("/network/proxy/pods", serde_json::json!({ "component": 5 })),
        ("/secrets", serde_json::json!({ "keys": "a", "stores": "b", "more": "c" })),
        ("/migrate", serde_json::json!({ "enabled": true })),
    ] {
        let mut values = values();
        *values.pointer_mut(pointer).expect("a value") = wrong;
        assert_ne!(faults(&values, &schema, &schema, ""), [""; 0], "{pointer}");
    }
}

#[test]
fn a_budget_for_disruptions_leaves_room_for_one() {
    for (role, node) in values()["roles"].as_object().expect("roles") {
        assert!(node["minAvailable"].as_i64() < node["replicas"].as_i64(), "{role}");
        let most = node["autoscaling"]["maxReplicas"].as_i64();
        assert!(node["replicas"].as_i64() <= most, "{role}");
    }
}

/// Paths that follow `prefix` in the templates' expressions, as JSON pointers.
fn used(prefix: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for template in templates() {
        for part in super::super::read(&template).split(prefix).skip(1) {
            let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '.');
            let path = part[..end.unwrap_or(part.len())].trim_end_matches('.');
            found.insert(format!("/{}", path.replace('.', "/")));
        }
    }
    found
}

#[test]
fn templates_use_values_that_exist_and_every_value_is_used() {
    let values = values();
    let mut reached = used(".Values.");
    reached.extend(used("$network.").iter().map(|path| format!("/network{path}")));
    for role in ["authorization", "introspection"] {
        reached.extend(used("$node.").iter().map(|path| format!("/roles/{role}{path}")));
    }
    for path in &reached {
        assert!(values.pointer(path).is_some(), "{path} is not among the values");
    }
    let mut leaves = Vec::new();
    collect(&values, String::new(), &mut leaves);
    // `roles` and `network` are walked through `$node` and `$network`.
    let walked = |path: &&String| !["/roles", "/network"].contains(&path.as_str());
    for leaf in leaves {
        let used = reached.iter().filter(walked).any(|path| leaf.starts_with(path.as_str()));
        assert!(used, "no template uses {leaf}");
    }
}

fn collect(value: &Value, path: String, leaves: &mut Vec<String>) {
    match value.as_object() {
        Some(members) if !members.is_empty() => {
            for (name, inner) in members {
                collect(inner, format!("{path}/{name}"), leaves);
            }
        }
        _ => leaves.push(path),
    }
}

/// The template without its actions: whole lines of control go, what stands inside a line becomes a
/// word, what brings lines of its own becomes a member.
fn without_actions(template: &str) -> String {
    let line = |line: &str| {
        let trimmed = line.trim();
        if trimmed.starts_with("{{") && trimmed.ends_with("}}") {
            let brings = ["include", "toYaml", ".Files"].iter().any(|word| trimmed.contains(word));
            let indent = trimmed.split("nindent ").nth(1).and_then(|rest| rest.split(' ').next());
            let width: usize = indent.and_then(|width| width.parse().ok()).unwrap_or(0);
            return if brings {
                format!("{:width$}brought{}: x", "", line.len())
            } else {
                String::new()
            };
        }
        line.split("{{").enumerate().fold(String::new(), |text, (index, part)| match index {
            0 => part.to_owned(),
            _ => text + "x" + part.split_once("}}").map_or("", |(_, rest)| rest),
        })
    };
    template.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_the_templates_write_is_yaml_of_a_known_kind() {
    let mut kinds = BTreeSet::new();
    for path in templates().iter().filter(|path| path.extension().is_some_and(|e| e == "yaml")) {
        let template = super::super::read(path);
        let opened = ["{{- if ", "{{- range ", "{{- with "];
        let opened: usize = opened.iter().map(|word| template.matches(word).count()).sum();
        assert_eq!(opened, template.matches("{{- end }}").count(), "{}", path.display());
        for document in without_actions(&template).split("\n---\n").skip(1) {
            // Two includes into one mapping would be one key twice.
            let object = parsed(document)
                .unwrap_or_else(|error| panic!("{}: {error}\n{document}", path.display()));
            kinds.insert(object["kind"].as_str().expect("a kind").to_owned());
            assert!(object["apiVersion"].is_string() && object["metadata"]["name"].is_string());
        }
    }
    let expected = [
        "ConfigMap",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Job",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "Service",
        "ServiceMonitor",
    ];
    assert_eq!(kinds, expected.map(str::to_owned).into());
}

#[test]
fn every_pod_gives_up_what_it_does_not_need() {
    for (template, pods) in [("deployments.yaml", 1), ("migrate.yaml", 1)] {
        let text = text(&format!("{CHART}/templates/{template}"));
        assert_eq!(text.matches("vneid.podSecurity").count(), pods, "{template}");
        assert_eq!(text.matches("automountServiceAccountToken: false").count(), pods);
        let containers = text.matches("          image: ").count();
        assert_eq!(text.matches("vneid.containerSecurity").count(), containers, "{template}");
        assert_eq!(text.matches("secret: { name: {{").count(), 3, "{template}: by reference");
    }
    let helpers = text(&format!("{CHART}/templates/_helpers.tpl"));
    for line in [
        "runAsNonRoot: true",
        "allowPrivilegeEscalation: false",
        "readOnlyRootFilesystem: true",
        "capabilities: { drop: [ALL] }",
        "seccompProfile: { type: RuntimeDefault }",
    ] {
        assert!(helpers.contains(line), "{line}");
    }
}

#[test]
fn the_chart_carries_the_grants_and_the_version_of_this_tree() {
    assert_eq!(text(&format!("{CHART}/grants.sql")), text("deploy/postgres/grants.sql"));
    let version = env!("CARGO_PKG_VERSION");
    let chart = yaml(&format!("{CHART}/Chart.yaml"));
    assert_eq!(chart["appVersion"], version);
    assert_eq!(values()["image"]["tag"], version);
}
