//! Edge cases of assurance.md §2.5, each under its number.

use super::*;
use crate::{Acr, Amr, Demand, DenyCode, GuardianApproval};

fn two_factors() -> Requirement {
    policy().requirement("two-factors").unwrap().clone()
}

fn within(minutes: u64) -> Requirement {
    two_factors().within(Some(Duration::from_mins(minutes)))
}

#[test]
fn password_and_code_of_a_proofed_citizen_reach_the_documented_vector() {
    let context = Context { fal: Fal::Fal2, ..Context::default() };
    let evidence = [password(12, minutes_ago(2)), totp(minutes_ago(1))];
    let reached = crate::evaluate(&citizen(), &evidence, &context, policy(), NOW);
    let expected = Levels {
        vn_authentication: VnAuthenticationLevel::L2,
        vn_account: VnAccountLevel::Two,
        aal: Aal::Aal2,
        ial: Ial::Ial2,
        eidas: EidasLoa::Substantial,
        iso: IsoLoa::Loa3,
        fal: Fal::Fal2,
    };
    assert_eq!(reached.vector.levels, expected);
    assert_eq!(reached.amr, [Amr::Pwd, Amr::Otp, Amr::Mfa]);
    assert_eq!(reached.acr, Acr::parse("urn:vn:eid:auth:2"));
    assert_eq!(reached.auth_time, Some(minutes_ago(2)));
    assert_eq!(reached.reasons, []);
}

#[test]
fn edge_1_two_possessions_are_one_category() {
    let evidence = [proof(AuthenticatorKind::SmsCode, NOW), totp(NOW)];
    let reached = evaluate(&citizen(), &evidence, NOW);
    assert_eq!(reached.vector.levels.aal, Aal::Aal1);
    assert_eq!(reached.vector.levels.vn_authentication, VnAuthenticationLevel::L1);
    assert_eq!(reached.amr, [Amr::Otp, Amr::Sms]);
}

#[test]
fn edge_2_two_secrets_are_one_category() {
    let reached = evaluate(&citizen(), &[password(20, NOW), password(30, NOW)], NOW);
    assert_eq!(reached.vector.levels.aal, Aal::Aal1);
    assert_eq!(reached.vector.levels.vn_authentication, VnAuthenticationLevel::L1);
}

#[test]
fn edge_3_a_face_without_a_bound_device_is_no_authenticator() {
    let reached = evaluate(&citizen(), &[face(NOW)], NOW);
    assert_eq!(reached.vector.levels.vn_authentication, VnAuthenticationLevel::None);
    assert_eq!(reached.vector.levels.aal, Aal::None);
    assert_eq!(texts(&reached.reasons), ["DEVICE_UNBOUND"]);
}

#[test]
fn edge_4_a_face_without_attack_detection_or_with_a_lax_threshold_counts_for_nothing() {
    // L5
    let key = passkey(KeyProtection::Hardware, None, NOW);
    let with = |change: fn(&mut BiometricMatch)| {
        let mut evidence = face(NOW);
        change(evidence.biometric.as_mut().unwrap());
        let evidence = [password(8, NOW), key.clone(), evidence];
        let reached = evaluate(&citizen(), &evidence, NOW);
        (reached.vector.levels.vn_authentication, texts(&reached.reasons))
    };
    let two = VnAuthenticationLevel::L2;
    assert_eq!(with(|_| ()), (VnAuthenticationLevel::L4, vec![]));
    assert_eq!(with(|m| m.presentation_attack = Check::NotDone), (two, vec!["PAD_MISSING".into()]));
    assert_eq!(
        with(|m| m.injection = Check::NotDone),
        (two, vec!["INJECTION_CHECK_MISSING".into()])
    );
    assert_eq!(with(|m| m.false_match_per_billion = 100_000).0, VnAuthenticationLevel::L4);
    assert_eq!(with(|m| m.false_match_per_billion = 100_001), (two, vec!["FMR_TOO_HIGH".into()]));
}

#[test]
fn a_face_counts_only_beside_a_key_of_the_same_device_in_the_same_transaction() {
    // L5
    let levels = |evidence: AuthenticationEvidence| {
        let key = passkey(KeyProtection::Hardware, None, minutes_ago(2));
        evaluate(&citizen(), &[key, evidence], NOW).vector.levels.vn_authentication
    };
    let (one, three) = (VnAuthenticationLevel::L1, VnAuthenticationLevel::L3);
    assert_eq!(levels(face(NOW)), three);
    let other = DeviceId::from_uuid(Uuid::from_u128(4));
    assert_eq!(levels(AuthenticationEvidence { device: Some(other), ..face(NOW) }), one);
    let transfer = Some("transfer".to_owned());
    assert_eq!(levels(AuthenticationEvidence { transaction: transfer, ..face(NOW) }), one);
    assert_eq!(levels(face(NOW.plus(Duration::from_millis(1)))), one);
}

#[test]
fn edge_5_an_unverified_passkey_and_a_password_are_two_categories() {
    let evidence = [passkey(KeyProtection::Hardware, None, minutes_ago(1)), password(8, NOW)];
    let reached = evaluate(&citizen(), &evidence, NOW);
    assert_eq!(reached.vector.levels.vn_authentication, VnAuthenticationLevel::L2);
    assert!(reached.vector.facts.intent && reached.vector.facts.phishing_resistant);
    assert_eq!(reached.amr, [Amr::Pwd, Amr::Hwk, Amr::User, Amr::Mfa]);
}

#[test]
fn edge_6_a_synced_passkey_stops_at_aal2_where_a_hardware_key_reaches_aal3() {
    let pin = Some(FactorCategory::Knowledge);
    let aal = |key| evaluate(&citizen(), &[passkey(key, pin, NOW)], NOW).vector.levels.aal;
    assert_eq!(aal(KeyProtection::Synced), Aal::Aal2);
    assert_eq!(aal(KeyProtection::Software), Aal::Aal2);
    assert_eq!(aal(KeyProtection::Hardware), Aal::Aal3);
    // Nor does a synced one lend its PIN to a hardware key.
    let hardware = passkey(KeyProtection::Hardware, None, NOW);
    let both = [hardware, passkey(KeyProtection::Synced, pin, NOW)];
    assert_eq!(evaluate(&citizen(), &both, NOW).vector.levels.aal, Aal::Aal2);
}

#[test]
fn european_and_iso_levels_are_the_lower_of_proofing_and_login() {
    let mut remote = citizen();
    remote.proofings[0].pathway = ProofingPathway::RemoteFaceCapture;
    let levels = |state| evaluate(state, &[password(16, NOW), totp(NOW)], NOW).vector.levels;
    let reached = levels(&remote);
    assert_eq!((reached.ial, reached.eidas, reached.iso), (Ial::Ial1, EidasLoa::Low, IsoLoa::Loa2));
    let unproofed = SubjectState { proofings: vec![], ..citizen() };
    let reached = levels(&unproofed);
    assert_eq!((reached.ial, reached.eidas), (Ial::Ial0, EidasLoa::None));
    assert_eq!(reached.aal, Aal::Aal2);
}

#[test]
fn a_hardware_key_with_a_pin_is_aal3_and_only_level_2_of_the_decree() {
    let key = passkey(KeyProtection::Hardware, Some(FactorCategory::Knowledge), NOW);
    let reached = evaluate(&citizen(), &[key], NOW);
    assert_eq!(reached.vector.levels.aal, Aal::Aal3);
    assert_eq!(reached.vector.levels.vn_authentication, VnAuthenticationLevel::L2);
    assert_eq!(reached.amr, [Amr::Pin, Amr::Hwk, Amr::User, Amr::Mfa]);
}

#[test]
fn edge_7_a_stale_password_beside_a_fresh_code_is_named_and_asked_for_again() {
    let evidence = [password(16, minutes_ago(50)), totp(NOW)];
    let decision = decide(&citizen(), &evidence, &within(15));
    assert_eq!(asked(&decision), [vec![AuthenticatorKind::Password]]);
    let reasons = texts(decision.reasons());
    assert!(reasons.contains(&"STALE:knowledge:3000s>900s".into()), "{reasons:?}");
    assert!(reasons.contains(&"FACTOR_MISSING:knowledge".into()), "{reasons:?}");
}

#[test]
fn edge_8_auth_time_is_the_oldest_event_the_level_depends_on() {
    let old_password = password(16, minutes_ago(50));
    let auth_time = |evidence: &[_]| evaluate(&citizen(), evidence, NOW).auth_time;
    assert_eq!(auth_time(&[old_password.clone(), totp(NOW)]), Some(minutes_ago(50)));
    // Proven again, the old proof is no longer depended on.
    let again = [old_password, totp(minutes_ago(9)), password(16, minutes_ago(3))];
    assert_eq!(auth_time(&again), Some(minutes_ago(9)));
    assert_eq!(auth_time(&[]), None);
}

#[test]
fn edge_9_twenty_days_later_the_login_reads_the_same_and_max_age_sees_it_fail() {
    let evidence = [password(16, NOW), totp(NOW)];
    let login = evaluate(&citizen(), &evidence, NOW);
    let later = NOW.plus(Duration::from_hours(20 * 24));
    // What the refreshed ID token repeats is the login judged at its own instant...
    assert_eq!(evaluate(&citizen(), &evidence, NOW).auth_time, login.auth_time);
    // ...while the decayed vector and a requirement judged now do not hold.
    assert_eq!(evaluate(&citizen(), &evidence, later).acr, None);
    let wish = AcrWish::None;
    let requirement = Requirement::default().within(Some(Duration::from_hours(1)));
    let request = DecisionRequest {
        state: &citizen(),
        evidence: &evidence,
        authenticators: &[authenticator(AuthenticatorKind::Password)],
        requirement: &requirement,
        wish: &wish,
        context: Context::default(),
    };
    assert_eq!(asked(&crate::decide(&request, policy(), later)), [[AuthenticatorKind::Password]]);
}

#[test]
fn edge_10_the_account_falls_to_level_1_at_the_midnight_its_card_expires() {
    let mut state = citizen();
    let expiry = day("2026-11-22");
    state.card = Some(Card { kind: CardKind::IdentityCard, valid_until: Some(expiry) });
    state.proofings[0].pieces[0].valid_until = Some(expiry);
    let midnight = expiry.start_in_viet_nam();
    let levels = |at| evaluate(&state, &[totp(NOW)], at).vector.levels;
    let before = levels(midnight.minus(Duration::from_millis(1)));
    assert_eq!((before.vn_account, before.ial), (VnAccountLevel::Two, Ial::Ial2));
    let after = levels(midnight);
    assert_eq!((after.vn_account, after.ial), (VnAccountLevel::One, Ial::Ial0));
    let reasons = evaluate(&state, &[], midnight).reasons;
    assert_eq!(texts(&reasons), ["CARD_EXPIRED:2026-11-22"]);
}

#[test]
fn edge_12_what_a_lost_phone_proved_no_longer_counts() {
    let mut phone = authenticator(AuthenticatorKind::Totp);
    phone.status = AuthenticatorStatus::Suspended { since: NOW };
    let held = [authenticator(AuthenticatorKind::Password), phone];
    let evidence = [password(16, NOW), totp(NOW)];
    let anything = Requirement::default();
    let remaining =
        permitted(decide_holding(&citizen(), &evidence, &held, &anything, &AcrWish::None));
    assert_eq!(remaining.vector.levels.vn_authentication, VnAuthenticationLevel::L1);
    assert_eq!(texts(&remaining.reasons), ["AUTHENTICATOR_WITHDRAWN:totp"]);
}

#[test]
fn edge_13_an_account_locked_in_the_meantime_is_denied_whatever_was_proven() {
    let evidence = [password(16, NOW), totp(NOW)];
    let Decision::Deny { code, reasons } = decide(&locked(citizen()), &evidence, &two_factors())
    else {
        panic!("not denied")
    };
    assert_eq!(code, DenyCode::AccountUnusable);
    assert_eq!(texts(&reasons), ["ACCOUNT_LOCKED:holder_request"]);
    assert_eq!(reasons[0].redress().id(), "unlock_account");
}

#[test]
fn edge_15_a_child_acts_alone_from_the_first_instant_of_its_fourteenth_birthday() {
    let birthday = day("2026-11-22");
    let state = SubjectState { birth_date: day("2012-11-22"), ..citizen() };
    let midnight = birthday.start_in_viet_nam();
    let evidence = [totp(midnight.minus(Duration::from_mins(1)))];
    let before = evaluate(&state, &evidence, midnight.minus(Duration::from_millis(1)));
    assert_eq!(texts(&before.reasons), ["GUARDIAN_APPROVAL_NEEDED"]);
    assert_eq!(before.vector.levels, Levels::BOTTOM);
    let after = evaluate(&state, &evidence, midnight);
    assert_eq!(after.vector.levels.vn_authentication, VnAuthenticationLevel::L1);
    // A leapling comes of age on 1 March.
    let leapling = SubjectState { birth_date: day("2012-02-29"), ..citizen() };
    let on = |text| evaluate(&leapling, &[], day(text).start_in_viet_nam()).reasons;
    assert_eq!(texts(&on("2026-02-28")), ["GUARDIAN_APPROVAL_NEEDED"]);
    assert_eq!(on("2026-03-01"), []);
}

#[test]
fn an_account_of_level_2_is_not_held_below_six_years() {
    let state = SubjectState {
        birth_date: day("2021-01-01"),
        ..child(vec![guardian_link(GuardianScope::Everything)])
    };
    let approval = approval(GuardianScope::Everything);
    let context = Context { approval: Some(&approval), ..Context::default() };
    let reached = crate::evaluate(&state, &[], &context, policy(), NOW);
    assert_eq!(reached.vector.levels.vn_account, VnAccountLevel::One);
    assert_eq!(texts(&reached.reasons), ["AGE_BELOW:6"]);
}

fn approval(scope: GuardianScope) -> GuardianApproval {
    GuardianApproval { guardian: GUARDIAN, at: minutes_ago(5), scope, levels: ALL }
}

fn with_approval(
    state: &SubjectState,
    approval: &GuardianApproval,
    procedure: Option<&str>,
) -> String {
    let context = Context { approval: Some(approval), procedure, ..Context::default() };
    let reached = crate::evaluate(state, &[totp(NOW)], &context, policy(), NOW);
    texts(&reached.reasons).join(" ")
}

#[test]
fn edge_16_approval_counts_from_a_guardian_in_force_within_both_scopes() {
    let everything = || GuardianScope::Everything;
    let only = |code: &str| GuardianScope::Procedures(vec![code.into()]);
    let represented = child(vec![guardian_link(everything())]);
    let partly = child(vec![guardian_link(only("passport"))]);
    assert_eq!(with_approval(&represented, &approval(everything()), None), "");
    assert_eq!(with_approval(&partly, &approval(everything()), Some("passport")), "");
    let scope = "GUARDIAN_SCOPE";
    assert_eq!(with_approval(&partly, &approval(everything()), None), scope);
    assert_eq!(with_approval(&partly, &approval(everything()), Some("identity-card")), scope);
    assert_eq!(with_approval(&represented, &approval(only("passport")), None), scope);

    let mut ended = represented.clone();
    ended.guardians[0].until = Some(NOW);
    assert_eq!(with_approval(&ended, &approval(everything()), None), "GUARDIAN_NOT_ENTITLED");
    let stranger = GuardianApproval { guardian: SUBJECT, ..approval(everything()) };
    assert_eq!(with_approval(&represented, &stranger, None), "GUARDIAN_NOT_ENTITLED");
    for at in [minutes_ago(15), NOW.plus(Duration::from_mins(1))] {
        let approval = GuardianApproval { at, ..approval(everything()) };
        assert_eq!(with_approval(&represented, &approval, None), "GUARDIAN_APPROVAL_NEEDED");
    }
}

#[test]
fn edge_17_a_ward_of_any_age_needs_the_representative() {
    let state = SubjectState { capacity: LegalCapacity::Represented, ..citizen() };
    let Decision::Deny { code, .. } = decide(&state, &[password(16, NOW)], &Requirement::default())
    else {
        panic!("not denied")
    };
    assert_eq!(code, DenyCode::GuardianApprovalNeeded);
}

#[test]
fn edge_20_a_disabled_authenticator_is_not_offered_and_the_others_are() {
    let mut disabled = authenticator(AuthenticatorKind::Totp);
    disabled.status = AuthenticatorStatus::Disabled { since: NOW };
    let held = [authenticator(AuthenticatorKind::Password), disabled];
    let login = Requirement::default();
    let decision = decide_holding(&citizen(), &[], &held, &login, &AcrWish::None);
    assert_eq!(asked(&decision), [[AuthenticatorKind::Password]]);
    let decision = decide_holding(&citizen(), &[], &held, &two_factors(), &AcrWish::None);
    assert!(matches!(decision, Decision::Deny { code: DenyCode::RequirementUnreachable, .. }));
}

#[test]
fn edge_24_a_temporary_code_is_one_factor_and_combines_with_none() {
    let evidence = [password(16, NOW), proof(AuthenticatorKind::TemporaryCode, NOW)];
    let reached = evaluate(&citizen(), &evidence, NOW).vector.levels;
    assert_eq!(reached.aal, Aal::Aal1);
    assert_eq!(reached.vn_authentication, VnAuthenticationLevel::L1);
}

#[test]
fn edge_28_a_stale_factor_never_ends_in_a_weaker_permit() {
    let evidence = [password(16, minutes_ago(50)), totp(minutes_ago(50))];
    let decision = decide(&citizen(), &evidence, &within(15));
    assert!(matches!(decision, Decision::StepUp { .. }));
}

#[test]
fn edge_29_between_two_policies_the_stricter_requirement_holds() {
    let mut old = within(10);
    old.demands.insert(Demand::Intent);
    let new = Requirement {
        max_age_by_category: crate::requirement::CategoryAges {
            knowledge: Some(Duration::from_mins(5)),
            ..Default::default()
        },
        ..Requirement::at_least(Levels { aal: Aal::Aal1, ial: Ial::Ial2, ..Levels::BOTTOM })
    };
    let both = old.stricter(&new);
    assert_eq!(both, new.stricter(&old));
    assert_eq!((both.minimum.aal, both.minimum.ial), (Aal::Aal2, Ial::Ial2));
    assert_eq!(both.max_age, Some(Duration::from_mins(10)));
    assert_eq!(both.max_age_by_category.knowledge, Some(Duration::from_mins(5)));
    assert!(both.demands.contains(&Demand::Intent));
    let accepting = |kinds: &[AuthenticatorKind]| Requirement {
        biometric_kinds: Some(kinds.iter().copied().collect()),
        ..Requirement::default()
    };
    let (face, iris) = (AuthenticatorKind::Face, AuthenticatorKind::Iris);
    assert_eq!(accepting(&[face, iris]).stricter(&accepting(&[face])), accepting(&[face]));
    assert_eq!(accepting(&[face]).stricter(&Requirement::default()), accepting(&[face]));
}

#[test]
fn edge_30_an_unmet_wish_fails_only_where_it_is_essential() {
    // op-traps 6; OpenID Connect Core §5.5.1.1
    let four = Acr::parse("urn:vn:eid:auth:4").unwrap();
    let held = [AuthenticatorKind::Password, AuthenticatorKind::Totp].map(authenticator);
    let ask = |wish| {
        let evidence = [password(16, NOW)];
        decide_holding(&citizen(), &evidence, &held, &Requirement::default(), &wish)
    };
    let Decision::Deny { code, reasons } = ask(AcrWish::Essential(vec![four])) else {
        panic!("not denied")
    };
    assert_eq!(code, DenyCode::RequirementUnreachable);
    assert!(texts(&reasons).contains(&"AUTHENTICATION_LEVEL:1<4".into()));
    let reached = permitted(ask(AcrWish::Voluntary(vec![four])));
    assert_eq!(reached.acr, Acr::parse("urn:vn:eid:auth:1"));
    // A reachable alternative is stepped up to, and then named.
    let two = Acr::parse("urn:nist:aal:2").unwrap();
    let step_up = ask(AcrWish::Essential(vec![four, two]));
    assert_eq!(asked(&step_up), [[AuthenticatorKind::Totp]]);
    // Of several reachable ones the first is stepped up to.
    let one = Acr::parse("urn:nist:aal:1").unwrap();
    let wish = AcrWish::Essential(vec![two, one]);
    let login = decide_holding(&citizen(), &[], &held, &Requirement::default(), &wish);
    assert_eq!(asked(&login), [[AuthenticatorKind::Password, AuthenticatorKind::Totp]]);
    let evidence = [password(16, NOW), totp(NOW)];
    let wish = AcrWish::Essential(vec![four, two]);
    let done = decide_holding(&citizen(), &evidence, &held, &Requirement::default(), &wish);
    assert_eq!(permitted(done).acr, Some(two));
}

#[test]
fn a_short_password_is_a_factor_of_the_decree_but_never_a_login_of_its_own() {
    let evidence = [password(14, NOW)];
    let reached = evaluate(&citizen(), &evidence, NOW);
    assert_eq!(reached.vector.levels.vn_authentication, VnAuthenticationLevel::L1);
    assert_eq!(reached.vector.levels.aal, Aal::None);
    let mut held = [AuthenticatorKind::Password, AuthenticatorKind::Totp].map(authenticator);
    held[0].password_length = Some(14);
    let login = Requirement::default();
    let decision = decide_holding(&citizen(), &evidence, &held, &login, &AcrWish::None);
    assert_eq!(asked(&decision), [[AuthenticatorKind::Totp]]);
    assert!(texts(decision.reasons()).contains(&"PASSWORD_TOO_SHORT_ALONE".into()));
    permitted(decide(&citizen(), &[password(15, NOW)], &Requirement::default()));
    permitted(decide(&citizen(), &[password(8, NOW), totp(NOW)], &two_factors()));
    let seven = [password(7, NOW), totp(NOW)];
    assert!(matches!(decide(&citizen(), &seven, &two_factors()), Decision::StepUp { .. }));
}

#[test]
fn nobody_logged_in_is_asked_for_what_they_hold_cheapest_first() {
    let login = decide(&citizen(), &[], &Requirement::default());
    assert_eq!(asked(&login), [[AuthenticatorKind::Password], [AuthenticatorKind::Totp]]);
    let step_up = decide(&citizen(), &[], &two_factors());
    assert_eq!(asked(&step_up), [[AuthenticatorKind::Password, AuthenticatorKind::Totp]]);
}

#[test]
fn a_restricted_method_is_offered_only_where_nothing_else_reaches_as_much() {
    // L7; NIST SP 800-63B-4 §3.2.9
    use AuthenticatorKind::{Password, SmsCode, Totp};
    let offered = |held: &[AuthenticatorKind]| {
        let held: Vec<_> = held.iter().copied().map(authenticator).collect();
        let evidence = [password(16, NOW)];
        asked(&decide_holding(&citizen(), &evidence, &held, &two_factors(), &AcrWish::None))
    };
    assert_eq!(offered(&[Password, SmsCode, Totp]), [[Totp]]);
    assert_eq!(offered(&[Password, SmsCode]), [[SmsCode]]);
}

#[test]
fn an_account_too_low_for_a_procedure_is_not_asked_to_prove_more() {
    let state = SubjectState { account_level: AccountLevel::One, ..citizen() };
    let requirement = policy().procedure("temporary-residence").unwrap().requirement();
    let evidence = [password(16, NOW), totp(NOW)];
    let Decision::Deny { code, reasons } = decide(&state, &evidence, &requirement) else {
        panic!("not denied")
    };
    assert_eq!(code, DenyCode::RequirementUnreachable);
    assert_eq!(texts(&reasons), ["ACCOUNT_LEVEL:1<2"]);
    assert_eq!(reasons[0].redress().id(), "visit_police");
}

#[test]
fn evidence_of_another_subject_or_of_the_future_is_none() {
    let foreign = AuthenticationEvidence { subject: GUARDIAN, ..totp(NOW) };
    let future = totp(NOW.plus(Duration::from_secs(6)));
    for evidence in [foreign, future] {
        assert_eq!(evaluate(&citizen(), &[evidence], NOW).acr, None);
    }
    // Edge 23: nodes' clocks may differ by the policy's tolerance.
    let skewed = totp(NOW.plus(Duration::from_secs(5)));
    assert_eq!(evaluate(&citizen(), &[skewed], NOW).vector.levels.aal, Aal::Aal1);
}

#[test]
fn max_age_is_counted_in_whole_seconds_and_is_inclusive() {
    // op-traps 2: max_age=1 must ask again after two seconds
    let requirement = Requirement::default().within(Some(Duration::from_secs(1)));
    let ago = |seconds| [password(16, NOW.minus(Duration::from_secs(seconds)))];
    let reached = permitted(decide(&citizen(), &ago(1), &requirement));
    assert_eq!(reached.auth_time, Some(NOW.minus(Duration::from_secs(1))));
    assert!(matches!(decide(&citizen(), &ago(2), &requirement), Decision::StepUp { .. }));
}

#[test]
fn fresh_proof_of_one_factor_reports_that_factor_alone() {
    // op-traps 2: auth_time keeps max_age, so the level may not rest on the older password.
    let evidence = [password(16, minutes_ago(50)), totp(NOW)];
    let requirement = Requirement::default().within(Some(Duration::from_mins(1)));
    let reached = permitted(decide(&citizen(), &evidence, &requirement));
    assert_eq!(reached.auth_time, Some(NOW));
    assert_eq!(reached.amr, [Amr::Otp]);
    assert_eq!(reached.acr, Acr::parse("urn:vn:eid:auth:1"));
}
