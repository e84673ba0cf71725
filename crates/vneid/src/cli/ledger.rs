//! `vneid ledger`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use identity_core::Timestamp;
use jose::digest::base64url_decode;
use jose::{Expected, Expiry, KeyRing, SigningAlgorithm, TokenType, verify_own};
use ledger::Sequence;
use ledger::checkpoint::{Checkpoint, CheckpointClaims, Report, Verifier};

use super::{CliError, open, read_file};
use crate::compose::Node;
use crate::config::Config;

const BATCH: u32 = 1000;

#[derive(Subcommand, Debug)]
pub enum LedgerCommand {
    /// Read every row and hold it against every signed checkpoint
    ///
    /// Fails at the first row that was altered, removed, added or moved. Checkpoints kept outside the
    /// database also show when the whole database was rolled back.
    Verify {
        /// A checkpoint kept elsewhere (a file with its compact JWS); may be repeated
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
        /// Print the newest checkpoint, to be kept elsewhere
        #[arg(long)]
        export: bool,
    },
}

pub async fn run(command: LedgerCommand, config: &Config) -> Result<String, CliError> {
    let LedgerCommand::Verify { checkpoint, export } = command;
    let node = open(config).await?;
    let mut witness = Witness::of(&node).await?;
    let stored = node.provider.store.checkpoints().await?;
    let newest = stored.iter().max_by_key(|signed| signed.size);
    let newest = newest.map(|signed| signed.signature.clone());
    let mut trusted = Vec::new();
    for signed in &stored {
        let proven = witness.verified(&signed.signature)?;
        if proven.size != signed.size || *proven.root.as_bytes() != signed.root {
            return Err(CliError::Refused(format!(
                "the checkpoint of size {} is not what was signed",
                signed.size
            )));
        }
        trusted.push(proven);
    }
    for file in checkpoint {
        trusted.push(witness.verified(read_file(&file)?.trim())?);
    }
    let report = held_against(&node, trusted).await?;
    let doubtful = witness.under_leaked_keys;
    node.close().await;
    if export {
        let unsealed = || CliError::Refused("there is no checkpoint yet".to_owned());
        return newest.map(|newest| format!("{newest}\n")).ok_or_else(unsealed);
    }
    let mut said = format!(
        "the ledger is as it was sealed\n  rows         {}\n  checkpoints  {}\n  not sealed yet  {}\n  root         {}\n",
        report.size, report.checkpoints, report.unsealed, report.root
    );
    if doubtful > 0 {
        let _ = writeln!(
            said,
            "  {doubtful} of the checkpoints were signed by a key that leaked later: whoever has it \
             could have signed them too. Hold the ledger against one kept elsewhere (--checkpoint)."
        );
    }
    Ok(said)
}

/// Judges checkpoints with the key of their day.
struct Witness<'a> {
    node: &'a Node,
    ring: Arc<KeyRing>,
    before_leaks: KeyRing,
    leaks: HashMap<String, Timestamp>,
    under_leaked_keys: usize,
}

impl<'a> Witness<'a> {
    async fn of(node: &'a Node) -> Result<Self, CliError> {
        let records = node.keeper.records().await?;
        let leaks = records.into_iter().filter_map(|key| Some((key.kid, key.compromised_at?)));
        Ok(Self {
            node,
            ring: node.provider.keys.ring(),
            before_leaks: node.keeper.ring_before_leaks().await?,
            leaks: leaks.collect(),
            under_leaked_keys: 0,
        })
    }

    /// What a key signed while it was in use stays signed; what it signed before it leaked, too, but
    /// that is counted.
    fn verified(&mut self, signature: &str) -> Result<Checkpoint, CliError> {
        let refused = |cause: &dyn std::fmt::Display| {
            CliError::Refused(format!("a checkpoint does not verify: {cause}"))
        };
        let stated =
            stated_time(signature).ok_or_else(|| refused(&"it does not say when it was made"))?;
        let expected = Expected {
            typ: TokenType::LedgerCheckpoint,
            issuer: self.node.provider.settings.issuer.as_str(),
            audience: None,
            algorithms: &SigningAlgorithm::ALL,
            expiry: Expiry::NotStated,
            now: stated,
        };
        let fault = match verify_own::<CheckpointClaims>(signature, &expected, &self.ring) {
            Ok(verified) => return Ok(verified.claims.checkpoint),
            Err(fault) => fault,
        };
        match verify_own::<CheckpointClaims>(signature, &expected, &self.before_leaks) {
            Ok(verified) if self.leaks.get(&verified.kid).is_some_and(|leak| stated < *leak) => {
                self.under_leaked_keys += 1;
                Ok(verified.claims.checkpoint)
            }
            Ok(_) | Err(_) => Err(refused(&fault)),
        }
    }
}

/// Only chooses the day on which its key must have been good; nothing else of it is believed yet.
fn stated_time(signature: &str) -> Option<Timestamp> {
    let payload = base64url_decode(signature.split('.').nth(1)?).ok()?;
    let claims: CheckpointClaims = serde_json::from_slice(&payload).ok()?;
    Some(claims.checkpoint.at)
}

async fn held_against(node: &Node, trusted: Vec<Checkpoint>) -> Result<Report, CliError> {
    let broken = |fault: ledger::LedgerFault| CliError::Refused(fault.to_string());
    let mut verifier = Verifier::new(trusted).map_err(broken)?;
    let mut position = Sequence::BEFORE_FIRST;
    loop {
        let rows = node.provider.store.events_after(position, BATCH).await?;
        for row in &rows {
            verifier.push(row.sequence(), row.leaf()).map_err(broken)?;
            position = row.sequence();
        }
        if rows.len() < BATCH as usize {
            return verifier.finish().map_err(broken);
        }
    }
}
