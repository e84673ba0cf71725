//! `vneid ready`: what a container's health check runs, because its image has no other program.

use std::time::Duration;

use clap::Args;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::{Host, Url};

use super::CliError;

/// Of an answer, only the status line matters.
const READ_AT_MOST: u64 = 1024;

#[derive(Args, Debug)]
pub struct ReadyArgs {
    /// Where the operations listener of the node is asked; http only, it never leaves the machine
    #[arg(long, default_value = "http://127.0.0.1:9090/readyz")]
    url: Url,
    /// How long to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    timeout: u64,
}

/// Succeeds when the node answers 200.
pub async fn run(args: ReadyArgs) -> Result<String, CliError> {
    let not_ready = |why: &str| CliError::Refused(format!("{}: {why}", args.url));
    let asked = timeout(Duration::from_secs(args.timeout), ask(&args.url)).await;
    match asked.map_err(|_| not_ready("no answer in time"))? {
        Ok(200) => Ok("ready\n".to_owned()),
        Ok(status) => Err(not_ready(&format!("not ready, status {status}"))),
        Err(error) => Err(CliError::File(args.url.to_string(), error)),
    }
}

/// The status of one GET. By hand: the guarded client of the provider refuses this machine, rightly.
async fn ask(url: &Url) -> std::io::Result<u16> {
    let invalid = |what: &'static str| std::io::Error::new(std::io::ErrorKind::InvalidData, what);
    if url.scheme() != "http" {
        return Err(invalid("expected an http URL"));
    }
    let host = url.host().ok_or_else(|| invalid("expected a host"))?;
    let port = url.port_or_known_default().unwrap_or(80);
    let mut stream = match &host {
        Host::Domain(name) => TcpStream::connect((*name, port)).await?,
        Host::Ipv4(address) => TcpStream::connect((*address, port)).await?,
        Host::Ipv6(address) => TcpStream::connect((*address, port)).await?,
    };
    let path = url.path();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(READ_AT_MOST).read_to_end(&mut answer).await?;
    status(&answer).ok_or_else(|| invalid("the answer is not HTTP"))
}

fn status(answer: &[u8]) -> Option<u16> {
    let rest = answer.strip_prefix(b"HTTP/1.")?;
    std::str::from_utf8(rest.get(2..5)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// A listener that gives one answer, and what asking it comes to.
    async fn asked(answer: &'static str) -> Result<String, CliError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/readyz", listener.local_addr().unwrap());
        let answering = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 512];
            let read = stream.read(&mut request).await.unwrap();
            assert!(request[..read].starts_with(b"GET /readyz HTTP/1.1\r\n"));
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        let said = run(ReadyArgs { url: url.parse().unwrap(), timeout: 5 }).await;
        answering.await.unwrap();
        said
    }

    #[tokio::test]
    async fn only_a_node_that_answers_200_is_ready() {
        assert_eq!(asked("HTTP/1.1 200 OK\r\n\r\n").await.unwrap(), "ready\n");
        let away = asked("HTTP/1.1 503 Service Unavailable\r\n\r\n").await.unwrap_err();
        assert!(away.to_string().contains("status 503"), "{away}");
        assert!(asked("SSH-2.0-x\r\n").await.is_err());
    }

    #[tokio::test]
    async fn a_node_that_does_not_answer_is_not_ready() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let silent = run(ReadyArgs { url: url.clone(), timeout: 0 }).await.unwrap_err();
        assert!(silent.to_string().contains("no answer in time"), "{silent}");
        drop(listener);
        assert!(run(ReadyArgs { url, timeout: 5 }).await.is_err(), "nobody listens");
        let tls = "https://127.0.0.1/".parse().unwrap();
        assert!(run(ReadyArgs { url: tls, timeout: 5 }).await.is_err(), "http only");
    }
}
