//! What every transient store does.

use std::sync::Arc;

use storage::TransientStore;

use super::server::{Server, opened};

async fn single() -> (Arc<dyn TransientStore>, Server) {
    let server = Server::start().await;
    (opened(server.settings()).await, server)
}

storage::transient_suite!(single);
