//! The person an account stands for.

use serde::{Deserialize, Serialize};

use crate::account::{Account, AccountLevel, AccountState};
use crate::contact::{Address, Contact, PhoneNumber};
use crate::evidence::Proofing;
use crate::id::SubjectId;
use crate::name::PersonName;
use crate::number::{IdentityNumber, LegacyNumber};
use crate::time::{CalendarDate, Timestamp};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    Male,
    Female,
}

/// A personal number that was cancelled and set anew (Circular 59/2021 art. 6).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SupersededNumber {
    pub number: IdentityNumber,
    pub until: Timestamp,
    pub ground: String,
}

/// Personal data: encrypted under the subject's own key wherever it rests, and never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: PersonName,
    pub birth_date: CalendarDate,
    pub sex: Option<Sex>,
    pub number: IdentityNumber,
    #[serde(default)]
    pub superseded_numbers: Vec<SupersededNumber>,
    pub legacy_number: Option<LegacyNumber>,
    /// ISO 3166-1 alpha-2.
    pub nationality: String,
    pub phone: Option<Contact<PhoneNumber>>,
    pub email: Option<Contact<String>>,
    pub address: Option<Address>,
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Profile(…)")
    }
}

/// The document an account of level 2 rests on: the identity card, or a foreigner's residence card.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Card {
    pub kind: CardKind,
    /// The first day on which the card no longer counts; `None` for cards without an end.
    pub valid_until: Option<CalendarDate>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardKind {
    IdentityCard,
    ResidenceCard,
}

/// Somebody who represents the subject (Decree 69/2024 art. 14).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct GuardianLink {
    pub guardian: SubjectId,
    pub scope: GuardianScope,
    pub from: Timestamp,
    pub until: Option<Timestamp>,
    /// Reference of the document it rests on.
    pub document: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", content = "procedures", rename_all = "snake_case")]
pub enum GuardianScope {
    Everything,
    /// Procedure codes only.
    Procedures(Vec<String>),
}

impl GuardianLink {
    pub fn in_force(&self, now: Timestamp) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

/// Whether the law lets the subject act alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LegalCapacity {
    Full,
    /// A ward: acts through a representative whatever the age.
    Represented,
}

/// For whom somebody acts with their account. Whoever acts for the State shows more of their
/// authenticators (`flows::passkey::attestation`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderClass {
    #[default]
    Citizen,
    /// With access to the systems of an authority by their duties.
    Official,
}

impl HolderClass {
    /// What is not written down, so that releases from before there were classes read the rest.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if asks so")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// A person with an account.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Subject {
    pub id: SubjectId,
    #[serde(default, skip_serializing_if = "HolderClass::is_usual")]
    pub class: HolderClass,
    pub profile: Profile,
    pub account: Account,
    pub card: Option<Card>,
    pub capacity: LegalCapacity,
    pub guardians: Vec<GuardianLink>,
    pub proofings: Vec<Proofing>,
}

impl Subject {
    /// What the judge of assurance needs to know, and nothing that names the person.
    pub fn state(&self) -> SubjectState {
        SubjectState {
            subject: self.id,
            account: self.account.state.clone(),
            account_level: self.account.level,
            birth_date: self.profile.birth_date,
            card: self.card.clone(),
            capacity: self.capacity,
            guardians: self.guardians.clone(),
            proofings: self.proofings.clone(),
        }
    }
}

/// The facts about a subject on which assurance rests. Travels sealed inside access tokens, so that
/// introspection can judge without a query.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SubjectState {
    pub subject: SubjectId,
    pub account: AccountState,
    pub account_level: AccountLevel,
    pub birth_date: CalendarDate,
    pub card: Option<Card>,
    pub capacity: LegalCapacity,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guardians: Vec<GuardianLink>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proofings: Vec<Proofing>,
}
