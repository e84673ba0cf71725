//! Many callers at once, and a process killed half-way.

mod killed;

use std::sync::Arc;
use std::time::Duration;

use testkit::{Citizen, Client, Server, Tokens, all_at_once};

struct World {
    server: Arc<Server>,
    client: Client,
    citizen: Citizen,
}

impl World {
    async fn new(public: bool) -> Self {
        let server = Server::start().await;
        let citizen = server.citizen().create().await;
        let client = server.client("portal");
        let client = if public { client.public() } else { client }.create().await;
        Self { server: Arc::new(server), client, citizen }
    }

    async fn code(&self, further: &[(&str, &str)]) -> String {
        let mut browser = self.server.browser();
        browser.authorize(&self.server, &self.client, &self.citizen, further).await
    }

    async fn offline_tokens(&self) -> Tokens {
        let code = self.code(&[("scope", "openid offline_access"), ("prompt", "consent")]).await;
        self.client.redeem(&self.server, &code).await
    }

    /// The same refresh token presented `count` times at the same moment.
    async fn refresh_at_once(&self, count: usize, token: &str) -> Vec<Tokens> {
        all_at_once(count, |_| {
            let (server, client, token) =
                (Arc::clone(&self.server), self.client.clone(), token.to_owned());
            async move { client.refresh(&server, &token).await }
        })
        .await
    }

    async fn active(&self, token: &str) -> bool {
        // Whoever introspects proves who it is: a public client cannot.
        self.server.userinfo_response(token).await.status() == 200
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_redemptions_of_one_code_succeed_once_and_then_cost_the_family() {
    // ATK-002, BCP-21
    let world = World::new(false).await;
    let code = world.code(&[]).await;
    let answers = all_at_once(200, |_| {
        let (server, client, code) =
            (Arc::clone(&world.server), world.client.clone(), code.clone());
        async move { client.redeem(&server, &code).await }
    })
    .await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    for answer in lost {
        assert_eq!((answer.status, answer.error()), (400, "invalid_grant"), "{answer:?}");
    }
    let token = won[0].access_token();
    let answer = world.client.introspect(&world.server, token).await;
    assert_eq!(answer, serde_json::json!({ "active": false }), "the family is revoked");
    assert!(!world.active(token).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_honest_refreshes_at_once_are_one_lineage_and_lose_nobody() {
    // BCP-11, security.md §7 no. 2: an answer that got lost may be asked for again
    let world = World::new(true).await;
    let first = world.offline_tokens().await;
    let answers = world.refresh_at_once(50, first.refresh_token()).await;
    for answer in &answers {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(world.active(answer.access_token()).await);
    }
    // Whichever answer the client kept, it can go on; and only one generation was made.
    let next = world.client.refresh(&world.server, answers[0].refresh_token()).await;
    assert_eq!(next.status, 200, "{next:?}");
    let sibling = world.client.refresh(&world.server, answers[49].refresh_token()).await;
    assert_eq!(sibling.status, 200, "the same generation, within the window: {sibling:?}");

    world.server.clock.advance(Duration::from_secs(10));
    let replay = world.client.refresh(&world.server, answers[0].refresh_token()).await;
    assert_eq!((replay.status, replay.error()), (400, "invalid_grant"));
    for token in [&next, &sibling] {
        let answer = world.client.refresh(&world.server, token.refresh_token()).await;
        assert_eq!(answer.error(), "invalid_grant", "the family is gone");
        assert!(!world.active(token.access_token()).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_generation_two_behind_is_a_copy_even_within_the_window() {
    // BCP-11
    let world = World::new(true).await;
    let first = world.offline_tokens().await;
    let second = world.client.refresh(&world.server, first.refresh_token()).await;
    let third = world.client.refresh(&world.server, second.refresh_token()).await;
    assert_eq!(third.status, 200);
    let answers = world.refresh_at_once(20, first.refresh_token()).await;
    assert!(answers.iter().all(|answer| answer.status == 400), "{answers:?}");
    let answer = world.client.refresh(&world.server, third.refresh_token()).await;
    assert_eq!(answer.error(), "invalid_grant");
    assert!(!world.active(third.access_token()).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_confidential_clients_token_is_not_rotated_and_serves_everybody_at_once() {
    let world = World::new(false).await;
    let tokens = world.offline_tokens().await;
    for answer in world.refresh_at_once(50, tokens.refresh_token()).await {
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.body.get("refresh_token").is_none(), "young enough to keep");
    }
    assert_eq!(world.client.refresh(&world.server, tokens.refresh_token()).await.status, 200);
}
