//! People: sealed under their own keys, found by blind indexes.

use identity_core::account::AccountState;
use identity_core::subject::Profile;
use identity_core::{LoginName, Subject, SubjectId};
use storage::privacy::{PersonalDataCipher, SealedField, SubjectKey};
use storage::record::SubjectListing;
use storage::{Contest, StoreError, VersionedSubject};
use uuid::Uuid;

use super::change::Outcome;
use super::column;
use crate::database::{Connection, Fault};

/// Nobody reads a longer list; whoever gets this many asks more precisely.
const LISTED: i64 = 500;

pub async fn create(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    subject: &Subject,
) -> Result<Outcome, Fault> {
    let (key, wrapped) = cipher.new_key(subject.id)?;
    let row = Written::of(subject, &key, cipher)?;
    sqlx::query!(
        "INSERT INTO subjects (id, version, account_level, account_state, sealed)
         VALUES ($1, 1, $2, $3, $4)",
        subject.id.uuid(),
        row.level,
        row.state,
        row.sealed,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO subject_keys (subject, wrapped) VALUES ($1, $2)",
        subject.id.uuid(),
        wrapped.0,
    )
    .execute(&mut *connection)
    .await?;
    write_names(connection, cipher, subject).await
}

pub async fn replace(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    subject: &Subject,
    version: u64,
) -> Result<Outcome, Fault> {
    let Some(key) = find_key(connection, cipher, subject.id).await? else {
        return Ok(Outcome::Lost(Contest::SubjectMoved));
    };
    let row = Written::of(subject, &key, cipher)?;
    let replaced = sqlx::query!(
        "UPDATE subjects SET version = version + 1, account_level = $3, account_state = $4, sealed = $5
         WHERE id = $1 AND version = $2",
        subject.id.uuid(),
        column::integer(version)?,
        row.level,
        row.state,
        row.sealed,
    )
    .execute(&mut *connection)
    .await?;
    if replaced.rows_affected() == 0 {
        return Ok(Outcome::Lost(Contest::SubjectMoved));
    }
    sqlx::query!("DELETE FROM login_names WHERE subject = $1", subject.id.uuid())
        .execute(&mut *connection)
        .await?;
    write_names(connection, cipher, subject).await
}

pub async fn by_id(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    id: SubjectId,
) -> Result<Option<VersionedSubject>, Fault> {
    let row = sqlx::query_as!(
        SubjectRow,
        r#"SELECT s.id AS "id!: Uuid", s.version AS "version!", s.sealed AS "sealed!",
                  k.wrapped AS "wrapped!"
           FROM subjects s JOIN subject_keys k ON k.subject = s.id
           WHERE s.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.open(cipher)).transpose()
}

pub async fn by_login(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    name: &LoginName,
) -> Result<Option<VersionedSubject>, Fault> {
    let index = cipher.blind_index(&name.index_input());
    let row = sqlx::query_as!(
        SubjectRow,
        r#"SELECT s.id AS "id!: Uuid", s.version AS "version!", s.sealed AS "sealed!",
                  k.wrapped AS "wrapped!"
           FROM login_names n
           JOIN subjects s ON s.id = n.subject
           JOIN subject_keys k ON k.subject = s.id
           WHERE n.blind_index = $1"#,
        index.as_slice(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| row.open(cipher)).transpose()
}

pub async fn by_name(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    folded: &str,
) -> Result<Vec<SubjectListing>, Fault> {
    let index = cipher.blind_index(&person_index_input(folded));
    let rows = sqlx::query_as!(
        SubjectRow,
        r#"SELECT s.id AS "id!: Uuid", s.version AS "version!", s.sealed AS "sealed!",
                  k.wrapped AS "wrapped!"
           FROM person_names n
           JOIN subjects s ON s.id = n.subject
           JOIN subject_keys k ON k.subject = s.id
           WHERE n.blind_index = $1
           ORDER BY s.id LIMIT $2"#,
        index.as_slice(),
        LISTED,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let subject = row.open(cipher)?.subject;
            Ok(SubjectListing {
                subject: subject.id,
                name: subject.profile.name.as_str().to_owned(),
            })
        })
        .collect()
}

/// The key that seals everything of a subject who must be there.
pub async fn key_of(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    subject: SubjectId,
) -> Result<SubjectKey, Fault> {
    let key = find_key(connection, cipher, subject).await?;
    Ok(key.ok_or_else(|| StoreError::corrupt(format_args!("no key of subject {subject}")))?)
}

/// Absent for a stranger, and once the person was erased.
async fn find_key(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    subject: SubjectId,
) -> Result<Option<SubjectKey>, Fault> {
    let wrapped = sqlx::query_scalar!(
        r#"SELECT wrapped AS "wrapped!" FROM subject_keys WHERE subject = $1"#,
        subject.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(wrapped.map(|wrapped| cipher.open_key(subject, &wrapped)).transpose()?)
}

/// A name that leads to somebody else already is left to them: nothing is inserted.
async fn write_names(
    connection: &mut Connection,
    cipher: &PersonalDataCipher,
    subject: &Subject,
) -> Result<Outcome, Fault> {
    for index in login_indexes(subject, cipher) {
        let taken = sqlx::query!(
            "INSERT INTO login_names (blind_index, subject) VALUES ($1, $2)
             ON CONFLICT (blind_index) DO NOTHING",
            index.as_slice(),
            subject.id.uuid(),
        )
        .execute(&mut *connection)
        .await?;
        if taken.rows_affected() == 0 {
            return Ok(Outcome::Lost(Contest::NameTaken));
        }
    }
    let index = name_index(subject, cipher);
    sqlx::query!(
        "INSERT INTO person_names (subject, blind_index) VALUES ($1, $2)
         ON CONFLICT (subject) DO UPDATE SET blind_index = excluded.blind_index",
        subject.id.uuid(),
        index.as_slice(),
    )
    .execute(&mut *connection)
    .await?;
    Ok(Outcome::Applied)
}

/// What leads to a person: the number in force and the phone; never a superseded number.
pub fn login_indexes(
    subject: &Subject,
    cipher: &PersonalDataCipher,
) -> impl Iterator<Item = [u8; 32]> {
    let Profile { number, phone, .. } = &subject.profile;
    let phone = phone.as_ref().map(|phone| LoginName::Phone(phone.value.clone()));
    let names = std::iter::once(LoginName::of_number(number)).chain(phone);
    names.map(|name| cipher.blind_index(&name.index_input()))
}

/// What a person is found by together with all who bear the same name.
pub fn name_index(subject: &Subject, cipher: &PersonalDataCipher) -> [u8; 32] {
    cipher.blind_index(&person_index_input(&subject.profile.name.folded()))
}

fn person_index_input(folded: &str) -> String {
    format!("name:{folded}")
}

/// A subject as columns.
pub struct Written {
    pub level: i64,
    pub state: &'static str,
    pub sealed: Vec<u8>,
}

impl Written {
    pub fn of(
        subject: &Subject,
        key: &SubjectKey,
        cipher: &PersonalDataCipher,
    ) -> Result<Self, Fault> {
        let body = column::json(subject)?.into_bytes();
        Ok(Self {
            level: i64::from(subject.account.level.number()),
            state: match subject.account.state {
                AccountState::Registered { .. } => "registered",
                AccountState::Activated { .. } => "activated",
                AccountState::Locked { .. } => "locked",
                AccountState::Deceased { .. } => "deceased",
            },
            sealed: cipher.seal_field(key, SealedField::Subject, body)?,
        })
    }
}

pub(super) struct SubjectRow {
    pub(super) id: Uuid,
    pub(super) version: i64,
    pub(super) sealed: Vec<u8>,
    pub(super) wrapped: Vec<u8>,
}

impl SubjectRow {
    fn open(self, cipher: &PersonalDataCipher) -> Result<VersionedSubject, Fault> {
        let key = cipher.open_key(SubjectId::from_uuid(self.id), &self.wrapped)?;
        self.open_with(&key, cipher)
    }

    pub(super) fn open_with(
        self,
        key: &SubjectKey,
        cipher: &PersonalDataCipher,
    ) -> Result<VersionedSubject, Fault> {
        let id = SubjectId::from_uuid(self.id);
        let body = cipher.open_field(key, SealedField::Subject, &self.sealed)?;
        let subject = serde_json::from_slice(&body)
            .map_err(|_| StoreError::corrupt(format_args!("subject {id} does not read back")))?;
        Ok(VersionedSubject { subject, version: column::number(self.version)? })
    }
}
