//! What can go wrong below a port. Refusals of the protocol are not errors of the store.

/// "Ours" all of it: the caller of the service did nothing wrong.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Down, locked, full, read-only or too slow: answer 503 and let them try again.
    #[error("the store is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored value does not read back as what was written.
    #[error("stored data is corrupt: {0}")]
    Corrupt(String),
}

impl StoreError {
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into())
    }

    pub fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }
}
