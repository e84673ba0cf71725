//! Domain values in the words of the pages.

use std::time::Duration;

use assurance::VnAuthenticationLevel;
use flows::messages::Channel;
use identity_core::account::AccountLevel;
use identity_core::contact::PhoneNumber;
use identity_core::relying_party::{LocalizedText, RelyingParty};
use identity_core::subject::{Card, Profile};
use identity_core::{CalendarDate, PersonName, Timestamp, TransactionDetails};
use protocol::standard_claims as claim;
use protocol::verified_claims::VERIFIED_CLAIMS;

use crate::pages::home::CardValidity;
use crate::pages::moment::{Day, Moment};
use crate::pages::shared::{self, AuthenticationLevel, Data, Holder};
use crate::pages::texts::Language;

pub fn in_language(text: &LocalizedText, language: Language) -> &str {
    match language {
        Language::Vi => &text.vi,
        Language::En => &text.en,
    }
}

pub fn party(party: &RelyingParty, language: Language) -> shared::RelyingParty {
    shared::RelyingParty {
        name: in_language(&party.name, language).to_owned(),
        legal_entity: party.legal_entity.clone(),
        purpose: Some(in_language(&party.agreement.purpose, language).to_owned()),
    }
}

pub fn transaction(details: &TransactionDetails) -> shared::Transaction {
    shared::Transaction { amount: details.amount, reference: details.reference.clone() }
}

pub fn holder(profile: &Profile) -> Holder {
    Holder { masked_name: masked_name(&profile.name), masked_number: profile.number.masked() }
}

/// The family name, which many share, and the first letter of the others.
pub fn masked_name(name: &PersonName) -> String {
    let mut words = name.as_str().split(' ');
    let family = words.next().unwrap_or_default().to_owned();
    words.fold(family, |masked, word| {
        let mut letters = word.chars();
        let first = letters.next().map(String::from).unwrap_or_default();
        format!("{masked} {first}{}", "•".repeat(letters.count().max(1)))
    })
}

pub fn masked_phone(phone: &PhoneNumber) -> String {
    let digits = phone.as_str();
    let shown = digits.get(digits.len().saturating_sub(3)..).unwrap_or_default();
    format!("•••• ••• {shown}")
}

/// Where codes go, so that only its owner recognises it.
pub fn masked_address(profile: &Profile, channel: Channel) -> Option<String> {
    match channel {
        Channel::Sms => profile.phone.as_ref().map(|phone| masked_phone(&phone.value)),
        Channel::Email => profile.email.as_ref().map(|email| masked_email(&email.value)),
    }
}

fn masked_email(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first = local.chars().next().map(String::from).unwrap_or_default();
    format!("{first}•••@{domain}")
}

/// Whole seconds, rounded up: an answer must not come early.
pub fn seconds(delay: Duration) -> u32 {
    let whole = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX).max(1)
}

pub fn moment(at: Timestamp) -> Moment {
    Moment(at.unix_seconds())
}

pub fn account_level(level: AccountLevel) -> shared::AccountLevel {
    match level {
        AccountLevel::One => shared::AccountLevel::One,
        AccountLevel::Two => shared::AccountLevel::Two,
    }
}

pub fn authentication_level(level: VnAuthenticationLevel) -> Option<AuthenticationLevel> {
    numbered_level(level.number())
}

pub fn numbered_level(number: u8) -> Option<AuthenticationLevel> {
    match number {
        1 => Some(AuthenticationLevel::One),
        2 => Some(AuthenticationLevel::Two),
        3 => Some(AuthenticationLevel::Three),
        4 => Some(AuthenticationLevel::Four),
        _ => None,
    }
}

/// A card counts until the day before `valid_until`.
pub fn card(card: Option<&Card>, today: CalendarDate) -> CardValidity {
    match card.map(|card| card.valid_until) {
        None => CardValidity::NoCard,
        Some(None) => CardValidity::Unlimited,
        Some(Some(end)) if today < end => CardValidity::ValidUntil(day(end)),
        Some(Some(end)) => CardValidity::ExpiredOn(day(end)),
    }
}

fn day(date: CalendarDate) -> Day {
    Day { year: date.year(), month: date.month(), day: date.day() }
}

/// What a claim says about a person; `None` when it says nothing about them: the same for everybody,
/// or how they logged in, which every answer tells.
pub fn data_of(name: &str) -> Option<Data> {
    match name {
        "name" | "family_name" | "middle_name" | "given_name" => Some(Data::FullName),
        "birthdate" => Some(Data::DateOfBirth),
        "gender" => Some(Data::Sex),
        "email" | "email_verified" => Some(Data::Email),
        "phone_number" | "phone_number_verified" => Some(Data::Phone),
        "address" => Some(Data::Residence),
        claim::VN_PERSONAL_NUMBER => Some(Data::PersonalNumber),
        claim::VN_LEGACY_NUMBER => Some(Data::FormerNumbers),
        claim::VN_ACCOUNT_LEVEL | claim::VN_ACCOUNT_TYPE => Some(Data::AccountLevel),
        claim::VN_NATIONALITY => Some(Data::Nationality),
        VERIFIED_CLAIMS => Some(Data::Verification),
        "zoneinfo" | "locale" | "updated_at" | claim::VN_AUTHENTICATION_LEVEL => None,
        other => Some(Data::Other(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_masked_so_that_only_its_bearer_knows_it() {
        let masked = |name| masked_name(&PersonName::parse(name).unwrap());
        assert_eq!(masked("Nguyễn Thị Minh Khai"), "Nguyễn T•• M••• K•••");
        assert_eq!(masked("Y Ê"), "Y Ê•");
        assert_eq!(masked("Y"), "Y");
    }

    #[test]
    fn every_claim_of_every_scope_has_words_or_says_nothing_about_the_person() {
        assert_eq!(data_of(VERIFIED_CLAIMS), Some(Data::Verification));
        for name in claim::SCOPES.iter().flat_map(|scope| scope.claims) {
            let data = data_of(name);
            assert_ne!(data, Some(Data::Other((*name).to_owned())), "{name} has no words");
        }
    }

    #[test]
    fn waiting_times_round_up() {
        assert_eq!(seconds(Duration::from_millis(29_001)), 30);
        assert_eq!(seconds(Duration::ZERO), 1);
    }

    #[test]
    fn a_card_has_expired_on_the_day_it_no_longer_counts() {
        // L13: closed-open
        let date = |text: &str| text.parse::<CalendarDate>().unwrap();
        let of = |today| {
            let kind = identity_core::subject::CardKind::IdentityCard;
            let card_of = Card { kind, valid_until: Some(date("2026-11-22")) };
            matches!(card(Some(&card_of), date(today)), CardValidity::ValidUntil(_))
        };
        assert!(of("2026-11-21"));
        assert!(!of("2026-11-22"));
    }
}
