//! A citizen as an operator writes one down, for `citizen create` and for the demo.

use std::path::PathBuf;

use identity_core::account::{Account, AccountLevel, AccountState};
use identity_core::contact::{Address, Contact, PhoneNumber, Verification};
use identity_core::evidence::{Proofing, ProofingPathway, ProofingPiece, ProofingPieceKind};
use identity_core::number::{ForeignerNumber, LegacyNumber, NumberError};
use identity_core::subject::{Card, CardKind, HolderClass, LegalCapacity, Profile, Sex};
use identity_core::{
    CalendarDate, Entropy, EvidenceId, IdentityNumber, PersonName, PersonalNumber, Subject,
    SubjectId, Timestamp,
};
use serde::Deserialize;

/// What is known about a person, as TOML.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitizenRecord {
    /// In either Unicode form.
    pub name: PersonName,
    /// Twelve digits.
    pub number: String,
    /// The number is a foreigner's (số định danh của người nước ngoài).
    #[serde(default)]
    pub foreigner: bool,
    #[serde(default)]
    pub legacy_number: Option<LegacyNumber>,
    /// `YYYY-MM-DD`.
    pub birth_date: CalendarDate,
    #[serde(default)]
    pub sex: Option<Sex>,
    #[serde(default = "viet_nam")]
    pub nationality: String,
    #[serde(default)]
    pub phone: Option<PhoneNumber>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub address: Option<String>,
    /// 1 or 2 (Decree 69/2024 art. 7).
    pub account_level: u8,
    /// The account was activated in the app (art. 14).
    #[serde(default = "yes")]
    pub activated: bool,
    #[serde(default)]
    pub card: Option<CardRecord>,
    /// `represented` for a ward, who acts through a representative whatever the age.
    #[serde(default = "full")]
    pub capacity: LegalCapacity,
    /// `official` for who acts for the State by their duties: their passkeys must be hardware on the
    /// operator's list.
    #[serde(default)]
    pub class: HolderClass,
    /// Where the first password is; without it one is made and shown once.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// Makes a secret for an authenticator app and shows it once.
    #[serde(default)]
    pub totp: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardRecord {
    pub kind: CardKind,
    /// First day on which it no longer counts; absent for cards without an end.
    #[serde(default)]
    pub valid_until: Option<CalendarDate>,
}

#[derive(Debug, thiserror::Error)]
pub enum CitizenFileError {
    #[error("the file cannot be understood: {0}")]
    Syntax(String),
    #[error("number: {0}")]
    Number(#[from] NumberError),
    #[error("account_level: there are levels 1 and 2")]
    Level,
    #[error("an account of level 2 needs a card")]
    NoCard,
}

fn viet_nam() -> String {
    "VN".to_owned()
}

const fn full() -> LegalCapacity {
    LegalCapacity::Full
}

const fn yes() -> bool {
    true
}

impl CitizenRecord {
    pub fn read(text: &str) -> Result<Self, CitizenFileError> {
        // Only the message: the rest quotes the file, which is personal data.
        toml::from_str(text).map_err(|error| CitizenFileError::Syntax(error.message().to_owned()))
    }

    pub fn identity_number(&self) -> Result<IdentityNumber, NumberError> {
        Ok(if self.foreigner {
            IdentityNumber::Foreigner(ForeignerNumber::parse(&self.number)?)
        } else {
            IdentityNumber::Citizen(PersonalNumber::parse(&self.number)?)
        })
    }

    /// The subject this record describes, proven at `now` the way its level is (arts 10–12).
    pub fn subject(
        &self,
        id: SubjectId,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<Subject, CitizenFileError> {
        let level = match self.account_level {
            1 => AccountLevel::One,
            2 => AccountLevel::Two,
            _ => return Err(CitizenFileError::Level),
        };
        if level == AccountLevel::Two && self.card.is_none() {
            return Err(CitizenFileError::NoCard);
        }
        let state = if self.activated {
            AccountState::Activated { since: now }
        } else {
            AccountState::Registered { since: now }
        };
        Ok(Subject {
            id,
            class: self.class,
            profile: self.profile(now)?,
            account: Account { level, state, recovered_at: None },
            card: self.card.as_ref().map(CardRecord::card),
            capacity: self.capacity,
            guardians: Vec::new(),
            proofings: vec![self.proofing(level, now, entropy)],
        })
    }

    fn profile(&self, now: Timestamp) -> Result<Profile, CitizenFileError> {
        Ok(Profile {
            name: self.name.clone(),
            birth_date: self.birth_date,
            sex: self.sex,
            number: self.identity_number()?,
            superseded_numbers: Vec::new(),
            legacy_number: self.legacy_number.clone(),
            nationality: self.nationality.clone(),
            phone: self.phone.clone().map(|value| verified(value, Verification::Verified)),
            email: self.email.clone().map(|value| verified(value, Verification::Unverified)),
            address: self
                .address
                .clone()
                .map(|formatted| Address { formatted, ..Address::default() }),
            updated_at: now,
        })
    }

    fn proofing(&self, level: AccountLevel, now: Timestamp, entropy: &dyn Entropy) -> Proofing {
        Proofing {
            id: EvidenceId::generate(now, entropy),
            at: now,
            pathway: match level {
                AccountLevel::One => ProofingPathway::RemoteFaceCapture,
                AccountLevel::Two => ProofingPathway::InPersonBiometric,
            },
            pieces: self.card.iter().map(CardRecord::piece).collect(),
            performed_by: None,
        }
    }
}

impl CardRecord {
    fn card(&self) -> Card {
        Card { kind: self.kind, valid_until: self.valid_until }
    }

    fn piece(&self) -> ProofingPiece {
        ProofingPiece {
            kind: match self.kind {
                CardKind::IdentityCard => ProofingPieceKind::IdentityCard,
                CardKind::ResidenceCard => ProofingPieceKind::ResidenceCard,
            },
            valid_until: self.valid_until,
        }
    }
}

const fn verified<T>(value: T, verification: Verification) -> Contact<T> {
    Contact { value, verification }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    const LAN: &str = "name = \"Nguye\u{302}\u{303}n Thị Lan\"\nnumber = \"067301001234\"\n\
                       birth_date = \"2001-06-15\"\naccount_level = 2\n\
                       card = { kind = \"identity_card\" }\n";

    fn subject(text: &str) -> Result<Subject, CitizenFileError> {
        let entropy = SystemEntropy::new();
        let now = Timestamp::from_unix_seconds(1_795_000_000);
        CitizenRecord::read(text)?.subject(SubjectId::random(&entropy), now, &entropy)
    }

    #[test]
    fn a_record_becomes_a_subject_with_its_name_composed() {
        let lan = subject(LAN).unwrap();
        assert_eq!(lan.profile.name.as_str(), "Nguyễn Thị Lan");
        assert!(matches!(lan.account.state, AccountState::Activated { .. }));
        assert_eq!(lan.proofings[0].pathway, ProofingPathway::InPersonBiometric);
    }

    #[test]
    fn impossible_records_are_refused_without_quoting_them() {
        for (from, to) in [
            ("account_level = 2", "account_level = 3"),
            ("card = { kind = \"identity_card\" }", ""),
            ("067301001234", "0673010012345"),
            ("2001-06-15", "2001-02-30"),
            ("name", "nickname"),
        ] {
            let error = subject(&LAN.replace(from, to)).unwrap_err();
            assert!(!error.to_string().contains("Lan"), "{error}");
        }
    }
}
