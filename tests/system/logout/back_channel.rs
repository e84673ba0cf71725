//! Telling relying parties that a session ended (OpenID Connect Back-Channel Logout 1.0).

use std::time::Duration;

use flows::admin::lock_citizen;
use identity_core::account::{Lock, LockReason, LockedBy};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, jwk::JwkSet};
use serde_json::{Value, json};
use testkit::jwt::header_of;
use testkit::{Browser, Citizen, Client, Mood, Receiver, Server, Tokens, until};

/// A provider that may call these receivers, and somebody to log in.
struct Scene {
    server: Server,
    citizen: Citizen,
    browser: Browser,
}

impl Scene {
    async fn allowing(receivers: &[&Receiver]) -> Self {
        let allowed: Vec<String> = receivers.iter().map(|receiver| receiver.address()).collect();
        let server = Server::start_with(&format!("[outbound]\nallow = {allowed:?}")).await;
        let citizen = server.citizen().create().await;
        let browser = server.browser();
        Self { server, citizen, browser }
    }

    async fn client(&self, id: &str, uri: &str) -> Client {
        let uri = Some(uri.to_owned());
        self.server.client(id).with(|party| party.backchannel_logout_uri = uri).create().await
    }

    async fn log_in_at(&mut self, client: &Client) -> Tokens {
        let code = self.browser.authorize(&self.server, client, &self.citizen, &[]).await;
        client.redeem(&self.server, &code).await
    }

    async fn log_out(&mut self) {
        let page = self.browser.visit("/logout").await;
        let page = self.browser.press(&page, "logout-yes", &[]).await;
        assert_eq!(page.path(), "/logged-out", "{}", page.describe());
    }

    /// Deliveries that are neither done nor given up, whenever they are due.
    async fn undelivered(&self) -> Vec<u32> {
        let some_day = self.server.now().plus(Duration::from_hours(24 * 365));
        let due = self.server.provider.store.due_logouts(some_day, 100).await.expect("readable");
        due.iter().map(|delivery| delivery.attempts).collect()
    }

    async fn all_delivered(&self) {
        until("every notice is delivered or given up", async || {
            self.undelivered().await.is_empty()
        })
        .await;
    }

    async fn attempted(&self, attempts: u32) {
        until("the failure is recorded", async || self.undelivered().await == [attempts]).await;
    }

    /// Time passes, and the sender looks again at what is due.
    fn pass(&self, by: Duration) {
        self.server.clock.advance(by);
        self.server.provider.notices.notify_one();
    }

    /// The claims of a notice, judged by a library that is not ours.
    async fn claims(&self, body: &str, client: &Client) -> Value {
        let form: Vec<_> = url::form_urlencoded::parse(body.as_bytes()).collect();
        let [(name, token)] = form.as_slice() else { panic!("one parameter: {body}") };
        assert_eq!(name, "logout_token");
        assert_eq!(header_of(token)["typ"], "logout+jwt");
        let keys: JwkSet = serde_json::from_value(self.server.get_json("/jwks").await).unwrap();
        let kid = header_of(token)["kid"].as_str().expect("a kid").to_owned();
        let key = DecodingKey::from_jwk(keys.find(&kid).expect("published")).unwrap();
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_audience(&[&client.id]);
        validation.set_issuer(&[&self.server.issuer]);
        // The library would ask the wall clock; time stands still here.
        validation.validate_exp = false;
        decode::<Value>(token.as_ref(), &key, &validation).expect("the signature holds").claims
    }
}

#[tokio::test]
async fn every_relying_party_of_the_session_gets_exactly_one_logout_token() {
    // trap 23, LO-06
    let mut receivers =
        [Receiver::start(Mood::Accepts).await, Receiver::start(Mood::Accepts).await];
    let mut scene = Scene::allowing(&[&receivers[0], &receivers[1]]).await;
    let mut told = Vec::new();
    for (id, receiver) in ["first", "second"].iter().zip(&receivers) {
        let client = scene.client(id, &receiver.uri()).await;
        let tokens = scene.log_in_at(&client).await;
        scene.log_in_at(&client).await;
        told.push((client, tokens.id_claims()));
    }
    let uninvolved = scene.client("uninvolved", &receivers[0].uri()).await;
    scene.log_out().await;
    for ((client, id_token), receiver) in told.iter().zip(&mut receivers) {
        let notice = receiver.next().await;
        let claims = scene.claims(&notice, client).await;
        assert_eq!(claims["sid"], id_token["sid"]);
        assert_eq!(claims["sub"], id_token["sub"]);
        let event = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        assert_eq!(claims["events"], event);
        assert!(claims.get("nonce").is_none(), "{claims}");
        assert!(claims["jti"].as_str().is_some_and(|jti| !jti.is_empty()), "{claims}");
        let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
        assert!((1..=120).contains(&life), "{life}");
    }
    scene.all_delivered().await;
    assert!(
        receivers.iter_mut().all(|receiver| !receiver.has_more()),
        "one each: {}",
        uninvolved.id
    );
}

#[tokio::test]
async fn a_relying_party_that_fails_is_told_again_later() {
    // ATK-112
    let mut receiver = Receiver::start(Mood::Fails).await;
    let mut scene = Scene::allowing(&[&receiver]).await;
    let client = scene.client("failing", &receiver.uri()).await;
    scene.log_in_at(&client).await;
    scene.log_out().await;
    let first = receiver.next().await;
    let first = scene.claims(&first, &client).await;
    scene.attempted(1).await;
    scene.pass(Duration::from_secs(4));
    scene.attempted(1).await;
    assert!(!receiver.has_more(), "not before its time");

    receiver.turn(Mood::Accepts);
    scene.pass(Duration::from_secs(1));
    let second = receiver.next().await;
    let second = scene.claims(&second, &client).await;
    assert_eq!(second["sid"], first["sid"]);
    assert_ne!(second["jti"], first["jti"], "a token made anew is not a replay");
    scene.all_delivered().await;
    scene.pass(Duration::from_hours(24));
    scene.all_delivered().await;
    assert!(!receiver.has_more());
}

#[tokio::test]
async fn a_relying_party_that_always_fails_is_given_up_after_a_day() {
    // ATK-112, ATK-142
    let mut receiver = Receiver::start(Mood::Fails).await;
    let mut scene = Scene::allowing(&[&receiver]).await;
    let client = scene.client("failing", &receiver.uri()).await;
    scene.log_in_at(&client).await;
    scene.log_out().await;
    receiver.next().await;
    scene.attempted(1).await;
    scene.pass(Duration::from_hours(1));
    receiver.next().await;
    scene.attempted(2).await;
    scene.pass(Duration::from_hours(24));
    receiver.next().await;
    scene.all_delivered().await;
}

#[tokio::test]
async fn one_relying_party_that_hangs_does_not_hold_up_the_others() {
    // ATK-112
    let mut slow = Receiver::start(Mood::Hangs).await;
    let mut quick = Receiver::start(Mood::Accepts).await;
    let mut scene = Scene::allowing(&[&slow, &quick]).await;
    for (id, receiver) in [("slow", &slow), ("quick", &quick)] {
        let client = scene.client(id, &receiver.uri()).await;
        scene.log_in_at(&client).await;
    }
    scene.log_out().await;
    slow.next().await;
    quick.next().await;
    until("the quick one is done with", async || scene.undelivered().await.len() == 1).await;

    // Another citizen's logout does not wait for the one that hangs.
    scene.browser = scene.server.browser();
    let client = scene.client("quick", &quick.uri()).await;
    scene.log_in_at(&client).await;
    let began = std::time::Instant::now();
    scene.log_out().await;
    quick.next().await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_address_inside_the_house_is_never_called() {
    // ATK-020, ATK-112
    let mut inside = Receiver::start(Mood::Accepts).await;
    let allowed = Receiver::start(Mood::Accepts).await;
    let mut scene = Scene::allowing(&[&allowed]).await;
    let client = scene.client("inside", &inside.uri()).await;
    scene.log_in_at(&client).await;
    scene.log_out().await;
    scene.attempted(1).await;
    assert!(!inside.has_more(), "refused before a connection was made");
}

#[tokio::test]
async fn ending_a_session_on_the_citizens_page_tells_its_relying_parties() {
    let mut receiver = Receiver::start(Mood::Accepts).await;
    let mut scene = Scene::allowing(&[&receiver]).await;
    let client = scene.client("portal", &receiver.uri()).await;
    let tokens = scene.log_in_at(&client).await;
    let mut elsewhere = scene.server.browser();
    let page = elsewhere.log_in(&scene.server, "/home/sessions", &scene.citizen).await;
    elsewhere.press(&page, "end-other-sessions", &[]).await;
    let notice = receiver.next().await;
    assert_eq!(scene.claims(&notice, &client).await["sid"], tokens.id_claims()["sid"]);
}

#[tokio::test]
async fn locking_an_account_tells_the_relying_parties_of_all_its_sessions() {
    // design §6
    let mut receiver = Receiver::start(Mood::Accepts).await;
    let mut scene = Scene::allowing(&[&receiver]).await;
    let client = scene.client("portal", &receiver.uri()).await;
    let mut expected = Vec::new();
    for _ in 0..2 {
        scene.browser = scene.server.browser();
        expected.push(scene.log_in_at(&client).await.id_claims()["sid"].clone());
    }
    let now = scene.server.now();
    let lock = Lock { reason: LockReason::HolderRequest, by: LockedBy::Holder, since: now };
    lock_citizen(&scene.server.provider, scene.citizen.id, lock, now).await.expect("locked");
    let mut told = Vec::new();
    for _ in 0..2 {
        let notice = receiver.next().await;
        told.push(scene.claims(&notice, &client).await["sid"].clone());
    }
    let sorted = |mut sids: Vec<Value>| {
        sids.sort_by_key(ToString::to_string);
        sids
    };
    assert_eq!(sorted(told), sorted(expected));
}

#[tokio::test]
async fn a_login_as_somebody_else_ends_the_session_before_it_and_tells() {
    // ATK-090
    let mut receiver = Receiver::start(Mood::Accepts).await;
    let mut scene = Scene::allowing(&[&receiver]).await;
    let client = scene.client("portal", &receiver.uri()).await;
    let tokens = scene.log_in_at(&client).await;
    scene.server.clock.advance(Duration::from_secs(2));
    let page = scene.browser.visit(&client.authorize(&[("prompt", "select_account")])).await;
    let page = scene.browser.press(&page, "use-another-account", &[]).await;
    let other = scene.server.citizen().create().await;
    let filled = [("username", other.number.as_str()), ("password", other.password.as_str())];
    scene.browser.submit(&page, &filled).await;
    let notice = receiver.next().await;
    assert_eq!(scene.claims(&notice, &client).await["sid"], tokens.id_claims()["sid"]);
    let answer = client.introspect(&scene.server, tokens.access_token()).await;
    assert_eq!(answer["active"], false);
}
