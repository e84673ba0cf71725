//! Evidence becomes events: only what counts now, reduced to what the rules look at.

mod fault;

use identity_core::authenticator::FactorCategory;
use identity_core::evidence::{
    AttestationVerdict, DeviceProof, Intent, KeyProtection, PhishingResistance, Presentation,
};
use identity_core::{
    AuthenticationEvidence, Authenticator, AuthenticatorId, AuthenticatorKind, SubjectId, Timestamp,
};

use crate::evaluate::Context;
use crate::levels::{Aal, VnAuthenticationLevel};
use crate::policy::{BarcodeReading, Policy};
use crate::reason::ReasonCode;

/// A set of factor categories. Two possessions are one category (L3).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
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

    fn keeping(self, kept: impl Fn(FactorCategory) -> bool) -> Self {
        self.iter().filter(|category| kept(*category)).map(Self::only).collect()
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
    /// As the decree counts them, which differs for barcodes where the policy reads it literally.
    pub decree: Categories,
    pub at: Timestamp,
    /// The highest levels it may contribute to (policy, by kind).
    pub vn_at_most: VnAuthenticationLevel,
    pub aal_at_most: Aal,
    pub phishing: PhishingResistance,
    pub key: KeyProtection,
    pub intent: Intent,
    pub on_bound_device: bool,
    pub on_attested_device: bool,
    /// Given for the transaction in question and no other (L12).
    pub for_transaction: bool,
    /// Since when authenticator and device are bound; unknown is never long enough ago (L13).
    pub bound_at: Option<Timestamp>,
    /// Zero when unknown: what was not recorded was not met (L13).
    pub password_length: u16,
}

impl Event {
    /// The traits of one use that nothing speaks against.
    fn new(evidence: &AuthenticationEvidence, question: &Question<'_>) -> Self {
        let own = Categories::only(evidence.kind.category());
        // L4: a second category only where a key could report that the device verified it.
        let second = match (evidence.key, evidence.verified_by_device) {
            (KeyProtection::NoKey, _) | (_, None) => Categories::NONE,
            (_, Some(category)) => Categories::only(category),
        };
        let categories = own.with(second);
        let caps = question.policy.kind(evidence.kind);
        let attested = |proof: &DeviceProof| {
            proof.attestation.as_ref().is_some_and(|attestation| {
                attestation.verdict == AttestationVerdict::Genuine
                    && attestation.in_force(question.now)
            })
        };
        let on_bound_device = evidence.device.is_some() && evidence.key != KeyProtection::NoKey;
        let device = evidence.device_proof.as_ref();
        Self {
            kind: evidence.kind,
            categories,
            decree: categories.with(literal_barcode(evidence, question.policy)),
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
            on_bound_device,
            on_attested_device: on_bound_device && device.is_some_and(attested),
            for_transaction: question.context.transaction.is_some()
                && evidence.transaction.as_deref() == question.context.transaction,
            bound_at: question
                .authenticator(evidence.authenticator)
                .map(|known| device.map_or(known.bound_at, |d| known.bound_at.max(d.bound_at))),
            password_length: evidence.password_length.unwrap_or(0),
        }
    }

    /// The least that one more successful use of `authenticator` would prove: what step-up may promise. A
    /// comparison counts only beside a device (L5), which the search for options sees to.
    pub fn simulated(authenticator: &Authenticator, question: &Question<'_>) -> Self {
        let (key, phishing) = match authenticator.kind {
            AuthenticatorKind::Password
            | AuthenticatorKind::Totp
            | AuthenticatorKind::RecoveryCode
            | AuthenticatorKind::SmsCode
            | AuthenticatorKind::EmailCode
            | AuthenticatorKind::TemporaryCode
            | AuthenticatorKind::Face
            | AuthenticatorKind::Fingerprint
            | AuthenticatorKind::Iris
            | AuthenticatorKind::Voice => (KeyProtection::NoKey, PhishingResistance::None),
            AuthenticatorKind::Passkey => (KeyProtection::Synced, PhishingResistance::Resistant),
            AuthenticatorKind::App => (KeyProtection::Software, PhishingResistance::None),
            AuthenticatorKind::IdentityCardChip => {
                (KeyProtection::Hardware, PhishingResistance::None)
            }
        };
        let caps = question.policy.kind(authenticator.kind);
        let categories = Categories::only(authenticator.kind.category());
        Self {
            kind: authenticator.kind,
            categories,
            decree: categories,
            at: question.now,
            vn_at_most: caps.vn_at_most,
            aal_at_most: caps.aal_at_most,
            phishing,
            key,
            intent: Intent::Shown,
            on_bound_device: authenticator.kind == AuthenticatorKind::App,
            on_attested_device: false,
            // A new proof can always be given for the transaction at hand.
            for_transaction: question.context.transaction.is_some(),
            bound_at: Some(authenticator.bound_at),
            password_length: authenticator.password_length.unwrap_or(0),
        }
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

/// Decree 69/2024 art. 20 counts the barcode as knowledge. Where the policy takes it at its word, a scanned
/// barcode adds that factor to the key behind it, on the decree's ladder alone.
fn literal_barcode(evidence: &AuthenticationEvidence, policy: &Policy) -> Categories {
    match (policy.barcode.decree_counts_as, evidence.presentation, evidence.key) {
        (BarcodeReading::Possession, _, _)
        | (_, Presentation::Direct, _)
        | (_, _, KeyProtection::NoKey) => Categories::NONE,
        (BarcodeReading::Knowledge, Presentation::Barcode, _) => {
            Categories::only(FactorCategory::Knowledge)
        }
    }
}

/// Everything that evidence of one subject is read against.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub subject: SubjectId,
    pub context: &'a Context<'a>,
    /// Empty where only levels are asked for: then nothing is known of their age.
    pub authenticators: &'a [Authenticator],
    pub policy: &'a Policy,
    pub now: Timestamp,
}

impl Question<'_> {
    fn authenticator(&self, id: AuthenticatorId) -> Option<&Authenticator> {
        self.authenticators.iter().find(|known| known.id == id)
    }
}

/// What counts now, newest first, and why the rest does not.
pub(crate) struct Counted {
    pub events: Vec<Event>,
    pub reasons: Vec<ReasonCode>,
}

/// Reads the evidence of one subject at one instant. Evidence of somebody else, or from a future beyond
/// the clocks' tolerance, is no evidence at all.
pub(crate) fn count(evidence: &[AuthenticationEvidence], question: &Question<'_>) -> Counted {
    let mut events = Vec::with_capacity(evidence.len());
    let mut reasons = Vec::new();
    let life = &question.policy.evidence_life;
    let received_by = question.now.plus(life.clock_tolerance);
    let mine =
        |item: &AuthenticationEvidence| item.subject == question.subject && item.at <= received_by;
    for item in evidence.iter().filter(|item| mine(item)) {
        match fault::of(item, evidence, question) {
            Some(fault) => reasons.push(fault),
            None => events.push(Event::new(item, question)),
        }
    }
    events.sort_unstable_by_key(|event| std::cmp::Reverse((event.at, event.kind)));
    retain_fresh(
        &mut events,
        &mut reasons,
        question.now,
        |category| Some(life.of(category)),
        |at, limit| question.now < at.plus(limit),
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
        let shows = |event: &&Event| event.categories.with(event.decree).has(category);
        (category, events.iter().filter(shows).map(|event| event.at).max())
    });
    let is_fresh = |at, category| limit_of(category).is_none_or(|limit| fresh(at, limit));
    events.retain_mut(|event| {
        let at = event.at;
        event.categories = event.categories.keeping(|category| is_fresh(at, category));
        event.decree = event.decree.keeping(|category| is_fresh(at, category));
        !event.decree.is_empty()
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
