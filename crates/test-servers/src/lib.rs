//! Real servers for tests, private to them and gone with them.
//!
//! It knows nothing of ours, so that an adapter can be tested against its server without linking the
//! provider. Only ever a dev-dependency.
//!
//! ```text
//!  Postgres    one shared by a test binary, or one of its own: killed, replicated, restored
//!  Redis       the same, and with any words on its command line
//!  Proxy       the network between a server and its clients, which a test can break
//!  SoftHsm     a token for keys, which can be unplugged
//!  guardian    whose life hangs on this process, however it ends
//! ```

mod guardian;
pub mod postgres;
pub mod proxy;
pub mod redis;
pub mod softhsm;
mod wait;

use std::net::TcpListener;

pub use guardian::Lifeline;
pub use postgres::Postgres;
pub use proxy::Proxy;
pub use redis::Redis;
pub use softhsm::SoftHsm;
pub use wait::until;

/// Nobody listens there at this moment.
pub fn free_port() -> u16 {
    let socket = TcpListener::bind("127.0.0.1:0").expect("a free port");
    socket.local_addr().expect("bound").port()
}
