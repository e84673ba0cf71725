//! `vneid serve`.

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::CliError;
use crate::compose::{Node, Role, Running, StartError};
use crate::config::Config;
use crate::observe::otlp::Sending;
use crate::server::ServerError;
use crate::system::{SystemClock, SystemEntropy};

pub async fn serve(config: &Config, role: Role) -> Result<String, CliError> {
    let traces = config.observing.traces.as_ref();
    let traces = Sending::start(traces, config.log_format, "info").map_err(StartError::Traces)?;
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::new()));
    let node = Node::open_as(role, config, clock, entropy).await?;
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.map_err(|error| StartError::Server(ServerError::Listen(error)))?;
    let running = Running::start(node, role, listener).await?;
    tracing::info!(issuer = %config.issuer, address = %running.address, ?role, "serving");
    asked_to_stop().await.map_err(|error| CliError::File("signals".to_owned(), error))?;
    tracing::info!("stopping");
    running.drain().await;
    running.stop().await;
    traces.finish().await;
    Ok(String::new())
}

/// Ctrl-C, or what a service manager sends.
pub async fn asked_to_stop() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
