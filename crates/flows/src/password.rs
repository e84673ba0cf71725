//! Passwords: hashed with Argon2id on a bounded pool, judged against a blocklist.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use identity_core::secret::SecretBytes;
use identity_core::time::{Entropy, random_bytes};
use node::measure::{self, Outcome};
use tokio::sync::Semaphore;
use tracing::Instrument as _;
use unicode_normalization::UnicodeNormalization;

use crate::hashers::Hashers;
use crate::refusal::Fault;

/// A password as typed, normalised to NFC before anything looks at it (NIST SP 800-63B-4 §3.1.1.2).
#[derive(Debug, Clone)]
pub struct Password(SecretBytes);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    #[error("shorter than the minimum")]
    TooShort,
    #[error("longer than {} characters", Password::MAX_CHARACTERS)]
    TooLong,
    #[error("on the list of common passwords, or made of the account's own data")]
    Common,
}

impl Password {
    /// NIST asks for at least 64; the bound keeps hashing cheap (ATK-102).
    pub const MAX_CHARACTERS: usize = 128;
    const MAX_BYTES: usize = 512;

    pub fn parse(typed: &str) -> Result<Self, PasswordFault> {
        if typed.len() > Self::MAX_BYTES {
            return Err(PasswordFault::TooLong);
        }
        let normal: String = typed.nfc().collect();
        if normal.len() > Self::MAX_BYTES || normal.chars().count() > Self::MAX_CHARACTERS {
            return Err(PasswordFault::TooLong);
        }
        Ok(Self(SecretBytes::new(normal.into_bytes())))
    }

    /// Code points, as NIST counts them.
    pub fn characters(&self) -> u16 {
        let text = std::str::from_utf8(self.0.expose()).unwrap_or_default();
        u16::try_from(text.chars().count()).unwrap_or(u16::MAX)
    }

    /// Judges a password somebody wants to set. `own_words` are the account's own data (numbers,
    /// names) that must not be the password.
    pub fn judge(&self, minimum: u16, own_words: &[&str]) -> Result<(), PasswordFault> {
        if self.characters() < minimum {
            return Err(PasswordFault::TooShort);
        }
        let text = std::str::from_utf8(self.0.expose()).unwrap_or_default().to_lowercase();
        let mut distinct: Vec<char> = text.chars().collect();
        distinct.sort_unstable();
        distinct.dedup();
        let common = BLOCKLIST.lines().any(|entry| entry == text)
            || distinct.len() < 4
            || own_words.iter().any(|word| text.contains(&word.to_lowercase()) && word.len() > 3);
        if common { Err(PasswordFault::Common) } else { Ok(()) }
    }
}

/// Common passwords, lower case, one a line.
const BLOCKLIST: &str = include_str!("../data/common-passwords.txt");

/// What is compared against when nobody bears the name, so that unknown and known take as long
/// (ATK-098). The password of this hash is random and was thrown away.
struct Decoy(SecretBytes);

/// Argon2id on as many threads as there are cores, with a short queue and no more (scorecard 24).
pub struct PasswordPool {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    cores: usize,
    patience: Duration,
    decoy: Decoy,
    done: AtomicU64,
    hashers: Hashers,
}

/// How busy the pool is: hashes computed now, those waiting for their turn, and places for both.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HashQueue {
    pub busy: usize,
    pub waiting: usize,
    pub places: usize,
}

/// Whether the password was the one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordCheck {
    Right,
    Wrong,
}

impl PasswordPool {
    /// Hashes waiting per running one before the pool sheds.
    const QUEUE_PER_CORE: usize = 16;

    /// `each_thread` is run by every hashing thread when it starts.
    pub fn new(cores: usize, each_thread: fn(), entropy: &dyn Entropy) -> Result<Self, Fault> {
        let password = Password(SecretBytes::new(random_bytes::<32>(entropy).to_vec()));
        Ok(Self {
            running: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores * Self::QUEUE_PER_CORE)),
            cores,
            patience: Duration::from_secs(2),
            decoy: Decoy(hash(&password, random_bytes(entropy))?),
            done: AtomicU64::new(0),
            hashers: Hashers::start(cores, each_thread)?,
        })
    }

    /// A PHC string under a fresh salt.
    pub async fn hash(
        &self,
        password: Password,
        entropy: &dyn Entropy,
    ) -> Result<SecretBytes, Fault> {
        let salt = random_bytes::<16>(entropy);
        self.run(move || hash(&password, salt)).await?
    }

    /// Checks against `stored`, or against the decoy when there is nothing stored.
    pub async fn check(
        &self,
        password: Password,
        stored: Option<SecretBytes>,
    ) -> Result<PasswordCheck, Fault> {
        let known = stored.is_some();
        let phc = stored.unwrap_or_else(|| self.decoy.0.clone());
        let right = self.run(move || verify(&password, &phc)).await??;
        Ok(if known && right { PasswordCheck::Right } else { PasswordCheck::Wrong })
    }

    /// Hashes computed so far: every attempt costs one, whoever was named (ATK-098).
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub fn queue(&self) -> HashQueue {
        let places = self.cores * Self::QUEUE_PER_CORE;
        let taken = places.saturating_sub(self.waiting.available_permits());
        let busy = self.cores.saturating_sub(self.running.available_permits());
        HashQueue { busy, waiting: taken.saturating_sub(busy), places }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let shed = || {
            measure::hash(Outcome::Refused);
            Fault::Busy
        };
        let _place = self.waiting.clone().try_acquire_owned().map_err(|_| shed())?;
        let turn = tokio::time::timeout(self.patience, self.running.clone().acquire_owned());
        let turn = turn.instrument(tracing::trace_span!("wait for hashing"));
        let turn = turn.await.map_err(|_| shed())?.map_err(|_| shed())?;
        let done = self.hashers.run(move || {
            let _turn = turn;
            work()
        });
        self.done.fetch_add(1, Ordering::Relaxed);
        measure::hash(Outcome::Done);
        done.instrument(tracing::trace_span!("hash")).await
    }
}

/// 19 MiB, two passes, one lane: the minimum we accept anywhere.
fn argon2id() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(hashing)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &Password, salt: [u8; 16]) -> Result<SecretBytes, Fault> {
    let phc = argon2id()?.hash_password_with_salt(password.0.expose(), &salt).map_err(hashing)?;
    Ok(SecretBytes::new(phc.to_string().into_bytes()))
}

fn verify(password: &Password, phc: &SecretBytes) -> Result<bool, Fault> {
    let text = std::str::from_utf8(phc.expose()).map_err(hashing)?;
    let parsed = PasswordHash::new(text).map_err(hashing)?;
    Ok(argon2id()?.verify_password(password.0.expose(), &parsed).is_ok())
}

fn hashing(cause: impl std::fmt::Display) -> Fault {
    Fault::Key(format!("hashing failed: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting;
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.iter_mut().zip(1..).for_each(|(byte, value)| *byte = value);
        }
    }

    #[tokio::test]
    async fn the_right_password_in_either_unicode_form_opens_and_others_do_not() {
        // ATK-128: passwords NFC then hash
        let pool = PasswordPool::new(1, || (), &Counting).unwrap();
        let composed = Password::parse("mật khẩu của Nguyễn").unwrap();
        let stored = pool.hash(composed, &Counting).await.unwrap();
        let decomposed: String = "mật khẩu của Nguyễn".nfd().collect();
        let typed = Password::parse(&decomposed).unwrap();
        assert_eq!(pool.check(typed, Some(stored.clone())).await.unwrap(), PasswordCheck::Right);
        let wrong = Password::parse("mat khau cua Nguyen").unwrap();
        assert_eq!(pool.check(wrong.clone(), Some(stored)).await.unwrap(), PasswordCheck::Wrong);
        assert_eq!(pool.check(wrong, None).await.unwrap(), PasswordCheck::Wrong);
    }

    #[tokio::test]
    async fn a_full_pool_sheds_instead_of_queueing() {
        // ATK-102, scorecard 24
        let pool = PasswordPool::new(1, || (), &Counting).unwrap();
        let _all = pool.waiting.clone().acquire_many_owned(16).await.unwrap();
        let password = Password::parse("anything at all").unwrap();
        assert!(matches!(pool.check(password, None).await, Err(Fault::Busy)));
        assert_eq!(pool.queue(), HashQueue { busy: 0, waiting: 16, places: 16 });
    }

    #[test]
    fn common_short_and_own_passwords_are_refused() {
        let judge =
            |text: &str| Password::parse(text).unwrap().judge(8, &["067301001234", "Nguyễn"]);
        assert_eq!(judge("ngắn"), Err(PasswordFault::TooShort));
        assert_eq!(judge("Password123"), Err(PasswordFault::Common));
        assert_eq!(judge("aaaaaaaaaaaa"), Err(PasswordFault::Common));
        assert_eq!(judge("x067301001234"), Err(PasswordFault::Common));
        assert_eq!(judge("bốn con cò bay"), Ok(()));
        assert!(matches!(Password::parse(&"x".repeat(129)), Err(PasswordFault::TooLong)));
    }
}
