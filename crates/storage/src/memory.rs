//! Stores that live and die with the process.

mod apply;
mod bell;
mod durable;
mod transient;

pub use bell::LocalBell;
pub use durable::MemoryStore;
pub use transient::MemoryTransientStore;

#[cfg(all(test, feature = "contract"))]
mod tests {
    mod durable {
        use std::sync::Arc;

        use crate::Store;
        use crate::memory::MemoryStore;

        #[expect(clippy::unused_async, reason = "other stores wait to be opened")]
        async fn empty() -> (Arc<dyn Store>, ()) {
            (Arc::new(MemoryStore::default()), ())
        }

        crate::durable_suite!(empty);
    }

    mod transient {
        use std::sync::Arc;

        use crate::TransientStore;
        use crate::contract::sample::BEGAN;
        use crate::memory::MemoryTransientStore;

        #[expect(clippy::unused_async, reason = "other stores wait to be opened")]
        async fn empty() -> (Arc<dyn TransientStore>, ()) {
            (Arc::new(MemoryTransientStore::new(BEGAN)), ())
        }

        crate::transient_suite!(empty);
    }
}
