//! What every handler is given.

use std::sync::Arc;

use flows::Provider;
use identity_core::Clock;
use protocol::{MetadataOptions, ProviderMetadata};

use crate::api::metadata::Document;
use crate::cookies::CookiePolicy;
use crate::pages::texts::{TextError, Texts};

pub struct ServerState {
    pub provider: Arc<Provider>,
    pub clock: Arc<dyn Clock>,
    pub texts: Texts,
    pub cookies: CookiePolicy,
    /// Written once: the document never depends on a request (ATK-026).
    pub metadata: Document,
    pub reference_app: ReferenceApp,
}

/// Whether `/app/` is there: the reference app shows how an app talks to us, and is for demonstrations.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ReferenceApp {
    Served,
    #[default]
    NotServed,
}

#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Pages link from the root of their host.
    #[error("the issuer must have no path")]
    IssuerHasPath,
    #[error(transparent)]
    Texts(#[from] TextError),
    #[error("the metadata cannot be written")]
    Metadata(#[from] serde_json::Error),
}

impl ServerState {
    pub fn new(
        provider: Arc<Provider>,
        options: MetadataOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StateError> {
        let issuer = &provider.settings.issuer;
        if !issuer.path().is_empty() {
            return Err(StateError::IssuerHasPath);
        }
        let metadata = serde_json::to_vec(&ProviderMetadata::for_issuer(issuer, options))?;
        Ok(Self {
            texts: Texts::embedded()?,
            cookies: CookiePolicy::for_issuer(issuer),
            metadata: Document::new(metadata),
            reference_app: ReferenceApp::default(),
            provider,
            clock,
        })
    }

    #[must_use]
    pub fn with_reference_app(self, reference_app: ReferenceApp) -> Self {
        Self { reference_app, ..self }
    }

    /// What browsers call us, byte for byte: the issuer has no path.
    pub fn origin(&self) -> &str {
        self.provider.settings.issuer.as_str()
    }
}
