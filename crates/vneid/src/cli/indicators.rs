//! `vneid indicators`.

use identity_core::{CalendarDate, Timestamp};

use super::{CliError, open};
use crate::config::Config;
use crate::observe::indicators::{between, csv};

pub async fn run(month: &str, config: &Config) -> Result<String, CliError> {
    let (from, to) = stretch(month)
        .ok_or_else(|| CliError::Refused("expected a month, such as 2026-11".to_owned()))?;
    let node = open(config).await?;
    let tally = between(node.provider.store.as_ref(), from, to).await?;
    node.close().await;
    Ok(csv(&tally, from))
}

/// From the first midnight of the month in Viet Nam to that of the next.
fn stretch(month: &str) -> Option<(Timestamp, Timestamp)> {
    let (year, month) = month.split_once('-').filter(|(_, month)| month.len() == 2)?;
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    let next = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let first = |(year, month)| CalendarDate::new(year, month, 1).ok();
    Some((first((year, month))?.start_in_viet_nam(), first(next)?.start_in_viet_nam()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_runs_from_midnight_to_midnight_in_viet_nam() {
        let (from, to) = stretch("2026-12").unwrap();
        assert_eq!(crate::cli::text::moment(from), "2026-11-30T17:00:00Z");
        assert_eq!(crate::cli::text::moment(to), "2026-12-31T17:00:00Z");
        for bad in ["2026", "2026-13", "2026-0", "2026-1", "11-2026", "x-11"] {
            assert!(stretch(bad).is_none(), "{bad}");
        }
    }
}
