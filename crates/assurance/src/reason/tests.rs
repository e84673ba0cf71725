use std::collections::BTreeSet;

use super::*;

#[test]
fn codes_are_written_as_documented_and_read_back() {
    let stale = ReasonCode::Stale {
        category: FactorCategory::Knowledge,
        age_seconds: 3612,
        limit_seconds: 900,
    };
    let low = |ladder| ReasonCode::LevelTooLow { ladder, has: 1, needs: 2 };
    for (reason, text) in [
        (ReasonCode::FactorMissing(FactorCategory::Possession), "FACTOR_MISSING:possession"),
        (stale, "STALE:knowledge:3612s>900s"),
        (ReasonCode::CardExpired("2026-10-02".parse().unwrap()), "CARD_EXPIRED:2026-10-02"),
        (ReasonCode::AccountLocked(LockReason::HolderRequest), "ACCOUNT_LOCKED:holder_request"),
        (ReasonCode::SubjectDeceased, "SUBJECT_DECEASED"),
        (ReasonCode::PasswordTooShortAlone, "PASSWORD_TOO_SHORT_ALONE"),
        (low(Ladder::Account), "ACCOUNT_LEVEL:1<2"),
        (low(Ladder::Authentication), "AUTHENTICATION_LEVEL:1<2"),
        (low(Ladder::Aal), "AAL:1<2"),
        (
            ReasonCode::RestrictedNotAllowed(AuthenticatorKind::SmsCode),
            "RESTRICTED_NOT_ALLOWED:sms_code",
        ),
        (ReasonCode::AgeBelow(6), "AGE_BELOW:6"),
        (
            ReasonCode::RecoveredRecently { age_seconds: 60, limit_seconds: 86_400 },
            "RECOVERED_RECENTLY:60s<86400s",
        ),
        (ReasonCode::BoundRecently(AuthenticatorKind::Totp), "BOUND_RECENTLY:totp"),
    ] {
        assert_eq!(reason.to_string(), text);
        assert_eq!(text.parse(), Ok(reason));
    }
}

#[test]
fn anything_else_is_no_reason_code() {
    for bad in
        ["", "STALE", "STALE:knowledge:1s", "FACTOR_MISSING:luck", "SUBJECT_DECEASED:x", "X:1<2"]
    {
        assert_eq!(bad.parse::<ReasonCode>(), Err(ReasonCodeError), "{bad}");
    }
}

/// Each code once; new ones are added here, and the match keeps them from being forgotten.
fn every_code() -> Vec<ReasonCode> {
    let day = "2026-10-02".parse().unwrap();
    let (totp, category) = (AuthenticatorKind::Totp, FactorCategory::Possession);
    let (age_seconds, limit_seconds) = (61, 62);
    let ladders = [
        Ladder::Authentication,
        Ladder::Account,
        Ladder::Aal,
        Ladder::Ial,
        Ladder::Eidas,
        Ladder::Iso,
        Ladder::Fal,
    ];
    let low = ladders.map(|ladder| ReasonCode::LevelTooLow { ladder, has: 1, needs: 2 });
    let mut codes: Vec<_> = PLAIN.into_iter().chain(low).collect();
    codes.extend([
        ReasonCode::AccountLocked(LockReason::HolderRequest),
        ReasonCode::CardExpired(day),
        ReasonCode::ResidenceExpired(day),
        ReasonCode::AgeBelow(6),
        ReasonCode::FactorMissing(category),
        ReasonCode::Stale { category, age_seconds, limit_seconds },
        ReasonCode::RecoveredRecently { age_seconds, limit_seconds },
        ReasonCode::RestrictedNotAllowed(totp),
        ReasonCode::AuthenticatorWithdrawn(totp),
        ReasonCode::ModalityNotAccepted(totp),
        ReasonCode::NotForTransaction(totp),
        ReasonCode::BoundRecently(totp),
        ReasonCode::RecoveryMethod(totp),
    ]);
    codes
}

#[test]
fn every_code_reads_back_and_says_something_to_each_of_three_readers_in_two_languages() {
    let codes = every_code();
    let names: BTreeSet<_> = codes.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), codes.len(), "each code once");
    assert_eq!(sentences::codes(), names.into_iter().map(str::to_owned).collect());
    for code in codes {
        assert_eq!(code.to_string().parse(), Ok(code));
        let readers = [Audience::Citizen, Audience::RelyingParty, Audience::Auditor];
        for audience in readers {
            let [vietnamese, english] = [Language::Vietnamese, Language::English]
                .map(|language| code.sentence(audience, language));
            assert_ne!(vietnamese, english, "{code}");
            for text in [vietnamese, english] {
                assert!(text.len() > 10 && text.ends_with('.'), "{code}: {text}");
                assert!(!text.contains(['{', '}']), "{code}: {text}");
            }
        }
    }
}

#[test]
fn sentences_carry_the_arguments_in_words_and_figures() {
    let stale = ReasonCode::Stale {
        category: FactorCategory::Knowledge,
        age_seconds: 3612,
        limit_seconds: 900,
    };
    assert_eq!(
        stale.sentence(Audience::Auditor, Language::English),
        "Factor something you know: 3612 s old, limit 900 s."
    );
    let low = ReasonCode::LevelTooLow { ladder: Ladder::Authentication, has: 1, needs: 3 };
    assert_eq!(
        low.sentence(Audience::Citizen, Language::Vietnamese),
        "Cần xác thực mức 3, hiện là mức 1."
    );
    let sms = ReasonCode::RestrictedNotAllowed(AuthenticatorKind::SmsCode);
    assert_eq!(
        sms.sentence(Audience::Citizen, Language::English),
        "This does not accept: code by text message."
    );
    let expired = ReasonCode::CardExpired("2026-10-02".parse().unwrap());
    assert_eq!(
        expired.sentence(Audience::Citizen, Language::English),
        "Your card stopped being valid on 2026-10-02."
    );
    let recovered = ReasonCode::RecoveredRecently { age_seconds: 60, limit_seconds: 3600 };
    assert_eq!(
        recovered.sentence(Audience::Auditor, Language::English),
        "Recovered 60 s ago, 3600 s must pass (edge case 21)."
    );
}
