//! `/home/security`: changing the password, enrolling an authenticator application.

use super::home::{HomePage, Section};
use super::second_factor::TotpProblem;
use super::shared::{Fault, Faults, Notice};
use super::{Frame, PageError, page, samples};
use fast_qr::convert::svg::SvgBuilder;
use fast_qr::{ECL, QRBuilder};

/// The ways this citizen can prove who they are.
pub struct Security {
    pub totp: TotpState,
    /// How many are left of the set, if there is one.
    pub recovery_codes: Option<u32>,
    /// Whether codes can be sent at all.
    pub messages: bool,
    pub notice: Option<Notice>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotpState {
    Enrolled,
    NotEnrolled,
}

/// `/home/security/password`. Posts `csrf`, `current-password`, `new-password` and
/// `new-password-again`.
pub struct ChangePassword {
    pub csrf: String,
    /// 15 where the password stands alone, 8 beside a second factor (NIST SP 800-63B-4 §3.1.1.2).
    pub minimum_length: u32,
    pub problem: Option<PasswordProblem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordProblem {
    CurrentWrong,
    TooShort,
    TooLong,
    /// On the list of passwords everybody tries first.
    TooCommon,
    SameAsCurrent,
    NotRepeated,
    TryAgainIn {
        seconds: u32,
    },
}

/// `/home/security/totp`. Posts `csrf`, `enrolment` and `totp`. Holds a secret: it has no `Debug`.
pub struct EnrolTotp {
    csrf: String,
    enrolment: String,
    secret: String,
    otpauth: String,
    qr: String,
    problem: Option<TotpProblem>,
}

impl HomePage for EnrolTotp {
    const SECTION: Section = Section::Security;
}

impl HomePage for Security {
    const SECTION: Section = Section::Security;
}

impl HomePage for ChangePassword {
    const SECTION: Section = Section::Security;
}

impl EnrolTotp {
    /// `enrolment` is the sealed secret that comes back with the first code, `secret` its base32
    /// text for typing, `otpauth` the address that the QR code and the link carry.
    pub fn new(
        csrf: String,
        enrolment: String,
        secret: &str,
        otpauth: String,
        problem: Option<TotpProblem>,
    ) -> Result<Self, PageError> {
        let (secret, qr) = (in_fours(secret), qr_code(&otpauth)?);
        Ok(Self { csrf, enrolment, secret, otpauth, qr, problem })
    }

    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(frame)))
    }
}

impl Security {
    pub(super) fn codes_left(&self, frame: &Frame<'_>) -> Option<String> {
        self.recovery_codes.map(|left| frame.t_count("recovery-left", left))
    }
}

impl ChangePassword {
    pub(super) fn length_hint(&self, frame: &Frame<'_>) -> String {
        frame.t_count("password-new-hint", self.minimum_length)
    }

    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(self.minimum_length, frame)))
    }
}

impl PasswordProblem {
    pub(super) fn fault(self, minimum_length: u32, frame: &Frame<'_>) -> Fault {
        let of_new = |id| Fault::of_field("new-password", frame.t(id));
        match self {
            Self::CurrentWrong => {
                Fault::of_field("current-password", frame.t("password-problem-current"))
            }
            Self::TooShort => Fault::of_field(
                "new-password",
                frame.t_count("password-problem-short", minimum_length),
            ),
            Self::TooLong => of_new("password-problem-long"),
            Self::TooCommon => of_new("password-problem-common"),
            Self::SameAsCurrent => of_new("password-problem-same"),
            Self::NotRepeated => {
                Fault::of_field("new-password-again", frame.t("password-problem-repeat"))
            }
            Self::TryAgainIn { seconds } => Fault::wait(frame, seconds),
        }
    }
}

/// Groups of four are easier to copy by eye.
fn in_fours(secret: &str) -> String {
    let mut grouped = String::with_capacity(secret.len() + secret.len() / 4);
    for (index, character) in secret.chars().enumerate() {
        if index > 0 && index % 4 == 0 {
            grouped.push(' ');
        }
        grouped.push(character);
    }
    grouped
}

/// The QR code as a `data:` address of an SVG image, so that the secret never gets a URL that a
/// cache or a log could keep.
fn qr_code(text: &str) -> Result<String, PageError> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| PageError::QrCode)?;
    let svg = SvgBuilder::default().to_str(&code);
    let mut address = String::from("data:image/svg+xml,");
    for byte in svg.bytes() {
        match byte {
            b'A'..=b'Z'
            | b'a'..=b'z'
            | b'0'..=b'9'
            | b'-'
            | b'.'
            | b'_'
            | b'/'
            | b':'
            | b'='
            | b',' => address.push(char::from(byte)),
            _ => {
                use std::fmt::Write as _;
                write!(address, "%{byte:02X}").map_err(|_| PageError::QrCode)?;
            }
        }
    }
    Ok(address)
}

fn security_faces() -> Vec<(&'static str, Security)> {
    vec![
        (
            "security",
            Security {
                totp: TotpState::NotEnrolled,
                recovery_codes: None,
                messages: false,
                notice: None,
            },
        ),
        ("security-totp", enrolled(Notice::TotpEnrolled)),
        ("security-password", enrolled(Notice::PasswordChanged)),
    ]
}

fn enrolled(notice: Notice) -> Security {
    Security {
        totp: TotpState::Enrolled,
        recovery_codes: Some(10),
        messages: true,
        notice: Some(notice),
    }
}

fn password_faces() -> Vec<(&'static str, ChangePassword)> {
    [
        ("password", None),
        ("password-current-wrong", Some(PasswordProblem::CurrentWrong)),
        ("password-short", Some(PasswordProblem::TooShort)),
        ("password-long", Some(PasswordProblem::TooLong)),
        ("password-common", Some(PasswordProblem::TooCommon)),
        ("password-same", Some(PasswordProblem::SameAsCurrent)),
        ("password-not-repeated", Some(PasswordProblem::NotRepeated)),
        ("password-wait", Some(PasswordProblem::TryAgainIn { seconds: 60 })),
    ]
    .map(|(name, problem)| {
        let csrf = samples::CSRF.into();
        (name, ChangePassword { csrf, minimum_length: 15, problem })
    })
    .into()
}

fn totp_faces() -> Vec<(&'static str, EnrolTotp)> {
    let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
    let otpauth = format!(
        "otpauth://totp/vneid:001085000123?secret={secret}&issuer=vneid&digits=6&period=30"
    );
    [("enrol-totp", None), ("enrol-totp-wrong", Some(TotpProblem::Wrong))]
        .into_iter()
        .filter_map(|(name, problem)| {
            let (csrf, enrolment) = (samples::CSRF.into(), "sample-enrolment".into());
            Some((name, EnrolTotp::new(csrf, enrolment, secret, otpauth.clone(), problem).ok()?))
        })
        .collect()
}

page!(Security, "home/security.html", security_faces());
page!(ChangePassword, "home/password.html", password_faces());
page!(EnrolTotp, "home/totp.html", totp_faces());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_written_in_groups_of_four() {
        assert_eq!(in_fours("ABCDEFGHIJ"), "ABCD EFGH IJ");
        assert_eq!(in_fours(""), "");
    }

    #[test]
    fn a_qr_code_is_a_data_address_without_characters_to_escape() {
        let address = qr_code("otpauth://totp/vneid:x?secret=ABC").unwrap();
        assert!(address.starts_with("data:image/svg+xml,%3Csvg"));
        assert!(!address.contains(['<', '"', '#', ' ', '&']));
    }

    #[test]
    fn an_address_too_long_for_a_qr_code_is_an_error() {
        assert!(matches!(qr_code(&"x".repeat(5000)), Err(PageError::QrCode)));
    }
}
