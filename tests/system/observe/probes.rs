//! `/healthz` and `/readyz`: who gets traffic.

use serde_json::Value;
use test_servers::Redis;
use testkit::{Database, Program, Server, free_port, until};

use super::OPERATIONS;

#[tokio::test]
async fn the_public_listener_shows_nothing_of_operations() {
    // ATK-138
    let server = Server::start_with(OPERATIONS).await;
    for path in ["/metrics", "/readyz", "/indicators"] {
        let answer = server.http.get(server.url(path)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics", "/indicators"] {
        assert_eq!(server.operations(path).await.status(), 200, "{path}");
    }
    assert_eq!(server.operations("/login").await.status(), 404);
}

#[tokio::test]
async fn a_node_whose_store_is_gone_lives_and_is_not_ready() {
    let database = Database::new();
    let server = Server::start_on_with(&database.file, OPERATIONS).await;
    let ready: Value = server.operations("/readyz").await.json().await.unwrap();
    assert_eq!(ready["ready"], true, "{ready}");
    database.meddle("ALTER TABLE events RENAME TO hidden_events").await;
    until("the node is not ready", || async { server.operations("/readyz").await.status() == 503 })
        .await;
    let ready: Value = server.operations("/readyz").await.json().await.unwrap();
    assert_eq!(ready["store"], "does not answer", "{ready}");
    assert_eq!(ready["keys"], "ok", "{ready}");
    assert_eq!(server.operations("/healthz").await.status(), 200);
    // What was known a moment ago counts for a second; then only the store could tell.
    server.clock.advance(std::time::Duration::from_secs(2));
    let ready: Value = server.operations("/readyz").await.json().await.unwrap();
    assert_ne!(ready["ledger"], "ok", "{ready}");
}

#[tokio::test]
async fn a_node_that_is_asked_to_stop_says_so_and_serves_on() {
    let program = Program::new();
    let operations = free_port();
    let watched = format!(
        "{}[operations]\nlisten = \"127.0.0.1:{operations}\"\ndrain_seconds = 2\n",
        program.configuration(program.port)
    );
    program.write("watched.toml", &watched);
    let process = program.start("watched.toml", &["serve"], program.port).await;
    let ask = |port: u16, path: &str| {
        let request = program.http.get(format!("http://127.0.0.1:{port}{path}"));
        async move { request.send().await.ok().map(|answer| answer.status().as_u16()) }
    };
    until("it is ready", || async { ask(operations, "/readyz").await == Some(200) }).await;
    let stopping = tokio::spawn(process.interrupt());
    until("it is not ready", || async { ask(operations, "/readyz").await == Some(503) }).await;
    assert_eq!(ask(program.port, "/login").await, Some(200), "it still serves");
    assert_eq!(ask(operations, "/healthz").await, Some(200), "it still lives");
    assert!(stopping.await.unwrap(), "it ends tidily");
    assert_eq!(ask(program.port, "/healthz").await, None);
}

#[tokio::test]
async fn a_node_whose_redis_is_gone_says_so_and_stays_ready() {
    let redis = Redis::start();
    let stores = format!("[redis]\nurl = \"{}\"\n[storage]\nsqlite = \"vneid.db\"\n", redis.url());
    let program = Program::storing(&stores);
    let operations = free_port();
    let watched = format!(
        "{}[operations]\nlisten = \"127.0.0.1:{operations}\"\n",
        program.configuration(program.port)
    );
    program.write("watched.toml", &watched);
    let _process = program.start("watched.toml", &["serve"], program.port).await;
    let ask = async |path: &str| {
        let answer = program.http.get(format!("http://127.0.0.1:{operations}{path}")).send().await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let says = async || {
        let (status, body) = ask("/readyz").await;
        let body: Value = serde_json::from_str(&body).unwrap();
        (status, body["redis"].as_str().unwrap().to_owned())
    };
    until("Redis answers", || async { says().await == (200, "ok".to_owned()) }).await;
    assert!(ask("/metrics").await.1.contains("\nvneid_redis_answers 1\n"));
    redis.kill_9();
    until("the node says so", || async { says().await.1.contains("client assertions") }).await;
    assert_eq!(says().await.0, 200, "it is ready all the same");
    assert!(ask("/metrics").await.1.contains("\nvneid_redis_answers 0\n"));
    redis.restart();
    until("Redis answers again", || async { says().await.1 == "ok" }).await;
}
