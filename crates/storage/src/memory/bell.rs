//! The bell of a single process.

use async_trait::async_trait;
use tokio::sync::Notify;

use crate::ports::Bell;

/// Rings in this process only. Between two waits any number of rings is one.
#[derive(Default, Debug)]
pub struct LocalBell(Notify);

#[async_trait]
impl Bell for LocalBell {
    async fn ring(&self) {
        self.0.notify_one();
    }

    async fn rung(&self) {
        self.0.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[tokio::test]
    async fn a_ring_before_the_wait_is_heard_once() {
        let bell = LocalBell::default();
        bell.ring().await;
        bell.ring().await;
        bell.rung().await;
        let mut again = pin!(bell.rung());
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(again.as_mut().poll(&mut context), Poll::Pending);
        bell.ring().await;
        again.await;
    }
}
