//! `deploy/` put to work: the files an operator starts from, on real servers.
//!
//! ```text
//!  proxies     nginx and HAProxy with our configurations: logins through them, strangers' headers not
//!  front       starts one of them, rewritten to free ports and throw-away certificates
//!  recorder    a node that writes down what reaches it
//!  units       systemd's opinion of the units, and their commands on the real binary
//!  database    roles and grants: enough for the contract of the store, and no more
//!  bouncer     the same through PgBouncer in transaction mode
//!  backups     archive, base backup, restore to a point in time
//! ```

mod backups;
mod bouncer;
mod database;
mod front;
mod proxies;
mod recorder;
mod units;

use std::path::{Path, PathBuf};

/// A file of `deploy/`.
fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(shipped(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether a tool that not every machine has is here; otherwise says what is not shown.
fn have(tool: &str, without_it: &str) -> bool {
    let found = which(tool).is_some();
    if !found {
        println!("{tool} is not installed: {without_it}");
    }
    found
}

fn which(tool: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), "/sbin".into()]);
    folders.map(|folder| folder.join(tool)).find(|program| program.is_file())
}
