//! Settings and ports in one place: what every flow is given.

use std::sync::Arc;

use assurance::{Policies, Policy};
use identity_core::secret::SecretBytes;
use identity_core::time::Entropy;
use identity_core::{ClientId, LoginName, Timestamp};
use node::measure::{self, Outcome, Step};
use node::{ClientGate, Keys, Registry, SecurityView};
use protocol::{Environment, Issuer};
use storage::{Bell, Change, Commit, Store, TransientStore};
use tracing::Instrument as _;

use crate::matcher::Matchers;
use crate::messages::Messaging;
use crate::passkey::AttestationRules;
use crate::password::PasswordPool;
use crate::refusal::{Blame, Fault};
use crate::refused_request::RefusalBudget;

/// What an operator chose. Never derived from a request (ATK-025).
pub struct Settings {
    pub issuer: Issuer,
    pub environment: Environment,
    /// Keys the pairwise subject and session identifiers. Changing it changes every `sub`.
    pub pairwise_key: SecretBytes,
    pub test_authentication: TestAuthentication,
    /// Whose hardware is believed when it is demanded.
    pub attestation: AttestationRules,
    /// Whose comparisons of biometrics count.
    pub matchers: Matchers,
    /// Whether logins are counted at each relying party, too.
    pub relying_party_labels: bool,
}

/// The examiner's way in (op-traps 26): accounts whose password alone logs in, as often as they
/// like. The configuration refuses it outside development mode.
pub enum TestAuthentication {
    Off,
    For(Vec<LoginName>),
}

impl TestAuthentication {
    pub fn covers(&self, name: &LoginName) -> bool {
        match self {
            Self::Off => false,
            Self::For(names) => names.contains(name),
        }
    }
}

pub struct Provider {
    pub settings: Settings,
    pub store: Arc<dyn Store>,
    pub transient: Arc<dyn TransientStore>,
    pub keys: Arc<Keys>,
    pub registry: Arc<Registry>,
    pub policies: Arc<Policies>,
    pub security: Arc<SecurityView>,
    pub passwords: PasswordPool,
    pub messaging: Messaging,
    pub entropy: Arc<dyn Entropy>,
    /// How many refusals of strangers may still be recorded.
    pub refusals: RefusalBudget,
    /// Tells every node's follower that something was taken back.
    pub bell: Arc<dyn Bell>,
    /// Rung when logout notices were queued, so that they leave at once.
    pub notices: Arc<tokio::sync::Notify>,
}

impl Provider {
    pub fn policy(&self, now: Timestamp) -> Result<Arc<Policy>, Fault> {
        self.policies.at(now).ok_or(Fault::NoPolicy)
    }

    pub fn client_gate(&self) -> ClientGate<'_> {
        ClientGate {
            registry: &self.registry,
            transient: self.transient.as_ref(),
            issuer: &self.settings.issuer,
        }
    }

    /// Counts one step of a login. `client`: a registered one.
    pub fn count<T, E: Blame>(&self, step: Step, result: &Result<T, E>, client: Option<&ClientId>) {
        self.count_as(step, outcome_of(result), client);
    }

    pub(crate) fn count_as(&self, step: Step, outcome: Outcome, client: Option<&ClientId>) {
        measure::login(step, outcome, client.filter(|_| self.settings.relying_party_labels));
    }

    /// Commits the plan; what it took back is already visible on this node when this returns.
    pub async fn commit(&self, plan: &[Change], now: Timestamp) -> Result<Commit, Fault> {
        let writing = tracing::trace_span!("commit", changes = plan.len());
        let commit = self.store.commit(plan).instrument(writing).await?;
        if commit == Commit::Done {
            let takes_back = |change: &Change| match change {
                Change::Append(event) => ledger::takes_back(event),
                _ => false,
            };
            if plan.iter().any(takes_back) {
                self.bell.ring().await;
                self.security.catch_up(now).await?;
            }
            if plan.iter().any(|change| matches!(change, Change::QueueLogout(_))) {
                self.notices.notify_one();
            }
        }
        Ok(commit)
    }

    /// For plans without a contest.
    pub async fn commit_uncontested(&self, plan: &[Change], now: Timestamp) -> Result<(), Fault> {
        match self.commit(plan, now).await? {
            Commit::Done => Ok(()),
            Commit::Lost(contest) => Err(Fault::Store(storage::StoreError::corrupt(format!(
                "unexpected contest {contest:?}"
            )))),
        }
    }
}

pub(crate) fn outcome_of<T, E: Blame>(result: &Result<T, E>) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        Err(error) if error.is_ours() => Outcome::Failed,
        Err(_) => Outcome::Refused,
    }
}
