//! Decisions for relying parties as the ledger keeps them, and taken again.
//!
//! A permit travels sealed in the code and is written with the grant's event: it costs no transaction. What
//! refuses a relying party leaves an event of its own, within the budget of refusals.

use assurance::{Decision, DecisionRequest, KeptDecision, Policy, Purpose, conclusion};
use identity_core::{
    EventKind, RecordedDecision, RelyingParty, SecurityEvent, SubjectId, Timestamp, compact,
};
use jose::digest::sha256;
use storage::Change;

use crate::provider::Provider;
use crate::refusal::Fault;
use crate::refused_request::budget_covers;

/// Under which code a refusal that rests on a decision stands in the ledger.
pub const NOT_SURE_ENOUGH: &str = "not_sure_enough";

pub(crate) fn recorded(
    request: &DecisionRequest<'_>,
    purpose: Purpose,
    policy: &Policy,
    now: Timestamp,
) -> RecordedDecision {
    let kept = KeptDecision::of(request, purpose, policy, now, digest);
    RecordedDecision(compact::to_bytes(&kept))
}

/// `None` for what a later release wrote in a way unknown here.
pub fn read(recorded: &RecordedDecision) -> Option<KeptDecision> {
    compact::from_bytes(&recorded.0)
}

/// Whether `decision` is, bit for bit, the one that was recorded.
pub fn is_the_same(kept: &KeptDecision, decision: &Decision) -> bool {
    kept.came_to == digest(&conclusion(decision))
}

fn digest(conclusion: &[u8]) -> [u8; 16] {
    let whole = sha256(conclusion);
    whole.first_chunk().copied().unwrap_or_default()
}

/// A relying party did not get what it asked for, because of who the person could prove to be.
pub(crate) async fn record_refusal(
    provider: &Provider,
    party: &RelyingParty,
    subject: SubjectId,
    decision: Option<RecordedDecision>,
    now: Timestamp,
) -> Result<(), Fault> {
    if decision.is_none() || !budget_covers(provider, now).await {
        return Ok(());
    }
    let reason = "the assurance does not suffice".to_owned();
    let kind = EventKind::RequestRefused { code: NOT_SURE_ENOUGH.to_owned(), reason, decision };
    let event = SecurityEvent::new(kind, now, provider.entropy.as_ref());
    let event = event.about(subject).at_client(&party.client_id);
    provider.commit_uncontested(&[Change::Append(Box::new(event))], now).await
}
