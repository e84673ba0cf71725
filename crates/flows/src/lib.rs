//! The verbs: what a provider does when somebody asks, from authorize to log out everywhere.
//!
//! This crate must never know HTTP, HTML or SQL, nor read a clock: an edge hands in parsed messages
//! and `now`, and gets back what to answer. Every flow reads facts, decides, and commits one plan.
//!
//! ```text
//!  authorize ──> Next::{Ask(page), Respond, Explain}      interaction   sealed browser state
//!    proof · consent · select_account  ──> back into `advance`
//!  proof        one path for every way to prove who you are; an adapter per way
//!  matcher      the port to services that compare faces and fingers
//!  app          the citizen's telephone: bound, asked, answering
//!  binding      an authenticator comes to a person       challenge   a question asked of one browser
//!  token        code · refresh · client_credentials ──> issue (tokens as sealed facts)
//!  userinfo     claims of a person, as agreed            revoke · logout   taking back
//!  recovery     a forgotten password                 notices           what its holder is told of
//!  citizen      the account holder's own page            admin             the operator's verbs
//!  history      what happened to an account              dispute           "that was not me"
//!  authenticators  named, lost, taken away               lock              by the holder, and undone
//!  provider     settings and ports, in one place         refusal           what "no" means
//!  password     Argon2id on hashers, threads of its own    messages   codes that leave by a gateway
//!  sim          whether a telephone number moved
//! ```

pub mod admin;
pub mod app;
pub mod authenticators;
pub mod authorize;
mod binding;
pub mod challenge;
pub mod citizen;
pub mod claims;
pub mod consent;
pub mod decisions;
pub mod dispute;
pub mod hashers;
pub mod history;
mod identifier;
pub mod interaction;
pub mod issue;
pub mod judgement;
pub mod lock;
pub mod login;
pub mod logout;
pub mod matcher;
pub mod messages;
mod notices;
pub mod passkey;
pub mod password;
pub mod proof;
pub mod provider;
mod purpose;
pub mod recovery;
pub mod refusal;
pub mod refused_request;
pub mod registration;
pub mod revoke;
mod sealed;
pub mod select_account;
pub mod session;
mod sim;
pub mod token;
pub mod totp;
pub mod userinfo;
pub mod verified;

pub use provider::{Provider, Settings};
pub use refusal::{EndpointError, Fault, PageError, PageRefusal};
