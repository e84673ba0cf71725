//! Binding a telephone: who may, once, in ten minutes, and one at a time.

use std::time::Duration;

use flows::app::counter;
use identity_core::{AuthenticatorKind, Clock as _, EventKind};
use serde_json::json;
use testkit::app::{Offer, Signer};
use testkit::{App, Browser, Citizen, Server};

use super::forgotten::messages;
use super::messages::house;

/// Somebody logged in with a second factor, and the code they are shown.
async fn offered(server: &Server) -> (Citizen, Browser, Offer) {
    let lan = server.citizen().create().await;
    let mut browser = server.browser();
    browser.log_in(server, "/home/security/app", &lan).await;
    let offer = Offer::from(&mut browser).await;
    (lan, browser, offer)
}

async fn history(server: &Server, citizen: &Citizen) -> Vec<EventKind> {
    let events = server.provider.store.history_of(citizen.id, None, 50).await.unwrap();
    events.iter().map(|recorded| recorded.event().kind.clone()).collect()
}

fn concerns_app(kind: &EventKind) -> Option<&'static str> {
    match kind {
        EventKind::AuthenticatorBound { kind: AuthenticatorKind::App, .. } => Some("bound"),
        EventKind::AuthenticatorRemoved { kind: AuthenticatorKind::App, .. } => Some("removed"),
        _ => None,
    }
}

#[tokio::test]
async fn a_code_binds_one_telephone_once() {
    // scorecard 10, ATK-097
    let server = Server::start().await;
    let (lan, mut browser, offer) = offered(&server).await;
    let mut app = App::new();
    let bound = app.bind(&server, &offer).await.ok();
    assert_eq!(bound["holder"], "Nguyễn T•• K••• T••");
    assert_eq!(bound["label"], "Điện thoại của Lan");
    let again = App::new().bind(&server, &offer).await;
    assert_eq!(again.error(), "binding_code");
    assert_eq!(app.ask(&server, "pending", json!({})).await.status, 200);
    let page = browser.visit("/home/security").await;
    assert_eq!(page.text_of("app-device"), "Điện thoại của Lan");
    let told: Vec<_> = history(&server, &lan).await.iter().filter_map(concerns_app).collect();
    assert_eq!(told, ["bound"]);
}

#[tokio::test]
async fn a_code_from_a_counter_binds_one_telephone_of_its_holder_once_within_a_day() {
    // NIST SP 800-63B-4 §4.1.2; scorecard 10, ATK-097, ATK-098
    let server = Server::start().await;
    let (lan, minh) = (server.citizen().create().await, server.citizen().create().await);
    let issue = async |to: &Citizen| {
        let code = counter::issue(&server.provider, to.id, server.clock.now()).await.unwrap();
        Offer { identifier: to.number.clone(), code: code.expose() }
    };
    let first = issue(&lan).await;
    let offer = issue(&lan).await;
    let of_another = Offer { identifier: minh.number.clone(), code: offer.code.clone() };
    let of_nobody = Offer { identifier: "001099999999".to_owned(), code: offer.code.clone() };
    for wrong in [&first, &of_another, &of_nobody] {
        assert_eq!(App::new().bind(&server, wrong).await.error(), "binding_code");
    }
    let bound = App::new().bind(&server, &offer).await.ok();
    assert_eq!(bound["holder"], "Nguyễn T•• K••• T••");
    assert_eq!(App::new().bind(&server, &offer).await.error(), "binding_code", "it was used");
    let told = history(&server, &lan).await;
    let handed_out = |kind: &EventKind| {
        matches!(kind, EventKind::AuthenticatorBound { kind: AuthenticatorKind::TemporaryCode, .. })
    };
    assert_eq!(told.iter().filter(|kind| handed_out(kind)).count(), 2, "{told:?}");

    let late = issue(&lan).await;
    server.clock.advance(counter::CODE_LIFE);
    assert_eq!(App::new().bind(&server, &late).await.error(), "binding_code");
}

#[tokio::test]
async fn an_account_has_one_device_and_the_history_says_when_it_moved() {
    let server = Server::start().await;
    let (lan, mut browser, offer) = offered(&server).await;
    let mut first = App::new();
    first.bind(&server, &offer).await.ok();
    let offer = Offer::from(&mut browser).await;
    App::new().bind(&server, &offer).await.ok();
    let mut told: Vec<_> = history(&server, &lan).await.iter().filter_map(concerns_app).collect();
    told.sort_unstable();
    assert_eq!(told, ["bound", "bound", "removed"]);
    let enrolments = server.provider.store.enrolments(lan.id).await.unwrap();
    let apps = enrolments.iter().filter(|it| it.authenticator.kind == AuthenticatorKind::App);
    assert_eq!(apps.count(), 1);
}

#[tokio::test]
async fn the_holder_is_told_by_message_that_a_telephone_came_and_that_it_moved() {
    // NIST SP 800-63B-4 §4.6: whoever did it in their name does not stay alone with it
    let server = house().await;
    let (_, mut browser, offer) = offered(&server).await;
    App::new().bind(&server, &offer).await.ok();
    let came = messages(&server, 1).await;
    assert!(came[0].text.contains("vừa được thêm vào tài khoản"), "{}", came[0].text);
    let offer = Offer::from(&mut browser).await;
    App::new().bind(&server, &offer).await.ok();
    let moved = messages(&server, 2).await;
    assert!(moved[0].text.contains("Điện thoại cũ không còn dùng được"), "{}", moved[0].text);
    for message in &moved {
        assert!(message.text.contains("Nếu không phải bạn"), "{}", message.text);
        assert!(!message.text.contains("Điện thoại của Lan"), "no words of whoever named it");
    }
}

#[tokio::test]
async fn of_two_telephones_at_once_one_is_bound() {
    let server = Server::start().await;
    let (lan, mut browser, offer) = offered(&server).await;
    let other = Offer::from(&mut browser).await;
    let (mut one, mut two) = (App::new(), App::new());
    let _ = tokio::join!(one.bind(&server, &offer), two.bind(&server, &other));
    let enrolments = server.provider.store.enrolments(lan.id).await.unwrap();
    let apps = enrolments.iter().filter(|it| it.authenticator.kind == AuthenticatorKind::App);
    assert_eq!(apps.count(), 1);
}

#[tokio::test]
async fn a_code_is_worth_nothing_after_ten_minutes_or_with_another_number() {
    let server = Server::start().await;
    let (_, mut browser, offer) = offered(&server).await;
    let other = Offer::from(&mut browser).await;
    let crossed = Offer { identifier: other.identifier.clone(), code: offer.code.clone() };
    assert_eq!(App::new().bind(&server, &crossed).await.error(), "binding_code");
    let lower = offer.code.to_lowercase().replace(' ', "-");
    let grouped = Offer { code: lower, ..offer.clone() };
    App::new().bind(&server, &grouped).await.ok();
    server.clock.advance(Duration::from_mins(10));
    assert_eq!(App::new().bind(&server, &other).await.error(), "binding_code");
}

#[tokio::test]
async fn ten_guesses_close_a_code() {
    // NIST SP 800-63B-4 §3.2.2
    let server = Server::start().await;
    let (_, _, offer) = offered(&server).await;
    let guess = Offer { code: "AAAAA AAAAA".to_owned(), ..offer.clone() };
    for _ in 0..10 {
        assert_eq!(App::new().bind(&server, &guess).await.error(), "binding_code");
    }
    assert_eq!(App::new().bind(&server, &offer).await.error(), "too_many_requests");
}

#[tokio::test]
async fn a_session_that_ended_takes_its_codes_along() {
    let server = Server::start().await;
    let (_, mut browser, offer) = offered(&server).await;
    let page = browser.visit("/logout").await;
    browser.press(&page, "logout-yes", &[]).await;
    assert_eq!(App::new().bind(&server, &offer).await.error(), "binding_code");
}

#[tokio::test]
async fn one_factor_is_not_enough_to_bind_a_telephone() {
    // NIST SP 800-63B-4 §4.1.2
    let server = Server::start().await;
    let plain = server.citizen().without_totp().create().await;
    let mut browser = server.browser();
    let page = browser.log_in(&server, "/home/security/app", &plain).await;
    assert_eq!(page.path(), "/home/security/app", "{}", page.describe());
    assert!(page.has_id("to-totp") && !page.has_id("make-binding-code"));
}

#[tokio::test]
async fn a_telephone_without_a_key_of_its_own_is_not_bound() {
    let server = Server::start().await;
    let (_, _, offer) = offered(&server).await;
    let app = App::new();
    let good = app.enrolment(&offer);
    for (name, bad) in [
        ("key", json!("AAAA")),
        ("key", json!(null)),
        ("activation_key", json!(7)),
        ("activation_key", good["key"].clone()),
        ("code", json!(null)),
    ] {
        let mut request = good.clone();
        request[name] = bad.clone();
        let envelope = app.envelope(&server, "enrol", request);
        let token = app.sign(&envelope, Signer::Device);
        let said = app.send(&server, "enrol", &token).await;
        assert_eq!(said.error(), "invalid_request", "{name} {bad}");
    }
    // Somebody else's key in the request: what signs is not what is brought.
    let envelope = app.envelope(&server, "enrol", App::new().enrolment(&offer));
    let token = app.sign(&envelope, Signer::Device);
    assert_eq!(app.send(&server, "enrol", &token).await.error(), "invalid_token");
}

#[tokio::test]
async fn the_holder_takes_it_off_at_the_security_centre() {
    let server = Server::start().await;
    let (_, mut browser, offer) = offered(&server).await;
    let mut app = App::new();
    app.bind(&server, &offer).await.ok();
    let page = browser.visit("/home/security/app").await;
    let page = browser.press(&page, "remove-device", &[]).await;
    assert_eq!(page.path(), "/home/security", "{}", page.describe());
    assert!(page.has_id("notice"));
    assert_eq!(app.ask(&server, "pending", json!({})).await.error(), "device_unknown");
}
