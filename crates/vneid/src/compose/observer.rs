//! Reloads what this node keeps in memory when the ledger says that it changed.

use std::sync::Arc;

use identity_core::{EventKind, Timestamp};
use ledger::{RecordedEvent, Sequence};
use node::{Keys, Registry};
use storage::Store;

use crate::observe::indicators::Indicators;

use super::key_keeper::{KeyError, KeyKeeper};

const BATCH: u32 = 1000;

/// Reads with a position of its own: requests that ask the ledger themselves move the follower's, and
/// an event read there must still be observed here.
pub struct Observer {
    store: Arc<dyn Store>,
    registry: Arc<Registry>,
    keys: Arc<Keys>,
    keeper: Arc<KeyKeeper>,
    position: Sequence,
    stale: Stale,
    /// Who counts what passes by.
    indicators: Option<Arc<Indicators>>,
}

/// What must be loaded again; stays set until it was.
#[derive(Clone, Copy, Default)]
struct Stale {
    registry: bool,
    keys: bool,
}

impl Observer {
    /// `position`: the ledger's head *before* registry and keys were loaded.
    pub fn starting(
        store: Arc<dyn Store>,
        registry: Arc<Registry>,
        keys: Arc<Keys>,
        keeper: Arc<KeyKeeper>,
        position: Sequence,
    ) -> Self {
        Self { store, registry, keys, keeper, position, stale: Stale::default(), indicators: None }
    }

    #[must_use]
    pub fn counting(self, indicators: Option<Arc<Indicators>>) -> Self {
        Self { indicators, ..self }
    }

    pub async fn observe(&mut self, now: Timestamp) -> Result<(), KeyError> {
        loop {
            let rows = self.store.events_after(self.position, BATCH).await?;
            for row in &rows {
                self.stale.note(&row.event().kind);
                if let Some(indicators) = &self.indicators {
                    indicators.note(row.event(), now);
                }
            }
            self.position = rows.last().map_or(self.position, RecordedEvent::sequence);
            if rows.len() < BATCH as usize {
                break;
            }
        }
        if self.stale.registry {
            self.registry.reload(self.store.as_ref()).await?;
            self.stale.registry = false;
        }
        if self.stale.keys {
            self.keeper.renew(&self.keys).await?;
            self.stale.keys = false;
        }
        Ok(())
    }
}

impl Stale {
    fn note(&mut self, kind: &EventKind) {
        match kind {
            EventKind::ClientRegistered
            | EventKind::ClientSuspended
            | EventKind::ClientReinstated => self.registry = true,
            EventKind::KeyCreated { .. } | EventKind::KeyCompromised { .. } => self.keys = true,
            EventKind::OfLaterRelease => (self.registry, self.keys) = (true, true),
            EventKind::AccountCreated
            | EventKind::AccountActivated
            | EventKind::AccountLocked { .. }
            | EventKind::AccountUnlocked
            | EventKind::DeathRecorded
            | EventKind::NumberChanged
            | EventKind::ContactChanged { .. }
            | EventKind::AccountRecovered { .. }
            | EventKind::LoginSucceeded { .. }
            | EventKind::LoginRefused { .. }
            | EventKind::SessionEnded { .. }
            | EventKind::AuthenticatorBound { .. }
            | EventKind::AuthenticatorDisabled { .. }
            | EventKind::AuthenticatorSuspended { .. }
            | EventKind::AuthenticatorRemoved { .. }
            | EventKind::UseDisputed { .. }
            | EventKind::PasswordChanged { .. }
            | EventKind::ConsentGiven { .. }
            | EventKind::ConsentWithdrawn
            | EventKind::GrantIssued { .. }
            | EventKind::GrantRefreshed { .. }
            | EventKind::GrantRevoked { .. }
            | EventKind::AccessTokenRevoked { .. }
            | EventKind::RequestRefused { .. } => {}
        }
    }
}
