use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flows::admin::register_client;
use identity_core::key::{KeyPurpose, KeyTimes};
use identity_core::{ClientId, Clock as _, Timestamp};
use jose::{KeyStage, SigningAlgorithm};
use ledger::{RecordedEvent, Sequence};
use storage::{Change, Commit, KeyChange};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::{Node, Pace, Role, Running, StartError};
use crate::client_file;
use crate::config::Config;
use crate::system::{SystemClock, SystemEntropy};

const KEY: &str = "5555555555555555555555555555555555555555555555555555555555555555";

fn config(environment: &str, storage: &str) -> Config {
    let text = format!(
        "issuer = \"https://eid.example.vn\"\nenvironment = \"{environment}\"\n\
         limits.hashing_threads = 1\n[storage]\n{storage}\n[keys]\n\
         key_encryption_key = \"{KEY}\"\npersonal_data_key = \"{KEY}\"\nindex_key = \"{KEY}\"\n\
         pairwise_key = \"{KEY}\"\n"
    );
    Config::read(&text, Path::new(""), &[]).unwrap()
}

fn in_file(directory: &tempfile::TempDir) -> Config {
    let path = directory.path().join("vneid.db");
    config("development", &format!("sqlite = {path:?}"))
}

async fn open(config: &Config) -> Result<Node, StartError> {
    Node::open(config, Arc::new(SystemClock), Arc::new(SystemEntropy::new())).await
}

async fn ephemeral() -> Node {
    open(&config("development", "ephemeral = true")).await.unwrap()
}

async fn get(running: &Running, path: &str) -> String {
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

async fn running(role: Role) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    Running::start(ephemeral().await, role, listener).await.unwrap()
}

/// Waits for a condition, not for time; gives up after ten seconds.
async fn eventually(mut holds: impl FnMut() -> bool) -> bool {
    for _ in 0..1000 {
        if holds() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

#[tokio::test]
async fn each_role_answers_its_own_and_nothing_else() {
    let cases = [
        (Role::All, ["200", "405"]),
        (Role::Authorization, ["200", "404"]),
        (Role::Introspection, ["404", "405"]),
    ];
    for (role, expected) in cases {
        let running = running(role).await;
        for (path, status) in ["/jwks", "/introspect"].into_iter().zip(expected) {
            let answer = get(&running, path).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{role:?} {path} {answer}");
        }
        running.stop().await;
    }
}

#[tokio::test]
async fn both_halves_of_the_all_in_one_server_name_their_requests() {
    let running = running(Role::All).await;
    for path in ["/jwks", "/introspect"] {
        assert!(get(&running, path).await.contains("x-request-id: "), "{path}");
    }
    running.stop().await;
}

#[tokio::test]
async fn production_starts_on_a_migrated_database_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("vneid.db");
    let config = config("production", &format!("sqlite = {path:?}"));
    assert!(matches!(open(&config).await, Err(StartError::MigrationsPending(_))));
    let store = super::Durable::open(&config, Arc::new(SystemEntropy::new())).await.unwrap();
    store.migrate(SystemClock.now()).await.unwrap();
    store.close().await;
    open(&config).await.unwrap().close().await;
}

#[tokio::test]
async fn the_first_start_makes_keys_and_the_second_uses_them() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(&in_file(&directory)).await.unwrap();
    let made: Vec<_> = first.keeper.records().await.unwrap();
    let purposes = made.iter().map(|key| key.purpose).collect::<std::collections::BTreeSet<_>>();
    assert_eq!((made.len(), purposes.len()), (4, 4));
    first.close().await;
    let second = open(&in_file(&directory)).await.unwrap();
    assert_eq!(second.keeper.records().await.unwrap(), made);
    second.close().await;
}

#[tokio::test]
async fn a_key_asked_for_is_announced_before_it_signs() {
    // ATK-130
    let node = ephemeral().await;
    let now = node.clock.now();
    assert_eq!(node.keeper.rotate(Pace::Scheduled, now).await.unwrap(), Vec::<String>::new());
    assert_eq!(node.keeper.rotate(Pace::Now, now).await.unwrap().len(), 4);
    assert_eq!(node.keeper.rotate(Pace::Now, now).await.unwrap(), Vec::<String>::new());
    let ring = node.keeper.ring().await.unwrap();
    assert_eq!(ring.jwks(now).kids().count(), 6);
    let signer = |at: Timestamp| ring.signer(SigningAlgorithm::Es256, at).unwrap().kid().to_owned();
    assert_ne!(signer(now), signer(now.plus(Duration::from_hours(25))));
    node.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_nodes_that_start_or_rotate_at_once_one_makes_the_keys() {
    let directory = tempfile::tempdir().unwrap();
    let entropy = Arc::new(SystemEntropy::new());
    let store = super::Durable::open(&in_file(&directory), entropy).await.unwrap();
    store.migrate(SystemClock.now()).await.unwrap();
    store.close().await;
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let config = in_file(&directory);
        starting.spawn(async move { open(&config).await.unwrap() });
    }
    let nodes = starting.join_all().await;
    assert_eq!(nodes[0].keeper.records().await.unwrap().len(), 4);

    let now = SystemClock.now();
    let mut rotating = tokio::task::JoinSet::new();
    for node in &nodes {
        let keeper = Arc::clone(&node.keeper);
        rotating.spawn(async move { keeper.rotate(Pace::Now, now).await.unwrap() });
    }
    let made = rotating.join_all().await.concat();
    assert_eq!(made.len(), 4, "{made:?}");
    assert_eq!(nodes[0].keeper.records().await.unwrap().len(), 8);
    for node in nodes {
        node.close().await;
    }
}

#[tokio::test]
async fn a_purpose_whose_only_key_leaked_gets_one_successor_from_many_nodes() {
    // A leak that was committed while no successor could be made.
    let directory = tempfile::tempdir().unwrap();
    let config = in_file(&directory);
    let (one, other) = (open(&config).await.unwrap(), open(&config).await.unwrap());
    let records = one.keeper.records().await.unwrap();
    let leaked = records.iter().find(|key| key.purpose == KeyPurpose::SignEs256).unwrap();
    let now = one.clock.now();
    let (kid, from) = (leaked.kid.clone(), leaked.times());
    let to = KeyTimes { compromised_at: Some(now), ..from };
    let leak = Change::Key(KeyChange::Reschedule { kid, from, to });
    assert_eq!(one.provider.store.commit(&[leak]).await.unwrap(), Commit::Done);
    let (first, second) = tokio::join!(
        one.keeper.rotate(Pace::Scheduled, now),
        other.keeper.rotate(Pace::Scheduled, now.plus(Duration::from_millis(1)))
    );
    assert_eq!(first.unwrap().len() + second.unwrap().len(), 1);
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_compromised_key_is_replaced_in_the_act() {
    // ATK-131
    let node = ephemeral().await;
    let now = node.clock.now();
    let kid = |records: &[identity_core::key::KeyRecord]| {
        let es256 = records.iter().find(|key| key.purpose == KeyPurpose::SignEs256);
        es256.unwrap().kid.clone()
    };
    let leaked = kid(&node.keeper.records().await.unwrap());
    let made = node.keeper.compromise(&node.provider, &leaked, now).await.unwrap();
    let ring = node.provider.keys.ring();
    assert!(ring.verifying_key(&leaked, now).is_none());
    let signer = ring.signer(SigningAlgorithm::Es256, now).unwrap();
    assert_eq!(made, [signer.kid().to_owned()]);
    assert!(node.keeper.compromise(&node.provider, &leaked, now).await.is_err());
    assert!(node.keeper.compromise(&node.provider, "no such key", now).await.is_err());
    node.close().await;
}

#[tokio::test]
async fn what_one_node_changes_every_node_knows() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) =
        (open(&in_file(&directory)).await.unwrap(), open(&in_file(&directory)).await.unwrap());
    let following = one.background(Role::All);
    let file = "client_id = \"portal\"\nlegal_entity = \"x\"\nscopes = [\"openid\"]\n\
                redirect_uris = [\"https://portal.example.vn/callback\"]\n\
                grant_types = [\"authorization_code\"]\nname = { vi = \"x\", en = \"x\" }\n\
                authentication = { method = \"none\" }\n[agreement]\nnumber = \"1\"\n\
                signed_on = \"2026-01-01\"\nsystem_security_level = 3\n\
                purpose = { vi = \"x\", en = \"x\" }\n";
    let new = client_file::read(file, Path::new(""), &SystemEntropy::new()).unwrap();
    let now = other.clock.now();
    register_client(&other.provider, new.party, now).await.unwrap();
    let portal = ClientId::parse("portal").unwrap();
    // The follower's own position moves when a request asks the ledger; the registry must not miss it.
    one.provider.security.catch_up(now).await.unwrap();
    assert!(eventually(|| one.provider.registry.get(&portal).is_some()).await);

    let made = other.keeper.rotate(Pace::Now, now).await.unwrap();
    let announced =
        || made.iter().any(|kid| one.provider.keys.ring().verifying_key(kid, now).is_some());
    assert!(eventually(announced).await);
    following.stop().await;
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn stopping_seals_what_was_not_sealed_yet() {
    let directory = tempfile::tempdir().unwrap();
    let node = open(&in_file(&directory)).await.unwrap();
    let background = node.background(Role::All);
    background.stop().await;
    let checkpoints = node.provider.store.checkpoints().await.unwrap();
    assert_eq!(checkpoints.last().map(|checkpoint| checkpoint.size), Some(4));
    node.close().await;
}

#[tokio::test]
async fn of_two_nodes_one_seals_and_the_other_goes_on_from_there() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) =
        (open(&in_file(&directory)).await.unwrap(), open(&in_file(&directory)).await.unwrap());
    let sealing = one.background(Role::All);
    assert!(eventually_sealed(&one, 4).await);
    let waiting = other.background(Role::All);
    other.keeper.rotate(Pace::Now, other.clock.now()).await.unwrap();
    sealing.stop().await;
    one.close().await;
    waiting.stop().await;

    let store = &other.provider.store;
    let checkpoints = store.checkpoints().await.unwrap();
    let newest = checkpoints.last().unwrap();
    let rows = store.events_after(Sequence::BEFORE_FIRST, 100).await.unwrap();
    let tree: ledger::merkle::Tree = rows.iter().map(RecordedEvent::leaf_hash).collect();
    assert_eq!((newest.size, &newest.root), (8, tree.root().as_bytes()));
    assert_eq!(newest.frontier.as_ref().unwrap().position, rows[7].sequence());
    other.close().await;
}

async fn eventually_sealed(node: &Node, size: u64) -> bool {
    for _ in 0..200 {
        let newest = node.provider.store.newest_checkpoint().await.unwrap();
        if newest.is_some_and(|newest| newest.size >= size) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test]
async fn the_wrong_key_encryption_key_stops_the_start() {
    let directory = tempfile::tempdir().unwrap();
    open(&in_file(&directory)).await.unwrap().close().await;
    let mut config = in_file(&directory);
    config.keys.key_encryption =
        crate::config::KeyEncryption::Key(crate::config::MasterKey::new([9; 32]));
    assert!(matches!(open(&config).await, Err(StartError::Keys(_))));
}

#[tokio::test]
async fn records_of_spent_keys_stay_for_old_signatures() {
    let node = ephemeral().await;
    let later = node.clock.now().plus(Duration::from_hours(24 * 365));
    node.keeper.rotate(Pace::Scheduled, later).await.unwrap();
    let much_later = later.plus(Duration::from_hours(24 * 365));
    node.keeper.rotate(Pace::Scheduled, much_later).await.unwrap();
    let records = node.keeper.records().await.unwrap();
    assert!(records.iter().any(|key| KeyStage::of(key, much_later) == KeyStage::Removed));
    assert!(node.keeper.ring().await.is_ok());
    node.close().await;
}
