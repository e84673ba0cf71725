//! Instants, calendar days, and the two things every edge must hand in: a clock and randomness.

use std::fmt;
use std::time::Duration;

use ::time::{Date, OffsetDateTime, UtcOffset};
use serde::{Deserialize, Serialize};

/// An instant, in milliseconds since 1970-01-01T00:00:00Z. Intervals are closed-open (L13).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down: the `NumericDate` of RFC 7519 §2.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// In UTC and whole seconds, as RFC 3339 writes it.
    pub fn to_rfc3339(self) -> String {
        let instant = OffsetDateTime::from_unix_timestamp(self.unix_seconds())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        instant.format(&::time::format_description::well_known::Rfc3339).unwrap_or_default()
    }

    /// The calendar day in Viet Nam, where ages and card validity are counted.
    ///
    /// Asia/Ho_Chi_Minh has been UTC+7 without summer time since 1975-06-13.
    pub fn day_in_viet_nam(self) -> CalendarDate {
        let instant = OffsetDateTime::from_unix_timestamp(self.unix_seconds())
            .unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let offset = UtcOffset::from_hms(7, 0, 0).unwrap_or(UtcOffset::UTC);
        CalendarDate(instant.to_offset(offset).date())
    }
}

/// A day without a time zone, written `YYYY-MM-DD` (ISO 8601).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CalendarDate(Date);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a calendar date of the form YYYY-MM-DD")]
pub struct CalendarDateError;

impl CalendarDate {
    pub fn new(year: i32, month: u8, day: u8) -> Result<Self, CalendarDateError> {
        let month = ::time::Month::try_from(month).map_err(|_| CalendarDateError)?;
        Date::from_calendar_date(year, month, day).map(Self).map_err(|_| CalendarDateError)
    }

    pub fn year(self) -> i32 {
        self.0.year()
    }

    pub fn month(self) -> u8 {
        self.0.month().into()
    }

    pub fn day(self) -> u8 {
        self.0.day()
    }

    /// Completed years on `on`. A person born on 29 February completes a year on 1 March of a
    /// common year, so that nobody comes of age a day early.
    pub fn age_in_years(self, on: Self) -> u8 {
        let years = on.year() - self.year();
        let had_birthday = (on.month(), on.day()) >= (self.month(), self.day());
        u8::try_from(if had_birthday { years } else { years - 1 }).unwrap_or(0)
    }

    /// The first instant of this day in Viet Nam.
    pub fn start_in_viet_nam(self) -> Timestamp {
        let offset = UtcOffset::from_hms(7, 0, 0).unwrap_or(UtcOffset::UTC);
        Timestamp::from_unix_seconds(self.0.midnight().assume_offset(offset).unix_timestamp())
    }
}

impl fmt::Display for CalendarDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year(), self.month(), self.day())
    }
}

impl std::str::FromStr for CalendarDate {
    type Err = CalendarDateError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '-');
        let mut part = |width: usize| {
            parts
                .next()
                .filter(|p| p.len() == width && p.bytes().all(|b| b.is_ascii_digit()))
                .ok_or(CalendarDateError)
        };
        let (year, month, day) = (part(4)?, part(2)?, part(2)?);
        Self::new(
            year.parse().map_err(|_| CalendarDateError)?,
            month.parse().map_err(|_| CalendarDateError)?,
            day.parse().map_err(|_| CalendarDateError)?,
        )
    }
}

impl Serialize for CalendarDate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CalendarDate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Reads the time. Edges read it once per request and pass the [`Timestamp`] on.
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;
}

/// A cryptographically secure source of random bytes.
pub trait Entropy: Send + Sync {
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` fresh random bytes.
pub fn random_bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> CalendarDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_leapling_comes_of_age_on_the_first_of_march() {
        // assurance.md edge case 15
        let born = date("2008-02-29");
        assert_eq!(born.age_in_years(date("2022-02-28")), 13);
        assert_eq!(born.age_in_years(date("2022-03-01")), 14);
        assert_eq!(born.age_in_years(date("2024-02-29")), 16);
    }

    #[test]
    fn the_day_turns_at_midnight_in_viet_nam_not_in_greenwich() {
        let just_before = date("2026-11-22").start_in_viet_nam().minus(Duration::from_millis(1));
        assert_eq!(just_before.day_in_viet_nam(), date("2026-11-21"));
        assert_eq!(
            just_before.plus(Duration::from_millis(1)).day_in_viet_nam(),
            date("2026-11-22")
        );
    }

    #[test]
    fn only_full_iso_dates_parse() {
        for bad in ["2026-2-3", "2026-02-30", "20260203", "2026-02-03x", "", "+026-02-03"] {
            assert!(bad.parse::<CalendarDate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn numeric_dates_round_down_also_before_the_epoch() {
        assert_eq!(Timestamp::from_unix_millis(-1).unix_seconds(), -1);
        assert_eq!(Timestamp::from_unix_millis(1999).unix_seconds(), 1);
    }
}
