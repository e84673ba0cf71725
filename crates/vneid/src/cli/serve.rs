//! `vneid serve`.

use std::io;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::{CliError, log_to_stderr};
use crate::compose::{Node, Role, Running, StartError};
use crate::config::Config;
use crate::server::ServerError;
use crate::system::{SystemClock, SystemEntropy};

pub async fn serve(config: &Config, role: Role) -> Result<String, CliError> {
    log_to_stderr(config.log_format, "info");
    let (clock, entropy) = (Arc::new(SystemClock), Arc::new(SystemEntropy::new()));
    let node = Node::open_as(role, config, clock, entropy).await?;
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.map_err(|error| StartError::Server(ServerError::Listen(error)))?;
    let running = Running::start(node, role, listener).await?;
    tracing::info!(issuer = %config.issuer, address = %running.address, ?role, "serving");
    asked_to_stop().await.map_err(|error| CliError::File("signals".to_owned(), error))?;
    tracing::info!("stopping");
    running.stop().await;
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
