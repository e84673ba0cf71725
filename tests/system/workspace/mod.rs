//! Rules of the tree that Cargo and clippy cannot state.

mod budgets;
mod deploy;
mod documents;
mod layering;

use std::path::{Path, PathBuf};

/// The workspace's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").into()
}

/// Every file that git tracks or would track, relative to the root.
fn files(suffix: &str) -> Vec<PathBuf> {
    let listing = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists files");
    let mut files: Vec<PathBuf> = String::from_utf8(listing.stdout)
        .expect("paths are UTF-8")
        .lines()
        .filter(|path| path.ends_with(suffix))
        .map(PathBuf::from)
        .filter(|path| root().join(path).is_file())
        .collect();
    files.sort();
    files.dedup();
    assert!(!files.is_empty(), "no file ends with {suffix}");
    files
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
