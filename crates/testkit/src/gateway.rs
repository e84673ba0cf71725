//! A gateway for messages, as an operator would run it: takes them, and says whether a number moved.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use identity_core::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What it answers when asked about a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Says {
    NeverMoved,
    MovedAt(Timestamp),
    /// 500.
    Nothing,
    /// 200, and something else.
    Nonsense,
}

/// Listens on a port of its own; dropped, it is gone.
pub struct Gateway {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    serving: JoinHandle<()>,
}

struct Shared {
    says: Says,
    taken: Vec<Value>,
    asked: Vec<Value>,
}

const SECRET: &str = "s3cret";

impl Gateway {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Shared { says: Says::NeverMoved, taken: Vec::new(), asked: Vec::new() };
        let shared = Arc::new(Mutex::new(shared));
        let router = Router::new().route("/send", post(send)).route("/sim", post(sim));
        let router = router.with_state(Arc::clone(&shared));
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the gateway serves");
        });
        Self { address, shared, serving }
    }

    /// The lines of configuration that lead here.
    pub fn configuration(&self) -> String {
        let address = self.address;
        format!(
            "messages.gateway = \"http://{address}/send\"\n\
             messages.gateway_secret = \"{SECRET}\"\n\
             messages.sim_signal = \"http://{address}/sim\"\n"
        )
    }

    pub fn will_say(&self, says: Says) {
        locked(&self.shared).says = says;
    }

    /// Every message, oldest first.
    pub fn taken(&self) -> Vec<Value> {
        locked(&self.shared).taken.clone()
    }

    /// Every question about a number, oldest first.
    pub fn asked(&self) -> Vec<Value> {
        locked(&self.shared).asked.clone()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn document(headers: &HeaderMap, body: &str) -> Option<Value> {
    let bearer = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let known = bearer == format!("Bearer {SECRET}");
    serde_json::from_str(body).ok().filter(|_| known)
}

async fn send(
    State(shared): State<Arc<Mutex<Shared>>>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let Some(message) = document(&headers, &body) else { return StatusCode::UNAUTHORIZED };
    locked(&shared).taken.push(message);
    StatusCode::NO_CONTENT
}

async fn sim(
    State(shared): State<Arc<Mutex<Shared>>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    let Some(question) = document(&headers, &body) else {
        return (StatusCode::UNAUTHORIZED, String::new());
    };
    let mut shared = locked(&shared);
    shared.asked.push(question);
    match shared.says {
        Says::NeverMoved => (StatusCode::OK, json!({ "moved_at": null }).to_string()),
        Says::MovedAt(at) => (StatusCode::OK, json!({ "moved_at": at.unix_seconds() }).to_string()),
        Says::Nothing => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
        Says::Nonsense => (StatusCode::OK, json!({ "status": "ok" }).to_string()),
    }
}
