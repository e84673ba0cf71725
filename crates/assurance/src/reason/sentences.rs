//! What each code says to whom. One table in two files, so that nobody is forgotten.
//!
//! `{}` is the argument in words, `{has}` and `{needs}` are its figures. A citizen is told what to do, a
//! relying party what it got, an auditor the rule; nobody is told anything about another person.

mod about_people;
mod about_proof;

use identity_core::AuthenticatorKind;
use identity_core::authenticator::FactorCategory;

use super::{Argument, ReasonCode};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Audience {
    Citizen,
    RelyingParty,
    Auditor,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Language {
    Vietnamese,
    English,
}

struct Sentences {
    code: &'static str,
    citizen: [&'static str; 2],
    relying_party: [&'static str; 2],
    auditor: [&'static str; 2],
}

impl ReasonCode {
    /// The sentence for one reader. The code itself is the text of last resort.
    pub fn sentence(self, audience: Audience, language: Language) -> String {
        let Some(row) = table().find(|row| row.code == self.name()) else {
            return self.to_string();
        };
        let [vietnamese, english] = match audience {
            Audience::Citizen => row.citizen,
            Audience::RelyingParty => row.relying_party,
            Audience::Auditor => row.auditor,
        };
        let template = match language {
            Language::Vietnamese => vietnamese,
            Language::English => english,
        };
        let (has, needs) = self.figures();
        template
            .replace("{has}", &has.to_string())
            .replace("{needs}", &needs.to_string())
            .replace("{}", &self.in_words(language))
    }

    const fn figures(self) -> (u64, u64) {
        match self {
            Self::LevelTooLow { has, needs, .. } => (has as u64, needs as u64),
            Self::Stale { age_seconds, limit_seconds, .. }
            | Self::RecoveredRecently { age_seconds, limit_seconds } => {
                (age_seconds, limit_seconds)
            }
            _ => (0, 0),
        }
    }

    fn in_words(self, language: Language) -> String {
        match self {
            Self::FactorMissing(category) | Self::Stale { category, .. } => {
                category_name(category, language).to_owned()
            }
            Self::RestrictedNotAllowed(kind)
            | Self::AuthenticatorWithdrawn(kind)
            | Self::ModalityNotAccepted(kind)
            | Self::NotForTransaction(kind)
            | Self::BoundRecently(kind)
            | Self::RecoveryMethod(kind) => kind_name(kind, language).to_owned(),
            other => Argument(other).to_string(),
        }
    }
}

const fn category_name(category: FactorCategory, language: Language) -> &'static str {
    match (category, language) {
        (FactorCategory::Knowledge, Language::Vietnamese) => "điều bạn biết",
        (FactorCategory::Knowledge, Language::English) => "something you know",
        (FactorCategory::Possession, Language::Vietnamese) => "vật bạn có",
        (FactorCategory::Possession, Language::English) => "something you have",
        (FactorCategory::Inherence, Language::Vietnamese) => "sinh trắc của bạn",
        (FactorCategory::Inherence, Language::English) => "your face or another biometric",
    }
}

const fn kind_name(kind: AuthenticatorKind, language: Language) -> &'static str {
    let (vietnamese, english) = match kind {
        AuthenticatorKind::Password => ("Mật khẩu", "password"),
        AuthenticatorKind::Totp => ("Mã từ ứng dụng tạo mã", "code from a code app"),
        AuthenticatorKind::RecoveryCode => ("Mã khôi phục", "recovery code"),
        AuthenticatorKind::SmsCode => ("Mã tin nhắn", "code by text message"),
        AuthenticatorKind::EmailCode => ("Mã qua thư điện tử", "code by mail"),
        AuthenticatorKind::Passkey => ("Khóa truy cập", "passkey"),
        AuthenticatorKind::App => ("Ứng dụng định danh", "identification app"),
        AuthenticatorKind::IdentityCardChip => ("Chip thẻ căn cước", "chip of the identity card"),
        AuthenticatorKind::Face => ("Khuôn mặt", "face"),
        AuthenticatorKind::Fingerprint => ("Vân tay", "fingerprint"),
        AuthenticatorKind::Iris => ("Mống mắt", "iris"),
        AuthenticatorKind::Voice => ("Giọng nói", "voice"),
        AuthenticatorKind::TemporaryCode => ("Mã do cán bộ cấp", "code handed out by an officer"),
    };
    match language {
        Language::Vietnamese => vietnamese,
        Language::English => english,
    }
}

/// The codes that the table knows.
#[cfg(test)]
pub(super) fn codes() -> std::collections::BTreeSet<String> {
    table().map(|row| row.code.to_owned()).collect()
}

fn table() -> impl Iterator<Item = &'static Sentences> {
    about_people::TABLE.iter().chain(about_proof::TABLE)
}
