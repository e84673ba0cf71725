//! The browser and token endpoints: routes, extractors, pages.
//!
//! It turns HTTP into calls of `flows` and their answers into HTTP. It must never hold a rule of the
//! protocol, know a database, or read the clock more than once in a request: a handler is an
//! extractor, one call, one mapping.
//!
//! ```text
//!  endpoints   the one table: method, path, who may call; the router is made from it
//!    observe     request id, span, headers of every answer
//!    api/        JSON for programs: metadata · jwks · token · userinfo · revoke       cors
//!    browser/    HTML for people: authorize · login · consent · logout · home         visit, stop
//!  form        strict bodies; a page's form proves where it came from     cookies · csrf · headers
//!  pages       what a citizen sees; plain data in, HTML out
//!  outbound    the one client that calls other machines         delivery   back-channel logout
//!  state       what every handler is given
//! ```

pub mod api;
pub mod browser;
pub mod cookies;
pub mod csrf;
pub mod delivery;
pub mod endpoints;
pub mod form;
pub mod gateway;
pub mod headers;
pub mod observe;
pub mod outbound;
pub mod pages;
pub mod state;
pub mod stop;
pub mod visit;

#[cfg(test)]
mod tests;

pub use endpoints::{ENDPOINTS, Endpoint, router};
pub use state::{ServerState, StateError};
