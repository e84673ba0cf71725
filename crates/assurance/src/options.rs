//! What a person could still prove: minimal sets of further events that would meet a requirement.

use identity_core::{Authenticator, AuthenticatorId, AuthenticatorKind, Timestamp};

use crate::evaluate::levels;
use crate::events::Event;
use crate::identity::Identity;
use crate::levels::Fal;
use crate::policy::Policy;
use crate::requirement::Requirement;
use crate::strength::Strength;
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
    pub authenticators: &'a [Authenticator],
    /// What already counts towards the requirement.
    pub admitted: &'a [Event],
    pub identity: &'a Identity,
    pub fal: Fal,
    pub policy: &'a Policy,
    pub now: Timestamp,
}

/// One kind a person can use now, and what one use would prove.
struct Candidate {
    event: Event,
    friction: u32,
    authenticators: Vec<AuthenticatorId>,
}

impl Bench<'_> {
    /// The options that meet `requirement`, cheapest first; empty if it cannot be met by proving more.
    pub fn options(&self, requirement: &Requirement) -> Vec<StepUpOption> {
        let candidates = self.candidates(requirement);
        let subsets = 1_u32 << candidates.len();
        let mut minimal: Vec<u32> = Vec::new();
        let mut options = Vec::new();
        for size in 1..=MOST_STEPS {
            for subset in (1..subsets).filter(|subset| subset.count_ones() == size) {
                if minimal.iter().any(|smaller| subset & smaller == *smaller) {
                    continue;
                }
                let chosen = candidates.iter().enumerate();
                let chosen = chosen.filter(|(bit, _)| subset & (1 << bit) != 0).map(|(_, c)| c);
                if let Some(option) = self.simulate(&chosen.collect::<Vec<_>>(), requirement) {
                    minimal.push(subset);
                    options.push(option);
                }
            }
        }
        without_needless_restricted(options)
    }

    fn candidates(&self, requirement: &Requirement) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for authenticator in self.authenticators.iter().filter(|a| a.usable(self.now)) {
            let Some(event) = Event::simulated(authenticator, self.policy, self.now) else {
                continue;
            };
            match candidates.iter_mut().find(|c| c.event.kind == event.kind) {
                Some(candidate) => candidate.authenticators.push(authenticator.id),
                None => candidates.push(Candidate {
                    event,
                    friction: self.policy.kind(event.kind).friction,
                    authenticators: vec![authenticator.id],
                }),
            }
        }
        let mut unheard = Vec::new();
        candidates.retain(|candidate| {
            let mut admitted = vec![candidate.event];
            requirement.admit(&mut admitted, &mut unheard, self.now);
            !admitted.is_empty()
        });
        candidates.sort_by_key(|candidate| (candidate.friction, candidate.event.kind));
        candidates.truncate(MOST_KINDS);
        candidates
    }

    fn simulate(&self, chosen: &[&Candidate], requirement: &Requirement) -> Option<StepUpOption> {
        let simulated = chosen.iter().map(|candidate| candidate.event);
        let events: Vec<Event> = simulated.chain(self.admitted.iter().copied()).collect();
        let strength = Strength::of(&events, &self.policy.password);
        let reached = levels(strength, self.identity, self.fal);
        requirement.shortfall(reached, &events).is_empty().then(|| StepUpOption {
            add: chosen
                .iter()
                .map(|candidate| Step {
                    kind: candidate.event.kind,
                    authenticators: candidate.authenticators.clone(),
                })
                .collect(),
            reached,
            friction: chosen.iter().fold(0, |sum, c| sum.saturating_add(c.friction)),
        })
    }
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
