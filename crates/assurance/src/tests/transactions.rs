//! What single transactions and scopes need, and that each proof serves one transaction once (L12).

use identity_core::evidence::EvidenceBinding;
use identity_core::secret::SecretDigest;

use super::*;
use crate::{Demand, DeviceNovelty, Purpose, Transaction};

fn transfer(amount: u64, day_total: u64) -> Purpose {
    let device = DeviceNovelty::Known;
    let transaction = Transaction { kind: "transfer".into(), amount, day_total, device };
    Purpose { transaction: Some(transaction), ..Purpose::default() }
}

#[test]
fn a_transfer_from_ten_million_needs_a_biometric_and_a_proof_of_its_own() {
    // State Bank Circular 50/2024, class C; Decision 2345: above 20 million a day
    let needs = |amount, day_total| {
        let requirement = policy().requirement_for(&transfer(amount, day_total)).unwrap();
        (
            requirement.minimum.vn_authentication,
            requirement.demands.contains(&Demand::TransactionBound),
        )
    };
    let (small, large) = ((VnAuthenticationLevel::L2, false), (VnAuthenticationLevel::L3, true));
    assert_eq!(needs(9_999_999, 9_999_999), small);
    assert_eq!(needs(10_000_000, 10_000_000), large);
    assert_eq!(needs(1, 20_000_000), small);
    assert_eq!(needs(1, 20_000_001), large);
}

#[test]
fn a_payment_is_confirmed_for_itself_and_its_proof_serves_no_other() {
    // L12
    let long_ago = minutes_ago(9_000);
    let held = [
        bound(AuthenticatorKind::Password, long_ago),
        bound(AuthenticatorKind::App, long_ago),
        bound(AuthenticatorKind::Face, long_ago),
    ];
    let pay = |paid_for: Option<&str>, asked_for| {
        let transaction = paid_for.map(str::to_owned);
        let evidence = [app(NOW), face(NOW)]
            .map(|item| AuthenticationEvidence { transaction: transaction.clone(), ..item });
        let requirement = policy().requirement_for(&transfer(10_000_000, 10_000_000)).unwrap();
        let context = Context { transaction: asked_for, ..Context::default() };
        Ask { state: citizen(), evidence: &evidence, held: &held, requirement, context }.now()
    };
    permitted(pay(Some("p1"), Some("p1")));
    let other = pay(Some("p1"), Some("p2"));
    assert!(texts(other.reasons()).contains(&"NOT_FOR_TRANSACTION:app".to_owned()));
    assert_eq!(asked(&other)[0], [AuthenticatorKind::App, AuthenticatorKind::Face]);
    assert!(matches!(pay(None, Some("p1")), Decision::StepUp { .. }));
    // Without a transaction to be bound to, nothing can be bound to it.
    assert!(matches!(pay(Some("p1"), None), Decision::Deny { .. }));
}

#[test]
fn intent_for_a_transaction_is_shown_for_that_transaction() {
    // L12: whoever asks for intent asks for it now, not for what a session remembers.
    let of = |transaction| {
        let requirement = Some("irreversible".into());
        let purpose = Purpose { requirement, ..transaction };
        policy().requirement_for(&purpose).unwrap().demands
    };
    assert!(of(transfer(1, 1)).contains(&Demand::TransactionBound));
    assert!(!of(Purpose::default()).contains(&Demand::TransactionBound));
}

#[test]
fn one_challenge_proves_once_however_often_its_proof_is_handed_in() {
    // L12
    let binding = |key| EvidenceBinding {
        session: identity_core::SessionId::from_uuid(Uuid::from_u128(5)),
        origin: None,
        replay_key: SecretDigest([key; 32]),
    };
    let given =
        |kind, key, at| AuthenticationEvidence { binding: Some(binding(key)), ..proof(kind, at) };
    let first = given(AuthenticatorKind::Totp, 1, minutes_ago(50));
    let again = AuthenticationEvidence {
        at: NOW,
        id: EvidenceId::from_uuid(Uuid::from_u128(999)),
        ..first.clone()
    };
    let reached = evaluate(&citizen(), &[again.clone(), first.clone()], NOW);
    assert_eq!(reached.auth_time, Some(first.at));
    assert_eq!(texts(&reached.reasons), ["REPLAYED"]);
    let another = AuthenticationEvidence { binding: Some(binding(2)), ..again.clone() };
    assert_eq!(evaluate(&citizen(), &[another, first.clone()], NOW).auth_time, Some(NOW));
    // Withdrawing the proof that was copied does not raise the copy.
    let mut lost = authenticator(AuthenticatorKind::Totp);
    lost.status = AuthenticatorStatus::Removed { since: NOW };
    let copy =
        AuthenticationEvidence { authenticator: authenticator_id(AuthenticatorKind::App), ..again };
    let decision = decide_holding(
        &citizen(),
        &[copy, first],
        &[lost],
        &Requirement::default(),
        &AcrWish::None,
    );
    assert!(matches!(decision, Decision::Deny { .. }), "{decision:?}");
}

#[test]
fn requirements_of_a_purpose_add_up_and_unknown_names_are_refused() {
    let of = |purpose: &Purpose| policy().requirement_for(purpose);
    let whole = Purpose {
        requirement: Some("account-management".into()),
        scopes: ["vn_identity".to_owned(), "openid".to_owned()].into(),
        procedure: Some("criminal-record".into()),
        max_age: Some(60),
        ..transfer(0, 0)
    };
    let met = of(&whole).unwrap();
    assert_eq!(met.minimum.vn_authentication, VnAuthenticationLevel::L4);
    assert_eq!(met.minimum.vn_account, VnAccountLevel::Two);
    assert_eq!(met.minimum.aal, Aal::Aal2);
    assert_eq!(met.max_age, Some(Duration::from_mins(1)));
    assert!(met.demands.contains(&Demand::Unrestricted));
    assert_eq!(of(&Purpose::default()).unwrap(), Requirement::default());
    let scope = Purpose { scopes: ["vn_identity".to_owned()].into(), ..Purpose::default() };
    assert_eq!(of(&scope).unwrap().minimum.vn_account, VnAccountLevel::One);
    let unknown = [
        Purpose { requirement: Some("none".into()), ..Purpose::default() },
        Purpose { procedure: Some("none".into()), ..Purpose::default() },
        Purpose {
            transaction: Some(Transaction {
                kind: "none".into(),
                amount: 0,
                day_total: 0,
                device: DeviceNovelty::Known,
            }),
            ..Purpose::default()
        },
    ];
    for purpose in unknown {
        assert!(of(&purpose).unwrap_err().to_string().contains("none"), "{purpose:?}");
    }
}

#[test]
fn a_bank_asks_for_a_face_on_a_device_it_has_not_seen() {
    // Decision 2345/QĐ-NHNN
    let on = |device| {
        let kind = "bank-app-use".into();
        let transaction = Transaction { kind, amount: 0, day_total: 0, device };
        let purpose = Purpose { transaction: Some(transaction), ..Purpose::default() };
        policy().requirement_for(&purpose).unwrap().minimum.vn_authentication
    };
    assert_eq!(on(DeviceNovelty::Known), VnAuthenticationLevel::None);
    assert_eq!(on(DeviceNovelty::New), VnAuthenticationLevel::L3);
}
