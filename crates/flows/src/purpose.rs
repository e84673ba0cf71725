//! What a request is for, in the words of the policy.

use std::collections::BTreeSet;

use assurance::{DeviceNovelty, Purpose, Transaction};
use identity_core::{RelyingParty, Timestamp, TransactionDetails};
use protocol::AuthorizationRequest;

use crate::provider::Provider;
use crate::refusal::Fault;

pub(crate) fn scopes_of(request: Option<&AuthorizationRequest>) -> BTreeSet<String> {
    let scopes = request.into_iter().flat_map(|request| request.scope.iter());
    scopes.map(|scope| scope.as_str().to_owned()).collect()
}

pub(crate) fn details_of(request: Option<&AuthorizationRequest>) -> Option<&TransactionDetails> {
    request.and_then(|request| request.transaction.as_ref())
}

/// What the relying party is registered with, its scopes and its transaction need; the policy's base stands
/// under all.
pub(crate) fn purpose_of(
    party: Option<&RelyingParty>,
    scopes: &BTreeSet<String>,
    details: Option<&TransactionDetails>,
) -> Purpose {
    let registered = |party: &RelyingParty| Purpose {
        requirement: party.requirement.clone(),
        scopes: scopes & &party.scopes,
        procedure: details.and_then(|details| details.procedure.clone()),
        transaction: details.map(transaction_of),
        ..Purpose::default()
    };
    party.map(registered).unwrap_or_default()
}

/// As the engine looks at it. Who does not say what else was moved today moved at least this.
fn transaction_of(details: &TransactionDetails) -> Transaction {
    Transaction {
        kind: details.kind.clone(),
        amount: details.amount,
        day_total: details.day_total.unwrap_or(details.amount),
        device: if details.known_device { DeviceNovelty::Known } else { DeviceNovelty::New },
    }
}

/// Whether the policy in force has words for what this request is about.
pub(crate) fn names_are_known(
    provider: &Provider,
    request: &AuthorizationRequest,
    now: Timestamp,
) -> Result<bool, Fault> {
    let Some(details) = &request.transaction else { return Ok(true) };
    let purpose = Purpose {
        procedure: details.procedure.clone(),
        transaction: Some(transaction_of(details)),
        ..Purpose::default()
    };
    Ok(provider.policy(now)?.requirement_for(&purpose).is_ok())
}
