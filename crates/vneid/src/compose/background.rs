//! What runs beside the requests: following the ledger, rotating keys, sealing, delivering notices.
//! None of it is needed for an answer to be right; without following, answers only get slower.

use std::sync::Arc;
use std::time::Duration;

use authorization_server::delivery::Courier;
use flows::Provider;
use identity_core::Clock;
use ledger::Sequence;
use node::measure;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::expiry::{Guards, Reminders};
use super::key_keeper::{KeyKeeper, Pace};
use super::observer::Observer;
use super::sealer::Sealer;
use super::shutdown::{Shutdown, Trigger, channel};
use super::stores::Durable;
use super::{Node, Role};
use crate::observe::indicators::Indicators;
use crate::policies::Rereader;

const ROTATION_CHECK: Duration = Duration::from_mins(1);
/// Partitions are made months ahead: once a day would do.
const KEEPING_CHECK: Duration = Duration::from_hours(1);
/// After the connection that hears of news was lost.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);
const EXPIRY_CHECK: Duration = Duration::from_hours(1);
const POLICY_CHECK: Duration = Duration::from_secs(15);
const SEALING_CHECK: Duration = Duration::from_secs(1);
/// After the past could not be counted.
const COUNTING_AGAIN: Duration = Duration::from_secs(10);
/// Between two looks for notices whose retry is due; new ones ring a bell.
const DELIVERY_CHECK: Duration = Duration::from_secs(5);

/// The loops; they end when this is stopped or dropped.
pub struct Background {
    trigger: Trigger,
    loops: JoinSet<()>,
}

impl Background {
    /// Every role follows the ledger. Only the one that issues also writes: a node that only answers
    /// introspection makes no keys, seals nothing and sends nothing.
    pub(super) fn start(node: &Node, role: Role) -> Self {
        let (trigger, shutdown) = channel();
        let provider = Arc::clone(&node.provider);
        let (clock, news) = (Arc::clone(&node.clock), Arc::default());
        let work = Work { provider, clock, news, shutdown };
        let mut loops = JoinSet::new();
        loops.spawn(work.clone().follow(observer(node)));
        loops.spawn(work.clone().hear(node.durable.clone()));
        loops.spawn(work.clone().hear_bell());
        if let Some(indicators) = &node.indicators {
            loops.spawn(work.clone().count_the_past(Arc::clone(indicators), node.loaded_at));
        }
        loops.spawn(work.clone().remind(Arc::clone(&node.guards)));
        if let Some(directory) = node.policy_directory.clone() {
            let policies = Arc::clone(&node.provider.policies);
            loops.spawn(work.clone().reread(Rereader::new(directory, policies)));
        }
        match role {
            Role::Introspection => {}
            Role::All | Role::Authorization => {
                loops.spawn(work.clone().rotate(Arc::clone(&node.keeper)));
                loops.spawn(work.clone().seal(sealer(node)));
                loops.spawn(work.clone().keep(node.durable.clone()));
                loops.spawn(work.deliver(courier(node)));
            }
        }
        Self { trigger, loops }
    }

    pub async fn stop(mut self) {
        self.trigger.pull();
        while let Some(ended) = self.loops.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a background loop did not end tidily");
            }
        }
    }
}

fn observer(node: &Node) -> Observer {
    let provider = &node.provider;
    Observer::starting(
        Arc::clone(&provider.store),
        Arc::clone(&provider.registry),
        Arc::clone(&provider.keys),
        Arc::clone(&node.keeper),
        node.loaded_at,
    )
    .counting(node.indicators.clone())
}

fn sealer(node: &Node) -> Sealer {
    let provider = &node.provider;
    let issuer = provider.settings.issuer.clone();
    let (store, keys) = (Arc::clone(&provider.store), Arc::clone(&provider.keys));
    Sealer::new(store, keys, issuer, provider.entropy.as_ref())
}

fn courier(node: &Node) -> Courier {
    let (provider, outbound) = (Arc::clone(&node.provider), Arc::clone(&node.outbound));
    Courier::new(provider, outbound, Arc::clone(&node.clock))
}

/// What every loop needs.
#[derive(Clone)]
struct Work {
    provider: Arc<Provider>,
    clock: Arc<dyn Clock>,
    /// Somebody heard of news.
    news: Arc<Notify>,
    shutdown: Shutdown,
}

impl Work {
    async fn follow(self, mut observer: Observer) {
        let mut outage = Outage::new("following the ledger");
        loop {
            // After a failure the follower's next step says how long to wait.
            let wait = match self.provider.security.follow(self.clock.now()).await {
                Ok(wait) => {
                    if wait.is_zero() {
                        outage.note(observer.observe(self.clock.now()).await);
                    }
                    wait
                }
                Err(error) => {
                    outage.note::<(), _>(Err(error));
                    Duration::ZERO
                }
            };
            tokio::select! {
                stopped = self.stopped_within(wait) => if stopped { return },
                () = self.news.notified() => {}
            }
        }
    }

    /// Wakes the follower when somebody says that there is news. Hearing nothing costs a poll's time,
    /// never safety.
    async fn hear(self, durable: Durable) {
        let mut outage = Outage::new("listening for news");
        loop {
            match durable.listen().await {
                Ok(None) => return,
                Ok(Some(mut listener)) => loop {
                    let heard = tokio::select! {
                        heard = listener.heard() => heard,
                        () = self.shutdown.clone().requested() => return,
                    };
                    let connected = heard.is_ok();
                    outage.note(heard);
                    self.wake();
                    if !connected {
                        break;
                    }
                },
                Err(error) => outage.note::<(), _>(Err(error)),
            }
            if self.stopped_within(LISTEN_AGAIN).await {
                return;
            }
        }
    }

    async fn hear_bell(self) {
        loop {
            tokio::select! {
                () = self.provider.bell.rung() => self.wake(),
                () = self.shutdown.clone().requested() => return,
            }
        }
    }

    fn wake(&self) {
        self.provider.security.wake(self.clock.now());
        self.news.notify_one();
    }

    async fn keep(self, durable: Durable) {
        let mut outage = Outage::new("making partitions and forgetting what is over");
        loop {
            // It may have much to forget, and can be left at any time.
            let kept = tokio::select! {
                kept = durable.keep(self.clock.now(), self.provider.entropy.as_ref()) => kept,
                () = self.shutdown.clone().requested() => return,
            };
            outage.note(kept);
            if self.stopped_within(KEEPING_CHECK).await {
                return;
            }
        }
    }

    /// So that the indicators do not begin anew with every start.
    async fn count_the_past(self, indicators: Arc<Indicators>, until: Sequence) {
        let mut outage = Outage::new("counting what happened before the start");
        loop {
            let now = self.clock.now();
            let read = tokio::select! {
                read = indicators.read_back(self.provider.store.as_ref(), until, now) => read,
                () = self.shutdown.clone().requested() => return,
            };
            let done = read.is_ok();
            outage.note(read);
            if done || self.stopped_within(COUNTING_AGAIN).await {
                return;
            }
        }
    }

    async fn rotate(self, keeper: Arc<KeyKeeper>) {
        let mut outage = Outage::new("rotating keys");
        while !self.stopped_within(ROTATION_CHECK).await {
            // The ledger tells every node, this one too, to open the ring anew.
            outage.note(keeper.rotate(Pace::Scheduled, self.clock.now()).await);
        }
    }

    async fn remind(self, guards: Arc<Guards>) {
        let mut reminders = Reminders::default();
        loop {
            let now = self.clock.now();
            reminders.log(guards.expiries(now), now);
            if self.stopped_within(EXPIRY_CHECK).await {
                return;
            }
        }
    }

    /// At once when told to by SIGHUP, and by itself soon after the files changed.
    async fn reread(self, mut rereader: Rereader) {
        let mut outage = Outage::new("reading policies");
        let mut hangup = match signal(SignalKind::hangup()) {
            Ok(hangup) => hangup,
            Err(error) => {
                outage.note::<(), _>(Err(error));
                return;
            }
        };
        loop {
            outage.note(rereader.step(self.clock.now()));
            tokio::select! {
                stopped = self.stopped_within(POLICY_CHECK) => if stopped { return },
                _ = hangup.recv() => {}
            }
        }
    }

    async fn seal(self, mut sealer: Sealer) {
        let mut outage = Outage::new("sealing the ledger");
        while !self.stopped_within(SEALING_CHECK).await {
            outage.note(sealer.step(self.clock.now()).await);
        }
        outage.note(sealer.finish(self.clock.now()).await);
    }

    async fn deliver(self, mut courier: Courier) {
        let mut outage = Outage::new("delivering logout notices");
        let mut look = true;
        loop {
            if look {
                outage.note(courier.take_up().await);
            }
            let was_full = courier.is_full();
            look = tokio::select! {
                Some(done) = courier.one_done() => {
                    outage.note(done);
                    was_full
                }
                () = self.provider.notices.notified() => true,
                () = sleep(DELIVERY_CHECK) => true,
                () = self.shutdown.clone().requested() => return,
            };
        }
    }

    async fn stopped_within(&self, wait: Duration) -> bool {
        tokio::select! {
            biased;
            () = self.shutdown.clone().requested() => true,
            () = sleep(wait) => false,
        }
    }
}

/// Logs when something begins to fail and when it works again, not every time in between.
struct Outage {
    what: &'static str,
    lasting: bool,
}

impl Outage {
    fn new(what: &'static str) -> Self {
        measure::background_work(what);
        Self { what, lasting: false }
    }

    fn note<T, E: std::error::Error>(&mut self, result: Result<T, E>) {
        if result.is_err() {
            measure::background_failure(self.what);
        }
        match (result, self.lasting) {
            (Err(error), false) => {
                tracing::error!(cause = ?error, "{} fails; it is tried again", self.what);
                self.lasting = true;
            }
            (Ok(_), true) => {
                tracing::info!("{} works again", self.what);
                self.lasting = false;
            }
            (Err(_), true) | (Ok(_), false) => {}
        }
    }
}
