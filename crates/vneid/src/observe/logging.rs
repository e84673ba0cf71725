//! Lines on standard error; where traces are on, each says to which trace it belongs.

use std::fmt;
use std::io;

use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Registry};

use crate::config::{LogFormat, environment_variables};

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// `default` applies unless VNEID_LOG says otherwise. Only the first call counts.
pub fn to_stderr(format: LogFormat, default: &str) {
    install(lines(format, default), None);
}

/// As [`to_stderr`], with spans sent where `spans` sends them.
#[cfg(feature = "otlp")]
pub fn with_spans(format: LogFormat, default: &str, spans: Boxed) {
    install(lines(format, default), Some(spans));
}

fn install(lines: Boxed, spans: Option<Boxed>) {
    let layers: Vec<Boxed> = [Some(lines), spans].into_iter().flatten().collect();
    // An error: somebody else, a test, has set one up already.
    let _ = tracing_subscriber::registry().with(layers).try_init();
}

fn lines(format: LogFormat, default: &str) -> Boxed {
    let chosen = environment_variables().into_iter().find(|(name, _)| name == "VNEID_LOG");
    let filter = EnvFilter::new(chosen.map_or_else(|| default.to_owned(), |(_, chosen)| chosen));
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Json => lines.json().map_event_format(Placed).with_filter(filter).boxed(),
        LogFormat::Text => lines.with_target(false).with_filter(filter).boxed(),
    }
}

/// Adds `trace_id` and `span_id` to a line of JSON written inside a trace.
struct Placed<F>(F);

impl<S, N, F> FormatEvent<S, N> for Placed<F>
where
    S: Subscriber + for<'lookup> LookupSpan<'lookup>,
    N: for<'writer> FormatFields<'writer> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some((trace, span)) = super::otlp::place() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0.format_event(context, Writer::new(&mut line), event)?;
        let open = line.trim_end().strip_suffix('}').unwrap_or(&line);
        writeln!(writer, "{open},\"trace_id\":\"{trace}\",\"span_id\":\"{span}\"}}")
    }
}
