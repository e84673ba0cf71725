//! Telling relying parties that a session ended (OpenID Connect Back-Channel Logout §2.5).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use flows::logout::{after_attempt, logout_token};
use flows::{Fault, Provider};
use identity_core::Clock;
use identity_core::id::DeliveryId;
use node::measure;
use storage::{Change, Commit, LogoutDelivery};
use tokio::task::{self, JoinSet};
use tracing::Instrument as _;

use crate::outbound::Outbound;
use crate::stop::chain;

/// Notices on their way at the same time.
const AT_ONCE: usize = 64;
/// Longer than an attempt takes; a node that dies in between leaves the notice to the others.
const TAKEN_FOR: Duration = Duration::from_mins(1);

/// What came of a round.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pass {
    pub delivered: usize,
    pub failed: usize,
}

/// Sends notices beside each other: a relying party that hangs holds up nobody else. The loop around
/// it belongs to the composition root.
pub struct Courier {
    desk: Desk,
    under_way: JoinSet<Result<Outcome, Fault>>,
    /// Which notice each task carries.
    carried: HashMap<task::Id, DeliveryId>,
}

/// What sending takes.
#[derive(Clone)]
struct Desk {
    provider: Arc<Provider>,
    outbound: Arc<Outbound>,
    clock: Arc<dyn Clock>,
}

impl Courier {
    pub fn new(provider: Arc<Provider>, outbound: Arc<Outbound>, clock: Arc<dyn Clock>) -> Self {
        let desk = Desk { provider, outbound, clock };
        Self { desk, under_way: JoinSet::new(), carried: HashMap::new() }
    }

    /// Sends off what is due and not on its way already, as far as there is room.
    pub async fn take_up(&mut self) -> Result<(), Fault> {
        let now = self.desk.clock.now();
        // Those on their way are still due: asking for as many as may be sent at once finds others.
        let limit = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
        for delivery in self.desk.provider.store.due_logouts(now, limit).await? {
            let known = self.carried.values().any(|carried| *carried == delivery.id);
            if !known && self.carried.len() < AT_ONCE {
                let (desk, id) = (self.desk.clone(), delivery.id);
                let task = self.under_way.spawn(async move {
                    let span = tracing::trace_span!("logout notice");
                    desk.attempt(&delivery).instrument(span).await
                });
                self.carried.insert(task.id(), id);
            }
        }
        Ok(())
    }

    /// Whether so many are on their way that others may be waiting for room.
    pub fn is_full(&self) -> bool {
        self.carried.len() >= AT_ONCE
    }

    /// Waits until one of those on their way arrived or failed; `None` when there is none.
    pub async fn one_done(&mut self) -> Option<Result<Outcome, Fault>> {
        let joined = self.under_way.join_next_with_id().await?;
        let (task, result) = match joined {
            Ok((task, result)) => (task, result),
            Err(cause) => (cause.id(), Err(Fault::Key(format!("a delivery stopped: {cause}")))),
        };
        self.carried.remove(&task);
        Some(result)
    }

    /// Delivers what is due, and waits for what came of it.
    pub async fn deliver_due(&mut self) -> Result<Pass, Fault> {
        let mut pass = Pass::default();
        self.take_up().await?;
        while let Some(done) = self.one_done().await {
            match done? {
                Outcome::Delivered => pass.delivered += 1,
                Outcome::Failed => pass.failed += 1,
                Outcome::TakenByAnother => {}
            }
        }
        Ok(pass)
    }
}

/// What came of one attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Delivered,
    Failed,
    /// Another node is at it.
    TakenByAnother,
}

impl Desk {
    /// No transaction is open while the relying party is spoken to. Several nodes see what is due:
    /// whoever takes it on first delivers it.
    async fn attempt(&self, delivery: &LogoutDelivery) -> Result<Outcome, Fault> {
        let now = self.clock.now();
        let (id, due_at, until) = (delivery.id, delivery.due_at, now.plus(TAKEN_FOR));
        let take = Change::TakeLogout { delivery: id, due_at, until };
        match self.provider.commit(&[take], now).await? {
            Commit::Done => {}
            Commit::Lost(_) => return Ok(Outcome::TakenByAnother),
        }
        let token = logout_token(&self.provider, delivery, self.clock.now())?;
        let answer = self.outbound.post_form(&delivery.uri, &[("logout_token", &token)]).await;
        let client = &delivery.client;
        let outcome = match answer {
            Ok(answer) if (200..300).contains(&answer.status) => Outcome::Delivered,
            Ok(answer) => {
                tracing::warn!(%client, %id, status = answer.status, "logout notice refused");
                Outcome::Failed
            }
            Err(error) => {
                tracing::warn!(%client, %id, cause = %chain(&error), "logout notice not delivered");
                Outcome::Failed
            }
        };
        measure::logout_notice(match outcome {
            Outcome::Delivered => measure::Outcome::Done,
            Outcome::Failed | Outcome::TakenByAnother => measure::Outcome::Refused,
        });
        let now = self.clock.now();
        let change = after_attempt(delivery, outcome == Outcome::Delivered, now);
        self.provider.commit_uncontested(&[change], now).await?;
        Ok(outcome)
    }
}
