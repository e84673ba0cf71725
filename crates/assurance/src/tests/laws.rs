//! The laws of assurance.md §2.5 over generated evidence. Clocks' tolerance and birthdays apart, time is the
//! only thing that moves.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::{Acr, Demand, GuardianApproval, ReasonCode};

const POSSESSIONS: [AuthenticatorKind; 7] = [
    AuthenticatorKind::Totp,
    AuthenticatorKind::RecoveryCode,
    AuthenticatorKind::SmsCode,
    AuthenticatorKind::EmailCode,
    AuthenticatorKind::Passkey,
    AuthenticatorKind::App,
    AuthenticatorKind::TemporaryCode,
];

fn instant() -> impl Strategy<Value = Timestamp> {
    (0..1_000_u64).prop_map(minutes_ago)
}

fn key() -> impl Strategy<Value = KeyProtection> {
    use KeyProtection::{Hardware, NoKey, Software, Synced};
    select(vec![NoKey, Software, Synced, Hardware])
}

fn verified() -> impl Strategy<Value = Option<FactorCategory>> {
    select(vec![None, Some(FactorCategory::Knowledge), Some(FactorCategory::Inherence)])
}

fn possession() -> impl Strategy<Value = AuthenticationEvidence> {
    (select(POSSESSIONS.to_vec()), instant()).prop_map(|(kind, at)| proof(kind, at))
}

fn any_proof() -> impl Strategy<Value = AuthenticationEvidence> {
    prop_oneof![
        3 => (4..20_u16, instant()).prop_map(|(length, at)| password(length, at)),
        3 => possession(),
        2 => (key(), verified(), instant()).prop_map(|(key, second, at)| passkey(key, second, at)),
        1 => (prop::bool::ANY, instant()).prop_map(|(sound, at)| {
            let mut evidence = face(at);
            if !sound {
                evidence.biometric = None;
            }
            evidence
        }),
    ]
}

fn any_evidence() -> impl Strategy<Value = Vec<AuthenticationEvidence>> {
    prop::collection::vec(any_proof(), 0..6)
}

fn any_requirement() -> impl Strategy<Value = Requirement> {
    let demands = [Demand::PhishingResistant, Demand::Intent, Demand::Unrestricted];
    (
        select(VnAuthenticationLevel::ALL),
        select(Aal::ALL),
        prop::option::of(0..60_u64),
        subsequence(demands.to_vec(), 0..=3),
    )
        .prop_map(|(vn_authentication, aal, minutes, demands)| Requirement {
            demands: demands.into_iter().collect(),
            ..Requirement::at_least(Levels { vn_authentication, aal, ..Levels::BOTTOM })
                .within(minutes.map(Duration::from_mins))
        })
}

fn levels(evidence: &[AuthenticationEvidence], now: Timestamp) -> Levels {
    evaluate(&citizen(), evidence, now).vector.levels
}

proptest! {
    #[test]
    fn l1_adding_evidence_never_lowers_a_level(evidence in any_evidence(), more in any_proof()) {
        let before = evaluate(&citizen(), &evidence, NOW).vector;
        let mut evidence = evidence;
        evidence.push(more);
        let after = evaluate(&citizen(), &evidence, NOW).vector;
        prop_assert!(before.levels <= after.levels, "{:?} then {:?}", before, after);
        prop_assert!(before.facts.phishing_resistant <= after.facts.phishing_resistant);
    }

    #[test]
    fn l2_levels_never_rise_with_time_alone(evidence in any_evidence(), minutes in 0..5_000_u64) {
        let later = NOW.plus(Duration::from_mins(minutes));
        prop_assert!(levels(&evidence, later) <= levels(&evidence, NOW));
    }

    #[test]
    fn l3_many_possessions_are_one_category(evidence in prop::collection::vec(possession(), 0..6)) {
        let reached = evaluate(&citizen(), &evidence, NOW);
        prop_assert!(reached.vector.levels.aal <= Aal::Aal1);
        prop_assert!(reached.vector.levels.vn_authentication <= VnAuthenticationLevel::L1);
        prop_assert!(!reached.amr.contains(&crate::Amr::Mfa));
    }

    #[test]
    fn l4_one_event_fills_two_categories_only_if_its_key_verified_the_second(
        key in key(), second in verified(),
    ) {
        let reached = evaluate(&citizen(), &[passkey(key, second, NOW)], NOW);
        let both = key != KeyProtection::NoKey && second.is_some();
        prop_assert_eq!(reached.vector.levels.aal >= Aal::Aal2, both);
        prop_assert_eq!(reached.amr.contains(&crate::Amr::Mfa), both);
    }

    #[test]
    fn l5_a_comparison_counts_only_beside_a_key_of_its_device(
        evidence in any_evidence(),
    ) {
        let keyless = |item: &AuthenticationEvidence| item.key == KeyProtection::NoKey;
        let mut without_keys: Vec<_> = evidence.into_iter().filter(|e| keyless(e)).collect();
        let before = levels(&without_keys, NOW);
        without_keys.push(face(NOW));
        prop_assert_eq!(levels(&without_keys, NOW), before);
        // On another device it does not help either.
        let elsewhere = Some(DeviceId::from_uuid(Uuid::from_u128(77)));
        without_keys.push(AuthenticationEvidence {
            device: elsewhere,
            ..passkey(KeyProtection::Synced, None, NOW)
        });
        let with_key = levels(&without_keys, NOW);
        without_keys.retain(|item| item.kind != AuthenticatorKind::Face);
        prop_assert_eq!(levels(&without_keys, NOW), with_key);
    }

    #[test]
    fn l6_aal3_needs_a_hardware_key_that_resists_phishing_and_shows_intent(
        evidence in any_evidence(), drop in 0..3_u8,
    ) {
        let lacking: Vec<_> = evidence.into_iter().map(|mut item| {
            match drop {
                0 => item.phishing = PhishingResistance::None,
                1 => item.intent = identity_core::evidence::Intent::NotShown,
                _ if item.key == KeyProtection::Hardware => item.key = KeyProtection::Synced,
                _ => {}
            }
            item
        }).collect();
        prop_assert!(levels(&lacking, NOW).aal <= Aal::Aal2);
    }

    #[test]
    fn l7_what_lies_above_the_cap_of_restricted_methods_stands_without_them(
        evidence in any_evidence(),
    ) {
        let cap = policy().kind(AuthenticatorKind::SmsCode);
        let unrestricted: Vec<_> =
            evidence.iter().filter(|e| !e.kind.is_restricted()).cloned().collect();
        let (all, without) = (levels(&evidence, NOW), levels(&unrestricted, NOW));
        if all.aal > cap.aal_at_most {
            prop_assert_eq!(all.aal, without.aal);
        }
        if all.vn_authentication > cap.vn_at_most {
            prop_assert_eq!(all.vn_authentication, without.vn_authentication);
        }
    }

    #[test]
    fn l8_asking_for_more_never_makes_more_be_said(
        evidence in any_evidence(), requirement in any_requirement(), wished in select(Acr::all()),
    ) {
        let ceiling = evaluate(&citizen(), &evidence, NOW).vector;
        let wish = AcrWish::Voluntary(vec![wished]);
        let decision = decide_holding(&citizen(), &evidence, &[], &requirement, &wish);
        if let Decision::Permit { evaluation } = decision {
            prop_assert!(evaluation.vector.levels <= ceiling.levels);
            prop_assert!(evaluation.acr.is_none_or(|acr| ceiling.meets(acr)));
        }
    }

    #[test]
    fn l9_an_expired_card_bounds_account_and_identity_whatever_was_proven(
        evidence in any_evidence(), days_ago in 0..1_000_u64,
    ) {
        let mut state = citizen();
        let expired = NOW.minus(Duration::from_hours(24 * days_ago)).day_in_viet_nam();
        state.card = Some(Card { kind: CardKind::IdentityCard, valid_until: Some(expired) });
        state.proofings[0].pieces[0].valid_until = Some(expired);
        let reached = evaluate(&state, &evidence, NOW);
        prop_assert_eq!(reached.vector.levels.vn_account, VnAccountLevel::One);
        prop_assert_eq!(reached.vector.levels.ial, Ial::Ial0);
        prop_assert!(reached.reasons.contains(&ReasonCode::CardExpired(expired)));
        // The login itself is as good as it was.
        let login = levels(&evidence, NOW).vn_authentication;
        prop_assert_eq!(reached.vector.levels.vn_authentication, login);
    }

    #[test]
    fn l10_nothing_is_asserted_of_a_subject_that_may_not_act(
        evidence in any_evidence(), which in 0..5_usize, requirement in any_requirement(),
    ) {
        let adult = citizen();
        let since = minutes_ago(10);
        let state = match which {
            0 => locked(adult),
            1 => SubjectState {
                account: AccountState::Deceased { recorded_at: since, source: "register".into() },
                ..adult
            },
            2 => SubjectState { account: AccountState::Registered { since }, ..adult },
            3 => child(vec![]),
            _ => SubjectState { capacity: LegalCapacity::Represented, ..adult },
        };
        let reached = evaluate(&state, &evidence, NOW);
        prop_assert_eq!(reached.vector, crate::AssuranceVector::default());
        prop_assert_eq!((reached.acr, reached.auth_time, reached.amr), (None, None, vec![]));
        prop_assert_eq!(reached.reasons.len(), 1);
        let denied = matches!(decide(&state, &evidence, &requirement), Decision::Deny { .. });
        prop_assert!(denied);
    }

    #[test]
    fn l11_nobody_represented_gets_more_than_their_representative_reached(
        evidence in any_evidence(), vn in select(VnAuthenticationLevel::ALL), aal in select(Aal::ALL),
        ward in prop::bool::ANY,
    ) {
        let mut state = child(vec![guardian_link(GuardianScope::Everything)]);
        if ward {
            state.capacity = LegalCapacity::Represented;
        }
        let levels = Levels { vn_authentication: vn, aal, ..ALL };
        let scope = GuardianScope::Everything;
        let approval = GuardianApproval { guardian: GUARDIAN, at: NOW, scope, levels };
        let context = Context { approval: Some(&approval), ..Context::default() };
        let reached = crate::evaluate(&state, &evidence, &context, policy(), NOW).vector.levels;
        let but_fal = Levels { fal: Fal::None, ..reached };
        prop_assert!(but_fal <= levels);
        let own = SubjectState { birth_date: day("1990-01-01"), ..state.clone() };
        let grown = evaluate(&own, &evidence, NOW).vector.levels.vn_authentication;
        prop_assert_eq!(reached.vn_authentication, if ward { vn } else { vn.min(grown) });
    }

    #[test]
    fn l12_evidence_counts_for_its_own_transaction_and_no_other(evidence in any_evidence()) {
        let demands = [Demand::TransactionBound].into();
        let requirement = Requirement { demands, ..Requirement::default() };
        let decide_for = |given: &str, asked: &str| {
            let evidence: Vec<_> = evidence.iter().cloned().map(|item| AuthenticationEvidence {
                transaction: Some(given.to_owned()),
                ..item
            }).collect();
            let context = Context { transaction: Some(asked), ..Context::default() };
            crate::decide(&DecisionRequest {
                state: &citizen(),
                evidence: &evidence,
                authenticators: &[],
                requirement: &requirement,
                wish: &AcrWish::None,
                context,
            }, policy(), NOW)
        };
        let plain = decide_holding(&citizen(), &evidence, &[], &Requirement::default(), &AcrWish::None);
        let same = matches!(decide_for("a", "a"), Decision::Permit { .. });
        prop_assert_eq!(same, matches!(plain, Decision::Permit { .. }));
        let other = matches!(decide_for("a", "b"), Decision::Deny { .. });
        prop_assert!(other);
    }

    #[test]
    fn l13_every_expiry_is_closed_open(before in 1..1_000_u64) {
        let life = policy().evidence_life.possession;
        let early = |end: Timestamp| end.minus(Duration::from_millis(before));
        let proof = [totp(NOW)];
        let aal = |at| levels(&proof, at).aal;
        prop_assert_eq!(aal(early(NOW.plus(life))), Aal::Aal1);
        prop_assert_eq!(aal(NOW.plus(life)), Aal::None);

        let state = child(vec![guardian_link(GuardianScope::Everything)]);
        let end = state.guardians[0].until.unwrap();
        let approved = |at: Timestamp| {
            let scope = GuardianScope::Everything;
            let approval = GuardianApproval { guardian: GUARDIAN, at: early(at), scope, levels: ALL };
            let context = Context { approval: Some(&approval), ..Context::default() };
            crate::evaluate(&state, &[], &context, policy(), at).reasons
        };
        prop_assert_eq!(approved(early(end)), vec![]);
        prop_assert_eq!(approved(end), vec![ReasonCode::GuardianNotEntitled]);
    }

    #[test]
    fn l14_the_same_inputs_give_the_same_answer_in_any_order(
        evidence in any_evidence().prop_flat_map(|e| (Just(e.clone()), Just(e).prop_shuffle())),
    ) {
        let (evidence, shuffled) = evidence;
        let first = evaluate(&citizen(), &evidence, NOW);
        prop_assert_eq!(&first, &evaluate(&citizen(), &evidence, NOW));
        let second = evaluate(&citizen(), &shuffled, NOW);
        prop_assert_eq!((first.vector, first.acr, first.amr, first.auth_time),
            (second.vector, second.acr, second.amr, second.auth_time));
    }

    #[test]
    fn a_permit_meets_every_component_of_its_requirement(
        evidence in any_evidence(), requirement in any_requirement(),
    ) {
        if let Decision::Permit { evaluation } = decide(&citizen(), &evidence, &requirement) {
            prop_assert!(requirement.minimum <= evaluation.vector.levels);
            let auth_time = evaluation.auth_time.unwrap();
            prop_assert!(requirement.max_age.is_none_or(|age| NOW.since(auth_time) <= age));
            let resistant = evaluation.vector.facts.phishing_resistant;
            prop_assert!(resistant || !requirement.demands.contains(&Demand::PhishingResistant));
        }
    }

    #[test]
    fn every_step_up_option_leads_to_a_permit_and_is_minimal(
        evidence in any_evidence(), requirement in any_requirement(),
    ) {
        let Decision::StepUp { options, .. } = decide(&citizen(), &evidence, &requirement) else {
            return Ok(());
        };
        prop_assert!(!options.is_empty());
        prop_assert!(options.is_sorted_by_key(|option| option.friction));
        for option in options {
            let done = |steps: &[crate::Step]| {
                let mut evidence = evidence.clone();
                evidence.extend(steps.iter().map(|step| proof(step.kind, NOW)));
                matches!(decide(&citizen(), &evidence, &requirement), Decision::Permit { .. })
            };
            prop_assert!(done(&option.add), "{option:?}");
            let (_, fewer) = option.add.split_first().unwrap();
            prop_assert!(!done(fewer), "{option:?}");
        }
    }

    #[test]
    fn what_was_relied_on_carries_the_whole_statement_alone(evidence in any_evidence()) {
        // Edge case 8: nothing older than auth_time was needed.
        let reached = evaluate(&citizen(), &evidence, NOW);
        if let Some(auth_time) = reached.auth_time {
            let since: Vec<_> = evidence.iter().filter(|e| e.at >= auth_time).cloned().collect();
            let again = evaluate(&citizen(), &since, NOW);
            prop_assert_eq!(&again.vector, &reached.vector);
            let after: Vec<_> = evidence.into_iter().filter(|e| e.at > auth_time).collect();
            let less = evaluate(&citizen(), &after, NOW).vector;
            let resistance = |v: &crate::AssuranceVector| v.facts.phishing_resistant;
            prop_assert!(
                less.levels != again.vector.levels
                    || resistance(&less) != resistance(&again.vector)
            );
        }
    }
}
