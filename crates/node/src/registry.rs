//! All relying parties, in memory: a handful of thousands, reloaded when the ledger says so.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use identity_core::{ClientId, RelyingParty};
use storage::{RegistryReader, StoreError};

type Parties = HashMap<ClientId, Arc<RelyingParty>>;

#[derive(Default)]
pub struct Registry {
    parties: RwLock<Arc<Parties>>,
}

impl Registry {
    pub async fn load(reader: &dyn RegistryReader) -> Result<Self, StoreError> {
        let registry = Self::default();
        registry.reload(reader).await?;
        Ok(registry)
    }

    pub async fn reload(&self, reader: &dyn RegistryReader) -> Result<(), StoreError> {
        let parties = reader.relying_parties().await?;
        let parties =
            parties.into_iter().map(|party| (party.client_id.clone(), Arc::new(party))).collect();
        *self.parties.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(parties);
        Ok(())
    }

    pub fn get(&self, client: &ClientId) -> Option<Arc<RelyingParty>> {
        self.snapshot().get(client).cloned()
    }

    /// By the text of a request, which may be no client id at all.
    pub fn find(&self, client_id: &str) -> Option<Arc<RelyingParty>> {
        self.get(&ClientId::parse(client_id).ok()?)
    }

    fn snapshot(&self) -> Arc<Parties> {
        self.parties.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
