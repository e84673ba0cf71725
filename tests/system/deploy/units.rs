//! systemd's units: what systemd thinks of them, and whether their commands are ours.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;
use testkit::program::binary;

use super::{have, shipped, text};

const UNITS: [&str; 2] = ["vneid@.service", "vneid-migrate.service"];
/// Of systemd's ten; what is left is the network, which a server needs.
const MOST_EXPOSED: &str = "15";

/// The units with programs that are here instead of those of an installation.
fn units(directory: &Path) -> Vec<String> {
    let path = |name: &str| directory.join(name).display().to_string();
    for unit in UNITS {
        let moved = text(&format!("systemd/{unit}"))
            .replace("/usr/bin/vneid", &binary().display().to_string())
            .replace("/usr/bin/psql", "/bin/true");
        fs::write(path(unit), moved).expect("written");
    }
    let template = path("vneid@.service");
    let instances = ["authorization", "introspection"].map(|role| {
        let instance = path(&format!("vneid@{role}.service"));
        fs::copy(&template, &instance).expect("copied");
        instance
    });
    instances.into_iter().chain([path("vneid-migrate.service")]).collect()
}

#[test]
fn systemd_finds_no_fault_with_the_units_and_little_exposure() {
    if !have("systemd-analyze", "the units are checked as text only") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let units = units(directory.path());
    let verified = Command::new("systemd-analyze").arg("verify").args(&units).output().unwrap();
    let complaint = String::from_utf8_lossy(&verified.stderr);
    let ours = complaint.lines().filter(|line| line.contains("vneid")).collect::<Vec<_>>();
    assert!(verified.status.success() && ours.is_empty(), "{ours:?}");
    for unit in units {
        let exposed = Command::new("systemd-analyze")
            .args(["security", "--offline=true", &format!("--threshold={MOST_EXPOSED}"), &unit])
            .output()
            .unwrap();
        assert!(exposed.status.success(), "{}", String::from_utf8_lossy(&exposed.stdout));
    }
}

/// Words after `/usr/bin/vneid` in a unit, specifiers filled in.
fn command(unit: &str, role: &str, credentials: &str) -> Vec<String> {
    let text = text(&format!("systemd/{unit}"));
    let line = text.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/bin/vneid "));
    let line = line.expect("a command").replace("%i", role).replace("%d", credentials);
    line.split(' ').map(str::to_owned).collect()
}

/// The directory that `LoadCredential=` would make, from the files of `deploy/config/`.
fn credentials(unit: &str, role: &str) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let unit = text(&format!("systemd/{unit}")).replace("%i", role);
    for line in unit.lines().filter_map(|line| line.strip_prefix("LoadCredential=")) {
        let (name, source) = line.split_once(':').expect("a name and a source");
        let source = source.strip_prefix("/etc/vneid/").expect("from one directory");
        let secret = match source.rsplit('.').next() {
            Some("toml" | "conf") => text(&format!("config/{source}")),
            Some("key") => format!("{:02x}", name.len()).repeat(32),
            Some("pem") => String::new(),
            _ => "secret".to_owned(),
        };
        fs::write(directory.path().join(name), secret).expect("written");
    }
    directory
}

/// Runs the binary without variables of ours.
fn run(words: &[&str]) {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("VNEID_")) {
        command.env_remove(name);
    }
    let ran = command.args(words).output().expect("vneid starts");
    assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
}

#[test]
fn every_command_of_the_units_is_one_and_its_configuration_is_whole() {
    for (unit, role) in [
        ("vneid@.service", "authorization"),
        ("vneid@.service", "introspection"),
        ("vneid-migrate.service", "migrate"),
    ] {
        let credentials = credentials(unit, role);
        let words = command(unit, role, &credentials.path().display().to_string());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        run(&[&words[..], &["--help"]].concat());
        let ["--config", file, ..] = words[..] else { panic!("{words:?}") };
        run(&["--config", file, "config", "check"]);
    }
}

#[test]
fn the_secrets_of_the_compose_file_are_whole_and_made_once() {
    let directory = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-r").arg(shipped("")).arg(directory.path()).status();
    assert!(copied.expect("cp runs").success());
    let compose = directory.path().join("deploy/compose");
    let make = || {
        let made = Command::new("sh").arg(compose.join("make-secrets.sh")).output().expect("sh");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    make();
    let secret = |name: &str| fs::read_to_string(compose.join("secrets").join(name)).expect(name);
    for role in ["authorization", "introspection", "migrate"] {
        let file = compose.join(format!("secrets/{role}.toml")).display().to_string();
        run(&["--config", &file, "config", "check"]);
        assert!(secret("role-passwords").contains(secret(&format!("{role}.password")).trim()));
    }
    let users = secret("users.acl");
    assert!(!users.contains("REPLACE") && users.contains("user vneid on #"), "{users}");
    let before = secret("personal-data.key");
    make();
    assert_eq!(secret("personal-data.key"), before, "a key made twice is data lost");
}
