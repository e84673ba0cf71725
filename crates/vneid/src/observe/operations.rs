//! The operations listener: for probes, Prometheus and dashboards, and for nobody else (ATK-138). It
//! has an address of its own, so that no proxy rule is all that keeps it from the public.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::time::sleep;

use super::sample::sample;
use super::{Watch, numbers};
use crate::compose::Shutdown;
use crate::server::{self, Limits};

/// Probes, one or two scrapers, a dashboard.
const CONNECTIONS: usize = 64;
/// How often recorded times are sorted into their buckets when nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(5);

/// Serves until shutdown is requested.
pub async fn serve(watch: Arc<Watch>, listener: TcpListener, shutdown: Shutdown) {
    let limits = Limits { connections: CONNECTIONS };
    let serving = server::serve(router(watch), listener, None, limits, shutdown);
    let upkeep = async {
        loop {
            sleep(UPKEEP).await;
            numbers::install().run_upkeep();
        }
    };
    tokio::select! {
        () = serving => {}
        () = upkeep => {}
    }
}

fn router(watch: Arc<Watch>) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/indicators", get(indicators))
        .with_state(watch)
}

async fn ready(State(watch): State<Arc<Watch>>) -> Response {
    let readiness = watch.readiness().await;
    let status = if readiness.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    json(status, &readiness)
}

async fn metrics(State(watch): State<Arc<Watch>>) -> Response {
    sample(&watch).await;
    let text = "text/plain; version=0.0.4; charset=utf-8";
    let headers = [(header::CONTENT_TYPE, HeaderValue::from_static(text))];
    fresh((headers, numbers::render()))
}

async fn indicators(State(watch): State<Arc<Watch>>) -> Response {
    json(StatusCode::OK, &watch.indicators.report(watch.clock.now()))
}

fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let json = HeaderValue::from_static("application/json");
    match serde_json::to_vec(body) {
        Ok(body) => fresh((status, [(header::CONTENT_TYPE, json)], body)),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn fresh(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
