//! Evidence becomes events: only what counts now, reduced to what the rules look at.

use identity_core::authenticator::{AuthenticatorStatus, FactorCategory};
use identity_core::evidence::{Check, Intent, KeyProtection, PhishingResistance};
use identity_core::{
    AuthenticationEvidence, Authenticator, AuthenticatorKind, SubjectId, Timestamp,
};

use crate::levels::{Aal, VnAuthenticationLevel};
use crate::policy::Policy;
use crate::reason::ReasonCode;

/// A set of factor categories. Two possessions are one category (L3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Categories(u8);

pub(crate) const CATEGORIES: [FactorCategory; 3] =
    [FactorCategory::Knowledge, FactorCategory::Possession, FactorCategory::Inherence];

impl Categories {
    pub const NONE: Self = Self(0);

    pub const fn only(category: FactorCategory) -> Self {
        Self(match category {
            FactorCategory::Knowledge => 1,
            FactorCategory::Possession => 2,
            FactorCategory::Inherence => 4,
        })
    }

    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub const fn has(self, category: FactorCategory) -> bool {
        self.0 & Self::only(category).0 != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }

    pub fn iter(self) -> impl Iterator<Item = FactorCategory> {
        CATEGORIES.into_iter().filter(move |category| self.has(*category))
    }
}

impl FromIterator<Self> for Categories {
    fn from_iter<I: IntoIterator<Item = Self>>(sets: I) -> Self {
        sets.into_iter().fold(Self::NONE, Self::with)
    }
}

/// One use of one authenticator that counts now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Event {
    pub kind: AuthenticatorKind,
    pub categories: Categories,
    pub at: Timestamp,
    /// The highest levels it may contribute to (policy, by kind).
    pub vn_at_most: VnAuthenticationLevel,
    pub aal_at_most: Aal,
    pub phishing: PhishingResistance,
    pub key: KeyProtection,
    pub intent: Intent,
    pub on_bound_device: bool,
    /// Zero when unknown: what was not recorded was not met (L13).
    pub password_length: u16,
}

impl Event {
    /// The traits of one use, before its biometric side is judged.
    fn new(evidence: &AuthenticationEvidence, policy: &Policy) -> Self {
        let own = Categories::only(evidence.kind.category());
        // L4: a second category only where a key could report that the device verified it.
        let second = match (evidence.key, evidence.verified_by_device) {
            (KeyProtection::NoKey, _) | (_, None) => Categories::NONE,
            (_, Some(category)) => Categories::only(category),
        };
        let caps = policy.kind(evidence.kind);
        Self {
            kind: evidence.kind,
            categories: own.with(second),
            at: evidence.at,
            vn_at_most: caps.vn_at_most,
            // L6: a key that a sync fabric copies does not carry AAL3.
            aal_at_most: match evidence.key {
                KeyProtection::Synced => caps.aal_at_most.min(Aal::Aal2),
                KeyProtection::NoKey | KeyProtection::Software | KeyProtection::Hardware => {
                    caps.aal_at_most
                }
            },
            phishing: evidence.phishing,
            key: evidence.key,
            intent: evidence.intent,
            on_bound_device: evidence.device.is_some() && evidence.key != KeyProtection::NoKey,
            password_length: evidence.password_length.unwrap_or(0),
        }
    }

    /// The least that one more successful use of `authenticator` would prove: what step-up may promise.
    pub fn simulated(
        authenticator: &Authenticator,
        policy: &Policy,
        now: Timestamp,
    ) -> Option<Self> {
        let (key, phishing) = match authenticator.kind {
            AuthenticatorKind::Password
            | AuthenticatorKind::Totp
            | AuthenticatorKind::RecoveryCode
            | AuthenticatorKind::SmsCode
            | AuthenticatorKind::EmailCode
            | AuthenticatorKind::TemporaryCode => (KeyProtection::NoKey, PhishingResistance::None),
            AuthenticatorKind::Passkey => (KeyProtection::Synced, PhishingResistance::Resistant),
            AuthenticatorKind::App => (KeyProtection::Software, PhishingResistance::None),
            AuthenticatorKind::IdentityCardChip => {
                (KeyProtection::Hardware, PhishingResistance::None)
            }
            // A comparison counts only with its device and its measured quality (L5): not foreseeable.
            AuthenticatorKind::Face
            | AuthenticatorKind::Fingerprint
            | AuthenticatorKind::Iris
            | AuthenticatorKind::Voice => return None,
        };
        let caps = policy.kind(authenticator.kind);
        Some(Self {
            kind: authenticator.kind,
            categories: Categories::only(authenticator.kind.category()),
            at: now,
            vn_at_most: caps.vn_at_most,
            aal_at_most: caps.aal_at_most,
            phishing,
            key,
            intent: Intent::Shown,
            on_bound_device: false,
            password_length: authenticator.password_length.unwrap_or(0),
        })
    }

    pub const fn shows_intent(&self) -> bool {
        matches!(self.intent, Intent::Shown)
    }

    pub const fn resists_phishing(&self) -> bool {
        matches!(self.phishing, PhishingResistance::Resistant)
            && self.categories.has(FactorCategory::Possession)
    }

    /// The device itself verified this second category.
    pub fn activated_by(&self, category: FactorCategory) -> bool {
        self.kind.category() != category && self.categories.has(category)
    }
}

/// What counts now, newest first, and why the rest does not.
pub(crate) struct Counted {
    pub events: Vec<Event>,
    pub reasons: Vec<ReasonCode>,
}

/// Reads the evidence of one subject at one instant. Evidence of somebody else, or from a future beyond
/// the clocks' tolerance, is no evidence at all.
pub(crate) fn count(
    evidence: &[AuthenticationEvidence],
    subject: SubjectId,
    policy: &Policy,
    now: Timestamp,
) -> Counted {
    let mut events = Vec::with_capacity(evidence.len());
    let mut reasons = Vec::new();
    let received_by = now.plus(policy.evidence_life.clock_tolerance);
    let known = evidence.iter().filter(|item| item.subject == subject && item.at <= received_by);
    for item in known {
        match biometric_fault(item, evidence, policy) {
            Some(fault) => reasons.push(fault),
            None => events.push(Event::new(item, policy)),
        }
    }
    events.sort_unstable_by_key(|event| std::cmp::Reverse((event.at, event.kind)));
    let life = &policy.evidence_life;
    retain_fresh(
        &mut events,
        &mut reasons,
        now,
        |category| Some(life.of(category)),
        |at, limit| now < at.plus(limit),
    );
    Counted { events, reasons }
}

/// Takes from every event the categories that are no longer fresh, and drops events left with none. Says of
/// every category lost thereby how old its newest proof was.
pub(crate) fn retain_fresh(
    events: &mut Vec<Event>,
    reasons: &mut Vec<ReasonCode>,
    now: Timestamp,
    limit_of: impl Fn(FactorCategory) -> Option<std::time::Duration>,
    fresh: impl Fn(Timestamp, std::time::Duration) -> bool,
) {
    let newest = CATEGORIES.map(|category| {
        (category, events.iter().filter(|e| e.categories.has(category)).map(|e| e.at).max())
    });
    let is_fresh = |at, category| limit_of(category).is_none_or(|limit| fresh(at, limit));
    events.retain_mut(|event| {
        let kept = event.categories.iter().filter(|category| is_fresh(event.at, *category));
        event.categories = kept.map(Categories::only).collect();
        !event.categories.is_empty()
    });
    for (category, at) in newest {
        let Some((at, limit)) = at.zip(limit_of(category)) else { continue };
        if !fresh(at, limit) {
            reasons.push(ReasonCode::Stale {
                category,
                age_seconds: now.since(at).as_secs(),
                limit_seconds: limit.as_secs(),
            });
        }
    }
}

/// Removes what was proven with authenticators that were since reported lost or removed (edge case 12).
/// Disabling after failures takes nothing back: the earlier success was real (edge case 20).
pub(crate) fn standing<'a>(
    evidence: &'a [AuthenticationEvidence],
    authenticators: &'a [Authenticator],
    reasons: &mut Vec<ReasonCode>,
) -> std::borrow::Cow<'a, [AuthenticationEvidence]> {
    let withdrawn = |item: &AuthenticationEvidence| {
        authenticators.iter().any(|authenticator| {
            authenticator.id == item.authenticator
                && match authenticator.status {
                    AuthenticatorStatus::Suspended { .. } | AuthenticatorStatus::Removed { .. } => {
                        true
                    }
                    AuthenticatorStatus::Active
                    | AuthenticatorStatus::Pending
                    | AuthenticatorStatus::Disabled { .. } => false,
                }
        })
    };
    if !evidence.iter().any(withdrawn) {
        return evidence.into();
    }
    let (gone, kept): (Vec<_>, Vec<_>) = evidence.iter().cloned().partition(withdrawn);
    reasons.extend(gone.iter().map(|item| ReasonCode::AuthenticatorWithdrawn(item.kind)));
    kept.into()
}

/// L5: a comparison counts only at a good enough threshold, with attack detection, and beside a use of a
/// bound device's key in the same transaction. `None` for everything that is no comparison.
fn biometric_fault(
    item: &AuthenticationEvidence,
    evidence: &[AuthenticationEvidence],
    policy: &Policy,
) -> Option<ReasonCode> {
    if item.kind.category() != FactorCategory::Inherence {
        return None;
    }
    let rule = &policy.biometrics;
    let on_same_device = |other: &&AuthenticationEvidence| {
        other.subject == item.subject
            && other.kind.category() == FactorCategory::Possession
            && other.key != KeyProtection::NoKey
            && other.device.is_some()
            && other.device == item.device
            && other.transaction == item.transaction
            && other.at.since(item.at).max(item.at.since(other.at)) <= rule.device_window
    };
    let Some(result) = &item.biometric else { return Some(ReasonCode::FalseMatchRateTooHigh) };
    if result.false_match_per_billion > rule.false_match_per_billion {
        Some(ReasonCode::FalseMatchRateTooHigh)
    } else if result.presentation_attack != Check::Passed
        && rule.presentation_attack_checked.contains(&item.kind)
    {
        Some(ReasonCode::PadMissing)
    } else if result.injection != Check::Passed {
        Some(ReasonCode::InjectionCheckMissing)
    } else if !evidence.iter().any(|other| on_same_device(&other)) {
        Some(ReasonCode::DeviceUnbound)
    } else {
        None
    }
}
