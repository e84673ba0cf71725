//! Faults, many more than an operator should meet: the real binary as several nodes over PostgreSQL
//! and Redis, while processes are killed, networks cut and memories wiped. Rows are those of the
//! scorecard. `make chaos` takes the sizes an operator cares about; `make test` the same rows, small.
//!
//! ```text
//!  site      one PostgreSQL, one Redis, nodes, and the network between them
//!  portal    a relying party and its citizens, at whichever node they like
//!  crash     rows 1 2 3   killed nodes, a killed primary, promotion
//!  redis     rows 4 5 6   Redis gone, empty, silent
//!  races     rows 7 8 10  many at once; what counts once
//!  takeback  rows 9 30    revocation and compromise at every node; rotation under load
//!  stale     rows 6 51    nodes cut off from the database; no database at all
//!  restore   row 33       back to a point in time
//!  soak      row 29       memory under lasting load
//!  upgrade   row 32       the release before and this one on one database
//! ```

mod crash;
mod portal;
mod races;
mod redis;
mod restore;
mod site;
mod soak;
mod stale;
mod takeback;
mod upgrade;

use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use testkit::all_at_once;
use tokio::sync::{Mutex, MutexGuard};

/// The small size for `make test`, the large one for `make chaos`.
fn size<T>(small: T, large: T) -> T {
    if std::env::var_os("VNEID_CHAOS").is_some_and(|value| value == "full") { large } else { small }
}

/// One row at a time: each loads the machine and looks at the clock.
async fn alone() -> Row {
    static ALONE: Mutex<()> = Mutex::const_new(());
    Row { _alone: ALONE.lock().await, begun: Instant::now() }
}

struct Row {
    _alone: MutexGuard<'static, ()>,
    begun: Instant,
}

impl Row {
    /// One line for the report.
    fn passed(&self, rows: &str, figures: impl Display) {
        let took = self.begun.elapsed().as_secs_f64();
        println!("row {rows}: {figures} ({took:.1} s)");
    }
}

/// `count` pieces of work, `workers` of them at a time; what they brought, in order.
async fn each<F, T>(
    count: usize,
    workers: usize,
    work: impl Fn(usize) -> F + Send + Sync + 'static,
) -> Vec<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let work = Arc::new(work);
    let brought = all_at_once(workers, |worker| {
        let work = Arc::clone(&work);
        async move {
            let mut brought = Vec::new();
            for index in (worker..count).step_by(workers) {
                brought.push((index, work(index).await));
            }
            brought
        }
    });
    let mut brought: Vec<(usize, T)> = brought.await.into_iter().flatten().collect();
    brought.sort_by_key(|(index, _)| *index);
    brought.into_iter().map(|(_, result)| result).collect()
}

/// The value that `per_hundred` of a hundred do not exceed.
fn percentile(mut times: Vec<Duration>, per_hundred: usize) -> Duration {
    times.sort_unstable();
    let last = times.len().checked_sub(1).expect("something was measured");
    times[(times.len() * per_hundred).div_ceil(100).saturating_sub(1).min(last)]
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        // Knuth's MMIX; the high bits are the good ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }
}
