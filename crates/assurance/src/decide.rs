//! May this person go on, must they prove more, or is there no way?

use identity_core::{AuthenticationEvidence, Authenticator, SubjectState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::acr::{Acr, AcrWish};
use crate::evaluate::{Context, Evaluation, Standing, judge};
use crate::events::{self, Event, Question};
use crate::gate;
use crate::options::{Bench, StepUpOption};
use crate::policy::Policy;
use crate::reason::ReasonCode;
use crate::requirement::{Demand, Requirement};
use crate::strength::Shown;

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

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenyCode {
    /// Locked, deceased, not activated: no login helps.
    AccountUnusable,
    /// Decree 69/2024 art. 14.
    GuardianApprovalNeeded,
    /// Acting for an organisation without a mandate that covers this (edge case 26).
    NotMandated,
    /// Recovered too recently for what is asked: only time helps (edge case 21).
    CoolingDown,
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
    let subject = request.state.subject;
    if let Some(reason) = gate::mandate_refusal(subject, &request.context, policy, now) {
        return Decision::Deny { code: DenyCode::NotMandated, reasons: vec![reason] };
    }
    let (context, authenticators) = (&request.context, request.authenticators);
    let question = Question { subject, context, authenticators, policy, now };
    let counted = events::count(request.evidence, &question);
    let mut reasons = counted.reasons;
    let standing = Standing::of(&question, request.state, &mut reasons);
    let events = standing.admit(counted.events, &mut reasons);
    let judge = Judge { request, question, events, standing, reasons };

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
    question: Question<'a>,
    events: Vec<Event>,
    standing: Standing,
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
        if let Some(refusal) = self.refusal(requirement) {
            return refusal;
        }
        let policy = self.question.policy;
        let mut admitted = self.events.clone();
        let mut reasons = self.reasons.clone();
        requirement.admit(&mut admitted, &mut reasons, self.question.now);
        let shown = Shown::by_all(&admitted, &policy.password);
        let mut evaluation = judge(&admitted, &self.standing, policy, reasons);
        let missing = requirement.shortfall(evaluation.vector.levels, &shown);
        if missing.is_empty() {
            evaluation.acr = evaluation.vector.acr_among(self.request.wish.classes());
            return Decision::Permit { evaluation };
        }
        let mut reasons = evaluation.reasons;
        reasons.extend(missing);
        let bench = Bench { admitted: shown, standing: &self.standing, question: &self.question };
        let options = bench.options(requirement);
        if options.is_empty() {
            unreachable(reasons)
        } else {
            Decision::StepUp { options, reasons }
        }
    }

    /// What no proof can mend.
    fn refusal(&self, requirement: &Requirement) -> Option<Decision> {
        let deny = |code, reason| {
            let mut reasons = self.reasons.clone();
            reasons.push(reason);
            Some(Decision::Deny { code, reasons })
        };
        let context = self.question.context;
        if requirement.demands.contains(&Demand::Mandate) && context.mandate.is_none() {
            return deny(DenyCode::NotMandated, ReasonCode::MandateMissing);
        }
        let (limit, recovered) = requirement.cool_down.zip(context.history.recovered_at)?;
        let now = self.question.now;
        if now >= recovered.plus(limit) {
            return None;
        }
        let reason = ReasonCode::RecoveredRecently {
            age_seconds: now.since(recovered).as_secs(),
            limit_seconds: limit.as_secs(),
        };
        deny(DenyCode::CoolingDown, reason)
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
