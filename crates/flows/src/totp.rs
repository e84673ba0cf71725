//! Time-based one-time codes (RFC 6238): six digits, 30 s, one step of tolerance either way.

use identity_core::secret::SecretBytes;
use identity_core::time::{Entropy, Timestamp, random_bytes};
use totp_rs::{Algorithm, Builder, Totp};

use crate::refusal::Fault;

/// A fresh shared key of 160 bits (RFC 4226 §4).
pub fn generate_secret(entropy: &dyn Entropy) -> SecretBytes {
    SecretBytes::new(random_bytes::<20>(entropy).to_vec())
}

/// The time step whose code was typed, or `None`. Whether that step was used before, only the
/// store can say.
pub fn matching_step(
    secret: &SecretBytes,
    typed: &str,
    now: Timestamp,
) -> Result<Option<u64>, Fault> {
    let code: String = typed.chars().filter(|c| *c != ' ').take(16).collect();
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(None);
    }
    Ok(totp(secret)?.check(&code, seconds(now)))
}

/// The code shown at `now`: for `vneid demo totp` and tests.
pub fn code_at(secret: &SecretBytes, now: Timestamp) -> Result<String, Fault> {
    Ok(totp(secret)?.generate(seconds(now)).to_string())
}

/// What an authenticator app scans, and the secret in base 32 for typing.
pub struct Invitation {
    pub uri: String,
    pub secret: String,
}

pub fn invitation(secret: &SecretBytes, account: &str, issuer: &str) -> Result<Invitation, Fault> {
    let builder = builder(secret).with_account_name(account).with_issuer(Some(issuer));
    let totp = builder.build().map_err(|cause| Fault::Key(cause.to_string()))?;
    Ok(Invitation {
        uri: totp.to_url().map_err(|cause| Fault::Key(cause.to_string()))?,
        secret: totp.secret().to_base32(),
    })
}

fn totp(secret: &SecretBytes) -> Result<Totp, Fault> {
    builder(secret)
        .with_account_name("account")
        .build()
        .map_err(|cause| Fault::Key(cause.to_string()))
}

fn builder(secret: &SecretBytes) -> Builder {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(secret.expose().to_vec())
}

fn seconds(now: Timestamp) -> u64 {
    u64::try_from(now.unix_seconds()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, SHA-1, last six digits.
    #[test]
    fn the_vectors_of_rfc_6238_hold() {
        let secret = SecretBytes::new(b"12345678901234567890".to_vec());
        for (at, code) in [(59, "287082"), (1_111_111_109, "081804"), (2_000_000_000, "279037")] {
            let now = Timestamp::from_unix_seconds(at);
            assert_eq!(code_at(&secret, now).unwrap(), code);
            let step = matching_step(&secret, code, now).unwrap();
            assert_eq!(step, Some(u64::try_from(at).unwrap() / 30));
        }
    }

    #[test]
    fn a_code_is_good_one_step_either_way_and_no_longer() {
        let secret = SecretBytes::new(b"12345678901234567890".to_vec());
        let made = Timestamp::from_unix_seconds(1_111_111_109);
        let code = code_at(&secret, made).unwrap();
        let at = |offset: i64| Timestamp::from_unix_seconds(1_111_111_109 + offset);
        assert!(matching_step(&secret, &code, at(30)).unwrap().is_some());
        assert!(matching_step(&secret, &code, at(-30)).unwrap().is_some());
        assert!(matching_step(&secret, &code, at(61)).unwrap().is_none());
        for garbage in ["", "08180", "0818044", "08180a", "０８１８０４"] {
            assert!(matching_step(&secret, garbage, made).unwrap().is_none(), "{garbage}");
        }
    }
}
