//! Is this token still good, for whom, and how sure is that *now*? RFC 7662 at memory speed.
//!
//! A relying party's back end asks before it hands out data. The answer comes from the token itself
//! (a sealed fact), from this node's view of what was taken back, and from the assurance engine run
//! again at this instant; sealed tokens and RFC 9068 JWTs are answered alike. This crate must never read or write durable data on that path, link a page
//! or a flow, or say of a bad token *why* it is bad.
//!
//! ```text
//!  POST /introspect ── form ──> node::ClientGate          who asks: confidential clients only
//!                          └──> judgement  ours? for this caller? taken back? client in force?
//!                               answer     assurance decayed to now -> the members below
//! ```
//!
//! Members of an active answer (RFC 7662 §2.2 unless said otherwise):
//!
//! | member | meaning |
//! |---|---|
//! | `active` | always `true`; otherwise the whole answer is `{"active":false}` |
//! | `iss` `jti` `iat` `exp` | who issued which token when, and until when; seconds since 1970 |
//! | `client_id` `aud` | whom it was issued to; who may accept it, the client among them |
//! | `scope` `token_type` | what it may be used for; `Bearer` |
//! | `sub` | the person as the token's client knows them; absent when a client acts for itself |
//! | `acr` `amr` `auth_time` | what the login is worth now, by which methods, when (RFC 9470 §6.2) |
//! | `assurance` | the whole vector behind `acr`, decayed to now |
//! | `authorization_details` | the transaction the person agreed to, if it was for one (RFC 9396 §9.2) |
//!
//! Levels fall with time: evidence ages out, a card expires, a birthday passes. A token whose person
//! may not act at this instant is still active, with nothing asserted. One whose account was locked or
//! whose holder died is inactive.

mod answer;
mod judgement;
mod route;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use assurance::Policies;
use identity_core::Clock;
use node::measure::IntrospectionMeter;
use node::{Keys, Registry, SecurityView};
use protocol::Issuer;
use storage::TransientStore;

pub use route::{router, standalone_router};

/// Everything an answer rests on, all of it in memory.
pub struct IntrospectionState {
    pub issuer: Issuer,
    pub registry: Arc<Registry>,
    pub keys: Arc<Keys>,
    pub security: Arc<SecurityView>,
    pub policies: Arc<Policies>,
    /// Sees each client assertion once.
    pub transient: Arc<dyn TransientStore>,
    pub clock: Arc<dyn Clock>,
    pub meter: IntrospectionMeter,
}

/// Who may call an endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Caller {
    /// A registered client that proves who it is.
    ConfidentialClient,
    Anybody,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Endpoint {
    pub method: &'static str,
    pub path: &'static str,
    pub caller: Caller,
}

/// What [`router`] answers; everything else is not there.
pub const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: "POST",
    path: protocol::endpoints::INTROSPECT,
    caller: Caller::ConfidentialClient,
}];

/// What [`standalone_router`] answers besides, for load balancers.
pub const HEALTH: Endpoint = Endpoint { method: "GET", path: "/healthz", caller: Caller::Anybody };
