//! The machine's clock and randomness: the one place that reads either.

use identity_core::{Clock, Entropy, Timestamp};
use rustix::process::setpriority_process;
use rustix::thread::gettid;
use ring::rand::{SecureRandom as _, SystemRandom};

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
/// the core gets it at once, and this gets what is left. Measured in docs/performance.md.
pub fn let_others_go_first() {
    const NICENESS: i32 = 19;
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

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            // Going on without randomness would hand out guessable secrets.
            tracing::error!("the system gives no randomness");
            std::process::abort();
        }
    }
}
