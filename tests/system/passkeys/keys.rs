//! The holder's own keys.

use std::time::Duration;

use testkit::passkey::{filled, options};
use testkit::{Browser, Citizen, Page, Server, SoftKey};

use super::{LEVEL_2, Scene};

pub const PASSKEYS: &str = "/home/security/passkeys";

/// Where the passkey would be asked for first, the code is taken instead.
pub async fn at_passkeys(
    browser: &mut Browser,
    server: &Server,
    citizen: &Citizen,
    page: Page,
) -> Page {
    let mut page = page;
    if page.path() == "/login/passkey" {
        let other = page.attribute_of("other-ways", "href");
        let ways = browser.visit(&other).await;
        page = browser.press(&ways, "method-totp", &[]).await;
        server.next_totp_step();
        let code = citizen.code_at(server.now());
        page = browser.submit(&page, &[("totp", &code)]).await;
    }
    assert_eq!(page.path(), PASSKEYS, "{}", page.describe());
    page
}

/// The id of the first element whose id begins so.
pub fn button(page: &Page, prefix: &str) -> String {
    let start = page.body.find(&format!("id=\"{prefix}")).expect("such an element") + 4;
    page.body[start..].split('"').next().unwrap().to_owned()
}

async fn own_keys(scene: &Scene) -> (Browser, Page) {
    let mut browser = scene.server.browser();
    let page = browser.log_in(&scene.server, PASSKEYS, &scene.citizen).await;
    let page = at_passkeys(&mut browser, &scene.server, &scene.citizen, page).await;
    (browser, page)
}

#[tokio::test]
async fn a_removed_key_opens_nothing_and_what_it_proved_proves_nothing_any_more() {
    // ATK-139
    let mut scene = Scene::set().await;
    let (mut elsewhere, page) = scene.arrive(&LEVEL_2).await;
    let page = elsewhere.use_passkey(&page, &mut scene.key).await;
    assert!(page.redirected("code").is_some());
    let (mut browser, page) = own_keys(&scene).await;
    let page = browser.press(&page, &button(&page, "remove-"), &[]).await;
    assert!(page.has_id("notice") && !page.has_id("passkeys"), "{}", page.describe());
    let page = elsewhere.visit(&scene.portal.authorize(&LEVEL_2)).await;
    assert!(page.location().is_none(), "must prove again: {}", page.describe());
}

#[tokio::test]
async fn the_last_way_in_is_not_removed_on_its_own_page_either() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    // Too short to stand alone: beside it, one thing has to stay.
    let citizen = server.citizen().password("tám-chữ8").create().await;
    let mut key = SoftKey::new(&server.issuer);
    Browser::enrol_passkey(&server, &citizen, &mut key).await;
    let scene = Scene { server, portal, citizen, key };
    let (mut browser, page) = own_keys(&scene).await;
    let list = browser.visit("/home/security/authenticators").await;
    let handles = list.body.split("?authenticator=").skip(1);
    for handle in handles.map(|rest| rest.split('"').next().unwrap().to_owned()) {
        let one = format!("/home/security/authenticator?authenticator={handle}");
        let shown = browser.visit(&one).await;
        if shown.has_id("label") && shown.body.contains("Ứng dụng xác thực") {
            browser.press(&shown, "remove", &[]).await;
        }
    }
    let kept = browser.press(&page, &button(&page, "remove-"), &[]).await;
    assert_eq!(kept.path(), "/login/passkey", "the app proves nothing more: {}", kept.describe());
    let mut key = scene.key.clone();
    let back = browser.use_passkey(&kept, &mut key).await;
    assert_eq!(back.path(), PASSKEYS, "{}", back.describe());
    let kept = browser.press(&back, &button(&back, "remove-"), &[]).await;
    assert!(kept.has_id("last-way"), "{}", kept.describe());
}

#[tokio::test]
async fn adding_and_removing_ask_for_a_recent_and_strong_login() {
    // ATK-095
    let scene = Scene::set().await;
    let mut browser = scene.server.browser();
    let typed = [("username", &*scene.citizen.number), ("password", &*scene.citizen.password)];
    let page = browser.visit("/home").await;
    browser.submit(&page, &typed).await;
    let page = browser.visit(PASSKEYS).await;
    assert!(page.path().starts_with("/login/"), "a password is not enough: {}", page.describe());

    let (mut browser, page) = own_keys(&scene).await;
    scene.server.clock.advance(Duration::from_hours(1));
    let made = SoftKey::new(&scene.server.issuer).create(&page);
    let sent = browser.press(&page, "add-passkey", &filled(&made)).await;
    assert!(sent.path().starts_with("/login"), "too long ago: {}", sent.describe());
    let sent = browser.press(&page, &button(&page, "remove-"), &[]).await;
    assert!(sent.path().starts_with("/login"), "{}", sent.describe());
}

#[tokio::test]
async fn an_enrolment_is_bound_to_its_browser_and_session_and_counts_once() {
    // ATK-097
    let scene = Scene::set().await;
    let (mut browser, page) = own_keys(&scene).await;
    let mut key = SoftKey::new(&scene.server.issuer);
    let made = key.create(&page);
    let (mut other, theirs) = own_keys(&scene).await;
    let mut fields = filled(&made);
    let challenge = page.form_with("add-passkey").fields;
    let challenge = challenge.into_iter().find(|(name, _)| name == "challenge").unwrap().1;
    fields.push(("challenge", &challenge));
    let sent = other.press(&theirs, "add-passkey", &fields).await;
    assert_eq!(sent.status, 422, "another browser: {}", sent.describe());
    let sent = browser.press(&page, "add-passkey", &filled(&made)).await;
    assert!(sent.has_id("notice"), "{}", sent.describe());
    let mut another = SoftKey { challenge: asked(&page), ..SoftKey::new(&scene.server.issuer) };
    let again = another.create(&page);
    let sent = browser.press(&page, "add-passkey", &filled(&again)).await;
    assert_eq!(sent.status, 422, "answered before: {}", sent.describe());
    for lie in [
        SoftKey { origin: "https://evil.example".to_owned(), ..another.clone() },
        SoftKey { rp_id: "evil.example".to_owned(), ..another.clone() },
        SoftKey { user_present: false, ..another.clone() },
        SoftKey { backed_up: true, ..another.clone() },
        SoftKey { further: r#","crossOrigin":true"#.to_owned(), ..another.clone() },
    ] {
        let page = browser.visit(PASSKEYS).await;
        let made = SoftKey { challenge: None, ..lie }.create(&page);
        let sent = browser.press(&page, "add-passkey", &filled(&made)).await;
        assert_eq!(sent.status, 422, "{}", sent.describe());
    }
}

fn asked(page: &Page) -> Option<String> {
    options(page)["challenge"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn known_keys_are_excluded_and_nothing_personal_goes_to_the_authenticator() {
    let scene = Scene::set().await;
    let (_, page) = own_keys(&scene).await;
    let options = options(&page);
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 1);
    assert_eq!(options["attestation"], "none");
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    let user = options["user"].to_string();
    assert!(!user.contains(&*scene.citizen.number) && !user.contains("Kiểm Thử"), "{user}");
}

#[tokio::test]
async fn there_are_ten_at_most() {
    let scene = Scene::set().await;
    let (mut browser, mut page) = own_keys(&scene).await;
    for _ in 1..10 {
        let made = SoftKey::new(&scene.server.issuer).create(&page);
        page = browser.press(&page, "add-passkey", &filled(&made)).await;
        assert!(page.has_id("notice"), "{}", page.describe());
    }
    assert!(!page.has_id("add-passkey"), "{}", page.describe());
}

#[tokio::test]
async fn nobody_names_or_removes_another_persons_key() {
    let scene = Scene::set().await;
    let (_, theirs) = own_keys(&scene).await;
    let stranger = scene.server.citizen().create().await;
    let mut key = SoftKey::new(&scene.server.issuer);
    Browser::enrol_passkey(&scene.server, &stranger, &mut key).await;
    let mut browser = scene.server.browser();
    let page = browser.log_in(&scene.server, PASSKEYS, &stranger).await;
    let page = at_passkeys(&mut browser, &scene.server, &stranger, page).await;
    let handle = button(&theirs, "remove-").trim_start_matches("remove-").to_owned();
    let remove = page.form_with(&button(&page, "remove-"));
    let mut fields = remove.fields.clone();
    fields.push(("passkey".to_owned(), handle.clone()));
    browser.post(remove.action, &fields).await;
    let rename = page.form_with(&button(&page, "rename-"));
    let mut fields = rename.fields.clone();
    fields.retain(|(name, _)| name != "passkey");
    fields
        .extend([("passkey".to_owned(), handle), ("name".to_owned(), "Khóa của kẻ lạ".to_owned())]);
    browser.post(rename.action, &fields).await;
    let (_, page) = own_keys(&scene).await;
    assert!(
        page.has_id("passkeys") && !page.body.contains("Khóa của kẻ lạ"),
        "{}",
        page.describe()
    );
}

#[tokio::test]
async fn of_officials_hardware_on_the_list_is_demanded() {
    // ATK-106
    let server = Server::start().await;
    let official = server.citizen().official().create().await;
    let mut browser = server.browser();
    let page = browser.log_in(&server, PASSKEYS, &official).await;
    let options = options(&page);
    assert_eq!(options["attestation"], "direct");
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    for mut key in [SoftKey::new(&server.issuer), SoftKey::new(&server.issuer).synced()] {
        let made = key.create(&page);
        let sent = browser.press(&page, "add-passkey", &filled(&made)).await;
        assert_eq!(sent.status, 422, "nobody vouches for it: {}", sent.describe());
        assert!(sent.body.contains("khóa phần cứng"), "{}", sent.describe());
    }
}
