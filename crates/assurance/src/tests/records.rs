//! A decision that was recorded can be taken again, bit for bit (L14).

use super::reference::generate::{ALL_POLICIES, case};
use super::reference::request_of;
use super::*;
use crate::{DecisionRecord, Outcome, Purpose, ReplayError, replay};

const ID: identity_core::EventId = identity_core::EventId::from_uuid(Uuid::from_u128(0xe));

fn purpose(seed: u64) -> Purpose {
    let named = ["two-factors", "irreversible", "bank-c", "personal-number"];
    let index = usize::try_from(seed % 6).unwrap();
    Purpose {
        requirement: named.get(index).map(|name| (*name).to_owned()),
        max_age: (seed % 5 == 0).then_some(600),
        ..Purpose::default()
    }
}

/// A generated case under a delivered policy and a purpose that this policy knows.
fn decided(seed: u64) -> (super::reference::model::Case, Decision, DecisionRecord) {
    let mut case = case(seed);
    case.policy = &ALL_POLICIES[1];
    let purpose = Purpose { procedure: case.procedure.map(str::to_owned), ..purpose(seed) };
    let known = case.policy.requirement_for(&purpose);
    case.requirement = known.unwrap_or_default();
    let request = request_of(&case);
    let decision = crate::decide(&request, case.policy, NOW);
    let record = decision.record(ID, &request, purpose, case.policy, NOW);
    (case, decision, record)
}

#[test]
fn every_recorded_decision_is_taken_again_bit_for_bit_from_what_was_written() {
    let mut outcomes = [0; 3];
    for seed in 0..3_000 {
        let (case, decision, record) = decided(seed);
        if case.procedure == Some("of-a-portal") {
            continue;
        }
        let written = serde_json::to_string(&record).unwrap();
        let read: DecisionRecord = serde_json::from_str(&written).unwrap();
        assert_eq!(read, record, "{written}");
        let again = replay(&read, &case.evidence, &case.state, &POLICIES).unwrap();
        assert_eq!(again, decision, "seed {seed}");
        assert!(read.agrees_with(&again));
        outcomes[match record.outcome {
            Outcome::Permit { .. } => 0,
            Outcome::StepUp { .. } => 1,
            Outcome::Deny { .. } => 2,
        }] += 1;
    }
    assert!(outcomes.iter().all(|count| *count > 50), "{outcomes:?}");
}

#[test]
fn another_state_or_policy_shows_as_another_decision_and_missing_parts_are_named() {
    let evidence = [password(16, NOW), totp(NOW)];
    let held = [AuthenticatorKind::Password, AuthenticatorKind::Totp].map(authenticator);
    let purpose = Purpose { requirement: Some("two-factors".to_owned()), ..Purpose::default() };
    let requirement = policy().requirement_for(&purpose).unwrap();
    let state = citizen();
    let request = DecisionRequest {
        state: &state,
        evidence: &evidence,
        authenticators: &held,
        requirement: &requirement,
        wish: &AcrWish::None,
        context: Context::default(),
    };
    let decision = crate::decide(&request, policy(), NOW);
    let record = decision.record(ID, &request, purpose, policy(), NOW);
    let written = serde_json::to_string(&record).unwrap();
    assert!(written.len() <= 1024, "{}: {written}", written.len());
    // A record travels into the ledger: nobody's birth date or number does.
    assert!(!written.contains("1990"));

    let moved = replay(&record, &evidence, &locked(citizen()), &POLICIES).unwrap();
    assert!(!record.agrees_with(&moved));
    let mut stricter = policy().clone();
    stricter.password.minimum_with_second_factor = 17;
    let dry_run = record.judged_by(&stricter, &evidence, &state).unwrap();
    assert!(matches!(dry_run, Decision::StepUp { .. } | Decision::Deny { .. }));
    assert!(!record.agrees_with(&dry_run));

    let missing = replay(&record, &evidence[..1], &state, &POLICIES);
    assert_eq!(missing, Err(ReplayError::EvidenceMissing(evidence[1].id)));
    let stranger = SubjectState { subject: GUARDIAN, ..citizen() };
    let refused = replay(&record, &evidence, &stranger, &POLICIES);
    assert_eq!(refused, Err(ReplayError::AnotherSubject));
    let old = PolicySet::parse([("old", POLICY_2024)]).unwrap();
    let refused = replay(&record, &evidence, &state, &old);
    assert_eq!(refused, Err(ReplayError::UnknownPolicy("2026-09-28".to_owned())));
    let unknown = DecisionRecord {
        purpose: Purpose { requirement: Some("gone".to_owned()), ..Purpose::default() },
        ..record
    };
    let refused = replay(&unknown, &evidence, &state, &POLICIES);
    assert!(matches!(refused, Err(ReplayError::UnknownName(_))));
}
