//! Spans to an OpenTelemetry collector: OTLP over HTTP, W3C trace context in and out.
//!
//! A trace that begins elsewhere is continued, but whether it is sent is decided here, by the ratio
//! alone: a stranger must not be able to ask for it by a header. Exporting is bounded: what does not
//! fit into the queue is dropped. Attributes are those in [`TOLD`]; everything else, above all what a
//! request named, stays here (ATK-124).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use authorization_server::outbound::TraceHeaders;
use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use opentelemetry::context::FutureExt as _;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{SpanKind, TraceContextExt as _, TracerProvider as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_http::{Bytes, HeaderExtractor, HeaderInjector, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    Sampler, SdkTracerProvider, SpanData, SpanEvents, SpanExporter as Export,
};
use tokio::runtime::Handle;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::Layer as _;

use super::logging;
use crate::compose::Role;
use crate::config::{LogFormat, Traces};

/// The attributes that leave: route pattern, method, status, our own request id, size of a plan.
const TOLD: [&str; 5] = ["path", "method", "status", "id", "changes"];
/// Whose spans are sent. Those of libraries would speak of what they carry.
const OURS: [&str; 5] = ["vneid", "authorization_server", "introspection", "flows", "node"];
/// The span of one request.
const REQUEST: &str = "request";
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error("traces cannot be sent: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    #[error("the client for traces cannot be built: {0}")]
    Client(#[from] reqwest::Error),
}

/// What is still to be sent when the process ends.
pub struct Sending(Option<SdkTracerProvider>);

impl Sending {
    /// Begins to log and, where it is asked for, to trace.
    pub fn start(
        traces: Option<&Traces>,
        format: LogFormat,
        default: &str,
    ) -> Result<Self, TraceError> {
        let Some(traces) = traces else {
            logging::to_stderr(format, default);
            return Ok(Self(None));
        };
        let provider = provider(traces)?;
        let ours = filter_fn(|metadata| {
            let root = metadata.target().split("::").next().unwrap_or_default();
            metadata.is_span() && OURS.contains(&root)
        });
        let spans = tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("vneid"))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(ours);
        logging::with_spans(format, default, spans.boxed());
        Ok(Self(Some(provider)))
    }

    /// Sends what is left.
    pub async fn finish(self) {
        let Some(provider) = self.0 else { return };
        let flushed = tokio::task::spawn_blocking(move || provider.shutdown_with_timeout(PATIENCE));
        if let Ok(Err(error)) = flushed.await {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

fn provider(traces: &Traces) -> Result<SdkTracerProvider, TraceError> {
    let base = traces.endpoint.as_str().trim_end_matches('/');
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Carrier { client: client()?, runtime: Handle::current() })
        .with_endpoint(format!("{base}/v1/traces"))
        .with_timeout(PATIENCE)
        .build()?;
    let resource = Resource::builder_empty().with_attributes([
        KeyValue::new("service.name", "vneid"),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
    ]);
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(Discreet(exporter))
        .with_sampler(Sampler::TraceIdRatioBased(traces.ratio))
        .with_resource(resource.build())
        .build();
    Ok(provider)
}

/// Trace and span of the line being written.
pub fn place() -> Option<(String, String)> {
    let context = Context::current();
    let span = context.span();
    let span = span.span_context();
    span.is_valid().then(|| (span.trace_id().to_string(), span.span_id().to_string()))
}

/// Requests continue the trace that their `traceparent` names.
pub fn continuing(router: Router, role: Role) -> Router {
    match role {
        Role::All | Role::Authorization => router.layer(from_fn(continued)),
        // The others have a span of their own around each request already.
        Role::Introspection => router.layer(from_fn(begun)).layer(from_fn(continued)),
    }
}

async fn continued(request: Request, next: Next) -> Response {
    let parent = TraceContextPropagator::new().extract(&HeaderExtractor(request.headers()));
    next.run(request).with_context(parent).await
}

async fn begun(request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let status = tracing::field::Empty;
    let span = tracing::info_span!("request", method = %request.method(), path, status);
    let response = next.run(request).instrument(span.clone()).await;
    span.record("status", response.status().as_u16());
    response
}

/// Requests of ours carry the trace they are made in.
pub fn headers() -> Arc<TraceHeaders> {
    Arc::new(|headers| {
        let context = tracing::Span::current().context();
        TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(headers));
    })
}

/// Lets out what is in [`TOLD`], and names requests as backends expect them.
#[derive(Debug)]
struct Discreet(SpanExporter);

impl Export for Discreet {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.export(batch.into_iter().map(discreet).collect()).await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.0.set_resource(resource);
    }
}

fn discreet(mut span: SpanData) -> SpanData {
    span.events = SpanEvents::default();
    span.attributes.retain(|attribute| TOLD.contains(&attribute.key.as_str()));
    if span.name == REQUEST {
        span.span_kind = SpanKind::Server;
        let value = |name: &str| {
            let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name);
            found.map(|attribute| attribute.value.as_str().into_owned()).unwrap_or_default()
        };
        span.name = format!("{} {}", value("method"), value("path")).into();
    }
    span
}

/// The exporter works on a thread of its own; HTTP needs the runtime.
struct Carrier {
    client: reqwest::Client,
    runtime: Handle,
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carrier")
    }
}

#[async_trait]
impl HttpClient for Carrier {
    async fn send_bytes(
        &self,
        request: axum::http::Request<Bytes>,
    ) -> Result<axum::http::Response<Bytes>, HttpError> {
        let (parts, body) = request.into_parts();
        let sending = self
            .client
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body);
        let sent = self.runtime.spawn(async move {
            let answer = sending.send().await?;
            let status = answer.status();
            answer.bytes().await.map(|body| (status, body))
        });
        let (status, body) = sent.await??;
        Ok(axum::http::Response::builder().status(status).body(body)?)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the collector is the operator's own and mostly not public; no request chooses it"
)]
fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .build()
}
