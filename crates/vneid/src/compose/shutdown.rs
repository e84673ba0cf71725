//! One signal that ends everything, however many listen to it.

use tokio::sync::watch;

/// Dropping it asks everybody to stop, too.
pub struct Trigger(watch::Sender<bool>);

#[derive(Clone)]
pub struct Shutdown(watch::Receiver<bool>);

pub fn channel() -> (Trigger, Shutdown) {
    let (sender, receiver) = watch::channel(false);
    (Trigger(sender), Shutdown(receiver))
}

impl Trigger {
    pub fn pull(&self) {
        self.0.send_replace(true);
    }
}

impl Shutdown {
    /// Resolves once the trigger was pulled or dropped.
    pub async fn requested(mut self) {
        // An error means that the trigger is gone: nobody could ask any more.
        let _ = self.0.wait_for(|requested| *requested).await;
    }
}
