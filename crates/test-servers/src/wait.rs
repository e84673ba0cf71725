//! Waiting for what happens beside the requests.

use std::time::Duration;

/// Looks until `condition` holds, ten seconds at most. For a state that has no event to wait for.
pub async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    for _ in 0..1000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never happened that {what}");
}
