//! The whole provider in this process: real store, real sockets, a clock that stands still.

use std::net::TcpListener as Socket;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use flows::Provider;
use identity_core::{Clock, Entropy, Timestamp};
use serde_json::Value;
use tokio::net::TcpListener;
use vneid::compose::{KeyKeeper, Node, Role, Running};
use vneid::config::Config;

use crate::browser::Browser;
use crate::citizen::NewCitizen;
use crate::client::NewClient;
use crate::clock::MockClock;
use crate::entropy::SeededEntropy;

pub struct Server {
    pub provider: Arc<Provider>,
    pub clock: Arc<MockClock>,
    pub http: reqwest::Client,
    pub issuer: String,
    running: Running,
    serial: AtomicU32,
    configuration: String,
    /// Keeps the port while no server listens: a restart must find it free.
    socket: Socket,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// With further lines of configuration.
    pub async fn start_with(further: &str) -> Self {
        Self::start_storing("ephemeral = true", further).await
    }

    /// On a database file that outlives this server.
    pub async fn start_on(database: &Path) -> Self {
        Self::start_on_with(database, "").await
    }

    /// Both.
    pub async fn start_on_with(database: &Path, further: &str) -> Self {
        let storage = format!("sqlite = {:?}", database.display().to_string());
        Self::start_storing(&storage, further).await
    }

    async fn start_storing(storage: &str, further: &str) -> Self {
        let socket = Socket::bind("127.0.0.1:0").expect("a free port");
        let port = socket.local_addr().expect("bound").port();
        let issuer = format!("http://localhost:{port}");
        let configuration = configuration(&issuer, storage, further);
        let clock = Arc::new(MockClock::starting());
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(u64::from(port)));
        let running = run(&configuration, &clock, entropy, &socket).await;
        let provider = Arc::clone(&running.node.provider);
        let serial = AtomicU32::new(1);
        Self { provider, clock, http: http(), issuer, running, serial, configuration, socket }
    }

    /// Stops, and starts again at the same address on the same file: nothing in memory survives
    /// but the time.
    pub async fn restart(self) -> Self {
        let entropy = Arc::clone(&self.provider.entropy);
        drop(self.provider);
        self.running.stop().await;
        let running = run(&self.configuration, &self.clock, entropy, &self.socket).await;
        let provider = Arc::clone(&running.node.provider);
        Self { provider, http: http(), running, ..self }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn keeper(&self) -> &KeyKeeper {
        &self.running.node.keeper
    }

    /// A code counts once: the next one comes thirty seconds later.
    pub fn next_totp_step(&self) {
        self.clock.advance(Duration::from_secs(30));
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// On the operations listener, which the configuration must ask for.
    pub async fn operations(&self, path: &str) -> reqwest::Response {
        let address = self.running.operations().expect("operations.listen is configured");
        let request = self.http.get(format!("http://{address}{path}"));
        request.send().await.expect("the operations listener answers")
    }

    pub fn browser(&self) -> Browser {
        Browser::new(self.http.clone(), &self.issuer)
    }

    pub fn citizen(&self) -> NewCitizen<'_> {
        NewCitizen::new(self, self.serial.fetch_add(1, Ordering::Relaxed))
    }

    pub fn client(&self, id: &str) -> NewClient<'_> {
        NewClient::new(self, id)
    }

    pub async fn userinfo(&self, access_token: &str) -> Value {
        self.userinfo_response(access_token).await.json().await.expect("userinfo is JSON")
    }

    pub async fn userinfo_response(&self, access_token: &str) -> reqwest::Response {
        let request = self.http.get(self.url("/userinfo")).bearer_auth(access_token);
        request.send().await.expect("the server answers")
    }

    pub async fn get_json(&self, path: &str) -> Value {
        let response = self.http.get(self.url(path)).send().await.expect("the server answers");
        response.json().await.expect("the answer is JSON")
    }

    /// Requests under way are answered, loops end.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}

async fn run(
    configuration: &str,
    clock: &Arc<MockClock>,
    entropy: Arc<dyn Entropy>,
    socket: &Socket,
) -> Running {
    let config = Config::read(configuration, Path::new("."), &[])
        .unwrap_or_else(|faults| panic!("{faults}"));
    let clock = Arc::clone(clock) as Arc<dyn Clock>;
    crate::log::install();
    let node = Node::open(&config, clock, entropy).await.expect("the node opens");
    let listening = socket.try_clone().expect("a second handle");
    listening.set_nonblocking(true).expect("the socket obeys");
    let listener = TcpListener::from_std(listening).expect("a listener");
    Running::start(node, Role::All, listener).await.expect("the node serves")
}

fn configuration(issuer: &str, storage: &str, further: &str) -> String {
    let key = |byte: &str| byte.repeat(32);
    format!(
        r#"
        issuer = "{issuer}"
        environment = "development"
        {further}
        [storage]
        {storage}
        [keys]
        key_encryption_key = "{}"
        personal_data_key = "{}"
        index_key = "{}"
        pairwise_key = "{}"
        "#,
        key("a1"),
        key("b2"),
        key("c3"),
        key("d4"),
    )
}

/// Follows nothing by itself: where a redirect leads is what tests look at.
pub(crate) fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .build()
        .expect("a client")
}
