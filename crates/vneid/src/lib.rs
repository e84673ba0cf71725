//! The one binary: configuration, composition root, command line, demo.
//!
//! Here, and only here, a database is named, the clock and the machine's randomness are read, the
//! environment is looked at and sockets are opened. It must never hold a rule of identification or of
//! the protocol: it chooses the parts, hands them to each other, and stops them tidily.
//!
//! ```text
//!  main ──> cli ──┬── config       one TOML file, VNEID_* over it, all faults at once
//!                 ├── compose      Node: stores, keys, registry, security state; background loops
//!                 │     └── server       accept loop, TLS, limits, graceful end
//!                 ├── observe      metrics, probes, traces, log lines, indicators
//!                 ├── commands     keys · client · citizen · policy · ledger · migrate · seed
//!                 └── demo         the provider with portal, case system and fictional citizens
//!  system         SystemClock · SystemEntropy          policies   dated TOML, built in or a directory
//!  client_file · citizen_file      what an operator writes to register one      crowd   `seed`'s people
//! ```

pub mod citizen_file;
pub mod cli;
pub mod client_file;
pub mod compose;
pub mod config;
pub mod crowd;
pub mod demo;
pub mod observe;
pub mod policies;
pub mod server;
pub mod system;
