//! All relying parties, in memory: a handful of thousands, reloaded when the ledger says so.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use identity_core::relying_party::ClientAuthentication;
use identity_core::{ClientId, RelyingParty};
use jose::Jwks;
use storage::{RegistryReader, StoreError};

type Entries = HashMap<ClientId, Entry>;

/// A relying party and what is made of its registration once, not at every request.
struct Entry {
    party: Arc<RelyingParty>,
    keys: Option<Arc<Jwks>>,
}

#[derive(Default)]
pub struct Registry {
    entries: RwLock<Arc<Entries>>,
}

impl Registry {
    pub async fn load(reader: &dyn RegistryReader) -> Result<Self, StoreError> {
        let registry = Self::default();
        registry.reload(reader).await?;
        Ok(registry)
    }

    pub async fn reload(&self, reader: &dyn RegistryReader) -> Result<(), StoreError> {
        let parties = reader.relying_parties().await?;
        let entries = parties.into_iter().map(|party| (party.client_id.clone(), Entry::of(party)));
        let entries = Arc::new(entries.collect());
        *self.entries.write().unwrap_or_else(PoisonError::into_inner) = entries;
        Ok(())
    }

    pub fn get(&self, client: &ClientId) -> Option<Arc<RelyingParty>> {
        self.snapshot().get(client).map(|entry| Arc::clone(&entry.party))
    }

    /// By the text of a request, which may be no client id at all.
    pub fn find(&self, client_id: &str) -> Option<Arc<RelyingParty>> {
        self.get(&ClientId::parse(client_id).ok()?)
    }

    /// The public keys of a client that authenticates with its own (RFC 7523).
    pub fn keys_of(&self, client: &ClientId) -> Option<Arc<Jwks>> {
        self.snapshot().get(client)?.keys.clone()
    }

    fn snapshot(&self) -> Arc<Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Entry {
    fn of(party: RelyingParty) -> Self {
        let keys = match &party.authentication {
            ClientAuthentication::PrivateKeyJwt { jwks } => Jwks::parse(&jwks.to_string())
                .inspect_err(|_| {
                    tracing::error!(client = %party.client_id, "registered keys are unusable");
                })
                .ok(),
            ClientAuthentication::None
            | ClientAuthentication::ClientSecretBasic { .. }
            | ClientAuthentication::ClientSecretPost { .. } => None,
        };
        Self { party: Arc::new(party), keys: keys.map(Arc::new) }
    }
}
