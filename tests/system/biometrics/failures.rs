//! What failed comparisons cost, and what counts as none.

use std::time::Duration;

use identity_core::AuthenticatorKind;
use identity_core::authenticator::{AttemptRule, AuthenticatorStatus};
use identity_core::event::LoginRefusalReason::{NoMatch, NotCompared, PresentationAttack};
use storage::ThrottleKey;
use testkit::Page;

use super::World;

#[tokio::test]
async fn somebody_else_and_an_attack_count_and_what_was_not_compared_does_not() {
    // L5, edge case 4
    let world = World::new().await;
    let (mut browser, mut page) = world.at_face().await;
    let mut counted = 0;
    for (dial, reason, counts) in [
        (("score", "799999"), NoMatch, 1),
        (("sample", "spoof"), PresentationAttack, 1),
        (("sample", "injected"), PresentationAttack, 1),
        (("sample", "unchecked"), NotCompared, 0),
        (("sample", "uninspected"), NotCompared, 0),
        (("sample", "timed_out"), NotCompared, 0),
        (("false_match_per_billion", "100001"), NotCompared, 0),
    ] {
        page = world.compare(&mut browser, &page, &[dial]).await;
        assert_eq!(page.status, 422, "{dial:?}: {}", page.describe());
        assert_eq!(world.last_refusal().await, reason, "{dial:?}");
        counted += counts;
        assert_eq!(world.failures().await, counted, "{dial:?}");
    }
    let page = world.compare(&mut browser, &page, &[("score", "800000")]).await;
    assert_eq!(world.claims(&page).await["acr"], "urn:vn:eid:auth:3");
    assert_eq!(world.failures().await, 0, "a match begins the count anew");
}

#[tokio::test]
async fn an_attack_looks_like_somebody_else_to_whoever_stands_there() {
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    let other = world.compare(&mut browser, &page, &[("score", "0")]).await;
    let spoof = world.compare(&mut browser, &other, &[("sample", "spoof")]).await;
    let told = |page: &Page| {
        let told = page.body.split_once("role=\"alert\"").expect("a problem").1;
        told.split_once("</div>").expect("its end").0.to_owned()
    };
    assert!(told(&other).contains("So khớp không thành công"), "{}", told(&other));
    assert_eq!(told(&other), told(&spoof));
}

#[tokio::test]
async fn ten_failures_are_free_then_each_waits_and_a_statement_cannot_jump_the_queue() {
    // NIST SP 800-63B-4 §3.2.3, with presentation attack detection
    let world = World::new().await;
    let (mut browser, mut page) = world.at_face().await;
    let kept = world.capture(&mut browser, &page, &[]).await;
    for _ in 0..10 {
        page = world.compare(&mut browser, &page, &[("score", "0")]).await;
        assert_eq!(page.status, 422, "{}", page.describe());
    }
    let closed = browser.press(&page, "begin-capture", &[]).await;
    assert_eq!(closed.status, 429, "{}", closed.describe());
    assert_eq!(closed.headers["retry-after"], "30");
    let early = world.bring(&mut browser, &kept).await;
    assert_eq!(early.status, 429, "a match from before: {}", early.describe());
    world.server.clock.advance(Duration::from_secs(30));
    let page = world.compare(&mut browser, &closed, &[]).await;
    assert_eq!(world.claims(&page).await["acr"], "urn:vn:eid:auth:3");
}

#[tokio::test]
async fn at_a_hundred_the_face_is_off_until_it_is_registered_anew() {
    // NIST SP 800-63B-4 §3.2.3
    let world = World::new().await;
    let (mut browser, page) = world.at_face().await;
    let face = world.enrolment(AuthenticatorKind::Face).await.authenticator;
    let nothing = Duration::ZERO;
    let free = AttemptRule { free: 200, first_delay: nothing, longest_delay: nothing, limit: 200 };
    for _ in 0..100 {
        let key = ThrottleKey::Authenticator(face.id);
        let store = &world.server.provider.store;
        store.reserve_attempt_under(&free, &key, world.server.now()).await.unwrap();
    }
    let off = browser.press(&page, "begin-capture", &[]).await;
    assert_eq!(off.status, 422, "{}", off.describe());
    let status = world.enrolment(AuthenticatorKind::Face).await.authenticator.status;
    assert!(matches!(status, AuthenticatorStatus::Disabled { .. }), "{status:?}");
    let (_, page) = world.after_the_app().await;
    assert_eq!(page.path(), "/login/fingerprint", "the other way is open: {}", page.describe());
}

#[tokio::test]
async fn captures_that_end_without_a_comparison_are_limited_all_the_same() {
    // Edge case 4: no failed tries, and yet capped
    let world = World::new().await;
    let (mut browser, mut page) = world.at_face().await;
    for _ in 0..20 {
        page = world.compare(&mut browser, &page, &[("sample", "timed_out")]).await;
    }
    assert_eq!(world.failures().await, 0);
    let capped = browser.press(&page, "begin-capture", &[]).await;
    assert_eq!((capped.status.as_u16(), capped.location()), (422, None));
}
