//! What must hold in every state, and what must happen in some.

use stateright::Property;

use crate::bounds::{Instant, REMEMBERED_FOR};
use crate::database::RowSet;
use crate::node::{Answered, Node, Phase, Purpose};
use crate::world::{Answer, State, World, is_long_ago};

pub const TAKEN_BACK_MEANS_INACTIVE: &str =
    "no token is judged active more than the bound after its take-back committed";
pub const CUT_OFF_MEANS_UNAVAILABLE: &str =
    "a node that could not reach the database for the bound judges nothing";
pub const INACTIVE_MEANS_TAKEN_BACK: &str = "no token is judged inactive that was not taken back";
pub const REACHED_MEANS_ANSWERED: &str =
    "a node that reaches the database can ask it, and then knows all that was committed";

pub fn of(world: &World) -> Vec<Property<World>> {
    let bounds = &world.bounds;
    let mut properties = vec![
        Property::always(TAKEN_BACK_MEANS_INACTIVE, taken_back_means_inactive),
        Property::always(CUT_OFF_MEANS_UNAVAILABLE, cut_off_means_unavailable),
        Property::always(INACTIVE_MEANS_TAKEN_BACK, inactive_means_taken_back),
        Property::always(REACHED_MEANS_ANSWERED, reached_means_answered),
        Property::sometimes("a token is judged active a while after the start", later_active),
        Property::sometimes("a living token is judged inactive", inactive),
        Property::sometimes("a request that had to ask learns of a take-back", asked_and_learnt),
        Property::sometimes("a request that had to ask gets no answer", asked_in_vain),
    ];
    if bounds.transactions.len() > 1 {
        let name = "a take-back counts before its place is settled";
        properties.push(Property::sometimes(name, counts_before_settled));
    }
    if bounds.outages > 0 {
        let name = "a node is cut off for longer than the bound";
        properties.push(Property::sometimes(name, somebody_cut_off));
    }
    if bounds.restarts > 0 {
        let name = "a node that was restarted knows a take-back again";
        properties.push(Property::sometimes(name, restarted_and_learnt));
    }
    if bounds.clock.last().is_some_and(|last| last.0 > REMEMBERED_FOR) {
        properties.push(Property::sometimes("a take-back is forgotten", forgotten));
    }
    properties
}

fn taken_back_means_inactive(world: &World, state: &State) -> bool {
    let harmless = |token: usize| {
        let mut rows = world.rows.iter().filter(|row| row.token == token);
        rows.all(|row| match state.database.committed_at(row) {
            Some(at) => !is_long_ago(at, state.now),
            None => true,
        })
    };
    state.nodes.iter().all(|node| {
        (0..world.bounds.tokens).all(|token| {
            let at_once = world.answer(state, node, token) == Answer::Active;
            let after_asking = match node.answered {
                Some(Answered::Judged { asked_at, knows }) => {
                    state.lives(token, asked_at) && !world.takes_back(knows, token)
                }
                Some(Answered::Unavailable) | None => false,
            };
            !(at_once || after_asking) || harmless(token)
        })
    })
}

fn cut_off_means_unavailable(world: &World, state: &State) -> bool {
    let silent = |node: &Node| {
        let judged = matches!(node.answered, Some(Answered::Judged { .. }));
        let living = (0..world.bounds.tokens).filter(|token| state.lives(*token, state.now));
        let answers = living.map(|token| world.answer(state, node, token));
        !judged && answers.into_iter().all(|answer| answer == Answer::Unavailable)
    };
    state.nodes.iter().all(|node| !is_cut_off(node, state.now) || silent(node))
}

fn inactive_means_taken_back(world: &World, state: &State) -> bool {
    let visible = state.database.snapshot(&world.rows).visible;
    let knows_truth = |known: RowSet| known.is_subset_of(visible);
    state.nodes.iter().all(|node| {
        let answered = match node.answered {
            Some(Answered::Judged { knows, .. }) => knows_truth(knows),
            Some(Answered::Unavailable) | None => true,
        };
        knows_truth(node.known) && answered
    })
}

/// Asks out of turn in the state as it is, whatever else is under way.
fn reached_means_answered(world: &World, state: &State) -> bool {
    let mut reaching = state.nodes.iter().filter(|node| state.reaches_database(node));
    reaching.all(|node| learns_everything(world, state, node.clone()))
}

fn learns_everything(world: &World, state: &State, mut node: Node) -> bool {
    node.reads.clear();
    node.ask(Purpose::Request, state.now);
    let snapshot = state.database.snapshot(&world.rows);
    while let Some(reading) = node.reads.first_mut() {
        reading.answer = Some(snapshot);
        node.hear(0, state.now, world.ledger(&state.database));
    }
    let Some(Answered::Judged { knows, .. }) = node.answered else { return false };
    (0..world.bounds.tokens)
        .filter(|token| state.lives(*token, state.now))
        .all(|token| world.takes_back(knows, token) == world.takes_back(snapshot.visible, token))
}

fn later_active(world: &World, state: &State) -> bool {
    state.now > Instant(0) && somebody_judges(world, state, Answer::Active)
}

fn inactive(world: &World, state: &State) -> bool {
    somebody_judges(world, state, Answer::Inactive)
}

fn somebody_judges(world: &World, state: &State, answer: Answer) -> bool {
    state.nodes.iter().any(|node| {
        let mut living = (0..world.bounds.tokens).filter(|token| state.lives(*token, state.now));
        living.any(|token| world.answer(state, node, token) == answer)
    })
}

fn asked_and_learnt(_: &World, state: &State) -> bool {
    state.nodes.iter().any(|node| match node.answered {
        Some(Answered::Judged { knows, .. }) => !knows.is_empty(),
        Some(Answered::Unavailable) | None => false,
    })
}

fn asked_in_vain(_: &World, state: &State) -> bool {
    state.nodes.iter().any(|node| node.answered == Some(Answered::Unavailable))
}

fn restarted_and_learnt(world: &World, state: &State) -> bool {
    let restarted = state.restarts_left < world.bounds.restarts;
    restarted && state.nodes.iter().any(|node| !node.known.is_empty())
}

fn somebody_cut_off(_: &World, state: &State) -> bool {
    state.nodes.iter().any(|node| is_cut_off(node, state.now))
}

fn counts_before_settled(world: &World, state: &State) -> bool {
    let settled = state.database.snapshot(&world.rows).settled;
    let beyond = |node: &Node| {
        let mut known = world.ledger(&state.database).visible(node.known);
        known.any(|(_, row)| row.position > settled)
    };
    state.nodes.iter().any(beyond)
}

fn forgotten(world: &World, state: &State) -> bool {
    let settled = |node: &Node| match node.phase {
        Phase::Starting => None,
        Phase::Following { position } => Some(position),
    };
    state.nodes.iter().any(|node| {
        let mut rows =
            world.ledger(&state.database).visible(state.database.snapshot(&world.rows).visible);
        rows.any(|(index, row)| Some(row.position) <= settled(node) && !node.known.contains(index))
    })
}

fn is_cut_off(node: &Node, now: Instant) -> bool {
    node.lost_at.is_some_and(|at| is_long_ago(at, now))
}
