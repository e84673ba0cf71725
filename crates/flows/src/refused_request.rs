//! What was refused leaves one event, within a budget that a flood of garbage cannot exceed.
//!
//! Whoever sends nonsense must not be able to make this provider write without end (ADR 0014).
//! Refused logins are not counted here: they have a throttle and an event of their own.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use identity_core::{ClientId, EventKind, SecurityEvent, Timestamp};
use storage::{Change, TransientStore};

use crate::provider::Provider;
use crate::refusal::Fault;

/// A refusal worth remembering.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedRequest {
    /// The registered error code, or the name of the page that was shown.
    pub code: String,
    /// A fixed sentence of ours; nothing the sender wrote.
    pub reason: String,
    /// The client it concerns; absent where the client could not prove who it is.
    pub client: Option<ClientId>,
}

/// Two hundred at once and twenty a second after that make this many in ten seconds.
const SHARED_LIMIT: u64 = 400;
const SHARED_WINDOW: Duration = Duration::from_secs(10);

/// Of one node: at most twenty events a second, and two hundred at once: the generic cell rate algorithm, in one
/// number.
#[derive(Default)]
pub struct RefusalBudget {
    /// When everything spent so far is paid off, in milliseconds since 1970.
    paid_off_at: AtomicI64,
}

impl RefusalBudget {
    const EACH_MILLIS: i64 = 50;
    const BURST: i64 = 200;

    fn spend(&self, now: Timestamp) -> bool {
        let now = now.unix_millis();
        let spent = self.paid_off_at.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |at| {
            let next = at.max(now) + Self::EACH_MILLIS;
            (next - now <= Self::EACH_MILLIS * Self::BURST).then_some(next)
        });
        spent.is_ok()
    }
}

/// Records the refusal, or nothing when the budget is spent: the log has its line in any case.
pub async fn record(
    provider: &Provider,
    refused: &RefusedRequest,
    now: Timestamp,
) -> Result<(), Fault> {
    if !budget_covers(provider, now).await {
        return Ok(());
    }
    let (code, reason) = (refused.code.clone(), refused.reason.clone());
    let kind = EventKind::RequestRefused { code, reason, decision: None };
    let mut event = SecurityEvent::new(kind, now, provider.entropy.as_ref());
    event.client.clone_from(&refused.client);
    provider.commit_uncontested(&[Change::Append(Box::new(event))], now).await
}

/// Spends one refusal, of this node's budget and of all nodes'.
pub(crate) async fn budget_covers(provider: &Provider, now: Timestamp) -> bool {
    let covers = provider.refusals.spend(now)
        && shared_budget_covers(provider.transient.as_ref(), now).await;
    if !covers {
        tracing::debug!("refusal not recorded: too many of them");
    }
    covers
}

/// All nodes together may record as much as one node alone can in the same time. Asked second, so
/// that a flood costs no question once this node's own budget is spent; where nobody answers, the
/// own budget decides alone.
async fn shared_budget_covers(transient: &dyn TransientStore, now: Timestamp) -> bool {
    match transient.count("refusals recorded", "", SHARED_WINDOW, now).await {
        Ok(count) => count <= SHARED_LIMIT,
        Err(error) => {
            tracing::debug!(%error, "the other nodes' refusals are not known");
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use storage::memory::MemoryTransientStore;

    use super::*;

    #[test]
    fn a_flood_is_recorded_two_hundred_times_and_then_twenty_times_a_second() {
        // ATK-142
        let budget = RefusalBudget::default();
        let start = Timestamp::from_unix_seconds(1_790_000_000);
        let spend = |now, tries| (0..tries).filter(|_| budget.spend(now)).count();
        assert_eq!(spend(start, 10_000), 200);
        assert_eq!(spend(start.plus(Duration::from_secs(1)), 10_000), 20);
        assert_eq!(spend(start.plus(Duration::from_mins(1)), 10_000), 200);
    }

    #[tokio::test]
    async fn ten_nodes_in_a_flood_record_no_more_than_one_could() {
        // ATK-142
        let start = Timestamp::from_unix_seconds(1_790_000_000);
        let shared = MemoryTransientStore::new(start);
        let mut recorded = 0;
        for node in std::iter::repeat_with(RefusalBudget::default).take(10) {
            for millis in 0..10_000 {
                let now = start.plus(Duration::from_millis(millis));
                recorded += u32::from(node.spend(now) && shared_budget_covers(&shared, now).await);
            }
        }
        assert_eq!(recorded, 400);
    }

    #[tokio::test]
    async fn a_node_whose_transient_store_is_away_records_by_its_own_budget() {
        let start = Timestamp::from_unix_seconds(1_790_000_000);
        let full = MemoryTransientStore::with_capacity(start, 0);
        assert!(full.count("any", "", SHARED_WINDOW, start).await.is_err());
        assert!(shared_budget_covers(&full, start).await);
    }
}
