//! `/home/security`: changing the password, enrolling an authenticator application.

use super::app_device::BoundDevice;
use super::home::{HomePage, Section};
use super::moment::Moment;
use super::second_factor::TotpProblem;
use super::shared::{Fault, Faults, Notice};
use super::{Frame, PageError, page, qr, samples};

/// The ways this citizen can prove who they are.
pub struct Security {
    pub totp: TotpState,
    pub passkeys: u32,
    /// The telephone with the citizen's app.
    pub app: Option<BoundDevice>,
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
        let (secret, qr) = (in_fours(secret), qr::data_address(&otpauth)?);
        Ok(Self { csrf, enrolment, secret, otpauth, qr, problem })
    }

    pub(super) fn faults(&self, frame: &Frame<'_>) -> Faults {
        Faults(self.problem.map(|problem| problem.fault(frame)))
    }
}

impl Security {
    pub(super) fn passkeys_count(&self, frame: &Frame<'_>) -> String {
        frame.t_count("passkeys-count", self.passkeys)
    }

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

fn security_faces() -> Vec<(&'static str, Security)> {
    vec![
        ("security", nothing()),
        ("security-totp", enrolled(Notice::TotpEnrolled)),
        ("security-password", enrolled(Notice::PasswordChanged)),
    ]
}

fn nothing() -> Security {
    Security {
        totp: TotpState::NotEnrolled,
        passkeys: 0,
        app: None,
        recovery_codes: None,
        messages: false,
        notice: None,
    }
}

fn enrolled(notice: Notice) -> Security {
    let app = Some(BoundDevice { label: None, bound: Moment(1_790_000_000) });
    let (totp, recovery_codes) = (TotpState::Enrolled, Some(10));
    let notice = Some(notice);
    Security { totp, passkeys: 2, app, recovery_codes, messages: true, notice }
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
}
