//! What ends by itself and must be replaced before: certificates, and keys whose successor is late.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use identity_core::Timestamp;
use identity_core::key::{KeyPurpose, KeyRecord};
use jose::{KeyStage, RotationSchedule};
use node::Keys;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::StartError;
use super::key_keeper::{KeyKeeper, PURPOSES, Pace};

/// Renewing a certificate may need people.
const CERTIFICATE_NOTICE: Duration = Duration::from_hours(21 * 24);
/// Rotation runs every minute: a successor this late does not come by itself.
const SUCCESSOR_GRACE: Duration = Duration::from_mins(5);
const REMINDER: Duration = Duration::from_hours(24);

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Expiring {
    /// A certificate file this process uses.
    Certificate(PathBuf),
    /// The newest key of a purpose: by then the next one must make what it makes now.
    Key(KeyPurpose),
}

/// Everything of this node that ends.
pub struct Guards {
    certificates: Vec<Expiry>,
    keeper: Arc<KeyKeeper>,
    keys: Arc<Keys>,
}

impl Guards {
    /// Certificates are read here, once, as the server does.
    pub fn new(
        certificates: impl IntoIterator<Item = PathBuf>,
        keeper: Arc<KeyKeeper>,
        keys: Arc<Keys>,
    ) -> Result<Self, StartError> {
        let read = certificates.into_iter().map(|path| of_certificate(&path));
        Ok(Self { certificates: read.collect::<Result<_, _>>()?, keeper, keys })
    }

    /// From memory alone.
    pub fn expiries(&self, now: Timestamp) -> Vec<Expiry> {
        let ring = self.keys.ring();
        let keys = PURPOSES.into_iter().filter_map(|purpose| {
            let schedule = self.keeper.schedule(purpose, Pace::Scheduled);
            of_keys(ring.records(), purpose, schedule, now)
        });
        self.certificates.iter().cloned().chain(keys).collect()
    }

    /// For how long the key that now makes what `purpose` is for has done so.
    pub fn key_ages(&self, now: Timestamp) -> Vec<(KeyPurpose, Duration)> {
        let ring = self.keys.ring();
        let mut ages = Vec::new();
        for purpose in PURPOSES {
            let active = ring.records().filter(|record| {
                record.purpose == purpose && KeyStage::of(record, now) == KeyStage::Active
            });
            let newest = active.map(|record| record.activates_at).max();
            ages.extend(newest.map(|activated| (purpose, now.since(activated))));
        }
        ages
    }
}

/// Something that ends at a known time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Expiry {
    pub what: Expiring,
    pub ends_at: Timestamp,
    /// From when on it should have been replaced already.
    pub warns_from: Timestamp,
}

/// The first end in the chain in `path`.
pub fn of_certificate(path: &Path) -> Result<Expiry, StartError> {
    let unreadable = || StartError::Certificate(path.display().to_string());
    let mut ends = Vec::new();
    for der in CertificateDer::pem_file_iter(path).map_err(|_| unreadable())? {
        let der = der.map_err(|_| unreadable())?;
        let certificate = Certificate::from_der(&der).map_err(|_| unreadable())?;
        let end = certificate.tbs_certificate.validity.not_after.to_unix_duration().as_secs();
        ends.push(Timestamp::from_unix_seconds(i64::try_from(end).unwrap_or(i64::MAX)));
    }
    let ends_at = ends.into_iter().min().ok_or_else(unreadable)?;
    let warns_from = ends_at.minus(CERTIFICATE_NOTICE);
    Ok(Expiry { what: Expiring::Certificate(path.to_owned()), ends_at, warns_from })
}

/// When the newest key of `purpose` should hand over. It goes on if nobody takes over, so a late
/// successor is a sign that rotation has stopped, not an outage.
pub fn of_keys<'r>(
    records: impl Iterator<Item = &'r KeyRecord>,
    purpose: KeyPurpose,
    schedule: RotationSchedule,
    now: Timestamp,
) -> Option<Expiry> {
    let living = records.filter(|record| {
        record.purpose == purpose
            && match KeyStage::of(record, now) {
                KeyStage::Published | KeyStage::Active => true,
                KeyStage::VerifyOnly | KeyStage::Removed | KeyStage::Compromised => false,
            }
    });
    let newest = living.max_by_key(|record| record.activates_at)?;
    let due = newest.activates_at.plus(schedule.active_for);
    let ends_at = newest.retires_at.map_or(due, |retires_at| retires_at.min(due));
    let warns_from = ends_at.minus(schedule.publish_ahead).plus(SUCCESSOR_GRACE).min(ends_at);
    Some(Expiry { what: Expiring::Key(purpose), ends_at, warns_from })
}

/// Logs what is about to end, each thing once a day.
#[derive(Default)]
pub struct Reminders(HashMap<Expiring, Timestamp>);

impl Reminders {
    pub fn log(&mut self, expiries: Vec<Expiry>, now: Timestamp) {
        for expiry in self.due(expiries, now) {
            let ends_on = expiry.ends_at.day_in_viet_nam();
            tracing::warn!(what = %expiry.what, %ends_on, "it ends and nothing replaces it yet");
        }
    }

    fn due(&mut self, expiries: Vec<Expiry>, now: Timestamp) -> Vec<Expiry> {
        let mut due = Vec::new();
        for expiry in expiries.into_iter().filter(|expiry| expiry.warns_from <= now) {
            let last = self.0.get(&expiry.what);
            if last.is_none_or(|last| now.since(*last) >= REMINDER) {
                self.0.insert(expiry.what.clone(), now);
                due.push(expiry);
            }
        }
        due
    }
}

impl fmt::Display for Expiring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(path) => write!(f, "the certificate in {}", path.display()),
            Self::Key(purpose) => write!(f, "the newest key to {purpose:?}"),
        }
    }
}

#[cfg(test)]
mod tests;
