//! A database that is locked by somebody else, gone, or not what it was.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _};
use testkit::{Browser, Citizen, Client, Database, Server, Tokens};

/// A server on a file, with a person logged in.
struct World {
    database: Database,
    server: Server,
    citizen: Citizen,
    portal: Client,
    browser: Browser,
    tokens: Tokens,
    code: String,
}

impl World {
    async fn new() -> Self {
        let database = Database::new();
        let server = Server::start_on(&database.file).await;
        let citizen = server.citizen().create().await;
        let portal = server.client("portal").create().await;
        let mut browser = server.browser();
        let offline = [("scope", "openid offline_access"), ("prompt", "consent")];
        let code = browser.authorize(&server, &portal, &citizen, &offline).await;
        let tokens = portal.redeem(&server, &code).await;
        let code = browser.authorize(&server, &portal, &citizen, &[]).await;
        Self { database, server, citizen, portal, browser, tokens, code }
    }

    /// Every table somewhere else: to the server, the database is gone.
    async fn hide(&self, tables: &[&str]) {
        for table in tables {
            self.database.meddle(&format!("ALTER TABLE {table} RENAME TO hidden_{table}")).await;
        }
    }

    async fn bring_back(&self, tables: &[&str]) {
        for table in tables {
            self.database.meddle(&format!("ALTER TABLE hidden_{table} RENAME TO {table}")).await;
        }
    }
}

#[track_caller]
fn asks_to_come_back(what: &str, answer: &Tokens) {
    assert_eq!(answer.status, 503, "{what}: {answer:?}");
    assert_eq!(answer.error(), "temporarily_unavailable", "{what}");
    assert!(answer.headers.contains_key("retry-after"), "{what}");
    assert_eq!(answer.headers["cache-control"], "no-store", "{what}");
    assert!(answer.body.get("access_token").is_none(), "{what}: something was issued");
    let text = answer.body.to_string();
    assert!(!text.contains("table") && !text.contains("sql"), "{what}: tells its cause: {text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_writer_holds_the_database_nothing_is_acknowledged() {
    // ATK-075, RV-04
    let world = World::new().await;
    let (server, portal) = (&world.server, &world.portal);
    let mut other = world.database.connection().await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let revoke = [("token", world.tokens.access_token())];
    let (redeemed, revoked) =
        tokio::join!(portal.redeem(server, &world.code), portal.post(server, "/revoke", &revoke),);
    asks_to_come_back("code", &redeemed);
    asks_to_come_back("revocation", &revoked);
    // Reading goes on: who only asks is answered.
    assert_eq!(server.userinfo_response(world.tokens.access_token()).await.status(), 200);

    other.execute("ROLLBACK").await.unwrap();
    let answer = portal.introspect(server, world.tokens.access_token()).await;
    assert_eq!(answer["active"], true, "what was not acknowledged did not happen");
    assert_eq!(portal.redeem(server, &world.code).await.status, 200, "nothing was lost");
    let revoked = portal.post(server, "/revoke", &revoke).await;
    assert_eq!(revoked.status, 200);
    let answer = portal.introspect(server, world.tokens.access_token()).await;
    assert_eq!(answer["active"], false);
    world.server.stop().await;
}

#[tokio::test]
async fn without_its_tables_the_provider_issues_nothing_and_says_when_to_come_back() {
    // ATK-075
    let mut world = World::new().await;
    let tables = ["grants", "sessions", "authenticators"];
    world.hide(&tables).await;
    let (server, portal) = (&world.server, &world.portal);
    asks_to_come_back("code", &portal.redeem(server, &world.code).await);
    let refresh = world.tokens.refresh_token();
    asks_to_come_back("refresh", &portal.refresh(server, refresh).await);
    asks_to_come_back("revoke", &portal.post(server, "/revoke", &[("token", refresh)]).await);
    for path in [portal.authorize(&[]), portal.authorize(&[("prompt", "none")]), "/home".to_owned()]
    {
        let page = world.browser.get(&path).await;
        assert_eq!(page.status, 503, "{}", page.describe());
        assert!(page.headers.contains_key("retry-after"), "{path}");
        assert!(page.location().is_none(), "{path}");
        let request_id = page.headers["x-request-id"].to_str().unwrap();
        assert!(page.body.contains(request_id), "{path}: nothing to quote");
        assert!(!page.body.contains("sessions"), "{path}: tells its cause");
    }
    let mut stranger = world.server.browser();
    let page = stranger.visit(&world.portal.authorize(&[])).await;
    assert_eq!(page.path(), "/login", "looking at the page needs no database");
    let filled = [("username", &*world.citizen.number), ("password", &*world.citizen.password)];
    assert_eq!(stranger.submit(&page, &filled).await.status, 503);

    world.bring_back(&tables).await;
    assert_eq!(world.portal.redeem(&world.server, &world.code).await.status, 200);
    let page = stranger.submit(&page, &filled).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}

#[tokio::test]
async fn introspection_answers_from_memory_for_a_second_and_then_not_at_all() {
    // Bounded staleness (design §4): never "active" out of ignorance
    let world = World::new().await;
    let (server, portal) = (&world.server, &world.portal);
    let ask = [("token", world.tokens.access_token())];
    assert_eq!(portal.post(server, "/introspect", &ask).await.body["active"], true);
    world.hide(&["events"]).await;
    let answer = portal.post(server, "/introspect", &ask).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body["active"], true, "known a moment ago");

    server.clock.advance(Duration::from_millis(1_001));
    asks_to_come_back("introspection", &portal.post(server, "/introspect", &ask).await);
    let userinfo = server.userinfo_response(world.tokens.access_token()).await;
    assert_eq!(userinfo.status(), 503);

    world.bring_back(&["events"]).await;
    assert_eq!(portal.post(server, "/introspect", &ask).await.body["active"], true);
}

#[tokio::test]
async fn a_database_that_refuses_to_write_loses_no_login_and_no_code() {
    // As a full disk does: reading works, every write fails.
    let mut world = World::new().await;
    let refuse = "RAISE(ABORT, 'disk full')";
    for table in ["events", "grants", "sessions"] {
        let sql = format!(
            "CREATE TRIGGER no_{table} BEFORE INSERT ON {table} BEGIN SELECT {refuse}; END"
        );
        world.database.meddle(&sql).await;
    }
    let (server, portal) = (&world.server, &world.portal);
    let answer = portal.redeem(server, &world.code).await;
    assert!(answer.status >= 500 && answer.body.get("access_token").is_none(), "{answer:?}");
    let revoke = [("token", world.tokens.access_token())];
    assert!(portal.post(server, "/revoke", &revoke).await.status >= 500);
    let page = world.browser.visit("/logout").await;
    let page = world.browser.press(&page, "logout-yes", &[]).await;
    assert!(page.status.as_u16() >= 500, "{}", page.describe());
    let mut connection = world.database.connection().await;
    for table in ["events", "grants", "sessions"] {
        connection.execute(AssertSqlSafe(format!("DROP TRIGGER no_{table}"))).await.unwrap();
    }
    assert_eq!(portal.redeem(server, &world.code).await.status, 200);
    let page = world.browser.visit(&portal.authorize(&[("prompt", "none")])).await;
    assert!(page.redirected("code").is_some(), "still logged in: {}", page.describe());
}
