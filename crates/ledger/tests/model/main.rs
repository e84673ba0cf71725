//! The ledger, its followers, sealed tokens and everything that comes between them, as a model
//! that is checked exhaustively within bounds. What is modelled and what not: docs/model.md.
//!
//! ```text
//!  bounds      how large a world; mutants: what may be wrong in it
//!  database    transactions side by side, snapshots
//!  node        follower and judgement, from the rules
//!  world       all of them, and every step they can take
//!  properties  what holds always, and what happens sometimes
//!  replay      the same steps taken by the real Follower and SecurityState
//! ```

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test helper that fails fails the test"
)]

mod bounds;
mod database;
mod node;
mod properties;
mod replay;
mod world;

use std::collections::BTreeSet;
use std::time::Instant;

use bounds::{
    Bounds, CUT_OFF, LARGE, LIFE_OF_A_TOKEN, MARGIN, Mutant, SIDE_BY_SIDE, SMALL, TWO_NODES, WIDE,
};
use properties::{CUT_OFF_MEANS_UNAVAILABLE, TAKEN_BACK_MEANS_INACTIVE};
use replay::{Deviation, Difference, Replay, Seen};
use stateright::{Checker, HasDiscoveries, Model};
use world::{Action, State, World};

/// Looks at every state within the bounds; what was to happen sometimes happens to the code too.
fn check(bounds: Bounds) {
    let began = Instant::now();
    let builder = World::new(bounds).checker().symmetry_fn(State::with_nodes_in_order);
    let checked = builder.spawn_dfs().join();
    println!(
        "{}: {} states, {} steps, paths of up to {}, {:.1} s",
        bounds.name,
        checked.unique_state_count(),
        checked.state_count(),
        checked.max_depth(),
        began.elapsed().as_secs_f32()
    );
    checked.assert_properties();
    for (example, path) in checked.discoveries() {
        if let Err(difference) = replay(&World::new(bounds), &path.into_actions()) {
            panic!("{difference} on the way to: {example}");
        }
    }
}

/// The shortest way in which a world that is not as it should be breaks a promise.
fn counter_example(world: World, property: &'static str) -> Vec<Action> {
    let what = format!("{:?} in {}: {property}", world.mutant, world.bounds.name);
    let found = HasDiscoveries::AnyOf(BTreeSet::from([property]));
    let checker = world.checker().finish_when(found).spawn_bfs().join();
    let path = checker.discovery(property).unwrap_or_else(|| panic!("goes unnoticed: {what}"));
    path.into_actions()
}

/// Takes the steps that the world allows and leaves out the others.
fn replay(world: &World, actions: &[Action]) -> Result<Seen, Difference> {
    let mut replay = Replay::new(world, None);
    for action in actions {
        if replay.possible().contains(action) {
            replay.step(*action)?;
        }
    }
    Ok(replay.seen)
}

/// Steps at random, the same for the same seed. The steps taken come with a difference.
fn walk(
    world: &World,
    deviation: Option<Deviation>,
    seed: u64,
) -> Result<Seen, (Vec<Action>, Difference)> {
    let mut replay = Replay::new(world, deviation);
    let mut taken = Vec::new();
    let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for _ in 0..200 {
        let possible = replay.possible();
        // xorshift64
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let choice = usize::try_from(random >> 33).expect("31 bits") % possible.len().max(1);
        let Some(action) = possible.get(choice).copied() else { break };
        taken.push(action);
        replay.step(action).map_err(|difference| (taken.clone(), difference))?;
    }
    Ok(replay.seen)
}

// ATK-079, scorecard 44: staleness is bounded whatever happens, within the bounds of each world.

#[test]
fn rows_that_appear_in_any_order_are_neither_skipped_nor_late() {
    check(SIDE_BY_SIDE);
}

#[test]
fn answers_that_overtake_each_other_and_outages_make_no_answer_older_than_the_bound() {
    check(CUT_OFF);
}

#[test]
fn a_take_back_shows_at_every_node() {
    check(TWO_NODES);
}

#[test]
fn a_take_back_is_remembered_and_replayed_for_as_long_as_its_token_lives() {
    check(LIFE_OF_A_TOKEN);
}

#[test]
#[ignore = "minutes: make model"]
fn the_same_holds_within_larger_bounds() {
    LARGE.into_iter().for_each(check);
}

const MISTAKES: [(Mutant, Bounds, &str); 9] = [
    (Mutant::SkipsToGreatest, SIDE_BY_SIDE, TAKEN_BACK_MEANS_INACTIVE),
    (Mutant::SettlesByLastPage, SIDE_BY_SIDE, TAKEN_BACK_MEANS_INACTIVE),
    (Mutant::ConfirmsOnArrival, CUT_OFF, TAKEN_BACK_MEANS_INACTIVE),
    (Mutant::ConfirmsBeforeTheEnd, SIDE_BY_SIDE, TAKEN_BACK_MEANS_INACTIVE),
    (Mutant::StartsBeyondTheSettled, SIDE_BY_SIDE, TAKEN_BACK_MEANS_INACTIVE),
    (Mutant::ForgetsTooEarly, LIFE_OF_A_TOKEN, TAKEN_BACK_MEANS_INACTIVE),
    (Mutant::ReadsBackTooLittle, LIFE_OF_A_TOKEN, TAKEN_BACK_MEANS_INACTIVE),
    (Mutant::WaitsForAnyAnswer, CUT_OFF, TAKEN_BACK_MEANS_INACTIVE),
    (Mutant::AnswersThoughStale, CUT_OFF, CUT_OFF_MEANS_UNAVAILABLE),
];

#[test]
fn each_mistake_is_noticed_and_the_code_goes_its_way_without_making_it() {
    for (mutant, bounds, property) in MISTAKES {
        let actions = counter_example(World::with(bounds, mutant), property);
        if let Err(difference) = replay(&World::new(bounds), &actions) {
            panic!("{difference} where {mutant:?} went wrong: {actions:#?}");
        }
    }
}

#[test]
fn a_take_back_that_commits_later_than_the_margin_may_be_forgotten_while_its_token_lives() {
    // Why a store must end a transaction that is open for nearly a minute.
    let slow = Bounds { commits_within: 2 * MARGIN, ..LIFE_OF_A_TOKEN };
    assert!(!counter_example(World::new(slow), TAKEN_BACK_MEANS_INACTIVE).is_empty());
}

#[test]
fn model_and_code_judge_alike_on_every_walk() {
    let mut seen = Seen::default();
    let worlds = SMALL.into_iter().chain(LARGE).chain([WIDE; 4]);
    for (world, first) in worlds.map(World::new).zip((0..).step_by(100)) {
        for seed in first..first + 100 {
            match walk(&world, None, seed) {
                Ok(walked) => seen = seen.and(walked),
                Err((taken, difference)) => panic!("{difference} after {taken:#?}"),
            }
        }
    }
    println!("{seen:?}");
    assert!(seen.active.min(seen.inactive).min(seen.unavailable) > 10_000, "{seen:?}");
}

#[test]
fn whatever_is_wired_wrongly_is_found_out() {
    for deviation in [
        Deviation::StampsOnArrival,
        Deviation::CallsAllSettled,
        Deviation::DropsARow,
        Deviation::StartsAtTheHead,
    ] {
        let world = World::new(WIDE);
        let differs = (0..100).any(|seed| walk(&world, Some(deviation), seed).is_err());
        assert!(differs, "{deviation:?} goes unnoticed");
    }
}
