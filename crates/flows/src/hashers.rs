//! Threads that do nothing but hash, so that the system can be told to let everything else go first:
//! a login waits for its own hash anyway, an introspection should not wait for somebody else's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::oneshot;

use crate::refusal::Fault;

type Work = Box<dyn FnOnce() + Send>;

/// They end when this is dropped.
pub struct Hashers {
    work: Sender<Work>,
}

impl Hashers {
    /// Each thread runs `first` before its first hash.
    pub fn start(threads: usize, first: fn()) -> Result<Self, Fault> {
        let (work, queue) = channel::<Work>();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || {
                    first();
                    while let Some(work) = next(&queue) {
                        // Whoever waits for it sees that no answer comes; the thread is needed on.
                        let _ = catch_unwind(AssertUnwindSafe(work));
                    }
                })
                .map_err(|cause| Fault::Key(format!("no thread for hashing: {cause}")))?;
        }
        Ok(Self { work })
    }

    /// The result of `work`, once one of the threads has done it.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let stopped = || Fault::Key("hashing stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move || {
            // An error: nobody waits any more.
            let _ = answer.send(work());
        });
        self.work.send(work).map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())
    }
}

/// One thread waits for work, the others for the lock; `None` when no more can come.
fn next(queue: &Mutex<Receiver<Work>>) -> Option<Work> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_that_panics_costs_its_caller_an_answer_and_nobody_else() {
        let hashers = Hashers::start(1, || ()).unwrap();
        let broken: Result<(), _> = hashers.run(|| panic!("broken")).await;
        assert!(broken.is_err());
        assert_eq!(hashers.run(|| 7).await.unwrap(), 7);
    }
}
