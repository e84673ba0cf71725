//! Before any evidence counts: may anything at all be asserted about this subject now (L10)?

use identity_core::account::AccountState;
use identity_core::subject::{GuardianScope, LegalCapacity};
use identity_core::{SubjectId, SubjectState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decide::DenyCode;
use crate::evaluate::Context;
use crate::policy::{LifeStage, Policy};
use crate::reason::ReasonCode;

/// A representative's consent to one use of the account (Decree 69/2024 art. 14).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuardianApproval {
    pub guardian: SubjectId,
    pub at: Timestamp,
    pub scope: GuardianScope,
}

/// Why nothing may be asserted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Closed {
    pub code: DenyCode,
    pub reason: ReasonCode,
}

/// Whether the gate is closed, and on which ground.
pub(crate) fn closed(
    state: &SubjectState,
    context: &Context<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Option<Closed> {
    let unusable = |reason| Some(Closed { code: DenyCode::AccountUnusable, reason });
    match &state.account {
        AccountState::Deceased { .. } => unusable(ReasonCode::SubjectDeceased),
        AccountState::Locked { lock, .. } => unusable(ReasonCode::AccountLocked(lock.reason)),
        AccountState::Registered { .. } => unusable(ReasonCode::AccountNotActivated),
        AccountState::Activated { .. } if acts_alone(state, policy, now) => None,
        AccountState::Activated { .. } => guardian_refusal(state, context, policy, now)
            .map(|reason| Closed { code: DenyCode::GuardianApprovalNeeded, reason }),
    }
}

fn acts_alone(state: &SubjectState, policy: &Policy, now: Timestamp) -> bool {
    let of_age = match policy.ages.stage(state.birth_date, now.day_in_viet_nam()) {
        LifeStage::Infant | LifeStage::Child => false,
        LifeStage::Minor | LifeStage::Adult => true,
    };
    match state.capacity {
        LegalCapacity::Full => of_age,
        LegalCapacity::Represented => false,
    }
}

fn guardian_refusal(
    state: &SubjectState,
    context: &Context<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Option<ReasonCode> {
    let Some(approval) = context.approval else { return Some(ReasonCode::GuardianApprovalNeeded) };
    let given = approval.at <= now.plus(policy.evidence_life.clock_tolerance);
    if !given || now >= approval.at.plus(policy.guardian.approval_life) {
        return Some(ReasonCode::GuardianApprovalNeeded);
    }
    let mut links = state
        .guardians
        .iter()
        .filter(|link| link.guardian == approval.guardian && link.in_force(now))
        .peekable();
    if links.peek().is_none() {
        return Some(ReasonCode::GuardianNotEntitled);
    }
    let entitled = links.any(|link| covers(&link.scope, context.procedure));
    let covered = entitled && covers(&approval.scope, context.procedure);
    (!covered).then_some(ReasonCode::GuardianScope)
}

/// A login without a procedure is a use of the whole account.
fn covers(scope: &GuardianScope, procedure: Option<&str>) -> bool {
    match (scope, procedure) {
        (GuardianScope::Everything, _) => true,
        (GuardianScope::Procedures(_), None) => false,
        (GuardianScope::Procedures(codes), Some(code)) => codes.iter().any(|c| c == code),
    }
}
