//! `vneid client`.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use flows::admin::{AdminError, register_client, set_client_status};
use identity_core::ClientId;
use identity_core::relying_party::RelyingPartyStatus;

use super::text::{table, word};
use super::{CliError, open, read_file};
use crate::client_file;
use crate::compose::Node;
use crate::config::Config;

#[derive(Subcommand, Debug)]
pub enum ClientCommand {
    /// Register a relying party, or replace its registration
    ///
    /// The file is the registration in TOML. A client secret may be given by value
    /// (authentication.client_secret) or by file (client_secret_file); without either one is made and
    /// printed once. Only its digest is stored. Running nodes know the client within a second.
    Register { file: PathBuf },
    /// List all relying parties
    List,
    /// Suspend a relying party: its tokens are inactive everywhere within a second
    Disable {
        client_id: String,
        /// Kept with the registration
        #[arg(long, default_value = "suspended by an operator")]
        reason: String,
    },
    /// Lift a suspension
    Enable { client_id: String },
}

pub async fn run(command: ClientCommand, config: &Config) -> Result<String, CliError> {
    let node = open(config).await?;
    let now = node.clock.now();
    let said = match command {
        ClientCommand::Register { file } => register(&node, &file).await?,
        ClientCommand::List => list(&node).await?,
        ClientCommand::Disable { client_id, reason } => {
            let suspended = RelyingPartyStatus::Suspended { since: now, reason };
            set_status(&node, &client_id, suspended).await?
        }
        ClientCommand::Enable { client_id } => {
            set_status(&node, &client_id, RelyingPartyStatus::Active).await?
        }
    };
    node.close().await;
    Ok(said)
}

async fn register(node: &Node, file: &Path) -> Result<String, CliError> {
    let text = read_file(file)?;
    let base = file.parent().unwrap_or(Path::new(""));
    let new = client_file::read(&text, base, node.provider.entropy.as_ref())?;
    let client_id = new.party.client_id.clone();
    register_client(&node.provider, new.party, node.clock.now()).await?;
    Ok(match new.generated {
        None => format!("registered {client_id}\n"),
        Some(secret) => format!(
            "registered {client_id}\nclient secret, shown this once: {}\n",
            secret.expose_secret()
        ),
    })
}

async fn list(node: &Node) -> Result<String, CliError> {
    let parties = node.provider.store.relying_parties().await?;
    let rows: Vec<_> = parties
        .into_iter()
        .map(|party| {
            let status = match party.status {
                RelyingPartyStatus::Active => "active".to_owned(),
                RelyingPartyStatus::Suspended { reason, .. } => format!("suspended: {reason}"),
            };
            let (client, profile) = (party.client_id.to_string(), word(&party.profile));
            [client, profile, party.legal_entity, party.name.en, status]
        })
        .collect();
    Ok(table(["client_id", "profile", "legal entity", "name", "status"], &rows))
}

async fn set_status(
    node: &Node,
    client_id: &str,
    status: RelyingPartyStatus,
) -> Result<String, CliError> {
    let unknown = || CliError::Refused(format!("there is no client {client_id}"));
    let id = ClientId::parse(client_id).map_err(|_| unknown())?;
    let said = match status {
        RelyingPartyStatus::Active => "enabled",
        RelyingPartyStatus::Suspended { .. } => "disabled",
    };
    match set_client_status(&node.provider, &id, status, node.clock.now()).await {
        Ok(()) => Ok(format!("{said} {client_id}\n")),
        Err(AdminError::NotFound) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}
