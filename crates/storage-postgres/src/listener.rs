//! LISTEN: a hint that somebody committed news. The follower's poll is the guarantee.

use sqlx::postgres::PgListener;
use storage::StoreError;

use crate::database::{Database, Fault};
use crate::events::CHANNEL;

/// Holds a connection of its own; reconnects by itself.
pub struct Listener(PgListener);

impl Listener {
    pub(crate) async fn open(database: &Database) -> Result<Self, Fault> {
        let mut listener = PgListener::connect_with(database.pool()).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// Resolves when there is news, or may have been while the connection was lost.
    pub async fn heard(&mut self) -> Result<(), StoreError> {
        let heard = self.0.try_recv().await;
        heard.map(drop).map_err(|error| Fault::from(error).into())
    }
}
