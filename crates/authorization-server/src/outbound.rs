//! The one client that calls other machines. Every address that a relying party registered leads
//! through here, and nothing that is only reachable from inside can be reached by it (ATK-020).
//!
//! ```text
//!  url ── https, no user, no literal address of ours ──> resolved once ── every address public ──>
//!  connected to what was resolved ── no redirect, no proxy, 5 s, 64 KiB ──> status and body
//! ```

mod addresses;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use url::{Host, Url};

pub use addresses::is_public;

/// Connecting, sending, waiting and reading together.
const PATIENCE: Duration = Duration::from_secs(5);
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// Longest answer that is read.
pub const MAX_ANSWER: usize = 64 * 1024;

/// What goes wrong is told in the log only, and to nobody whose address it was: an error must not
/// map our network.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("the address is not one we call")]
    Refused,
    #[error("the other side could not be reached")]
    Unreachable(#[source] reqwest::Error),
    #[error("the answer is too large")]
    TooLarge,
    #[error("the client cannot be built")]
    Setup(#[source] reqwest::Error),
}

/// `host:port` pairs that development may call although they are not public, over http too.
#[derive(Clone, Debug, Default)]
pub struct Exceptions(Vec<(String, u16)>);

impl Exceptions {
    /// `None` when an entry is not of the form `host:port`.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let entry = |text: &str| {
            let (host, port) = text.rsplit_once(':')?;
            let named = !host.is_empty() && !host.contains(['/', '@']);
            named.then_some((host.to_ascii_lowercase(), port.parse().ok()?))
        };
        entries.into_iter().map(entry).collect::<Option<_>>().map(Self)
    }

    /// Exactly where this address leads.
    pub fn only(url: &Url) -> Self {
        let place = url.host_str().zip(url.port_or_known_default());
        Self(place.map(|(host, port)| (host.to_owned(), port)).into_iter().collect())
    }

    fn cover(&self, url: &Url) -> bool {
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return false;
        };
        self.0.iter().any(|(known, known_port)| known == host && *known_port == port)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Route {
    Public,
    Exempt,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

/// Writes into the headers of a request which trace it belongs to (W3C Trace Context).
pub type TraceHeaders = dyn Fn(&mut HeaderMap) + Send + Sync;

pub struct Outbound {
    trace: Option<Arc<TraceHeaders>>,
    public: Client,
    exempt: Client,
    exceptions: Exceptions,
}

impl Outbound {
    pub fn new(exceptions: Exceptions) -> Result<Self, OutboundError> {
        let public = client().dns_resolver(Arc::new(PublicResolver)).https_only(true);
        Ok(Self {
            public: public.build().map_err(OutboundError::Setup)?,
            exempt: client().build().map_err(OutboundError::Setup)?,
            exceptions,
            trace: None,
        })
    }

    #[must_use]
    pub fn tracing(self, trace: Arc<TraceHeaders>) -> Self {
        Self { trace: Some(trace), ..self }
    }

    /// Posts a form.
    pub async fn post_form(
        &self,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Result<Answer, OutboundError> {
        finish(self.post(url)?.form(fields)).await
    }

    /// Posts a document, as whoever bears `bearer`.
    pub async fn post_json(
        &self,
        url: &str,
        bearer: &str,
        document: &serde_json::Value,
    ) -> Result<Answer, OutboundError> {
        finish(self.post(url)?.bearer_auth(bearer).json(document)).await
    }

    fn post(&self, url: &str) -> Result<RequestBuilder, OutboundError> {
        let url = Url::parse(url).map_err(|_| OutboundError::Refused)?;
        let client = match self.route(&url)? {
            Route::Public => &self.public,
            Route::Exempt => &self.exempt,
        };
        let mut headers = HeaderMap::new();
        if let Some(trace) = &self.trace {
            trace(&mut headers);
        }
        Ok(client.post(url).headers(headers))
    }

    /// Judges what the address itself says; what its name resolves to, the resolver judges.
    fn route(&self, url: &Url) -> Result<Route, OutboundError> {
        let plain = url.username().is_empty() && url.password().is_none();
        if plain && matches!(url.scheme(), "http" | "https") && self.exceptions.cover(url) {
            return Ok(Route::Exempt);
        }
        let public = match url.host() {
            Some(Host::Domain(_)) => true,
            // A literal address never meets the resolver. `url` has read every spelling of it:
            // decimal, octal, hexadecimal, short.
            Some(Host::Ipv4(address)) => is_public(address.into()),
            Some(Host::Ipv6(address)) => is_public(address.into()),
            None => false,
        };
        if plain && public && url.scheme() == "https" {
            Ok(Route::Public)
        } else {
            Err(OutboundError::Refused)
        }
    }
}

async fn finish(request: RequestBuilder) -> Result<Answer, OutboundError> {
    let sent = request.send().await;
    let response = sent.map_err(|error| OutboundError::Unreachable(error.without_url()))?;
    let status = response.status().as_u16();
    Ok(Answer { status, body: read(response).await? })
}

#[expect(clippy::disallowed_methods, reason = "this is the one guarded client")]
fn client() -> reqwest::ClientBuilder {
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT_PATIENCE)
        .timeout(PATIENCE)
        .pool_max_idle_per_host(1)
        .referer(false)
}

async fn read(mut response: Response) -> Result<Vec<u8>, OutboundError> {
    let mut body = Vec::new();
    let unreachable = |error: reqwest::Error| OutboundError::Unreachable(error.without_url());
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(OutboundError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The connection is made to exactly what was judged: there is no second look-up to rebind. One
/// inner address among outer ones refuses the name.
struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let addresses = judged(found)?;
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

fn judged(found: impl Iterator<Item = SocketAddr>) -> Result<Vec<SocketAddr>, OutboundError> {
    let addresses: Vec<SocketAddr> = found.collect();
    let public = addresses.iter().all(|address| is_public(address.ip()));
    if public && !addresses.is_empty() { Ok(addresses) } else { Err(OutboundError::Refused) }
}
