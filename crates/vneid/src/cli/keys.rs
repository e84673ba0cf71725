//! `vneid keys`.

use std::time::Duration;

use clap::Subcommand;
use identity_core::Timestamp;
use jose::{KeyHome, KeyStage};

use super::text::{moment, table, word};
use super::{CliError, open};
use crate::compose::{Node, Pace, device};
use crate::config::Config;

#[derive(Subcommand, Debug)]
pub enum KeysCommand {
    /// List all keys with what each may do now
    List,
    /// Announce the next key of every kind now instead of when it is due
    ///
    /// The new keys are published at once and used after the announcement time (a day for signing
    /// keys), so that no relying party meets a key it cannot know.
    Rotate {
        /// Use the new keys after so many seconds; relying parties that cache the key set longer must
        /// fetch it again when they meet an unknown key
        #[arg(long, value_name = "SECONDS")]
        announce: Option<u64>,
    },
    /// Stop believing anything made with a key that leaked, at once and on every node
    ///
    /// Tokens made with it are inactive everywhere within a second. A successor is made in the same
    /// transaction; relying parties fetch the key set again when they meet it.
    Compromise {
        /// The key's id, as `keys list` shows it
        #[arg(required_unless_present = "all_sealing")]
        kid: Option<String>,
        /// Every sealing key: ends all tokens issued until now. After a restore that lost commits
        #[arg(long, conflicts_with = "kid")]
        all_sealing: bool,
    },
    /// Wrap every key under the present key-encryption key
    ///
    /// Keys still wrapped by the one before it are opened with the previous key-encryption key of the
    /// configuration. All are rewrapped in one transaction, or none.
    Rewrap,
    /// Make an AES-256 key in the hardware security module, to be the key-encryption key
    ///
    /// It cannot be extracted. Only `hsm.*` of the configuration is used; the database is not opened.
    CreateEncryptionKey {
        /// What to call it: the later `hsm.key_encryption_key_label`
        label: String,
    },
}

pub async fn run(command: KeysCommand, config: &Config) -> Result<String, CliError> {
    match command {
        KeysCommand::List => at_node(config, async |node, now| list(node, now).await).await,
        KeysCommand::Rotate { announce } => {
            let pace = announce.map_or(Pace::Now, |after| Pace::Within(Duration::from_secs(after)));
            at_node(config, async |node, now| Ok(made(&node.keeper.rotate(pace, now).await?))).await
        }
        KeysCommand::Compromise { kid, .. } => {
            at_node(config, async |node, now| compromise(node, kid, now).await).await
        }
        KeysCommand::Rewrap => at_node(config, async |node, _| rewrap(node).await).await,
        KeysCommand::CreateEncryptionKey { label } => create_encryption_key(config, &label),
    }
}

async fn at_node(
    config: &Config,
    work: impl AsyncFnOnce(&Node, Timestamp) -> Result<String, CliError>,
) -> Result<String, CliError> {
    let node = open(config).await?;
    let said = work(&node, node.clock.now()).await?;
    node.close().await;
    Ok(said)
}

/// `None`: every sealing key.
async fn compromise(node: &Node, kid: Option<String>, now: Timestamp) -> Result<String, CliError> {
    let (leaked, successors) = match kid {
        Some(kid) => {
            let successors = node.keeper.compromise(&node.provider, &kid, now).await?;
            (vec![kid], successors)
        }
        None => node.keeper.compromise_all_sealing(&node.provider, now).await?,
    };
    let leaked = leaked.iter().map(|kid| format!("{kid} is no longer believed\n"));
    let leaked = leaked.collect::<Vec<_>>().concat();
    // Without the device that should make it, rotation does so once it is back.
    let successors = if successors.is_empty() { String::new() } else { made(&successors) };
    Ok(format!("{leaked}{successors}"))
}

async fn rewrap(node: &Node) -> Result<String, CliError> {
    Ok(match node.keeper.rewrap().await? {
        0 => "every key is wrapped by the present key-encryption key already\n".to_owned(),
        count => format!("{count} keys rewrapped\n"),
    })
}

fn create_encryption_key(config: &Config, label: &str) -> Result<String, CliError> {
    let hsm = config.hsm.as_ref();
    let hsm = hsm.ok_or_else(|| CliError::Refused("hsm.module is not configured".to_owned()))?;
    let made = device(hsm).generate_encryption_key(label);
    made.map_err(|error| CliError::Refused(error.to_string()))?;
    Ok(format!("made {label}\n"))
}

async fn list(node: &Node, now: Timestamp) -> Result<String, CliError> {
    let at = |instant| Option::map_or(instant, "-".to_owned(), moment);
    let ring = node.provider.keys.ring();
    let rows: Vec<_> = node
        .keeper
        .records()
        .await?
        .iter()
        .map(|key| {
            let stage = match KeyStage::of(key, now) {
                KeyStage::Published => "published",
                KeyStage::Active => "active",
                KeyStage::VerifyOnly => "verify only",
                KeyStage::Removed => "removed",
                KeyStage::Compromised => "compromised",
            };
            let times = [Some(key.activates_at), key.retires_at, key.removes_at].map(at);
            let [activates, retires, removes] = times;
            let home = match ring.home(&key.kid) {
                Some(KeyHome::Database) => "database",
                Some(KeyHome::Device) => "hsm",
                None => "-",
            };
            let [purpose, stage, home] = [word(&key.purpose), stage.to_owned(), home.to_owned()];
            [key.kid.clone(), purpose, stage, activates, retires, removes, home]
        })
        .collect();
    Ok(table(["kid", "purpose", "stage", "activates", "retires", "removed", "lives in"], &rows))
}

fn made(kids: &[String]) -> String {
    if kids.is_empty() {
        return "every kind of key has its successor already\n".to_owned();
    }
    kids.iter().map(|kid| format!("made {kid}\n")).collect::<Vec<_>>().concat()
}
