//! Which kinds of authenticator can be proven with here, in the order a person would use them.

use assurance::StepUpOption;
use identity_core::authenticator::FactorCategory;
use identity_core::{AuthenticationEvidence, AuthenticatorKind};

use super::Standing;

/// A kind with an adapter in this folder and a page of its own at the edge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Way {
    pub kind: AuthenticatorKind,
    pub standing: Standing,
}

const fn alone(kind: AuthenticatorKind) -> Way {
    Way { kind, standing: Standing::Alone }
}

const fn beside(kind: AuthenticatorKind) -> Way {
    Way { kind, standing: Standing::Beside }
}

/// What says who is there comes before what needs to know it.
pub const WAYS: &[Way] = &[
    alone(AuthenticatorKind::Password),
    alone(AuthenticatorKind::Passkey),
    alone(AuthenticatorKind::App),
    beside(AuthenticatorKind::Totp),
    beside(AuthenticatorKind::RecoveryCode),
    beside(AuthenticatorKind::SmsCode),
    beside(AuthenticatorKind::EmailCode),
    beside(AuthenticatorKind::Face),
    beside(AuthenticatorKind::Fingerprint),
];

/// Where nobody is logged in.
pub fn first_ways() -> Vec<AuthenticatorKind> {
    let first = WAYS.iter().filter(|way| way.standing == Standing::Alone);
    first.map(|way| way.kind).collect()
}

/// Whether what counts already says who is there. A session alone does not: somebody else may be
/// sitting at it, which is what a relying party that asks for a new login wants to know.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Person {
    Proven,
    Unproven,
}

impl Person {
    pub fn proven_by(evidence: &[AuthenticationEvidence]) -> Self {
        if evidence.iter().any(|evidence| stands_alone(evidence.kind)) {
            Self::Proven
        } else {
            Self::Unproven
        }
    }
}

/// Whether a proof of this kind says who is there.
pub fn stands_alone(kind: AuthenticatorKind) -> bool {
    WAYS.iter().any(|way| way.kind == kind && way.standing == Standing::Alone)
}

/// The options that our pages can take, as they came. A code beside nothing is none of them.
pub fn passable(options: Vec<StepUpOption>, person: Person) -> Vec<StepUpOption> {
    let has_page = |kind| WAYS.iter().any(|way| way.kind == kind);
    let passable = |option: &StepUpOption| {
        option.add.iter().all(|step| has_page(step.kind))
            && (person == Person::Proven || option.add.iter().any(|step| stands_alone(step.kind)))
    };
    options.into_iter().filter(passable).collect()
}

/// Whether a bound device took part a moment ago.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Device {
    AtHand,
    NotAtHand,
}

/// The options without what is done already. A comparison needs the app beside it (L5), and the engine
/// asks for both; where the app was used just now, the comparison is what is left.
pub fn left_to_do(options: Vec<StepUpOption>, device: Device) -> Vec<StepUpOption> {
    let compares = |option: &StepUpOption| {
        option.add.iter().any(|step| step.kind.category() == FactorCategory::Inherence)
    };
    let left = |mut option: StepUpOption| {
        if device == Device::AtHand && compares(&option) {
            option.add.retain(|step| step.kind != AuthenticatorKind::App);
        }
        option
    };
    options.into_iter().map(left).collect()
}

/// The kinds that can be asked for next: of each option its first, each once, best option first.
pub fn next_ways(options: &[StepUpOption]) -> Vec<AuthenticatorKind> {
    let mut next = Vec::new();
    for option in options {
        let first = WAYS.iter().find(|way| option.add.iter().any(|step| step.kind == way.kind));
        next.extend(first.map(|way| way.kind).filter(|kind| !next.contains(kind)));
    }
    next
}

/// Whether having used it last is a reason to offer it first: not for what is kept for bad days, nor
/// for what the rules want used less.
pub const fn is_remembered(kind: AuthenticatorKind) -> bool {
    !kind.is_restricted()
        && !matches!(kind, AuthenticatorKind::RecoveryCode | AuthenticatorKind::TemporaryCode)
}

#[cfg(test)]
mod tests {
    use assurance::{Levels, Step};

    use super::*;

    fn option(kinds: &[AuthenticatorKind]) -> StepUpOption {
        let step = |kind: &AuthenticatorKind| Step { kind: *kind, authenticators: Vec::new() };
        StepUpOption {
            add: kinds.iter().map(step).collect(),
            reached: Levels::default(),
            friction: 1,
        }
    }

    #[test]
    fn only_options_that_lead_through_pages_we_have_are_offered() {
        use AuthenticatorKind::{IdentityCardChip, Password, RecoveryCode, Totp};
        let options = vec![
            option(&[Totp, Password]),
            option(&[IdentityCardChip]),
            option(&[Password, RecoveryCode]),
            option(&[Totp]),
        ];
        let proven = passable(options.clone(), Person::Proven);
        assert_eq!(proven.len(), 3);
        assert_eq!(next_ways(&proven), [Password, Totp], "who is there comes first, once");
        let unproven = passable(options, Person::Unproven);
        assert_eq!(next_ways(&unproven), [Password], "ATK-095: a code alone proves nobody anew");
    }

    #[test]
    fn a_comparison_is_asked_for_after_the_app_and_not_the_app_again() {
        // L5
        use AuthenticatorKind::{App, Face, Passkey, Password};
        let options = || vec![option(&[App, Face]), option(&[App, Passkey])];
        let next = |device| next_ways(&left_to_do(options(), device));
        assert_eq!(next(Device::NotAtHand), [App, Passkey]);
        assert_eq!(next(Device::AtHand), [Face, Passkey]);
        let whole = vec![option(&[Password, App, Face])];
        assert_eq!(next_ways(&left_to_do(whole, Device::AtHand)), [Password]);
    }

    #[test]
    fn every_kind_stands_there_once() {
        for (at, way) in WAYS.iter().enumerate() {
            assert!(WAYS.iter().skip(at + 1).all(|other| other.kind != way.kind), "{way:?}");
        }
    }
}
