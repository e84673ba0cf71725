//! `vneid seed`: a database of a country's size, for benchmarks.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use clap::Args;
use flows::Provider;
use flows::password::Password;
use identity_core::authenticator::{AuthenticatorKind, AuthenticatorStatus};
use identity_core::grant::{ActiveGrant, Generation, GrantTerms};
use identity_core::id::{EvidenceId, SessionId};
use identity_core::secret::SecretBytes;
use identity_core::{
    AuthenticationEvidence, Authenticator, AuthenticatorId, ClientId, Entropy, GrantId, SubjectId,
    Timestamp,
};
use protocol::Environment;
use storage::{Change, Commit, Credential, Enrolment};
use tokio::task::JoinSet;

use super::{CliError, open};
use crate::config::Config;
use crate::crowd;

/// Subjects in one transaction; each has its grants in the same one. Batches under way are all that is
/// held in memory.
const BATCH: u64 = 2000;
/// Relying parties that the grants are spread over. They are names only and cannot call.
const PORTALS: u64 = 50;

#[derive(Args, Debug)]
pub struct SeedArgs {
    /// How many fictional people
    #[arg(long)]
    subjects: u64,
    /// How many grants, spread evenly over the people
    #[arg(long, default_value_t = 0)]
    grants: u64,
}

/// What all batches share.
struct Sowing {
    provider: Arc<Provider>,
    subjects: u64,
    grants: u64,
    /// One hash for everybody: ten million of them would take two days. Each is sealed for itself.
    password: SecretBytes,
    now: Timestamp,
    next: AtomicU64,
}

pub async fn run(args: SeedArgs, config: &Config) -> Result<String, CliError> {
    let node = open(config).await?;
    let (provider, now) = (Arc::clone(&node.provider), node.clock.now());
    refuse_where_people_live(&provider, config.environment).await?;
    let password = Password::parse(crowd::PASSWORD)
        .map_err(|fault| CliError::Refused(format!("the password is {fault}")))?;
    let password = provider.passwords.hash(password, provider.entropy.as_ref()).await?;
    let (subjects, grants) = (args.subjects, args.grants);
    let next = AtomicU64::new(0);
    let sowing = Arc::new(Sowing { provider, subjects, grants, password, now, next });

    let (store, began) = (Arc::clone(&sowing.provider.store), Instant::now());
    store.begin_load().await?;
    let mut sowers = JoinSet::new();
    for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) * 2 {
        sowers.spawn(Arc::clone(&sowing).sow());
    }
    while let Some(ended) = sowers.join_next().await {
        ended.map_err(|error| CliError::Refused(format!("a sower stopped: {error}")))??;
    }
    let sown = began.elapsed().as_secs_f64();
    store.end_load().await?;
    node.close().await;
    let seconds = began.elapsed().as_secs_f64();
    Ok(format!(
        "{subjects} subjects and {grants} grants in {seconds:.1} s, {sown:.1} s of them before indexes \
         and statistics\n\
         log in as {} to {} with the password: {}\n",
        crowd::number(0),
        crowd::number(subjects.saturating_sub(1)),
        crowd::PASSWORD,
    ))
}

/// Ten million strangers with one known password must never meet real people.
async fn refuse_where_people_live(
    provider: &Provider,
    environment: Environment,
) -> Result<(), CliError> {
    let events = provider.store.head().await?;
    let first = provider.store.events_after(ledger::Sequence::BEFORE_FIRST, 100).await?;
    let anybody =
        first.len() == 100 || first.iter().any(|recorded| recorded.event().subject.is_some());
    if environment == Environment::Production && anybody {
        let said = format!("the database is in use ({} events): seed an empty one", events.0);
        return Err(CliError::Refused(said));
    }
    Ok(())
}

impl Sowing {
    /// Takes batches until none is left. Sealing costs more than writing, so several do this at once.
    async fn sow(self: Arc<Self>) -> Result<(), CliError> {
        loop {
            let from = self.next.fetch_add(BATCH, Ordering::Relaxed);
            if from >= self.subjects {
                return Ok(());
            }
            let plan = (from..self.subjects.min(from + BATCH))
                .filter_map(|index| self.person(index))
                .flatten()
                .collect::<Vec<_>>();
            match self.provider.store.load(plan).await? {
                Commit::Done => {}
                Commit::Lost(contest) => {
                    let said = format!("these people exist already ({contest:?})");
                    return Err(CliError::Refused(said));
                }
            }
        }
    }

    fn person(&self, index: u64) -> Option<Vec<Change>> {
        let entropy = self.provider.entropy.as_ref();
        let subject = crowd::subject(index, self.now, entropy)?;
        let authenticator = Authenticator {
            id: AuthenticatorId::generate(self.now, entropy),
            subject: subject.id,
            kind: AuthenticatorKind::Password,
            status: AuthenticatorStatus::Active,
            bound_at: self.now,
            expires_at: None,
            password_length: u16::try_from(crowd::PASSWORD.chars().count()).ok(),
        };
        // The first subjects take what does not divide evenly.
        let (each, rest) = (self.grants / self.subjects, self.grants % self.subjects);
        let grants = each + u64::from(index < rest);
        let evidence = evidence(&authenticator, self.now, entropy);
        let id = subject.id;
        let mut plan = vec![
            Change::CreateSubject(Box::new(subject)),
            Change::BindAuthenticator(Box::new(Enrolment::new(
                authenticator,
                Credential::Password(self.password.clone()),
            ))),
        ];
        plan.extend((0..grants).filter_map(|which| {
            let portal = (index + which) % PORTALS;
            let client = ClientId::parse(&format!("seeded-portal-{portal}")).ok()?;
            let grant = grant(id, client, evidence.clone(), self.now, entropy);
            Some(Change::InsertGrant(Box::new(grant)))
        }));
        Some(plan)
    }
}

fn evidence(
    authenticator: &Authenticator,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> AuthenticationEvidence {
    AuthenticationEvidence::of(authenticator, EvidenceId::generate(now, entropy), now)
}

fn grant(
    subject: SubjectId,
    client: ClientId,
    evidence: AuthenticationEvidence,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> ActiveGrant {
    ActiveGrant {
        terms: GrantTerms {
            grant: GrantId::generate(now, entropy),
            client,
            subject,
            session: SessionId::generate(now, entropy),
            scopes: BTreeSet::from(["openid".to_owned(), "profile".to_owned()]),
            userinfo_claims: BTreeSet::from(["name".to_owned(), "birthdate".to_owned()]),
            id_token_claims: BTreeSet::new(),
            evidence: vec![evidence],
            asked_acr: Vec::new(),
            authorized_at: now,
            verified: identity_core::grant::VerifiedWishes::default(),
            transaction: None,
        },
        generation: Generation::FIRST,
        rotated_at: now,
        redeemed_at: now,
    }
}
