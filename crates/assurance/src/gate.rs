//! Before any evidence counts: may anything at all be asserted about this subject now (L10)?

use identity_core::account::AccountState;
use identity_core::subject::{CardKind, GuardianScope, LegalCapacity};
use identity_core::{CalendarDate, SubjectId, SubjectState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decide::DenyCode;
use crate::evaluate::Context;
use crate::events::Question;
use crate::policy::{LifeStage, OrganisationUse, Policy, ResidenceExpiry};
use crate::reason::ReasonCode;
use crate::vector::Levels;

/// A representative's consent to one use of the account (Decree 69/2024 art. 14).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuardianApproval {
    pub guardian: SubjectId,
    pub at: Timestamp,
    pub scope: GuardianScope,
    /// What the representative's own login reached when consenting: the dependant never gets more (L11).
    pub levels: Levels,
}

/// Authority to act for an organisation, whose account has no level of its own (Decree 69/2024 art. 7): the
/// levels asked for are those of the person, and the mandate is needed besides (edge case 26).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mandate {
    /// The organisation's identification number.
    pub organisation: String,
    pub representative: SubjectId,
    pub scope: GuardianScope,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
}

/// A guardian whose approval passed the gate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Representative {
    pub levels: Levels,
    pub at: Timestamp,
    /// Of a ward, who does not act at all; a child acts itself, with consent.
    pub acts_alone: bool,
}

impl Representative {
    pub fn of(state: &SubjectState, question: &Question<'_>) -> Option<Self> {
        let approval = question.context.approval?;
        (!acts_alone(state, question.policy, question.now)).then_some(Self {
            levels: approval.levels,
            at: approval.at,
            acts_alone: state.capacity == LegalCapacity::Represented,
        })
    }
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
        AccountState::Activated { .. } => match residence_ended(state, policy, now) {
            Some(day) => unusable(ReasonCode::ResidenceExpired(day)),
            None if acts_alone(state, policy, now) => None,
            None => guardian_refusal(state, context, policy, now)
                .map(|reason| Closed { code: DenyCode::GuardianApprovalNeeded, reason }),
        },
    }
}

/// Edge case 25: the day a foreigner's residence ended, where that locks the account (art. 15.2).
fn residence_ended(state: &SubjectState, policy: &Policy, now: Timestamp) -> Option<CalendarDate> {
    let card = state.card.as_ref().filter(|card| card.kind == CardKind::ResidenceCard)?;
    match policy.residence.expired {
        ResidenceExpiry::LocksAccount => {
            card.valid_until.filter(|until| *until <= now.day_in_viet_nam())
        }
        ResidenceExpiry::LowersAccount => None,
    }
}

/// Edge case 26: whoever acts for an organisation needs a mandate of their own, in force, that covers this.
pub(crate) fn mandate_refusal(
    subject: SubjectId,
    context: &Context<'_>,
    policy: &Policy,
    now: Timestamp,
) -> Option<ReasonCode> {
    let mandate = context.mandate?;
    let in_force = mandate.from <= now && mandate.until.is_none_or(|until| now < until);
    let for_persons_only = context
        .procedure
        .and_then(|code| policy.procedure(code))
        .is_some_and(|procedure| procedure.organisation == OrganisationUse::No);
    if mandate.representative != subject || !in_force {
        Some(ReasonCode::MandateNotInForce)
    } else if for_persons_only || !covers(&mandate.scope, context.procedure) {
        Some(ReasonCode::MandateScope)
    } else {
        None
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
    // Some procedures everybody files in person.
    let by_another = context
        .procedure
        .and_then(|code| policy.procedure(code))
        .is_none_or(|procedure| procedure.guardian);
    let covered = entitled && by_another && covers(&approval.scope, context.procedure);
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
