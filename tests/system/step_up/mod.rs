//! RFC 9470 from end to end: an API asks for more proof, the portal goes to /authorize with what it asked
//! for, and the next request is served.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode, header};
use step_up::{Challenge, Introspect, Login, Requirement, StepUpLayer, Unavailable};
use testkit::{Client, Server};
use tower::{Layer as _, ServiceExt as _, service_fn};

/// The API asks the real provider, over HTTP and with credentials of its own.
struct Provider {
    server: Arc<Server>,
    api: Client,
}

impl Introspect for Provider {
    async fn introspect(&self, token: &str) -> Result<Option<Login>, Unavailable> {
        let answer = self.api.introspect(&self.server, token).await;
        Login::of_introspection(answer).map_err(|error| Unavailable(error.to_string()))
    }
}

struct World {
    server: Arc<Server>,
    portal: Client,
    api: Client,
}

impl World {
    async fn new() -> Self {
        let server = Server::start().await;
        let api = server.client("cases").create().await;
        let audience = api.party.client_id.clone();
        let portal = server.client("portal").with(|party| party.audiences = [audience].into());
        let portal = portal.create().await;
        Self { server: Arc::new(server), portal, api }
    }

    /// The API's answer: status, and the challenge if it is one of step-up.
    async fn call(&self, token: &str, needs: Requirement) -> (StatusCode, Option<Challenge>) {
        let (server, api) = (Arc::clone(&self.server), self.api.clone());
        let clock = Arc::clone(&self.server);
        let now = move || clock.now().unix_seconds();
        let inner = service_fn(|request: Request<()>| async move {
            assert!(request.extensions().get::<Login>().is_some_and(|login| login.sub.is_some()));
            Ok::<_, Infallible>(Response::new(()))
        });
        let service = StepUpLayer::new(Provider { server, api }, needs, now).layer(inner);
        let request = Request::builder().header(header::AUTHORIZATION, format!("Bearer {token}"));
        let answer = service.oneshot(request.body(()).unwrap()).await.unwrap();
        let challenge = answer.headers().get(header::WWW_AUTHENTICATE);
        let challenge = challenge.and_then(|value| Challenge::parse(value.to_str().unwrap()));
        (answer.status(), challenge)
    }
}

/// What a portal makes of a challenge: the level as a demand, so that the provider says if it cannot be met.
fn asks(challenge: &Challenge) -> Vec<(&'static str, String)> {
    let mut asks = Vec::new();
    if !challenge.acr_values.is_empty() {
        let acr = serde_json::json!({ "essential": true, "values": challenge.acr_values });
        asks.push(("acr_values", challenge.acr_values.join(" ")));
        asks.push(("claims", serde_json::json!({ "id_token": { "acr": acr } }).to_string()));
    }
    asks.extend(challenge.max_age.map(|seconds| ("max_age", seconds.to_string())));
    asks
}

#[tokio::test]
async fn an_api_that_needs_more_is_served_after_the_person_proved_more() {
    let world = World::new().await;
    let citizen = world.server.citizen().create().await;
    let mut browser = world.server.browser();
    let needs = || Requirement::default().scope("openid").authentication_level(2).max_age(600);

    let code = browser.authorize(&world.server, &world.portal, &citizen, &[]).await;
    let tokens = world.portal.redeem(&world.server, &code).await;
    let (status, challenge) = world.call(tokens.access_token(), needs()).await;
    assert_eq!(status, 401);
    let challenge = challenge.expect("a challenge of RFC 9470");
    assert_eq!(challenge.max_age, Some(600));

    let asks = asks(&challenge);
    let asks: Vec<_> = asks.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.visit(&world.portal.authorize(&asks)).await;
    assert_eq!(page.path(), "/login/totp", "only what is missing: {}", page.describe());
    let code = browser.authorize(&world.server, &world.portal, &citizen, &asks).await;
    let tokens = world.portal.redeem(&world.server, &code).await;
    assert_eq!(tokens.id_claims()["acr"], "urn:vn:eid:auth:2");
    let served = world.call(tokens.access_token(), needs()).await;
    assert_eq!(served, (StatusCode::OK, None));
}

#[tokio::test]
async fn a_login_that_got_too_old_is_asked_for_again_and_then_served() {
    let world = World::new().await;
    let citizen = world.server.citizen().create().await;
    let mut browser = world.server.browser();
    let needs = || Requirement::default().authentication_level(1).max_age(300);

    let code = browser.authorize(&world.server, &world.portal, &citizen, &[]).await;
    let tokens = world.portal.redeem(&world.server, &code).await;
    assert_eq!(world.call(tokens.access_token(), needs()).await.0, 200);
    world.server.clock.advance(Duration::from_secs(301));
    let (status, challenge) = world.call(tokens.access_token(), needs()).await;
    let challenge = challenge.expect("a challenge of RFC 9470");
    assert_eq!((status.as_u16(), challenge.acr_values.len()), (401, 0));

    let asks = asks(&challenge);
    let asks: Vec<_> = asks.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.visit(&world.portal.authorize(&asks)).await;
    assert_eq!(page.path(), "/login", "the session alone no longer suffices");
    let code = browser.authorize(&world.server, &world.portal, &citizen, &asks).await;
    let tokens = world.portal.redeem(&world.server, &code).await;
    assert_eq!(world.call(tokens.access_token(), needs()).await.0, 200);
}

#[tokio::test]
async fn a_level_out_of_reach_comes_back_as_an_error_and_never_as_a_weaker_token() {
    // SU-02
    let world = World::new().await;
    let citizen = world.server.citizen().without_totp().create().await;
    let mut browser = world.server.browser();
    let code = browser.authorize(&world.server, &world.portal, &citizen, &[]).await;
    let tokens = world.portal.redeem(&world.server, &code).await;
    let needs = Requirement::default().authentication_level(3);
    let (_, challenge) = world.call(tokens.access_token(), needs).await;
    let asks = asks(&challenge.expect("a challenge of RFC 9470"));
    let asks: Vec<_> = asks.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browser.log_in(&world.server, &world.portal.authorize(&asks), &citizen).await;
    let error = page.redirected("error");
    assert_eq!(error.as_deref(), Some("unmet_authentication_requirements"), "{}", page.describe());
}

#[tokio::test]
async fn a_token_taken_back_is_refused_at_once_and_asks_for_nothing() {
    let world = World::new().await;
    let citizen = world.server.citizen().create().await;
    let code = world.server.browser().authorize(&world.server, &world.portal, &citizen, &[]).await;
    let tokens = world.portal.redeem(&world.server, &code).await;
    let revoked = [("token", tokens.access_token())];
    world.portal.post(&world.server, "/revoke", &revoked).await;
    let answer = world.call(tokens.access_token(), Requirement::default()).await;
    assert_eq!(answer, (StatusCode::UNAUTHORIZED, None));
}
