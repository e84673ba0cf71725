//! Very many rows at once, for a database made for measuring: COPY instead of a statement per row.
//!
//! Personal data is sealed per subject here as everywhere. Uniqueness is the database's: whoever exists
//! already makes the whole batch fail, and the caller learns that somebody was first.

mod rebuilding;
mod sheet;

use std::collections::HashMap;

use identity_core::grant::ActiveGrant;
use identity_core::{Subject, SubjectId, Timestamp};
use sqlx::Executor as _;
use storage::privacy::{PersonalDataCipher, SubjectKey};
use storage::terms::TermsForm;
use storage::{Change, Commit, Contest, Enrolment};

use crate::database::{Connection, Database, Fault};
use crate::sql::grants::OFFLINE_ACCESS;
use crate::sql::{authenticators, column, subjects};
use sheet::{Sheet, Value};

pub use rebuilding::{finish, is_unfinished, take_down};

/// A COPY of some seconds is no failure, and what is lost with the server is loaded again.
const PATIENT: &str = "SET LOCAL statement_timeout = 0; SET LOCAL synchronous_commit = off";

/// One sheet for each table, in the order in which they refer to each other.
struct Rows {
    subjects: Sheet,
    keys: Sheet,
    logins: Sheet,
    names: Sheet,
    authenticators: Sheet,
    grants: Sheet,
    /// Of the people in this batch, to seal their credentials.
    sealing: HashMap<SubjectId, SubjectKey>,
}

/// Writes people, what they log in with and their grants. `None` when there is something else among
/// the changes, for which this is not the way.
pub async fn load(
    database: &Database,
    cipher: &PersonalDataCipher,
    changes: &[Change],
) -> Result<Option<Commit>, Fault> {
    // All of it before a transaction is open: sealing takes longer than writing.
    let Some(rows) = Rows::of(changes, cipher)? else { return Ok(None) };
    let mut transaction = database.transaction().await?;
    transaction.execute(PATIENT).await?;
    match rows.copy_to(&mut transaction).await {
        Ok(()) => {
            transaction.commit().await?;
            Ok(Some(Commit::Done))
        }
        Err(fault) if fault.is_duplicate() => {
            transaction.rollback().await?;
            Ok(Some(Commit::Lost(Contest::NameTaken)))
        }
        Err(fault) => Err(fault),
    }
}

impl Rows {
    fn of(changes: &[Change], cipher: &PersonalDataCipher) -> Result<Option<Self>, Fault> {
        let mut rows = Self::none();
        for change in changes {
            match change {
                Change::CreateSubject(subject) => rows.subject(subject, cipher)?,
                Change::InsertGrant(grant) => rows.grant(grant)?,
                Change::BindAuthenticator(enrolment) => {
                    let Some(key) = rows.sealing.get(&enrolment.authenticator.subject) else {
                        return Ok(None);
                    };
                    authenticator(&mut rows.authenticators, enrolment, key, cipher)?;
                }
                // Also what is still to be thought of: it goes the ordinary way.
                _ => return Ok(None),
            }
        }
        Ok(Some(rows))
    }

    fn none() -> Self {
        Self {
            subjects: Sheet::of("subjects (id, version, account_level, account_state, sealed)"),
            keys: Sheet::of("subject_keys (subject, wrapped)"),
            logins: Sheet::of("login_names (blind_index, subject)"),
            names: Sheet::of("person_names (subject, blind_index)"),
            authenticators: Sheet::of(
                "authenticators (id, subject, kind, status, status_since, bound_at, expires_at, \
                 password_length, credential, last_step, failures, failed_at, version)",
            ),
            grants: Sheet::of(
                "grants (id, subject, client, session, offline, terms, generation, rotated_at, \
                 redeemed_at)",
            ),
            sealing: HashMap::new(),
        }
    }

    fn subject(&mut self, subject: &Subject, cipher: &PersonalDataCipher) -> Result<(), Fault> {
        let (key, wrapped) = cipher.new_key(subject.id)?;
        let written = subjects::Written::of(subject, &key, cipher)?;
        let id = Value::Id(subject.id.uuid());
        self.subjects.row(&[
            id,
            Value::Number(1),
            Value::Number(written.level),
            Value::Text(written.state),
            Value::Bytes(&written.sealed),
        ])?;
        self.keys.row(&[id, Value::Bytes(&wrapped.0)])?;
        for index in subjects::login_indexes(subject, cipher) {
            self.logins.row(&[Value::Bytes(&index), id])?;
        }
        self.names.row(&[id, Value::Bytes(&subjects::name_index(subject, cipher))])?;
        self.sealing.insert(subject.id, key);
        Ok(())
    }

    /// Always in the short form: such a database is never served by an earlier release.
    fn grant(&mut self, grant: &ActiveGrant) -> Result<(), Fault> {
        let ActiveGrant { terms, generation, rotated_at, redeemed_at } = grant;
        self.grants.row(&[
            Value::Id(terms.grant.uuid()),
            Value::Id(terms.subject.uuid()),
            Value::Text(terms.client.as_str()),
            Value::Id(terms.session.uuid()),
            Value::Flag(terms.scopes.contains(OFFLINE_ACCESS)),
            Value::Text(&TermsForm::Compact.write(terms)?),
            Value::Number(i64::from(generation.0)),
            Value::Number(rotated_at.unix_millis()),
            Value::Number(redeemed_at.unix_millis()),
        ])
    }

    async fn copy_to(self, connection: &mut Connection) -> Result<(), Fault> {
        let Self { subjects, keys, logins, names, authenticators, grants, sealing: _ } = self;
        for sheet in [subjects, keys, logins, names, authenticators, grants] {
            sheet.copy_to(connection).await?;
        }
        Ok(())
    }
}

fn authenticator(
    sheet: &mut Sheet,
    enrolment: &Enrolment,
    key: &SubjectKey,
    cipher: &PersonalDataCipher,
) -> Result<(), Fault> {
    let Enrolment { authenticator, version, credential, label, last_step, failures } = enrolment;
    let label = label.as_ref();
    let (status, since) = authenticators::status_columns(authenticator.status);
    let time = |at: Option<Timestamp>| Value::maybe(at.map(Timestamp::unix_millis));
    sheet.row(&[
        Value::Id(authenticator.id.uuid()),
        Value::Id(authenticator.subject.uuid()),
        Value::Text(&column::name(&authenticator.kind)?),
        Value::Text(status),
        Value::maybe(since),
        Value::Number(authenticator.bound_at.unix_millis()),
        time(authenticator.expires_at),
        Value::maybe(authenticator.password_length.map(i64::from)),
        Value::Bytes(&authenticators::seal(credential, label, key, authenticator.id, cipher)?),
        Value::maybe(last_step.map(column::integer).transpose()?),
        Value::Number(i64::from(failures.consecutive)),
        time(failures.last_at),
        Value::Number(column::integer(*version)?),
    ])
}
