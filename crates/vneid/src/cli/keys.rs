//! `vneid keys`.

use clap::Subcommand;
use jose::KeyStage;

use super::text::{moment, table, word};
use super::{CliError, open};
use crate::compose::{Node, Pace};
use crate::config::Config;

#[derive(Subcommand, Debug)]
pub enum KeysCommand {
    /// List all keys with what each may do now
    List,
    /// Announce the next key of every kind now instead of when it is due
    ///
    /// The new keys are published at once and used after the announcement time (a day for signing
    /// keys), so that no relying party meets a key it cannot know.
    Rotate,
    /// Stop believing anything made with a key that leaked, at once and on every node
    ///
    /// Tokens made with it are inactive everywhere within a second. A successor is made in the same
    /// transaction; relying parties fetch the key set again when they meet it.
    Compromise {
        /// The key's id, as `keys list` shows it
        kid: String,
    },
}

pub async fn run(command: KeysCommand, config: &Config) -> Result<String, CliError> {
    let node = open(config).await?;
    let now = node.clock.now();
    let said = match command {
        KeysCommand::List => list(&node).await?,
        KeysCommand::Rotate => made(&node.keeper.rotate(Pace::Now, now).await?),
        KeysCommand::Compromise { kid } => {
            let successors = node.keeper.compromise(&node.provider, &kid, now).await?;
            format!("{kid} is no longer believed\n{}", made(&successors))
        }
    };
    node.close().await;
    Ok(said)
}

async fn list(node: &Node) -> Result<String, CliError> {
    let now = node.clock.now();
    let at = |instant| Option::map_or(instant, "-".to_owned(), moment);
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
            [key.kid.clone(), word(&key.purpose), stage.to_owned(), activates, retires, removes]
        })
        .collect();
    Ok(table(["kid", "purpose", "stage", "activates", "retires", "removed"], &rows))
}

fn made(kids: &[String]) -> String {
    if kids.is_empty() {
        return "every kind of key has its successor already\n".to_owned();
    }
    kids.iter().map(|kid| format!("made {kid}\n")).collect::<Vec<_>>().concat()
}
