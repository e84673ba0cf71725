//! What a set of events proves on the two ladders of authentication.
//!
//! A level is reached if the events *admissible at that level* suffice for it. Kinds are admissible up to a
//! level that the policy sets (L7). What events show is gathered in [`Shown`], whose union only ever grows:
//! adding an event can never cost a level (L1), and trying a thousand combinations costs as many unions.

use identity_core::AuthenticatorKind;
use identity_core::authenticator::FactorCategory::{Inherence, Knowledge, Possession};
use identity_core::evidence::KeyProtection;

use crate::events::{Categories, Event};
use crate::levels::{Aal, VnAuthenticationLevel};
use crate::policy::PasswordRule;

/// What some events show together: for each level, of those that are admissible there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Shown {
    /// Whatever its level.
    pub categories: Categories,
    /// For levels 1 to 4 of the decree.
    decree: [Categories; 4],
    /// For AAL2 and AAL3; beside others, a password may be shorter.
    in_company: [Categories; 2],
    marks: Marks,
}

/// Traits that one event suffices for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Marks(u8);

impl Marks {
    /// NIST SP 800-63B-4 §3.2.3: a biometric never stands alone. §3.1.1: nor does a short password.
    const STANDS_ALONE: Self = Self(1);
    /// L6: one authenticator that resists phishing, keeps its key in hardware and shows intent.
    const ANCHOR: Self = Self(1 << 1);
    const PHISHING: Self = Self(1 << 2);
    const INTENT: Self = Self(1 << 3);
    const DEVICE: Self = Self(1 << 4);
    const ATTESTED: Self = Self(1 << 5);

    const fn when(self, shown: bool) -> Self {
        if shown { self } else { Self(0) }
    }

    const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }
}

impl Shown {
    pub fn by(event: &Event, password: &PasswordRule) -> Self {
        // §3.1.1: length counts only for passwords; everything else is long enough.
        let at_least =
            |length| event.kind != AuthenticatorKind::Password || event.password_length >= length;
        let at_aal = |level| event.aal_at_most >= level;
        let in_company = |level| {
            let counts = at_aal(level) && at_least(password.minimum_with_second_factor);
            if counts { event.categories } else { Categories::NONE }
        };
        let on_decree = |level| {
            if event.vn_at_most >= level { event.decree } else { Categories::NONE }
        };
        let stands_alone = at_aal(Aal::Aal1)
            && at_least(password.minimum_alone)
            && (event.categories.has(Knowledge) || event.categories.has(Possession));
        let anchor = at_aal(Aal::Aal3)
            && event.resists_phishing()
            && event.key == KeyProtection::Hardware
            && event.shows_intent();
        Self {
            categories: event.categories.with(event.decree),
            decree: [
                on_decree(VnAuthenticationLevel::L1),
                on_decree(VnAuthenticationLevel::L2),
                on_decree(VnAuthenticationLevel::L3),
                on_decree(VnAuthenticationLevel::L4),
            ],
            in_company: [in_company(Aal::Aal2), in_company(Aal::Aal3)],
            marks: Marks::STANDS_ALONE
                .when(stands_alone)
                .with(Marks::ANCHOR.when(anchor))
                .with(Marks::PHISHING.when(event.resists_phishing()))
                .with(Marks::INTENT.when(event.shows_intent()))
                .with(Marks::DEVICE.when(event.on_bound_device))
                .with(Marks::ATTESTED.when(event.on_attested_device)),
        }
    }

    pub fn by_all(events: &[Event], password: &PasswordRule) -> Self {
        events.iter().fold(Self::default(), |shown, event| shown.with(&Self::by(event, password)))
    }

    pub fn with(&self, other: &Self) -> Self {
        let [one, two, three, four] = self.decree;
        let [other_one, other_two, other_three, other_four] = other.decree;
        let [second, third] = self.in_company;
        let [other_second, other_third] = other.in_company;
        Self {
            categories: self.categories.with(other.categories),
            decree: [
                one.with(other_one),
                two.with(other_two),
                three.with(other_three),
                four.with(other_four),
            ],
            in_company: [second.with(other_second), third.with(other_third)],
            marks: self.marks.with(other.marks),
        }
    }

    pub const fn phishing_resistant(&self) -> bool {
        self.marks.has(Marks::PHISHING)
    }

    pub const fn intent(&self) -> bool {
        self.marks.has(Marks::INTENT)
    }

    pub const fn on_bound_device(&self) -> bool {
        self.marks.has(Marks::DEVICE)
    }

    pub const fn on_attested_device(&self) -> bool {
        self.marks.has(Marks::ATTESTED)
    }

    pub const fn strength(&self) -> Strength {
        Strength { vn: self.vn(), aal: self.aal(), phishing_resistant: self.phishing_resistant() }
    }

    /// Decree 69/2024 art. 20. It sets no length for a password: even a short one is a factor here.
    const fn vn(&self) -> VnAuthenticationLevel {
        let [one, two, three, four] = self.decree;
        if four.count() == 3 {
            VnAuthenticationLevel::L4
        } else if three.count() >= 2 && three.has(Inherence) {
            VnAuthenticationLevel::L3
        } else if two.count() >= 2 {
            VnAuthenticationLevel::L2
        } else if one.has(Knowledge) || one.has(Possession) {
            // A biometric alone is no level: levels 1 and 2 are defined without one.
            VnAuthenticationLevel::L1
        } else {
            VnAuthenticationLevel::None
        }
    }

    /// NIST SP 800-63B-4 §2.1–2.3. All one-time codes and keys we know resist replay.
    const fn aal(&self) -> Aal {
        let [second, third] = self.in_company;
        if has_second_factor(third) && self.marks.has(Marks::ANCHOR) {
            Aal::Aal3
        } else if has_second_factor(second) && second.has(Possession) {
            Aal::Aal2
        } else if self.marks.has(Marks::STANDS_ALONE) {
            Aal::Aal1
        } else {
            Aal::None
        }
    }
}

const fn has_second_factor(categories: Categories) -> bool {
    categories.has(Knowledge) || categories.has(Inherence)
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Strength {
    pub vn: VnAuthenticationLevel,
    pub aal: Aal,
    pub phishing_resistant: bool,
}

impl Strength {
    pub fn is_nothing(self) -> bool {
        self.vn == VnAuthenticationLevel::None && self.aal == Aal::None
    }
}

/// What `events`, sorted newest first, prove, and those of them it rests on: all since the latest instant
/// from which on they prove as much. The oldest of these is the one edge case 8 asks for.
pub(crate) fn relied_on<'a>(
    events: &'a [Event],
    password: &PasswordRule,
) -> (Strength, &'a [Event]) {
    let whole = Shown::by_all(events, password).strength();
    if whole.is_nothing() {
        return (whole, &[]);
    }
    let relied_on = events
        .chunk_by(|newer, older| newer.at == older.at)
        .scan((0, Shown::default()), |(count, shown), same_instant| {
            *count += same_instant.len();
            *shown = shown.with(&Shown::by_all(same_instant, password));
            Some((*count, shown.strength()))
        })
        .find(|(_, strength)| *strength == whole)
        .and_then(|(count, _)| events.get(..count));
    (whole, relied_on.unwrap_or(events))
}
