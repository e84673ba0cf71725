//! Permit, step up or deny, the slow way: options by trying every set of further proofs.

use std::collections::BTreeSet;

use identity_core::evidence::{AttestationVerdict, Intent};

use super::super::*;
use super::foresee::amr;
use super::model::{Answer, Case, Factor, resists};
use crate::{Acr, Demand, DenyCode};

impl Case {
    pub fn settle(&self, requirements: &[&Requirement]) -> Answer {
        let asks = |demand| requirements.iter().any(|r| r.demands.contains(&demand));
        if asks(Demand::Mandate) && self.mandate.is_none() {
            return Answer::Deny(DenyCode::NotMandated);
        }
        let cooling = |recovered: Timestamp| {
            let spans = requirements.iter().filter_map(|requirement| requirement.cool_down);
            spans.into_iter().any(|span| self.now < recovered.plus(span))
        };
        if self.history.recovered_at.is_some_and(cooling) {
            return Answer::Deny(DenyCode::CoolingDown);
        }
        let reached = self.reached(&self.evidence, requirements);
        if self.meets(&self.evidence, requirements) {
            return Answer::Permit {
                levels: reached.levels,
                acr: self.acr(reached.levels),
                amr: amr(&reached.factors),
                auth_time: reached.auth_time,
            };
        }
        let options = self.options(requirements);
        if options.is_empty() {
            Answer::Deny(DenyCode::RequirementUnreachable)
        } else {
            Answer::StepUp(options)
        }
    }

    fn meets(&self, evidence: &[AuthenticationEvidence], requirements: &[&Requirement]) -> bool {
        let reached = self.reached(evidence, requirements);
        let all = self.admitted(evidence, requirements);
        let some =
            |holds: &dyn Fn(&AuthenticationEvidence) -> bool| all.iter().any(|f| holds(f.item));
        let on_device =
            |i: &AuthenticationEvidence| i.device.is_some() && i.key != KeyProtection::NoKey;
        requirements.iter().all(|requirement| {
            requirement.minimum.meet(reached.levels) == requirement.minimum
                && requirement.demands.iter().all(|demand| match demand {
                    Demand::PhishingResistant => resists(&all),
                    Demand::DeviceBound => some(&on_device),
                    Demand::AttestedDevice => some(&|item| on_device(item) && self.attested(item)),
                    Demand::Intent => some(&|item| item.intent == Intent::Shown),
                    Demand::Unrestricted | Demand::TransactionBound | Demand::Mandate => true,
                })
        })
    }

    /// Everything that counts, also what the levels do not rest on.
    fn admitted<'a>(
        &self,
        evidence: &'a [AuthenticationEvidence],
        requirements: &[&Requirement],
    ) -> Vec<Factor<'a>> {
        let frozen = self.state.capacity == LegalCapacity::Represented;
        evidence
            .iter()
            .filter(|item| !frozen && self.sound(item, evidence))
            .filter(|item| requirements.iter().all(|r| self.admits(item, r)))
            .flat_map(|item| self.factors(item))
            .filter(|factor| requirements.iter().all(|r| self.young_enough(factor, r)))
            .collect()
    }

    fn attested(&self, item: &AuthenticationEvidence) -> bool {
        let attestation = item.device_proof.as_ref().and_then(|d| d.attestation.as_ref());
        attestation.is_some_and(|a| {
            a.verdict == AttestationVerdict::Genuine && a.at <= self.now && self.now < a.expires_at
        })
    }

    fn acr(&self, levels: Levels) -> Option<Acr> {
        let asked = self.wish.classes();
        let number = levels.vn_authentication.number();
        let primary = Acr::parse(&format!("urn:vn:eid:auth:{number}"));
        let holds = |acr: &Acr| acr.asks().meet(levels) == acr.asks();
        primary
            .filter(|primary| asked.contains(primary))
            .or_else(|| asked.iter().copied().find(holds))
            .or(primary)
    }

    /// Every smallest set of further proofs that would do, by trying all sets of up to four kinds.
    fn options(&self, requirements: &[&Requirement]) -> BTreeSet<Vec<AuthenticatorKind>> {
        let mut proofs: Vec<AuthenticationEvidence> = Vec::new();
        for held in &self.authenticators {
            let proof = self.foreseen(held);
            let usable = held.status == AuthenticatorStatus::Active
                && held.expires_at.is_none_or(|end| self.now < end)
                && requirements.iter().all(|r| self.admits(&proof, r));
            if usable && proofs.iter().all(|other| other.kind != held.kind) {
                proofs.push(proof);
            }
        }
        let would_do = |set: u32| {
            let mut evidence = self.evidence.clone();
            let chosen = proofs.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
            evidence.extend(chosen.map(|(_, proof)| proof.clone()));
            self.meets(&evidence, requirements)
                .then(|| self.reached(&evidence, requirements).levels)
        };
        let sets = (1..1_u32 << proofs.len()).filter(|set| set.count_ones() <= 4);
        let doing: Vec<(u32, Levels)> =
            sets.filter_map(|set| Some((set, would_do(set)?))).collect();
        let smallest =
            |set: u32| doing.iter().all(|(other, _)| other & set != *other || *other == set);
        let kinds = |set: u32| -> Vec<AuthenticatorKind> {
            let chosen = proofs.iter().enumerate().filter(|(bit, _)| set >> bit & 1 == 1);
            let mut kinds: Vec<_> = chosen.map(|(_, proof)| proof.kind).collect();
            kinds.sort_unstable();
            kinds
        };
        let restricted = |set: u32| kinds(set).into_iter().any(AuthenticatorKind::is_restricted);
        let ways: Vec<(u32, Levels)> =
            doing.iter().copied().filter(|(set, _)| smallest(*set)).collect();
        ways.iter()
            .filter(|(set, reached)| {
                let equal = |other: &(u32, Levels)| {
                    !restricted(other.0) && reached.meet(other.1) == *reached
                };
                !restricted(*set) || !ways.iter().any(equal)
            })
            .map(|(set, _)| kinds(*set))
            .collect()
    }
}
