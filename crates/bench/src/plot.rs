//! The ratios as bars, with a mark where each has to reach.

use std::fmt::Write as _;

use crate::report::{Report, Target};

const ROW: usize = 26;
const LABELS: usize = 330;
const WIDTH: usize = 900;
/// Pixels for a ratio of one.
const SCALE: f64 = 380.0;

/// A standalone SVG of every line that has a baseline.
pub fn svg(report: &Report) -> String {
    let lines: Vec<_> = report.lines.iter().filter(|line| line.baseline.is_some()).collect();
    let height = ROW * (lines.len() + 2);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"10\" y=\"18\">ratio to the baseline; the line marks the target</text>\n"
    );
    for (at, line) in lines.iter().enumerate() {
        let y = ROW * (at + 1) + 4;
        let colour = if line.met() == Some(false) { "#c0392b" } else { "#2e7d6b" };
        let length = (line.figure * SCALE).min((WIDTH - LABELS - 60) as f64);
        let text = y + 15;
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{text}\">{} · {}</text>\n\
             <rect x=\"{LABELS}\" y=\"{y}\" width=\"{length:.1}\" height=\"20\" fill=\"{colour}\"/>\n\
             <text x=\"{:.1}\" y=\"{text}\">{:.2}</text>",
            line.scenario,
            line.stores,
            LABELS as f64 + length + 6.0,
            line.figure,
        );
        if let Target::AtLeast(bound) | Target::AtMost(bound) = line.target {
            let x = LABELS as f64 + bound * SCALE;
            let bottom = y + 22;
            let _ = writeln!(
                svg,
                "<line x1=\"{x:.1}\" y1=\"{}\" x2=\"{x:.1}\" y2=\"{bottom}\" stroke=\"black\" stroke-width=\"2\"/>",
                y - 2,
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}
