//! Signs, every few seconds, how far the ledger reached and what its Merkle root was.

use std::sync::Arc;
use std::time::Duration;

use identity_core::Timestamp;
use jose::{SignError, SigningAlgorithm, TokenType};
use ledger::checkpoint::Checkpoint;
use ledger::merkle::Tree;
use ledger::{RecordedEvent, Sequence};
use node::Keys;
use protocol::Issuer;
use storage::{Change, SignedCheckpoint, Store, StoreError};

const BATCH: u32 = 1000;
/// Unsealed rows wait no longer than this, …
const SEAL_AFTER: Duration = Duration::from_secs(5);
/// … and never pile up higher than this.
const SEAL_AT: u64 = 1000;

#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Its tree begins with the first row, so a starting node reads the whole ledger once.
pub struct Sealer {
    store: Arc<dyn Store>,
    keys: Arc<Keys>,
    issuer: Issuer,
    tree: Tree,
    position: Sequence,
    sealed: u64,
    sealed_at: Timestamp,
}

impl Sealer {
    pub async fn starting(
        store: Arc<dyn Store>,
        keys: Arc<Keys>,
        issuer: Issuer,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let newest = store.checkpoints().await?.into_iter().map(|checkpoint| checkpoint.size).max();
        Ok(Self {
            store,
            keys,
            issuer,
            tree: Tree::new(),
            position: Sequence::BEFORE_FIRST,
            sealed: newest.unwrap_or(0),
            sealed_at: now,
        })
    }

    /// Reads what is new and seals it when it is time.
    pub async fn step(&mut self, now: Timestamp) -> Result<(), SealingError> {
        self.read().await?;
        let unsealed = self.tree.size().saturating_sub(self.sealed);
        if unsealed >= SEAL_AT || (unsealed > 0 && now.since(self.sealed_at) >= SEAL_AFTER) {
            self.seal(now).await?;
        }
        Ok(())
    }

    /// Seals whatever is unsealed, whenever the last time was.
    pub async fn finish(&mut self, now: Timestamp) -> Result<(), SealingError> {
        self.read().await?;
        if self.tree.size() > self.sealed { self.seal(now).await } else { Ok(()) }
    }

    async fn read(&mut self) -> Result<(), StoreError> {
        loop {
            let rows = self.store.events_after(self.position, BATCH).await?;
            for row in &rows {
                self.tree.push(row.leaf_hash());
            }
            self.position = rows.last().map_or(self.position, RecordedEvent::sequence);
            if rows.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    async fn seal(&mut self, now: Timestamp) -> Result<(), SealingError> {
        let checkpoint = Checkpoint::of(&self.tree, now);
        let ring = self.keys.ring();
        let signer = ring.signer(SigningAlgorithm::Es256, now)?;
        let claims = checkpoint.signing_payload(self.issuer.as_str());
        let signature = jose::sign(&claims, TokenType::LedgerCheckpoint, signer)?;
        let sealed = SignedCheckpoint {
            size: checkpoint.size,
            root: *checkpoint.root.as_bytes(),
            at: now,
            signature,
        };
        let _ = self.store.commit(&[Change::SaveCheckpoint(sealed)]).await?;
        self.sealed = checkpoint.size;
        self.sealed_at = now;
        Ok(())
    }
}
