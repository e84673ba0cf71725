//! What the provider reaches, as ratios to the least that any server could do on the same machine in
//! the same minute.
//!
//! An absolute figure says much about the machine. Here every scenario is measured in turns with a
//! baseline (ours, baseline, ours, baseline …), both as processes of their own beside the generator,
//! and what counts is the median of the rounds' ratios. This crate never ships, and must never reach
//! into the provider: it sees what a client on the network sees.
//!
//! ```text
//!  main ──> Plan ── for each store ──> Ground     directory, people, `vneid serve`
//!             │                        baseline   bare axum handlers, same accept loop      database
//!             ├── scenario   what is asked, how often, against what, and what it must reach
//!             │      walk    whole flows of browser and back end
//!             │      passkey what a telephone signs
//!             │      load    closed loop · open loop (coordinated-omission-safe) · HDR histograms
//!             │      wire    kept connections, least parsing
//!             └── report     one table, results.json         plot   results.svg
//! ```

pub mod baseline;
pub mod database;
pub mod ground;
pub mod load;
pub mod passkey;
pub mod plot;
pub mod report;
pub mod scenario;
pub mod walk;
pub mod wire;
