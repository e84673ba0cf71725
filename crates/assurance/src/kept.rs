//! A decision as the ledger keeps it: all that the engine looked at, and a digest of what came out. Whoever
//! has it and the policies can take it again years later, when grant, session and person may be gone.
//!
//! ```text
//!  DecisionRequest ── KeptDecision::of ── compact bytes (`written`) ── event
//!                          └─ judged_by(policy) ── Decision ── agrees_with?
//! ```
//!
//! The ledger holds nothing that says who a person is, so what the engine only compares is kept only as far
//! as the comparison goes: the age in years instead of the birth date, no expiry of documents in force, the
//! month of expired ones. The decision that is kept is the one over this, which differs from the one taken in
//! nothing but that day.

mod written;

use identity_core::account::AccountState;
use identity_core::evidence::EvidenceBinding;
use identity_core::secret::SecretDigest;
use identity_core::{AuthenticationEvidence, CalendarDate, SessionId, SubjectState, Timestamp};
use serde::{Deserialize, Serialize};

use crate::acr::AcrWish;
use crate::decide::{Decision, DecisionRequest, decide};
use crate::evaluate::{Context, History};
use crate::gate::{GuardianApproval, Mandate};
use crate::levels::Fal;
use crate::policy::{Policy, Purpose, UnknownName};
use crate::record::KnownAuthenticator;

/// Nobody's age matters beyond this, and it would tell people apart.
const OLDEST: u8 = 30;

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct KeptDecision {
    pub at: Timestamp,
    /// Version of the policy it was taken by.
    pub policy: String,
    pub purpose: Purpose,
    pub wish: AcrWish,
    pub fal: Fal,
    pub state: SubjectState,
    pub evidence: Vec<AuthenticationEvidence>,
    pub authenticators: Vec<KnownAuthenticator>,
    pub approval: Option<GuardianApproval>,
    pub mandate: Option<Mandate>,
    pub transaction: Option<String>,
    pub history: History,
    /// Which evidence consumed the same challenge, by equal numbers (L12). Empty while all differ.
    pub challenges: Vec<u8>,
    /// The first half of a SHA-256 digest of [`conclusion`].
    pub came_to: [u8; 16],
}

impl KeptDecision {
    /// `purpose` is what `request.requirement` was made of. This crate knows no cryptography, so `digest` is
    /// the caller's: the same for ever.
    pub fn of(
        request: &DecisionRequest<'_>,
        purpose: Purpose,
        policy: &Policy,
        now: Timestamp,
        digest: impl FnOnce(&[u8]) -> [u8; 16],
    ) -> Self {
        let context = request.context;
        let mut kept = Self {
            at: now,
            policy: policy.version.clone(),
            purpose: Purpose { procedure: context.procedure.map(str::to_owned), ..purpose },
            wish: request.wish.clone(),
            fal: context.fal,
            state: as_seen(request.state, now),
            evidence: request.evidence.iter().map(|item| evidence_as_seen(item, now)).collect(),
            authenticators: request.authenticators.iter().map(KnownAuthenticator::of).collect(),
            approval: context.approval.cloned(),
            mandate: context.mandate.cloned(),
            transaction: context.transaction.map(str::to_owned),
            history: context.history,
            challenges: shared_challenges(request.evidence),
            came_to: [0; 16],
        };
        if let Ok(decision) = kept.judged_by(policy) {
            kept.came_to = digest(&conclusion(&decision));
        }
        kept
    }

    /// What `policy` decides on this, at the instant of then.
    pub fn judged_by(&self, policy: &Policy) -> Result<Decision, UnknownName> {
        let subject = self.state.subject;
        let evidence = self.evidence.iter().enumerate().map(|(index, item)| {
            let challenge = self.challenges.get(index);
            let binding = challenge.map(|challenge| binding(item, *challenge));
            AuthenticationEvidence { binding, ..item.clone() }
        });
        let evidence: Vec<_> = evidence.collect();
        let authenticators: Vec<_> =
            self.authenticators.iter().map(|known| known.of_subject(subject)).collect();
        let requirement = policy.requirement_for(&self.purpose)?;
        let request = DecisionRequest {
            state: &self.state,
            evidence: &evidence,
            authenticators: &authenticators,
            requirement: &requirement,
            wish: &self.wish,
            context: Context {
                fal: self.fal,
                procedure: self.purpose.procedure.as_deref(),
                approval: self.approval.as_ref(),
                mandate: self.mandate.as_ref(),
                transaction: self.transaction.as_deref(),
                history: self.history,
            },
        };
        Ok(decide(&request, policy, self.at))
    }
}

/// What a decision came to, in bytes that never change: outcome and reasons, all that is told of it.
pub fn conclusion(decision: &Decision) -> Vec<u8> {
    written::conclusion(decision)
}

/// The person, as far as the engine looks: see the head of this module.
fn as_seen(state: &SubjectState, now: Timestamp) -> SubjectState {
    let today = now.day_in_viet_nam();
    let mut seen = state.clone();
    let years = state.birth_date.age_in_years(today).min(OLDEST);
    let birthday = CalendarDate::new(today.year() - i32::from(years), 1, 1);
    seen.birth_date = birthday.unwrap_or(today);
    if let AccountState::Deceased { source, .. } = &mut seen.account {
        source.clear();
    }
    if let Some(card) = &mut seen.card {
        card.valid_until = expiry_as_seen(card.valid_until, today);
    }
    for link in &mut seen.guardians {
        link.document.clear();
    }
    for proofing in &mut seen.proofings {
        proofing.performed_by = None;
        for piece in &mut proofing.pieces {
            piece.valid_until = expiry_as_seen(piece.valid_until, today);
        }
    }
    seen
}

fn evidence_as_seen(item: &AuthenticationEvidence, now: Timestamp) -> AuthenticationEvidence {
    let mut seen = AuthenticationEvidence { binding: None, ..item.clone() };
    if let Some(chip) = &mut seen.chip {
        chip.valid_until = expiry_as_seen(chip.valid_until, now.day_in_viet_nam());
    }
    seen
}

/// A document in force may be so without end. That an identity card ended tells a birthday, so that only the
/// month is kept.
fn expiry_as_seen(until: Option<CalendarDate>, today: CalendarDate) -> Option<CalendarDate> {
    let over = until.filter(|until| *until <= today)?;
    Some(CalendarDate::new(over.year(), over.month(), 1).unwrap_or(over))
}

/// For each the first that consumed the same challenge; nothing where none was consumed twice.
fn shared_challenges(evidence: &[AuthenticationEvidence]) -> Vec<u8> {
    let key = |item: &AuthenticationEvidence| item.binding.as_ref().map(|b| b.replay_key);
    let first_use = |(index, item): (usize, &AuthenticationEvidence)| {
        let same = |other: &AuthenticationEvidence| key(item).is_some() && key(other) == key(item);
        evidence.iter().take(index).position(same).unwrap_or(index)
    };
    let first_uses: Vec<usize> = evidence.iter().enumerate().map(first_use).collect();
    if first_uses.iter().enumerate().all(|(index, first)| index == *first) {
        return Vec::new();
    }
    first_uses.into_iter().map(|first| u8::try_from(first).unwrap_or(u8::MAX)).collect()
}

/// Stands for the one that was: only which are the same matters.
fn binding(item: &AuthenticationEvidence, challenge: u8) -> EvidenceBinding {
    EvidenceBinding {
        session: SessionId::from_uuid(item.id.uuid()),
        origin: None,
        replay_key: SecretDigest([challenge; 32]),
    }
}
