//! Edge cases of assurance.md §2.5 about what surrounds a login: time since recovery, devices,
//! representatives, organisations, and readings of the law.

use identity_core::evidence::{
    AttestationVerdict, ChipRead, Comparison, DeviceAttestation, DeviceProof, MatchPlace,
    Presentation,
};

use super::*;
use crate::policy::BarcodeReading;
use crate::{Demand, DenyCode, GuardianApproval, History, Mandate};

fn denied(decision: &Decision) -> (DenyCode, Vec<String>) {
    match decision {
        Decision::Deny { code, reasons } => (*code, texts(reasons)),
        other => panic!("not denied: {other:?}"),
    }
}

fn vn(evidence: &[AuthenticationEvidence]) -> VnAuthenticationLevel {
    evaluate(&citizen(), evidence, NOW).vector.levels.vn_authentication
}

#[test]
fn edge_11_a_renewed_card_brings_back_what_its_renewal_proved_and_no_more() {
    let expired = Some(day("2026-11-01"));
    let renewed = Some(day("2041-01-01"));
    let mut state = citizen();
    state.card = Some(Card { kind: CardKind::IdentityCard, valid_until: expired });
    state.proofings[0].pieces[0].valid_until = expired;
    let levels = |state: &SubjectState| {
        let levels = evaluate(state, &[totp(NOW)], NOW).vector.levels;
        (levels.vn_account, levels.ial)
    };
    assert_eq!(levels(&state), (VnAccountLevel::One, Ial::Ial0));
    state.card = Some(Card { kind: CardKind::IdentityCard, valid_until: renewed });
    let mut renewal = Proofing { at: minutes_ago(60), ..citizen().proofings.remove(0) };
    renewal.pieces[0].valid_until = renewed;
    renewal.pathway = ProofingPathway::RemoteFaceCapture;
    state.proofings.push(renewal);
    assert_eq!(levels(&state), (VnAccountLevel::Two, Ial::Ial1));
    state.proofings[1].pathway = ProofingPathway::InPersonBiometric;
    assert_eq!(levels(&state), (VnAccountLevel::Two, Ial::Ial2));
}

#[test]
fn edge_14_nothing_is_asserted_of_the_dead_and_a_corrected_record_restores_everything() {
    let evidence = [password(16, NOW), totp(NOW)];
    let alive = citizen();
    let source = "civil status".to_owned();
    let account = AccountState::Deceased { recorded_at: minutes_ago(9), source };
    let dead = SubjectState { account, ..alive.clone() };
    let before = evaluate(&alive, &evidence, NOW);
    assert_eq!(texts(&evaluate(&dead, &evidence, NOW).reasons), ["SUBJECT_DECEASED"]);
    let corrected = SubjectState { account: alive.account.clone(), ..dead };
    assert_eq!(evaluate(&corrected, &evidence, NOW), before);
}

#[test]
fn edge_18_on_a_shared_phone_each_is_proven_by_their_own_evidence_alone() {
    let own = [app(NOW), face(NOW)];
    assert_eq!(vn(&own), VnAuthenticationLevel::L3);
    // The other's key on the same device does not carry this person's face.
    let others_key = AuthenticationEvidence { subject: GUARDIAN, ..app(NOW) };
    assert_eq!(vn(&[others_key, face(NOW)]), VnAuthenticationLevel::None);
}

#[test]
fn edge_19_the_threshold_is_that_of_the_policy_whoever_is_compared() {
    let compared = |state: &SubjectState, rate| {
        let mut evidence = face(NOW);
        evidence.biometric.as_mut().unwrap().false_match_per_billion = rate;
        let vector = evaluate(state, &[app(NOW), evidence], NOW).vector;
        vector.levels.vn_authentication
    };
    for state in [citizen(), SubjectState { birth_date: day("2010-01-01"), ..citizen() }] {
        assert_eq!(compared(&state, 100_000), VnAuthenticationLevel::L3);
        assert_eq!(compared(&state, 100_001), VnAuthenticationLevel::L1);
    }
}

#[test]
fn edge_21_after_a_recovery_only_time_opens_what_cannot_be_undone() {
    let evidence = [password(16, NOW), totp(NOW)];
    let long_ago = minutes_ago(3_000);
    let held = [AuthenticatorKind::Password, AuthenticatorKind::Totp].map(|k| bound(k, long_ago));
    let requirement = policy().requirement("irreversible").unwrap().clone();
    let recovered = |at| {
        let history = History { recovered_at: at, ..History::default() };
        let context = Context { history, ..Context::default() };
        let requirement = requirement.clone();
        Ask { state: citizen(), evidence: &evidence, held: &held, requirement, context }.now()
    };
    permitted(recovered(None));
    permitted(recovered(Some(minutes_ago(24 * 60))));
    let (code, reasons) = denied(&recovered(Some(minutes_ago(24 * 60 - 1))));
    assert_eq!(code, DenyCode::CoolingDown);
    assert_eq!(reasons, ["RECOVERED_RECENTLY:86340s<86400s"]);
}

#[test]
fn edge_21_an_authenticator_bound_anew_waits_like_the_account_and_recovery_codes_never_serve() {
    let evidence = [password(16, NOW), totp(NOW), proof(AuthenticatorKind::RecoveryCode, NOW)];
    let kinds =
        [AuthenticatorKind::Password, AuthenticatorKind::Totp, AuthenticatorKind::RecoveryCode];
    let with_totp_bound = |at| {
        let held = kinds.map(|kind| match kind {
            AuthenticatorKind::Totp => bound(kind, at),
            _ => bound(kind, minutes_ago(9_000)),
        });
        let requirement = policy().requirement("irreversible").unwrap().clone();
        let context = Context::default();
        Ask { state: citizen(), evidence: &evidence, held: &held, requirement, context }.now()
    };
    permitted(with_totp_bound(minutes_ago(24 * 60)));
    let (code, reasons) = denied(&with_totp_bound(minutes_ago(24 * 60 - 1)));
    assert_eq!(code, DenyCode::RequirementUnreachable);
    assert!(reasons.contains(&"BOUND_RECENTLY:totp".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"RECOVERY_METHOD:recovery_code".to_owned()), "{reasons:?}");
    // L13: of an authenticator nobody knows it is not known since when it is bound.
    let requirement = policy().requirement("irreversible").unwrap().clone();
    let context = Context::default();
    let unknown = Ask { state: citizen(), evidence: &evidence, held: &[], requirement, context };
    assert!(matches!(unknown.now(), Decision::Deny { .. }));
}

#[test]
fn edge_21_a_new_device_is_as_new_as_a_new_authenticator() {
    let requirement =
        Requirement { cool_down: Some(Duration::from_hours(1)), ..Requirement::default() };
    let held = [bound(AuthenticatorKind::App, minutes_ago(9_000))];
    let on_device_since = |at| {
        let device_proof = Some(DeviceProof { bound_at: at, attestation: None });
        let evidence = [AuthenticationEvidence { device_proof, ..app(NOW) }];
        let requirement = requirement.clone();
        let context = Context::default();
        let ask = Ask { state: citizen(), evidence: &evidence, held: &held, requirement, context };
        matches!(ask.now(), Decision::Permit { .. })
    };
    assert!(on_device_since(minutes_ago(60)));
    assert!(!on_device_since(minutes_ago(59)));
}

#[test]
fn edge_22_after_a_sim_swap_no_text_message_counts_or_is_offered_until_the_window_ends() {
    let swapped = minutes_ago(10);
    let window = policy().sim_swap.window;
    let history = History { sim_swapped_at: Some(swapped), ..History::default() };
    let context = Context { history, ..Context::default() };
    let held = [AuthenticatorKind::Password, AuthenticatorKind::SmsCode].map(authenticator);
    let two_factors = || policy().requirement("two-factors").unwrap().clone();
    let with_code_at = |at: Timestamp, now: Timestamp| {
        let evidence = [password(16, now), proof(AuthenticatorKind::SmsCode, at)];
        Ask {
            state: citizen(),
            evidence: &evidence,
            held: &held,
            requirement: two_factors(),
            context,
        }
        .at(now)
    };
    permitted(with_code_at(minutes_ago(11), NOW));
    let (code, reasons) = denied(&with_code_at(swapped, NOW));
    assert_eq!(code, DenyCode::RequirementUnreachable);
    assert_eq!(reasons[0], "SIM_SWAPPED");
    let end = swapped.plus(window);
    let last = end.minus(Duration::from_millis(1));
    // What came inside the window never counts, also when the window is over (L2)...
    assert_eq!(asked(&with_code_at(last, end)), [[AuthenticatorKind::SmsCode]]);
    // ...and what comes afterwards does.
    permitted(with_code_at(end, end));
}

#[test]
fn edge_25_a_foreigners_account_ends_with_the_right_to_stay() {
    let until = day("2026-11-22");
    let card = Some(Card { kind: CardKind::ResidenceCard, valid_until: Some(until) });
    let state = SubjectState { card, ..citizen() };
    let midnight = until.start_in_viet_nam();
    let at = |now| evaluate(&state, &[password(16, NOW)], now);
    let before = at(midnight.minus(Duration::from_millis(1)));
    assert_eq!(before.vector.levels.vn_account, VnAccountLevel::Two);
    assert_eq!(at(midnight).vector, crate::AssuranceVector::default());
    assert_eq!(texts(&at(midnight).reasons), ["RESIDENCE_EXPIRED:2026-11-22"]);
    assert_eq!(at(midnight).reasons[0].redress().id(), "renew_residence");
    // A policy may have it otherwise.
    let mut lenient = policy().clone();
    lenient.residence.expired = crate::policy::ResidenceExpiry::LowersAccount;
    let context = Context::default();
    let lowered = crate::evaluate(&state, &[], &context, &lenient, midnight);
    assert_eq!(lowered.vector.levels.vn_account, VnAccountLevel::One);
}

fn mandate(scope: GuardianScope) -> Mandate {
    Mandate {
        organisation: "0106000000".into(),
        representative: SUBJECT,
        scope,
        from: minutes_ago(60),
        until: Some(NOW.plus(Duration::from_mins(1))),
    }
}

#[test]
fn edge_26_for_an_organisation_both_the_persons_level_and_the_mandate_are_needed() {
    let strong = [password(16, NOW), app(NOW), face(NOW)];
    let seal = policy().procedure("new-seal").unwrap().requirement();
    let held = [AuthenticatorKind::Password].map(authenticator);
    let decide = |evidence: &[AuthenticationEvidence], mandate: Option<&Mandate>, code| {
        let context = Context { mandate, procedure: Some(code), ..Context::default() };
        let requirement = seal.clone();
        Ask { state: citizen(), evidence, held: &held, requirement, context }.now()
    };
    let all = mandate(GuardianScope::Everything);
    permitted(decide(&strong, Some(&all), "new-seal"));
    assert_eq!(
        denied(&decide(&strong, None, "new-seal")),
        (DenyCode::NotMandated, vec!["MANDATE_MISSING".to_owned()])
    );
    let weak = [password(16, NOW)];
    assert_eq!(denied(&decide(&weak, Some(&all), "new-seal")).0, DenyCode::RequirementUnreachable);
    let other_scope = mandate(GuardianScope::Procedures(vec!["stay-notice".into()]));
    assert_eq!(denied(&decide(&strong, Some(&other_scope), "new-seal")).1, ["MANDATE_SCOPE"]);
    // A person's own affair cannot be an organisation's.
    assert_eq!(denied(&decide(&strong, Some(&all), "passport")).1, ["MANDATE_SCOPE"]);
    for changed in [
        Mandate { representative: GUARDIAN, ..all.clone() },
        Mandate { until: Some(NOW), ..all.clone() },
        Mandate { from: NOW.plus(Duration::from_millis(1)), ..all.clone() },
    ] {
        let refused = denied(&decide(&strong, Some(&changed), "new-seal"));
        assert_eq!(refused, (DenyCode::NotMandated, vec!["MANDATE_NOT_IN_FORCE".to_owned()]));
    }
}

#[test]
fn edge_27_one_session_is_judged_afresh_for_each_relying_party() {
    let evidence = [password(16, minutes_ago(20)), totp(minutes_ago(20))];
    let strict = Requirement::default().within(Some(Duration::from_mins(15)));
    assert!(matches!(decide(&citizen(), &evidence, &strict), Decision::StepUp { .. }));
    permitted(decide(&citizen(), &evidence, &Requirement::default()));
    assert!(matches!(decide(&citizen(), &evidence, &strict), Decision::StepUp { .. }));
}

#[test]
fn a_procedure_that_nobody_files_for_another_is_refused_to_guardians() {
    // L11; Decree 69/2024 art. 14
    let state = child(vec![guardian_link(GuardianScope::Everything)]);
    let scope = GuardianScope::Everything;
    let approval = GuardianApproval { guardian: GUARDIAN, at: NOW, scope, levels: ALL };
    let reasons = |procedure| {
        let context = Context { approval: Some(&approval), procedure, ..Context::default() };
        texts(&crate::evaluate(&state, &[totp(NOW)], &context, policy(), NOW).reasons)
    };
    assert_eq!(reasons(Some("passport")), [""; 0]);
    assert_eq!(reasons(Some("criminal-record")), ["GUARDIAN_SCOPE"]);
    assert_eq!(reasons(Some("a-portals-own")), [""; 0]);
}

#[test]
fn a_wards_representative_acts_with_their_own_level_and_the_wards_proofs_are_frozen() {
    // L11, edge case 17
    let guardians = vec![guardian_link(GuardianScope::Everything)];
    let state = SubjectState { capacity: LegalCapacity::Represented, guardians, ..citizen() };
    let levels = Levels { vn_authentication: VnAuthenticationLevel::L2, aal: Aal::Aal2, ..ALL };
    let at = minutes_ago(3);
    let approval =
        GuardianApproval { guardian: GUARDIAN, at, scope: GuardianScope::Everything, levels };
    let context = Context { approval: Some(&approval), fal: Fal::Fal1, ..Context::default() };
    let evidence = [password(16, NOW), app(NOW), face(NOW)];
    let reached = crate::evaluate(&state, &evidence, &context, policy(), NOW);
    let expected = Levels {
        vn_authentication: VnAuthenticationLevel::L2,
        vn_account: VnAccountLevel::Two,
        aal: Aal::Aal2,
        ial: Ial::Ial2,
        eidas: EidasLoa::Substantial,
        iso: IsoLoa::Loa3,
        fal: Fal::Fal1,
    };
    assert_eq!(reached.vector.levels, expected);
    assert_eq!((reached.auth_time, reached.amr), (Some(at), vec![]));
    assert_eq!(texts(&reached.reasons), ["WARD_REPRESENTED"]);
}

#[test]
fn the_barcode_is_possession_here_and_knowledge_to_the_letter_of_the_decree() {
    // Decree 69/2024 art. 20; ADR 0019
    let scanned = AuthenticationEvidence { presentation: Presentation::Barcode, ..app(NOW) };
    let evidence = [scanned, face(NOW)];
    let mut literal = policy().clone();
    literal.barcode.decree_counts_as = BarcodeReading::Knowledge;
    let levels = |policy: &Policy, evidence: &[AuthenticationEvidence]| {
        let reached = crate::evaluate(&citizen(), evidence, &Context::default(), policy, NOW);
        (reached.vector.levels.vn_authentication, reached.vector.levels.aal)
    };
    assert_eq!(levels(policy(), &evidence), (VnAuthenticationLevel::L3, Aal::Aal2));
    assert_eq!(levels(&literal, &evidence), (VnAuthenticationLevel::L4, Aal::Aal2));
    // No other ladder follows, and a barcode without a key behind it adds nothing.
    assert_eq!(levels(&literal, &evidence[..1]), (VnAuthenticationLevel::L2, Aal::Aal1));
    let printed = AuthenticationEvidence { key: KeyProtection::NoKey, ..evidence[0].clone() };
    assert_eq!(levels(&literal, &[printed]), (VnAuthenticationLevel::L1, Aal::Aal1));
}

#[test]
fn a_chip_counts_when_its_issuer_signed_it_and_it_is_no_copy() {
    let read = ChipRead {
        document: ProofingPieceKind::IdentityCard,
        signed_by_issuer: Check::Passed,
        not_a_copy: Check::Passed,
        valid_until: Some(day("2026-11-22")),
    };
    let reasons = |chip: Option<ChipRead>, at| {
        let card = proof(AuthenticatorKind::IdentityCardChip, at);
        let card = AuthenticationEvidence { key: KeyProtection::Hardware, chip, ..card };
        let reached = evaluate(&citizen(), &[card], at);
        assert_eq!(reached.acr.is_some(), reached.reasons.is_empty());
        texts(&reached.reasons).join(" ")
    };
    assert_eq!(reasons(Some(read.clone()), NOW), "");
    assert_eq!(reasons(None, NOW), "CHIP_NOT_VERIFIED");
    let unsigned = ChipRead { signed_by_issuer: Check::NotDone, ..read.clone() };
    assert_eq!(reasons(Some(unsigned), NOW), "CHIP_NOT_VERIFIED");
    let copied = ChipRead { not_a_copy: Check::NotDone, ..read.clone() };
    assert_eq!(reasons(Some(copied), NOW), "CHIP_NOT_VERIFIED");
    let midnight = day("2026-11-22").start_in_viet_nam();
    assert_eq!(reasons(Some(read), midnight), "CARD_EXPIRED:2026-11-22");
}

#[test]
fn a_comparison_that_its_own_figures_deny_counts_for_nothing() {
    let with = |score, modality| {
        let mut evidence = face(NOW);
        evidence.biometric.as_mut().unwrap().comparison = Some(Comparison {
            score,
            threshold: 900_000,
            place: MatchPlace::Central,
            modality,
            reference_captured_at: None,
        });
        let reached = evaluate(&citizen(), &[app(NOW), evidence], NOW);
        texts(&reached.reasons).join(" ")
    };
    assert_eq!(with(900_000, AuthenticatorKind::Face), "");
    assert_eq!(with(899_999, AuthenticatorKind::Face), "MATCH_FAILED");
    assert_eq!(with(999_999, AuthenticatorKind::Iris), "MATCH_FAILED");
}

#[test]
fn a_compromised_device_proves_nothing_and_an_attested_one_serves_until_its_attestation_ends() {
    use AttestationVerdict::{Compromised, Genuine, Undecided};
    let proven = |verdict, expires_at| {
        let attestation = DeviceAttestation { verdict, at: minutes_ago(5), expires_at };
        let device_proof = Some(DeviceProof { bound_at: NOW, attestation: Some(attestation) });
        [AuthenticationEvidence { device_proof, ..app(NOW) }, face(NOW)]
    };
    let later = NOW.plus(Duration::from_millis(1));
    assert_eq!(vn(&proven(Compromised, later)), VnAuthenticationLevel::None);
    assert_eq!(vn(&proven(Undecided, later)), VnAuthenticationLevel::L3);
    let demand = Requirement { demands: [Demand::AttestedDevice].into(), ..Requirement::default() };
    let meets = |evidence: &[_]| match decide(&citizen(), evidence, &demand) {
        Decision::Permit { .. } => true,
        other => {
            let missing = "ATTESTATION_MISSING".to_owned();
            assert!(texts(other.reasons()).contains(&missing), "{other:?}");
            false
        }
    };
    assert!(meets(&proven(Genuine, later)));
    assert!(!meets(&proven(Genuine, NOW)));
    assert!(!meets(&proven(Undecided, later)));
    assert!(!meets(&[app(NOW)]));
}

#[test]
fn what_is_missing_is_named_by_category() {
    let short = |vn: u8, aal: u8, evidence: &[AuthenticationEvidence]| {
        let minimum = Levels {
            vn_authentication: VnAuthenticationLevel::try_from(vn).unwrap(),
            aal: Aal::try_from(aal).unwrap(),
            ..Levels::BOTTOM
        };
        let decision = decide_holding(
            &citizen(),
            evidence,
            &[],
            &Requirement::at_least(minimum),
            &AcrWish::None,
        );
        let missing = texts(decision.reasons()).into_iter();
        missing.filter_map(|text| Some(text.strip_prefix("FACTOR_MISSING:")?.to_owned())).collect()
    };
    let missing = |vn, aal, evidence: &[_], expected: &[&str]| {
        let found: Vec<String> = short(vn, aal, evidence);
        assert_eq!(found, expected, "level {vn}, AAL {aal}");
    };
    let (knowledge, possession, inherence) = ("knowledge", "possession", "inherence");
    missing(4, 0, &[], &[knowledge, possession, inherence]);
    missing(4, 0, &[password(16, NOW)], &[possession, inherence]);
    missing(4, 0, &[app(NOW), face(NOW)], &[knowledge]);
    missing(3, 0, &[], &[knowledge, inherence]);
    missing(3, 2, &[], &[knowledge, possession, inherence]);
    missing(3, 1, &[], &[knowledge, inherence]);
    missing(3, 0, &[totp(NOW)], &[inherence]);
    missing(3, 0, &[password(16, NOW)], &[inherence]);
    missing(2, 0, &[], &[knowledge, possession]);
    missing(2, 0, &[password(16, NOW)], &[possession]);
    missing(2, 0, &[totp(NOW)], &[knowledge]);
    missing(0, 2, &[totp(NOW)], &[knowledge]);
    missing(0, 3, &[totp(NOW)], &[knowledge]);
    missing(1, 1, &[], &[knowledge]);
    missing(1, 0, &[password(8, NOW)], &[]);
    missing(2, 2, &[password(16, NOW), totp(NOW)], &[]);
}

#[test]
fn a_face_is_offered_only_together_with_the_app_that_takes_it() {
    // L5
    use AuthenticatorKind::{App, Face, Password};
    let three = Requirement::at_least(Levels {
        vn_authentication: VnAuthenticationLevel::L3,
        ..Levels::BOTTOM
    });
    let offered = |held: &[AuthenticatorKind]| {
        let held: Vec<_> = held.iter().copied().map(authenticator).collect();
        decide_holding(&citizen(), &[], &held, &three, &AcrWish::None)
    };
    assert_eq!(asked(&offered(&[Password, App, Face])), [[App, Face]]);
    assert!(matches!(offered(&[Password, Face]), Decision::Deny { .. }));
}
