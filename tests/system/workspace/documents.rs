//! Documents name only what exists.

use std::path::Path;

/// Folders whose files documents speak of.
const OURS: [&str; 7] =
    ["crates/", "docs/", "deploy/", "tests/", "keys.example/", ".ci/", "migrations/"];

#[test]
fn every_path_a_document_names_exists() {
    let mut named = 0;
    for document in super::files(".md") {
        let text = super::read(&document);
        for path in quoted(&text).filter(|path| is_ours(path)) {
            named += 1;
            let plain = path.trim_end_matches('/').split(['*', '{', '<', '…']).next();
            let exists = plain.is_some_and(|plain| super::root().join(plain).exists());
            assert!(exists, "{} names {path}, which is not there", document.display());
        }
    }
    assert!(named > 0, "documents name no path at all");
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    for document in super::files(".md") {
        let text = super::read(&document);
        let folder = document.parent().unwrap_or(Path::new(""));
        for target in links(&text) {
            let path = target.split('#').next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with('#') || path.is_empty();
            let exists = outside || super::root().join(folder).join(path).exists();
            assert!(exists, "{} links to {target}, which is not there", document.display());
        }
    }
}

fn is_ours(path: &str) -> bool {
    let looks_like_path = !path.contains([' ', '(', '=', ':', '|', '$']);
    looks_like_path && OURS.iter().any(|folder| path.starts_with(folder))
}

/// What stands between single backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Targets of `[text](target)`.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}
