//! What one more proof would look like at least, and what happened in the words of RFC 8176.

use identity_core::evidence::{ChipRead, Intent};

use super::super::*;
use super::model::{Case, Factor};

/// The device that a proof not yet given will come from.
const NEXT_DEVICE: DeviceId = DeviceId::from_uuid(Uuid::from_u128(0xd));

impl Case {
    /// The weakest sound evidence that using `held` now could leave.
    pub(super) fn foreseen(&self, held: &Authenticator) -> AuthenticationEvidence {
        let id = EvidenceId::from_uuid(Uuid::from_u128(0xf0_0000 + held.kind as u128));
        let plain = AuthenticationEvidence {
            transaction: self.transaction.map(str::to_owned),
            ..AuthenticationEvidence::of(held, id, self.now)
        };
        match held.kind {
            AuthenticatorKind::Passkey => AuthenticationEvidence {
                key: KeyProtection::Synced,
                phishing: PhishingResistance::Resistant,
                ..plain
            },
            AuthenticatorKind::App => AuthenticationEvidence {
                key: KeyProtection::Software,
                device: Some(NEXT_DEVICE),
                ..plain
            },
            AuthenticatorKind::IdentityCardChip => AuthenticationEvidence {
                key: KeyProtection::Hardware,
                chip: Some(ChipRead {
                    document: ProofingPieceKind::IdentityCard,
                    signed_by_issuer: Check::Passed,
                    not_a_copy: Check::Passed,
                    valid_until: None,
                }),
                ..plain
            },
            AuthenticatorKind::Face
            | AuthenticatorKind::Fingerprint
            | AuthenticatorKind::Iris
            | AuthenticatorKind::Voice => AuthenticationEvidence {
                device: Some(NEXT_DEVICE),
                biometric: face(self.now).biometric,
                ..plain
            },
            AuthenticatorKind::Password
            | AuthenticatorKind::Totp
            | AuthenticatorKind::RecoveryCode
            | AuthenticatorKind::SmsCode
            | AuthenticatorKind::EmailCode
            | AuthenticatorKind::TemporaryCode => plain,
        }
    }
}

pub(super) fn amr(factors: &[Factor<'_>]) -> std::collections::BTreeSet<&'static str> {
    let mut values = std::collections::BTreeSet::new();
    for Factor { item, category, decree_only } in factors {
        values.extend(match item.kind {
            AuthenticatorKind::Password => Some("pwd"),
            AuthenticatorKind::Totp
            | AuthenticatorKind::RecoveryCode
            | AuthenticatorKind::EmailCode
            | AuthenticatorKind::TemporaryCode => Some("otp"),
            AuthenticatorKind::SmsCode => Some("sms"),
            AuthenticatorKind::IdentityCardChip => Some("sc"),
            AuthenticatorKind::Face => Some("face"),
            AuthenticatorKind::Fingerprint => Some("fpt"),
            AuthenticatorKind::Iris => Some("iris"),
            AuthenticatorKind::Voice => Some("vbm"),
            AuthenticatorKind::Passkey | AuthenticatorKind::App => None,
        });
        values.extend(match item.key {
            KeyProtection::NoKey => None,
            KeyProtection::Software | KeyProtection::Synced => Some("swk"),
            KeyProtection::Hardware => Some("hwk"),
        });
        if item.key != KeyProtection::NoKey && item.intent == Intent::Shown {
            values.insert("user");
        }
        let second = item.kind.category() != *category;
        if second && !decree_only && *category == FactorCategory::Knowledge {
            values.insert("pin");
        }
    }
    let distinct: std::collections::BTreeSet<_> =
        factors.iter().filter(|f| !f.decree_only).map(|f| f.category).collect();
    if distinct.len() >= 2 {
        values.insert("mfa");
    }
    values
}
