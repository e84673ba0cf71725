//! What the ledger keeps of a decision gives the same decision, and says nothing of the person.

use identity_core::compact::{from_bytes, to_bytes};

use super::reference::generate::case;
use super::reference::request_of;
use super::*;
use crate::kept::{KeptDecision, conclusion};
use crate::{DeviceNovelty, Outcome, Purpose, ReasonCode, Transaction};

fn first_bytes(conclusion: &[u8]) -> [u8; 16] {
    let mut digest = [0_u8; 16];
    for (index, byte) in conclusion.iter().enumerate() {
        let at = index % 16;
        digest[at] = digest[at].rotate_left(3) ^ byte.wrapping_add(index.to_le_bytes()[0]);
    }
    digest
}

/// A generated case under a purpose that its policy knows.
fn decided(seed: u64) -> (super::reference::model::Case, Decision, KeptDecision) {
    let mut case = case(seed);
    let known = |code: &&str| case.policy.procedure(code).is_some();
    case.procedure = case.procedure.filter(known);
    let named = ["two-factors", "irreversible", "personal-number"].get((seed % 5) as usize);
    let purpose = Purpose {
        requirement: named.map(|name| (*name).to_owned()),
        procedure: case.procedure.map(str::to_owned),
        max_age: seed.is_multiple_of(7).then_some(600),
        ..Purpose::default()
    };
    case.requirement = case.policy.requirement_for(&purpose).unwrap_or_default();
    let request = request_of(&case);
    let decision = crate::decide(&request, case.policy, NOW);
    let kept = KeptDecision::of(&request, purpose, case.policy, NOW, first_bytes);
    (case, decision, kept)
}

#[test]
fn what_is_kept_gives_the_decision_that_was_taken_but_for_the_day_a_document_ended() {
    for seed in 0..5_000 {
        let (case, decision, kept) = decided(seed);
        let again = kept.judged_by(case.policy).unwrap();
        assert_eq!(Outcome::of(&again), Outcome::of(&decision), "seed {seed}");
        let names = |decision: &Decision| -> Vec<_> {
            decision.reasons().iter().map(|reason| reason.name()).collect()
        };
        assert_eq!(names(&again), names(&decision), "seed {seed}");
        assert_eq!(first_bytes(&conclusion(&again)), kept.came_to, "seed {seed}");
    }
}

#[test]
fn what_came_out_differently_is_concluded_differently() {
    let mut told = std::collections::HashMap::new();
    for seed in 0..2_000 {
        let (_, decision, _) = decided(seed);
        let outcome = Outcome::of(&decision);
        let before = told.entry(conclusion(&decision)).or_insert_with(|| outcome.clone());
        assert_eq!(*before, outcome, "seed {seed}");
    }
    assert!(told.len() > 50, "{} conclusions", told.len());
}

#[test]
fn the_transaction_a_decision_was_for_is_read_back_as_it_was_written() {
    for device in [DeviceNovelty::Known, DeviceNovelty::New] {
        let kind = "transfer".to_owned();
        let transaction = Transaction { kind, amount: 20_000_000, day_total: 30_000_000, device };
        let purpose = Purpose { transaction: Some(transaction), ..Purpose::default() };
        assert_eq!(identity_core::compact::read(&to_bytes(&purpose)), Some(purpose));
    }
}

#[test]
fn a_kept_decision_is_read_back_as_it_was_written() {
    for seed in 0..2_000 {
        let (case, _, kept) = decided(seed);
        let read: KeptDecision = from_bytes(&to_bytes(&kept)).unwrap();
        let again = read.judged_by(case.policy).unwrap();
        assert_eq!(first_bytes(&conclusion(&again)), kept.came_to, "seed {seed}");
        let restored = KeptDecision { evidence: kept.evidence.clone(), ..read.clone() };
        assert_eq!(restored, kept, "seed {seed}");
        assert_eq!(read.evidence.len(), kept.evidence.len());
    }
}

#[test]
fn what_is_kept_of_a_person_is_an_age_and_no_date() {
    // ATK-124: the ledger holds no personal data.
    let mut state = citizen();
    let born = day("1971-05-17");
    state.birth_date = born;
    let ends = day("2031-05-17");
    state.card = Some(Card { kind: CardKind::IdentityCard, valid_until: Some(ends) });
    for proofing in &mut state.proofings {
        proofing.performed_by = Some("officer 12".to_owned());
    }
    let kept_of = |state: &SubjectState| {
        let request = DecisionRequest {
            state,
            evidence: &[],
            authenticators: &[],
            requirement: &Requirement::default(),
            wish: &AcrWish::None,
            context: Context::default(),
        };
        KeptDecision::of(&request, Purpose::default(), policy(), NOW, first_bytes)
    };
    let json = serde_json::to_string(&kept_of(&state)).unwrap();
    for personal in ["1971", "05-17", "2031", "officer"] {
        assert!(!json.contains(personal), "{personal}: {json}");
    }
    state.card = Some(Card { kind: CardKind::IdentityCard, valid_until: Some(born) });
    let seen = kept_of(&state).state.card.unwrap().valid_until;
    assert_eq!(seen, Some(day("1971-05-01")));
}

#[test]
fn evidence_that_shared_a_challenge_still_does() {
    // L12
    let mut evidence = [totp(NOW), password(16, NOW)];
    evidence[1].id = identity_core::EvidenceId::from_uuid(Uuid::from_u128(0xfff));
    for item in &mut evidence {
        item.binding = Some(identity_core::evidence::EvidenceBinding {
            session: identity_core::SessionId::from_uuid(Uuid::nil()),
            origin: None,
            replay_key: identity_core::secret::SecretDigest([9; 32]),
        });
    }
    let (state, requirement) = (citizen(), Requirement::default());
    let request = DecisionRequest {
        state: &state,
        evidence: &evidence,
        authenticators: &[],
        requirement: &requirement,
        wish: &AcrWish::None,
        context: Context::default(),
    };
    let decision = crate::decide(&request, policy(), NOW);
    assert!(decision.reasons().contains(&ReasonCode::Replayed));
    let kept = KeptDecision::of(&request, Purpose::default(), policy(), NOW, first_bytes);
    assert_eq!(kept.challenges, [0, 0]);
    assert_eq!(kept.judged_by(policy()).unwrap(), decision);
}
