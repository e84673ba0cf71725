//! Many at once.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

/// Starts `count` tasks, lets all of them loose at the same moment, and returns what they brought.
pub async fn all_at_once<F>(count: usize, make: impl Fn(usize) -> F) -> Vec<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let start = Arc::new(Barrier::new(count));
    let mut tasks = JoinSet::new();
    for index in 0..count {
        let (start, task) = (Arc::clone(&start), make(index));
        tasks.spawn(async move {
            start.wait().await;
            task.await
        });
    }
    tasks.join_all().await
}
