//! A crowd of fictional people, as many as a benchmark wants: each the same every time.

use identity_core::account::{AccountLevel, AccountState};
use identity_core::contact::{Contact, PhoneNumber, Verification};
use identity_core::evidence::{Proofing, ProofingPathway, ProofingPiece, ProofingPieceKind};
use identity_core::subject::{Card, CardKind, HolderClass, LegalCapacity, Profile, Sex};
use identity_core::{
    Account, CalendarDate, Entropy, EvidenceId, IdentityNumber, PersonName, PersonalNumber,
    Subject, SubjectId, Timestamp,
};

/// What all of them log in with.
pub const PASSWORD: &str = "mật khẩu chung của đám đông";

const FAMILY: [&str; 8] = ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Phan", "Vũ", "Đặng"];
const MIDDLE: [&str; 6] = ["Văn", "Thị", "Hữu", "Ngọc", "Minh", "Thanh"];
const GIVEN: [&str; 10] =
    ["An", "Bình", "Châu", "Dũng", "Giang", "Hà", "Khánh", "Lan", "Nam", "Phúc"];

/// The personal number of the person with this index: a place, then women of 1990 in order.
pub fn number(index: u64) -> String {
    format!("{:03}190{:06}", index / 1_000_000 + 1, index % 1_000_000)
}

/// An adult with an activated account of level 2. `None` beyond a thousand million.
pub fn subject(index: u64, now: Timestamp, entropy: &dyn Entropy) -> Option<Subject> {
    let valid_until = CalendarDate::new(2040, 1, 1).ok();
    let piece = ProofingPiece { kind: ProofingPieceKind::IdentityCard, valid_until };
    Some(Subject {
        id: SubjectId::random(entropy),
        class: HolderClass::Citizen,
        profile: profile(index, now)?,
        account: Account {
            level: AccountLevel::Two,
            state: AccountState::Activated { since: now },
            recovered_at: None,
        },
        card: Some(Card { kind: CardKind::IdentityCard, valid_until }),
        capacity: LegalCapacity::Full,
        guardians: Vec::new(),
        proofings: vec![Proofing {
            id: EvidenceId::generate(now, entropy),
            at: now,
            pathway: ProofingPathway::InPersonBiometric,
            pieces: vec![piece],
            performed_by: None,
        }],
    })
}

fn profile(index: u64, now: Timestamp) -> Option<Profile> {
    let pick = |words: &[&'static str], divisor: u64| {
        let at = usize::try_from(index / divisor).ok()? % words.len();
        words.get(at).copied()
    };
    let (family, middle, given) = (pick(&FAMILY, 60)?, pick(&MIDDLE, 10)?, pick(&GIVEN, 1)?);
    Some(Profile {
        name: PersonName::parse(&format!("{family} {middle} {given}")).ok()?,
        birth_date: CalendarDate::new(1990, 1, 1).ok()?,
        sex: Some(Sex::Female),
        number: IdentityNumber::Citizen(PersonalNumber::parse(&number(index)).ok()?),
        superseded_numbers: Vec::new(),
        legacy_number: None,
        nationality: "VN".to_owned(),
        phone: Some(Contact {
            value: PhoneNumber::parse(&format!("+849{index:09}")).ok()?,
            verification: Verification::Verified,
        }),
        email: None,
        address: None,
        updated_at: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemEntropy;

    #[test]
    fn everybody_in_a_crowd_of_millions_is_somebody_else() {
        let (now, entropy) = (Timestamp::from_unix_seconds(1_795_000_000), SystemEntropy::new());
        let names = [0, 1, 999_999, 1_000_000, 9_999_999].map(|index| {
            let profile = subject(index, now, &entropy).unwrap().profile;
            (profile.number.as_str().to_owned(), profile.phone.unwrap().value.as_str().to_owned())
        });
        for (at, one) in names.iter().enumerate() {
            for other in &names[at + 1..] {
                assert!(one.0 != other.0 && one.1 != other.1, "{one:?} {other:?}");
            }
        }
    }
}
