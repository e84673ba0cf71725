//! Statements that are none, or about something else.

use std::time::Duration;

use identity_core::event::LoginRefusalReason;
use testkit::{Page, all_at_once};

use super::{Statement, World};

fn refused(page: &Page) {
    assert_eq!(page.status, 422, "{}", page.describe());
    assert!(page.redirected("code").is_none());
}

#[tokio::test]
async fn a_statement_about_anything_else_or_by_anybody_else_is_refused_and_is_no_try() {
    // ATK-031, ATK-041: every bound value, changed one at a time
    let world = World::new().await;
    let (mut browser, mut page) = world.at_face().await;
    for dial in [
        ("about", "other_challenge"),
        ("about", "other_person"),
        ("about", "other_device"),
        ("about", "other_transaction"),
        ("about", "other_modality"),
        ("signature", "old"),
        ("signature", "early"),
        ("signature", "other_key"),
        ("signature", "other_issuer"),
        ("signature", "other_audience"),
        ("signature", "none"),
    ] {
        page = world.compare(&mut browser, &page, &[dial]).await;
        refused(&page);
        assert_eq!(world.last_refusal().await, LoginRefusalReason::StatementRefused, "{dial:?}");
        assert_eq!(world.failures().await, 0, "{dial:?}");
    }
    let page = world.compare(&mut browser, &page, &[]).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}

#[tokio::test]
async fn a_statement_counts_once_and_for_its_own_capture() {
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    let came = world.capture(&mut browser, &page, &[]).await;
    let form = world.come_back(&mut browser, &came).await.form();
    let sent = all_at_once(8, |_| {
        let (mut browser, form) = (browser.clone(), form.clone());
        async move { browser.post(form.action, &form.fields).await }
    })
    .await;
    let entered = sent.iter().filter(|page| page.redirected("code").is_some()).count();
    assert_eq!(entered, 1, "{:?}", sent.iter().map(|page| page.status).collect::<Vec<_>>());
    // The same words where another question was asked.
    let (mut other, page) = world.at_face().await;
    let asked = world.capture(&mut other, &page, &[]).await;
    let carried = Statement { signed: came.signed, ..asked };
    refused(&world.bring(&mut other, &carried).await);
    assert_eq!(world.last_refusal().await, LoginRefusalReason::StatementRefused);
}

#[tokio::test]
async fn the_first_statement_of_a_capture_is_the_one() {
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    let came = world.capture(&mut browser, &page, &[("score", "0")]).await;
    world.come_back(&mut browser, &came).await;
    // Better luck next time: another press of the same button at the matcher.
    let (mut helper, page) = world.at_face().await;
    let other = world.capture(&mut helper, &page, &[]).await;
    let second = Statement { signed: other.signed, ..came };
    refused(&world.bring(&mut browser, &second).await);
    assert_eq!(world.last_refusal().await, LoginRefusalReason::NoMatch);
}

#[tokio::test]
async fn what_one_browser_began_no_other_collects() {
    // ATK-091
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    let came = world.capture(&mut browser, &page, &[]).await;
    world.come_back(&mut browser, &came).await;
    let (mut thief, page) = world.at_face().await;
    refused(&thief.submit(&page, &[("capture", &came.state)]).await);
    assert_eq!(world.failures().await, 0);
}

#[tokio::test]
async fn nobody_waits_for_a_statement_of_an_unknown_capture_or_after_five_minutes() {
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    let came = world.capture(&mut browser, &page, &[]).await;
    let unknown = "A".repeat(43);
    for (state, statement) in [
        (unknown.as_str(), came.signed.as_str()),
        ("", came.signed.as_str()),
        (came.state.as_str(), &"a".repeat(4096)),
    ] {
        let fields = [("state", state), ("statement", statement)];
        let back = browser.post_from_elsewhere(&came.address, &fields).await;
        assert_eq!(back.location().unwrap().path(), "/error", "{}", back.describe());
    }
    world.server.clock.advance(Duration::from_mins(5));
    let fields = [("state", came.state.as_str()), ("statement", came.signed.as_str())];
    let back = browser.post_from_elsewhere(&came.address, &fields).await;
    assert_eq!(back.location().unwrap().path(), "/error", "{}", back.describe());
}

#[tokio::test]
async fn a_matcher_whose_registration_ended_is_not_believed_also_in_the_middle() {
    let until = "valid_until = \"2026-11-23\"";
    let world = World::registered(|text| text.replace("valid_until = \"2099-01-01\"", until)).await;
    world.server.clock.advance(Duration::from_mins(15 * 60 - 1));
    let (mut browser, page) = world.at_face().await;
    let came = world.capture(&mut browser, &page, &[]).await;
    world.server.clock.advance(Duration::from_mins(1));
    refused(&world.bring(&mut browser, &came).await);
    assert_eq!(world.last_refusal().await, LoginRefusalReason::StatementRefused);
}

#[tokio::test]
async fn the_matcher_points_no_camera_at_anybody_the_provider_did_not_send() {
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    let leaving = browser.press(&page, "begin-capture", &[]).await;
    let request = leaving.redirected("request").unwrap();
    let asked = |request: &str| {
        let address = format!("{}/capture?request={request}&state=s", world.matcher);
        world.server.http.get(address).send()
    };
    assert_eq!(asked(&request).await.unwrap().status(), 200);
    let (signed, _) = request.rsplit_once('.').unwrap();
    assert_eq!(asked(&format!("{signed}.AAAA")).await.unwrap().status(), 400);
    assert_eq!(asked("").await.unwrap().status(), 400);
}
