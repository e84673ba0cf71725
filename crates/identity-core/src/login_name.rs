//! What a person types to say who they are.

use std::fmt;

use crate::contact::PhoneNumber;
use crate::number::{IdentityNumber, PersonalNumber};

/// One canonical form per way of naming oneself, so that all spellings share one failure counter
/// (ATK-099; Authelia CVE-2025-24806).
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum LoginName {
    /// Twelve digits: a citizen's or a foreigner's number; both live in one number space here.
    Number(String),
    Phone(PhoneNumber),
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("neither a 12-digit number nor a phone number")]
pub struct LoginNameError;

impl LoginName {
    /// Spaces around and between digits are forgiven; nothing else is.
    pub fn parse(typed: &str) -> Result<Self, LoginNameError> {
        if typed.len() > 64 {
            return Err(LoginNameError);
        }
        let compact: String = typed.chars().filter(|c| *c != ' ').collect();
        if let Ok(number) = PersonalNumber::parse(&compact) {
            return Ok(Self::Number(number.as_str().to_owned()));
        }
        PhoneNumber::parse(&compact).map(Self::Phone).map_err(|_| LoginNameError)
    }

    pub fn of_number(number: &IdentityNumber) -> Self {
        Self::Number(number.as_str().to_owned())
    }

    /// The text a keyed blind index is computed over: kind and canonical form.
    pub fn index_input(&self) -> String {
        match self {
            Self::Number(number) => format!("number:{number}"),
            Self::Phone(phone) => format!("phone:{}", phone.as_str()),
        }
    }
}

impl fmt::Debug for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number(_) => "LoginName::Number(…)",
            Self::Phone(_) => "LoginName::Phone(…)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_one_name_is_one_login_name() {
        // ATK-099
        let phone = LoginName::parse("0912345678").unwrap();
        assert_eq!(phone, LoginName::parse(" +84 912 345 678 ").unwrap());
        assert_eq!(
            LoginName::parse("067301001234").unwrap(),
            LoginName::parse("067 301 001234").unwrap()
        );
        for bad in ["", "067301", "０６７３０１００１２３４", "admin", "067301001234\u{200b}"]
        {
            assert_eq!(LoginName::parse(bad), Err(LoginNameError), "{bad:?}");
        }
    }
}
