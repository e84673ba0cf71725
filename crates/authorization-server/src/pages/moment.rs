//! Dates and instants as a citizen of Viet Nam reads them.

use super::Frame;
use super::texts::Language;
use time::{OffsetDateTime, UtcOffset};

/// An instant: seconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(pub i64);

/// A calendar day, as printed on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    pub year: i32,
    pub month: u8,
    pub day: u8,
}

impl Moment {
    /// In words, by the clocks of Viet Nam.
    pub(super) fn text(self, frame: &Frame<'_>) -> String {
        let (day, clock) = self.in_viet_nam();
        frame.t_with("moment", &[("day", &day.text(frame)), ("clock", &clock)])
    }

    /// The day and the clock time (`14:05`) at UTC+7, all year round. A number outside every
    /// calendar reads as 1970.
    fn in_viet_nam(self) -> (Day, String) {
        let there = self.there();
        let day = Day { year: there.year(), month: u8::from(there.month()), day: there.day() };
        (day, format!("{:02}:{:02}", there.hour(), there.minute()))
    }

    /// The value of an HTML `datetime` attribute.
    pub(super) fn machine(self) -> String {
        let (day, clock) = self.in_viet_nam();
        format!("{}T{clock}+07:00", day.machine())
    }

    fn there(self) -> OffsetDateTime {
        let viet_nam = UtcOffset::from_hms(7, 0, 0).unwrap_or(UtcOffset::UTC);
        OffsetDateTime::from_unix_timestamp(self.0)
            .ok()
            .and_then(|utc| utc.checked_to_offset(viet_nam))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl Day {
    /// In words: `02/11/2026`, `2 November 2026`.
    pub(super) fn text(self, frame: &Frame<'_>) -> String {
        let (day, month) = match frame.language() {
            Language::Vi => (format!("{:02}", self.day), format!("{:02}", self.month)),
            Language::En => (self.day.to_string(), frame.t_count("month", self.month.into())),
        };
        let year = self.year.to_string();
        frame.t_with("day", &[("day", &day), ("month", &month), ("year", &year)])
    }

    /// The value of an HTML `datetime` attribute.
    pub(super) fn machine(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::super::texts::Texts;
    use super::*;

    #[test]
    fn an_evening_in_greenwich_is_the_next_morning_in_viet_nam() {
        // 2026-11-21T18:30:00Z
        let moment = Moment(1_795_285_800);
        assert_eq!(
            moment.in_viet_nam(),
            (Day { year: 2026, month: 11, day: 22 }, "01:30".to_owned())
        );
        assert_eq!(moment.machine(), "2026-11-22T01:30+07:00");
    }

    #[test]
    fn an_impossible_instant_does_not_stop_the_page() {
        assert_eq!(Moment(i64::MAX).machine(), "1970-01-01T00:00+07:00");
    }

    #[test]
    fn dates_are_written_as_each_language_writes_them() {
        let texts = Texts::embedded().unwrap();
        let day = Day { year: 2026, month: 11, day: 2 };
        assert_eq!(day.text(&Frame::new(&texts, Language::Vi, "/")), "02/11/2026");
        assert_eq!(day.text(&Frame::new(&texts, Language::En, "/")), "2 November 2026");
    }
}
