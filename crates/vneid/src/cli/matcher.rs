//! `vneid matcher`: the simulated matcher as a process of its own.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use identity_core::Clock as _;
use protocol::Environment;
use tokio::net::TcpListener;

use super::{CliError, Files, asked_to_stop};
use crate::config::LogFormat;
use crate::demo::matcher::{MatcherConfig, registration, serve};
use crate::observe::logging;
use crate::system::SystemClock;

#[derive(Args, Debug)]
pub struct MatcherArgs {
    /// Address and port to listen on
    #[arg(long, default_value = "127.0.0.1:8083")]
    listen: SocketAddr,
    /// Print what the provider's file of matchers needs, and end
    #[arg(long)]
    registration: bool,
}

pub async fn run(args: MatcherArgs, files: &Files) -> Result<String, CliError> {
    let url = |port| format!("http://localhost:{port}");
    if args.registration {
        return Ok(registration(&url(args.listen.port())));
    }
    let config = files.load()?;
    if config.environment == Environment::Production {
        let why = "the simulator signs what anybody likes: it is for development only";
        return Err(CliError::Refused(why.to_owned()));
    }
    logging::to_stderr(LogFormat::Text, "warn");
    let listening = |error| CliError::File(args.listen.to_string(), error);
    let listener = TcpListener::bind(args.listen).await.map_err(listening)?;
    let port = listener.local_addr().map_err(listening)?.port();
    let mut out = std::io::stdout().lock();
    // Nobody reads: it simulates all the same.
    let _ = writeln!(out, "simulated matcher at {}/capture; Ctrl-C stops it", url(port));
    drop(out);
    let config = MatcherConfig {
        issuer: config.issuer.as_str().to_owned(),
        now: Arc::new(|| SystemClock.now().unix_seconds()),
    };
    let stop = async {
        let _ = asked_to_stop().await;
    };
    serve(config, listener, stop).await.map_err(listening)?;
    Ok(String::new())
}
