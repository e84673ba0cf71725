//! The delivered policies, and how broken ones are refused.

use identity_core::authenticator::AttemptRule;

use super::*;
use crate::policy::{LifeStage, OrganisationUse, PolicyFault};

fn faults(files: &[(&str, &str)]) -> Vec<String> {
    let refused = PolicySet::parse(files.iter().copied()).unwrap_err();
    refused.iter().map(PolicyFault::to_string).collect()
}

/// The line, counted from one, on which `text` first begins.
fn line_of(file: &str, text: &str) -> usize {
    file.lines().position(|line| line.starts_with(text)).unwrap() + 1
}

#[test]
fn every_delivered_policy_lists_the_25_procedures_with_names_and_sources() {
    for policy in POLICIES.policies() {
        let numbers: Vec<u8> = policy.procedures().iter().map(|p| p.number).collect();
        assert_eq!(numbers, (1..=25).collect::<Vec<u8>>());
        for procedure in policy.procedures() {
            let texts =
                [&procedure.name_vi, &procedure.name_en, &procedure.lead_vi, &procedure.source];
            assert!(texts.iter().all(|text| !text.is_empty()), "{}", procedure.code);
        }
    }
}

#[test]
fn procedures_carry_the_levels_proposed_for_them() {
    let levels = |code| {
        let procedure = policy().procedure(code).unwrap();
        (procedure.account_level.number(), procedure.authentication_level.number())
    };
    assert_eq!(levels("old-number-confirmation"), (2, 2));
    assert_eq!(levels("stay-notice"), (1, 2));
    assert_eq!(levels("birth-registration"), (2, 3));
    assert_eq!(levels("criminal-record"), (2, 4));
    assert_eq!(policy().procedure("new-seal").unwrap().organisation, OrganisationUse::Only);
    assert!(policy().procedure("passport").unwrap().guardian);
}

#[test]
fn the_policy_in_force_changes_at_midnight_in_viet_nam() {
    // L13: closed-open
    let turn = day("2026-09-28").start_in_viet_nam();
    let version = |at| POLICIES.at(at).map(|policy| policy.version.as_str());
    assert_eq!(version(turn.minus(Duration::from_millis(1))), Some("2024-07-01"));
    assert_eq!(version(turn), Some("2026-09-28"));
    let first = day("2024-07-01").start_in_viet_nam();
    assert_eq!(version(first), Some("2024-07-01"));
    assert_eq!(version(first.minus(Duration::from_millis(1))), None);
    // After the end of the last policy nothing is in force.
    let ended = PolicySet::parse([("2024-07-01.toml", POLICY_2024)]).unwrap();
    assert!(ended.at(turn.minus(Duration::from_millis(1))).is_some());
    assert_eq!(ended.at(turn), None);
}

#[test]
fn the_same_evidence_is_judged_by_the_rules_of_its_day() {
    let then = day("2025-06-01").start_in_viet_nam();
    let old = POLICIES.at(then).unwrap();
    let aal = |policy, at| {
        let evidence = [password(8, at)];
        crate::evaluate(&citizen(), &evidence, &Context::default(), policy, at).vector.levels.aal
    };
    assert_eq!(aal(old, then).number(), 1);
    assert_eq!(aal(policy(), NOW).number(), 0);
}

#[test]
fn life_stages_turn_on_birthdays() {
    let stage = |born: &str| policy().ages.stage(day(born), day("2026-11-21"));
    assert_eq!(stage("2020-11-22"), LifeStage::Infant);
    assert_eq!(stage("2020-11-21"), LifeStage::Child);
    assert_eq!(stage("2012-11-21"), LifeStage::Minor);
    assert_eq!(stage("2008-11-21"), LifeStage::Adult);
}

#[test]
fn every_fault_of_a_file_is_named_by_its_line() {
    let broken = POLICY_2026
        .replace("minimum_alone = 15", "minimum_alone = \"fifteen\"\nminimun_alone = 15")
        .replace("[kinds.voice]", "[kinds.smell]")
        .replace("lifted_by = \"operator\"", "lifted_by = \"nobody\"")
        .replace("approval_life = \"15m\"", "approval_life = \"a while\"")
        .replace("number = 2\n", "number = 1\n");
    let found = faults(&[("p.toml", &broken)]);
    let at = |text| format!("p.toml:{}: ", line_of(&broken, text));
    for (line, message) in [
        (at("minimum_alone"), "`password.minimum_alone`"),
        (at("minimun_alone"), "unknown key `password.minimun_alone`"),
        (at("[kinds.smell]"), "unknown name `kinds.smell`"),
        (at("suspected_misuse"), "`locks.suspected_misuse.lifted_by`"),
        (at("approval_life"), "`guardian.approval_life`"),
    ] {
        let named = |fault: &String| fault.starts_with(&line) && fault.contains(message);
        assert!(found.iter().any(named), "{line}{message} not in {found:#?}");
    }
    assert!(found.iter().any(|fault| fault.contains("missing table `kinds.voice`")), "{found:#?}");
    assert!(found.iter().any(|fault| fault.contains("code and number")), "{found:#?}");
    assert_eq!(found.len(), 7, "{found:#?}");
}

#[test]
fn faults_of_all_files_are_reported_together_and_nothing_is_loaded() {
    let broken = POLICY_2024.replace("[ages]", "[age]");
    let found = faults(&[("a.toml", &broken), ("b.toml", "version = ["), ("c.toml", POLICY_2026)]);
    for expected in ["a.toml:1: missing table `ages`", "unknown key `age`", "b.toml:1: "] {
        assert!(found.iter().any(|fault| fault.contains(expected)), "{expected}: {found:#?}");
    }
    assert!(found.iter().all(|fault| !fault.starts_with("c.toml")));
}

#[test]
fn gaps_overlaps_and_backward_periods_are_refused() {
    let ends = |date| POLICY_2024.replace("valid_to = \"2026-09-28\"", date);
    for (valid_to, complaint) in [
        ("valid_to = \"2026-09-27\"", "leaves a gap before new.toml"),
        ("valid_to = \"2026-09-29\"", "overlaps new.toml"),
        ("", "overlaps new.toml"),
        ("valid_to = \"2024-07-01\"", "valid_to must lie after valid_from"),
    ] {
        let old = ends(valid_to);
        let found = faults(&[("new.toml", POLICY_2026), ("old.toml", &old)]);
        assert!(found[0].starts_with("old.toml:"), "{found:?}");
        assert!(found.iter().any(|fault| fault.contains(complaint)), "{complaint}: {found:?}");
    }
    assert!(PolicySet::parse([]).is_err());
}

#[test]
fn a_scope_or_transaction_that_names_no_requirement_is_refused_by_its_line() {
    let broken = POLICY_2026
        .replace(
            "vn_identity = { requirement = \"personal-number\"",
            "vn_identity = { requirement = \"gone\"",
        )
        .replace("from_amount = 10_000_000\n", "from_amont = 10_000_000\n");
    let found = faults(&[("p.toml", &broken)]);
    let at = |text| format!("p.toml:{}: ", line_of(&broken, text));
    assert!(
        found.contains(&format!("{}there is no requirement `gone`", at("vn_identity"))),
        "{found:?}"
    );
    let misspelt = format!("{}unknown key `transactions.from_amont`", at("from_amont"));
    assert!(found.contains(&misspelt), "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
    for table in ["[residence]", "[barcode]", "[sim_swap]"] {
        let without = POLICY_2026.replace(table, "[elsewhere]");
        assert_eq!(faults(&[("p.toml", &without)]).len(), 2, "{table}");
    }
}

#[test]
fn every_source_is_given() {
    for policy in POLICIES.policies() {
        let sources = policy
            .transactions()
            .iter()
            .map(|rule| &rule.source)
            .chain(policy.scopes().map(|(_, rule)| &rule.source));
        let sources: Vec<_> = sources.collect();
        assert!(sources.len() > 5);
        assert!(sources.into_iter().all(|source| !source.is_empty()));
        assert!(policy.requirements().count() > 5);
        assert!(policy.requirements().all(|(_, _, source)| !source.is_empty()));
    }
}

#[test]
fn a_set_put_in_place_is_judged_by_at_once_and_a_policy_taken_before_stays_whole() {
    let policies = crate::Policies::new(PolicySet::parse([("old", POLICY_2024)]).unwrap());
    let then = day("2025-06-01").start_in_viet_nam();
    let taken = policies.at(then).unwrap();
    assert!(policies.at(NOW).is_none());
    policies.replace(POLICIES.clone());
    assert_eq!(policies.at(NOW).unwrap().version, "2026-09-28");
    assert_eq!(taken.version, "2024-07-01");
    assert_eq!(policies.all().version("2024-07-01"), Some(&*taken));
    assert_eq!(policies.all().version("2020-01-01"), None);
}

#[test]
fn a_restricted_kind_may_not_be_given_aal3_and_the_base_requirement_may_not_be_dropped() {
    let generous = POLICY_2026.replace(
        "[kinds.sms_code]\nvn_at_most = 2\naal_at_most = 2",
        "[kinds.sms_code]\nvn_at_most = 2\naal_at_most = 3",
    );
    assert!(faults(&[("p.toml", &generous)])[0].contains("restricted method"));
    let baseless = POLICY_2026.replace("[requirements.base]", "[requirements.floor]");
    assert!(faults(&[("p.toml", &baseless)])[0].contains("missing table `requirements.base`"));
}

#[test]
fn failed_comparisons_cost_what_the_standard_says_or_more() {
    // NIST SP 800-63B-4 §3.2.3
    let half_a_minute = Duration::from_secs(30);
    let rule = |free, limit| AttemptRule {
        free,
        first_delay: half_a_minute,
        longest_delay: half_a_minute,
        limit,
    };
    let biometrics = &policy().biometrics;
    assert_eq!(biometrics.attempts(AuthenticatorKind::Face), rule(10, 100));
    assert_eq!(
        biometrics.attempts(AuthenticatorKind::Voice),
        rule(5, 50),
        "nothing detects a tape"
    );
    let written = "tries = { free = 5, delay = \"30s\", limit = 50 }";
    assert!(POLICY_2026.contains(written));
    let silent = POLICY_2026.replace(written, "");
    let silent = PolicySet::parse([("a.toml", silent.as_str())]).unwrap();
    let read = silent.policies().next().unwrap().biometrics.attempts(AuthenticatorKind::Voice);
    assert_eq!(read, rule(5, 50), "a file of an earlier release says nothing of it");
    for lax in
        [written.replace("5,", "6,"), written.replace("50", "51"), written.replace("30", "29")]
    {
        let faults = faults(&[("a.toml", &POLICY_2026.replace(written, &lax))]);
        assert_eq!(faults.len(), 1, "{lax}: {faults:?}");
        assert!(faults[0].contains("`tries` allows more"), "{faults:?}");
    }
}
