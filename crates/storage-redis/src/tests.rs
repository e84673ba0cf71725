//! Against servers of Redis that live as long as their test: single, behind sentinels, a cluster.

mod acl;
mod away;
mod bell;
mod cluster;
mod contract;
mod epoch;
mod sentinel;
mod server;
mod tls;
