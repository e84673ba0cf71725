//! The machine's clock and randomness: the one place that reads either.

use std::cell::RefCell;

use identity_core::{Clock, Entropy, Timestamp};
use ring::rand::{SecureRandom as _, SystemRandom};
use rustix::process::setpriority_process;
use rustix::thread::gettid;

pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the clock everything else is given")]
    fn now(&self) -> Timestamp {
        let since_epoch =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Lowers the priority of the calling thread, for work that may take its time: whatever else wants
/// the core gets it at once, and this gets what is left: at least a tenth, so that logins go on
/// beside a busy neighbour. Measured in docs/performance.md.
pub fn let_others_go_first() {
    const NICENESS: i32 = 10;
    // On Linux a priority belongs to a thread, although the call speaks of processes.
    if let Err(error) = setpriority_process(Some(gettid()), NICENESS) {
        tracing::warn!(%error, "hashing runs at the priority of everything else");
    }
}

pub struct SystemEntropy(SystemRandom);

impl SystemEntropy {
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

/// What is fetched at once for identifiers and nonces: a request needs several, and each journey to
/// the kernel costs more than the bytes.
const POOL: usize = 512;
/// Keys and secrets are fetched for themselves and lie nowhere before.
const LARGEST_FROM_POOL: usize = 16;

thread_local! {
    /// Random bytes, of which the last so many were not given out. What was is overwritten.
    static UNUSED: RefCell<([u8; POOL], usize)> = const { RefCell::new(([0; POOL], 0)) };
}

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if bytes.len() > LARGEST_FROM_POOL {
            return self.fetch(bytes);
        }
        UNUSED.with_borrow_mut(|(pool, unused)| {
            if *unused < bytes.len() {
                self.fetch(pool);
                *unused = POOL;
            }
            let from = POOL - *unused;
            for (to, random) in bytes.iter_mut().zip(pool.iter_mut().skip(from)) {
                *to = std::mem::take(random);
            }
            *unused -= bytes.len();
        });
    }
}

impl SystemEntropy {
    fn fetch(&self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            // Going on without randomness would hand out guessable secrets.
            tracing::error!("the system gives no randomness");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use identity_core::time::random_bytes;

    use super::*;

    #[test]
    fn no_bytes_are_given_out_twice_whatever_the_lengths() {
        let entropy = SystemEntropy::new();
        let mut seen = HashSet::new();
        for _ in 0..2_000 {
            assert!(seen.insert(random_bytes::<16>(&entropy).to_vec()));
            assert!(seen.insert(random_bytes::<12>(&entropy).to_vec()));
            assert!(seen.insert(random_bytes::<32>(&entropy).to_vec()));
        }
        assert!(seen.iter().all(|bytes| bytes.iter().any(|byte| *byte != 0)));
    }
}
