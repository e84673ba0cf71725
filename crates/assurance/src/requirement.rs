//! What somebody needs to be sure of: a minimum on each ladder, and how the proof must be.

use std::collections::BTreeSet;
use std::time::Duration;

use identity_core::authenticator::FactorCategory;
use identity_core::{AuthenticatorKind, Timestamp};
use serde::{Deserialize, Serialize};

use crate::acr::Acr;
use crate::events::{Categories, Event, retain_fresh};
use crate::reason::{Ladder, ReasonCode};
use crate::strength::Shown;
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
    /// How long ago the account must have been recovered, and each authenticator bound, to serve (edge
    /// case 21). Recovery codes and codes handed out do not serve at all.
    pub cool_down: Option<Duration>,
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
    /// The bound device was attested as genuine, and still is.
    AttestedDevice,
    /// Only what was proven for this one transaction counts (L12).
    TransactionBound,
    /// Only in the name of an organisation (edge case 26).
    Mandate,
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
            cool_down: self.cool_down.max(other.cool_down),
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
            let refusal = self.refuses(event, now);
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

    fn refuses(&self, event: &Event, now: Timestamp) -> Option<ReasonCode> {
        let kind = event.kind;
        if self.demands.contains(&Demand::Unrestricted) && kind.is_restricted() {
            return Some(ReasonCode::RestrictedNotAllowed(kind));
        }
        if self.demands.contains(&Demand::TransactionBound) && !event.for_transaction {
            return Some(ReasonCode::NotForTransaction(kind));
        }
        if let Some(cool_down) = self.cool_down {
            if recovers(kind) {
                return Some(ReasonCode::RecoveryMethod(kind));
            }
            if event.bound_at.is_none_or(|bound_at| now < bound_at.plus(cool_down)) {
                return Some(ReasonCode::BoundRecently(kind));
            }
        }
        let other_modality = kind.category() == FactorCategory::Inherence
            && self.biometric_kinds.as_ref().is_some_and(|accepted| !accepted.contains(&kind));
        other_modality.then_some(ReasonCode::ModalityNotAccepted(kind))
    }

    /// Whether nothing is missing: [`Self::shortfall`] without the reasons.
    pub(crate) fn is_met_by(&self, levels: Levels, shown: &Shown) -> bool {
        self.minimum <= levels && self.demands.iter().all(|demand| unmet(*demand, shown).is_none())
    }

    /// Everything that is missing, given admitted events and the levels they reach. Empty means met.
    pub(crate) fn shortfall(&self, levels: Levels, shown: &Shown) -> Vec<ReasonCode> {
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
            missing.extend(self.missing_factors(shown.categories).map(ReasonCode::FactorMissing));
        }
        missing.extend(self.demands.iter().filter_map(|demand| unmet(*demand, shown)));
        missing
    }

    fn missing_factors(&self, shown: Categories) -> impl Iterator<Item = FactorCategory> {
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

const fn unmet(demand: Demand, shown: &Shown) -> Option<ReasonCode> {
    let (met, reason) = match demand {
        Demand::PhishingResistant => (shown.phishing_resistant(), ReasonCode::NotPhishingResistant),
        Demand::DeviceBound => (shown.on_bound_device(), ReasonCode::DeviceUnbound),
        Demand::AttestedDevice => (shown.on_attested_device(), ReasonCode::AttestationMissing),
        Demand::Intent => (shown.intent(), ReasonCode::IntentMissing),
        // Settled before: by what was admitted, or by whoever asks.
        Demand::Unrestricted | Demand::TransactionBound | Demand::Mandate => return None,
    };
    if met { None } else { Some(reason) }
}

/// Means of getting an account back rather than of using it.
const fn recovers(kind: AuthenticatorKind) -> bool {
    matches!(kind, AuthenticatorKind::RecoveryCode | AuthenticatorKind::TemporaryCode)
}

/// `None` sets no bound, so it is the laxer of the two.
fn stricter_age(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (age, None) | (None, age) => age,
    }
}
