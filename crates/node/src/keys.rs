//! The opened key ring, shared by all requests and replaced whole after a rotation.

use std::sync::{Arc, PoisonError, RwLock};

use jose::KeyRing;

pub struct Keys(RwLock<Arc<KeyRing>>);

impl Keys {
    pub fn new(ring: KeyRing) -> Self {
        Self(RwLock::new(Arc::new(ring)))
    }

    pub fn ring(&self) -> Arc<KeyRing> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn replace(&self, ring: impl Into<Arc<KeyRing>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ring.into();
    }
}
