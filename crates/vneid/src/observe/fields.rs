//! The fields of a span as JSON. Every request has a span and few of them ever have a line written, so
//! they are written straight down, and what is learned later is appended to them.

use std::fmt;
use std::mem::take;

use serde::Serialize;
use tracing::field::{Field, Visit};
use tracing::span::Record;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FormatFields, FormattedFields};

pub struct Fields;

impl<'writer> FormatFields<'writer> for Fields {
    fn format_fields<R: RecordFields>(
        &self,
        mut writer: Writer<'writer>,
        fields: R,
    ) -> fmt::Result {
        let mut members = Members { text: String::with_capacity(96) };
        fields.record(&mut members);
        writer.write_str(&members.closed())
    }

    fn add_fields(
        &self,
        current: &'writer mut FormattedFields<Self>,
        fields: &Record<'_>,
    ) -> fmt::Result {
        let mut members = Members::reopened(take(&mut current.fields));
        fields.record(&mut members);
        current.fields = members.closed();
        Ok(())
    }
}

/// A JSON object whose brace is still open; no text at all where it has no member yet.
struct Members {
    text: String,
}

impl Members {
    fn reopened(mut text: String) -> Self {
        text.pop();
        if text == "{" {
            text.clear();
        }
        Self { text }
    }

    fn member(&mut self, field: &Field, value: &impl Serialize) {
        // What cannot be written as JSON (nothing that is recorded here) leaves the object as it was.
        let Ok(value) = serde_json::to_string(value) else { return };
        self.text.push(if self.text.is_empty() { '{' } else { ',' });
        // The name of a field is an identifier of ours.
        self.text.extend(["\"", field.name(), "\":", &value]);
    }

    fn closed(mut self) -> String {
        if self.text.is_empty() {
            self.text.push('{');
        }
        self.text.push('}');
        self.text
    }
}

impl Visit for Members {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.member(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.member(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.member(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.member(field, &value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.member(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_names_what_was_known_at_first_and_what_was_learned_later() {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = tracing_subscriber::fmt::layer()
            .json()
            .fmt_fields(Fields)
            .with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let none = tracing::info_span!("none", later = tracing::field::Empty).entered();
            let span = tracing::info_span!(
                "request",
                path = "/tok\"en\n",
                client = tracing::field::Empty,
                status = tracing::field::Empty,
            );
            span.record("status", 400_u16);
            span.record("client", "a-portal");
            none.record("later", true);
            span.in_scope(|| tracing::info!("refused"));
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let line: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = serde_json::json!({
            "name": "request", "path": "/tok\"en\n", "status": 400, "client": "a-portal"
        });
        assert_eq!(line["span"], expected);
        assert_eq!(line["spans"][0], serde_json::json!({"name": "none", "later": true}));
    }
}
