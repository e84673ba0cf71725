//! A provider in a test, and everybody who talks to it.
//!
//! This crate must never be linked outside tests; the layering test sees to it.
//!
//! ```text
//!  MockClock · SeededEntropy   time stands until a test moves it; randomness repeats
//!  Server                      the whole provider in this process, on a free port, in memory
//!  Citizen · Client            people and relying parties, made in one line
//!  Browser · Page              cookies, redirects and forms, without JavaScript
//!  Database · Program          a file somebody meddles with; the real binary as an operator runs it
//!  Postgres · Redis · Proxy    private servers that end with the test (crate test-servers)
//!  SoftKey                     a passkey that can be made to lie
//!  SoftHsm                     a token for keys, which can be unplugged
//!  all_at_once · until         many at the same moment; waiting for a condition
//!  App                         the citizen's telephone: two keys, signed requests
//!  Receiver · jwt              the far end of back-channel logout; tokens that others make
//!  Log                         what was logged on a test's own thread
//! ```

pub mod app;
pub mod browser;
pub mod citizen;
pub mod client;
pub mod clock;
pub mod collector;
pub mod database;
pub mod entropy;
pub mod gateway;
pub mod jwt;
pub mod log;
pub mod parallel;
pub mod passkey;
pub mod program;
pub mod receiver;
pub mod server;

pub use app::App;
pub use browser::{Browser, Page};
pub use citizen::{Citizen, NewCitizen};
pub use client::{Client, NewClient, Tokens};
pub use clock::MockClock;
pub use collector::Collector;
pub use database::Database;
pub use entropy::SeededEntropy;
pub use gateway::{Gateway, Says};
pub use jwt::ClientKey;
pub use log::Log;
pub use parallel::all_at_once;
pub use passkey::SoftKey;
pub use program::{Process, Program};
pub use receiver::{Mood, Receiver};
pub use server::Server;
pub use test_servers::{Postgres, Proxy, Redis, SoftHsm, free_port, postgres, proxy, until};
