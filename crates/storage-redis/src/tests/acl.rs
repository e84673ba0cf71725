//! The user and the configuration that `deploy/redis` gives out.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::{Credentials, KeyPrefix, Password, RedisBell, RedisSettings};
use storage::contract::sample::NOW;
use storage::{Bell as _, TransientStore};
use tempfile::TempDir;
use tokio::time::timeout;

use test_servers::Redis;

use super::server::{claim, open, opened, settings, write};

const USERS: &str = include_str!("../../../../deploy/redis/users.acl");
const CONFIGURATION: &str = include_str!("../../../../deploy/redis/redis.conf");

pub const NODE_PASSWORD: &str = "node-password";
pub const REPLICA_PASSWORD: &str = "replica-password";
pub const SENTINEL_PASSWORD: &str = "sentinel-password";

/// The file as an operator would complete it.
pub fn users(directory: &Path) -> String {
    let mut rules = USERS.to_owned();
    for (placeholder, password) in [
        ("#REPLACE-WITH-SHA256-OF-PASSWORD", NODE_PASSWORD),
        ("#REPLACE-WITH-SHA256-OF-REPLICA-PASSWORD", REPLICA_PASSWORD),
        ("#REPLACE-WITH-SHA256-OF-SENTINEL-PASSWORD", SENTINEL_PASSWORD),
    ] {
        assert!(rules.contains(placeholder), "{placeholder}");
        rules = rules.replace(placeholder, &format!(">{password}"));
    }
    write(directory, "users.acl", &rules)
}

/// The same with somebody who may do everything, for the test itself.
pub fn users_and_everybody(directory: &Path) -> String {
    let rules = std::fs::read_to_string(users(directory)).unwrap();
    let (_, others) = rules.split_once('\n').unwrap();
    write(directory, "open.acl", &format!("user default on nopass ~* &* +@all\n{others}"))
}

/// `deploy/redis` as it stands, but for TLS.
fn guarded() -> (Redis, TempDir) {
    let files = tempfile::tempdir().unwrap();
    let list = users(files.path());
    let plain = CONFIGURATION.replace("\nport 0\ntls-port 6379\n", "\n");
    assert_ne!(plain, CONFIGURATION);
    let configuration = write(files.path(), "redis.conf", &plain);
    let server = Redis::start_with(&["--include", &configuration, "--aclfile", &list]);
    (server, files)
}

pub fn as_node() -> Credentials {
    credentials("vneid", NODE_PASSWORD)
}

fn credentials(user: &str, password: &str) -> Credentials {
    Credentials {
        username: Some(user.to_owned()),
        password: Some(Password::new(password.to_owned())),
    }
}

async fn restricted() -> (Arc<dyn TransientStore>, (Redis, TempDir)) {
    let (server, files) = guarded();
    let settings = RedisSettings { credentials: as_node(), ..settings(&server) };
    (opened(settings).await, (server, files))
}

storage::transient_suite!(restricted);

#[tokio::test]
async fn the_node_may_ring_and_listen() {
    let (server, _files) = guarded();
    let bell = RedisBell::open(RedisSettings { credentials: as_node(), ..settings(&server) });
    let bell = bell.unwrap();
    timeout(Duration::from_secs(5), bell.rung()).await.unwrap();
    bell.ring().await;
    timeout(Duration::from_secs(5), bell.rung()).await.unwrap();
}

#[tokio::test]
async fn nobody_else_may_do_anything() {
    let (server, _files) = guarded();
    for credentials in [
        credentials("vneid", "wrong"),
        credentials("sentinel", SENTINEL_PASSWORD),
        Credentials::default(),
    ] {
        let store = open(RedisSettings { credentials, ..settings(&server) });
        assert!(store.claim_once(claim("a", NOW), NOW).await.is_err());
    }
    // Nor the node outside its keys.
    let prefix = KeyPrefix::parse("other:").unwrap();
    let store = open(RedisSettings { credentials: as_node(), prefix, ..settings(&server) });
    let refused = store.claim_once(claim("a", NOW), NOW).await;
    assert!(format!("{refused:?}").to_lowercase().contains("perm"), "{refused:?}");
}
