//! The policies a process goes by, which change while it runs.

use std::sync::{Arc, PoisonError, RwLock};

use identity_core::Timestamp;

use super::{Policy, PolicySet};

/// Replaced as a whole or not at all. Whoever judges takes the policy in force once and judges by that one.
#[derive(Debug)]
pub struct Policies {
    current: RwLock<Arc<PolicySet>>,
}

impl Policies {
    pub fn new(policies: PolicySet) -> Self {
        Self { current: RwLock::new(Arc::new(policies)) }
    }

    /// The policy in force. `None`: nothing can be asserted.
    pub fn at(&self, now: Timestamp) -> Option<Arc<Policy>> {
        self.all().in_force(now).cloned()
    }

    pub fn all(&self) -> Arc<PolicySet> {
        // A set is put in place in one step: a panic elsewhere cannot have left half of one.
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn replace(&self, policies: PolicySet) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policies);
    }
}
