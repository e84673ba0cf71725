//! Three primaries, one of them with a replica.

use std::sync::Arc;
use std::time::Duration;

use crate::{RedisBell, RedisLocation, RedisSettings};
use storage::contract::sample::{NOW, seconds};
use storage::ports::EPOCH_MARGIN;
use storage::{Bell as _, StoreError};
use tempfile::TempDir;
use tokio::time::timeout;

use test_servers::{Redis, free_port};

use super::acl::{REPLICA_PASSWORD, as_node, users_and_everybody};
use super::server::{HandSet, begin, claim, cli, open_at, until, until_answering};

struct Cluster {
    primaries: Vec<Redis>,
    replica: Redis,
    urls: String,
    _files: TempDir,
}

impl Cluster {
    async fn start() -> Self {
        let files = tempfile::tempdir().unwrap();
        let list = users_and_everybody(files.path());
        let guarded =
            ["--aclfile", &list, "--masteruser", "replica", "--masterauth", REPLICA_PASSWORD];
        let mut nodes = Vec::new();
        let mut addresses = Vec::new();
        for _ in 0..4 {
            // A free port for the bus as well: the usual one may be taken.
            let bus = free_port().to_string();
            let arguments = ["--cluster-enabled", "yes", "--cluster-port", &bus];
            let quickly =
                ["--cluster-node-timeout", "1000", "--cluster-require-full-coverage", "no"];
            let node = Redis::start_with(&[&guarded[..], &arguments[..], &quickly[..]].concat());
            addresses.push(format!("127.0.0.1:{}", node.port));
            nodes.push(node);
        }
        let replica = nodes.pop().unwrap();
        let replica_address = addresses.pop().unwrap();
        let primaries: Vec<&str> = addresses.iter().map(String::as_str).collect();
        let create = [&["--cluster", "create"], &primaries[..], &["--cluster-yes"]].concat();
        assert!(cli(&create).unwrap().contains("All 16384 slots covered"));
        let first = nodes[0].cli(&["CLUSTER", "MYID"]);
        cli(&[
            "--cluster",
            "add-node",
            &replica_address,
            primaries[0],
            "--cluster-slave",
            "--cluster-master-id",
            &first,
        ])
        .unwrap();
        until("the replica follows", async || {
            replica.cli(&["INFO", "replication"]).contains("master_link_status:up")
        })
        .await;
        for node in nodes.iter().chain([&replica]) {
            until("every node knows every other", async || {
                let known = node.cli(&["CLUSTER", "NODES"]);
                known.lines().filter(|line| line.contains("connected")).count() == 4
            })
            .await;
        }
        let urls: Vec<String> = addresses.iter().map(|at| format!("redis://{at}")).collect();
        Self { primaries: nodes, replica, urls: urls.join(","), _files: files }
    }
}

#[tokio::test]
async fn a_cluster_accepts_nothing_twice_also_when_a_primary_dies() {
    let cluster = Cluster::start().await;
    let location = RedisLocation::cluster(&cluster.urls).unwrap();
    let settings = RedisSettings { credentials: as_node(), ..RedisSettings::new(location) };
    let clock = HandSet::new();
    let store = open_at(settings.clone(), Arc::clone(&clock));
    until_answering(&store).await;
    begin(&store).await;
    clock.set(NOW);

    let ids: Vec<String> = (0..300).map(|number| format!("assertion {number}")).collect();
    for id in &ids {
        assert!(store.claim_once(claim(id, NOW), NOW).await.unwrap(), "{id}");
        assert!(!store.claim_once(claim(id, NOW), NOW).await.unwrap(), "{id}");
    }
    for primary in &cluster.primaries {
        let kept: u64 = primary.cli(&["DBSIZE"]).parse().unwrap();
        assert!(kept > 50, "a primary has {kept} keys only");
    }
    let count = store.count("any", "", Duration::from_secs(1), NOW).await.unwrap();
    assert_eq!(count, 1);
    assert_eq!(store.count("any", "", Duration::from_secs(1), NOW).await.unwrap(), 2);

    let bells = [RedisBell::open(settings.clone()).unwrap(), RedisBell::open(settings).unwrap()];
    for bell in &bells {
        timeout(Duration::from_secs(5), bell.rung()).await.unwrap();
    }
    bells[0].ring().await;
    timeout(Duration::from_secs(5), bells[1].rung()).await.unwrap();

    cluster.primaries[0].kill_9();
    until("the replica takes over", async || cluster.replica.cli(&["ROLE"]).starts_with("master"))
        .await;
    // Its shards begin anew; those of the others remember.
    for id in &ids {
        until("every shard answers", async || match store.claim_once(claim(id, NOW), NOW).await {
            Ok(granted) => {
                assert!(!granted, "{id} counted twice");
                true
            }
            Err(StoreError::Unavailable(cause)) => cause.to_string().contains("just begun"),
            Err(error) => panic!("{error}"),
        })
        .await;
        let later = NOW.plus(EPOCH_MARGIN);
        assert!(!store.claim_once(claim(id, NOW), later).await.unwrap(), "{id} counted twice");
    }
    let fresh = seconds(60);
    for id in &ids {
        assert!(store.claim_once(claim(&format!("new {id}"), fresh), fresh).await.unwrap());
    }
}
