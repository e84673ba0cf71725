//! Signed and sealed tokens, and the keys that make them.
//!
//! What leaves this provider and comes back is either *signed* (a JWS that others read: ID tokens,
//! logout tokens, RFC 9068 access tokens) or *sealed* (AES-256-GCM, opaque to everybody but us).
//! Here both are made and judged, here keys are opened, published and rotated, and here the
//! assertions that clients sign with their own keys are checked.
//!
//! This crate must never know HTTP, storage, clocks or who a citizen is: it gets records, bytes and
//! an instant, and answers with a token, a payload or a refusal.
//!
//! ```text
//!  KeyRecord (wrapped) ──wrap──▶ keyring ── signing_key ──▶ jws        signed tokens out
//!                                  │  │         └─────────▶ verify     our signed tokens back
//!                        rotation ─┘  └─ sealing_key ─────▶ sealed     opaque tokens out and back
//!  client's JWK set ─────────────▶ jwks ──────────────────▶ foreign    client assertions in
//!  device's public key ──────────────────────────────────▶ app_request  requests of the app in
//!  a matcher's JWK set ─▶ jwks ──────────────────────────▶ statement    what it saw, in
//!  custody: who keeps private keys: the key that wraps them, or a device (pkcs11) that they never leave
//!  claims: id_token · logout_token · access_token_jwt
//!  ground: algorithm · digest · thumbprint · strict (JSON and compact form) · refusal
//! ```

mod claims;
mod public_key;
mod signing_key;
mod strict;

pub mod access_token_jwt;
pub mod algorithm;
pub mod app_request;
pub mod custody;
pub mod device;
pub mod digest;
pub mod foreign;
pub mod id_token;
pub mod jwks;
pub mod jws;
pub mod keyring;
pub mod logout_token;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod refusal;
pub mod rotation;
pub mod sealed;
pub mod statement;
pub mod thumbprint;
pub mod unverified;
pub mod verify;
pub mod wrap;

#[cfg(test)]
mod testing;

pub use access_token_jwt::AccessTokenClaims;
pub use algorithm::{ForeignAlgorithm, SigningAlgorithm};
pub use app_request::{AppRequest, ExpectedAppRequest, verify_app_request};
pub use claims::CLOCK_SKEW;
pub use custody::Custody;
pub use device::{DeviceError, KeyDevice, KeyHome};
pub use foreign::{AudienceRule, ClientAssertion, ExpectedAssertion, verify_client_assertion};
pub use id_token::{ExtraClaims, IdTokenClaims, at_hash};
pub use jwks::{Jwks, JwksError};
pub use jws::{TokenType, sign};
pub use keyring::{KeyOrder, KeyRing, KeyRingError, generate_key};
pub use logout_token::{LogoutEvents, LogoutTokenClaims};
pub use public_key::{KeyFormatError, PublicKey, VerifyingKey};
pub use refusal::JwtRefusal;
pub use rotation::{KeyStage, RotationPlan, RotationSchedule, plan_rotation};
pub use sealed::{Opened, SealError, SealRefusal, TokenKind, open, seal};
pub use signing_key::{SignError, SigningKey};
pub use statement::{ExpectedStatement, MATCH_STATEMENT_TYPE, Statement, verify_statement};
pub use thumbprint::thumbprint;
pub use unverified::{unverified_audience, unverified_issuer};
pub use verify::{Expected, Expiry, Verified, verify_own};
pub use wrap::KeyEncryptionKey;
