//! Two ways to ask: as fast as the answers come, and at a rate that does not wait for them.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Once};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::wire::Wire;

/// What one connection does again and again: a request, or a whole flow. An error is a failure.
pub trait Journey: Send {
    fn once(&mut self, wire: &mut Wire) -> io::Result<()>;
}

impl<F: FnMut(&mut Wire) -> io::Result<()> + Send> Journey for F {
    fn once(&mut self, wire: &mut Wire) -> io::Result<()> {
        self(wire)
    }
}

/// How long to measure, after how much that does not count.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub warm_up: Duration,
    pub measured: Duration,
}

/// What came of it. Latencies in microseconds.
pub struct Outcome {
    pub done: u64,
    pub failed: u64,
    pub seconds: f64,
    pub latency: Histogram<u64>,
}

impl Outcome {
    fn new() -> Self {
        let latency = Histogram::new_with_bounds(1, 60_000_000, 3).expect("sane bounds");
        Self { done: 0, failed: 0, seconds: 0.0, latency }
    }

    pub fn with(mut self, other: &Self) -> Self {
        self.done += other.done;
        self.failed += other.failed;
        self.seconds = self.seconds.max(other.seconds);
        self.latency.add(&other.latency).expect("the same bounds");
        self
    }

    fn record(&mut self, since: Instant, ended: &io::Result<()>) {
        match ended {
            Ok(()) => {
                self.done += 1;
                self.latency.saturating_record(since.elapsed().as_micros() as u64);
            }
            Err(error) => {
                static FIRST: Once = Once::new();
                FIRST.call_once(|| eprintln!("the first that failed: {error}"));
                self.failed += 1;
            }
        }
    }

    pub fn rate(&self) -> f64 {
        self.done as f64 / self.seconds
    }

    /// In milliseconds.
    pub fn quantile(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// Closed loop: each journey goes on as soon as its answer is there.
pub fn closed<J: Journey>(address: SocketAddr, journeys: Vec<J>, span: Span) -> Outcome {
    let start = Barrier::new(journeys.len());
    on_threads(journeys, |_, mut journey| {
        let (mut wire, mut outcome) = (Wire::to(address), Outcome::new());
        start.wait();
        let counts_from = Instant::now() + span.warm_up;
        let until = counts_from + span.measured;
        loop {
            let began = Instant::now();
            if began >= until {
                break;
            }
            let ended = journey.once(&mut wire);
            if began >= counts_from {
                outcome.record(began, &ended);
            }
        }
        outcome.seconds = counts_from.elapsed().as_secs_f64();
        outcome
    })
}

/// Open loop: arrivals at a constant rate, spread over the journeys. Latency counts from the moment
/// at which a request was due, also when the connection was still busy with the one before: a slow
/// server cannot make its clients ask less often and so look fast (coordinated omission).
pub fn open<J: Journey>(address: SocketAddr, journeys: Vec<J>, rate: f64, span: Span) -> Outcome {
    let start = Barrier::new(journeys.len());
    let interval = Duration::from_secs_f64(1.0 / rate);
    let connections = journeys.len() as u32;
    on_threads(journeys, |which, mut journey| {
        let (mut wire, mut outcome) = (Wire::to(address), Outcome::new());
        start.wait();
        let counts_from = Instant::now() + span.warm_up;
        let until = counts_from + span.measured;
        let mut due = Instant::now() + interval * which as u32;
        while due < until {
            let now = Instant::now();
            if let Some(early) = due.checked_duration_since(now) {
                std::thread::sleep(early);
            }
            let ended = journey.once(&mut wire);
            if due >= counts_from {
                outcome.record(due, &ended);
            }
            due += interval * connections;
        }
        outcome.seconds = counts_from.elapsed().as_secs_f64();
        outcome
    })
}

/// Keeps the journeys going until `while_it_runs` has returned.
pub fn beside<J: Journey, T>(
    address: SocketAddr,
    journeys: Vec<J>,
    while_it_runs: impl FnOnce() -> T,
) -> (Outcome, T) {
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = &stop;
        let loading = scope.spawn(move || {
            on_threads(journeys, |_, mut journey| {
                let (mut wire, mut outcome) = (Wire::to(address), Outcome::new());
                let began = Instant::now();
                while !stop.load(Ordering::Relaxed) {
                    let since = Instant::now();
                    let ended = journey.once(&mut wire);
                    outcome.record(since, &ended);
                }
                outcome.seconds = began.elapsed().as_secs_f64();
                outcome
            })
        });
        let result = while_it_runs();
        stop.store(true, Ordering::Relaxed);
        (loading.join().expect("the load ends"), result)
    })
}

/// A thread for each journey. They mostly sleep in `read`, and their stacks are small.
fn on_threads<J: Journey>(journeys: Vec<J>, work: impl Fn(usize, J) -> Outcome + Sync) -> Outcome {
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = journeys
            .into_iter()
            .enumerate()
            .map(|(which, journey)| {
                std::thread::Builder::new()
                    .stack_size(256 * 1024)
                    .spawn_scoped(scope, move || work(which, journey))
                    .expect("a thread")
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a journey ends"))
            .fold(Outcome::new(), |sum, outcome| sum.with(&outcome))
    })
}
