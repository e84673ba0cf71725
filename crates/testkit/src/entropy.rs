//! Randomness that repeats: a test that failed once fails again.

use std::sync::atomic::{AtomicU64, Ordering};

use identity_core::Entropy;
use ring::digest::{SHA256, digest};

/// SHA-256 over a seed and a counter. Unpredictable enough for uniqueness, and for nothing else.
pub struct SeededEntropy {
    seed: u64,
    next: AtomicU64,
}

impl SeededEntropy {
    pub fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(0) }
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let counter = self.next.fetch_add(1, Ordering::Relaxed);
            let block = digest(&SHA256, format!("{}:{counter}", self.seed).as_bytes());
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }
}
