//! Codes on paper, for the day the telephone is gone: each opens once.

use std::sync::Arc;

use identity_core::event::LoginRefusalReason;
use identity_core::secret::SecretDigest;
use identity_core::time::{Entropy, random_bytes};
use identity_core::{AuthenticatorKind, Timestamp};
use jose::digest::sha256;
use storage::{Change, Credential, Enrolment, Replacement};

use super::{Attempt, Checked, Occasion, Refused, Stopped, disabled, evidence_of, gate, take};
use crate::binding;
use crate::login::{LoginError, LoginRefusal};
use crate::provider::Provider;
use crate::refusal::Fault;
use crate::session::{Consumed, LiveSession, SessionHandle};

/// RFC 4648 §6. What is not in it can be told from what is: 0 is typed for O, 1 for I, 8 for B.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// 125 bits: more than the 112 from which on a plain hash suffices (NIST SP 800-63B-4 §3.1.2.2), so
/// that a stolen database gives none of them away.
const CHARACTERS: usize = 25;
const GROUP: usize = 5;
/// How many codes a set has.
pub const CODES: usize = 10;

/// A code as it is shown and typed. Its letters are the secret: it does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    pub(crate) fn generate(entropy: &dyn Entropy) -> Self {
        let letter = |byte: u8| ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'A');
        let code = random_bytes::<CHARACTERS>(entropy).map(letter);
        Self(code.iter().map(|letter| char::from(*letter)).collect())
    }

    /// Case, spaces and hyphens do not count. `None`: this cannot be a code.
    pub fn parse(typed: &str) -> Option<Self> {
        let letters = typed.chars().take(4 * CHARACTERS).filter(|c| !matches!(c, ' ' | '-'));
        let code: String = letters
            .map(|letter| match letter.to_ascii_uppercase() {
                '0' => 'O',
                '1' => 'I',
                '8' => 'B',
                other => other,
            })
            .collect();
        let ours = code.len() == CHARACTERS && code.bytes().all(|byte| ALPHABET.contains(&byte));
        ours.then_some(Self(code))
    }

    /// For the one page that shows it: `ABCDE-FGHIJ-…`.
    pub fn expose(&self) -> String {
        let letters: Vec<char> = self.0.chars().collect();
        let groups: Vec<String> =
            letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
        groups.join("-")
    }

    pub(crate) fn digest(&self) -> SecretDigest {
        SecretDigest(sha256(format!("vneid recovery code {}", self.0).as_bytes()))
    }
}

/// How many codes this person has left; `None` when they have no set.
pub fn remaining(live: &LiveSession, now: Timestamp) -> Option<usize> {
    match &live.usable(AuthenticatorKind::RecoveryCode, now)?.credential {
        Credential::RecoveryCodes(digests) => Some(digests.len()),
        Credential::Password(_)
        | Credential::Totp(_)
        | Credential::Passkey(_)
        | Credential::AppDevice(_)
        | Credential::MessageCode
        | Credential::Biometric { .. } => None,
    }
}

/// A new set, in the place of an earlier one. The codes are nowhere else: they are shown now or never.
pub async fn generate(
    provider: &Arc<Provider>,
    live: &LiveSession,
    now: Timestamp,
) -> Result<Vec<RecoveryCode>, Fault> {
    let entropy = provider.entropy.as_ref();
    let codes: Vec<_> = (0..CODES).map(|_| RecoveryCode::generate(entropy)).collect();
    let digests = codes.iter().map(RecoveryCode::digest).collect();
    let enrolment = Enrolment::new(
        binding::authenticator(provider, live.subject.id, AuthenticatorKind::RecoveryCode, now),
        Credential::RecoveryCodes(digests),
    );
    let notice = binding::notice(provider, live, AuthenticatorKind::RecoveryCode, now)?;
    let plan = binding::replace(provider, live, enrolment, now);
    provider.commit_uncontested(&plan, now).await?;
    notice.send(provider, now);
    Ok(codes)
}

/// Checks a code of the person whose session this is, and uses it up.
pub async fn with_recovery_code(
    provider: &Provider,
    live: &LiveSession,
    typed: &RecoveryCode,
    occasion: Occasion<'_>,
    now: Timestamp,
) -> Result<SessionHandle, LoginError> {
    let attempt = Attempt::beside(live, occasion, now);
    take(provider, &attempt, check(provider, live, typed, now)).await
}

async fn check(
    provider: &Provider,
    live: &LiveSession,
    typed: &RecoveryCode,
    now: Timestamp,
) -> Result<Checked, Stopped> {
    let nothing = || Stopped::Closed(LoginRefusal::WrongCode);
    let enrolment = live.usable(AuthenticatorKind::RecoveryCode, now).ok_or_else(nothing)?;
    gate(provider, enrolment, now).await?;
    let Some(effects) = use_up(provider, enrolment, typed, now) else {
        let (reason, answer) = (LoginRefusalReason::WrongCode, LoginRefusal::WrongCode);
        return Err(Refused::new(Some(&live.subject), Some(enrolment), reason, answer).into());
    };
    Ok(Checked {
        subject: live.subject.clone(),
        evidence: evidence_of(provider, enrolment, now),
        // Hashed once more: what is kept beside the proof opens nothing.
        consumed: Some(Consumed::once(SecretDigest(sha256(&typed.digest().0)))),
        enrolment: enrolment.clone(),
        effects,
    })
}

/// The changes that use this code up; `None` when it is none of the set.
pub(crate) fn use_up(
    provider: &Provider,
    enrolment: &Enrolment,
    typed: &RecoveryCode,
    now: Timestamp,
) -> Option<Vec<Change>> {
    let Credential::RecoveryCodes(digests) = &enrolment.credential else { return None };
    let used = typed.digest();
    let left: Vec<SecretDigest> =
        digests.iter().copied().filter(|digest| *digest != used).collect();
    if left.len() == digests.len() {
        return None;
    }
    // Nothing is left to be asked for.
    let used_up = left.is_empty().then(|| disabled(provider, enrolment, now));
    let used = Change::ReplaceCredential {
        authenticator: enrolment.authenticator.id,
        version: enrolment.version,
        next: Replacement {
            credential: Credential::RecoveryCodes(left),
            label: enrolment.label.clone(),
            password_length: None,
        },
    };
    Some(std::iter::once(used).chain(used_up.into_iter().flatten()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bytes;
    impl Entropy for Bytes {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().zip(26..).for_each(|(byte, value)| *byte = value);
        }
    }

    #[test]
    fn a_code_survives_being_written_by_hand_and_typed_again() {
        let code = RecoveryCode::generate(&Bytes);
        let shown = code.expose();
        assert_eq!(shown, "23456-7ABCD-EFGHI-JKLMN-OPQRS");
        let digest = code.digest();
        for typed in ["234567abcdefghijklmnopqrs", " 23456 7A8CD EFGH1 JKLMN 0PQRS ", &shown] {
            let typed = RecoveryCode::parse(typed).unwrap();
            assert_eq!(typed.digest(), digest);
        }
        for garbage in ["", "23456", &format!("{shown}A"), "23456-7ABCD-EFGHI-JKLMN-OPQR!"] {
            assert!(RecoveryCode::parse(garbage).is_none(), "{garbage}");
        }
    }
}
