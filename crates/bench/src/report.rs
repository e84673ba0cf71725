//! What was found, as a table for people and JSON for machines.

use std::fmt::Write as _;

use serde::Serialize;

/// What the figure has to be.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "bound")]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
    /// Told, not judged.
    None,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    pub scenario: String,
    pub stores: &'static str,
    /// What `ours` and `baseline` count.
    pub unit: &'static str,
    pub ours: f64,
    pub baseline: Option<f64>,
    /// The ratio, or the value itself where there is no baseline.
    pub figure: f64,
    /// The ratio of each round.
    pub rounds: Vec<f64>,
    /// Of ours, in milliseconds.
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    pub failed: u64,
    pub target: Target,
}

impl Line {
    pub fn met(&self) -> Option<bool> {
        match self.target {
            Target::AtLeast(bound) => Some(self.figure >= bound),
            Target::AtMost(bound) => Some(self.figure <= bound),
            Target::None => None,
        }
    }

    /// A single value, without baseline.
    pub fn value(
        scenario: impl Into<String>,
        stores: &'static str,
        unit: &'static str,
        value: f64,
        target: Target,
    ) -> Self {
        Self {
            scenario: scenario.into(),
            stores,
            unit,
            ours: value,
            baseline: None,
            figure: value,
            rounds: Vec::new(),
            p50: None,
            p99: None,
            failed: 0,
            target,
        }
    }
}

/// Lines, and where they were measured.
#[derive(Debug, Serialize)]
pub struct Report {
    pub cores: usize,
    pub processor: String,
    pub subjects: u64,
    pub lines: Vec<Line>,
}

impl Report {
    /// An empty report of this machine.
    pub fn here(subjects: u64) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let about = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = about.lines().find(|line| line.starts_with("model name"));
        let model = model.and_then(|line| line.split_once(':')).map_or("", |(_, name)| name.trim());
        Self { cores, processor: model.to_owned(), subjects, lines: Vec::new() }
    }

    /// Told at once: a whole run takes minutes.
    pub fn add(&mut self, line: Line) {
        eprintln!("{}", line.row());
        self.lines.push(line);
    }

    pub fn table(&self) -> String {
        let mut table = format!(
            "{:<44} {:<10} {:>10} {:>10} {:>8} {:>9} {:>8} {:>8}\n",
            "scenario", "stores", "ours", "baseline", "figure", "target", "p50 ms", "p99 ms",
        );
        for line in &self.lines {
            let _ = writeln!(table, "{}", line.row());
        }
        table
    }

    pub fn missed(&self) -> usize {
        self.lines.iter().filter(|line| line.met() == Some(false)).count()
    }
}

impl Line {
    pub fn row(&self) -> String {
        let target = match self.target {
            Target::AtLeast(bound) => format!(">= {bound}"),
            Target::AtMost(bound) => format!("<= {bound}"),
            Target::None => String::new(),
        };
        let mark = match self.met() {
            Some(true) => "  ok",
            Some(false) => "  MISSED",
            None => "",
        };
        let failed =
            if self.failed == 0 { String::new() } else { format!("  {} failed", self.failed) };
        let optional = |value: Option<f64>| value.map_or_else(String::new, short);
        format!(
            "{:<44} {:<10} {:>10} {:>10} {:>8} {:>9} {:>8} {:>8}{mark}{failed}",
            format!("{} ({})", self.scenario, self.unit),
            self.stores,
            short(self.ours),
            optional(self.baseline),
            short(self.figure),
            target,
            optional(self.p50),
            optional(self.p99),
        )
    }
}

fn short(value: f64) -> String {
    if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.3}") }
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn a_missed_target_is_said() {
        let line = Line::value("start", "embedded", "ms", 301.0, Target::AtMost(300.0));
        assert_eq!(line.met(), Some(false));
        assert!(line.row().contains("MISSED"), "{}", line.row());
    }
}
