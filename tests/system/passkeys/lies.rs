//! ATK-106: an answer is bound to everything that it is an answer to.

use std::time::Duration;

use identity_core::event::LoginRefusalReason;
use testkit::passkey::filled;
use testkit::{Browser, Page, SoftKey};

use super::{Scene, assert_refused};

async fn refused_alone(scene: &Scene, mut key: SoftKey) -> Page {
    let (mut browser, page) = scene.arrive(&[]).await;
    let page = browser.use_passkey(&page, &mut key).await;
    assert_refused(&browser, &page);
    page
}

#[tokio::test]
async fn another_origin_or_rp_id_is_refused_however_alike() {
    let scene = Scene::set().await;
    let honest = || SoftKey { counter: 100, ..scene.key.clone() };
    let here = &honest().origin;
    let port = here.rsplit(':').next().unwrap();
    for origin in [
        format!("http://badlocalhost:{port}"),
        format!("http://sub.localhost:{port}"),
        format!("https://localhost:{port}"),
        "http://localhost".to_owned(),
        format!("{here}/"),
        "https://evil.example".to_owned(),
        "null".to_owned(),
    ] {
        refused_alone(&scene, SoftKey { origin, ..honest() }).await;
    }
    for rp_id in ["badlocalhost", "sub.localhost", "example.com", ""] {
        refused_alone(&scene, SoftKey { rp_id: rp_id.to_owned(), ..honest() }).await;
    }
    for further in [r#","crossOrigin":true"#, r#","topOrigin":"https://evil.example""#] {
        refused_alone(&scene, SoftKey { further: further.to_owned(), ..honest() }).await;
    }
    refused_alone(&scene, SoftKey { user_present: false, ..honest() }).await;
    assert!(scene.refusals().await.iter().all(|it| *it == LoginRefusalReason::WrongAssertion));
    let (mut browser, page) = scene.arrive(&[]).await;
    let page = browser.use_passkey(&page, &mut honest()).await;
    assert!(page.redirected("code").is_some(), "the honest one: {}", page.describe());
}

#[tokio::test]
async fn each_part_of_an_answer_is_signed() {
    let scene = Scene::set().await;
    for part in ["client-data", "authenticator-data", "signature"] {
        let (mut browser, page) = scene.arrive(&[]).await;
        let mut signed = scene.key.clone().sign(&page);
        let field = signed.iter_mut().find(|(name, _)| *name == part).unwrap();
        let middle = field.1.len() / 2;
        let other = if field.1.as_bytes()[middle] == b'A' { "B" } else { "A" };
        field.1.replace_range(middle..=middle, other);
        let page = browser.press(&page, "use-passkey", &filled(&signed)).await;
        assert_refused(&browser, &page);
    }
    let (mut browser, page) = scene.arrive(&[]).await;
    let create = scene.key.client_data("webauthn.create", &testkit::passkey::options(&page));
    let signed = scene.key.clone().sign_over(&create);
    let page = browser.press(&page, "use-passkey", &filled(&signed)).await;
    assert_refused(&browser, &page);
}

#[tokio::test]
async fn an_answer_counts_once() {
    // scorecard 10, scorecard 23
    let mut scene = Scene::set().await;
    let (mut browser, page) = scene.arrive(&[]).await;
    let signed = scene.key.sign(&page);
    let mut second = browser.clone();
    let first = browser.press(&page, "use-passkey", &filled(&signed)).await;
    assert!(first.redirected("code").is_some(), "{}", first.describe());
    // The same browser, from before it was logged in.
    let again = second.press(&page, "use-passkey", &filled(&signed)).await;
    assert_refused(&second, &again);
    // A key that does not count is protected by the challenge alone.
    let mut scene = Scene::set_with(SoftKey::synced).await;
    let (mut browser, page) = scene.arrive(&[]).await;
    let signed = scene.key.sign(&page);
    let mut second = browser.clone();
    assert!(
        browser.press(&page, "use-passkey", &filled(&signed)).await.redirected("code").is_some()
    );
    let again = second.press(&page, "use-passkey", &filled(&signed)).await;
    assert_refused(&second, &again);
    assert_eq!(scene.refusals().await, [LoginRefusalReason::CodeReplayed]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_send_one_answer_at_once_one_is_let_in() {
    // scorecard 10
    let mut scene = Scene::set_with(SoftKey::synced).await;
    let (browser, page) = scene.arrive(&[]).await;
    let signed = scene.key.sign(&page);
    let sent = testkit::all_at_once(8, |_| {
        let (mut browser, page, signed) = (browser.clone(), page.clone(), signed.clone());
        async move { browser.press(&page, "use-passkey", &filled(&signed)).await }
    })
    .await;
    let entered = sent.iter().filter(|page| page.redirected("code").is_some()).count();
    assert_eq!(entered, 1);
}

#[tokio::test]
async fn a_challenge_of_another_browser_attempt_or_session_is_stale() {
    // ATK-091
    let mut scene = Scene::set().await;
    let (_, theirs) = scene.arrive(&[]).await;
    let (mut browser, mine) = scene.arrive(&[]).await;
    let foreign = hidden(&theirs, "challenge");
    let signed = scene.key.sign(&theirs);
    let mut fields = filled(&signed);
    fields.push(("challenge", &foreign));
    let page = browser.press(&mine, "use-passkey", &fields).await;
    assert_refused(&browser, &page);

    // Another tab's: the same browser, another request.
    let tab = browser.visit(&scene.portal.authorize(&[("state", "two")])).await;
    let foreign = hidden(&tab, "challenge");
    let signed = scene.key.sign(&tab);
    let mut fields = filled(&signed);
    fields.push(("challenge", &foreign));
    let page = browser.press(&mine, "use-passkey", &fields).await;
    assert_refused(&browser, &page);

    // The question of the login page is not the one beside a password: that one demands less.
    let unverified = SoftKey { user_verified: false, counter: 50, ..scene.key.clone() };
    let (mut holder, beside) = scene.arrive_beside().await;
    let weaker = hidden(&beside, "challenge");
    let signed = unverified.clone().sign(&beside);
    let mut fields = filled(&signed);
    fields.push(("challenge", &weaker));
    let mut nobody = holder.clone();
    nobody.cookies.remove(super::SESSION);
    let page = nobody.press(&beside, "use-passkey", &fields).await;
    assert_refused(&nobody, &page);
    let page = holder.press(&beside, "use-passkey", &fields).await;
    assert!(page.redirected("code").is_some(), "its own is good: {}", page.describe());
}

#[tokio::test]
async fn a_page_that_was_open_for_ten_minutes_asks_anew() {
    let mut scene = Scene::set().await;
    let (mut browser, page) = scene.arrive(&[]).await;
    scene.server.clock.advance(Duration::from_mins(10));
    let again = browser.use_passkey(&page, &mut scene.key).await;
    assert_refused(&browser, &again);
    let page = browser.use_passkey(&again, &mut scene.key).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
}

#[tokio::test]
async fn a_counter_that_went_back_is_refused_and_recorded() {
    // WebAuthn §6.1.1
    let mut scene = Scene::set().await;
    let copy = scene.key.clone();
    for _ in 0..2 {
        let (mut browser, page) = scene.arrive(&[]).await;
        let page = browser.use_passkey(&page, &mut scene.key).await;
        assert!(page.redirected("code").is_some(), "{}", page.describe());
    }
    for counter in [copy.counter, scene.key.counter - 1] {
        let page = refused_alone(&scene, SoftKey { counter, ..copy.clone() }).await;
        assert!(page.body.contains("sao chép"), "{}", page.describe());
    }
    let zero = SoftKey { counter: 0, counts: false, ..copy };
    refused_alone(&scene, zero).await;
    assert_eq!(scene.refusals().await, [LoginRefusalReason::CounterWentBack; 3]);
    let (mut browser, page) = scene.arrive(&[]).await;
    let page = browser.use_passkey(&page, &mut scene.key).await;
    assert!(page.redirected("code").is_some(), "the holder's own still counts on");
}

#[tokio::test]
async fn a_key_that_changes_whether_it_can_be_copied_is_refused_and_recorded() {
    // WebAuthn §7.2 step 19
    let scene = Scene::set().await;
    let changed = SoftKey { backup_eligible: true, counter: 10, ..scene.key.clone() };
    refused_alone(&scene, changed.clone()).await;
    refused_alone(&scene, SoftKey { backed_up: true, ..changed }).await;
    let impossible = SoftKey { backed_up: true, counter: 30, ..scene.key.clone() };
    refused_alone(&scene, impossible).await;
    assert_eq!(scene.refusals().await, [LoginRefusalReason::BackupChanged; 3]);
}

#[tokio::test]
async fn beside_a_password_only_the_same_persons_key_counts() {
    // ATK-106: rauthy GHSA-x8jp
    let scene = Scene::set().await;
    let other = scene.server.citizen().create().await;
    let mut others = SoftKey::new(&scene.server.issuer);
    Browser::enrol_passkey(&scene.server, &other, &mut others).await;
    let claimed = SoftKey { user_handle: scene.key.user_handle.clone(), ..others.clone() };
    let disguised = SoftKey { credential_id: scene.key.credential_id.clone(), ..claimed.clone() };
    let misnamed = SoftKey { user_handle: others.user_handle.clone(), ..scene.key.clone() };
    for mut key in [others, claimed, disguised, misnamed] {
        let (mut browser, page) = scene.arrive_beside().await;
        let page = browser.use_passkey(&page, &mut key).await;
        assert_eq!(page.status, 422, "{}", page.describe());
        assert!(page.location().is_none());
    }
}

fn hidden(page: &Page, name: &str) -> String {
    let fields = page.form_with("use-passkey").fields;
    fields.into_iter().find(|(known, _)| known == name).expect("the form has it").1
}
