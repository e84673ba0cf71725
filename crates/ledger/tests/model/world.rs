//! Database and nodes together, and everything that can happen to them.

use stateright::{Model, Property};

use crate::bounds::{BOUND, Bounds, Instant, Mutant, Sealing, TOKEN_LIFE};
use crate::database::{Database, Power, Row, RowSet, Transaction, rows};
use crate::node::{Ledger, Link, Node, Purpose};
use crate::properties;

pub struct World {
    pub bounds: Bounds,
    pub mutant: Option<Mutant>,
    pub rows: Vec<Row>,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct State {
    pub now: Instant,
    /// When each token was issued.
    pub sealed: Vec<Option<Instant>>,
    pub database: Database,
    pub nodes: Vec<Node>,
    pub outages_left: u8,
    pub restarts_left: u8,
}

/// Nodes, reads, tokens and transactions by index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// To the next instant that there is.
    Pass,
    Database(InDatabase),
    Node {
        node: usize,
        does: AtNode,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InDatabase {
    Seal {
        token: usize,
    },
    /// A transaction takes its id and writes its rows.
    Begin,
    Commit {
        transaction: usize,
    },
    RollBack {
        transaction: usize,
    },
    Crash,
    Recover,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtNode {
    Ask(Purpose),
    /// The database takes its snapshot for this read; the answer leaves.
    Serve {
        read: usize,
    },
    Deliver {
        read: usize,
    },
    Lose {
        read: usize,
    },
    Restart,
    Cut,
    Heal,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Active,
    Inactive,
    /// 503 at once, or after asking a database that does not answer.
    Unavailable,
}

impl World {
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, mutant: None, rows: rows(&bounds) }
    }

    pub fn with(bounds: Bounds, mutant: Mutant) -> Self {
        Self { mutant: Some(mutant), ..Self::new(bounds) }
    }

    pub fn initial(&self) -> State {
        let sealed = match self.bounds.sealing {
            Sealing::Before => Some(Instant(0)),
            Sealing::AnyTime => None,
        };
        State {
            now: Instant(0),
            sealed: vec![sealed; self.bounds.tokens],
            database: Database::empty(),
            nodes: vec![Node::starting(); self.bounds.nodes],
            outages_left: self.bounds.outages,
            restarts_left: self.bounds.restarts,
        }
    }

    /// What a node answers at once, without asking.
    pub fn answer(&self, state: &State, node: &Node, token: usize) -> Answer {
        if !state.lives(token, state.now) {
            return Answer::Inactive;
        }
        let may_judge =
            node.is_current(state.now) || self.mutant == Some(Mutant::AnswersThoughStale);
        if may_judge { self.verdict(node.known, token) } else { Answer::Unavailable }
    }

    /// Of a living token, by who knows these rows.
    pub fn verdict(&self, known: RowSet, token: usize) -> Answer {
        if self.takes_back(known, token) { Answer::Inactive } else { Answer::Active }
    }

    pub fn takes_back(&self, known: RowSet, token: usize) -> bool {
        let mut rows = self.rows.iter().enumerate();
        rows.any(|(index, row)| row.token == token && known.contains(index))
    }

    pub fn ledger<'a>(&'a self, database: &'a Database) -> Ledger<'a> {
        Ledger { rows: &self.rows, database, limit: self.bounds.limit, mutant: self.mutant }
    }

    fn next_instant(&self, now: Instant) -> Option<Instant> {
        self.bounds.clock.iter().copied().find(|instant| *instant > now)
    }

    fn in_database(&self, state: &State) -> Vec<InDatabase> {
        if state.database.power == Power::Down {
            return vec![InDatabase::Recover];
        }
        let mut possible = Vec::new();
        if state.outages_left > 0 {
            possible.push(InDatabase::Crash);
        }
        let visible = state.database.snapshot(&self.rows).visible;
        for (token, sealed) in state.sealed.iter().enumerate() {
            if sealed.is_none() && !self.takes_back(visible, token) {
                possible.push(InDatabase::Seal { token });
            }
        }
        if state.database.transactions.len() < self.bounds.transactions.len() {
            possible.push(InDatabase::Begin);
        }
        for (transaction, it) in state.database.transactions.iter().enumerate() {
            if let Transaction::Open { at } = it {
                possible.push(InDatabase::RollBack { transaction });
                if state.now.since(*at) < self.bounds.commits_within {
                    possible.push(InDatabase::Commit { transaction });
                }
            }
        }
        possible
    }

    fn at_node(&self, state: &State, node: &Node) -> Vec<AtNode> {
        let mut possible = Vec::new();
        for (read, reading) in node.reads.iter().enumerate() {
            possible.push(AtNode::Lose { read });
            match reading.answer {
                None if state.reaches_database(node) => possible.push(AtNode::Serve { read }),
                Some(_) if node.link == Link::Up => possible.push(AtNode::Deliver { read }),
                None | Some(_) => {}
            }
        }
        if node.reads.len() < self.bounds.reads {
            possible.push(AtNode::Ask(Purpose::Following));
            if !node.is_current(state.now) {
                possible.push(AtNode::Ask(Purpose::Request));
            }
        }
        if state.restarts_left > 0 {
            possible.push(AtNode::Restart);
        }
        match node.link {
            Link::Up if state.outages_left > 0 => possible.push(AtNode::Cut),
            Link::Up => {}
            Link::Cut => possible.push(AtNode::Heal),
        }
        possible
    }

    fn do_in_database(state: &mut State, action: InDatabase) -> Option<()> {
        let transactions = &mut state.database.transactions;
        match action {
            InDatabase::Seal { token } => *state.sealed.get_mut(token)? = Some(state.now),
            InDatabase::Begin => transactions.push(Transaction::Open { at: state.now }),
            InDatabase::Commit { transaction } => {
                let it = transactions.get_mut(transaction)?;
                let Transaction::Open { at } = *it else { return None };
                *it = Transaction::Committed { at, committed_at: state.now };
            }
            InDatabase::RollBack { transaction } => {
                *transactions.get_mut(transaction)? = Transaction::RolledBack;
            }
            InDatabase::Crash => {
                state.outages_left -= 1;
                state.database.crash();
            }
            InDatabase::Recover => state.database.power = Power::Up,
        }
        Some(())
    }

    fn do_at_node(&self, state: &mut State, node: usize, does: AtNode) -> Option<()> {
        let node = state.nodes.get_mut(node)?;
        match does {
            AtNode::Ask(purpose) => node.ask(purpose, state.now),
            AtNode::Serve { read } => {
                node.reads.get_mut(read)?.answer = Some(state.database.snapshot(&self.rows));
            }
            AtNode::Deliver { read } => {
                node.hear(read, state.now, self.ledger(&state.database));
            }
            AtNode::Lose { read } => node.lose(read),
            AtNode::Restart => {
                state.restarts_left -= 1;
                *node = Node { link: node.link, lost_at: node.lost_at, ..Node::starting() };
            }
            AtNode::Cut => {
                state.outages_left -= 1;
                node.link = Link::Cut;
            }
            AtNode::Heal => node.link = Link::Up,
        }
        Some(())
    }
}

impl State {
    /// Issued and not expired.
    pub fn lives(&self, token: usize, now: Instant) -> bool {
        let issued_at = self.sealed.get(token).copied().flatten();
        issued_at.is_some_and(|at| at <= now && now.since(at) < TOKEN_LIFE)
    }

    pub fn reaches_database(&self, node: &Node) -> bool {
        node.link == Link::Up && self.database.power == Power::Up
    }

    fn note_what_is_reached(&mut self) {
        for node in &mut self.nodes {
            let reached = node.link == Link::Up && self.database.power == Power::Up;
            node.lost_at = if reached { None } else { node.lost_at.or(Some(self.now)) };
        }
    }

    /// Which node is which makes no difference.
    pub fn with_nodes_in_order(&self) -> Self {
        let mut state = self.clone();
        state.nodes.sort_unstable();
        state
    }
}

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.initial()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if self.next_instant(state.now).is_some() {
            actions.push(Action::Pass);
        }
        actions.extend(self.in_database(state).into_iter().map(Action::Database));
        for (node, it) in state.nodes.iter().enumerate() {
            let possible = self.at_node(state, it).into_iter();
            actions.extend(possible.map(|does| Action::Node { node, does }));
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        for node in &mut state.nodes {
            node.answered = None;
        }
        match action {
            Action::Pass => {
                state.now = self.next_instant(state.now)?;
                if self.mutant != Some(Mutant::WaitsForAnyAnswer) {
                    state.nodes.iter_mut().for_each(|node| node.give_up(state.now));
                }
            }
            Action::Database(action) => Self::do_in_database(&mut state, action)?,
            Action::Node { node, does } => self.do_at_node(&mut state, node, does)?,
        }
        state.note_what_is_reached();
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self)
    }
}

/// Long enough ago that everybody must know.
pub fn is_long_ago(at: Instant, now: Instant) -> bool {
    now.since(at) >= BOUND
}
