//! Time stands until a test moves it.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use identity_core::{Clock, Timestamp};

pub struct MockClock(AtomicI64);

impl MockClock {
    /// 2026-11-22T02:00:00Z: nine in the morning in Ha Noi.
    pub const START: Timestamp = Timestamp::from_unix_seconds(1_795_312_800);

    pub fn starting() -> Self {
        Self(AtomicI64::new(Self::START.unix_millis()))
    }

    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).expect("tests move time by less than an age");
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for MockClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst))
    }
}
