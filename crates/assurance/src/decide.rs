//! May this person go on, must they prove more, or is there no way?

use identity_core::{AuthenticationEvidence, Authenticator, SubjectState, Timestamp};

use crate::acr::{Acr, AcrWish};
use crate::evaluate::{Context, Evaluation, judge};
use crate::events::{self, Event};
use crate::gate;
use crate::identity::Identity;
use crate::options::{Bench, StepUpOption};
use crate::policy::Policy;
use crate::reason::ReasonCode;
use crate::requirement::Requirement;

/// One question about one subject for one relying party. Sessions are shared, answers are not (edge case 27).
#[derive(Clone, Copy, Debug)]
pub struct DecisionRequest<'a> {
    pub state: &'a SubjectState,
    pub evidence: &'a [AuthenticationEvidence],
    /// All that the person holds. Those throttled at the moment are left out by the caller.
    pub authenticators: &'a [Authenticator],
    /// What the relying party's registration, the procedure and `max_age` ask for.
    pub requirement: &'a Requirement,
    pub wish: &'a AcrWish,
    pub context: Context<'a>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Decision {
    Permit {
        /// Over the evidence that met the requirement, and that alone: `auth_time` keeps `max_age`.
        evaluation: Evaluation,
    },
    /// Also what a person without any session gets.
    StepUp {
        /// Cheapest first, never empty.
        options: Vec<StepUpOption>,
        reasons: Vec<ReasonCode>,
    },
    Deny {
        code: DenyCode,
        reasons: Vec<ReasonCode>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum DenyCode {
    /// Locked, deceased, not activated: no login helps.
    AccountUnusable,
    /// Decree 69/2024 art. 14.
    GuardianApprovalNeeded,
    /// Nothing this person can prove now meets the requirement: `unmet_authentication_requirements`.
    RequirementUnreachable,
}

impl Decision {
    /// Why not more, whatever the outcome.
    pub fn reasons(&self) -> &[ReasonCode] {
        match self {
            Self::Permit { evaluation } => &evaluation.reasons,
            Self::StepUp { reasons, .. } | Self::Deny { reasons, .. } => reasons,
        }
    }
}

/// Judges the request (assurance.md §2.5). The policy's base requirement stands under every other.
pub fn decide(request: &DecisionRequest<'_>, policy: &Policy, now: Timestamp) -> Decision {
    if let Some(closed) = gate::closed(request.state, &request.context, policy, now) {
        return Decision::Deny { code: closed.code, reasons: vec![closed.reason] };
    }
    let mut reasons = Vec::new();
    let evidence = events::standing(request.evidence, request.authenticators, &mut reasons);
    let counted = events::count(&evidence, request.state.subject, policy, now);
    reasons.extend(counted.reasons);
    let identity = Identity::of(request.state, policy, now, &mut reasons);
    let judge = Judge { request, policy, now, events: counted.events, identity, reasons };

    let Some(base) = policy.base() else { return unreachable(judge.reasons) };
    let floor = base.stricter(request.requirement);
    match request.wish {
        AcrWish::None => judge.settle(&floor),
        AcrWish::Essential(classes) => judge.first_way(&floor, classes),
        AcrWish::Voluntary(classes) => match judge.first_way(&floor, classes) {
            Decision::Deny { reasons, .. } => judge.settle(&floor).explained_by(reasons),
            way @ (Decision::Permit { .. } | Decision::StepUp { .. }) => way,
        },
    }
}

struct Judge<'a> {
    request: &'a DecisionRequest<'a>,
    policy: &'a Policy,
    now: Timestamp,
    events: Vec<Event>,
    identity: Identity,
    reasons: Vec<ReasonCode>,
}

impl Judge<'_> {
    /// Classes are alternatives: one that holds already wins, then the first that can be reached.
    fn first_way(&self, floor: &Requirement, classes: &[Acr]) -> Decision {
        let mut way = None;
        for class in classes {
            match self.settle(&floor.stricter(&Requirement::of_acr(*class))) {
                permit @ Decision::Permit { .. } => return permit,
                step_up @ Decision::StepUp { .. } => {
                    if !matches!(way, Some(Decision::StepUp { .. })) {
                        way = Some(step_up);
                    }
                }
                deny @ Decision::Deny { .. } => way = way.or(Some(deny)),
            }
        }
        way.unwrap_or_else(|| unreachable(Vec::new()))
    }

    /// One requirement: met, reachable or not.
    fn settle(&self, requirement: &Requirement) -> Decision {
        let mut admitted = self.events.clone();
        let mut reasons = self.reasons.clone();
        requirement.admit(&mut admitted, &mut reasons, self.now);
        let fal = self.request.context.fal;
        let mut evaluation = judge(&admitted, &self.identity, fal, self.policy, reasons);
        let missing = requirement.shortfall(evaluation.vector.levels, &admitted);
        if missing.is_empty() {
            evaluation.acr = evaluation.vector.acr_among(self.request.wish.classes());
            return Decision::Permit { evaluation };
        }
        let mut reasons = evaluation.reasons;
        reasons.extend(missing);
        let bench = Bench {
            authenticators: self.request.authenticators,
            admitted: &admitted,
            identity: &self.identity,
            fal,
            policy: self.policy,
            now: self.now,
        };
        let options = bench.options(requirement);
        if options.is_empty() {
            unreachable(reasons)
        } else {
            Decision::StepUp { options, reasons }
        }
    }
}

impl Decision {
    /// Adds why a wish was not granted.
    fn explained_by(mut self, more: Vec<ReasonCode>) -> Self {
        let reasons = match &mut self {
            Self::Permit { evaluation } => &mut evaluation.reasons,
            Self::StepUp { reasons, .. } | Self::Deny { reasons, .. } => reasons,
        };
        for reason in more {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        self
    }
}

const fn unreachable(reasons: Vec<ReasonCode>) -> Decision {
    Decision::Deny { code: DenyCode::RequirementUnreachable, reasons }
}
