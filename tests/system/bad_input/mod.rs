//! Garbage, tampering, broken stores: a registered answer each time, and nothing lost.
//!
//! ```text
//!  requests   repeated, oversize, malformed, contradictory        poison   hosts and proxies that lie
//!  redirects  a hundred addresses that are nearly the right one   logs     what is written, and what never
//!  store      a database that is locked, gone or not what it was    events   one for each refusal
//! ```

mod events;
mod logs;
mod poison;
mod redirects;
mod requests;
mod store;
