//! Signs, every few seconds, how far the ledger reached and what its Merkle root was.
//!
//! One node does it for all. It holds a lease while it does, and whoever takes over goes on from the
//! newest checkpoint; two that sealed at once would do double work and no harm.

use std::sync::Arc;
use std::time::Duration;

use identity_core::{Entropy, Timestamp};
use jose::{SignError, SigningAlgorithm, TokenType};
use ledger::checkpoint::Checkpoint;
use ledger::merkle::Tree;
use ledger::{Digest, RecordedEvent, Sequence};
use node::{Keys, measure};
use protocol::Issuer;
use storage::{Change, Frontier, Lease, SignedCheckpoint, Store, StoreError};
use uuid::Uuid;

const BATCH: u32 = 1000;
/// Unsealed rows wait no longer than this, …
const SEAL_AFTER: Duration = Duration::from_secs(5);
/// … and never pile up higher than this.
const SEAL_AT: u64 = 1000;
/// Another node takes over this long after the one that sealed was last heard of.
const LEASE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum SealingError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Sign(#[from] SignError),
}

pub struct Sealer {
    store: Arc<dyn Store>,
    keys: Arc<Keys>,
    issuer: Issuer,
    holder: Uuid,
    /// Present while this node holds the lease.
    progress: Option<Progress>,
}

/// How far the tree has grown and how much of it is signed.
struct Progress {
    tree: Tree,
    position: Sequence,
    sealed: u64,
    sealed_at: Timestamp,
}

impl Sealer {
    pub fn new(
        store: Arc<dyn Store>,
        keys: Arc<Keys>,
        issuer: Issuer,
        entropy: &dyn Entropy,
    ) -> Self {
        let mut holder = [0; 16];
        entropy.fill(&mut holder);
        Self { store, keys, issuer, holder: Uuid::from_bytes(holder), progress: None }
    }

    /// Reads what is new and seals it when it is time, if this is the node that does.
    pub async fn step(&mut self, now: Timestamp) -> Result<(), SealingError> {
        let Some(mut progress) = self.take_up(now).await? else { return Ok(()) };
        progress.read(self.store.as_ref()).await?;
        let unsealed = progress.unsealed();
        if unsealed >= SEAL_AT || (unsealed > 0 && now.since(progress.sealed_at) >= SEAL_AFTER) {
            self.seal(&mut progress, now).await?;
        }
        measure::unsealed(progress.unsealed());
        self.progress = Some(progress);
        Ok(())
    }

    /// Seals whatever is unsealed, whenever the last time was, and leaves the rest to others.
    pub async fn finish(&mut self, now: Timestamp) -> Result<(), SealingError> {
        let Some(mut progress) = self.take_up(now).await? else { return Ok(()) };
        progress.read(self.store.as_ref()).await?;
        if progress.unsealed() > 0 {
            self.seal(&mut progress, now).await?;
        }
        self.store.take_lease(Lease::SealLedger, self.holder, now, now).await?;
        Ok(())
    }

    /// What to go on with; after a failure half-way, what was last signed.
    async fn take_up(&mut self, now: Timestamp) -> Result<Option<Progress>, StoreError> {
        let progress = self.progress.take();
        let until = now.plus(LEASE);
        if !self.store.take_lease(Lease::SealLedger, self.holder, until, now).await? {
            return Ok(None);
        }
        match progress {
            Some(progress) => Ok(Some(progress)),
            None => Progress::resumed(self.store.as_ref(), now).await.map(Some),
        }
    }

    async fn seal(&self, progress: &mut Progress, now: Timestamp) -> Result<(), SealingError> {
        let checkpoint = Checkpoint::of(&progress.tree, now);
        let ring = self.keys.ring();
        let signer = ring.signer(SigningAlgorithm::Es256, now)?;
        let claims = checkpoint.signing_payload(self.issuer.as_str());
        let signature = jose::sign(&claims, TokenType::LedgerCheckpoint, signer)?;
        let sealed = SignedCheckpoint {
            size: checkpoint.size,
            root: *checkpoint.root.as_bytes(),
            at: now,
            signature,
            frontier: Some(Frontier {
                position: progress.position,
                peaks: progress.tree.peaks().iter().map(|peak| *peak.as_bytes()).collect(),
            }),
        };
        let _ = self.store.commit(&[Change::SaveCheckpoint(sealed)]).await?;
        (progress.sealed, progress.sealed_at) = (checkpoint.size, now);
        Ok(())
    }
}

impl Progress {
    /// From the newest checkpoint, whose peaks must have its root; without one, from the first row.
    async fn resumed(store: &dyn Store, now: Timestamp) -> Result<Self, StoreError> {
        let newest = store.newest_checkpoint().await?;
        let sealed = newest.as_ref().map_or(0, |newest| newest.size);
        let (tree, position) =
            newest.and_then(grown).unwrap_or((Tree::new(), Sequence::BEFORE_FIRST));
        Ok(Self { tree, position, sealed, sealed_at: now })
    }

    async fn read(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        loop {
            let rows = store.events_after(self.position, BATCH).await?;
            for row in &rows {
                self.tree.push(row.leaf_hash());
            }
            self.position = rows.last().map_or(self.position, RecordedEvent::sequence);
            if rows.len() < BATCH as usize {
                return Ok(());
            }
        }
    }

    fn unsealed(&self) -> u64 {
        self.tree.size().saturating_sub(self.sealed)
    }
}

fn grown(newest: SignedCheckpoint) -> Option<(Tree, Sequence)> {
    let frontier = newest.frontier?;
    let peaks = frontier.peaks.into_iter().map(Digest::from_bytes).collect();
    let tree = Tree::resume(newest.size, peaks)?;
    if *tree.root().as_bytes() != newest.root {
        tracing::error!(size = newest.size, "the newest checkpoint does not go with its peaks");
        return None;
    }
    Some((tree, frontier.position))
}
