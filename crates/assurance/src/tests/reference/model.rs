//! The reference model: slow, obvious, written from the rules and not from the engine. It shares with it only
//! nouns, the policy's figures and the order of the ladders; it thinks in lists of factors, asks for the
//! highest level by trying each, and finds options by trying every set of them on made-up evidence.

use std::collections::BTreeSet;

use identity_core::evidence::{AttestationVerdict, Intent, Presentation};
use identity_core::subject::CardKind;

use super::super::*;
use crate::policy::{BarcodeReading, LifeStage, OrganisationUse, PieceStrength, ResidenceExpiry};
use crate::{Acr, Demand, DenyCode};

/// Everything a decision depends on.
#[derive(Clone, Debug)]
pub struct Case {
    pub state: SubjectState,
    pub evidence: Vec<AuthenticationEvidence>,
    pub authenticators: Vec<Authenticator>,
    pub requirement: Requirement,
    pub wish: AcrWish,
    pub fal: Fal,
    pub procedure: Option<&'static str>,
    pub approval: Option<crate::GuardianApproval>,
    pub mandate: Option<crate::Mandate>,
    pub transaction: Option<&'static str>,
    pub history: crate::History,
    pub policy: &'static Policy,
    pub now: Timestamp,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    Permit {
        levels: Levels,
        acr: Option<Acr>,
        amr: BTreeSet<&'static str>,
        auth_time: Option<Timestamp>,
    },
    /// Each way as the kinds it needs.
    StepUp(BTreeSet<Vec<AuthenticatorKind>>),
    Deny(DenyCode),
}

/// One factor shown by one piece of evidence.
#[derive(Clone, Copy)]
pub struct Factor<'a> {
    pub item: &'a AuthenticationEvidence,
    pub category: FactorCategory,
    /// Counted by the decree's wording alone.
    pub decree_only: bool,
}

/// Levels and what they rest on.
pub struct Reached<'a> {
    pub levels: Levels,
    pub factors: Vec<Factor<'a>>,
    pub auth_time: Option<Timestamp>,
}

impl Case {
    pub fn answer(&self) -> Answer {
        if let Some(code) = self.gate() {
            return Answer::Deny(code);
        }
        if self.mandate.is_some() && !self.mandate_holds() {
            return Answer::Deny(DenyCode::NotMandated);
        }
        let base = self.policy.requirement("base").unwrap();
        let plain = [base, &self.requirement];
        let with = |class: &Acr| {
            let asked = Requirement::at_least(class.asks());
            self.settle(&[base, &self.requirement, &asked])
        };
        let classes: Vec<Answer> = self.wish.classes().iter().map(with).collect();
        let best = classes
            .iter()
            .find(|answer| matches!(answer, Answer::Permit { .. }))
            .or_else(|| classes.iter().find(|answer| matches!(answer, Answer::StepUp(_))))
            .or_else(|| classes.first())
            .cloned();
        match (&self.wish, best) {
            (AcrWish::None, _) | (AcrWish::Voluntary(_), None | Some(Answer::Deny(_))) => {
                self.settle(&plain)
            }
            (_, Some(best)) => best,
            (AcrWish::Essential(_), None) => unreachable!("an essential wish has classes"),
        }
    }

    // ---- who may act (L10, L11) ----

    fn gate(&self) -> Option<DenyCode> {
        let today = self.now.day_in_viet_nam();
        if !matches!(self.state.account, AccountState::Activated { .. }) {
            return Some(DenyCode::AccountUnusable);
        }
        let residence_over = self.state.card.as_ref().is_some_and(|card| {
            card.kind == CardKind::ResidenceCard && card.valid_until.is_some_and(|end| end <= today)
        });
        if residence_over && self.policy.residence.expired == ResidenceExpiry::LocksAccount {
            return Some(DenyCode::AccountUnusable);
        }
        (self.dependent() && !self.guardian_agrees()).then_some(DenyCode::GuardianApprovalNeeded)
    }

    fn dependent(&self) -> bool {
        let stage = self.policy.ages.stage(self.state.birth_date, self.now.day_in_viet_nam());
        matches!(stage, LifeStage::Infant | LifeStage::Child)
            || self.state.capacity == LegalCapacity::Represented
    }

    fn guardian_agrees(&self) -> bool {
        let Some(approval) = &self.approval else { return false };
        let tolerance = self.policy.evidence_life.clock_tolerance;
        let covered = |scope: &GuardianScope| match (scope, self.procedure) {
            (GuardianScope::Everything, _) => true,
            (GuardianScope::Procedures(codes), code) => {
                code.is_some_and(|c| codes.contains(&c.into()))
            }
        };
        let entitled = self.state.guardians.iter().any(|link| {
            link.guardian == approval.guardian
                && link.from <= self.now
                && link.until.is_none_or(|until| self.now < until)
                && covered(&link.scope)
        });
        let filed_by_others = self.known_procedure().is_none_or(|procedure| procedure.guardian);
        approval.at <= self.now.plus(tolerance)
            && self.now < approval.at.plus(self.policy.guardian.approval_life)
            && entitled
            && covered(&approval.scope)
            && filed_by_others
    }

    fn mandate_holds(&self) -> bool {
        let Some(mandate) = &self.mandate else { return false };
        let covered = match &mandate.scope {
            GuardianScope::Everything => true,
            GuardianScope::Procedures(codes) => {
                codes.iter().any(|c| Some(c.as_str()) == self.procedure)
            }
        };
        mandate.representative == self.state.subject
            && mandate.from <= self.now
            && mandate.until.is_none_or(|until| self.now < until)
            && covered
            && self.known_procedure().is_none_or(|p| p.organisation != OrganisationUse::No)
    }

    fn known_procedure(&self) -> Option<&'static crate::Procedure> {
        self.procedure.and_then(|code| self.policy.procedure(code))
    }

    // ---- which evidence is sound (L4, L5, L12, L13) ----

    pub fn sound(&self, item: &AuthenticationEvidence, all: &[AuthenticationEvidence]) -> bool {
        let mine = item.subject == self.state.subject;
        let received = item.at <= self.now.plus(self.policy.evidence_life.clock_tolerance);
        !self.withdrawn(item)
            && mine
            && received
            && !replayed(item, all)
            && self.trustworthy(item, all)
    }

    fn withdrawn(&self, item: &AuthenticationEvidence) -> bool {
        use AuthenticatorStatus::{Removed, Suspended};
        let used = self.authenticators.iter().find(|known| known.id == item.authenticator);
        used.is_some_and(|used| matches!(used.status, Suspended { .. } | Removed { .. }))
    }

    fn trustworthy(&self, item: &AuthenticationEvidence, all: &[AuthenticationEvidence]) -> bool {
        if compromised(item) {
            return false;
        }
        match item.kind.category() {
            FactorCategory::Knowledge => true,
            FactorCategory::Inherence => self.comparison_counts(item, all),
            FactorCategory::Possession => match item.kind {
                AuthenticatorKind::SmsCode => !self.history.sim_swapped_at.is_some_and(|swap| {
                    (swap..swap.plus(self.policy.sim_swap.window)).contains(&item.at)
                }),
                AuthenticatorKind::IdentityCardChip => item.chip.as_ref().is_some_and(|chip| {
                    let today = self.now.day_in_viet_nam();
                    chip.signed_by_issuer == Check::Passed
                        && chip.not_a_copy == Check::Passed
                        && chip.valid_until.is_none_or(|end| today < end)
                }),
                _ => true,
            },
        }
    }

    fn comparison_counts(
        &self,
        item: &AuthenticationEvidence,
        all: &[AuthenticationEvidence],
    ) -> bool {
        let Some(result) = &item.biometric else { return false };
        let rule = &self.policy.biometrics;
        let own_figures = result
            .comparison
            .as_ref()
            .is_none_or(|c| c.threshold <= c.score && c.modality == item.kind);
        let needs_pad = rule.presentation_attack_checked.contains(&item.kind);
        let beside_device = all.iter().any(|other| {
            let gap =
                if other.at < item.at { item.at.since(other.at) } else { other.at.since(item.at) };
            other.subject == item.subject
                && other.kind.category() == FactorCategory::Possession
                && other.key != KeyProtection::NoKey
                && other.device.is_some()
                && other.device == item.device
                && other.transaction == item.transaction
                && gap <= rule.device_window
                && !compromised(other)
                && !self.withdrawn(other)
                && !replayed(other, all)
        });
        own_figures
            && result.false_match_per_billion <= rule.false_match_per_billion
            && (!needs_pad || result.presentation_attack == Check::Passed)
            && result.injection == Check::Passed
            && beside_device
    }

    pub fn factors<'a>(&self, item: &'a AuthenticationEvidence) -> Vec<Factor<'a>> {
        let factor = |category, decree_only| Factor { item, category, decree_only };
        let mut factors = vec![factor(item.kind.category(), false)];
        let has_key = item.key != KeyProtection::NoKey;
        if let Some(second) = item.verified_by_device.filter(|_| has_key) {
            factors.push(factor(second, false));
        }
        let literal = self.policy.barcode.decree_counts_as == BarcodeReading::Knowledge;
        if literal && has_key && item.presentation == Presentation::Barcode {
            factors.push(factor(FactorCategory::Knowledge, true));
        }
        factors.retain(|f| self.now < item.at.plus(self.policy.evidence_life.of(f.category)));
        factors
    }

    // ---- what a requirement lets count ----

    pub fn admits(&self, item: &AuthenticationEvidence, requirement: &Requirement) -> bool {
        let demands = &requirement.demands;
        let settled = requirement.cool_down.is_none_or(|span| {
            use AuthenticatorKind::{RecoveryCode, TemporaryCode};
            let known = self.authenticators.iter().find(|known| known.id == item.authenticator);
            let device_since = item.device_proof.as_ref().map(|device| device.bound_at);
            known.is_some_and(|known| known.bound_at.plus(span) <= self.now)
                && device_since.is_none_or(|since| since.plus(span) <= self.now)
                && ![RecoveryCode, TemporaryCode].contains(&item.kind)
        });
        let this_transaction =
            self.transaction.is_some() && item.transaction.as_deref() == self.transaction;
        let modality = item.kind.category() != FactorCategory::Inherence
            || requirement.biometric_kinds.as_ref().is_none_or(|kinds| kinds.contains(&item.kind));
        settled
            && modality
            && (!demands.contains(&Demand::Unrestricted) || !item.kind.is_restricted())
            && (!demands.contains(&Demand::TransactionBound) || this_transaction)
    }

    pub fn young_enough(&self, factor: &Factor<'_>, requirement: &Requirement) -> bool {
        let age = self.now.unix_seconds() - factor.item.at.unix_seconds();
        let by_category = requirement.max_age_by_category.of(factor.category);
        [requirement.max_age, by_category]
            .into_iter()
            .flatten()
            .all(|limit| age <= i64::try_from(limit.as_secs()).unwrap())
    }

    /// The vector of some evidence under some requirements (L1–L9), and the oldest item it rests on.
    pub fn reached<'a>(
        &self,
        evidence: &'a [AuthenticationEvidence],
        requirements: &[&Requirement],
    ) -> Reached<'a> {
        let frozen = self.dependent() && self.state.capacity == LegalCapacity::Represented;
        let factors: Vec<Factor<'a>> = evidence
            .iter()
            .filter(|item| !frozen && self.sound(item, evidence))
            .filter(|item| requirements.iter().all(|r| self.admits(item, r)))
            .flat_map(|item| self.factors(item))
            .filter(|factor| requirements.iter().all(|r| self.young_enough(factor, r)))
            .collect();
        let (vn, aal) = (self.vn(&factors), self.aal(&factors));
        let levels = self.levels(vn, aal);
        if frozen {
            let at = self.approval.as_ref().map(|approval| approval.at);
            return Reached { levels, factors, auth_time: at };
        }
        if vn == VnAuthenticationLevel::None && aal == Aal::None {
            return Reached { levels, factors: vec![], auth_time: None };
        }
        // The latest instant from which on everything still holds.
        let times: BTreeSet<Timestamp> = factors.iter().map(|factor| factor.item.at).collect();
        let since = |start: Timestamp| -> Vec<Factor<'a>> {
            factors.iter().filter(|factor| factor.item.at >= start).copied().collect()
        };
        let as_good = |start: &&Timestamp| {
            let some = since(**start);
            self.vn(&some) == vn && self.aal(&some) == aal && resists(&some) == resists(&factors)
        };
        let start = *times.iter().rev().find(as_good).unwrap();
        Reached { levels, factors: since(start), auth_time: Some(start) }
    }

    /// Decree 69/2024 art. 20, highest level first.
    fn vn(&self, factors: &[Factor<'_>]) -> VnAuthenticationLevel {
        use FactorCategory::{Inherence, Knowledge, Possession};
        use VnAuthenticationLevel::{L1, L2, L3, L4, None};
        let shown = |level| -> BTreeSet<FactorCategory> {
            let admitted = |f: &&Factor<'_>| self.policy.kind(f.item.kind).vn_at_most >= level;
            factors.iter().filter(admitted).map(|factor| factor.category).collect()
        };
        if shown(L4) == [Knowledge, Possession, Inherence].into() {
            L4
        } else if shown(L3).len() >= 2 && shown(L3).contains(&Inherence) {
            L3
        } else if shown(L2).len() >= 2 {
            L2
        } else if shown(L1).iter().any(|category| *category != Inherence) {
            L1
        } else {
            None
        }
    }

    /// NIST SP 800-63B-4 §2.1–2.3, highest level first.
    fn aal(&self, factors: &[Factor<'_>]) -> Aal {
        use FactorCategory::{Inherence, Knowledge, Possession};
        let rule = &self.policy.password;
        let long = |f: &Factor<'_>, minimum: u16| {
            f.item.kind != AuthenticatorKind::Password
                || f.item.password_length.unwrap_or(0) >= minimum
        };
        let at = |level: Aal, minimum: u16| -> Vec<&Factor<'_>> {
            factors
                .iter()
                .filter(|f| !f.decree_only && self.highest_aal(f.item) >= level && long(f, minimum))
                .collect()
        };
        let shows = |some: &[&Factor<'_>], category| some.iter().any(|f| f.category == category);
        let beside = rule.minimum_with_second_factor;
        let three = at(Aal::Aal3, beside);
        let two = at(Aal::Aal2, beside);
        let one = at(Aal::Aal1, rule.minimum_alone);
        let hardware_key = at(Aal::Aal3, 0).into_iter().any(|f| {
            f.category == Possession
                && f.item.key == KeyProtection::Hardware
                && f.item.phishing == PhishingResistance::Resistant
                && f.item.intent == Intent::Shown
        });
        if hardware_key && (shows(&three, Knowledge) || shows(&three, Inherence)) {
            Aal::Aal3
        } else if shows(&two, Possession) && (shows(&two, Knowledge) || shows(&two, Inherence)) {
            Aal::Aal2
        } else if shows(&one, Knowledge) || shows(&one, Possession) {
            Aal::Aal1
        } else {
            Aal::None
        }
    }

    fn highest_aal(&self, item: &AuthenticationEvidence) -> Aal {
        let cap = self.policy.kind(item.kind).aal_at_most;
        if item.key == KeyProtection::Synced { cap.min(Aal::Aal2) } else { cap }
    }

    // ---- who somebody is (L9) ----

    fn levels(&self, vn: VnAuthenticationLevel, aal: Aal) -> Levels {
        let guardian = self.approval.as_ref().filter(|_| self.dependent()).map(|a| a.levels);
        let ward = self.state.capacity == LegalCapacity::Represented;
        let (vn, aal) = match guardian.filter(|_| ward) {
            Some(theirs) => (theirs.vn_authentication, theirs.aal),
            None => (vn, aal),
        };
        let means = match aal {
            Aal::None => (EidasLoa::None, if vn == VnAuthenticationLevel::None { 0 } else { 1 }),
            Aal::Aal1 => (EidasLoa::Low, 2),
            Aal::Aal2 => (EidasLoa::Substantial, 3),
            Aal::Aal3 => (EidasLoa::High, 4),
        };
        let (ial, eidas, iso) = self.identity();
        let own = Levels {
            vn_authentication: vn,
            vn_account: self.account(),
            aal,
            ial,
            eidas: eidas.min(means.0),
            iso: iso.min(IsoLoa::try_from(means.1).unwrap()),
            fal: self.fal,
        };
        guardian.map_or(own, |theirs| own.meet(Levels { fal: self.fal, ..theirs }))
    }

    fn account(&self) -> VnAccountLevel {
        let today = self.now.day_in_viet_nam();
        let infant = self.policy.ages.stage(self.state.birth_date, today) == LifeStage::Infant;
        let valid_card = self
            .state
            .card
            .as_ref()
            .is_some_and(|card| card.valid_until.is_none_or(|end| today < end));
        match self.state.account_level {
            AccountLevel::One => VnAccountLevel::One,
            AccountLevel::Two if valid_card && !infant => VnAccountLevel::Two,
            AccountLevel::Two => self.policy.card.account_level_without,
        }
    }

    fn identity(&self) -> (Ial, EidasLoa, IsoLoa) {
        let today = self.now.day_in_viet_nam();
        let known_by = self.now.plus(self.policy.evidence_life.clock_tolerance);
        let mut best = (Ial::Ial0, EidasLoa::None, IsoLoa::None);
        for proofing in self.state.proofings.iter().filter(|proofing| proofing.at <= known_by) {
            let strengths: Vec<PieceStrength> = proofing
                .pieces
                .iter()
                .filter(|piece| piece.valid_until.is_none_or(|end| today < end))
                .map(|piece| self.policy.pieces[&piece.kind].strength)
                .collect();
            let superior = strengths.contains(&PieceStrength::Superior);
            let strong = strengths.iter().filter(|s| **s == PieceStrength::Strong).count();
            let supported = match (superior, strong, strengths.len()) {
                (_, _, 0) => continue,
                (true, _, _) | (_, 2.., _) | (_, 1, 2..) => Ial::Ial3,
                (false, _, _) => Ial::Ial1,
            };
            let rule = &self.policy.pathways[&proofing.pathway];
            best.0 = best.0.max(supported.min(rule.ial_at_most));
            best.1 = best.1.max(rule.eidas_at_most);
            best.2 = best.2.max(rule.iso_at_most);
        }
        best
    }
}

fn replayed(item: &AuthenticationEvidence, all: &[AuthenticationEvidence]) -> bool {
    let key = |item: &AuthenticationEvidence| item.binding.as_ref().map(|b| b.replay_key);
    key(item).is_some()
        && all.iter().any(|other| {
            other.subject == item.subject
                && key(other) == key(item)
                && (other.at < item.at || (other.at == item.at && other.id < item.id))
        })
}

fn compromised(item: &AuthenticationEvidence) -> bool {
    let attestation = item.device_proof.as_ref().and_then(|device| device.attestation.as_ref());
    attestation.is_some_and(|a| a.verdict == AttestationVerdict::Compromised)
}

pub fn resists(factors: &[Factor<'_>]) -> bool {
    factors.iter().any(|f| {
        f.item.phishing == PhishingResistance::Resistant
            && f.category == FactorCategory::Possession
            && !f.decree_only
    })
}
