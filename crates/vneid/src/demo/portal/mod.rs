//! The demo relying party: a National Public Service Portal (Cổng Dịch vụ công quốc gia, DEMO).
//!
//! It exists to show what a portal engineer has to write, so it is a stock OpenID Connect client (the
//! `openidconnect` crate) and talks to the provider only through its public endpoints. It must never
//! call into the provider's crates, read its database, or be believed by it.
//!
//! ```text
//!  browser ──► routes ──► pages          what a citizen sees (askama)
//!                │
//!                ├──► requirements       does this login suffice for that procedure?
//!                ├──► sessions           who is signed in, in memory, bounded
//!                ├──► oidc ───────────►  provider: discovery, authorize, token, userinfo, end_session
//!                ├──► why                 how a made-up citizen would be judged; the answer is handed in
//!                ├──► cases ──────────►  case system, with the citizen's access token
//!  provider ─────┴──► logout_token       back-channel logout
//! ```

mod cases;
#[cfg(test)]
pub mod fake_provider;
mod logout_token;
mod oidc;
mod pages;
pub mod requirements;
mod routes;
mod sessions;
mod trouble;
pub mod why;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

pub use cases::{Receipt, Seen};
use requirements::Procedure;

/// Reads the clock: seconds since 1970-01-01T00:00:00Z. Handed in, because only the binary's edge may
/// ask the machine for the time.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What the demo portal needs to know. URLs carry no trailing slash.
pub struct PortalConfig {
    /// The provider's issuer identifier, exactly as its metadata states it.
    pub issuer: String,
    /// Where browsers reach this portal; `/callback`, `/` and `/backchannel-logout` below it must be
    /// registered with the provider.
    pub public_url: String,
    pub client_id: String,
    pub client_secret: String,
    /// The case system's base URL.
    pub case_api: String,
    pub procedures: Arc<[Procedure]>,
    /// Who answers the page "why this level".
    pub explain: why::Explain,
    pub now: Now,
}

/// Everything a handler may use.
struct Portal {
    procedures: Arc<[Procedure]>,
    relying_party: oidc::RelyingParty,
    cases: cases::CaseApi,
    sessions: sessions::Sessions,
    rng: ring::rand::SystemRandom,
    explain: why::Explain,
    now: Now,
    /// The citizen's own page at the provider, where factors are added.
    account_page: String,
    secure_cookies: bool,
}

/// Serves the portal on `listener` until `shutdown` resolves.
///
/// The provider is not contacted here: start order does not matter.
pub async fn serve(
    config: PortalConfig,
    listener: tokio::net::TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = routes::router(Arc::new(Portal::new(config)?))?;
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

impl Portal {
    fn new(config: PortalConfig) -> io::Result<Self> {
        let http = outbound_client()?;
        Ok(Self {
            account_page: format!("{}/home", config.issuer),
            secure_cookies: config.public_url.starts_with("https://"),
            cases: cases::CaseApi::new(config.case_api, http.clone()),
            relying_party: oidc::RelyingParty::new(
                oidc::Registration {
                    issuer: config.issuer,
                    public_url: config.public_url,
                    client_id: config.client_id,
                    client_secret: config.client_secret,
                },
                http,
            )
            .map_err(io::Error::other)?,
            procedures: config.procedures,
            sessions: sessions::Sessions::default(),
            rng: ring::rand::SystemRandom::new(),
            explain: config.explain,
            now: config.now,
        })
    }

    fn procedure(&self, number: u8) -> Option<&Procedure> {
        self.procedures.iter().find(|procedure| procedure.number == number)
    }
}

/// The HTTP client of both demo relying parties: no redirects (a token endpoint that redirects is a
/// fault, RFC 9700 §4.12), no proxy, and nobody may keep us waiting.
#[expect(
    clippy::disallowed_methods,
    reason = "the demo relying party is not the provider: its own client"
)]
pub fn outbound_client() -> io::Result<reqwest::Client> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .connect_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(10))
        .build()
        .map_err(io::Error::other)
}

/// The largest JSON answer either demo relying party reads.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// Reads a JSON answer without letting the other side decide how much memory that takes.
pub async fn read_json<T: serde::de::DeserializeOwned>(
    mut response: reqwest::Response,
) -> io::Result<T> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(io::Error::other)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(io::Error::other("answer too large"));
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(io::Error::other)
}
