//! Where what must be remembered is kept.

use std::path::PathBuf;
use std::time::Duration;

use protocol::Environment;
use storage::terms::TermsForm;
use storage_postgres::PostgresLocation;

use super::reading::Reading;
use super::settings::{Place, STORES};

/// Everything durable.
#[derive(Clone)]
pub enum Storage {
    Sqlite(PathBuf),
    /// Gone with the process.
    Ephemeral,
    Postgres(Box<Postgres>),
}

#[derive(Clone)]
pub struct Postgres {
    pub location: PostgresLocation,
    /// How long security events are kept; all of them without it.
    pub events_kept: Option<Duration>,
}

/// What a month of retention is at least: months are kept whole.
const MONTH: Duration = Duration::from_hours(31 * 24);
/// Use history is kept for five years (Decree 69/2024 art. 28). The database refuses to drop younger
/// events whatever is written here (`drop_partitions`).
const LEAST_MONTHS: usize = 60;

impl Reading<'_> {
    pub(super) fn storage(&mut self, environment: Environment) -> Option<Storage> {
        let sqlite = self.path_and_place("storage.sqlite");
        let ephemeral = self.flag("storage.ephemeral").filter(|(asked, _)| *asked);
        let postgres = self.text("storage.postgres");
        match (sqlite, ephemeral, postgres) {
            (Some((path, _)), None, None) => Some(Storage::Sqlite(path)),
            (None, Some((_, place)), None) => {
                self.only_in_development(environment, &place, "everything would be lost");
                Some(Storage::Ephemeral)
            }
            (None, None, Some((url, place))) => self.postgres(&url, &place).map(Storage::Postgres),
            (None, None, None) => {
                self.missing("storage.sqlite");
                None
            }
            (_, Some((_, place)), _) | (_, _, Some((_, place))) => {
                self.fault(&place, format!("only one can be given of {}", STORES.join(", ")));
                None
            }
        }
    }

    fn postgres(&mut self, url: &str, place: &Place) -> Option<Box<Postgres>> {
        let urls = hosts(url);
        if urls.is_none() {
            self.fault(place, "expected postgres://user@host:port/database");
        }
        let mut location = PostgresLocation { urls: urls?, ..PostgresLocation::at("") };
        location.ca_file = self.path("storage.postgres_ca_file");
        let password = self.file("storage.postgres_password_file");
        let password = password.and_then(|bytes| String::from_utf8(bytes).ok());
        location.password = password.map(|text| text.trim_end().to_owned());
        if let Some(most) = self.number("storage.postgres_connections") {
            location.connections = u32::try_from(most).unwrap_or(u32::MAX);
        }
        if let Some(timeout) = self.millis("storage.postgres_acquire_timeout_ms") {
            location.acquire_timeout = timeout;
        }
        if let Some(timeout) = self.millis("storage.postgres_statement_timeout_ms") {
            location.statement_timeout = timeout;
        }
        if let Some(statements) = self.number("storage.postgres_statement_cache") {
            location.statement_cache = statements;
        }
        location.pooler = self.flag("storage.postgres_pooler").is_some_and(|(asked, _)| asked);
        let events_kept = self.events_kept();
        Some(Box::new(Postgres { location, events_kept }))
    }

    fn events_kept(&mut self) -> Option<Duration> {
        let (months, place) = self.number_and_place("storage.postgres_events_months")?;
        if months < LEAST_MONTHS {
            self.fault(&place, format!("the law asks for {LEAST_MONTHS} months at least"));
        }
        Some(MONTH.saturating_mul(u32::try_from(months).unwrap_or(u32::MAX)))
    }

    pub(super) fn grants(&mut self) -> TermsForm {
        match self.flag("storage.compact_grants") {
            Some((true, _)) => TermsForm::Compact,
            Some((false, _)) | None => TermsForm::Json,
        }
    }
}

/// `postgres://user@one:5432,two:5432/database`, as libpq writes several hosts: one URL for each.
fn hosts(url: &str) -> Option<Vec<String>> {
    let (scheme, rest) = url.split_once("://")?;
    if !matches!(scheme, "postgres" | "postgresql") {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, hosts) = match authority.rsplit_once('@') {
        Some((user, hosts)) => (format!("{user}@"), hosts),
        None => (String::new(), authority),
    };
    Some(hosts.split(',').map(|host| format!("{scheme}://{user}{host}{path}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_hosts_become_a_url_each() {
        let urls = hosts("postgres://app:p%40ss@one:5433,two/vneid?application_name=x").unwrap();
        assert_eq!(
            urls,
            [
                "postgres://app:p%40ss@one:5433/vneid?application_name=x",
                "postgres://app:p%40ss@two/vneid?application_name=x",
            ]
        );
        assert_eq!(hosts("postgres:///vneid?host=/run").unwrap(), ["postgres:///vneid?host=/run"]);
        assert!(hosts("mysql://somewhere").is_none() && hosts("somewhere").is_none());
    }
}
