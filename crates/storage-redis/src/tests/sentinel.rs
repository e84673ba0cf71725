//! A primary, its replica and three sentinels; the primary dies.

use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use crate::{Credentials, RedisBell, RedisLocation, RedisSettings};
use storage::contract::sample::NOW;
use storage::ports::EPOCH_MARGIN;
use storage::{Bell as _, StoreError};
use tempfile::TempDir;
use tokio::time::timeout;

use test_servers::{Redis, free_port};

use super::acl::{REPLICA_PASSWORD, SENTINEL_PASSWORD, as_node, users_and_everybody};
use super::server::{HandSet, begin, claim, cli, open_at, spawn, until, until_answering, write};

/// Three sentinels that agree within a second.
struct Trio {
    urls: String,
    _directory: TempDir,
    processes: Vec<Child>,
}

impl Trio {
    async fn watch(primary: u16) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ports = [free_port(), free_port(), free_port()].map(|port| port.to_string());
        let mut processes = Vec::new();
        for port in &ports {
            let text = format!(
                "port {port}\nbind 127.0.0.1\nsentinel monitor vneid 127.0.0.1 {primary} 2\n\
                 sentinel down-after-milliseconds vneid 500\n\
                 sentinel failover-timeout vneid 3000\n\
                 sentinel auth-user vneid sentinel\n\
                 sentinel auth-pass vneid {SENTINEL_PASSWORD}\n"
            );
            let file = write(directory.path(), &format!("{port}.conf"), &text);
            processes.push(spawn("redis-sentinel", &[&file]));
        }
        for port in &ports {
            until("the sentinels know each other and the replica", async || {
                let told = cli(&["-p", port, "SENTINEL", "MASTER", "vneid"]).unwrap_or_default();
                told.contains("num-slaves\n1\n") && told.contains("num-other-sentinels\n2\n")
            })
            .await;
        }
        let urls = ports.map(|port| format!("redis://127.0.0.1:{port}")).join(",");
        Self { urls, _directory: directory, processes }
    }
}

impl Drop for Trio {
    fn drop(&mut self) {
        for process in &mut self.processes {
            drop(process.stdin.take());
            let _ = process.wait();
        }
    }
}

#[tokio::test]
async fn a_claim_the_new_primary_never_heard_of_is_refused_there() {
    // ATK-050: what the old primary acknowledged may not have reached its replica.
    let files = tempfile::tempdir().unwrap();
    let list = users_and_everybody(files.path());
    let guarded = ["--aclfile", &list, "--masteruser", "replica", "--masterauth", REPLICA_PASSWORD];
    let primary = Redis::start_with(&guarded);
    let of = format!("127.0.0.1 {}", primary.port);
    let replica = Redis::start_with(&[&guarded[..], &["--replicaof", &of]].concat());
    until("the replica follows", async || {
        replica.cli(&["INFO", "replication"]).contains("master_link_status:up")
    })
    .await;
    let trio = Trio::watch(primary.port).await;
    let location = RedisLocation::sentinel("vneid", &trio.urls, Credentials::default()).unwrap();
    let settings = RedisSettings { credentials: as_node(), ..RedisSettings::new(location) };

    let clock = HandSet::new();
    let store = open_at(settings.clone(), Arc::clone(&clock));
    until_answering(&store).await;
    begin(&store).await;
    clock.set(NOW);
    let bell = RedisBell::open(settings).unwrap();
    timeout(Duration::from_secs(5), bell.rung()).await.unwrap();

    assert!(store.claim_once(claim("heard", NOW), NOW).await.unwrap());
    until("the replica has heard of it", async || {
        replica.cli(&["DBSIZE"]) == primary.cli(&["DBSIZE"])
    })
    .await;
    // From here on the replica hears nothing any more.
    replica.cli(&["REPLICAOF", "127.0.0.1", "1"]);
    assert!(store.claim_once(claim("unheard", NOW), NOW).await.unwrap());
    primary.kill_9();

    until("the other one takes over", async || {
        let refused = store.claim_once(claim("probe", NOW), NOW).await;
        matches!(refused, Err(StoreError::Unavailable(cause)) if cause.to_string().contains("just begun"))
    })
    .await;
    let epoch = NOW.plus(EPOCH_MARGIN);
    for id in ["heard", "unheard"] {
        assert!(!store.claim_once(claim(id, NOW), epoch).await.unwrap(), "{id}");
    }
    assert!(store.claim_once(claim("new", epoch), epoch).await.unwrap());
    assert!(!store.claim_once(claim("new", epoch), epoch).await.unwrap());
    until("the bell is heard again", async || {
        bell.ring().await;
        timeout(Duration::from_millis(100), bell.rung()).await.is_ok()
    })
    .await;
}
