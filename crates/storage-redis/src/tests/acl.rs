//! The user and the configuration that `deploy/redis` gives out.

use std::sync::Arc;
use std::time::Duration;

use crate::{Credentials, KeyPrefix, Password, RedisBell, RedisSettings};
use storage::contract::sample::NOW;
use storage::{Bell as _, TransientStore};
use tokio::time::timeout;

use super::server::{Server, claim, open, opened, write};

const USERS: &str = include_str!("../../../../deploy/redis/users.acl");

async fn guarded() -> Server {
    let rules = USERS.replace("#REPLACE-WITH-SHA256-OF-PASSWORD", ">correct-horse");
    let directory = tempfile::tempdir().unwrap();
    let file = write(directory.path(), "users.acl", &rules);
    Server::with(&["--port", "0", "--aclfile", &file]).await
}

fn as_node(server: &Server, password: &str) -> RedisSettings {
    let credentials = Credentials {
        username: Some("vneid".to_owned()),
        password: Some(Password::new(password.to_owned())),
    };
    RedisSettings { credentials, ..server.settings() }
}

async fn restricted() -> (Arc<dyn TransientStore>, Server) {
    let server = guarded().await;
    (opened(as_node(&server, "correct-horse")).await, server)
}

storage::transient_suite!(restricted);

#[tokio::test]
async fn the_node_may_ring_and_listen() {
    let server = guarded().await;
    let bell = RedisBell::open(as_node(&server, "correct-horse")).unwrap();
    timeout(Duration::from_secs(5), bell.rung()).await.unwrap();
    bell.ring().await;
    timeout(Duration::from_secs(5), bell.rung()).await.unwrap();
}

#[tokio::test]
async fn nobody_else_may_do_anything() {
    let server = guarded().await;
    for settings in [as_node(&server, "wrong-horse"), server.settings()] {
        let store = open(settings);
        assert!(store.claim_once(claim("a", NOW), NOW).await.is_err());
    }
    // Nor the node outside its keys.
    let mut settings = as_node(&server, "correct-horse");
    settings.prefix = KeyPrefix::parse("other:").unwrap();
    let store = open(settings);
    let refused = store.claim_once(claim("a", NOW), NOW).await;
    assert!(format!("{refused:?}").to_lowercase().contains("perm"), "{refused:?}");
}
