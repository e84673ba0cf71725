//! The container image and the shell scripts.

use std::path::{Component, Path, PathBuf};
use std::process::Command;

use super::{files, text};

/// Whether the build is not given `path`. The last pattern that matches decides, as the engines do it.
fn left_out(path: &Path, patterns: &[&str]) -> bool {
    let matches = |pattern: &str| {
        if let Some(ending) = pattern.strip_prefix("**/*") {
            path.to_str().is_some_and(|path| path.ends_with(ending))
        } else if let Some(folder) = pattern.strip_suffix("/*") {
            path.starts_with(folder) && path != Path::new(folder)
        } else {
            path.starts_with(pattern)
        }
    };
    patterns.iter().fold(false, |out, pattern| match pattern.strip_prefix('!') {
        Some(kept) => out && !matches(kept),
        None => out || matches(pattern),
    })
}

fn ignored() -> String {
    text("deploy/container/Containerfile.dockerignore")
}

fn patterns(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

/// What `include_str!` outside tests names, relative to the workspace.
fn compiled_in() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for source in super::super::files(".rs") {
        let program = super::super::read(&source);
        let program = program.split("#[cfg(test)]").next().unwrap_or_default();
        let tests = source.iter().any(|part| part == "tests" || part == "tests.rs");
        let ours = source.starts_with("crates") && !tests;
        for part in program.split("include_str!(\"").skip(1).filter(|_| ours) {
            let name = part.split('"').next().expect("a literal");
            let folder = source.parent().expect("a folder");
            found.push(plain(&folder.join(name)));
        }
    }
    found
}

/// Without `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::ParentDir => drop(path.pop()),
            other => path.push(other),
        }
        path
    })
}

#[test]
fn the_build_is_given_everything_that_is_compiled_in() {
    let ignored = ignored();
    let needed = compiled_in();
    assert!(needed.iter().any(|path| path.starts_with("deploy/policy")), "{needed:?}");
    for path in needed {
        assert!(!left_out(&path, &patterns(&ignored)), "{} is left out", path.display());
    }
    for path in super::super::files("Cargo.toml") {
        assert!(!left_out(&path, &patterns(&ignored)), "{} is left out", path.display());
    }
}

#[test]
fn the_build_is_given_no_secret_and_no_history() {
    let ignored = ignored();
    for path in [".git/config", "keys.example/index.key", "deploy/compose/secrets/tls/key.pem"] {
        assert!(left_out(path.as_ref(), &patterns(&ignored)), "{path}");
    }
}

#[test]
fn the_image_runs_as_nobody_and_says_how_it_is() {
    let image = text("deploy/container/Containerfile");
    let last = image.rsplit("\nFROM ").next().expect("a stage");
    for line in ["USER 65532:65532", "HEALTHCHECK", "ENTRYPOINT [\"/usr/local/bin/vneid\"]"] {
        assert!(last.contains(line), "{line}");
    }
    assert!(!last.contains("RUN "), "the image that ships installs nothing");
    let toolchain = text("Cargo.toml");
    let version = toolchain.split("rust-version = \"").nth(1).and_then(|rest| rest.get(..4));
    let version = version.expect("a version");
    assert!(image.contains(&format!("BUILD_IMAGE=rust:{version}-")), "built with Rust {version}");
}

#[test]
fn the_shell_reads_every_script() {
    let scripts: Vec<_> = files()
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "sh"))
        .collect();
    assert!(scripts.len() >= 4, "{scripts:?}");
    for script in scripts {
        let source = super::super::read(&script);
        assert!(source.starts_with("#!/bin/sh\n"), "{}", script.display());
        assert!(source.contains("\nset -eu\n"), "{} goes on after a fault", script.display());
        let path = super::super::root().join(&script);
        let read = Command::new("sh").arg("-n").arg(&path).output().expect("sh runs");
        assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
        if let Ok(checked) = Command::new("shellcheck").arg(&path).output() {
            assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
        }
    }
}
