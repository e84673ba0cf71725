//! What a matcher is asked and what it answers, and what the answer is worth.

use assurance::policy::BiometricRule;
use identity_core::Timestamp;
use identity_core::evidence::{BiometricMatch, Check, Comparison, MatchPlace};
use serde::{Deserialize, Serialize};

use super::Modality;

/// What a comparison is about. A statement says all of it again, or it is about something else.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bound {
    /// 256 random bits, for one capture.
    pub challenge: String,
    /// Whose template.
    pub reference: String,
    /// The bound device that takes part in the same login (L5).
    pub device: String,
    /// The attempt to log in.
    pub transaction: String,
    pub modality: Modality,
}

/// What we ask, signed as `vneid-match-request+jwt`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaptureRequest {
    pub iss: String,
    /// The matcher's name.
    pub aud: String,
    pub iat: i64,
    pub exp: i64,
    /// Where the browser brings the statement, by POST.
    pub return_to: String,
    #[serde(flatten)]
    pub bound: Bound,
}

/// What a matcher answers, signed as `vneid-match+jwt`, beside `iss`, `aud` and `iat`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MatchStatement {
    #[serde(flatten)]
    pub bound: Bound,
    pub outcome: Outcome,
    /// In millionths of the matcher's scale, as is the threshold.
    pub score: u32,
    pub threshold: u32,
    /// False-match rate at that threshold, in matches per billion.
    pub false_match_per_billion: u32,
    pub presentation_attack: Detection,
    pub injection: Detection,
    pub place: MatchPlace,
    pub version: String,
    /// How old the template is, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference_captured_at: Option<i64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Compared,
    /// No sample that could be used, or no time left.
    NotCompared,
}

/// How the search for an attack ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detection {
    Passed,
    Failed,
    NotDone,
}

/// What a statement is worth.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    Match(Box<BiometricMatch>),
    NoMatch,
    /// A picture, a mask, a recording fed in.
    Attack,
    /// Fails closed, and counts as no try (edge case 4): nobody was compared as the rule demands.
    NotCompared,
}

/// Judges a statement whose signature and bindings were found good; `stated_at` by the matcher's clock.
pub fn verdict(
    matcher: &str,
    statement: &MatchStatement,
    stated_at: Timestamp,
    rule: &BiometricRule,
) -> Verdict {
    let kind = statement.bound.modality.kind();
    if [statement.presentation_attack, statement.injection].contains(&Detection::Failed) {
        return Verdict::Attack;
    }
    let looked_for = statement.presentation_attack == Detection::Passed
        || !rule.presentation_attack_checked.contains(&kind);
    let counts = statement.outcome == Outcome::Compared
        && looked_for
        && statement.injection == Detection::Passed
        && statement.false_match_per_billion <= rule.false_match_per_billion;
    if !counts {
        return Verdict::NotCompared;
    }
    if statement.score < statement.threshold {
        return Verdict::NoMatch;
    }
    let check = |detection| match detection {
        Detection::Passed => Check::Passed,
        Detection::Failed | Detection::NotDone => Check::NotDone,
    };
    Verdict::Match(Box::new(BiometricMatch {
        matcher: matcher.to_owned(),
        matcher_version: statement.version.chars().take(64).collect(),
        false_match_per_billion: statement.false_match_per_billion,
        presentation_attack: check(statement.presentation_attack),
        injection: check(statement.injection),
        reference: statement.bound.reference.clone(),
        comparison: Some(Comparison {
            score: statement.score,
            threshold: statement.threshold,
            place: statement.place,
            modality: kind,
            reference_captured_at: statement
                .reference_captured_at
                .map(Timestamp::from_unix_seconds),
        }),
        stated_at: Some(stated_at),
    }))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use assurance::policy::Tries;
    use identity_core::AuthenticatorKind;

    use super::*;

    fn rule() -> BiometricRule {
        BiometricRule {
            false_match_per_billion: 100_000,
            presentation_attack_checked: BTreeSet::from([AuthenticatorKind::Face]),
            device_window: Duration::from_mins(2),
            tries: Tries::MOST,
            tries_with_detection: Tries::MOST_WITH_DETECTION,
            source: String::new(),
        }
    }

    fn good(modality: Modality) -> MatchStatement {
        MatchStatement {
            bound: Bound {
                challenge: "c".to_owned(),
                reference: "m/1".to_owned(),
                device: "d".to_owned(),
                transaction: "t".to_owned(),
                modality,
            },
            outcome: Outcome::Compared,
            score: 900_000,
            threshold: 900_000,
            false_match_per_billion: 100_000,
            presentation_attack: Detection::Passed,
            injection: Detection::Passed,
            place: MatchPlace::Central,
            version: "1".to_owned(),
            reference_captured_at: None,
        }
    }

    fn of(change: impl FnOnce(&mut MatchStatement)) -> Verdict {
        let mut statement = good(Modality::Face);
        change(&mut statement);
        verdict("m", &statement, Timestamp::from_unix_seconds(1), &rule())
    }

    #[test]
    fn at_the_threshold_it_is_a_match_and_just_below_it_is_none() {
        // L5: at most 1 in 10 000, at the threshold that was used
        let Verdict::Match(found) = of(|_| {}) else { panic!("a match") };
        assert_eq!(found.stated_at, Some(Timestamp::from_unix_seconds(1)));
        assert_eq!(of(|statement| statement.score = 899_999), Verdict::NoMatch);
        assert_eq!(of(|it| it.false_match_per_billion = 100_001), Verdict::NotCompared);
    }

    #[test]
    fn what_was_not_looked_for_fails_closed_and_counts_as_no_try() {
        // Edge case 4, L5
        assert_eq!(of(|it| it.presentation_attack = Detection::NotDone), Verdict::NotCompared);
        assert_eq!(of(|it| it.injection = Detection::NotDone), Verdict::NotCompared);
        assert_eq!(of(|it| it.outcome = Outcome::NotCompared), Verdict::NotCompared);
        let both = of(|it| {
            it.outcome = Outcome::NotCompared;
            it.score = 0;
        });
        assert_eq!(both, Verdict::NotCompared, "a score nobody measured");
    }

    #[test]
    fn an_attack_is_one_whatever_the_score() {
        assert_eq!(of(|it| it.presentation_attack = Detection::Failed), Verdict::Attack);
        assert_eq!(of(|it| it.injection = Detection::Failed), Verdict::Attack);
        let unfinished = of(|it| {
            it.injection = Detection::Failed;
            it.outcome = Outcome::NotCompared;
        });
        assert_eq!(unfinished, Verdict::Attack);
    }

    #[test]
    fn a_policy_may_leave_detection_out_for_fingerprints() {
        let finger = MatchStatement {
            presentation_attack: Detection::NotDone,
            ..good(Modality::Fingerprint)
        };
        let Verdict::Match(found) = verdict("m", &finger, Timestamp::from_unix_seconds(1), &rule())
        else {
            panic!("a match")
        };
        assert_eq!(found.presentation_attack, Check::NotDone, "and says so");
    }
}
