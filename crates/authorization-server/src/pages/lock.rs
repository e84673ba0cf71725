//! `/home/security/lock`, `/locked` and `/unlock`: the holder locks the account and opens it again.

use super::home::{HomePage, Section};
use super::shared::Holder;
use super::{page, samples};

/// Posts `csrf`.
pub struct LockAccount {
    pub csrf: String,
    pub way_back: WayBack,
}

/// How it can be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WayBack {
    Online,
    InPerson,
}

impl HomePage for LockAccount {
    const SECTION: Section = Section::Security;
}

/// For whoever was logged out by locking.
pub struct Locked {
    /// Where it is undone.
    pub unlock: &'static str,
}

/// Posts `csrf`.
pub struct Unlock {
    pub csrf: String,
    pub holder: Holder,
}

fn lock_faces() -> Vec<(&'static str, LockAccount)> {
    let sample = |way_back| LockAccount { csrf: samples::CSRF.into(), way_back };
    vec![("lock", sample(WayBack::Online)), ("lock-in-person", sample(WayBack::InPerson))]
}

fn unlock_faces() -> Vec<(&'static str, Unlock)> {
    vec![("unlock", Unlock { csrf: samples::CSRF.into(), holder: samples::holder() })]
}

page!(LockAccount, "home/lock.html", lock_faces());
page!(Locked, "locked.html", vec![("locked", Locked { unlock: super::paths::UNLOCK })]);
page!(Unlock, "unlock.html", unlock_faces());
