//! Policy: every figure of law and standard as dated data with its source.

mod current;
mod load;
mod procedure;
mod purpose;
mod read;
mod set;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use identity_core::account::LockReason;
use identity_core::authenticator::{AttemptRule, FactorCategory};
use identity_core::evidence::{ProofingPathway, ProofingPieceKind};
use identity_core::{AuthenticatorKind, CalendarDate};
use serde::{Deserialize, Serialize};

pub use current::Policies;
pub use procedure::{OrganisationUse, Procedure};
pub use purpose::{
    Applies, DeviceNovelty, Purpose, ScopeRule, Transaction, TransactionRule, UnknownName,
};
pub use read::PolicyFault;
pub use set::PolicySet;

use crate::levels::{Aal, EidasLoa, Ial, IsoLoa, VnAccountLevel, VnAuthenticationLevel};
use crate::requirement::Requirement;

/// The rules in force in `[valid_from, valid_to)`, days as counted in Viet Nam.
#[derive(Clone, PartialEq, Debug)]
pub struct Policy {
    pub version: String,
    pub valid_from: CalendarDate,
    pub valid_to: Option<CalendarDate>,
    pub source: String,
    pub password: PasswordRule,
    pub evidence_life: EvidenceLife,
    pub ages: Ages,
    pub guardian: GuardianRule,
    pub card: CardRule,
    pub residence: ResidenceRule,
    pub biometrics: BiometricRule,
    pub barcode: BarcodeRule,
    pub sim_swap: SimSwapRule,
    /// Evidence sets that support an identity level, and what each pathway may reach.
    pub pieces: HashMap<ProofingPieceKind, PieceRule>,
    pub pathways: HashMap<ProofingPathway, PathwayRule>,
    pub locks: HashMap<LockReason, LockRule>,
    pub(crate) kinds: HashMap<AuthenticatorKind, KindRule>,
    pub(crate) requirements: BTreeMap<String, NamedRequirement>,
    /// By scope.
    pub(crate) scopes: BTreeMap<String, ScopeRule>,
    pub(crate) transactions: Vec<TransactionRule>,
    pub(crate) procedures: Vec<Procedure>,
}

/// NIST SP 800-63B-4 §3.1.1: in characters (code points).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PasswordRule {
    pub minimum_alone: u16,
    pub minimum_with_second_factor: u16,
    pub source: String,
}

/// How long a proof of each category counts, whatever a relying party would accept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvidenceLife {
    pub knowledge: Duration,
    pub possession: Duration,
    pub inherence: Duration,
    /// How far the clocks of two of our nodes may differ.
    pub clock_tolerance: Duration,
    pub source: String,
}

impl EvidenceLife {
    pub const fn of(&self, category: FactorCategory) -> Duration {
        match category {
            FactorCategory::Knowledge => self.knowledge,
            FactorCategory::Possession => self.possession,
            FactorCategory::Inherence => self.inherence,
        }
    }
}

/// Ages in completed years.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ages {
    /// From this age an account of level 2 may be held.
    pub second_level_from: u8,
    /// From this age the account is used without a representative.
    pub acts_alone_from: u8,
    pub adult_from: u8,
    pub source: String,
}

/// Where somebody stands in life, by birth date and the calendar of Viet Nam.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum LifeStage {
    /// Too young for level 2.
    Infant,
    /// Acts through a representative.
    Child,
    /// Acts alone, not of age.
    Minor,
    Adult,
}

impl Ages {
    pub fn stage(&self, birth_date: CalendarDate, today: CalendarDate) -> LifeStage {
        let age = birth_date.age_in_years(today);
        if age < self.second_level_from {
            LifeStage::Infant
        } else if age < self.acts_alone_from {
            LifeStage::Child
        } else if age < self.adult_from {
            LifeStage::Minor
        } else {
            LifeStage::Adult
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GuardianRule {
    /// How long one approval serves.
    pub approval_life: Duration,
    pub source: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CardRule {
    /// What an account is good for while the card it rests on is expired or absent.
    pub account_level_without: VnAccountLevel,
    pub source: String,
}

/// A foreigner's residence card (Decree 69/2024 art. 15.2; edge case 25).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResidenceRule {
    pub expired: ResidenceExpiry,
    pub source: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResidenceExpiry {
    LocksAccount,
    /// As the expiry of an identity card does.
    LowersAccount,
}

/// What a scanned two-dimensional barcode is on the decree's ladder (art. 20).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BarcodeRule {
    pub decree_counts_as: BarcodeReading,
    pub source: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarcodeReading {
    /// One more sign of the device that shows it.
    Possession,
    /// As the decree's text has it.
    Knowledge,
}

/// How long codes by text message do not count after the number moved to another SIM (edge case 22).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SimSwapRule {
    pub window: Duration,
    pub unanswered: UnansweredSignal,
    pub source: String,
}

/// What it means that nobody could say whether a number moved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnansweredSignal {
    /// No code by text message until somebody can (L13).
    #[default]
    Withhold,
    /// As if it had not moved.
    Ignore,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BiometricRule {
    /// The highest false-match rate accepted, in matches per billion.
    pub false_match_per_billion: u32,
    /// Kinds for which presentation attack detection must have passed.
    pub presentation_attack_checked: BTreeSet<AuthenticatorKind>,
    /// Comparison and device proof lie at most this far apart.
    pub device_window: Duration,
    /// What failed comparisons cost.
    pub tries: Tries,
    /// The same where presentation attack detection must have passed.
    pub tries_with_detection: Tries,
    pub source: String,
}

/// NIST SP 800-63B-4 §3.2.3: so many failures in a row are free, then each further try waits, and at the
/// limit the modality is off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tries {
    pub free: u32,
    pub delay: Duration,
    pub limit: u32,
}

impl Tries {
    /// The most that the standard allows.
    pub const MOST: Self = Self { free: 5, delay: Duration::from_secs(30), limit: 50 };
    pub const MOST_WITH_DETECTION: Self =
        Self { free: 10, delay: Duration::from_secs(30), limit: 100 };

    fn as_strict_as(self, most: Self) -> bool {
        self.free <= most.free && self.limit <= most.limit && self.delay >= most.delay
    }
}

impl BiometricRule {
    /// What failed comparisons of this kind cost.
    pub fn attempts(&self, kind: AuthenticatorKind) -> AttemptRule {
        let detected = self.presentation_attack_checked.contains(&kind);
        let Tries { free, delay, limit } =
            if detected { self.tries_with_detection } else { self.tries };
        AttemptRule { free, first_delay: delay, longest_delay: delay, limit }
    }
}

/// What one kind of authenticator may contribute to, and what it asks of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KindRule {
    pub vn_at_most: VnAuthenticationLevel,
    pub aal_at_most: Aal,
    /// Effort, money and fraud risk in one figure: options are offered cheapest first.
    pub friction: u32,
    pub source: String,
}

/// Strength of a piece of identity evidence (NIST SP 800-63A-4 §2.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PieceStrength {
    Fair,
    Strong,
    Superior,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PieceRule {
    pub strength: PieceStrength,
    pub source: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathwayRule {
    pub ial_at_most: Ial,
    pub eidas_at_most: EidasLoa,
    pub iso_at_most: IsoLoa,
    pub source: String,
}

/// Who can end a lock (Law on Identification art. 34.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LiftedBy {
    Holder,
    /// The authority that asked for it.
    Authority,
    /// The system, as soon as the ground is gone.
    GroundGone,
    Operator,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockRule {
    pub lifted_by: LiftedBy,
    pub source: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NamedRequirement {
    pub requirement: Requirement,
    pub source: String,
}

/// The requirement that every login meets, whatever is asked.
const BASE: &str = "base";

/// What a kind counts for that the policy does not name: nothing (L13). Loading refuses such a policy.
static UNNAMED_KIND: KindRule = KindRule {
    vn_at_most: VnAuthenticationLevel::None,
    aal_at_most: Aal::None,
    friction: u32::MAX,
    source: String::new(),
};

impl Policy {
    pub fn kind(&self, kind: AuthenticatorKind) -> &KindRule {
        self.kinds.get(&kind).unwrap_or(&UNNAMED_KIND)
    }

    /// The floor under every decision: see `[requirements.base]`.
    pub(crate) fn base(&self) -> Option<&Requirement> {
        self.requirement(BASE)
    }

    /// A requirement by the name a relying party's registration uses.
    pub fn requirement(&self, name: &str) -> Option<&Requirement> {
        self.requirements.get(name).map(|named| &named.requirement)
    }

    /// Every named requirement with its source.
    pub fn requirements(&self) -> impl Iterator<Item = (&str, &Requirement, &str)> {
        self.requirements
            .iter()
            .map(|(name, named)| (name.as_str(), &named.requirement, named.source.as_str()))
    }

    /// What a scope needs, by scope.
    pub fn scopes(&self) -> impl Iterator<Item = (&str, &ScopeRule)> {
        self.scopes.iter().map(|(scope, rule)| (scope.as_str(), rule))
    }

    pub fn transactions(&self) -> &[TransactionRule] {
        &self.transactions
    }

    /// The essential procedures, by number.
    pub fn procedures(&self) -> &[Procedure] {
        &self.procedures
    }

    pub fn procedure(&self, code: &str) -> Option<&Procedure> {
        self.procedures.iter().find(|procedure| procedure.code == code)
    }
}
