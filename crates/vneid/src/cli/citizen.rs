//! `vneid citizen`.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use flows::admin::{
    NewContact, NewCredentials, activate_citizen, change_contact, create_citizen, lock_citizen,
    register_template, unlock_citizen,
};
use flows::app::counter;
use flows::matcher::{Modality, TemplateReference};
use flows::password::Password;
use flows::totp;
use identity_core::account::{AccountState, Lock, LockReason, LockedBy};
use identity_core::contact::PhoneNumber;
use identity_core::time::random_bytes;
use identity_core::{LoginName, Subject, SubjectId};

use super::text::{moment, table, word};
use super::{CliError, Who, open, read_file};
use crate::citizen_file::CitizenRecord;
use crate::compose::Node;
use crate::config::Config;

#[derive(Subcommand, Debug)]
pub enum CitizenCommand {
    /// Create an account from a TOML file
    ///
    /// The first password comes from password_file; without it one is made and printed once. With
    /// `totp = true` a secret for an authenticator app is made and printed once.
    Create { file: PathBuf },
    /// Activate an account whose seven days in the app have passed (Decree 69/2024 art. 14)
    Activate {
        #[command(flatten)]
        who: Who,
    },
    /// Lock an account: sessions end, tokens are inactive within a second, relying parties are told
    Lock {
        #[command(flatten)]
        who: Who,
        /// Ground of Law on Identification art. 34
        #[arg(long, value_enum)]
        reason: Ground,
        /// Reference of the written request, when an authority asked for it
        #[arg(long, value_name = "REFERENCE")]
        authority: Option<String>,
    },
    /// Lift a lock; the account returns to the state before it
    Unlock {
        #[command(flatten)]
        who: Who,
    },
    /// Change where a person is reached; codes by message are set up again for the new address
    Contact {
        #[command(flatten)]
        who: Who,
        /// New telephone number
        #[arg(long, required_unless_present = "email", conflicts_with = "email")]
        phone: Option<String>,
        /// New e-mail address
        #[arg(long)]
        email: Option<String>,
    },
    /// Register the template that a matcher made of a person when they were proven
    Biometric {
        #[command(flatten)]
        who: Who,
        /// What was captured
        #[arg(long, value_enum)]
        modality: Captured,
        /// The matcher's id and what it calls the template, such as matcher-1/42
        #[arg(long)]
        reference: String,
    },
    /// Hand out a code, good once within a day, with which the person binds the app to the account
    ///
    /// For whoever has no second factor to log in with. Their identity was checked at the counter.
    AppCode {
        #[command(flatten)]
        who: Who,
    },
    /// Show an account, its number masked
    Show {
        #[command(flatten)]
        who: Who,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Ground {
    HolderRequest,
    BreachOfTerms,
    CardRevokedOrHeld,
    AuthorityRequest,
    TravelDocumentExpired,
    ResidenceExpired,
    SuspectedMisuse,
}

impl From<Ground> for LockReason {
    fn from(ground: Ground) -> Self {
        match ground {
            Ground::HolderRequest => Self::HolderRequest,
            Ground::BreachOfTerms => Self::BreachOfTerms,
            Ground::CardRevokedOrHeld => Self::CardRevokedOrHeld,
            Ground::AuthorityRequest => Self::AuthorityRequest,
            Ground::TravelDocumentExpired => Self::TravelDocumentExpired,
            Ground::ResidenceExpired => Self::ResidenceExpired,
            Ground::SuspectedMisuse => Self::SuspectedMisuse,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Captured {
    Face,
    Fingerprint,
}

impl From<Captured> for Modality {
    fn from(captured: Captured) -> Self {
        match captured {
            Captured::Face => Self::Face,
            Captured::Fingerprint => Self::Fingerprint,
        }
    }
}

pub async fn run(command: CitizenCommand, config: &Config) -> Result<String, CliError> {
    let node = open(config).await?;
    let now = node.clock.now();
    let said = match command {
        CitizenCommand::Create { file } => create(&node, &file).await?,
        CitizenCommand::Activate { who } => {
            let subject = find(&node, &who.person).await?.id;
            activate_citizen(&node.provider, subject, now).await?;
            format!("activated {subject}\n")
        }
        CitizenCommand::Lock { who, reason, authority } => {
            let subject = find(&node, &who.person).await?.id;
            let by = authority.map_or(LockedBy::Operator, LockedBy::Authority);
            let lock = Lock { reason: reason.into(), by, since: now };
            lock_citizen(&node.provider, subject, lock, now).await?;
            format!("locked {subject}\n")
        }
        CitizenCommand::Unlock { who } => {
            let subject = find(&node, &who.person).await?.id;
            unlock_citizen(&node.provider, subject, now).await?;
            format!("unlocked {subject}\n")
        }
        CitizenCommand::Contact { who, phone, email } => {
            let contact = contact(phone, email)?;
            let subject = find(&node, &who.person).await?.id;
            change_contact(&node.provider, subject, contact, now).await?;
            format!("changed {subject}\n")
        }
        CitizenCommand::Biometric { who, modality, reference } => {
            let reference = TemplateReference::parse(&reference)
                .ok_or_else(|| CliError::Refused("expected MATCHER/TEMPLATE".to_owned()))?;
            let subject = find(&node, &who.person).await?.id;
            register_template(&node.provider, subject, modality.into(), &reference, now).await?;
            format!("registered {subject}\n")
        }
        CitizenCommand::AppCode { who } => {
            let subject = find(&node, &who.person).await?.id;
            let code = counter::issue(&node.provider, subject, now).await?;
            format!("code for the app, shown this once, good for a day: {}\n", code.expose())
        }
        CitizenCommand::Show { who } => show(&node, &find(&node, &who.person).await?).await?,
    };
    node.close().await;
    Ok(said)
}

async fn create(node: &Node, file: &Path) -> Result<String, CliError> {
    let (provider, now) = (&node.provider, node.clock.now());
    let entropy = provider.entropy.as_ref();
    let record = CitizenRecord::read(&read_file(file)?)?;
    let id = SubjectId::random(entropy);
    let subject = record.subject(id, now, entropy)?;
    let mut said = vec![format!("created {id}\n")];

    let password = if let Some(path) = &record.password_file {
        let path = file.parent().unwrap_or(Path::new("")).join(path);
        read_file(&path)?.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        let made = jose::digest::base64url(&random_bytes::<15>(entropy));
        said.push(format!("password, shown this once: {made}\n"));
        made
    };
    let password = checked(node, &password, &subject, record.totp)?;
    let totp = record.totp.then(|| totp::generate_secret(entropy));
    if let Some(secret) = &totp {
        // As on the citizen's own page: an issuer URL is no label (it holds a colon).
        let invitation = totp::invitation(secret, &subject.profile.number.masked(), "vneid")?;
        said.push(format!("authenticator secret, shown this once: {}\n", invitation.secret));
    }
    let credentials = NewCredentials { password: Some(password), totp };
    create_citizen(provider, subject, credentials, now).await?;
    Ok(said.concat())
}

fn contact(phone: Option<String>, email: Option<String>) -> Result<NewContact, CliError> {
    if let Some(phone) = phone {
        let phone = PhoneNumber::parse(&phone);
        return phone.map(NewContact::Phone).map_err(|error| CliError::Refused(error.to_string()));
    }
    let email = email.unwrap_or_default();
    let plausible = email.len() <= 254
        && email.bytes().all(|byte| byte.is_ascii_graphic())
        && email.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && host.contains('.') && !host.contains('@')
        });
    if plausible {
        Ok(NewContact::Email(email))
    } else {
        Err(CliError::Refused("not an e-mail address".to_owned()))
    }
}

/// The rules for a password are the same here as on the citizen's own page.
fn checked(
    node: &Node,
    password: &str,
    subject: &Subject,
    second_factor: bool,
) -> Result<Password, CliError> {
    let policy = node.provider.policy(node.clock.now())?;
    let rule = &policy.password;
    let minimum = if second_factor { rule.minimum_with_second_factor } else { rule.minimum_alone };
    let refused = |fault| CliError::Refused(format!("the password is {fault}"));
    let password = Password::parse(password).map_err(refused)?;
    let own = [subject.profile.number.as_str(), subject.profile.name.as_str()];
    password.judge(minimum, &own).map_err(refused)?;
    Ok(password)
}

async fn find(node: &Node, person: &str) -> Result<Subject, CliError> {
    let store = &node.provider.store;
    let found = match (person.parse::<SubjectId>(), LoginName::parse(person)) {
        (Ok(id), _) => store.subject(id).await?,
        (Err(_), Ok(name)) => store.subject_by_login(&name).await?,
        (Err(_), Err(_)) => None,
    };
    found
        .map(|found| found.subject)
        .ok_or_else(|| CliError::Refused("there is no such account".to_owned()))
}

async fn show(node: &Node, subject: &Subject) -> Result<String, CliError> {
    let (store, now) = (&node.provider.store, node.clock.now());
    let card = subject.card.as_ref().map_or_else(
        || "none".to_owned(),
        |card| match card.valid_until {
            Some(until) => format!("{}, until {until}", word(&card.kind)),
            None => word(&card.kind),
        },
    );
    let facts = [
        ["account".to_owned(), subject.id.to_string()],
        ["name".to_owned(), subject.profile.name.as_str().to_owned()],
        ["number".to_owned(), subject.profile.number.masked()],
        ["level".to_owned(), subject.account.level.number().to_string()],
        ["state".to_owned(), state(&subject.account.state)],
        ["card".to_owned(), card],
        ["capacity".to_owned(), word(&subject.capacity)],
        ["guardians".to_owned(), subject.guardians.len().to_string()],
        ["sessions".to_owned(), store.live_sessions(subject.id, now).await?.len().to_string()],
    ];
    let enrolments = store.enrolments(subject.id).await?;
    let rows: Vec<_> = enrolments
        .iter()
        .map(|enrolment| {
            let authenticator = &enrolment.authenticator;
            let usable = if authenticator.usable(now) { "usable" } else { "not usable" };
            let failures = enrolment.failures.consecutive.to_string();
            [word(&authenticator.kind), usable.to_owned(), failures, moment(authenticator.bound_at)]
        })
        .collect();
    let factors = table(["authenticator", "now", "failures", "bound"], &rows);
    Ok(format!("{}\n{factors}", table(["", ""], &facts).trim_start()))
}

fn state(state: &AccountState) -> String {
    match state {
        AccountState::Registered { since } => {
            format!("registered {}, not activated", moment(*since))
        }
        AccountState::Activated { since } => format!("activated {}", moment(*since)),
        AccountState::Locked { lock, .. } => {
            format!("locked {}: {}", moment(lock.since), word(&lock.reason))
        }
        AccountState::Deceased { recorded_at, .. } => {
            format!("deceased, recorded {}", moment(*recorded_at))
        }
    }
}
