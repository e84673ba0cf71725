//! What a match is worth.

use std::time::Duration;

use serde_json::json;
use testkit::{Browser, Page};

use super::World;
use crate::login::screen::Screen;

#[tokio::test]
async fn a_face_beside_the_app_reaches_level_3() {
    // L5: the comparison and the bound device in one login
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains(&format!("form-action 'self' https://portal.example {}", world.matcher))
    );
    let page = world.compare(&mut browser, &page, &[]).await;
    let claims = world.claims(&page).await;
    assert_eq!(claims["acr"], "urn:vn:eid:auth:3");
    assert_eq!(claims["amr"], json!(["pin", "swk", "face", "user", "mfa"]));
    assert_eq!(world.failures().await, 0);
}

#[tokio::test]
async fn a_finger_does_as_well_and_is_chosen_on_the_page_of_ways() {
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    let page = crate::login::other_way(&mut browser, &page, "fingerprint").await;
    assert_eq!(page.path(), "/login/fingerprint", "{}", page.describe());
    let page = world.compare(&mut browser, &page, &[]).await;
    let claims = world.claims(&page).await;
    assert_eq!(claims["acr"], "urn:vn:eid:auth:3");
    assert_eq!(claims["amr"], json!(["pin", "swk", "fpt", "user", "mfa"]));
}

#[tokio::test]
async fn the_app_comes_first_because_a_face_alone_is_nothing() {
    // Edge case 3
    let world = World::new().await;
    let mut browser = world.server.browser();
    let wish = world.portal.authorize(&[("acr_values", "urn:vn:eid:auth:3")]);
    let page = browser.log_in(&world.server, &wish, &world.lan).await;
    assert_eq!(page.path(), "/login/app", "{}", page.describe());
    let face = page.url.as_str().replace("/login/app", "/login/face");
    let page = browser.visit(&face).await;
    assert_eq!(page.path(), "/login/app", "no camera before the app: {}", page.describe());
}

#[tokio::test]
async fn the_face_page_begins_nothing_once_the_app_was_used_too_long_ago() {
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    world.server.clock.advance(Duration::from_secs(121));
    let page = browser.press(&page, "begin-capture", &[]).await;
    assert_eq!(page.path(), "/login/app", "{}", page.describe());
}

#[tokio::test]
async fn who_takes_too_long_at_the_camera_uses_the_app_once_more() {
    // L5: within two minutes of each other, whichever came first; edge case 23: by our clock
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    let came = world.capture(&mut browser, &page, &[]).await;
    world.server.clock.advance(Duration::from_secs(121));
    let page = world.bring(&mut browser, &came).await;
    assert_eq!(page.path(), "/login/app", "accepted, and not enough: {}", page.describe());
    let page = app_again(&world, browser, &page).await;
    assert_eq!(world.claims(&page).await["acr"], "urn:vn:eid:auth:3");
}

/// At the page that asks for the app.
async fn app_again(world: &World, browser: Browser, page: &Page) -> Page {
    let mut screen = Screen::of(browser, page.url.as_str()).await;
    screen.approved_by(&world.server, &world.app).await;
    screen.collect().await
}

#[tokio::test]
async fn without_a_matcher_in_force_nobody_is_sent_to_one() {
    // L13: the registration ends at midnight in Viet Nam; the wish for level 3 is not fulfilled then
    let until = "valid_until = \"2026-11-23\"";
    let world = World::registered(|text| text.replace("valid_until = \"2099-01-01\"", until)).await;
    world.at_face().await;
    world.server.clock.advance(Duration::from_hours(15));
    let (_, page) = world.after_the_app().await;
    assert_eq!(world.claims(&page).await["acr"], "urn:vn:eid:auth:2");
}
