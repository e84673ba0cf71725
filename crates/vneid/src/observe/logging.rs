//! Lines on standard error; where traces are on, each says to which trace it belongs.

use std::fmt;
use std::io;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Registry;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::fields::Fields;
use crate::config::{LogFormat, environment_variables};

/// Calls every answer of a passkey that is none an error, and prints what it holds; what there is to
/// know of a refused proof, we say once ourselves.
const NOISY: &str = "webauthn_rs_core";

type Boxed = Box<dyn Layer<Registry> + Send + Sync>;

/// `default` applies unless VNEID_LOG says otherwise. Only the first call counts.
pub fn to_stderr(format: LogFormat, default: &str) {
    install(lines(format), filter(default), None);
}

/// As [`to_stderr`], with spans sent where `spans` sends them.
#[cfg(feature = "otlp")]
pub fn with_spans(format: LogFormat, default: &str, spans: Boxed) {
    install(lines(format), filter(default), Some(spans));
}

/// Where nobody else listens, what is not logged is not even recorded.
fn install(lines: Boxed, filter: Targets, spans: Option<Boxed>) {
    // An error: somebody else, a test, has set one up already.
    let _ = match spans {
        None => tracing_subscriber::registry().with(lines).with(filter).try_init(),
        Some(spans) => {
            let layers: Vec<Boxed> = vec![lines.with_filter(filter).boxed(), spans];
            tracing_subscriber::registry().with(layers).try_init()
        }
    };
}

fn lines(format: LogFormat) -> Boxed {
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr);
    match format {
        LogFormat::Json => lines.json().fmt_fields(Fields).map_event_format(Placed).boxed(),
        LogFormat::Text => lines.with_target(false).boxed(),
    }
}

/// Levels by target, as `info,vneid=debug`. What does not read is passed over for the default.
fn filter(default: &str) -> Targets {
    let chosen = environment_variables().into_iter().find(|(name, _)| name == "VNEID_LOG");
    let chosen = chosen.and_then(|(_, chosen)| chosen.parse().ok());
    let default = || default.parse().unwrap_or_else(|_| Targets::new().with_default(Level::INFO));
    chosen.unwrap_or_else(default).with_target(NOISY, LevelFilter::OFF)
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
