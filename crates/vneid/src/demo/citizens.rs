//! The people of the demo: read from `citizens.toml`, made into accounts once.

use std::collections::HashMap;
use std::sync::Arc;

use flows::admin::{AdminError, NewCredentials, create_citizen, lock_citizen, record_death};
use flows::password::Password;
use flows::totp;
use identity_core::account::{AccountState, Lock, LockReason, LockedBy};
use identity_core::secret::SecretBytes;
use identity_core::subject::{GuardianLink, GuardianScope, SupersededNumber};
use identity_core::{
    CalendarDate, IdentityNumber, LoginName, PersonalNumber, Subject, SubjectId, Timestamp,
};
use jose::digest::sha256;
use serde::Deserialize;
use tokio::task::JoinSet;

use crate::citizen_file::CitizenRecord;
use crate::cli::CliError;
use crate::compose::Node;

/// The account that examiners use.
pub const EXAMINER: &str = "099099000164";

const FILE: &str = include_str!("citizens.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    citizens: Vec<DemoCitizen>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoCitizen {
    pub key: String,
    pub shows: String,
    pub password: String,
    #[serde(default)]
    pub totp: bool,
    #[serde(default)]
    years_old: Option<u8>,
    #[serde(default)]
    guardian: Option<String>,
    #[serde(default)]
    former_number: Option<PersonalNumber>,
    #[serde(default)]
    fate: Option<Fate>,
    pub record: CitizenRecord,
}

/// What happened to the account since.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fate {
    Locked,
    Deceased,
}

pub fn all() -> Result<Vec<DemoCitizen>, CliError> {
    let people: People = toml::from_str(FILE)
        .map_err(|error| CliError::Refused(format!("citizens.toml: {}", error.message())))?;
    Ok(people.citizens)
}

/// The present code of one person's app.
pub fn totp(key: &str, now: Timestamp) -> Result<String, CliError> {
    let people = all()?;
    let known = people.iter().find(|citizen| citizen.key == key);
    let Some(secret) = known.and_then(DemoCitizen::totp_secret) else {
        let keys: Vec<_> = people.iter().filter(|c| c.totp).map(|c| c.key.as_str()).collect();
        let message = format!("nobody of that name has an app; try {}", keys.join(", "));
        return Err(CliError::Refused(message));
    };
    let left = 30 - now.unix_seconds().rem_euclid(30);
    Ok(format!("{}   (for another {left} s)\n", totp::code_at(&secret, now)?))
}

impl DemoCitizen {
    /// The same at every start and on every machine, so that an app once set up goes on working.
    pub fn totp_secret(&self) -> Option<SecretBytes> {
        let digest = sha256(format!("vneid demo totp {}", self.key).as_bytes());
        let secret = digest.first_chunk::<20>()?;
        self.totp.then(|| SecretBytes::new(secret.to_vec()))
    }

    pub fn login_name(&self) -> Result<LoginName, CliError> {
        let number =
            self.record.identity_number().map_err(crate::citizen_file::CitizenFileError::from)?;
        Ok(LoginName::of_number(&number))
    }

    fn subject(
        &self,
        node: &Node,
        id: SubjectId,
        ids: &HashMap<String, SubjectId>,
    ) -> Result<Subject, CliError> {
        let now = node.clock.now();
        let mut record = self.record.clone();
        if let Some(age) = self.years_old {
            let year = now.day_in_viet_nam().year() - i32::from(age);
            let first = CalendarDate::new(year, 1, 1);
            record.birth_date = first.map_err(|error| CliError::Refused(error.to_string()))?;
        }
        let mut subject = record.subject(id, now, node.provider.entropy.as_ref())?;
        subject.profile.superseded_numbers =
            self.former_number.iter().map(|number| superseded(number, now)).collect();
        let guardian = self.guardian.as_ref().and_then(|key| ids.get(key));
        subject.guardians = guardian.into_iter().map(|id| guardianship(*id, now)).collect();
        Ok(subject)
    }
}

/// Makes whoever does not exist yet, hashing passwords in parallel, then lets fate happen.
pub async fn seed(node: &Node) -> Result<(), CliError> {
    let people = all()?;
    let (mut ids, mut new) = (HashMap::new(), Vec::new());
    for citizen in &people {
        let found = node.provider.store.subject_by_login(&citizen.login_name()?).await?;
        let id = if let Some(found) = found {
            found.subject.id
        } else {
            new.push(citizen);
            SubjectId::random(node.provider.entropy.as_ref())
        };
        ids.insert(citizen.key.clone(), id);
    }
    // As many at once as are hashed at once: whoever queues longer is shed on a busy machine.
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let mut creating = JoinSet::new();
    for citizen in new {
        if creating.len() >= at_once {
            join_one(&mut creating).await?;
        }
        let Some(id) = ids.get(&citizen.key) else { continue };
        creating.spawn(create(node, citizen, citizen.subject(node, *id, &ids)?));
    }
    while !creating.is_empty() {
        join_one(&mut creating).await?;
    }
    for citizen in &people {
        if let (Some(fate), Some(id)) = (citizen.fate, ids.get(&citizen.key)) {
            happen(node, fate, *id).await?;
        }
    }
    Ok(())
}

async fn join_one(creating: &mut JoinSet<Result<(), CliError>>) -> Result<(), CliError> {
    match creating.join_next().await {
        Some(created) => created.map_err(|error| CliError::Refused(error.to_string()))?,
        None => Ok(()),
    }
}

fn create(
    node: &Node,
    citizen: &DemoCitizen,
    subject: Subject,
) -> impl Future<Output = Result<(), CliError>> + Send + use<> {
    let (provider, now) = (Arc::clone(&node.provider), node.clock.now());
    let (password, totp) = (citizen.password.clone(), citizen.totp_secret());
    async move {
        let refused = |error: flows::password::PasswordFault| CliError::Refused(error.to_string());
        let password = Some(Password::parse(&password).map_err(refused)?);
        let credentials = NewCredentials { password, totp };
        Ok(create_citizen(&provider, subject, credentials, now).await?)
    }
}

/// Once: an account that is locked or closed stays as it is.
async fn happen(node: &Node, fate: Fate, id: SubjectId) -> Result<(), CliError> {
    let now = node.clock.now();
    let found = node.provider.store.subject(id).await?.ok_or(AdminError::NotFound)?;
    if !matches!(found.subject.account.state, AccountState::Activated { .. }) {
        return Ok(());
    }
    match fate {
        Fate::Locked => {
            let (reason, by) = (LockReason::HolderRequest, LockedBy::Holder);
            lock_citizen(&node.provider, id, Lock { reason, by, since: now }, now).await?;
        }
        Fate::Deceased => {
            let source = "civil status register (DEMO)".to_owned();
            record_death(&node.provider, id, source, now).await?;
        }
    }
    Ok(())
}

fn superseded(number: &PersonalNumber, until: Timestamp) -> SupersededNumber {
    let number = IdentityNumber::Citizen(number.clone());
    SupersededNumber { number, until, ground: "Circular 59/2021 art. 6 (DEMO)".to_owned() }
}

fn guardianship(guardian: SubjectId, from: Timestamp) -> GuardianLink {
    GuardianLink {
        guardian,
        scope: GuardianScope::Everything,
        from,
        until: None,
        document: "birth certificate (DEMO)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::system::SystemEntropy;

    #[test]
    fn everybody_in_the_file_is_somebody_of_their_own() {
        let people = all().unwrap();
        assert!(people.len() >= 14);
        let unique = |values: Vec<String>| {
            let set: HashSet<_> = values.iter().cloned().collect();
            assert_eq!(set.len(), values.len(), "{values:?}");
        };
        unique(people.iter().map(|citizen| citizen.key.clone()).collect());
        unique(people.iter().map(|citizen| citizen.record.number.clone()).collect());
        let phones = people.iter().filter_map(|citizen| citizen.record.phone.as_ref());
        unique(phones.map(|phone| phone.as_str().to_owned()).collect());
        let entropy = SystemEntropy::new();
        for citizen in &people {
            let id = SubjectId::random(&entropy);
            let now = Timestamp::from_unix_seconds(1_795_000_000);
            assert!(citizen.record.subject(id, now, &entropy).is_ok(), "{}", citizen.key);
            assert!(Password::parse(&citizen.password).is_ok(), "{}", citizen.key);
        }
        assert!(people.iter().any(|citizen| citizen.record.number == EXAMINER));
    }

    #[test]
    fn codes_are_printed_for_those_who_have_an_app() {
        let now = Timestamp::from_unix_seconds(1_795_000_000);
        let code = totp("lan", now).unwrap();
        assert!(code.as_bytes().iter().take(6).all(u8::is_ascii_digit), "{code}");
        assert_eq!(code, totp("lan", now).unwrap());
        assert!(totp("quynh", now).is_err());
        assert!(totp("nobody", now).is_err());
    }
}
