//! Every combination of a small world, against a second model: slow, written from the texts, sharing no
//! rule with the engine.

use super::*;

/// The model's own view of one proof: what somebody knows, has or is.
#[derive(Clone, Copy, PartialEq)]
enum Simple {
    ShortPassword,
    LongPassword,
    Totp,
    Sms,
    /// With a PIN, in hardware.
    Key,
}

const PROOFS: [Simple; 5] =
    [Simple::ShortPassword, Simple::LongPassword, Simple::Totp, Simple::Sms, Simple::Key];

fn as_evidence(proof_of: Simple) -> AuthenticationEvidence {
    let pin = Some(FactorCategory::Knowledge);
    match proof_of {
        Simple::ShortPassword => password(8, NOW),
        Simple::LongPassword => password(15, NOW),
        Simple::Totp => totp(NOW),
        Simple::Sms => proof(AuthenticatorKind::SmsCode, NOW),
        Simple::Key => passkey(KeyProtection::Hardware, pin, NOW),
    }
}

/// Decree 69/2024 art. 20 and SP 800-63B-4 §2, as a reader would tabulate them.
fn expected(proofs: &[Simple]) -> (VnAuthenticationLevel, Aal) {
    let has = |wanted: &[Simple]| proofs.iter().any(|p| wanted.contains(p));
    let knows = has(&[Simple::ShortPassword, Simple::LongPassword, Simple::Key]);
    let owns = has(&[Simple::Totp, Simple::Sms, Simple::Key]);
    let vn = match (knows, owns) {
        (true, true) => VnAuthenticationLevel::L2,
        (false, false) => VnAuthenticationLevel::None,
        (true, false) | (false, true) => VnAuthenticationLevel::L1,
    };
    let aal = if has(&[Simple::Key]) {
        Aal::Aal3
    } else if knows && owns {
        Aal::Aal2
    } else if owns || has(&[Simple::LongPassword]) {
        Aal::Aal1
    } else {
        Aal::None
    };
    (vn, aal)
}

fn subsets() -> impl Iterator<Item = Vec<Simple>> {
    (0..1_u32 << PROOFS.len()).map(|mask| {
        PROOFS.iter().enumerate().filter(|(i, _)| mask & (1 << i) != 0).map(|(_, p)| *p).collect()
    })
}

/// Subject states with whether they may act alone.
fn lives() -> Vec<(&'static str, SubjectState, bool)> {
    let born = ["2021-06-01", "2014-06-01", "2010-06-01", "1980-06-01"];
    let mut lives = Vec::new();
    for (birth_date, of_age) in born.into_iter().zip([false, false, true, true]) {
        let activated = SubjectState { birth_date: day(birth_date), ..citizen() };
        let since = minutes_ago(5);
        let dead = AccountState::Deceased { recorded_at: since, source: "register".into() };
        lives.push(("locked", locked(activated.clone()), false));
        lives.push(("dead", SubjectState { account: dead, ..activated.clone() }, false));
        let registered = AccountState::Registered { since };
        lives.push((
            "registered",
            SubjectState { account: registered, ..activated.clone() },
            false,
        ));
        lives.push(("activated", activated, of_age));
    }
    lives
}

#[test]
fn every_small_case_agrees_with_the_second_model() {
    let mut cases = 0;
    for (name, life, may_act) in lives() {
        for (level, valid_until) in [
            (AccountLevel::One, None),
            (AccountLevel::Two, Some("2030-01-01")),
            (AccountLevel::Two, Some("2026-11-21")),
        ] {
            let valid_until = valid_until.map(day);
            let card = Some(Card { kind: CardKind::IdentityCard, valid_until });
            let state = SubjectState { account_level: level, card, ..life.clone() };
            let account = match (may_act, level, valid_until.map(CalendarDate::year)) {
                (false, _, _) => VnAccountLevel::None,
                (true, AccountLevel::Two, Some(2030)) => VnAccountLevel::Two,
                (true, _, _) => VnAccountLevel::One,
            };
            for proofs in subsets() {
                let evidence: Vec<_> = proofs.iter().copied().map(as_evidence).collect();
                let reached = evaluate(&state, &evidence, NOW).vector.levels;
                let (vn, aal) = if may_act {
                    expected(&proofs)
                } else {
                    (VnAuthenticationLevel::None, Aal::None)
                };
                let found = (reached.vn_authentication, reached.aal, reached.vn_account);
                assert_eq!(found, (vn, aal, account), "{name}, {evidence:?}");
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 4 * 4 * 3 * 32);
}

#[test]
fn every_small_decision_permits_exactly_what_the_second_model_reaches() {
    let two = |vn_authentication| {
        Requirement::at_least(crate::Levels { vn_authentication, ..crate::Levels::BOTTOM })
    };
    for proofs in subsets() {
        let evidence: Vec<_> = proofs.iter().copied().map(as_evidence).collect();
        let (vn, aal) = expected(&proofs);
        for &needed in VnAuthenticationLevel::ALL {
            let decision = decide(&citizen(), &evidence, &two(needed));
            // The base requirement asks for AAL1 of everybody.
            let enough = vn >= needed && aal >= Aal::Aal1;
            let permitted = matches!(decision, Decision::Permit { .. });
            assert_eq!(permitted, enough, "{needed:?} with {evidence:?}");
            // Password and code can bring level 2 to anybody, and never level 3.
            let reachable = needed <= VnAuthenticationLevel::L2;
            let denied = matches!(decision, Decision::Deny { .. });
            assert_eq!(denied, !enough && !reachable, "{needed:?} with {evidence:?}");
        }
    }
}
