//! What a person agreed to: per relying party, scope and claim, with the purpose they were shown
//! (Personal Data Protection Law art. 9: specific, per purpose, withdrawable).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::{ClientId, SubjectId};
use crate::time::Timestamp;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Consent {
    pub subject: SubjectId,
    pub client: ClientId,
    pub scopes: BTreeSet<String>,
    pub claims: BTreeSet<String>,
    /// Voluntary claims that were shown and left out; not asked about again until something new is.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub declined: BTreeSet<String>,
    /// The purpose as it was shown, word for word.
    pub purpose: String,
    pub given_at: Timestamp,
    pub withdrawn_at: Option<Timestamp>,
}

impl Consent {
    pub fn covers(&self, scopes: &BTreeSet<String>, claims: &BTreeSet<String>) -> bool {
        self.withdrawn_at.is_none()
            && scopes.is_subset(&self.scopes)
            && claims
                .iter()
                .all(|claim| self.claims.contains(claim) || self.declined.contains(claim))
    }

    /// This consent with more agreed to; what was agreed before stays agreed.
    #[must_use]
    pub fn extended_by(mut self, newer: Self) -> Self {
        if self.withdrawn_at.is_some() {
            return newer;
        }
        self.scopes.extend(newer.scopes);
        self.claims.retain(|claim| !newer.declined.contains(claim));
        self.claims.extend(newer.claims);
        // A no outlives questions about something else.
        self.declined.extend(newer.declined);
        self.declined.retain(|claim| !self.claims.contains(claim));
        Self { scopes: self.scopes, claims: self.claims, declined: self.declined, ..newer }
    }
}
