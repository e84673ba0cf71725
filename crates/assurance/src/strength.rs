//! What a set of events proves on the two ladders of authentication.
//!
//! A level is reached if the events *admissible at that level* suffice for it. Kinds are admissible up to a
//! level that the policy sets (L7), so that adding an event can never cost a level (L1).

use identity_core::AuthenticatorKind;
use identity_core::authenticator::FactorCategory::{Inherence, Knowledge, Possession};
use identity_core::evidence::KeyProtection;

use crate::events::{Categories, Event};
use crate::levels::{Aal, VnAuthenticationLevel};
use crate::policy::PasswordRule;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Strength {
    pub vn: VnAuthenticationLevel,
    pub aal: Aal,
    pub phishing_resistant: bool,
}

impl Strength {
    pub fn of(events: &[Event], password: &PasswordRule) -> Self {
        Self {
            vn: highest(VnAuthenticationLevel::ALL, |level| reaches_vn(events, level)),
            aal: highest(Aal::ALL, |level| reaches_aal(events, level, password)),
            phishing_resistant: events.iter().any(Event::resists_phishing),
        }
    }

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
    let whole = Strength::of(events, password);
    if whole.is_nothing() {
        return (whole, &[]);
    }
    let relied_on = events
        .chunk_by(|newer, older| newer.at == older.at)
        .scan(0, |count, same_instant| {
            *count += same_instant.len();
            events.get(..*count)
        })
        .find(|newest| Strength::of(newest, password) == whole);
    (whole, relied_on.unwrap_or(events))
}

fn highest<L: Copy + Default>(ladder: &[L], reached: impl Fn(L) -> bool) -> L {
    ladder.iter().rev().copied().find(|level| reached(*level)).unwrap_or_default()
}

/// Decree 69/2024 art. 20. The decree sets no length for a password: even a short one is a factor here.
fn reaches_vn(events: &[Event], level: VnAuthenticationLevel) -> bool {
    let shown: Categories =
        events.iter().filter(|e| e.vn_at_most >= level).map(|e| e.categories).collect();
    match level {
        VnAuthenticationLevel::None => true,
        // A biometric alone is no level: levels 1 and 2 are defined without one.
        VnAuthenticationLevel::L1 => shown.has(Knowledge) || shown.has(Possession),
        VnAuthenticationLevel::L2 => shown.count() >= 2,
        VnAuthenticationLevel::L3 => shown.count() >= 2 && shown.has(Inherence),
        VnAuthenticationLevel::L4 => shown.count() == 3,
    }
}

/// NIST SP 800-63B-4 §2.1–2.3. All one-time codes and keys we know resist replay.
fn reaches_aal(events: &[Event], level: Aal, password: &PasswordRule) -> bool {
    let admissible = || events.iter().filter(move |e| e.aal_at_most >= level);
    // §3.1.1: length counts only for passwords; everything else is long enough.
    let at_least = |event: &Event, length| {
        event.kind != AuthenticatorKind::Password || event.password_length >= length
    };
    let in_company = || admissible().filter(|e| at_least(e, password.minimum_with_second_factor));
    let shown: Categories = in_company().map(|e| e.categories).collect();
    let second_factor = shown.has(Knowledge) || shown.has(Inherence);
    match level {
        Aal::None => true,
        // §3.2.3: a biometric never stands alone.
        Aal::Aal1 => admissible().any(|event| {
            at_least(event, password.minimum_alone)
                && (event.categories.has(Knowledge) || event.categories.has(Possession))
        }),
        Aal::Aal2 => shown.has(Possession) && second_factor,
        // L6: one authenticator that resists phishing, keeps its key in hardware and shows intent.
        Aal::Aal3 => {
            second_factor
                && admissible().any(|event| {
                    event.resists_phishing()
                        && event.key == KeyProtection::Hardware
                        && event.shows_intent()
                        && event.categories.has(Possession)
                })
        }
    }
}
