//! OAuth 2.0 and OpenID Connect messages: strict parsing, exact writing.
//!
//! What it is for: everything a relying party or browser says to us becomes a type here or is
//! refused here, and everything we answer is written here, so that no flow ever sees raw bytes.
//!
//! What it must never know: HTTP servers, storage, clocks, randomness, keys, and whether a client,
//! code or token exists. It judges the form of a message, never its truth.
//!
//! ```text
//!  bytes ──▶ params ─┬─▶ authorize ──▶ claims_request, pkce, scope
//!          (json)    │                authorization_details
//!                    ├─▶ client_authentication ──▶ secret
//!                    ├─▶ token · introspect · revoke · end_session
//!                    └─▶ bearer
//!  answers ◀── authorization_response · token · introspect · bearer::Challenge
//!  faults  ◀── error      one ProtocolError: registered code + fixed sentence
//!  facts   ◀── metadata (Issuer, endpoints) · standard_claims · redirect_uri (registration)
//!  environment: the one switch that loosens https in development
//! ```

pub mod authorization_details;
pub mod authorization_response;
pub mod authorize;
pub mod bearer;
pub mod claims_request;
pub mod client_authentication;
pub mod end_session;
pub mod endpoints;
mod environment;
pub mod error;
pub mod introspect;
pub mod json;
pub mod metadata;
pub mod params;
pub mod pkce;
pub mod redirect_uri;
pub mod revoke;
pub mod scope;
mod secret;
pub mod standard_claims;
pub mod token;
pub mod verified_claims;

pub use authorization_response::{AuthorizationResponse, RenderedResponse};
pub use authorize::{AuthorizationRequest, AuthorizationTarget, ErrorContext, ResponseMode};
pub use claims_request::{ClaimRequest, ClaimsRequest};
pub use client_authentication::PresentedClient;
pub use environment::Environment;
pub use error::{ErrorCode, ProtocolError};
pub use metadata::{Issuer, MetadataOptions, ProviderMetadata};
pub use params::{Params, ParamsError};
pub use pkce::{CodeChallenge, CodeVerifier};
pub use redirect_uri::{ApplicationType, RegisteredRedirectUri};
pub use scope::{Scope, ScopeSet};
pub use secret::SecretString;
pub use token::{TokenRequest, TokenResponse};
pub use verified_claims::VerifiedClaimsRequest;
