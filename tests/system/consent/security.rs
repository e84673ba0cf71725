//! Changing what one logs in with: the current means are asked for, the rest of the world logs out.

use flows::totp::code_at;
use identity_core::secret::SecretBytes;
use testkit::Page;

use super::Scene;

const NEW: &str = "một mật khẩu khác hẳn";
const PASSWORD: &str = "/home/security/password";
const TOTP: &str = "/home/security/totp";

impl Scene {
    async fn change_password(&mut self, current: &str, new: &str, again: &str) -> Page {
        let page = self.home(PASSWORD).await;
        let filled =
            [("current-password", current), ("new-password", new), ("new-password-again", again)];
        self.browser.press(&page, "change-password", &filled).await
    }

    async fn enrol_totp(&mut self) -> SecretBytes {
        let page = self.home(TOTP).await;
        let secret = scanned(&page);
        let code = code_at(&secret, self.server.now()).expect("a code");
        let page = self.browser.press(&page, "confirm-totp", &[("totp", &code)]).await;
        assert_eq!(page.path(), "/home/security", "{}", page.describe());
        secret
    }
}

/// What the app keeps of the code it scanned.
fn scanned(page: &Page) -> SecretBytes {
    let text: String = page.text_of("secret").chars().filter(|c| !c.is_whitespace()).collect();
    SecretBytes::new(base32(&text))
}

/// RFC 4648 §6, as authenticator applications read it.
fn base32(text: &str) -> Vec<u8> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let value = |c: u8| alphabet.iter().position(|known| *known == c).expect("base32");
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_usize, 0_u32);
    for c in text.bytes().filter(|c| *c != b'=') {
        bits = (bits << 5) | value(c);
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).expect("a byte"));
        }
        bits &= 0xfff;
    }
    bytes
}

#[tokio::test]
async fn changing_the_password_ends_every_other_session_and_every_grant() {
    // ATK-074, ATK-095
    let mut scene = Scene::set().await;
    let asks = [("scope", "openid offline_access"), ("prompt", "consent")];
    let page = scene.ask_and_be_asked(&asks).await;
    let code = scene.approve(&page, &[]).await;
    let tokens = scene.client.redeem(&scene.server, &code).await;
    let mut elsewhere = scene.server.browser();
    elsewhere.log_in(&scene.server, "/home", &scene.citizen).await;
    let old = scene.citizen.password.clone();

    let page = scene.change_password(&old, NEW, NEW).await;
    assert_eq!(page.path(), "/home/security", "{}", page.describe());
    assert_eq!(elsewhere.visit("/home").await.path(), "/login");
    assert_eq!(scene.browser.visit("/home").await.path(), "/home", "this browser stays");
    assert!(!scene.active(tokens.access_token()).await);
    let refreshed = scene.client.refresh(&scene.server, tokens.refresh_token()).await;
    assert_eq!(refreshed.error(), "invalid_grant");

    let page = elsewhere.visit("/login").await;
    let filled = [("username", scene.citizen.number.as_str()), ("password", old.as_str())];
    let refused = elsewhere.submit(&page, &filled).await;
    assert_eq!((refused.path(), refused.status.as_u16()), ("/login", 422));
    scene.citizen.password = NEW.to_owned();
    scene.server.next_totp_step();
    let page = elsewhere.log_in(&scene.server, "/home", &scene.citizen).await;
    assert_eq!(page.path(), "/home", "{}", page.describe());
}

#[tokio::test]
async fn a_password_is_changed_only_by_who_knows_the_old_one_and_only_to_a_good_one() {
    // ATK-095, NIST SP 800-63B-4 §3.1.1.2
    let mut scene = Scene::set().await;
    let old = scene.citizen.password.clone();
    let number = scene.citizen.number.clone();
    for (current, new, again) in [
        ("not my password at all", NEW, NEW),
        ("", NEW, NEW),
        (&old, "ngắn", "ngắn"),
        (&old, "password1234", "password1234"),
        (&old, "aaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaa"),
        (&old, &number, &number),
        (&old, &old, &old),
        (&old, NEW, "something else typed"),
        (&old, "", ""),
    ] {
        let page = scene.change_password(current, new, again).await;
        assert_eq!((page.path(), page.status.as_u16()), (PASSWORD, 422), "{current} {new}");
        assert!(new.is_empty() || !page.body.contains(new), "a password is never shown again");
    }
    let mut elsewhere = scene.server.browser();
    let page = elsewhere.log_in(&scene.server, "/home", &scene.citizen).await;
    assert_eq!(page.path(), "/home", "nothing changed: {}", page.describe());
}

#[tokio::test]
async fn eight_characters_do_only_beside_a_second_factor() {
    let mut scene = Scene::set().await;
    let old = scene.citizen.password.clone();
    let page = scene.change_password(&old, "tám-chữ8", "tám-chữ8").await;
    assert_eq!(page.path(), "/home/security", "{}", page.describe());

    scene.citizen = scene.server.citizen().without_totp().create().await;
    scene.browser = scene.server.browser();
    let old = scene.citizen.password.clone();
    let page = scene.change_password(&old, "tám-chữ8", "tám-chữ8").await;
    assert_eq!((page.path(), page.status.as_u16()), (PASSWORD, 422));
}

#[tokio::test]
async fn guessing_the_current_password_is_slowed_down_like_a_login() {
    // ATK-095, ATK-101: one counter
    let mut scene = Scene::set().await;
    let mut last = 0;
    for attempt in 0..6 {
        let page = scene.change_password(&format!("guess number {attempt}"), NEW, NEW).await;
        last = page.status.as_u16();
    }
    assert_eq!(last, 429);
    let mut elsewhere = scene.server.browser();
    let page = elsewhere.visit("/login").await;
    let (number, password) = (scene.citizen.number.as_str(), scene.citizen.password.as_str());
    let page = elsewhere.submit(&page, &[("username", number), ("password", password)]).await;
    assert_eq!(page.status, 429, "the login counts the same: {}", page.describe());
}

#[tokio::test]
async fn an_enrolled_application_counts_from_the_next_login_on() {
    let mut scene = Scene::set().await;
    scene.citizen = scene.server.citizen().without_totp().create().await;
    let page = scene.home(TOTP).await;
    assert!(page.body.contains("id=\"qr\"") && page.body.contains("otpauth://totp/"));
    let wrong = scene.browser.press(&page, "confirm-totp", &[("totp", "000000")]).await;
    assert_eq!((wrong.path(), wrong.status.as_u16()), (TOTP, 422), "{}", wrong.describe());
    assert_eq!(wrong.text_of("secret"), page.text_of("secret"), "the same offer again");

    let secret = scene.enrol_totp().await;
    scene.citizen.totp = Some(secret);
    let consent = scene.ask_and_be_asked(&[("acr_values", "urn:vn:eid:auth:2")]).await;
    let code = scene.approve(&consent, &[]).await;
    let claims = scene.client.redeem(&scene.server, &code).await.id_claims();
    assert_eq!(claims["acr"], "urn:vn:eid:auth:2");
}

#[tokio::test]
async fn a_new_application_replaces_the_old_one() {
    let mut scene = Scene::set().await;
    scene.home("/home").await;
    let old = scene.citizen.clone();
    let secret = scene.enrol_totp().await;
    scene.citizen.totp = Some(secret);

    let mut elsewhere = scene.server.browser();
    let page = elsewhere.visit("/login").await;
    let filled = [("username", old.number.as_str()), ("password", old.password.as_str())];
    let page = elsewhere.submit(&page, &filled).await;
    assert_eq!(page.path(), "/login/totp", "{}", page.describe());
    scene.server.next_totp_step();
    let refused = elsewhere.submit(&page, &[("totp", &old.code_at(scene.server.now()))]).await;
    assert_eq!((refused.path(), refused.status.as_u16()), ("/login/totp", 422));
    let right = scene.citizen.code_at(scene.server.now());
    let page = elsewhere.submit(&page, &[("totp", &right)]).await;
    assert_eq!(page.path(), "/home", "{}", page.describe());
}

#[tokio::test]
async fn an_offered_secret_is_bound_to_its_session_and_its_ten_minutes() {
    // ATK-097
    let mut scene = Scene::set().await;
    let page = scene.home(TOTP).await;
    let secret = scanned(&page);
    let fields = page.form_with("confirm-totp").fields;
    let (_, enrolment) = fields.into_iter().find(|(name, _)| name == "enrolment").unwrap();

    let victim = scene.server.citizen().create().await;
    let mut elsewhere = scene.server.browser();
    let theirs = elsewhere.log_in(&scene.server, TOTP, &victim).await;
    let code = code_at(&secret, scene.server.now()).unwrap();
    let filled = [("enrolment", enrolment.as_str()), ("totp", code.as_str())];
    let refused = elsewhere.press(&theirs, "confirm-totp", &filled).await;
    assert_ne!(refused.path(), "/home/security", "{}", refused.describe());

    scene.pass(10 * 60);
    let code = code_at(&secret, scene.server.now()).unwrap();
    let late = scene.browser.press(&page, "confirm-totp", &[("totp", &code)]).await;
    assert_eq!(late.path(), TOTP, "{}", late.describe());
    assert_ne!(late.text_of("secret"), page.text_of("secret"), "a new offer");
}

#[tokio::test]
async fn changing_how_one_logs_in_asks_for_a_login_of_the_last_quarter_of_an_hour() {
    // ATK-095, policy account-management
    let mut scene = Scene::set().await;
    scene.home("/home/security").await;
    scene.pass(15 * 60 + 60);
    let looking = scene.browser.visit("/home/security").await;
    assert_eq!(looking.path(), "/home/security", "looking is still allowed");
    for page in [TOTP, PASSWORD] {
        let asked = scene.browser.visit(page).await;
        assert_eq!(asked.path(), "/login", "{}", asked.describe());
    }
    let page = scene.browser.visit(TOTP).await;
    let password = scene.citizen.password.clone();
    let page = scene.browser.submit(&page, &[("password", &password)]).await;
    assert_eq!(page.path(), "/login/totp", "both factors, not just one");
    scene.home(TOTP).await;
}

#[tokio::test]
async fn who_has_no_second_factor_yet_can_set_one_up_after_a_recent_login() {
    let mut scene = Scene::set().await;
    scene.citizen = scene.server.citizen().without_totp().create().await;
    scene.home("/home").await;
    scene.pass(15 * 60 + 60);
    let asked = scene.browser.visit(TOTP).await;
    assert_eq!(asked.path(), "/login", "{}", asked.describe());
    scene.enrol_totp().await;
}
