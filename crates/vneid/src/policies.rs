//! The dated policies: those of a directory, or those built in.

use std::path::Path;

use assurance::{PolicyFault, PolicySet};

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
}

fn listed(faults: &[PolicyFault]) -> String {
    faults.iter().map(|fault| format!("\n  {fault}")).collect::<Vec<_>>().concat()
}

pub fn load(directory: Option<&Path>) -> Result<PolicySet, PolicyError> {
    let Some(directory) = directory else {
        return PolicySet::parse(BUILT_IN).map_err(PolicyError::Faults);
    };
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
    let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    PolicySet::parse(files).map_err(PolicyError::Faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_policies_are_those_of_the_deploy_directory() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/policy");
        assert_eq!(load(None).unwrap(), load(Some(Path::new(directory))).unwrap());
    }
}
