//! `vneid policy explain ID` and `vneid policy dry-run`: decisions of the ledger, taken again.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use assurance::{
    Audience, Decision, KeptDecision, Language, Policy, PolicySet, ReasonCode, Transaction,
};
use clap::Args;
use flows::decisions::{is_the_same, read};
use identity_core::{
    Clock as _, EventId, EventKind, GrantId, RecordedDecision, SecurityEvent, Timestamp,
};
use ledger::Sequence;
use storage::Store;
use uuid::Uuid;

use super::text::{moment, table, word};
use super::{CliError, open};
use crate::config::Config;
use crate::policies;
use crate::system::SystemClock;

const BATCH: u32 = 1000;
/// How long after its id was made an event may stand in the ledger: a code's life, and clocks that differ.
const WRITTEN_WITHIN: Duration = Duration::from_mins(2);
/// Ids named for each kind of change.
const EXAMPLES: usize = 3;

/// Takes the decision `id` (an event's or a grant's) again and tells it.
pub async fn explain(
    id: &str,
    directory: Option<&PathBuf>,
    config: &Config,
) -> Result<String, CliError> {
    let unreadable = || CliError::Refused(format!("{id} is no id of a decision"));
    let uuid = Uuid::parse_str(id).map_err(|_| unreadable())?;
    let policies = in_force(directory, config)?;
    let node = open(config).await?;
    let found = find(node.provider.store.as_ref(), uuid).await;
    node.close().await;
    let Some(event) = found? else {
        return Err(CliError::Refused(format!("the ledger holds no decision {id} (any more)")));
    };
    let recorded = decision_of(&event.kind).ok_or_else(|| {
        CliError::Refused("this row of the ledger records no decision".to_owned())
    })?;
    let kept = read(recorded).ok_or_else(|| {
        CliError::Refused(
            "the decision was written by a release that this one cannot read".to_owned(),
        )
    })?;
    let policy = policies.version(&kept.policy).ok_or_else(|| {
        let version = &kept.policy;
        CliError::Refused(format!("the policy {version} is no longer at hand: see --policies"))
    })?;
    let decision = kept.judged_by(policy).map_err(|cause| CliError::Refused(cause.to_string()))?;
    Ok(told(&event, &kept, &decision))
}

/// What the provider goes by, unless another directory is named.
fn in_force(directory: Option<&PathBuf>, config: &Config) -> Result<PolicySet, CliError> {
    let directory = directory.or(config.policy_directory.as_ref());
    Ok(policies::load(directory.map(PathBuf::as_path))?)
}

/// Ids tell when they were made, so only a stretch of the ledger is read.
async fn find(store: &dyn Store, id: Uuid) -> Result<Option<SecurityEvent>, CliError> {
    let Some(made_at) = made_at(id) else { return Ok(None) };
    let until = made_at.plus(WRITTEN_WITHIN);
    let mut position = store.sequence_before(made_at.minus(Duration::from_secs(1))).await?;
    loop {
        let rows = store.events_after(position, BATCH).await?;
        for row in &rows {
            let event = row.event();
            if is_named(event, id) {
                return Ok(Some(event.clone()));
            }
            position = row.sequence();
        }
        let over = rows.last().is_none_or(|last| last.event().at > until);
        if over || rows.len() < BATCH as usize {
            return Ok(None);
        }
    }
}

fn made_at(id: Uuid) -> Option<Timestamp> {
    let (seconds, nanos) = id.get_timestamp()?.to_unix();
    let seconds = i64::try_from(seconds).ok()?;
    Some(Timestamp::from_unix_millis(seconds.checked_mul(1000)? + i64::from(nanos / 1_000_000)))
}

fn is_named(event: &SecurityEvent, id: Uuid) -> bool {
    let grant = GrantId::from_uuid(id);
    let of_grant = matches!(&event.kind, EventKind::GrantIssued { grant: of, .. } if *of == grant);
    of_grant || event.id == EventId::from_uuid(id)
}

fn decision_of(kind: &EventKind) -> Option<&RecordedDecision> {
    if let EventKind::GrantIssued { decision, .. } | EventKind::RequestRefused { decision, .. } =
        kind
    {
        decision.as_ref()
    } else {
        None
    }
}

fn told(event: &SecurityEvent, kept: &KeptDecision, decision: &Decision) -> String {
    let client = event.client.as_ref().map_or("", |client| client.as_str());
    let purpose = &kept.purpose;
    let scopes: Vec<_> = purpose.scopes.iter().map(String::as_str).collect();
    let asked: Vec<_> = kept.wish.classes().iter().map(|acr| acr.as_str()).collect();
    let mut said = String::new();
    let _ = writeln!(said, "decision {} at {}", event.id, moment(kept.at));
    let _ = writeln!(said, "  relying party  {client}");
    let _ = writeln!(said, "  policy         {}", kept.policy);
    let requirement = purpose.requirement.as_deref().unwrap_or("base");
    let _ = writeln!(said, "  requirement    {requirement}; scopes {}", scopes.join(" "));
    let _ = writeln!(said, "  asked for      {}", asked.join(" "));
    if let Some(procedure) = &purpose.procedure {
        let _ = writeln!(said, "  procedure      {procedure}");
    }
    if let Some(Transaction { kind, amount, day_total, device }) = &purpose.transaction {
        let device = word(device);
        let _ = writeln!(
            said,
            "  transaction    {kind} of {amount} đồng, {day_total} today, device {device}"
        );
    }
    for item in &kept.evidence {
        let (kind, at) = (word(&item.kind), moment(item.at));
        let _ = writeln!(said, "  evidence       {} {kind} at {at}", item.id);
    }
    for known in &kept.authenticators {
        let _ = writeln!(said, "  could use      {} {}", known.id, word(&known.kind));
    }
    said.push_str(&outcome(decision));
    said.push_str(&because(decision.reasons()));
    said.push_str(if is_the_same(kept, decision) {
        "reproduced bit for bit\n"
    } else {
        "NOT reproduced: the policy of that version, or the engine, decides otherwise now\n"
    });
    said
}

/// A decision in a line or two.
pub fn outcome(decision: &Decision) -> String {
    match decision {
        Decision::Permit { evaluation } => {
            let acr = evaluation.acr.map_or("no level", assurance::Acr::as_str);
            format!("permit at {acr}\n")
        }
        Decision::StepUp { options, .. } => {
            let mut said = "step up, by any of:\n".to_owned();
            for option in options {
                let steps: Vec<_> = option.add.iter().map(|step| word(&step.kind)).collect();
                let _ = writeln!(said, "  {}", steps.join(" and "));
            }
            said
        }
        Decision::Deny { code, .. } => format!("deny: {}\n", word(code)),
    }
}

/// The reasons, as an auditor is told them.
pub fn because(reasons: &[ReasonCode]) -> String {
    let mut said = String::new();
    if !reasons.is_empty() {
        said.push_str("because:\n");
    }
    for reason in reasons {
        let _ = writeln!(said, "  {reason} (advice: {})", reason.redress().id());
        for language in [Language::Vietnamese, Language::English] {
            let _ = writeln!(said, "    {}", reason.sentence(Audience::Auditor, language));
        }
    }
    said
}

#[derive(Args, Debug)]
pub struct DryRun {
    /// Directory of the policies to try
    #[arg(long, value_name = "DIR")]
    policy: PathBuf,
    /// Version of the policy to try [default: the newest of the directory]
    #[arg(long = "policy-version", id = "policy-version", value_name = "VERSION")]
    version: Option<String>,
    /// How far back, such as 7d, 36h or 90m
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = stretch)]
    since: Duration,
}

fn stretch(text: &str) -> Result<Duration, String> {
    let refused = || "expected a number with d, h or m, such as 7d".to_owned();
    let unit = text.chars().last().ok_or_else(refused)?;
    let number: u32 = text.strip_suffix(unit).and_then(|n| n.parse().ok()).ok_or_else(refused)?;
    let hours = match unit {
        'd' => 24,
        'h' => 1,
        'm' => return Ok(Duration::from_mins(number.into())),
        _ => return Err(refused()),
    };
    Ok(Duration::from_hours(u64::from(number) * hours))
}

/// Decides everything since then anew under another policy, batch by batch. Nobody's data is read: what a
/// decision rested on stands in the ledger.
pub async fn dry_run(question: &DryRun, config: &Config) -> Result<String, CliError> {
    let tried = policies::load(Some(&question.policy))?;
    let policy = match &question.version {
        Some(version) => tried.version(version),
        None => tried.policies().last(),
    };
    let unknown = || CliError::Refused("there is no policy of that version".to_owned());
    let policy = policy.ok_or_else(unknown)?;
    let node = open(config).await?;
    let from = SystemClock.now().minus(question.since);
    let tally = tallied(node.provider.store.as_ref(), policy, from).await;
    node.close().await;
    Ok(tally?.told(policy))
}

async fn tallied(store: &dyn Store, policy: &Policy, from: Timestamp) -> Result<Tally, CliError> {
    let mut tally = Tally::default();
    let mut position: Sequence = store.sequence_before(from).await?;
    loop {
        let rows = store.events_after(position, BATCH).await?;
        for row in &rows {
            tally.add(row.event(), policy);
            position = row.sequence();
        }
        if rows.len() < BATCH as usize {
            return Ok(tally);
        }
    }
}

/// What would have been otherwise.
#[derive(Default)]
struct Tally {
    decisions: u64,
    /// Of a later release, or for something that the policy does not know.
    not_judged: u64,
    changes: BTreeMap<Change, Changed>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    was: &'static str,
    would_be: &'static str,
    reasons: String,
}

#[derive(Default)]
struct Changed {
    count: u64,
    examples: Vec<EventId>,
}

impl Tally {
    fn add(&mut self, event: &SecurityEvent, policy: &Policy) {
        let granted = matches!(event.kind, EventKind::GrantIssued { .. });
        let was = if granted { "permit" } else { "refused" };
        let Some(recorded) = decision_of(&event.kind) else { return };
        self.decisions += 1;
        let judged = read(recorded).and_then(|kept| Some((kept.judged_by(policy).ok()?, kept)));
        let Some((decision, kept)) = judged else {
            self.not_judged += 1;
            return;
        };
        if is_the_same(&kept, &decision) {
            return;
        }
        let mut reasons: Vec<_> = decision.reasons().iter().map(|reason| reason.name()).collect();
        reasons.sort_unstable();
        reasons.dedup();
        let change = Change { was, would_be: kind(&decision), reasons: reasons.join(" ") };
        let changed = self.changes.entry(change).or_default();
        changed.count += 1;
        if changed.examples.len() < EXAMPLES {
            changed.examples.push(event.id);
        }
    }

    fn told(&self, policy: &Policy) -> String {
        let changed: u64 = self.changes.values().map(|changed| changed.count).sum();
        let mut said = format!(
            "under {}\n  decisions   {}\n  unchanged   {}\n  changed     {changed}\n  not judged  {}\n",
            policy.version,
            self.decisions,
            self.decisions.saturating_sub(changed + self.not_judged),
            self.not_judged,
        );
        let rows: Vec<_> = self
            .changes
            .iter()
            .map(|(change, changed)| {
                let examples: Vec<_> = changed.examples.iter().map(ToString::to_string).collect();
                let (was, would_be) = (change.was.to_owned(), change.would_be.to_owned());
                let reasons = change.reasons.clone();
                [changed.count.to_string(), was, would_be, reasons, examples.join(" ")]
            })
            .collect();
        if !rows.is_empty() {
            said.push('\n');
            said.push_str(&table(["count", "was", "would be", "reasons", "examples"], &rows));
        }
        said
    }
}

const fn kind(decision: &Decision) -> &'static str {
    match decision {
        Decision::Permit { .. } => "permit",
        Decision::StepUp { .. } => "step_up",
        Decision::Deny { .. } => "deny",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_of_time_has_a_unit() {
        assert_eq!(stretch("7d"), Ok(Duration::from_hours(168)));
        assert_eq!(stretch("36h"), Ok(Duration::from_hours(36)));
        assert_eq!(stretch("90m"), Ok(Duration::from_mins(90)));
        for bad in ["", "7", "d", "-1d", "7 d", "7w", "7đ", "99999999999d"] {
            assert!(stretch(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_tells_when_it_was_made() {
        let now = Timestamp::from_unix_millis(1_795_237_200_123);
        let id = EventId::generate(now, &crate::system::SystemEntropy::new());
        assert_eq!(made_at(id.uuid()), Some(now));
        assert_eq!(made_at(Uuid::from_u128(7)), None);
    }
}
