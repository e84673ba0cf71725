//! A relying party's end of back-channel logout.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// How it takes what it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mood {
    Accepts,
    /// 500.
    Fails,
    /// Takes the request and never answers.
    Hangs,
}

/// Listens on a port of its own; dropped, it is gone.
pub struct Receiver {
    address: SocketAddr,
    mood: Arc<Mutex<Mood>>,
    told: UnboundedReceiver<String>,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Ear {
    mood: Arc<Mutex<Mood>>,
    tell: UnboundedSender<String>,
}

impl Receiver {
    pub async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (tell, told) = unbounded_channel();
        let mood = Arc::new(Mutex::new(mood));
        let ear = Ear { mood: Arc::clone(&mood), tell };
        let router = Router::new().route("/back-channel", post(hear)).with_state(ear);
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the receiver serves");
        });
        Self { address, mood, told, serving }
    }

    pub fn uri(&self) -> String {
        format!("http://{}/back-channel", self.address)
    }

    /// `host:port`, as the provider's configuration names exceptions.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    pub fn turn(&self, mood: Mood) {
        *self.mood.lock().expect("not poisoned") = mood;
    }

    /// The body of the next request.
    pub async fn next(&mut self) -> String {
        let next = tokio::time::timeout(Duration::from_secs(10), self.told.recv()).await;
        next.expect("a notice comes within ten seconds").expect("the receiver listens")
    }

    /// Whether something came that nobody took yet.
    pub fn has_more(&mut self) -> bool {
        !self.told.is_empty()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn hear(State(ear): State<Ear>, body: String) -> StatusCode {
    let mood = *ear.mood.lock().expect("not poisoned");
    // Nobody may be left to be told.
    let _ = ear.tell.send(body);
    match mood {
        Mood::Accepts => StatusCode::OK,
        Mood::Fails => StatusCode::INTERNAL_SERVER_ERROR,
        Mood::Hangs => std::future::pending().await,
    }
}
