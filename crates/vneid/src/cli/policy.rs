//! `vneid policy`.

use std::path::PathBuf;
use std::time::Duration;

use assurance::{AcrWish, Context, Decision, DecisionRequest, Fal, Policy, Procedure, decide};
use clap::{Args, Subcommand, ValueEnum};
use identity_core::authenticator::AuthenticatorStatus;
use identity_core::evidence::{Proofing, ProofingPathway, ProofingPiece, ProofingPieceKind};
use identity_core::subject::{Card, CardKind, LegalCapacity};
use identity_core::{
    AccountLevel, AccountState, AuthenticationEvidence, Authenticator, AuthenticatorId,
    AuthenticatorKind, CalendarDate, Clock as _, EvidenceId, SubjectId, SubjectState, Timestamp,
};

use super::decisions::{self, DryRun, because, outcome};
use super::text::{table, word};
use super::{CliError, Files};
use crate::policies;
use crate::system::{SystemClock, SystemEntropy};

#[derive(Subcommand, Debug)]
pub enum PolicyCommand {
    /// Read all policy files of a directory and report every fault with file and line
    Check {
        /// Directory of dated policy files [default: the policies built in]
        directory: Option<PathBuf>,
    },
    /// Take a recorded decision again and say why, or say whether a made-up person may file a procedure
    ///
    /// Without an id nobody's data is used: the person is the one that the options describe.
    Explain(Explain),
    /// Say what another policy would have decided differently
    DryRun(DryRun),
}

#[derive(Args, Debug)]
pub struct Explain {
    /// A decision of the ledger: the id of its event, or of the grant it led to
    #[arg(value_name = "DECISION", conflicts_with = "procedure")]
    decision: Option<String>,
    /// Code of the procedure; `policy check` lists them
    #[arg(long, value_name = "CODE", required_unless_present = "decision")]
    procedure: Option<String>,
    /// Level of the account
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=2))]
    account_level: u8,
    /// What the person has just proven, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    proven: Vec<Factor>,
    /// What the person could prove besides, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    enrolled: Vec<Factor>,
    /// Minutes since it was proven
    #[arg(long, default_value_t = 0)]
    minutes_ago: u64,
    /// Completed years
    #[arg(long, default_value_t = 30)]
    age: u8,
    /// The card the account rests on has expired
    #[arg(long)]
    card_expired: bool,
    /// Directory of dated policy files [default: the policies built in]
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// The day to judge by, YYYY-MM-DD [default: now]
    #[arg(long, value_name = "DAY")]
    at: Option<CalendarDate>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Factor {
    /// Long enough to stand alone
    Password,
    Totp,
}

pub async fn run(command: &PolicyCommand, files: &Files) -> Result<String, CliError> {
    match command {
        PolicyCommand::Check { directory } => check(directory.as_ref()),
        PolicyCommand::Explain(question) => match &question.decision {
            Some(id) => decisions::explain(id, question.policies.as_ref(), &files.load()?).await,
            None => explain(question),
        },
        PolicyCommand::DryRun(question) => decisions::dry_run(question, &files.load()?).await,
    }
}

fn check(directory: Option<&PathBuf>) -> Result<String, CliError> {
    let policies = policies::load(directory.map(PathBuf::as_path))?;
    let mut said = Vec::new();
    for policy in policies.policies() {
        let until =
            policy.valid_to.map_or_else(|| "further notice".to_owned(), |to| to.to_string());
        said.push(format!("{}: from {} until {until}\n", policy.version, policy.valid_from));
    }
    if let Some(policy) = policies.at(SystemClock.now()) {
        said.push(format!("in force now: {}\n\n", policy.version));
        let rows: Vec<_> = policy.procedures().iter().map(row).collect();
        said.push(table(["no", "code", "account", "login", "procedure"], &rows));
    }
    Ok(said.concat())
}

fn row(procedure: &Procedure) -> [String; 5] {
    [
        procedure.number.to_string(),
        procedure.code.clone(),
        word(&procedure.account_level),
        word(&procedure.authentication_level),
        procedure.name_en.clone(),
    ]
}

fn explain(question: &Explain) -> Result<String, CliError> {
    let policies = policies::load(question.policies.as_deref())?;
    let now = question.at.map_or_else(|| SystemClock.now(), noon);
    let no_policy = || CliError::Refused("no policy is in force at that time".to_owned());
    let policy = policies.at(now).ok_or_else(no_policy)?;
    let code = question.procedure.as_deref().unwrap_or_default();
    let unknown = || CliError::Refused(format!("there is no procedure {code}"));
    let procedure = policy.procedure(code).ok_or_else(unknown)?;
    let person = Person::described_by(question, now);
    let requirement = procedure.requirement();
    let request = DecisionRequest {
        state: &person.state,
        evidence: &person.evidence,
        authenticators: &person.authenticators,
        requirement: &requirement,
        wish: &AcrWish::None,
        context: Context { fal: Fal::Fal2, procedure: Some(&procedure.code), ..Context::default() },
    };
    let decision = decide(&request, policy, now);
    Ok(told(procedure, policy, &decision))
}

fn noon(day: CalendarDate) -> Timestamp {
    day.start_in_viet_nam().plus(Duration::from_hours(12))
}

fn told(procedure: &Procedure, policy: &Policy, decision: &Decision) -> String {
    let mut said = vec![format!(
        "{} ({})\npolicy {}; needs account level {} and authentication level {}\n\n",
        procedure.name_en,
        procedure.name_vi,
        policy.version,
        word(&procedure.account_level),
        word(&procedure.authentication_level),
    )];
    said.push(outcome(decision));
    said.push(because(decision.reasons()));
    said.concat()
}

struct Person {
    state: SubjectState,
    evidence: Vec<AuthenticationEvidence>,
    authenticators: Vec<Authenticator>,
}

impl Person {
    fn described_by(question: &Explain, now: Timestamp) -> Self {
        let entropy = SystemEntropy::new();
        let id = SubjectId::random(&entropy);
        let today = now.day_in_viet_nam();
        let birth_date = CalendarDate::new(today.year() - i32::from(question.age), 1, 1);
        let valid_until = question.card_expired.then_some(today);
        let proven_at = now.minus(Duration::from_mins(question.minutes_ago));
        let mut held = question.proven.clone();
        held.extend(question.enrolled.iter().filter(|kind| !question.proven.contains(kind)));
        let authenticators: Vec<_> = held
            .iter()
            .map(|factor| authenticator(*factor, id, AuthenticatorId::generate(now, &entropy), now))
            .collect();
        let evidence = authenticators
            .iter()
            .take(question.proven.len())
            .map(|proven| {
                let id = EvidenceId::generate(now, &entropy);
                AuthenticationEvidence::of(proven, id, proven_at)
            })
            .collect();
        let level = if question.account_level == 1 { AccountLevel::One } else { AccountLevel::Two };
        Self {
            state: SubjectState {
                subject: id,
                account: AccountState::Activated { since: now },
                account_level: level,
                birth_date: birth_date.unwrap_or(today),
                card: Some(Card { kind: CardKind::IdentityCard, valid_until }),
                capacity: LegalCapacity::Full,
                guardians: Vec::new(),
                proofings: vec![proofing(level, valid_until, now, &entropy)],
            },
            evidence,
            authenticators,
        }
    }
}

fn proofing(
    level: AccountLevel,
    valid_until: Option<CalendarDate>,
    at: Timestamp,
    entropy: &SystemEntropy,
) -> Proofing {
    Proofing {
        id: EvidenceId::generate(at, entropy),
        at,
        pathway: match level {
            AccountLevel::One => ProofingPathway::RemoteFaceCapture,
            AccountLevel::Two => ProofingPathway::InPersonBiometric,
        },
        pieces: vec![ProofingPiece { kind: ProofingPieceKind::IdentityCard, valid_until }],
        performed_by: None,
    }
}

fn authenticator(
    factor: Factor,
    subject: SubjectId,
    id: AuthenticatorId,
    now: Timestamp,
) -> Authenticator {
    let (kind, password_length) = match factor {
        Factor::Password => (AuthenticatorKind::Password, Some(20)),
        Factor::Totp => (AuthenticatorKind::Totp, None),
    };
    Authenticator {
        id,
        subject,
        kind,
        status: AuthenticatorStatus::Active,
        bound_at: now,
        expires_at: None,
        password_length,
    }
}
