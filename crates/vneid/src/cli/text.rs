//! How the command line writes things down.

use std::fmt::Write as _;

use identity_core::Timestamp;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// In UTC, as RFC 3339 writes it.
pub fn moment(at: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp(at.unix_seconds())
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{} ms", at.unix_millis()))
}

/// Columns as wide as their widest cell, two blanks apart.
pub fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = heads.map(|head| head.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = line(&heads.map(str::to_owned), widths);
    for row in rows {
        text.push_str(&line(row, widths));
    }
    text
}

fn line<const N: usize>(cells: &[String; N], widths: [usize; N]) -> String {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        let _ = write!(text, "{cell:<width$}  ");
    }
    format!("{}\n", text.trim_end())
}

/// A name as serde writes it, for enums whose names are words.
pub fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_whatever_the_letters() {
        let rows = [["Đặng".to_owned(), "a".to_owned()], ["x".to_owned(), "b".to_owned()]];
        assert_eq!(table(["name", "c"], &rows), "name  c\nĐặng  a\nx     b\n");
    }
}
