//! Telling relying parties that a session ended (OpenID Connect Back-Channel Logout §2.5).

use std::sync::Arc;

use flows::logout::{after_attempt, logout_token};
use flows::{Fault, Provider};
use identity_core::Clock;
use storage::LogoutDelivery;
use tokio::task::JoinSet;

use crate::outbound::Outbound;
use crate::stop::chain;

/// Notices sent at the same time: one relying party that hangs must not hold up the others.
const AT_ONCE: usize = 16;
/// Notices taken up in one pass.
const PER_PASS: u32 = 256;

/// What one pass did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pass {
    pub delivered: usize,
    pub failed: usize,
}

/// Delivers what is due, once. The loop around it belongs to the composition root: it waits for
/// `provider.notices` or a while, whichever is first.
pub async fn deliver_due(
    provider: &Arc<Provider>,
    outbound: &Arc<Outbound>,
    clock: &Arc<dyn Clock>,
) -> Result<Pass, Fault> {
    let due = provider.store.due_logouts(clock.now(), PER_PASS).await?;
    let mut waiting = due.into_iter();
    let mut running = JoinSet::new();
    let mut pass = Pass::default();
    loop {
        while running.len() < AT_ONCE {
            let Some(delivery) = waiting.next() else { break };
            let (provider, outbound, clock) = (provider.clone(), outbound.clone(), clock.clone());
            running.spawn(async move { attempt(&provider, &outbound, &*clock, &delivery).await });
        }
        match running.join_next().await {
            None => return Ok(pass),
            Some(Ok(Ok(Outcome::Delivered))) => pass.delivered += 1,
            Some(Ok(Ok(Outcome::Failed))) => pass.failed += 1,
            Some(Ok(Err(fault))) => return Err(fault),
            Some(Err(cause)) => return Err(Fault::Key(format!("a delivery stopped: {cause}"))),
        }
    }
}

enum Outcome {
    Delivered,
    Failed,
}

/// No transaction is open while the relying party is spoken to.
async fn attempt(
    provider: &Provider,
    outbound: &Outbound,
    clock: &dyn Clock,
    delivery: &LogoutDelivery,
) -> Result<Outcome, Fault> {
    let token = logout_token(provider, delivery, clock.now())?;
    let answer = outbound.post_form(&delivery.uri, &[("logout_token", &token)]).await;
    let (client, id) = (&delivery.client, delivery.id);
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
    let now = clock.now();
    let change = after_attempt(delivery, matches!(outcome, Outcome::Delivered), now);
    provider.commit_uncontested(&[change], now).await?;
    Ok(outcome)
}
