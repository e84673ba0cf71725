//! One PostgreSQL, one Redis, nodes, and the network between them.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use test_servers::postgres::Durability;
use test_servers::{Postgres, Proxy, Redis, free_port};
use testkit::program::binary;
use testkit::{Process, Program};

use super::portal::{self, Portal};

/// Everything of one row; gone when dropped.
pub struct Site {
    pub program: Program,
    pub nodes: Vec<Node>,
    pub postgres: Postgres,
    pub redis: Redis,
}

/// One machine of the provider's, with its own way to PostgreSQL and to Redis.
pub struct Node {
    pub port: u16,
    configuration: String,
    process: Mutex<Option<Process>>,
    pub to_postgres: Proxy,
    pub to_redis: Proxy,
}

impl Site {
    pub async fn of(nodes: usize) -> Self {
        Self::over(Postgres::start(Durability::ThrowAway), binary(), nodes).await
    }

    /// Migrated and served by another release.
    pub async fn of_release(binary: &Path, nodes: usize) -> Self {
        Self::over(Postgres::start(Durability::ThrowAway), binary.to_owned(), nodes).await
    }

    /// As an operator runs it: what is committed is on disk, and on the archive's.
    pub async fn durable(nodes: usize) -> Self {
        Self::over(Postgres::start(Durability::Real), binary(), nodes).await
    }

    async fn over(postgres: Postgres, binary: PathBuf, nodes: usize) -> Self {
        let redis = Redis::start();
        let mut program = Program::storing(&stores(postgres.port, redis.port));
        program.binary = binary;
        program.done(&["migrate"]);
        portal::register(&program);
        let mut site = Self { program, nodes: Vec::new(), postgres, redis };
        for index in 0..nodes {
            // The first is where the issuer's name leads.
            let port = if index == 0 { site.program.port } else { free_port() };
            site.nodes.push(Node::new(&site, port).await);
        }
        for node in &site.nodes {
            node.start(&site.program).await;
        }
        site
    }

    /// One more, of this release.
    pub async fn with_another_node(mut self) -> Self {
        self.program.binary = binary();
        let node = Node::new(&self, free_port()).await;
        node.start(&self.program).await;
        self.nodes.push(node);
        self
    }

    /// The relying party, its citizens logged in with so many browsers.
    pub async fn portal(&self, sessions: usize) -> Portal {
        Portal::with(self, sessions).await
    }

    /// SIGKILL to a node, and its start on what it left.
    pub async fn crash(&self, node: usize) {
        self.nodes[node].kill();
        self.nodes[node].start(&self.program).await;
    }

    /// The operator's addresses lead to another server.
    pub fn moves_to(&self, postgres: &Postgres) {
        for node in &self.nodes {
            node.to_postgres.point_at(postgres.port);
        }
        let stores = stores(postgres.port, self.redis.port);
        let own = self.program.configuration_storing(self.program.port, &stores);
        self.program.write("vneid.toml", &own);
    }

    pub fn ledger_is_as_sealed(&self) {
        let said = self.program.done(&["ledger", "verify"]);
        assert!(said.contains("as it was sealed"), "{said}");
    }

    pub fn count(&self, what: &str) -> usize {
        count(&self.postgres, what)
    }
}

pub fn count(postgres: &Postgres, what: &str) -> usize {
    postgres.psql(&format!("SELECT count(*) FROM {what}")).parse().expect("a number")
}

/// The configuration's lines about stores.
fn stores(postgres: u16, redis: u16) -> String {
    format!(
        "[redis]\nurl = \"redis://127.0.0.1:{redis}\"\n[storage]\n\
         postgres = \"postgres://postgres@127.0.0.1:{postgres}/postgres\"\n"
    )
}

impl Node {
    async fn new(site: &Site, port: u16) -> Self {
        let to_postgres = Proxy::to(site.postgres.port).await;
        let to_redis = Proxy::to(site.redis.port).await;
        let configuration = format!("node-{port}.toml");
        let stores = stores(to_postgres.port, to_redis.port);
        site.program.write(&configuration, &site.program.configuration_storing(port, &stores));
        Self { port, configuration, process: Mutex::new(None), to_postgres, to_redis }
    }

    pub async fn start(&self, program: &Program) {
        let process = program.start(&self.configuration, &["serve"], self.port).await;
        *self.process.lock().expect("nobody panicked in here") = Some(process);
    }

    pub fn kill(&self) {
        self.process.lock().expect("nobody panicked in here").take().expect("it runs").kill();
    }

    /// Bytes of memory that it really holds.
    pub fn resident(&self) -> u64 {
        let process = self.process.lock().expect("nobody panicked in here");
        let id = process.as_ref().expect("it runs").id();
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a size");
        let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().expect("a number");
        kibibytes * 1024
    }
}
