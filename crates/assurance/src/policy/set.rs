//! Policies in their order of time.

use std::sync::Arc;

use identity_core::Timestamp;

use super::{Policy, PolicyFault, load};

/// Policies without gap or overlap. Loaded whole or refused whole.
#[derive(Clone, PartialEq, Debug)]
pub struct PolicySet {
    policies: Vec<Arc<Policy>>,
}

impl PolicySet {
    /// Reads every file, given as name and text in any order. A refusal names every fault of every file.
    pub fn parse<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, Vec<PolicyFault>> {
        let mut loaded = Vec::new();
        let mut faults = Vec::new();
        for (file, text) in files {
            match load::policy(file, text) {
                Ok(policy) => loaded.push(Dated { file, text, policy }),
                Err(found) => faults.extend(found),
            }
        }
        loaded.sort_by_key(|dated| dated.policy.valid_from);
        if loaded.is_empty() && faults.is_empty() {
            faults.push(PolicyFault {
                file: "policy".to_owned(),
                line: 1,
                message: "there is no policy at all".to_owned(),
            });
        }
        // While a file is unreadable its dates are unknown, and every neighbour would look wrong.
        if faults.is_empty() {
            faults = succession_faults(&loaded);
        }
        if faults.is_empty() {
            Ok(Self { policies: loaded.into_iter().map(|dated| Arc::new(dated.policy)).collect() })
        } else {
            faults.sort();
            Err(faults)
        }
    }

    /// The policy in force. `None` before the first and after the last: then nothing can be asserted.
    pub fn at(&self, now: Timestamp) -> Option<&Policy> {
        self.in_force(now).map(Arc::as_ref)
    }

    pub(super) fn in_force(&self, now: Timestamp) -> Option<&Arc<Policy>> {
        let begun = self.policies.iter().rev().find(|p| p.valid_from.start_in_viet_nam() <= now)?;
        let ended = begun.valid_to.is_some_and(|end| end.start_in_viet_nam() <= now);
        (!ended).then_some(begun)
    }

    /// A policy by the version that a decision recorded, in force or not.
    pub fn version(&self, version: &str) -> Option<&Policy> {
        self.policies().find(|policy| policy.version == version)
    }

    /// Oldest first.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter().map(Arc::as_ref)
    }
}

struct Dated<'a> {
    file: &'a str,
    text: &'a str,
    policy: Policy,
}

impl Dated<'_> {
    fn fault(&self, key: &str, message: String) -> PolicyFault {
        let line = self.text.lines().position(|line| line.starts_with(key)).unwrap_or(0) + 1;
        PolicyFault { file: self.file.to_owned(), line, message }
    }
}

fn succession_faults(sorted: &[Dated<'_>]) -> Vec<PolicyFault> {
    let mut faults = Vec::new();
    for dated in sorted {
        if dated.policy.valid_to.is_some_and(|end| end <= dated.policy.valid_from) {
            faults.push(dated.fault("valid_to", "valid_to must lie after valid_from".to_owned()));
        }
    }
    for (earlier, later) in sorted.iter().zip(sorted.iter().skip(1)) {
        let begins = later.policy.valid_from;
        let relation = match earlier.policy.valid_to {
            None => Some("overlaps"),
            Some(end) if end > begins => Some("overlaps"),
            Some(end) if end < begins => Some("leaves a gap before"),
            Some(_) => None,
        };
        if let Some(relation) = relation {
            let message = format!("{relation} {}, which begins {begins}", later.file);
            faults.push(earlier.fault("valid_to", message));
        }
        if earlier.policy.version == later.policy.version {
            let message = format!("has the version of {}", later.file);
            faults.push(earlier.fault("version", message));
        }
    }
    faults
}
