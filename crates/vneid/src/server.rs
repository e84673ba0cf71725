//! The accept loop. `axum::serve` waits for a request's headers for ever; a public server must not.
//!
//! Every connection is bounded: in number, in the time for its handshake and its headers, in the size
//! of its headers, and in how long it may outlive a shutdown. Bodies are bounded where they are read.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::compose::Shutdown;
use crate::config::TlsFiles;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Also how long an idle connection is kept.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
/// Request line and headers together; what does not fit is answered 431.
const HEADER_BYTES: usize = 32 * 1024;
const STREAMS_PER_CONNECTION: u32 = 100;
/// How long requests under way may take after a shutdown was asked for.
const GRACE: Duration = Duration::from_secs(10);
/// After a failed accept (no file descriptors left): do not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    #[error("cannot listen: {0}")]
    Listen(#[source] io::Error),
    #[error("{0}: no certificate or key in PEM form")]
    Pem(String),
    #[error("certificate and key cannot be used together: {0}")]
    Tls(#[from] rustls::Error),
}

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connections: usize,
}

/// TLS 1.2 and 1.3 with rustls' own choice of suites (op-traps 21).
pub fn tls(files: &TlsFiles) -> Result<TlsAcceptor, ServerError> {
    let unreadable = |path: &Path| ServerError::Pem(path.display().to_string());
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|_| unreadable(&files.certificate))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|_| unreadable(&files.key))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves until shutdown is requested, then answers what was asked before and returns.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    shutdown: Shutdown,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = async {
            // Without a place the queue of the operating system waits, not our memory.
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = shutdown.clone().requested() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, tls.clone(), router.clone(), shutdown.clone());
                connections.spawn(async move {
                    let _place = place;
                    connection.await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(ACCEPT_PAUSE).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let all = async { while connections.join_next().await.is_some() {} };
    if timeout(GRACE, all).await.is_err() {
        tracing::warn!("connections that did not end in time are cut");
    }
}

async fn connection(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    router: Router,
    shutdown: Shutdown,
) {
    // Answers are written whole: waiting to fill a packet only delays them.
    let _ = stream.set_nodelay(true);
    match tls {
        None => requests(stream, router, shutdown).await,
        Some(tls) => match timeout(HANDSHAKE_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => requests(stream, router, shutdown).await,
            Ok(Err(error)) => tracing::debug!(%error, "handshake failed"),
            Err(_) => tracing::debug!("handshake took too long"),
        },
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    shutdown: Shutdown,
) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEADER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEADER_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(STREAMS_PER_CONNECTION)
        .keep_alive_interval(HEADER_TIMEOUT)
        .keep_alive_timeout(HEADER_TIMEOUT);
    let service = TowerToHyperService::new(router);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = shutdown.requested() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke off");
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::Notify;

    use super::*;
    use crate::compose::channel;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    async fn bound() -> (TcpListener, std::net::SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    #[tokio::test]
    async fn a_request_under_way_is_answered_after_shutdown_was_asked_for() {
        let (listener, address) = bound().await;
        let (arrived, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (here, released) = (Arc::clone(&arrived), Arc::clone(&release));
        let router = Router::new().route(
            "/",
            get(async move || {
                here.notify_one();
                released.notified().await;
                "answered"
            }),
        );
        let (trigger, shutdown) = channel();
        let limits = Limits { connections: 8 };
        let serving = tokio::spawn(serve(router, listener, None, limits, shutdown));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        arrived.notified().await;
        trigger.pull();
        release.notify_one();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("answered"), "{answer}");
        serving.await.unwrap();
        assert!(TcpStream::connect(address).await.is_err());
    }

    #[tokio::test]
    async fn a_connection_beyond_the_limit_waits_for_a_place() {
        let (listener, address) = bound().await;
        let router = Router::new().route("/", get(async || "answered"));
        let (trigger, shutdown) = channel();
        let limits = Limits { connections: 1 };
        let serving = tokio::spawn(serve(router, listener, None, limits, shutdown));
        let first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        second.write_all(REQUEST).await.unwrap();
        let mut answer = String::new();
        let waiting = timeout(Duration::from_millis(100), second.read_to_string(&mut answer));
        assert!(waiting.await.is_err(), "{answer}");
        drop(first);
        second.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("answered"), "{answer}");
        trigger.pull();
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn headers_beyond_the_limit_are_refused() {
        let (listener, address) = bound().await;
        let router = Router::new().route("/", get(async || "answered"));
        let (trigger, shutdown) = channel();
        let limits = Limits { connections: 1 };
        let serving = tokio::spawn(serve(router, listener, None, limits, shutdown));
        let mut stream = TcpStream::connect(address).await.unwrap();
        let long = "x".repeat(2 * HEADER_BYTES);
        let request = format!("GET / HTTP/1.1\r\nHost: x\r\nCookie: {long}\r\n\r\n");
        // The server may stop reading, and close, before all of it was sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.ends_with(b"answered"));
        trigger.pull();
        serving.await.unwrap();
    }
}
