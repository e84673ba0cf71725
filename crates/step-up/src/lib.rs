//! Step-up authentication for resource servers (RFC 9470), as a tower layer that any Rust portal can put
//! before its routes.
//!
//! It must never know the provider's inside, a database or a clock, and it brings no HTTP client: how the
//! provider is asked (RFC 7662 introspection; or an RFC 9068 token verified offline) is the portal's
//! [`Introspect`]. It remembers nothing: a token taken back a second ago is refused now.
//!
//! ```text
//!  request ── bearer token? ── Introspect ── Requirement::unmet ── the portal's handler, with a Login
//!                │ no             │ inactive       │ yes             in the request's extensions
//!               401              401              401 + Challenge { acr_values, max_age }
//!                                 no answer: 503   403 where a scope is missing
//!  portal ◄── Challenge::parse reads it, and goes to /authorize with those acr_values and max_age
//! ```

mod challenge;
mod layer;
mod login;
mod requirement;

pub use challenge::Challenge;
pub use layer::{Introspect, Refusal, StepUp, StepUpLayer, Unavailable};
pub use login::Login;
pub use requirement::Requirement;
