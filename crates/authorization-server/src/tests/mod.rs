//! The whole router, in memory: what every endpoint does, and one walk through all pages.

mod endpoints;
mod house;
mod walk;
