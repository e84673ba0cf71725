//! `vneid demo`: the provider, a relying party, a resource behind it and people to try them with, in
//! one process.
//!
//! The demo configures the provider as an operator would: it writes a configuration file and keys, and
//! reads them through the same code. It must never give the provider a way in that others lack.
//!
//! ```text
//!  ground      data directory, fresh keys, configuration text      ports N, N+1, N+2
//!  clients     registrations: portal, case system, test clients
//!  citizens    citizens.toml -> accounts, once                     totp: their codes, any time
//!  banner      where to go and how to log in
//!  why         how a citizen of these would be judged, for the portal's page of that name
//!  portal · case_system    the two relying parties                 neither knows this crate's rest
//! ```

mod banner;
pub mod case_system;
mod citizens;
mod clients;
mod ground;
pub mod matcher;
pub mod portal;
mod why;

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use assurance::policy::OrganisationUse;
use clap::{Args, Subcommand};
use identity_core::{Clock, Entropy};
use portal::requirements::{AccountLevel, AuthenticationLevel, Procedure};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::cli::{CliError, asked_to_stop};
use crate::compose::{Node, Role, Running, Shutdown, Trigger, channel};
use crate::config::{Config, LogFormat};
use crate::observe::logging;
use crate::system::{SystemClock, SystemEntropy};

/// How long the relying parties may take to end.
const GRACE: Duration = Duration::from_secs(5);

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true)]
pub struct DemoArgs {
    /// Port of the provider; portal and case system take the next two. 0: any three free ports
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Keep everything in memory and lose it at the end
    #[arg(long)]
    ephemeral: bool,
    /// Where database, keys and configuration are kept between starts
    #[arg(long, value_name = "DIR", default_value = "./data", conflicts_with = "ephemeral")]
    data: PathBuf,
    #[command(subcommand)]
    command: Option<DemoCommand>,
}

#[derive(Subcommand, Debug)]
enum DemoCommand {
    /// Print the present code of a demo citizen's authenticator app
    ///
    /// Works without the server: the secrets of these fictional people are no secret.
    Totp {
        /// The short name from the table that `vneid demo` prints
        name: String,
    },
}

pub async fn run(args: DemoArgs) -> Result<String, CliError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    if let Some(DemoCommand::Totp { name }) = args.command {
        return citizens::totp(&name, clock.now());
    }
    logging::to_stderr(LogFormat::Text, "warn");
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::new());
    let data = (!args.ephemeral).then_some(args.data.as_path());
    let sockets = Sockets::bind(args.port).await?;
    let text = ground::configuration(data, sockets.ports()?, entropy.as_ref())?;
    let config = Config::read(&text, data.unwrap_or(Path::new("")), &[])?;
    let node = Node::open(&config, clock, entropy).await?;
    let demo = Demo::start(node, sockets).await?;
    say(&banner::banner(demo.ports, demo.running.operations(), data)?);
    asked_to_stop().await.map_err(|error| CliError::File("signals".to_owned(), error))?;
    demo.stop().await;
    Ok("\nstopped\n".to_owned())
}

/// Told while the demo runs, not when it ends.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    // Nobody reads: the demo runs all the same.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// The three ports of one demo.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Ports {
    provider: u16,
    portal: u16,
    case_system: u16,
}

impl Ports {
    fn issuer(self) -> String {
        format!("http://localhost:{}", self.provider)
    }

    fn portal_url(self) -> String {
        format!("http://localhost:{}", self.portal)
    }
}

struct Sockets {
    provider: TcpListener,
    portal: TcpListener,
    case_system: TcpListener,
}

impl Sockets {
    /// Bound before anything else happens: a port that is taken is told at once.
    async fn bind(first: u16) -> Result<Self, CliError> {
        let nth = |offset: u16| match first {
            0 => Ok(0),
            first => first.checked_add(offset).ok_or_else(|| {
                CliError::Refused("--port leaves no room for two more ports".to_owned())
            }),
        };
        Ok(Self {
            provider: listen(nth(0)?).await?,
            portal: listen(nth(1)?).await?,
            case_system: listen(nth(2)?).await?,
        })
    }

    fn ports(&self) -> Result<Ports, CliError> {
        let port = |listener: &TcpListener| listener.local_addr().map(|address| address.port());
        let unknown = |error| CliError::File("listening".to_owned(), error);
        Ok(Ports {
            provider: port(&self.provider).map_err(unknown)?,
            portal: port(&self.portal).map_err(unknown)?,
            case_system: port(&self.case_system).map_err(unknown)?,
        })
    }
}

async fn listen(port: u16) -> Result<TcpListener, CliError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| CliError::File(format!("port {port} (see --port)"), error))
}

/// Everything running.
struct Demo {
    running: Running,
    ports: Ports,
    trigger: Trigger,
    relying_parties: JoinSet<io::Result<()>>,
}

impl Demo {
    async fn start(node: Node, sockets: Sockets) -> Result<Self, CliError> {
        let ports = sockets.ports()?;
        let secrets = clients::register(&node, ports).await?;
        citizens::seed(&node).await?;
        let procedures = procedures(&node);
        let (trigger, shutdown) = channel();
        let mut relying_parties = JoinSet::new();
        let clock = Arc::clone(&node.clock);
        let now: portal::Now = Arc::new(move || clock.now().unix_seconds());
        let case_system = case_system::CaseSystemConfig {
            issuer: ports.issuer(),
            client_id: clients::CASE_SYSTEM.to_owned(),
            client_secret: secrets.case_system.expose_secret().to_owned(),
            procedures: Arc::clone(&procedures),
            now: Arc::clone(&now),
        };
        let portal = portal::PortalConfig {
            issuer: ports.issuer(),
            public_url: ports.portal_url(),
            client_id: clients::PORTAL.to_owned(),
            client_secret: secrets.portal.expose_secret().to_owned(),
            case_api: format!("http://localhost:{}", ports.case_system),
            procedures,
            explain: why::explain(&node.provider, &node.clock),
            now,
        };
        let ended = |shutdown: &Shutdown| shutdown.clone().requested();
        relying_parties.spawn(case_system::serve(
            case_system,
            sockets.case_system,
            ended(&shutdown),
        ));
        relying_parties.spawn(portal::serve(portal, sockets.portal, ended(&shutdown)));
        let running = Running::start(node, Role::All, sockets.provider).await?;
        Ok(Self { running, ports, trigger, relying_parties })
    }

    async fn stop(mut self) {
        self.trigger.pull();
        let ended = async {
            while let Some(ended) = self.relying_parties.join_next().await {
                if let Ok(Err(error)) = ended {
                    tracing::error!(%error, "a demo relying party failed");
                }
            }
        };
        if tokio::time::timeout(GRACE, ended).await.is_err() {
            tracing::warn!("a demo relying party did not end in time");
        }
        self.running.stop().await;
    }
}

/// The essential procedures of the policy in force, as the portal knows them.
fn procedures(node: &Node) -> Arc<[Procedure]> {
    let policy = node.provider.policies.at(node.clock.now());
    let known = policy.as_deref().map(assurance::Policy::procedures).unwrap_or_default();
    known
        .iter()
        .map(|procedure| Procedure {
            number: procedure.number,
            code: procedure.code.clone(),
            name_vi: procedure.name_vi.clone(),
            name_en: procedure.name_en.clone(),
            lead_vi: procedure.lead_vi.clone(),
            account_level: AccountLevel(procedure.account_level.number()),
            authentication_level: AuthenticationLevel(procedure.authentication_level.number()),
            guardian: procedure.guardian,
            organisation: procedure.organisation != OrganisationUse::No,
            signature: procedure.signature,
        })
        .collect()
}
