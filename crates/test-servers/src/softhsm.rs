//! A token of SoftHSM2, a hardware security module made of files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An empty token, gone when dropped. The module reads its environment once, so whoever uses the
/// token is a process started with [`SoftHsm::environment`].
pub struct SoftHsm {
    directory: TempDir,
}

impl SoftHsm {
    pub const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
    pub const LABEL: &str = "vneid";
    pub const PIN: &str = "1234";

    pub fn new() -> Self {
        assert!(
            Path::new(Self::MODULE).exists(),
            "SoftHSM2 is needed for this test: apt-get install softhsm2"
        );
        let token = Self { directory: tempfile::tempdir().expect("a temporary directory") };
        fs::create_dir(token.tokens()).expect("a directory for tokens");
        let text = format!("directories.tokendir = {}\n", token.tokens().display());
        fs::write(token.configuration(), text).expect("the configuration is written");
        let (name, file) = token.environment();
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--label", Self::LABEL])
            .args(["--pin", Self::PIN, "--so-pin", "5678"])
            .env(name, file)
            .output()
            .expect("softhsm2-util runs");
        assert!(made.status.success(), "{made:?}");
        token
    }

    pub fn environment(&self) -> (String, String) {
        let file = self.configuration().into_os_string().into_string().expect("UTF-8");
        ("SOFTHSM2_CONF".to_owned(), file)
    }

    /// The token is not there any more.
    pub fn unplug(&self) {
        fs::rename(self.tokens(), self.drawer()).expect("the token moves");
        fs::create_dir(self.tokens()).expect("an empty slot");
    }

    pub fn plug_in(&self) {
        fs::remove_dir(self.tokens()).expect("the slot is empty");
        fs::rename(self.drawer(), self.tokens()).expect("the token moves");
    }

    fn configuration(&self) -> PathBuf {
        self.directory.path().join("softhsm2.conf")
    }

    fn tokens(&self) -> PathBuf {
        self.directory.path().join("tokens")
    }

    fn drawer(&self) -> PathBuf {
        self.directory.path().join("unplugged")
    }
}

impl Default for SoftHsm {
    fn default() -> Self {
        Self::new()
    }
}
