//! Engine against reference model, over more cases than anybody could write down.
//!
//! A failing case prints its seed; `generate::case(seed)` makes it again. The model finds what somebody forgot
//! to think of in one of two texts, not what both took from the law wrongly: that is what the golden cases,
//! written from the numbered edge cases, are for.

mod foresee;
pub mod generate;
pub mod model;
mod settle;

use std::collections::BTreeSet;

use super::*;
use generate::case;
use model::{Answer, Case};

pub fn request_of(case: &Case) -> DecisionRequest<'_> {
    let context = Context {
        fal: case.fal,
        procedure: case.procedure,
        approval: case.approval.as_ref(),
        mandate: case.mandate.as_ref(),
        transaction: case.transaction,
        history: case.history,
    };
    DecisionRequest {
        state: &case.state,
        evidence: &case.evidence,
        authenticators: &case.authenticators,
        requirement: &case.requirement,
        wish: &case.wish,
        context,
    }
}

fn engine(case: &Case) -> Answer {
    match crate::decide(&request_of(case), case.policy, case.now) {
        Decision::Permit { evaluation } => Answer::Permit {
            levels: evaluation.vector.levels,
            acr: evaluation.acr,
            amr: evaluation.amr.iter().map(|amr| amr.as_str()).collect(),
            auth_time: evaluation.auth_time,
        },
        Decision::StepUp { options, .. } => {
            assert!(options.is_sorted_by_key(|option| option.friction), "{options:?}");
            let kinds = |option: &crate::StepUpOption| {
                let mut kinds: Vec<_> = option.add.iter().map(|step| step.kind).collect();
                kinds.sort_unstable();
                kinds
            };
            Answer::StepUp(options.iter().map(kinds).collect())
        }
        Decision::Deny { code, .. } => Answer::Deny(code),
    }
}

/// How often each kind of answer came: a generator that only makes denials would prove nothing.
#[derive(Default, Debug)]
struct Tally {
    permits: u64,
    step_ups: u64,
    denials: BTreeSet<String>,
    denied: u64,
    levels: BTreeSet<u8>,
}

fn compare(seeds: std::ops::Range<u64>) -> Tally {
    let mut tally = Tally::default();
    for seed in seeds {
        let case = case(seed);
        let (engine, model) = (engine(&case), case.answer());
        assert_eq!(engine, model, "seed {seed}: {case:#?}");
        match model {
            Answer::Permit { levels, .. } => {
                tally.permits += 1;
                tally.levels.insert(levels.vn_authentication.number());
            }
            Answer::StepUp(_) => tally.step_ups += 1,
            Answer::Deny(code) => {
                tally.denied += 1;
                tally.denials.insert(format!("{code:?}"));
            }
        }
    }
    tally
}

#[test]
fn engine_and_model_agree_on_five_thousand_cases_of_every_outcome() {
    let tally = compare(0..5_000);
    assert!(tally.permits > 250 && tally.step_ups > 250 && tally.denied > 250, "{tally:?}");
    assert_eq!(tally.denials.len(), 5, "{tally:?}");
    assert_eq!(tally.levels.len(), 4, "{tally:?}");
}

#[test]
fn engine_and_model_agree_on_a_million_cases() {
    compare(1_000_000..2_000_000);
}

/// `make prove`: on all cores, a hundred million.
#[test]
#[ignore = "minutes on every core; `make prove`"]
fn engine_and_model_agree_on_a_hundred_million_cases() {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let each = 100_000_000_u64.div_ceil(cores);
    std::thread::scope(|scope| {
        for core in 0..cores {
            let first = 10_000_000 + core * each;
            scope.spawn(move || compare(first..first + each));
        }
    });
}
