//! A file that wants to pass 500 lines hides a second idea. (Functions: clippy's `too_many_lines`,
//! 60 in `clippy.toml`.)

const MOST_LINES: usize = 500;

#[test]
fn no_source_file_is_longer_than_its_budget() {
    for path in super::files(".rs") {
        let lines = super::read(&path).lines().count();
        assert!(lines <= MOST_LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn nothing_is_left_half_built() {
    let marks = ["TO".to_owned() + "DO", "FIX".to_owned() + "ME", "todo".to_owned() + "!("];
    for path in super::files(".rs") {
        let source = super::read(&path);
        for mark in &marks {
            assert!(!source.contains(mark.as_str()), "{} holds {mark}", path.display());
        }
    }
}

#[test]
fn every_crate_says_what_it_is_for() {
    for path in super::files("src/lib.rs") {
        let source = super::read(&path);
        assert!(source.starts_with("//! "), "{} has no description", path.display());
    }
}
