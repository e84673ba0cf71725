//! People, made in one line.

use std::time::Duration;

use flows::admin::{NewCredentials, create_citizen};
use flows::password::Password;
use flows::totp;
use identity_core::account::{AccountLevel, Lock, LockReason, LockedBy};
use identity_core::contact::{Address, Contact, PhoneNumber, Verification};
use identity_core::evidence::{Proofing, ProofingPathway, ProofingPiece, ProofingPieceKind};
use identity_core::number::LegacyNumber;
use identity_core::secret::SecretBytes;
use identity_core::subject::{Card, CardKind, HolderClass, LegalCapacity, Profile, Sex};
use identity_core::{
    Account, EvidenceId, IdentityNumber, PersonName, PersonalNumber, Subject, SubjectId, Timestamp,
};

use crate::server::Server;

/// A person with an account, and what they know and have.
#[derive(Clone)]
pub struct Citizen {
    pub id: SubjectId,
    pub number: String,
    pub password: String,
    pub totp: Option<SecretBytes>,
}

impl Citizen {
    /// The code their app shows.
    pub fn code_at(&self, now: Timestamp) -> String {
        let secret = self.totp.as_ref().expect("this citizen has an authenticator app");
        totp::code_at(secret, now).expect("the secret is long enough")
    }
}

/// A citizen before they exist. Adult, level 2, activated, card valid; password and TOTP.
pub struct NewCitizen<'a> {
    server: &'a Server,
    subject: Subject,
    password: String,
    totp: bool,
}

pub const PASSWORD: &str = "mật khẩu đủ dài để đứng một mình";

impl<'a> NewCitizen<'a> {
    pub(crate) fn new(server: &'a Server, serial: u32) -> Self {
        let now = server.now();
        let entropy = server.provider.entropy.as_ref();
        let number = format!("0671{:02}{serial:06}", serial % 90 + 1);
        let account = Account::register(AccountLevel::Two, now).activate(now).expect("fresh");
        let valid_until = Some("2035-01-01".parse().expect("a date"));
        let subject = Subject {
            id: SubjectId::random(entropy),
            class: HolderClass::Citizen,
            profile: Profile {
                name: PersonName::parse("Nguyễn Thị Kiểm Thử").expect("a name"),
                birth_date: "1990-05-17".parse().expect("a date"),
                sex: Some(Sex::Female),
                number: IdentityNumber::Citizen(PersonalNumber::parse(&number).expect("digits")),
                superseded_numbers: Vec::new(),
                legacy_number: Some(LegacyNumber::parse("245123456").expect("digits")),
                nationality: "VN".to_owned(),
                phone: Some(Contact {
                    value: PhoneNumber::parse(&format!("09{serial:08}")).expect("a phone"),
                    verification: Verification::Verified,
                }),
                email: Some(Contact {
                    value: format!("kiem.thu.{serial}@example.vn"),
                    verification: Verification::Unverified,
                }),
                address: Some(Address {
                    formatted: "1 Đường Thử Nghiệm, Đắk Lắk".to_owned(),
                    ..Address::default()
                }),
                updated_at: now,
            },
            account,
            card: Some(Card { kind: CardKind::IdentityCard, valid_until }),
            capacity: LegalCapacity::Full,
            guardians: Vec::new(),
            proofings: vec![Proofing {
                id: EvidenceId::generate(now, entropy),
                at: now.minus(Duration::from_hours(24 * 365)),
                pathway: ProofingPathway::InPersonBiometric,
                pieces: vec![ProofingPiece { kind: ProofingPieceKind::IdentityCard, valid_until }],
                performed_by: None,
            }],
        };
        Self { server, subject, password: PASSWORD.to_owned(), totp: true }
    }

    pub fn password(mut self, password: &str) -> Self {
        password.clone_into(&mut self.password);
        self
    }

    pub fn without_totp(mut self) -> Self {
        self.totp = false;
        self
    }

    /// Acts for the State by their duties.
    pub fn official(mut self) -> Self {
        self.subject.class = HolderClass::Official;
        self
    }

    /// Somebody whose identity nobody has proven.
    pub fn level_one(mut self) -> Self {
        self.subject.account.level = AccountLevel::One;
        self.subject.proofings.clear();
        self
    }

    pub fn with_verified_email(mut self) -> Self {
        if let Some(email) = &mut self.subject.profile.email {
            email.verification = Verification::Verified;
        }
        self
    }

    pub fn born(mut self, date: &str) -> Self {
        self.subject.profile.birth_date = date.parse().expect("a date");
        self
    }

    pub fn card_until(mut self, date: &str) -> Self {
        let date = Some(date.parse().expect("a date"));
        self.subject.card = Some(Card { kind: CardKind::IdentityCard, valid_until: date });
        self
    }

    pub fn never_activated(mut self) -> Self {
        self.subject.account = Account::register(self.subject.account.level, self.server.now());
        self
    }

    pub fn locked(mut self) -> Self {
        let lock = Lock {
            reason: LockReason::HolderRequest,
            by: LockedBy::Holder,
            since: self.server.now(),
        };
        self.subject.account = self.subject.account.lock(lock).expect("not locked before");
        self
    }

    pub async fn create(self) -> Citizen {
        let provider = &self.server.provider;
        let secret = self.totp.then(|| totp::generate_secret(provider.entropy.as_ref()));
        let citizen = Citizen {
            id: self.subject.id,
            number: self.subject.profile.number.as_str().to_owned(),
            password: self.password.clone(),
            totp: secret.clone(),
        };
        let password = Password::parse(&self.password).expect("a password");
        let credentials = NewCredentials { password: Some(password), totp: secret };
        create_citizen(provider, self.subject, credentials, self.server.now())
            .await
            .expect("the account is created");
        citizen
    }
}
