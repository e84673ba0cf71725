//! Dashboards and alert rules (`deploy/`) name metrics that exist, and none that nobody looks at.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use node::measure::{self, Kind};
use serde_json::Value;

fn deploy(folder: &str, suffix: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(folder);
    let entries = fs::read_dir(&folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let wanted = paths.filter(|path| path.to_string_lossy().ends_with(suffix));
    let mut files: Vec<_> =
        wanted.map(|path| (path.clone(), fs::read_to_string(path).expect("readable"))).collect();
    files.sort();
    assert!(!files.is_empty(), "no file ends with {suffix}");
    files
}

/// Every word that looks like a metric of ours, without what Prometheus adds to histograms.
fn metrics_in(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let ours = words.filter(|word| word.starts_with("vneid_"));
    ours.map(|word| {
        let base = ["_bucket", "_count", "_sum"].iter().find_map(|end| word.strip_suffix(end));
        let histogram = |name: &str| {
            measure::ALL.iter().any(|known| known.name == name && known.kind == Kind::Histogram)
        };
        base.filter(|base| histogram(base)).unwrap_or(word).to_owned()
    })
    .collect()
}

/// `vneid:…`, which recording rules make.
fn recorded_in(text: &str) -> BTreeSet<String> {
    let words =
        text.split(|letter: char| !letter.is_ascii_alphanumeric() && !"_:".contains(letter));
    words.filter(|word| word.starts_with("vneid:")).map(str::to_owned).collect()
}

#[test]
fn dashboards_and_rules_name_what_exists_and_nothing_is_measured_for_nobody() {
    let mut named = BTreeSet::new();
    let recording = deploy("prometheus", "recording.yml").remove(0).1;
    let makes = |name: &str| recording.contains(&format!("record: {name}\n"));
    for (path, text) in deploy("grafana", ".json").into_iter().chain(deploy("prometheus", ".yml")) {
        for name in recorded_in(&text) {
            assert!(makes(&name), "{} names {name}, which is not recorded", path.display());
        }
        for name in metrics_in(&text) {
            let known = measure::ALL.iter().any(|measure| measure.name == name);
            assert!(known, "{} names {name}, which is not measured", path.display());
            named.insert(name);
        }
    }
    for measure in measure::ALL {
        assert!(named.contains(measure.name), "nobody looks at {}", measure.name);
    }
}

#[test]
fn dashboards_are_documents_with_panels_that_ask_something() {
    for (path, text) in deploy("grafana", ".json") {
        let dashboard: Value = serde_json::from_str(&text).expect("JSON");
        assert!(dashboard["uid"].is_string() && dashboard["title"].is_string());
        let panels = dashboard["panels"].as_array().expect("panels");
        for panel in panels.iter().filter(|panel| panel["type"] != "text") {
            let targets = panel["targets"].as_array().expect("targets");
            let asks = targets.iter().all(|target| target["expr"].is_string());
            assert!(asks && !targets.is_empty(), "{}: {}", path.display(), panel["title"]);
        }
    }
}

#[test]
fn every_alert_has_a_section_that_says_what_to_do() {
    let runbook = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations/alerts.md");
    let runbook = fs::read_to_string(runbook).expect("the runbook");
    let alerts = deploy("prometheus", "alerts.yml").remove(0).1;
    let mut names = BTreeSet::new();
    for name in alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        let link = format!("docs/operations/alerts.md#{}", name.to_lowercase());
        assert!(alerts.contains(&link), "{name} has no link");
        assert!(runbook.contains(&format!("\n## {name}\n")), "{name} has no section");
        names.insert(name);
    }
    assert!(names.len() > 10);
    for section in runbook.lines().filter_map(|line| line.strip_prefix("## Vneid")) {
        assert!(names.contains(format!("Vneid{section}").as_str()), "no alert Vneid{section}");
    }
}

#[test]
fn prometheus_itself_reads_the_rules_and_their_tests_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/prometheus");
    let promtool =
        |arguments: &[&str]| Command::new("promtool").args(arguments).current_dir(&folder).output();
    if promtool(&["--version"]).is_err() {
        // Debian's `prometheus` brings it; the other tests of this file do not need it.
        eprintln!("promtool is not installed: the rules were not run");
        return;
    }
    for arguments in [
        &["check", "rules", "alerts.yml", "recording.yml"][..],
        &["test", "rules", "alerts.test.yml"][..],
    ] {
        let output = promtool(arguments).expect("promtool runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stdout));
    }
}
