//! A network between two servers that a test can break.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What happens to those who connect through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// Bytes go both ways.
    Whole(SocketAddr),
    /// Connections are closed, new ones at once.
    Cut,
    /// Connections stand, new ones are taken, and nothing comes through: a cable pulled, a
    /// firewall that drops.
    Silent,
}

/// Passes TCP connections on to a port of 127.0.0.1 that can change: what a virtual address in
/// front of a primary and its standby is to an operator.
pub struct Proxy {
    pub port: u16,
    network: watch::Sender<Network>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("bound").port();
        let (network, watched) = watch::channel(Network::Whole(local(port)));
        let accepting = tokio::spawn(async move {
            while let Ok((incoming, _)) = listener.accept().await {
                tokio::spawn(pass(incoming, watched.clone()));
            }
        });
        Self { port: own, network, accepting }
    }

    /// Closes every connection and refuses new ones.
    pub fn cut(&self) {
        self.network.send_replace(Network::Cut);
    }

    /// Lets nothing through and says so to nobody.
    pub fn silence(&self) {
        self.network.send_replace(Network::Silent);
    }

    /// Passes new connections on to `port`. Those that stood go on if they led there, and are
    /// closed if not.
    pub fn point_at(&self, port: u16) {
        self.network.send_replace(Network::Whole(local(port)));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

/// One connection, until either end closes it or the network does.
async fn pass(incoming: TcpStream, mut network: watch::Receiver<Network>) {
    let Ok(now) = network.wait_for(|network| *network != Network::Silent).await.map(|now| *now)
    else {
        return;
    };
    let Network::Whole(target) = now else { return };
    let Ok(outgoing) = TcpStream::connect(target).await else { return };
    // Either may fail on a connection that has gone; then the copying ends as well.
    let _ = (incoming.set_nodelay(true), outgoing.set_nodelay(true));
    let gate = network.clone();
    let (from_client, to_client) = incoming.into_split();
    let (from_server, to_server) = outgoing.into_split();
    tokio::select! {
        () = copy(from_client, to_server, &gate) => {}
        () = copy(from_server, to_client, &gate) => {}
        _ = network.wait_for(|now| !matches!(now, Network::Silent) && *now != Network::Whole(target)) => {}
    }
}

/// Passes bytes on, and holds them back while the network is silent.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, gate: &watch::Receiver<Network>) {
    let mut gate = gate.clone();
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if gate.wait_for(|network| *network != Network::Silent).await.is_err() {
            return;
        }
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
