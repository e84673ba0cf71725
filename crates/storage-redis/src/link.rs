//! A lasting connection: it dials again by itself, and answers in time or not at all.

use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, ToRedisArgs, Value};
use storage::StoreError;
use storage::ports::StoreResult;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout_at};

use crate::dial::{Dialler, Wire};

/// Between attempts to reach a Redis that is away.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(crate) struct Link {
    state: watch::Receiver<State>,
    /// The number of the newest wire that somebody found broken.
    broken: Arc<watch::Sender<u64>>,
    timeout: Duration,
    dialling: AbortHandle,
}

#[derive(Clone)]
enum State {
    /// The first attempt is under way: worth waiting for.
    Dialling,
    Up {
        number: u64,
        wire: Wire,
    },
    /// Attempts go on, and callers are told at once.
    Down(Arc<RedisError>),
}

/// A script as sources, and the name Redis gives it.
pub(crate) struct Script {
    source: &'static str,
    digest: String,
}

impl Script {
    pub fn new(source: &'static str) -> Self {
        Self { source, digest: redis::Script::new(source).get_hash().to_owned() }
    }

    fn command(&self, call: Call, keys: &[&str], arguments: &[impl ToRedisArgs]) -> Cmd {
        let mut command = match call {
            Call::ByName => redis::cmd("EVALSHA"),
            Call::InFull => redis::cmd("EVAL"),
        };
        match call {
            Call::ByName => command.arg(&self.digest),
            Call::InFull => command.arg(self.source),
        };
        command.arg(keys.len()).arg(keys).arg(arguments);
        command
    }
}

#[derive(Clone, Copy)]
enum Call {
    ByName,
    InFull,
}

#[derive(Debug, thiserror::Error)]
enum LinkError {
    #[error("Redis did not answer within {0:?}")]
    Late(Duration),
    #[error("Redis cannot be reached")]
    Down(#[source] Arc<RedisError>),
    #[error("Redis refused")]
    Refused(#[source] RedisError),
    #[error("the connection to Redis was closed")]
    Closed,
}

impl Link {
    /// Dials in the background, within a tokio runtime. Redis may be away.
    pub fn new(dialler: Dialler) -> Self {
        let timeout = dialler.settings().timeout;
        let (states, state) = watch::channel(State::Dialling);
        let (broken, breaks) = watch::channel(0);
        let dialling = tokio::spawn(dial(dialler, states, breaks)).abort_handle();
        Self { state, broken: Arc::new(broken), timeout, dialling }
    }

    pub async fn run(&self, command: &Cmd) -> StoreResult<Value> {
        let deadline = Instant::now() + self.timeout;
        self.attempt(command, deadline).await.map_err(StoreError::unavailable)
    }

    /// Sent again only when Redis says that it did nothing: a call whose answer was lost may have
    /// counted.
    pub async fn evaluate(
        &self,
        script: &Script,
        keys: &[&str],
        arguments: &[impl ToRedisArgs + Sync],
    ) -> StoreResult<Value> {
        let deadline = Instant::now() + self.timeout;
        let mut call = Call::ByName;
        loop {
            match self.attempt(&script.command(call, keys, arguments), deadline).await {
                Ok(value) => return Ok(value),
                Err(LinkError::Refused(error)) => match error.kind() {
                    ErrorKind::Server(ServerErrorKind::NoScript) => call = Call::InFull,
                    // The map of the cluster is read anew before the next attempt.
                    ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::TryAgain) => {}
                    _ => return Err(StoreError::unavailable(LinkError::Refused(error))),
                },
                Err(error) => return Err(StoreError::unavailable(error)),
            }
        }
    }

    /// Tells of every new wire.
    pub fn connections(&self) -> Connections {
        Connections { state: self.state.clone(), last: 0 }
    }

    async fn attempt(&self, command: &Cmd, deadline: Instant) -> Result<Value, LinkError> {
        let late = |_| LinkError::Late(self.timeout);
        let (number, mut wire) = timeout_at(deadline, self.wire()).await.map_err(late)??;
        match timeout_at(deadline, wire.send(command)).await {
            Ok(Ok(value)) => value.extract_error().map_err(LinkError::Refused),
            Ok(Err(error)) => {
                if wire.is_lost(&error) {
                    self.report_broken(number);
                }
                Err(LinkError::Refused(error))
            }
            // Perhaps nobody is there any more and nothing tells us so.
            Err(_) => {
                if matches!(wire, Wire::One(_)) {
                    self.report_broken(number);
                }
                Err(LinkError::Late(self.timeout))
            }
        }
    }

    async fn wire(&self) -> Result<(u64, Wire), LinkError> {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| !matches!(state, State::Dialling)).await;
        match &*settled.map_err(|_| LinkError::Closed)? {
            State::Up { number, wire } => Ok((*number, wire.clone())),
            State::Down(error) => Err(LinkError::Down(Arc::clone(error))),
            State::Dialling => Err(LinkError::Closed),
        }
    }

    fn report_broken(&self, number: u64) {
        self.broken.send_if_modified(|newest| {
            let news = number > *newest;
            *newest = number.max(*newest);
            news
        });
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.dialling.abort();
    }
}

/// See [`Link::connections`].
pub(crate) struct Connections {
    state: watch::Receiver<State>,
    last: u64,
}

impl Connections {
    /// `None` when the link is gone.
    pub async fn next(&mut self) -> Option<()> {
        let last = self.last;
        let is_new = |state: &State| matches!(state, State::Up { number, .. } if *number > last);
        if let State::Up { number, .. } = &*self.state.wait_for(is_new).await.ok()? {
            self.last = *number;
        }
        Some(())
    }
}

async fn dial(dialler: Dialler, states: watch::Sender<State>, mut breaks: watch::Receiver<u64>) {
    let mut number = 0;
    let mut pause = FIRST_PAUSE;
    loop {
        match dialler.commands().await {
            Ok(wire) => {
                number += 1;
                pause = FIRST_PAUSE;
                tracing::info!("connected to Redis");
                states.send_replace(State::Up { number, wire });
                if breaks.wait_for(|broken| *broken >= number).await.is_err() {
                    return;
                }
                tracing::warn!("the connection to Redis is lost");
                states.send_replace(State::Dialling);
            }
            Err(error) => {
                if pause == FIRST_PAUSE {
                    tracing::warn!(%error, "Redis cannot be reached");
                }
                states.send_replace(State::Down(Arc::new(error)));
                tokio::time::sleep(pause).await;
                pause = LONGEST_PAUSE.min(pause * 2);
            }
        }
    }
}
