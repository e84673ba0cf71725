//! One channel that every node listens on.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use redis::aio::{MultiplexedConnection, SendError};
use redis::{PushInfo, PushKind, RedisResult};
use storage::Bell;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use crate::dial::{Dialler, RedisSettingsError};
use crate::keys::Keys;
use crate::link::Link;
use crate::settings::RedisSettings;

/// A listening connection that says nothing for so long is asked whether it still lives.
const QUIET: Duration = Duration::from_secs(5);
/// Before listening again after a connection was lost.
const PAUSE: Duration = Duration::from_millis(200);

/// Two connections: what listens cannot send. Rings that are not sent yet become one.
pub struct RedisBell {
    to_ring: Arc<Notify>,
    heard: Arc<Notify>,
    tasks: [AbortHandle; 2],
}

impl RedisBell {
    /// Must be called within a tokio runtime. Redis may be away: then nobody hears anything.
    pub fn open(settings: RedisSettings) -> Result<Self, RedisSettingsError> {
        let channel = Keys::channel(&settings.prefix);
        let dialler = Dialler::new(settings)?;
        let (to_ring, heard) = (Arc::<Notify>::default(), Arc::<Notify>::default());
        let link = Link::new(dialler.clone());
        let ringing = tokio::spawn(ring_on(link, channel.clone(), Arc::clone(&to_ring)));
        let listening = tokio::spawn(listen(dialler, channel, Arc::clone(&heard)));
        let tasks = [ringing.abort_handle(), listening.abort_handle()];
        Ok(Self { to_ring, heard, tasks })
    }
}

impl Drop for RedisBell {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl fmt::Debug for RedisBell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBell").finish_non_exhaustive()
    }
}

#[async_trait]
impl Bell for RedisBell {
    async fn ring(&self) {
        self.to_ring.notify_one();
    }

    async fn rung(&self) {
        self.heard.notified().await;
    }
}

async fn ring_on(link: Link, channel: String, to_ring: Arc<Notify>) {
    let mut publish = redis::cmd("PUBLISH");
    publish.arg(channel).arg("");
    loop {
        to_ring.notified().await;
        if let Err(error) = link.run(&publish).await {
            tracing::debug!(%error, "the bell was not heard");
        }
    }
}

async fn listen(dialler: Dialler, channel: String, heard: Arc<Notify>) {
    loop {
        let gone = Arc::<Notify>::default();
        let on_push = {
            let (heard, gone) = (Arc::clone(&heard), Arc::clone(&gone));
            move |said: PushInfo| -> Result<(), SendError> {
                match said.kind {
                    PushKind::Message => heard.notify_one(),
                    PushKind::Disconnection => gone.notify_one(),
                    _ => {}
                }
                Ok(())
            }
        };
        let listened = async {
            let mut connection = dialler.listening(on_push).await?;
            in_time(connection.subscribe(&channel)).await?;
            // Somebody may have rung while nobody listened.
            heard.notify_one();
            watch_over(&mut connection, &gone).await
        };
        if let Err(error) = listened.await {
            tracing::debug!(%error, "nobody listens for the bell");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Returns when the connection is of no more use. A cable that was cut says nothing, so ask.
async fn watch_over(connection: &mut MultiplexedConnection, gone: &Notify) -> RedisResult<()> {
    while timeout(QUIET, gone.notified()).await.is_err() {
        in_time(redis::cmd("PING").exec_async(connection)).await?;
    }
    Ok(())
}

async fn in_time<T>(asking: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    match timeout(QUIET, asking).await {
        Ok(result) => result,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}
