//! What somebody needs to be sure of: a minimum on each ladder, and how the proof must be.

use std::collections::BTreeSet;
use std::time::Duration;

use identity_core::authenticator::FactorCategory;
use identity_core::{AuthenticatorKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::acr::Acr;
use crate::events::{Categories, Event, retain_fresh};
use crate::reason::{Ladder, ReasonCode};
use crate::vector::Levels;

/// Met by a vector that reaches `minimum` from evidence that is fresh enough and of the demanded kind.
/// The default requires nothing.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Requirement {
    /// A ladder at its bottom is not required.
    pub minimum: Levels,
    /// Oldest proof of any kind that still serves: `max_age` of OpenID Connect Core §3.1.2.1.
    pub max_age: Option<Duration>,
    pub max_age_by_category: CategoryAges,
    /// The biometrics accepted; `None` accepts all that the policy accepts.
    pub biometric_kinds: Option<BTreeSet<AuthenticatorKind>>,
    pub demands: BTreeSet<Demand>,
}

/// How the proof must be.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Demand {
    PhishingResistant,
    /// One of the factors is a key on a device bound to the subject.
    DeviceBound,
    Intent,
    /// Restricted methods (NIST SP 800-63B-4 §3.2.9) do not count.
    Unrestricted,
}

/// A greatest age per category; `None` sets no bound.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CategoryAges {
    pub knowledge: Option<Duration>,
    pub possession: Option<Duration>,
    pub inherence: Option<Duration>,
}

impl CategoryAges {
    pub const fn of(self, category: FactorCategory) -> Option<Duration> {
        match category {
            FactorCategory::Knowledge => self.knowledge,
            FactorCategory::Possession => self.possession,
            FactorCategory::Inherence => self.inherence,
        }
    }
}

impl Requirement {
    pub fn at_least(minimum: Levels) -> Self {
        Self { minimum, ..Self::default() }
    }

    pub fn of_acr(acr: Acr) -> Self {
        Self::at_least(acr.asks())
    }

    /// With a greatest age on top, as `max_age` and client registrations give it.
    #[must_use]
    pub fn within(self, max_age: Option<Duration>) -> Self {
        Self { max_age: stricter_age(self.max_age, max_age), ..self }
    }

    /// What meets both, and nothing that does not (edge case 29).
    #[must_use]
    pub fn stricter(&self, other: &Self) -> Self {
        let (mine, theirs) = (self.max_age_by_category, other.max_age_by_category);
        Self {
            minimum: self.minimum.join(other.minimum),
            max_age: stricter_age(self.max_age, other.max_age),
            max_age_by_category: CategoryAges {
                knowledge: stricter_age(mine.knowledge, theirs.knowledge),
                possession: stricter_age(mine.possession, theirs.possession),
                inherence: stricter_age(mine.inherence, theirs.inherence),
            },
            biometric_kinds: match (&self.biometric_kinds, &other.biometric_kinds) {
                (Some(mine), Some(theirs)) => Some(mine & theirs),
                (Some(only), None) | (None, Some(only)) => Some(only.clone()),
                (None, None) => None,
            },
            demands: &self.demands | &other.demands,
        }
    }

    /// Drops what does not count towards this requirement, and says why.
    pub(crate) fn admit(
        &self,
        events: &mut Vec<Event>,
        reasons: &mut Vec<ReasonCode>,
        now: Timestamp,
    ) {
        events.retain(|event| {
            let refusal = self.refuses(event.kind);
            reasons.extend(refusal);
            refusal.is_none()
        });
        let limit = |category| stricter_age(self.max_age, self.max_age_by_category.of(category));
        // In whole seconds and inclusive: Core §3.1.2.1 asks again when *more* than max_age has elapsed,
        // and the relying party compares the same seconds in `auth_time`.
        retain_fresh(events, reasons, now, limit, |at, limit| {
            let elapsed = now.unix_seconds().saturating_sub(at.unix_seconds());
            u64::try_from(elapsed).unwrap_or(0) <= limit.as_secs()
        });
    }

    fn refuses(&self, kind: AuthenticatorKind) -> Option<ReasonCode> {
        if self.demands.contains(&Demand::Unrestricted) && kind.is_restricted() {
            return Some(ReasonCode::RestrictedNotAllowed(kind));
        }
        let other_modality = kind.category() == FactorCategory::Inherence
            && self.biometric_kinds.as_ref().is_some_and(|accepted| !accepted.contains(&kind));
        other_modality.then_some(ReasonCode::ModalityNotAccepted(kind))
    }

    /// Everything that is missing, given admitted events and the levels they reach. Empty means met.
    pub(crate) fn shortfall(&self, levels: Levels, events: &[Event]) -> Vec<ReasonCode> {
        let mut missing = Vec::new();
        let ladders = levels.rungs().into_iter().zip(self.minimum.rungs());
        for ((ladder, has), (_, needs)) in ladders.filter(|((_, has), (_, needs))| has < needs) {
            missing.push(ReasonCode::LevelTooLow { ladder, has, needs });
        }
        let short_of_factors = missing.iter().any(|reason| {
            let authentication = Ladder::Authentication;
            matches!(reason, ReasonCode::LevelTooLow { ladder, .. }
                if *ladder == authentication || *ladder == Ladder::Aal)
        });
        if short_of_factors {
            missing.extend(self.missing_factors(events).map(ReasonCode::FactorMissing));
        }
        for demand in &self.demands {
            missing.extend(unmet(*demand, events));
        }
        missing
    }

    fn missing_factors(&self, events: &[Event]) -> impl Iterator<Item = FactorCategory> {
        let shown: Categories = events.iter().map(|event| event.categories).collect();
        let (vn, aal) = (self.minimum.vn_authentication.number(), self.minimum.aal.number());
        let (knowledge, possession, inherence) = if vn >= 4 {
            (true, true, true)
        } else if vn == 3 {
            (shown.count() < 2 && !shown.has(FactorCategory::Possession), aal >= 2, true)
        } else if vn == 2 || aal >= 2 {
            (true, true, false)
        } else {
            (shown.count() == 0, false, false)
        };
        [
            (FactorCategory::Knowledge, knowledge),
            (FactorCategory::Possession, possession),
            (FactorCategory::Inherence, inherence),
        ]
        .into_iter()
        .filter(move |(category, needed)| *needed && !shown.has(*category))
        .map(|(category, _)| category)
    }
}

fn unmet(demand: Demand, events: &[Event]) -> Option<ReasonCode> {
    let (met, reason) = match demand {
        Demand::PhishingResistant => {
            (events.iter().any(Event::resists_phishing), ReasonCode::NotPhishingResistant)
        }
        Demand::DeviceBound => {
            (events.iter().any(|event| event.on_bound_device), ReasonCode::DeviceUnbound)
        }
        Demand::Intent => (events.iter().any(Event::shows_intent), ReasonCode::IntentMissing),
        // Settled by what was admitted.
        Demand::Unrestricted => return None,
    };
    (!met).then_some(reason)
}

/// `None` sets no bound, so it is the laxer of the two.
fn stricter_age(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (age, None) | (None, age) => age,
    }
}
