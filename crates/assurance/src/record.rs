//! A decision as it is kept: everything needed to take it again years later, and nothing that names a person.
//!
//! Evidence is referred to by id, since it rests with the session or the grant; authenticators are written out,
//! since they change. What was asked is kept by name, so that another policy can be tried on it.

use identity_core::authenticator::AuthenticatorStatus;
use identity_core::{
    AuthenticationEvidence, Authenticator, AuthenticatorId, AuthenticatorKind, EventId, EvidenceId,
    SubjectId, SubjectState, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::acr::{Acr, AcrWish};
use crate::amr::Amr;
use crate::decide::{Decision, DecisionRequest, DenyCode, decide};
use crate::evaluate::{Context, History};
use crate::gate::{GuardianApproval, Mandate};
use crate::levels::Fal;
use crate::policy::{Policy, PolicySet, Purpose, UnknownName};
use crate::reason::ReasonCode;
use crate::vector::Levels;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// The row of the ledger that keeps it.
    pub id: EventId,
    pub at: Timestamp,
    pub subject: SubjectId,
    /// Version of the policy.
    pub policy: String,
    pub purpose: Purpose,
    #[serde(default, skip_serializing_if = "AcrWish::is_none")]
    pub wish: AcrWish,
    pub fal: Fal,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<GuardianApproval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate: Option<Mandate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction: Option<String>,
    #[serde(default, skip_serializing_if = "History::is_empty")]
    pub history: History,
    pub evidence: Vec<EvidenceId>,
    pub authenticators: Vec<KnownAuthenticator>,
    pub outcome: Outcome,
    pub reasons: Vec<ReasonCode>,
}

/// An authenticator as it stood: what the engine looks at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct KnownAuthenticator {
    pub id: AuthenticatorId,
    pub kind: AuthenticatorKind,
    pub bound_at: Timestamp,
    /// Absent while it is active.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<AuthenticatorStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_length: Option<u16>,
}

/// What was decided, in brief.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "snake_case")]
pub enum Outcome {
    Permit {
        levels: Levels,
        acr: Option<Acr>,
        amr: Vec<Amr>,
        auth_time: Option<Timestamp>,
    },
    StepUp {
        /// The kinds of each, cheapest first.
        options: Vec<Vec<AuthenticatorKind>>,
    },
    Deny {
        code: DenyCode,
    },
}

/// Why a decision cannot be taken again.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("the state is that of another subject")]
    AnotherSubject,
    #[error("there is no policy {0:?}")]
    UnknownPolicy(String),
    #[error("the evidence {0} is missing")]
    EvidenceMissing(EvidenceId),
    #[error(transparent)]
    UnknownName(#[from] UnknownName),
}

impl Decision {
    /// For the ledger. `purpose` is what `request.requirement` was made of.
    pub fn record(
        &self,
        id: EventId,
        request: &DecisionRequest<'_>,
        purpose: Purpose,
        policy: &Policy,
        now: Timestamp,
    ) -> DecisionRecord {
        let context = request.context;
        DecisionRecord {
            id,
            at: now,
            subject: request.state.subject,
            policy: policy.version.clone(),
            purpose: Purpose { procedure: context.procedure.map(str::to_owned), ..purpose },
            wish: request.wish.clone(),
            fal: context.fal,
            approval: context.approval.cloned(),
            mandate: context.mandate.cloned(),
            transaction: context.transaction.map(str::to_owned),
            history: context.history,
            evidence: request.evidence.iter().map(|item| item.id).collect(),
            authenticators: request.authenticators.iter().map(KnownAuthenticator::of).collect(),
            outcome: Outcome::of(self),
            reasons: self.reasons().to_vec(),
        }
    }
}

/// Takes a recorded decision again, by the policy it was taken by. The same inputs give the same decision,
/// bit for bit (L14): [`DecisionRecord::agrees_with`] says whether they still are the same.
pub fn replay(
    record: &DecisionRecord,
    evidence: &[AuthenticationEvidence],
    state: &SubjectState,
    policies: &PolicySet,
) -> Result<Decision, ReplayError> {
    let policy = policies.version(&record.policy);
    let policy = policy.ok_or_else(|| ReplayError::UnknownPolicy(record.policy.clone()))?;
    record.judged_by(policy, evidence, state)
}

impl DecisionRecord {
    /// What another policy would have decided at that instant.
    pub fn judged_by(
        &self,
        policy: &Policy,
        evidence: &[AuthenticationEvidence],
        state: &SubjectState,
    ) -> Result<Decision, ReplayError> {
        if state.subject != self.subject {
            return Err(ReplayError::AnotherSubject);
        }
        let seen: Vec<_> = self
            .evidence
            .iter()
            .map(|id| {
                let found = evidence.iter().find(|item| item.id == *id);
                found.cloned().ok_or(ReplayError::EvidenceMissing(*id))
            })
            .collect::<Result<_, _>>()?;
        let authenticators: Vec<_> =
            self.authenticators.iter().map(|known| known.of_subject(self.subject)).collect();
        let requirement = policy.requirement_for(&self.purpose)?;
        let request = DecisionRequest {
            state,
            evidence: &seen,
            authenticators: &authenticators,
            requirement: &requirement,
            wish: &self.wish,
            context: Context {
                fal: self.fal,
                procedure: self.purpose.procedure.as_deref(),
                approval: self.approval.as_ref(),
                mandate: self.mandate.as_ref(),
                transaction: self.transaction.as_deref(),
                history: self.history,
            },
        };
        Ok(decide(&request, policy, self.at))
    }

    /// Whether `decision` is the one that was recorded.
    pub fn agrees_with(&self, decision: &Decision) -> bool {
        self.outcome == Outcome::of(decision) && self.reasons == decision.reasons()
    }
}

impl Outcome {
    pub fn of(decision: &Decision) -> Self {
        match decision {
            Decision::Permit { evaluation } => Self::Permit {
                levels: evaluation.vector.levels,
                acr: evaluation.acr,
                amr: evaluation.amr.clone(),
                auth_time: evaluation.auth_time,
            },
            Decision::StepUp { options, .. } => Self::StepUp {
                options: options
                    .iter()
                    .map(|option| option.add.iter().map(|step| step.kind).collect())
                    .collect(),
            },
            Decision::Deny { code, .. } => Self::Deny { code: *code },
        }
    }
}

impl KnownAuthenticator {
    pub(crate) fn of(authenticator: &Authenticator) -> Self {
        let status = authenticator.status;
        Self {
            id: authenticator.id,
            kind: authenticator.kind,
            bound_at: authenticator.bound_at,
            status: (status != AuthenticatorStatus::Active).then_some(status),
            expires_at: authenticator.expires_at,
            password_length: authenticator.password_length,
        }
    }

    pub(crate) fn of_subject(&self, subject: SubjectId) -> Authenticator {
        Authenticator {
            id: self.id,
            subject,
            kind: self.kind,
            status: self.status.unwrap_or(AuthenticatorStatus::Active),
            bound_at: self.bound_at,
            expires_at: self.expires_at,
            password_length: self.password_length,
        }
    }
}
