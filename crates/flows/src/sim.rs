//! Whether a telephone number moved to another SIM lately (edge case 22; NIST SP 800-63B-4 §3.1.3.3).
//!
//! The operators are asked where something turns on it: before a code by text message is offered, before
//! one is sent, and when a session rests on one. What they said is kept for a minute, so that one page is
//! one question.

use std::time::Duration;

use assurance::policy::UnansweredSignal;
use identity_core::Timestamp;
use identity_core::subject::Profile;
use storage::Slot;

use crate::identifier::address_identifier;
use crate::messages::{Channel, SimSignal};
use crate::provider::Provider;
use crate::refusal::Fault;

/// Answers in the transient store.
const PURPOSE: &str = "sim signal";
const KEPT: Duration = Duration::from_mins(1);

/// What is known of the number in this profile.
pub(crate) async fn signal_of(
    provider: &Provider,
    profile: &Profile,
    now: Timestamp,
) -> Result<SimSignal, Fault> {
    let Some(number) = Channel::Sms.address_of(profile) else { return Ok(SimSignal::Quiet) };
    let id = address_identifier(&provider.settings, number);
    let slot = Slot { purpose: PURPOSE, id: &id };
    let kept = provider.transient.get(slot, now).await?;
    if let Some(signal) = kept.and_then(|kept| serde_json::from_slice(&kept).ok()) {
        return Ok(signal);
    }
    let signal = match provider.messaging.sim_of(number).await {
        // An operator whose clock is ahead says no less than that it moved.
        SimSignal::MovedAt(at) => SimSignal::MovedAt(at.min(now)),
        signal @ (SimSignal::Quiet | SimSignal::Unanswered) => signal,
    };
    provider.transient.put(slot, &serde_json::to_vec(&signal)?, now.plus(KEPT), now).await?;
    Ok(signal)
}

/// Whether a text message to this number is withheld: it moved within the policy's window, or nobody
/// could say and the policy does not take that for a no.
pub(crate) async fn is_withheld(
    provider: &Provider,
    profile: &Profile,
    now: Timestamp,
) -> Result<bool, Fault> {
    let rule = &provider.policy(now)?.sim_swap;
    Ok(match signal_of(provider, profile, now).await? {
        SimSignal::Quiet => false,
        SimSignal::MovedAt(at) => at <= now && now < at.plus(rule.window),
        SimSignal::Unanswered => rule.unanswered == UnansweredSignal::Withhold,
    })
}
