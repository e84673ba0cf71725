//! What is measured: the release binary in a process of its own, over stores that were made for it.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use test_servers::Postgres;
use test_servers::postgres::Durability;

use crate::wire::{self, Wire};

/// Asks its citizens and remembers their consent.
pub const PORTAL: &str = "portal";
/// May read by order of the law: nobody is asked.
pub const OFFICE: &str = "office";
pub const SECRET: &str = "a-secret-of-the-benchmark-0123456789";
pub const REDIRECT_URI: &str = "https://portal.bench.example/callback";
/// What browsers call the provider. A proxy would stand there.
pub const ORIGIN: &str = "https://id.bench.example";

const READY_WITHIN: Duration = Duration::from_secs(30);

/// `Authorization` of one of our clients.
pub fn basic(client: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{client}:{SECRET}")))
}

/// A child that is killed when dropped, and where it listens.
pub struct Process {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process to the first good answer of its probe.
    pub ready_after: Duration,
}

impl Process {
    /// Starts `command`, which is going to listen on `port`.
    pub fn start(mut command: Command, port: u16, log: &Path) -> Self {
        let file = || Stdio::from(fs::File::options().create(true).append(true).open(log).unwrap());
        let began = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(file()).stderr(file()).spawn();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut process = Self {
            child: child.expect("the program starts"),
            address,
            ready_after: Duration::ZERO,
        };
        let probe = wire::get("/healthz", &[]);
        while !Wire::to(address).exchange(&probe).is_ok_and(|answer| answer.status == 200) {
            let ended = process.child.try_wait().expect("a child");
            let said = || fs::read_to_string(log).unwrap_or_default();
            assert!(ended.is_none(), "it ended at once: {}", said());
            assert!(began.elapsed() < READY_WITHIN, "it never answers: {}", said());
            std::thread::sleep(Duration::from_millis(2));
        }
        process.ready_after = began.elapsed();
        process
    }

    /// Memory in use, in KiB.
    pub fn resident(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
        line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).expect("a number")
    }

    /// Bytes that the process caused to be written to storage since it started.
    pub fn written(&self) -> u64 {
        let io = fs::read_to_string(format!("/proc/{}/io", self.child.id())).unwrap();
        let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
        line.and_then(|number| number.parse().ok()).expect("a number")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error: it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the provider keeps things.
#[derive(Clone)]
pub enum Stores {
    Embedded,
    /// A server of our own and a database in it.
    Production(Arc<Postgres>, String),
}

impl Stores {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Production(..) => "production",
        }
    }

    /// A PostgreSQL as it would be set up for this machine: synced, nothing archived.
    pub fn server() -> Arc<Postgres> {
        let server = Postgres::start(Durability::Real);
        for setting in [
            "archive_mode = off",
            "shared_buffers = '1GB'",
            "max_wal_size = '8GB'",
            "checkpoint_timeout = '15min'",
        ] {
            server.psql(&format!("ALTER SYSTEM SET {setting}"));
        }
        server.stop();
        server.restart();
        Arc::new(server)
    }

    pub fn production(server: &Arc<Postgres>, database: &str) -> Self {
        server.psql(&format!("CREATE DATABASE {database}"));
        Self::Production(Arc::clone(server), database.to_owned())
    }
}

/// A provider's directory: configuration, clients, people. Gone when dropped.
pub struct Ground {
    directory: TempDir,
    binary: PathBuf,
    pub stores: Stores,
    pub subjects: u64,
}

impl Ground {
    /// Migrated, seeded with people and grants, with our clients registered.
    pub fn prepare(stores: Stores, binary: &Path, subjects: u64, grants: u64) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let name = stores.name();
        let storage = match &stores {
            Stores::Embedded => "sqlite = \"vneid.db\"".to_owned(),
            Stores::Production(server, database) => {
                format!("postgres = \"{}\"\ncompact_grants = true", server.url_of(database))
            }
        };
        let ground = Self { directory, binary: binary.to_owned(), stores, subjects };
        fs::write(ground.path("vneid.toml"), configuration(&storage)).expect("written");
        ground.run(&["migrate"]);
        let (subjects, grants) = (subjects.to_string(), grants.to_string());
        let said = ground.run(&["seed", "--subjects", &subjects, "--grants", &grants]);
        eprintln!("{name}: {}", said.lines().next().unwrap_or_default());
        for (client, consent) in [(PORTAL, "ask_citizen"), (OFFICE, "ordered_by_law")] {
            fs::write(ground.path("client.toml"), registration(client, consent)).expect("written");
            ground.run(&["client", "register", "client.toml"]);
        }
        ground
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub const fn name(&self) -> &'static str {
        self.stores.name()
    }

    /// Where the baseline keeps its two tables.
    pub fn bare_database(&self) -> String {
        match &self.stores {
            Stores::Embedded => format!("sqlite:{}", self.path("bare.db").display()),
            Stores::Production(server, database) => {
                let bare = format!("{database}_bare");
                server.psql(&format!("DROP DATABASE IF EXISTS {bare}"));
                server.psql(&format!("CREATE DATABASE {bare}"));
                server.url_of(&bare)
            }
        }
    }

    pub fn serve(&self) -> Process {
        let port = free_port();
        let mut command = self.command();
        command.arg("serve").env("VNEID_LISTEN", format!("127.0.0.1:{port}"));
        Process::start(command, port, &self.path("serve.log"))
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().expect("vneid starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(self.directory.path()).args(["--config", "vneid.toml"]);
        command
    }
}

fn configuration(storage: &str) -> String {
    let key = |byte: &str| byte.repeat(32);
    format!(
        "issuer = \"{ORIGIN}\"\nenvironment = \"production\"\n[storage]\n{storage}\n[keys]\n\
         key_encryption_key = \"{}\"\npersonal_data_key = \"{}\"\nindex_key = \"{}\"\n\
         pairwise_key = \"{}\"\n",
        key("a1"),
        key("b2"),
        key("c3"),
        key("d4"),
    )
}

fn registration(client: &str, consent: &str) -> String {
    format!(
        "client_id = \"{client}\"\nlegal_entity = \"Cơ quan đo\"\nconsent = \"{consent}\"\n\
         redirect_uris = [\"{REDIRECT_URI}\"]\n\
         scopes = [\"openid\", \"profile\", \"offline_access\"]\n\
         grant_types = [\"authorization_code\", \"refresh_token\", \"client_credentials\"]\n\
         name = {{ vi = \"Cổng đo\", en = \"Measuring portal\" }}\n\
         [authentication]\nmethod = \"client_secret_basic\"\nclient_secret = \"{SECRET}\"\n\
         [agreement]\nnumber = \"1\"\nsigned_on = \"2026-01-01\"\nsystem_security_level = 3\n\
         purpose = {{ vi = \"Đo\", en = \"Measure\" }}\n"
    )
}

pub fn free_port() -> u16 {
    let bound: io::Result<u16> =
        TcpListener::bind("127.0.0.1:0").and_then(|socket| Ok(socket.local_addr()?.port()));
    bound.expect("a free port")
}
