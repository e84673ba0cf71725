//! A collector of traces that only keeps what it gets.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

type Kept = Arc<Mutex<Vec<u8>>>;

/// Listens on a port of its own; dropped, it is gone.
pub struct Collector {
    pub endpoint: String,
    kept: Kept,
    serving: JoinHandle<()>,
}

impl Collector {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("bound"));
        let kept = Kept::default();
        let router = Router::new().route("/v1/traces", post(keep)).with_state(Arc::clone(&kept));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the collector serves");
        });
        Self { endpoint, kept, serving }
    }

    /// Whether these bytes came, in any message.
    pub fn has(&self, bytes: &[u8]) -> bool {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.windows(bytes.len()).any(|window| window == bytes)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn keep(State(kept): State<Kept>, body: Bytes) {
    kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&body);
}
