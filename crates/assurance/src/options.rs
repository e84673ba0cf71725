//! What a person could still prove: minimal sets of further events that would meet a requirement.

use identity_core::authenticator::FactorCategory;
use identity_core::{AuthenticatorId, AuthenticatorKind};

use crate::evaluate::Standing;
use crate::events::{Event, Question};
use crate::requirement::Requirement;
use crate::strength::Shown;
use crate::vector::Levels;

/// Nobody should be asked for more at once: three categories, and one that resists phishing.
const MOST_STEPS: u32 = 4;
/// Bounds the search: kinds, not authenticators, since two keys prove the same.
const MOST_KINDS: usize = 12;

/// One way to meet the requirement. No option contains another, so each lets a person do without something
/// that every smaller effort would need: that is the Pareto set over the authenticators they hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StepUpOption {
    /// All of them, each with any one of its authenticators.
    pub add: Vec<Step>,
    /// What would be reached at least.
    pub reached: Levels,
    pub friction: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    pub kind: AuthenticatorKind,
    pub authenticators: Vec<AuthenticatorId>,
}

impl StepUpOption {
    fn uses_restricted(&self) -> bool {
        self.add.iter().any(|step| step.kind.is_restricted())
    }
}

/// Everything a simulation needs that does not change between options.
pub(crate) struct Bench<'a> {
    /// What already counts towards the requirement.
    pub admitted: Shown,
    pub standing: &'a Standing,
    pub question: &'a Question<'a>,
}

/// One kind a person can use now, and what one use would show.
struct Candidate {
    kind: AuthenticatorKind,
    shown: Shown,
    friction: u32,
    authenticators: Vec<AuthenticatorId>,
}

impl Bench<'_> {
    /// The options that meet `requirement`, cheapest first; empty if it cannot be met by proving more.
    pub fn options(&self, requirement: &Requirement) -> Vec<StepUpOption> {
        if self.standing.acts_instead().is_some() {
            return Vec::new();
        }
        let candidates = self.candidates(requirement);
        let reaches = |subset: u32| {
            let more = bits(subset).filter_map(|bit| candidates.get(bit));
            let shown = more.fold(self.admitted, |shown, candidate| shown.with(&candidate.shown));
            let levels = self.standing.levels(shown.strength());
            requirement.is_met_by(levels, &shown).then_some(levels)
        };
        // Who shows more is never worse off (L1): if not all of them together, then none.
        if reaches((1 << candidates.len()) - 1).is_none() {
            return Vec::new();
        }
        // A comparison counts only if the app on the person's own device takes part (L5).
        let app = subset_of(&candidates, |kind| kind == AuthenticatorKind::App);
        let comparisons =
            subset_of(&candidates, |kind| kind.category() == FactorCategory::Inherence);
        let mut minimal: Vec<u32> = Vec::new();
        let mut options = Vec::new();
        for subset in (1..=MOST_STEPS).flat_map(|size| subsets(candidates.len(), size)) {
            let without_device = subset & comparisons != 0 && subset & app == 0;
            if without_device || minimal.iter().any(|smaller| subset & smaller == *smaller) {
                continue;
            }
            if let Some(reached) = reaches(subset) {
                minimal.push(subset);
                options.push(option(bits(subset).filter_map(|bit| candidates.get(bit)), reached));
            }
        }
        without_needless_restricted(options)
    }

    fn candidates(&self, requirement: &Requirement) -> Vec<Candidate> {
        let Question { policy, now, context, .. } = *self.question;
        let swapped = context.history.sim_swapped_at;
        let sim_moved =
            swapped.is_some_and(|at| at <= now && now < at.plus(policy.sim_swap.window));
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut unheard = Vec::new();
        for authenticator in self.question.authenticators.iter().filter(|a| a.usable(now)) {
            let kind = authenticator.kind;
            let mut event = vec![Event::simulated(authenticator, self.question)];
            requirement.admit(&mut event, &mut unheard, now);
            if event.is_empty() || (sim_moved && kind == AuthenticatorKind::SmsCode) {
                continue;
            }
            match candidates.iter_mut().find(|candidate| candidate.kind == kind) {
                Some(candidate) => candidate.authenticators.push(authenticator.id),
                None => candidates.push(Candidate {
                    kind,
                    shown: Shown::by_all(&event, &policy.password),
                    friction: policy.kind(kind).friction,
                    authenticators: vec![authenticator.id],
                }),
            }
        }
        candidates.sort_by_key(|candidate| (candidate.friction, candidate.kind));
        candidates.truncate(MOST_KINDS);
        candidates
    }
}

fn subset_of(candidates: &[Candidate], belongs: impl Fn(AuthenticatorKind) -> bool) -> u32 {
    let numbered = candidates.iter().enumerate();
    numbered.filter(|(_, c)| belongs(c.kind)).fold(0, |subset, (bit, _)| subset | 1 << bit)
}

/// The members of a subset.
fn bits(subset: u32) -> impl Iterator<Item = usize> {
    let without_lowest = |rest: &u32| Some(rest & rest.wrapping_sub(1));
    std::iter::successors(Some(subset), without_lowest)
        .take_while(|rest| *rest != 0)
        .map(|rest| rest.trailing_zeros() as usize)
}

/// Every choice of `size` out of `count`, by Gosper's method: the next number with as many bits.
fn subsets(count: usize, size: u32) -> impl Iterator<Item = u32> {
    let next = |subset: &u32| {
        let lowest = subset & subset.wrapping_neg();
        let ripple = subset + lowest;
        Some((((ripple ^ subset) >> 2) / lowest) | ripple)
    };
    std::iter::successors(Some((1_u32 << size) - 1), next).take_while(move |s| *s < 1 << count)
}

fn option<'a>(chosen: impl Iterator<Item = &'a Candidate>, reached: Levels) -> StepUpOption {
    let mut friction = 0_u32;
    let add = chosen
        .map(|candidate| {
            friction = friction.saturating_add(candidate.friction);
            Step { kind: candidate.kind, authenticators: candidate.authenticators.clone() }
        })
        .collect();
    StepUpOption { add, reached, friction }
}

/// A restricted method is never suggested where an unrestricted way reaches as much (L7).
fn without_needless_restricted(mut options: Vec<StepUpOption>) -> Vec<StepUpOption> {
    let unrestricted: Vec<Levels> =
        options.iter().filter(|o| !o.uses_restricted()).map(|o| o.reached).collect();
    options.retain(|option| {
        let matched = unrestricted.iter().any(|reached| option.reached <= *reached);
        !(option.uses_restricted() && matched)
    });
    options.sort_by_key(|option| (option.friction, option.add.len()));
    options
}
