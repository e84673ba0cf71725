//! What speaks against one piece of evidence for ever: it counts for nothing, whatever is asked.

use identity_core::AuthenticationEvidence;
use identity_core::AuthenticatorKind;
use identity_core::authenticator::{AuthenticatorStatus, FactorCategory};
use identity_core::evidence::{AttestationVerdict, BiometricMatch, Check, KeyProtection};

use super::Question;
use crate::reason::ReasonCode;

/// The first ground found; `None` for sound evidence. `among`: all there is, since some proofs need another.
pub(super) fn of(
    item: &AuthenticationEvidence,
    among: &[AuthenticationEvidence],
    question: &Question<'_>,
) -> Option<ReasonCode> {
    if is_withdrawn(item, question) {
        Some(ReasonCode::AuthenticatorWithdrawn(item.kind))
    } else if is_replay(item, among) {
        Some(ReasonCode::Replayed)
    } else if on_compromised_device(item) {
        Some(ReasonCode::DeviceCompromised)
    } else if after_sim_swap(item, question) {
        Some(ReasonCode::SimSwapped)
    } else if item.kind == AuthenticatorKind::IdentityCardChip {
        chip(item, question)
    } else if item.kind.category() == FactorCategory::Inherence {
        biometric(item, among, question)
    } else {
        None
    }
}

/// Proven with an authenticator that was since reported lost or removed (edge case 12). Disabling after
/// failures takes nothing back: the earlier success was real (edge case 20).
fn is_withdrawn(item: &AuthenticationEvidence, question: &Question<'_>) -> bool {
    let status = question.authenticator(item.authenticator).map(|known| known.status);
    status.is_some_and(|status| match status {
        AuthenticatorStatus::Suspended { .. } | AuthenticatorStatus::Removed { .. } => true,
        AuthenticatorStatus::Active
        | AuthenticatorStatus::Pending
        | AuthenticatorStatus::Disabled { .. } => false,
    })
}

/// L12: the same challenge consumed twice is one proof, the earlier. A later copy displaces nothing, and does
/// not rise when the earlier one falls.
fn is_replay(item: &AuthenticationEvidence, among: &[AuthenticationEvidence]) -> bool {
    let Some(own) = &item.binding else { return false };
    among.iter().any(|other| {
        other.subject == item.subject
            && (other.at, other.id) < (item.at, item.id)
            && other.binding.as_ref().is_some_and(|theirs| theirs.replay_key == own.replay_key)
    })
}

fn on_compromised_device(item: &AuthenticationEvidence) -> bool {
    let attestation = item.device_proof.as_ref().and_then(|proof| proof.attestation.as_ref());
    attestation.is_some_and(|attestation| attestation.verdict == AttestationVerdict::Compromised)
}

/// Edge case 22. Judged by when the code was received, so that the end of the window gives nothing back (L2).
fn after_sim_swap(item: &AuthenticationEvidence, question: &Question<'_>) -> bool {
    let window = question.policy.sim_swap.window;
    item.kind == AuthenticatorKind::SmsCode
        && question
            .context
            .history
            .sim_swapped_at
            .is_some_and(|swapped| swapped <= item.at && item.at < swapped.plus(window))
}

/// Without chip authentication a copy of the chip's data would do (ICAO Doc 9303-11 §6).
fn chip(item: &AuthenticationEvidence, question: &Question<'_>) -> Option<ReasonCode> {
    let Some(read) = &item.chip else { return Some(ReasonCode::ChipNotVerified) };
    if read.signed_by_issuer != Check::Passed || read.not_a_copy != Check::Passed {
        return Some(ReasonCode::ChipNotVerified);
    }
    let today = question.now.day_in_viet_nam();
    read.valid_until.filter(|until| *until <= today).map(ReasonCode::CardExpired)
}

/// L5: a comparison counts only at a good enough threshold, with attack detection, and beside a use of a
/// bound device's key in the same transaction.
fn biometric(
    item: &AuthenticationEvidence,
    among: &[AuthenticationEvidence],
    question: &Question<'_>,
) -> Option<ReasonCode> {
    let rule = &question.policy.biometrics;
    let Some(result) = &item.biometric else { return Some(ReasonCode::FalseMatchRateTooHigh) };
    let on_same_device = |other: &AuthenticationEvidence| {
        other.subject == item.subject
            && other.kind.category() == FactorCategory::Possession
            && other.key != KeyProtection::NoKey
            && other.device.is_some()
            && other.device == item.device
            && other.transaction == item.transaction
            && other.at.since(item.at).max(item.at.since(other.at)) <= rule.device_window
            && !on_compromised_device(other)
            && !is_withdrawn(other, question)
            && !is_replay(other, among)
    };
    if contradicts_itself(result, item.kind) {
        Some(ReasonCode::MatchFailed)
    } else if result.false_match_per_billion > rule.false_match_per_billion {
        Some(ReasonCode::FalseMatchRateTooHigh)
    } else if result.presentation_attack != Check::Passed
        && rule.presentation_attack_checked.contains(&item.kind)
    {
        Some(ReasonCode::PadMissing)
    } else if result.injection != Check::Passed {
        Some(ReasonCode::InjectionCheckMissing)
    } else if !among.iter().any(on_same_device) {
        Some(ReasonCode::DeviceUnbound)
    } else {
        None
    }
}

/// A result that its own figures deny: below its threshold, or of another part of the body.
fn contradicts_itself(result: &BiometricMatch, kind: AuthenticatorKind) -> bool {
    result.comparison.as_ref().is_some_and(|comparison| {
        comparison.score < comparison.threshold || comparison.modality != kind
    })
}
