//! What adapters tell monitoring about their connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How a store's connections stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct PoolNumbers {
    pub open: u32,
    pub idle: u32,
    /// No more than these are ever open.
    pub most: u32,
    /// Requests that have not been handed one yet.
    pub waiting: u32,
}

/// Counts who waits for a connection, since the driver does not.
#[derive(Clone, Debug, Default)]
pub struct WaitingRoom(Arc<AtomicU32>);

impl WaitingRoom {
    /// Counted until it is there, or until nobody wants it any more.
    pub async fn until<T>(&self, turn: impl Future<Output = T>) -> T {
        let _place = Place::take(&self.0);
        turn.await
    }

    pub fn waiting(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Place<'a>(&'a AtomicU32);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicU32) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::*;

    #[test]
    fn whoever_gives_up_waiting_is_not_counted_any_more() {
        let room = WaitingRoom::default();
        {
            let mut turn = pin!(room.until(std::future::pending::<()>()));
            let mut context = Context::from_waker(Waker::noop());
            assert!(turn.as_mut().poll(&mut context).is_pending());
            assert_eq!(room.waiting(), 1);
        }
        assert_eq!(room.waiting(), 0);
    }
}
