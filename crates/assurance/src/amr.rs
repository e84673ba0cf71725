//! Authentication method references (RFC 8176): a report of what happened, computed from evidence and
//! never from what a person has enrolled.

use identity_core::AuthenticatorKind;
use identity_core::authenticator::FactorCategory;
use identity_core::evidence::KeyProtection;
use serde::{Deserialize, Serialize};

use crate::events::{Categories, Event};

/// A registered value of RFC 8176 §2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Amr {
    Pwd,
    Pin,
    Otp,
    Sms,
    Hwk,
    Swk,
    /// Smart card: the chip of the identity card.
    Sc,
    Fpt,
    Face,
    Iris,
    /// Voice: only because Decree 69/2024 art. 20 counts it.
    Vbm,
    /// Presence was tested (a tap), as far as a key reports it.
    User,
    /// Two *different* categories, not two methods.
    Mfa,
}

impl Amr {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pwd => "pwd",
            Self::Pin => "pin",
            Self::Otp => "otp",
            Self::Sms => "sms",
            Self::Hwk => "hwk",
            Self::Swk => "swk",
            Self::Sc => "sc",
            Self::Fpt => "fpt",
            Self::Face => "face",
            Self::Iris => "iris",
            Self::Vbm => "vbm",
            Self::User => "user",
            Self::Mfa => "mfa",
        }
    }
}

pub(crate) fn of(events: &[Event]) -> Vec<Amr> {
    let mut values = Vec::with_capacity(events.len() * 2 + 1);
    let mut categories = Categories::NONE;
    for event in events {
        categories = categories.with(event.categories);
        values.extend(method(event));
        values.extend(key(event));
        if event.activated_by(FactorCategory::Knowledge) {
            values.push(Amr::Pin);
        }
    }
    if categories.count() >= 2 {
        values.push(Amr::Mfa);
    }
    values.sort_unstable();
    values.dedup();
    values
}

const fn method(event: &Event) -> Option<Amr> {
    match event.kind {
        AuthenticatorKind::Password => Some(Amr::Pwd),
        AuthenticatorKind::Totp
        | AuthenticatorKind::RecoveryCode
        | AuthenticatorKind::EmailCode
        | AuthenticatorKind::TemporaryCode => Some(Amr::Otp),
        AuthenticatorKind::SmsCode => Some(Amr::Sms),
        AuthenticatorKind::IdentityCardChip => Some(Amr::Sc),
        AuthenticatorKind::Face => Some(Amr::Face),
        AuthenticatorKind::Fingerprint => Some(Amr::Fpt),
        AuthenticatorKind::Iris => Some(Amr::Iris),
        AuthenticatorKind::Voice => Some(Amr::Vbm),
        AuthenticatorKind::Passkey | AuthenticatorKind::App => None,
    }
}

/// What a key tells about itself: where it lives, and that somebody was there.
fn key(event: &Event) -> impl Iterator<Item = Amr> {
    let home = match event.key {
        KeyProtection::NoKey => None,
        KeyProtection::Software | KeyProtection::Synced => Some(Amr::Swk),
        KeyProtection::Hardware => Some(Amr::Hwk),
    };
    let presence = (home.is_some() && event.shows_intent()).then_some(Amr::User);
    home.into_iter().chain(presence)
}
