//! The recorder behind the `metrics` facade.

use std::fmt::Write as _;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use node::measure::{self, Kind};

/// Upper bounds in seconds, the same everywhere, so that nodes can be added up.
const BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();

/// In the text format of Prometheus. A measure without a value yet shows that it exists.
pub fn render() -> String {
    let mut text = install().render();
    for measure in measure::ALL {
        let name = measure.name;
        let kind = match measure.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        if !text.contains(&format!("# TYPE {name} ")) {
            // Writing to a string does not fail.
            let _ = writeln!(text, "# HELP {name} {}\n# TYPE {name} {kind}\n", measure.help);
        }
    }
    text
}

/// Installs the recorder, once in a process. Handles that were taken before count nothing, so this
/// comes before anything else of a node.
pub fn install() -> &'static PrometheusHandle {
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        // An error would mean that there are no buckets at all.
        let builder = builder.set_buckets(&BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::error!("somebody else counts already: there are no metrics");
        }
        measure::introduce();
        handle
    })
}
