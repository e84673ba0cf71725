//! The dated policies: those of a directory, or those built in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use assurance::{Policies, PolicyFault, PolicySet};
use identity_core::Timestamp;

/// `deploy/policy` as it was when this binary was built.
const BUILT_IN: [(&str, &str); 2] = [
    ("2024-07-01.toml", include_str!("../../../deploy/policy/2024-07-01.toml")),
    ("2026-09-28.toml", include_str!("../../../deploy/policy/2026-09-28.toml")),
];

#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("the policy directory {0} cannot be read")]
    Directory(String, #[source] std::io::Error),
    #[error("the policies cannot be used:{}", listed(.0))]
    Faults(Vec<PolicyFault>),
    #[error("none of the policies is in force now")]
    NoneInForce,
}

fn listed(faults: &[PolicyFault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect::<Vec<_>>().concat()
}

pub fn load(directory: Option<&Path>) -> Result<PolicySet, PolicyError> {
    match directory {
        None => PolicySet::parse(BUILT_IN).map_err(PolicyError::Faults),
        Some(directory) => parse(&read(directory)?),
    }
}

/// A policy file: its name and its text.
type File = (String, String);

fn read(directory: &Path) -> Result<Vec<File>, PolicyError> {
    let unreadable =
        |error: std::io::Error| PolicyError::Directory(directory.display().to_string(), error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path).map_err(unreadable)?));
        }
    }
    files.sort();
    Ok(files)
}

fn parse(files: &[File]) -> Result<PolicySet, PolicyError> {
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    PolicySet::parse(files).map_err(PolicyError::Faults)
}

/// Reads the directory again while the process runs. What is refused changes nothing: the policies in force
/// stay in force, and the refusal is repeated until the files are mended.
pub struct Rereader {
    directory: PathBuf,
    policies: Arc<Policies>,
    /// What was put in force last.
    accepted: Option<Vec<File>>,
}

impl Rereader {
    pub fn new(directory: PathBuf, policies: Arc<Policies>) -> Self {
        Self { directory, policies, accepted: None }
    }

    /// Puts changed files in force. `Ok(true)`: there was a change.
    pub fn step(&mut self, now: Timestamp) -> Result<bool, PolicyError> {
        let files = read(&self.directory)?;
        if self.accepted.as_ref() == Some(&files) {
            return Ok(false);
        }
        let set = parse(&files)?;
        if set.at(now).is_none() {
            return Err(PolicyError::NoneInForce);
        }
        self.accepted = Some(files);
        let changed = *self.policies.all() != set;
        if changed {
            let versions: Vec<_> = set.policies().map(|policy| policy.version.as_str()).collect();
            tracing::info!(versions = versions.join(" "), "policies were read anew");
            self.policies.replace(set);
        }
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_policies_are_those_of_the_deploy_directory() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/policy");
        assert_eq!(load(None).unwrap(), load(Some(Path::new(directory))).unwrap());
    }

    #[test]
    fn a_changed_directory_takes_effect_whole_and_a_broken_one_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(directory.path().join(name), text).unwrap();
        };
        for (name, text) in BUILT_IN {
            write(name, text);
        }
        let policies = Arc::new(Policies::new(load(Some(directory.path())).unwrap()));
        let mut rereader = Rereader::new(directory.path().to_owned(), Arc::clone(&policies));
        let now = Timestamp::from_unix_seconds(1_795_237_200);
        assert!(!rereader.step(now).unwrap());
        let minimum = || policies.at(now).unwrap().password.minimum_alone;
        let (name, text) = BUILT_IN[1];

        write(name, &text.replace("minimum_alone = 15", "minimum_alone = 4"));
        let refused = rereader.step(now).unwrap_err().to_string();
        assert!(refused.contains(&format!("{name}:")), "{refused}");
        assert_eq!(minimum(), 15);

        write(name, &text.replace("minimum_alone = 15", "minimum_alone = 16"));
        assert!(rereader.step(now).unwrap());
        assert_eq!(minimum(), 16);
        assert!(!rereader.step(now).unwrap());

        let before_any = Timestamp::from_unix_seconds(1_700_000_000);
        write(name, text);
        assert!(matches!(rereader.step(before_any), Err(PolicyError::NoneInForce)));
        assert_eq!(minimum(), 16);
    }
}
