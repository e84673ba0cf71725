//! What a passkey proves.

use std::time::Duration;

use flows::login::LoginRefusal;
use flows::session::{LiveSession, SessionHandle};
use identity_core::event::LoginRefusalReason;
use serde_json::{Value, json};
use storage::ThrottleKey;
use testkit::passkey::{filled, options};
use testkit::{Browser, Citizen, SoftKey};

use super::{LEVEL_2, SESSION, Scene, assert_refused};

fn amr(claims: &Value) -> Vec<&str> {
    claims["amr"].as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_verified_passkey_alone_says_who_is_there_and_is_two_factors() {
    // scorecard 42: nothing is typed
    let mut scene = Scene::set().await;
    let (mut browser, page) = scene.arrive(&LEVEL_2).await;
    let page = browser.use_passkey(&page, &mut scene.key).await;
    let claims = scene.claims(&page).await;
    assert_eq!(claims["acr"], "urn:vn:eid:auth:2");
    let amr = amr(&claims);
    assert!(amr.contains(&"swk") && amr.contains(&"user") && amr.contains(&"mfa"), "{amr:?}");

    let handle = SessionHandle::parse(&browser.cookies["vneid-session"]).unwrap();
    let provider = &scene.server.provider;
    let live = LiveSession::load(provider, Some(&handle), None, scene.server.now()).await.unwrap();
    let session = live.expect("the session lives").session;
    let [evidence] = session.evidence.as_slice() else { panic!("one proof") };
    let binding = evidence.binding.as_ref().expect("L12: bound to where it was given");
    assert_eq!(binding.session, session.id);
    assert_eq!(binding.origin.as_deref(), Some(scene.server.issuer.as_str()));
}

#[tokio::test]
async fn presence_alone_opens_nothing_by_itself_and_counts_one_factor_beside_a_password() {
    // L4, edge case 5, ATK-106: the UV flag is taken as it is reported
    let mut scene = Scene::set().await;
    scene.key.user_verified = false;
    let (mut browser, page) = scene.arrive(&[]).await;
    let page = browser.use_passkey(&page, &mut scene.key).await;
    assert_refused(&browser, &page);

    let (mut browser, page) = scene.arrive_beside().await;
    let page = browser.use_passkey(&page, &mut scene.key).await;
    let claims = scene.claims(&page).await;
    assert_eq!(claims["acr"], "urn:vn:eid:auth:2");
    assert!(amr(&claims).contains(&"pwd"), "two events, two categories");
}

#[tokio::test]
async fn a_synced_passkey_logs_in_without_a_counter_and_never_reaches_the_highest_level() {
    // L6, edge case 6
    let mut scene = Scene::set_with(SoftKey::synced).await;
    for _ in 0..2 {
        let (mut browser, page) = scene.arrive(&LEVEL_2).await;
        let page = browser.use_passkey(&page, &mut scene.key).await;
        assert_eq!(scene.claims(&page).await["acr"], "urn:vn:eid:auth:2");
    }
    let demanded =
        json!({ "id_token": { "acr": { "essential": true, "value": "urn:nist:aal:3" } } });
    let demanded = demanded.to_string();
    let (mut browser, page) = scene.arrive(&[("claims", demanded.as_str())]).await;
    let page = browser.use_passkey(&page, &mut scene.key).await;
    assert!(page.redirected("code").is_none(), "{}", page.describe());
    assert_eq!(page.redirected("error").as_deref(), Some("unmet_authentication_requirements"));
}

#[tokio::test]
async fn whether_a_key_is_backed_up_may_change_and_is_remembered() {
    // WebAuthn §7.2 step 19: the state may, eligibility may not
    let mut scene = Scene::set_with(|key| SoftKey { backed_up: false, ..key.synced() }).await;
    for backed_up in [true, false] {
        scene.key.backed_up = backed_up;
        let (mut browser, page) = scene.arrive(&[]).await;
        let page = browser.use_passkey(&page, &mut scene.key).await;
        assert!(page.redirected("code").is_some(), "{}", page.describe());
    }
}

#[tokio::test]
async fn the_login_page_asks_the_same_of_everybody() {
    // ATK-098: no list of credentials, whoever is hinted at
    let scene = Scene::set().await;
    let nobody = "067199999999";
    let mut asked = Vec::new();
    for hint in [&*scene.citizen.number, nobody, ""] {
        let (_, page) = scene.arrive(&[("login_hint", hint)]).await;
        let mut options = options(&page);
        assert_eq!(options["allowCredentials"], json!([]));
        assert_eq!(options["userVerification"], "required");
        let challenge = options["challenge"].take();
        assert_eq!(challenge.as_str().unwrap().len(), 43, "32 random bytes");
        asked.push(options);
    }
    assert!(asked.windows(2).all(|pair| pair[0] == pair[1]), "{asked:?}");
}

#[tokio::test]
async fn unknown_people_and_removed_and_foreign_keys_get_one_answer() {
    // ATK-098
    let mut scene = Scene::set().await;
    let other = scene.server.citizen().create().await;
    let mut others = SoftKey::new(&scene.server.issuer);
    Browser::enrol_passkey(&scene.server, &other, &mut others).await;

    let unknown = SoftKey { user_handle: vec![7; 16], ..scene.key.clone() };
    let malformed = SoftKey { user_handle: b"not one of ours".to_vec(), ..scene.key.clone() };
    let unnamed = SoftKey { user_handle: Vec::new(), ..scene.key.clone() };
    let foreign = SoftKey { user_handle: others.user_handle.clone(), ..scene.key.clone() };
    let never_bound = SoftKey {
        user_handle: scene.key.user_handle.clone(),
        ..SoftKey::new(&scene.server.issuer)
    };
    let mut seen = Vec::new();
    for mut key in [unknown, malformed, unnamed, foreign, never_bound] {
        let (mut browser, page) = scene.arrive(&[]).await;
        let page = browser.use_passkey(&page, &mut key).await;
        assert_refused(&browser, &page);
        let problem = page.body.split("id=\"problem\"").nth(1).unwrap();
        seen.push(problem.split("</div>").next().unwrap().to_owned());
    }
    remove(&scene).await;
    let (mut browser, page) = scene.arrive(&[]).await;
    let page = browser.use_passkey(&page, &mut scene.key).await;
    assert_refused(&browser, &page);
    assert!(page.body.contains(&seen[0]));
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
}

async fn remove(scene: &Scene) {
    let mut browser = scene.server.browser();
    let page = browser.log_in(&scene.server, super::keys::PASSKEYS, &scene.citizen).await;
    let page = super::keys::at_passkeys(&mut browser, &scene.server, &scene.citizen, page).await;
    let button = super::keys::button(&page, "remove-");
    browser.press(&page, &button, &[]).await;
}

#[tokio::test]
async fn a_closed_account_is_explained_to_its_proven_holder_only() {
    let server = testkit::Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let mut key = SoftKey::new(&server.issuer);
    Browser::enrol_passkey(&server, &citizen, &mut key).await;
    let scene = Scene { server, portal, citizen, key };
    lock(&scene).await;
    let mut key = scene.key.clone();
    let (mut browser, page) = scene.arrive(&[]).await;
    let page = browser.use_passkey(&page, &mut key).await;
    assert_eq!(page.status, 403, "{}", page.describe());
    assert!(!browser.cookies.contains_key(SESSION));
    let mut other = SoftKey { counter: 0, ..SoftKey::new(&scene.server.issuer) };
    other.user_handle.clone_from(&key.user_handle);
    let (mut browser, page) = scene.arrive(&[]).await;
    let page = browser.use_passkey(&page, &mut other).await;
    assert_refused(&browser, &page);
}

async fn lock(scene: &Scene) {
    use identity_core::account::{Lock, LockReason, LockedBy};
    let (provider, now) = (&scene.server.provider, scene.server.now());
    let lock = Lock { reason: LockReason::HolderRequest, by: LockedBy::Holder, since: now };
    flows::admin::lock_citizen(provider, scene.citizen.id, lock, now).await.expect("locked");
}

#[tokio::test]
async fn while_somebody_guesses_the_password_the_passkey_still_opens() {
    // ATK-100, scorecard 23
    let mut scene = Scene::set().await;
    guess(&scene, &scene.citizen).await;
    let (mut browser, page) = scene.arrive(&LEVEL_2).await;
    let page = browser.use_passkey(&page, &mut scene.key).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
    // And nobody closes the passkey itself by answering for it.
    let mut stranger = SoftKey { counter: 0, ..SoftKey::new(&scene.server.issuer) };
    stranger.credential_id.clone_from(&scene.key.credential_id);
    stranger.user_handle.clone_from(&scene.key.user_handle);
    for _ in 0..8 {
        let (mut browser, page) = scene.arrive(&[]).await;
        let page = browser.use_passkey(&page, &mut stranger).await;
        assert_refused(&browser, &page);
    }
    scene.server.clock.advance(Duration::from_secs(1));
    let (mut browser, page) = scene.arrive(&[]).await;
    let page = browser.use_passkey(&page, &mut scene.key).await;
    assert!(page.redirected("code").is_some(), "{}", page.describe());
    assert!(scene.refusals().await.contains(&LoginRefusalReason::WrongAssertion));
}

async fn guess(scene: &Scene, citizen: &Citizen) {
    let enrolments = scene.server.provider.store.enrolments(citizen.id).await.unwrap();
    let password = enrolments.iter().find(|enrolment| {
        enrolment.authenticator.kind == identity_core::AuthenticatorKind::Password
    });
    let key = ThrottleKey::Authenticator(password.unwrap().authenticator.id);
    for _ in 0..100 {
        scene.server.clock.advance(Duration::from_hours(1));
        scene.server.provider.store.reserve_attempt(&key, scene.server.now()).await.unwrap();
    }
    scene.server.clock.advance(Duration::from_hours(1));
    let (mut browser, page) = scene.arrive(&[]).await;
    let typed = [("username", &*citizen.number), ("password", &*citizen.password)];
    let page = browser.submit(&page, &typed).await;
    assert!(page.location().is_none(), "the password is closed: {:?}", LoginRefusal::Exhausted);
}

#[tokio::test]
async fn without_a_script_the_page_says_so_and_leads_on() {
    let scene = Scene::set().await;
    let (mut browser, page) = scene.arrive(&[]).await;
    let unanswered = page.form_with("use-passkey").fields;
    let unanswered: Vec<_> =
        unanswered.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = browser.press(&page, "use-passkey", &unanswered).await;
    assert_refused(&browser, &page);
    assert!(page.has_id("other-ways"), "{}", page.describe());
}

#[tokio::test]
async fn the_script_may_run_and_nothing_else_may() {
    // ATK-122
    let scene = Scene::set().await;
    let (mut browser, page) = scene.arrive(&[]).await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert!(page.body.contains("autocomplete=\"username webauthn\""));
    let script = browser.get("/assets/passkey.js").await;
    assert_eq!(script.status, 200);
    // What an answer holds never comes back into a page.
    let mut key = SoftKey { user_handle: vec![1; 16], ..scene.key.clone() };
    let signed = key.sign(&page);
    let again = browser.press(&page, "use-passkey", &filled(&signed)).await;
    for (name, value) in &signed {
        assert!(!again.body.contains(value.as_str()), "{name}");
    }
}
