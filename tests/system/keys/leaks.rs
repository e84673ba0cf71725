//! Two nodes on one database, and an operator at a third process.

use std::time::{Duration, Instant};

use testkit::jwt::header_of;
use testkit::{Process, Program, free_port, until};

use super::{code, create_citizen, is_active, keys, redeem, refresh, register_client, text};

/// The staleness bound of one second, and a second for two cores that do everything else as well.
const BOUND: Duration = Duration::from_secs(2);

struct Nodes {
    program: Program,
    _first: Process,
    _second: Process,
    ports: [u16; 2],
}

async fn two_nodes() -> Nodes {
    let program = Program::new();
    create_citizen(&program);
    register_client(&program, "portal", "sealed");
    register_client(&program, "offline", "jwt");
    let first = program.serve().await;
    let port = free_port();
    program.write("second.toml", &program.configuration(port));
    let second = program.start("second.toml", &["serve"], port).await;
    let ports = [program.port, port];
    Nodes { program, _first: first, _second: second, ports }
}

impl Nodes {
    async fn inactive_everywhere(&self, client: &str, token: &str) {
        let leaked = Instant::now();
        for port in self.ports {
            until("the leak is known", || async {
                !is_active(&self.program, port, client, token).await
            })
            .await;
        }
        assert!(leaked.elapsed() < BOUND, "{:?}", leaked.elapsed());
    }
}

#[tokio::test]
async fn what_a_leaked_key_made_is_dead_on_every_node_within_the_bound() {
    // ATK-131
    let nodes = two_nodes().await;
    let (program, [first, second]) = (&nodes.program, nodes.ports);
    let mut browser = program.browser();
    let signed = code(&mut browser, "offline").await;
    let (_, _, signed) = redeem(program, first, "offline", &signed).await;
    let sealed = code(&mut browser, "portal").await;
    let (_, _, sealed) = redeem(program, first, "portal", &sealed).await;
    let (jwt, opaque) = (text(&signed, "access_token"), text(&sealed, "access_token"));
    for port in nodes.ports {
        assert!(is_active(program, port, "offline", jwt).await);
        assert!(is_active(program, port, "portal", opaque).await);
    }

    let kid = header_of(jwt)["kid"].as_str().unwrap().to_owned();
    program.done(&["keys", "compromise", &kid]);
    nodes.inactive_everywhere("offline", jwt).await;
    assert!(is_active(program, second, "portal", opaque).await, "another key sealed it");

    let waiting = code(&mut browser, "portal").await;
    let seal = keys(program).into_iter().find(|key| key[1] == "seal").expect("a sealing key");
    program.done(&["keys", "compromise", &seal[0]]);
    nodes.inactive_everywhere("portal", opaque).await;
    for port in nodes.ports {
        let (status, _, body) = redeem(program, port, "portal", &waiting).await;
        assert_eq!((status, text(&body, "error")), (400, "invalid_grant"));
        let held = text(&sealed, "refresh_token");
        let (status, _, body) = refresh(program, port, "portal", held).await;
        assert_eq!((status, text(&body, "error")), (400, "invalid_grant"));
    }

    // The successors work at once, also across nodes.
    let fresh = code(&mut program.browser(), "portal").await;
    let (status, _, fresh) = redeem(program, second, "portal", &fresh).await;
    assert_eq!(status, 200, "{fresh}");
    assert!(is_active(program, first, "portal", text(&fresh, "access_token")).await);
}

#[tokio::test]
async fn after_a_restore_everything_sealed_until_now_can_be_ended_at_once() {
    let nodes = two_nodes().await;
    let (program, [first, second]) = (&nodes.program, nodes.ports);
    let mut browser = program.browser();
    let before = code(&mut browser, "portal").await;
    let (_, _, before) = redeem(program, first, "portal", &before).await;
    // Announced keys go as well: in the time that was lost they may have been in use.
    program.done(&["keys", "rotate"]);
    let said = program.done(&["keys", "compromise", "--all-sealing"]);
    assert_eq!(said.matches("no longer believed").count(), 2, "{said}");
    assert_eq!(said.matches("made ").count(), 1, "{said}");
    nodes.inactive_everywhere("portal", text(&before, "access_token")).await;
    let (status, ..) = refresh(program, second, "portal", text(&before, "refresh_token")).await;
    assert_eq!(status, 400);
    let after = code(&mut program.browser(), "portal").await;
    assert_eq!(redeem(program, second, "portal", &after).await.0, 200);
    assert!(!program.run(&["keys", "compromise"]).success, "a key or all of them");
}

#[tokio::test]
async fn a_node_that_only_introspects_waits_for_keys_and_makes_none() {
    let program = Program::new();
    let port = free_port();
    program.write("introspection.toml", &program.configuration(port));
    let role = ["serve", "--role", "introspection"];
    let waits = program.start("introspection.toml", &role, port);
    let log = program.path(&format!("{port}.log"));
    let makes = async {
        until("it waits", || {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            std::future::ready(said.contains("waiting for a node that makes them"))
        })
        .await;
        program.serve().await
    };
    let (introspection, provider) = tokio::join!(waits, makes);
    assert_eq!(keys(&program).len(), 4);
    assert!(introspection.interrupt().await && provider.interrupt().await);
}
