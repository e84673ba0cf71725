//! Codes by SMS and e-mail.

use std::time::Duration;

use flows::admin::{NewContact, change_contact};
use flows::challenge::Asked;
use flows::login::{LoginError, LoginRefusal};
use flows::messages::{Channel, Message};
use flows::proof::Occasion;
use flows::proof::message_codes::{Answer, PER_PERSON, confirm, offer, with_message_code};
use flows::session::{LiveSession, SessionHandle};
use identity_core::contact::PhoneNumber;
use identity_core::secret::SecretDigest;
use identity_core::{AuthenticatorKind, EventKind};
use testkit::{Browser, Citizen, Client, Page, Server, all_at_once};

use super::ways::session_of;

const SMS_HOME: &str = "/home/security/sms-code";

pub async fn house() -> Server {
    Server::start_with("messages.outbox = true").await
}

/// Everything that would have been sent, newest first.
pub fn sent(server: &Server) -> Vec<Message> {
    let outbox = server.provider.messaging.outbox().expect("messages are kept");
    outbox.messages().into_iter().map(|(_, message)| message).collect()
}

/// The code that a message begins with.
pub fn code_of(message: &Message) -> String {
    message.text.chars().take(6).collect()
}

/// Another code than this one.
fn other_than(code: &str) -> &'static str {
    if code == "000000" { "111111" } else { "000000" }
}

/// Somebody with a long password and a code by SMS beside it, and a portal to use them at.
async fn scene() -> (Server, Client, Citizen) {
    let server = house().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().without_totp().create().await;
    let mut browser = server.browser();
    let page = browser.log_in(&server, SMS_HOME, &citizen).await;
    assert_eq!(page.path(), SMS_HOME, "{}", page.describe());
    assert!(sent(&server).is_empty(), "looking sends nothing");
    let page = browser.press(&page, "send-code", &[]).await;
    let code = code_of(&sent(&server)[0]);
    let wrong = browser.submit(&page, &[("message-code", other_than(&code))]).await;
    assert_eq!(wrong.status, 422, "{}", wrong.describe());
    let page = browser.submit(&wrong, &[("message-code", &code)]).await;
    assert_eq!(page.path(), "/home/security", "{}", page.describe());
    // The next hour: what was sent here does not count there.
    server.clock.advance(Duration::from_hours(1));
    (server, portal, citizen)
}

/// A browser that proved the password and may ask for a code.
async fn asked(server: &Server, portal: &Client, citizen: &Citizen) -> (Browser, Page) {
    let mut browser = server.browser();
    let page = browser.visit(&portal.authorize(&[("acr_values", "urn:vn:eid:auth:2")])).await;
    let filled = [("username", &*citizen.number), ("password", &*citizen.password)];
    let page = browser.submit(&page, &filled).await;
    assert_eq!(page.path(), "/login/sms-code", "{}", page.describe());
    (browser, page)
}

/// The same, with a code on its way.
async fn waiting(server: &Server, portal: &Client, citizen: &Citizen) -> (Browser, Page, String) {
    let (mut browser, page) = asked(server, portal, citizen).await;
    let page = browser.press(&page, "send-code", &[]).await;
    assert!(page.has_id("message-code"), "{}", page.describe());
    let code = code_of(&sent(server)[0]);
    (browser, page, code)
}

async fn live_of(server: &Server, browser: &Browser) -> LiveSession {
    let handle = SessionHandle::parse(&browser.cookies["vneid-session"]).unwrap();
    session_of(server, &handle).await
}

#[tokio::test]
async fn a_code_by_sms_says_what_it_is_for_and_reaches_level_2() {
    // ATK-104
    let (server, portal, citizen) = scene().await;
    let (mut browser, page) = asked(&server, &portal, &citizen).await;
    let before = sent(&server).len();
    browser.visit(page.url.as_str()).await;
    assert_eq!(sent(&server).len(), before, "GET sends nothing");

    let page = browser.press(&page, "send-code", &[]).await;
    let message = sent(&server).remove(0);
    assert_eq!((sent(&server).len(), message.channel), (before + 1, Channel::Sms));
    let party = server.provider.registry.find(&portal.id).unwrap();
    assert!(message.text.contains(&party.name.vi), "{}", message.text);
    assert!(message.text.contains("Không đưa mã này cho bất kỳ ai"), "{}", message.text);
    assert!(message.address.starts_with("+84"));
    assert!(!page.body.contains(&message.address), "the page masks it");
    assert!(!page.body.contains(&code_of(&message)));

    let page = browser.submit(&page, &[("message-code", &code_of(&message))]).await;
    let tokens = portal.redeem(&server, &page.redirected("code").expect("in")).await;
    assert_eq!(tokens.id_claims()["acr"], "urn:vn:eid:auth:2");
    assert!(tokens.id_claims()["amr"].to_string().contains("sms"), "{}", tokens.id_claims());
    assert_eq!(browser.cookies["vneid-method"], "password", "restricted ways are not remembered");
}

#[tokio::test]
async fn a_code_counts_for_ten_minutes_in_its_own_browser() {
    // ATK-104, ATK-091: expired, another browser, an earlier code
    let (server, portal, citizen) = scene().await;
    let (_, theirs, code) = waiting(&server, &portal, &citizen).await;
    let (mut other, page, newer) = waiting(&server, &portal, &citizen).await;
    assert_ne!(code, newer);
    let challenge = |page: &Page| {
        let form = page.form_with("message-code");
        form.fields.into_iter().find(|(name, _)| name == "challenge").unwrap().1
    };
    let foreign = challenge(&theirs);
    for filled in [
        vec![("message-code", code.as_str())],
        vec![("message-code", code.as_str()), ("challenge", foreign.as_str())],
        vec![("message-code", newer.as_str()), ("challenge", "")],
    ] {
        let refused = other.submit(&page, &filled).await;
        assert_eq!(refused.status, 422, "{}", refused.describe());
    }
    server.clock.advance(Duration::from_mins(10));
    let late = other.submit(&page, &[("message-code", &newer)]).await;
    assert_eq!(late.status, 422, "{}", late.describe());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_uses_of_one_message_one_gets_in() {
    // ATK-104, scorecard 10
    let (server, portal, citizen) = scene().await;
    let (browser, page, code) = waiting(&server, &portal, &citizen).await;
    let pages = all_at_once(4, |_| {
        let (mut browser, page, code) = (browser.clone(), page.clone(), code.clone());
        async move { browser.submit(&page, &[("message-code", &code)]).await }
    })
    .await;
    let let_in = pages.iter().filter(|page| page.redirected("code").is_some()).count();
    assert_eq!(let_in, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_guesses_at_six_digits_share_the_free_ones() {
    // ATK-099, ATK-104
    let (server, portal, citizen) = scene().await;
    let (browser, page, code) = waiting(&server, &portal, &citizen).await;
    let wrong = other_than(&code);
    let statuses = all_at_once(12, |_| {
        let (mut browser, page) = (browser.clone(), page.clone());
        async move { browser.submit(&page, &[("message-code", wrong)]).await.status.as_u16() }
    })
    .await;
    assert_eq!(statuses.iter().filter(|status| **status == 422).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 7, "{statuses:?}");
}

#[tokio::test]
async fn neither_a_new_code_nor_another_channel_gives_new_guesses() {
    // ATK-104: a new code keeps the counter
    let (server, portal, citizen) = scene().await;
    let (browser, _) = asked(&server, &portal, &citizen).await;
    let (provider, now) = (&server.provider, server.now());
    let live = live_of(&server, &browser).await;
    let at = Asked::at_home(SecretDigest([1; 32]), live.session.id);
    let first = offer(provider, &live, Channel::Email, at.clone(), now).await.unwrap();
    let code = code_of(&sent(&server)[0]);
    let answer = Answer { challenge: &first, typed: &code };
    let handle = confirm(provider, &live, Channel::Email, answer, &at, now).await.unwrap();
    let live = session_of(&server, &handle).await;
    for round in 0..5 {
        let (mut browser, page, code) = waiting(&server, &portal, &citizen).await;
        let page = browser.submit(&page, &[("message-code", other_than(&code))]).await;
        assert_eq!(page.status, 422, "{round}: {}", page.describe());
        server.clock.advance(Duration::from_millis(1));
    }
    let answer = Answer { challenge: "", typed: "123456" };
    let by_mail = with_message_code(
        provider,
        &live,
        Channel::Email,
        answer,
        &at,
        Occasion::default(),
        server.now(),
    )
    .await;
    assert!(
        matches!(by_mail, Err(LoginError::Refused(LoginRefusal::Wait(_)))),
        "the other channel waits, too"
    );
}

#[tokio::test]
async fn a_code_for_one_purpose_is_none_for_another() {
    // ATK-104, ATK-091
    let (server, portal, citizen) = scene().await;
    let (browser, _) = asked(&server, &portal, &citizen).await;
    let (provider, now) = (&server.provider, server.now());
    let live = live_of(&server, &browser).await;
    let at = Asked::at_home(SecretDigest([1; 32]), live.session.id);
    let to_bind = offer(provider, &live, Channel::Sms, at.clone(), now).await.unwrap();
    let code = code_of(&sent(&server)[0]);
    let answer = Answer { challenge: &to_bind, typed: &code };
    let login =
        with_message_code(provider, &live, Channel::Sms, answer, &at, Occasion::default(), now)
            .await;
    assert!(matches!(login, Err(LoginError::Refused(LoginRefusal::WrongCode))));
    // Nor does what came to the telephone show that the mailbox is theirs.
    assert!(confirm(provider, &live, Channel::Email, answer, &at, now).await.is_err());
    assert!(confirm(provider, &live, Channel::Sms, answer, &at, now).await.is_ok());
    assert!(confirm(provider, &live, Channel::Sms, answer, &at, now).await.is_err(), "once");
}

#[tokio::test]
async fn nobodys_telephone_is_rung_all_day() {
    // ATK-104: flooding with messages
    let (server, portal, citizen) = scene().await;
    let (mut browser, page) = asked(&server, &portal, &citizen).await;
    let before = sent(&server).len();
    let mut statuses = Vec::new();
    for _ in 0..PER_PERSON + 3 {
        statuses.push(browser.press(&page, "send-code", &[]).await.status.as_u16());
    }
    let allowed = usize::try_from(PER_PERSON).unwrap();
    assert_eq!(sent(&server).len() - before, allowed, "{statuses:?}");
    assert!(statuses[..allowed].iter().all(|status| *status == 200), "{statuses:?}");
    assert!(statuses[allowed..].iter().all(|status| *status == 429), "{statuses:?}");
}

#[tokio::test]
async fn a_new_number_is_bound_like_a_new_authenticator() {
    // ATK-104: number change
    let (server, portal, citizen) = scene().await;
    let number = PhoneNumber::parse("0911222333").unwrap();
    let contact = NewContact::Phone(number);
    change_contact(&server.provider, citizen.id, contact, server.now()).await.unwrap();
    let enrolments = server.provider.store.enrolments(citizen.id).await.unwrap();
    let kinds: Vec<_> = enrolments.iter().map(|known| known.authenticator.kind).collect();
    assert_eq!(kinds, [AuthenticatorKind::Password]);
    let events = server.provider.store.history_of(citizen.id, None, 10).await.unwrap();
    let told = |kind: &EventKind| {
        matches!(kind, EventKind::ContactChanged { kind: AuthenticatorKind::SmsCode })
    };
    assert!(events.iter().any(|recorded| told(&recorded.event().kind)));
    let before = sent(&server).len();
    let mut browser = server.browser();
    let page = browser.visit(&portal.authorize(&[("acr_values", "urn:vn:eid:auth:2")])).await;
    let filled = [("username", &*citizen.number), ("password", &*citizen.password)];
    let page = browser.submit(&page, &filled).await;
    assert_ne!(page.path(), "/login/sms-code", "{}", page.describe());
    assert_eq!(sent(&server).len(), before);
}

#[tokio::test]
async fn without_a_gateway_nothing_that_needs_one_is_there() {
    let server = Server::start().await;
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    let page = browser.log_in(&server, "/home/security", &citizen).await;
    assert!(!page.has_id("to-sms-code"));
    for path in [SMS_HOME, "/home/security/email-code", "/recover", "/dev/outbox"] {
        assert_eq!(browser.visit(path).await.status, 404, "{path}");
    }
    let page = server.browser().visit("/home").await;
    assert!(page.path() == "/login" && !page.has_id("recover"), "{}", page.describe());
}
