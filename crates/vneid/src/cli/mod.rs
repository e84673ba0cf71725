//! The command line. Every command returns what it has to say; `main` prints it.

mod citizen;
mod client;
mod decisions;
mod indicators;
mod keys;
mod ledger;
mod matcher;
mod policy;
mod ready;
mod seed;
mod serve;
pub mod text;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use flows::Fault;
use flows::admin::AdminError;
use identity_core::Clock as _;
use storage::StoreError;

use crate::compose::{Durable, KeyError, Node, Role, StartError};
use crate::config::{Config, ConfigError, LogFormat, environment_variables, schema};
use crate::demo;
use crate::observe::logging;
use crate::policies::PolicyError;
use crate::system::{SystemClock, SystemEntropy};
pub use serve::asked_to_stop;

/// Electronic identification provider: OpenID Provider, judge of assurance, token introspection.
///
/// Start with `vneid demo`: it needs nothing installed, opens a demo public service portal and prints
/// how to log in as each of its fictional citizens.
#[derive(Parser, Debug)]
#[command(name = "vneid", version, propagate_version = true)]
pub struct Cli {
    /// Configuration file (TOML) [default: the file named by VNEID_CONFIG; none otherwise]
    ///
    /// Every setting can also be given as an environment variable, which wins over the file:
    /// `storage.sqlite` is VNEID_STORAGE_SQLITE. `vneid config schema` lists them all.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serve until SIGTERM or Ctrl-C
    ///
    /// Stops tidily: no new connections, requests under way are answered, the ledger is sealed, the
    /// database is closed.
    Serve {
        /// What this process answers
        #[arg(long, value_enum, default_value_t)]
        role: Role,
    },
    /// Start the provider with a demo portal, a demo case system and fictional citizens
    ///
    /// Everything runs in this process. Data and keys are kept in ./data and used again by the next
    /// start. With --port N the provider listens on N, the portal on N+1, the case system on N+2.
    Demo(demo::DemoArgs),
    /// Bring the database schema up to date
    ///
    /// In production nothing else does: `serve` refuses to start while a migration is pending.
    Migrate {
        /// Change nothing; fail if a migration is pending
        #[arg(long)]
        check: bool,
    },
    /// List, rotate and revoke signing and sealing keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Register relying parties and switch them off and on
    #[command(subcommand)]
    Client(client::ClientCommand),
    /// Create, lock, unlock and show citizens' accounts
    #[command(subcommand)]
    Citizen(citizen::CitizenCommand),
    /// Check policy files and explain decisions
    #[command(subcommand)]
    Policy(policy::PolicyCommand),
    /// Prove that no row of the ledger was altered
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Print steps of logins by relying party and province for one month, as CSV
    ///
    /// Counts are rounded down to multiples of five and small ones left out, so that nobody is singled
    /// out. Read from the ledger: any month that is kept there can be asked for.
    Indicators {
        /// Calendar month in Viet Nam, such as 2026-11
        #[arg(long, value_name = "YYYY-MM")]
        month: String,
    },
    /// Check the configuration, or list every setting
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Simulate a matcher of faces and fingers, with dials; for development only
    ///
    /// It compares nothing and signs what its dials say. Reads the provider's configuration, so that it
    /// knows whom it answers; register it with the lines that --registration prints.
    Matcher(matcher::MatcherArgs),
    /// Ask a running node whether it is ready; for health checks
    Ready(ready::ReadyArgs),
    /// Fill an empty database with fictional people, for benchmarks
    ///
    /// All of them have the same password, which is printed. In production this refuses a database
    /// that anybody has used.
    Seed(seed::SeedArgs),
}

#[derive(Subcommand, Debug)]
enum ConfigCommand {
    /// Read file and environment and report every fault at once
    Check,
    /// Print all settings as JSON Schema, each with its environment variable
    Schema,
}

/// Names a person for the commands about one.
#[derive(Args, Debug)]
pub struct Who {
    /// Personal number (12 digits), phone number, or account id
    #[arg(value_name = "PERSON")]
    person: String,
}

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Admin(#[from] AdminError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Policy(#[from] PolicyError),
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Client(#[from] crate::client_file::ClientFileError),
    #[error(transparent)]
    Citizen(#[from] crate::citizen_file::CitizenFileError),
    #[error("{0}")]
    File(String, #[source] std::io::Error),
    #[error("{0}")]
    Refused(String),
}

/// Carries out the command and returns what to print.
pub async fn run(cli: Cli) -> Result<String, CliError> {
    let files = Files { config: cli.config, variables: environment_variables() };
    match cli.command {
        Command::Serve { role } => serve::serve(&files.load()?, role).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Migrate { check } => migrate(&files.load()?, check).await,
        Command::Keys(command) => keys::run(command, &files.load()?).await,
        Command::Client(command) => client::run(command, &files.load()?).await,
        Command::Citizen(command) => citizen::run(command, &files.load()?).await,
        Command::Policy(command) => policy::run(&command, &files).await,
        Command::Ledger(command) => ledger::run(command, &files.load()?).await,
        Command::Indicators { month } => indicators::run(&month, &files.load()?).await,
        Command::Seed(args) => seed::run(args, &files.load()?).await,
        Command::Config(ConfigCommand::Check) => {
            files.load()?;
            Ok("the configuration can be used\n".to_owned())
        }
        Command::Matcher(args) => matcher::run(args, &files).await,
        Command::Ready(args) => ready::run(args).await,
        Command::Config(ConfigCommand::Schema) => Ok(format!("{:#}\n", schema::json_schema())),
    }
}

struct Files {
    config: Option<PathBuf>,
    variables: Vec<(String, String)>,
}

impl Files {
    fn load(&self) -> Result<Config, ConfigError> {
        let named = self.variables.iter().find(|(name, _)| name == "VNEID_CONFIG");
        let named = named.map(|(_, path)| Path::new(path));
        Config::load(self.config.as_deref().or(named), &self.variables)
    }
}

/// A node for one command: stores and keys open, no loops.
async fn open(config: &Config) -> Result<Node, StartError> {
    logging::to_stderr(LogFormat::Text, "warn");
    Node::open(config, Arc::new(SystemClock), Arc::new(SystemEntropy::new())).await
}

async fn migrate(config: &Config, check: bool) -> Result<String, CliError> {
    logging::to_stderr(LogFormat::Text, "warn");
    let store = Durable::open(config, Arc::new(SystemEntropy::new())).await?;
    let pending = store.pending_migrations().await?;
    if pending.is_empty() {
        return Ok("the schema is up to date\n".to_owned());
    }
    let listed = format!("  {}\n", pending.join("\n  "));
    if check {
        return Err(CliError::Refused(format!("these migrations are pending:\n{listed}")));
    }
    store.migrate(SystemClock.now()).await?;
    store.close().await;
    Ok(format!("applied:\n{listed}"))
}

fn read_file(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|error| CliError::File(path.display().to_string(), error))
}
