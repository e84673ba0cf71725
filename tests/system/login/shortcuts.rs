//! Ways around the gates of a forgotten password, and what is reported lost at its end.

use std::time::Duration;

use flows::messages::Channel;
use identity_core::authenticator::AuthenticatorStatus;
use identity_core::{AuthenticatorKind, EventKind};
use testkit::{Browser, Citizen, Page, Server, SoftKey};

use super::attempt;
use super::forgotten::{NEW, messages, name, newest, prove, set};
use super::messages::{house, sent};

/// Somebody whose permit lies in this browser.
async fn permitted(server: &Server, citizen: &Citizen) -> (Browser, Page) {
    let mut browser = server.browser();
    let before = sent(server).len();
    let page = name(&mut browser, &citizen.number).await;
    let codes = messages(server, before + 2).await;
    let (sms, email) = (newest(&codes, Channel::Sms), newest(&codes, Channel::Email));
    let page = prove(&mut browser, &page, &[("sms-code", &sms), ("email-code", &email)]).await;
    (browser, page)
}

fn field(page: &Page, name: &str) -> String {
    let fields = page.form().fields;
    fields.into_iter().find(|(known, _)| known == name).expect("such a field").1
}

#[tokio::test]
async fn no_step_before_the_new_password_can_be_left_out() {
    // ATK-094, Keycloak CVE-2026-18963: the gate of the codes is skipped
    let server = house().await;
    let citizen = server.citizen().with_verified_email().create().await;
    let mut browser = server.browser();
    let codes = name(&mut browser, &citizen.number).await;
    let (csrf, question) = (field(&codes, "csrf"), field(&codes, "sms-question"));
    let interaction = field(&server.browser().visit("/home").await, "interaction");
    let passwords = [("new-password", NEW), ("new-password-again", NEW)];
    for permit in [None, Some(""), Some("vch1_AAAA"), Some(&*question), Some(&*interaction)] {
        let mut fields = vec![("csrf", csrf.as_str())];
        fields.extend(permit.map(|permit| ("permit", permit)));
        fields.extend(passwords);
        let refused = post(&mut browser, &codes, "/recover/password", &fields).await;
        assert_eq!(refused.status, 400, "{permit:?}: {}", refused.describe());
    }
    for (sms, email) in [("", ""), (&*question, ""), ("", &*question), (&*question, &*question)] {
        let fields = [("csrf", &*csrf), ("sms-question", sms), ("email-question", email)];
        let refused = post(&mut browser, &codes, "/recover/codes", &fields).await;
        assert_eq!(refused.status, 400, "{}", refused.describe());
    }
    for path in ["/recover/codes", "/recover/password"] {
        assert_ne!(
            browser.visit(path).await.status,
            200,
            "nothing is there to be looked at: {path}"
        );
    }
    let portal = server.client("portal").create().await;
    let page = attempt(&server, &portal, &citizen.number, NEW).await;
    assert_eq!(page.status, 422, "{}", page.describe());
}

async fn post(browser: &mut Browser, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    browser.post(page.url.join(path).unwrap(), &fields).await
}

#[tokio::test]
async fn a_permit_is_of_one_browser_for_a_quarter_of_an_hour_and_once() {
    // ATK-096: reuse, another session, another user, age; and no link that could be leaked or poisoned
    let server = house().await;
    let citizen = server.citizen().with_verified_email().create().await;
    let (mut browser, page) = permitted(&server, &citizen).await;
    assert_eq!(page.url.query(), None, "nothing of it stands in an address");
    for message in sent(&server) {
        assert!(!message.text.contains("http") && !message.text.contains("localhost"));
    }
    let permit = field(&page, "permit");

    let mut thief = server.browser();
    let theirs = thief.visit("/recover").await;
    let csrf = field(&theirs, "csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("permit", &permit),
        ("new-password", NEW),
        ("new-password-again", NEW),
    ];
    let refused = post(&mut thief, &theirs, "/recover/password", &fields).await;
    assert_eq!(refused.status, 400, "{}", refused.describe());

    let (mut late, old) = permitted(&server, &citizen).await;
    assert!(set(&mut browser, &page).await.has_id("to-login"));
    assert_eq!(set(&mut browser, &page).await.status, 400, "once");
    server.clock.advance(Duration::from_mins(15));
    assert_eq!(set(&mut late, &old).await.status, 400, "too late");
}

#[tokio::test]
async fn guesses_at_the_app_count_the_same_at_every_door() {
    // ATK-101: one count for a code of the app, whichever page it is typed at
    let server = house().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let wrong = if citizen.code_at(server.now()) == "000000" { "111111" } else { "000000" };
    let mut browser = server.browser();
    let page = name(&mut browser, &citizen.number).await;
    let sms = newest(&messages(&server, 1).await, Channel::Sms);
    for _ in 0..5 {
        let refused = browser.submit(&page, &[("sms-code", &*sms), ("totp", wrong)]).await;
        assert_eq!(refused.status, 422, "{}", refused.describe());
    }
    let (mut elsewhere, asked) = super::asked_for_code(&server, &portal, &citizen).await;
    let right = citizen.code_at(server.now());
    let page = elsewhere.submit(&asked, &[("totp", &right)]).await;
    assert_eq!(page.status, 429, "{}", page.describe());
}

#[tokio::test]
async fn a_service_that_waits_after_a_recovery_says_how_long() {
    // edge case 21, policy `irreversible`
    let server = house().await;
    let careful = server.client("careful");
    let careful = careful.with(|party| party.requirement = Some("irreversible".to_owned()));
    let careful = careful.create().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().with_verified_email().create().await;
    let (mut browser, page) = permitted(&server, &citizen).await;
    assert!(set(&mut browser, &page).await.has_id("to-login"));
    server.clock.advance(Duration::from_hours(2));
    let page = attempt(&server, &careful, &citizen.number, NEW).await;
    assert_eq!(page.status, 403, "{}", page.describe());
    assert!(page.body.contains("cần chờ thêm 22 giờ"), "{}", page.describe());
    let page = attempt(&server, &portal, &citizen.number, NEW).await;
    assert!(page.redirected("code").is_some(), "others are open: {}", page.describe());
    server.clock.advance(Duration::from_hours(22));
    let page = attempt(&server, &careful, &citizen.number, NEW).await;
    assert_ne!(page.status, 403, "{}", page.describe());
}

/// The citizen's authenticators of one kind, as they stand.
async fn status_of(
    server: &Server,
    citizen: &Citizen,
    kind: AuthenticatorKind,
) -> Vec<AuthenticatorStatus> {
    let held = server.provider.store.enrolments(citizen.id).await.unwrap();
    let held = held.iter().filter(|held| held.authenticator.kind == kind);
    held.map(|held| held.authenticator.status).collect()
}

/// The boxes of what may have been lost.
fn boxes(page: &Page) -> Vec<String> {
    let found = page.body.split("type=\"checkbox\" id=\"").skip(1);
    found.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_reported_lost_opens_nothing_any_more() {
    // ATK-139: for somebody who cannot log in to report it
    let server = house().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().with_verified_email().create().await;
    let mut key = SoftKey::new(&server.issuer);
    Browser::enrol_passkey(&server, &citizen, &mut key).await;
    messages(&server, 2).await;
    let (mut browser, page) = permitted(&server, &citizen).await;
    let lost = boxes(&page);
    assert_eq!(lost.len(), 2, "app and passkey; the password goes anyway: {}", page.describe());

    // Eight characters would do beside an app that is there.
    let tick = |password: &'static str| {
        let mut filled: Vec<_> = lost.iter().map(|id| (id.as_str(), "yes")).collect();
        filled.extend([("new-password", password), ("new-password-again", password)]);
        filled
    };
    let again = browser.submit(&page, &tick("tám-chữ8")).await;
    assert_eq!(again.status, 422, "{}", again.describe());
    assert_eq!(again.body.matches(" checked").count(), 2, "what was ticked stays so");
    let done = browser.submit(&again, &tick(NEW)).await;
    assert!(done.has_id("suspended"), "{}", done.describe());
    for kind in [AuthenticatorKind::Totp, AuthenticatorKind::Passkey] {
        let status = status_of(&server, &citizen, kind).await;
        assert!(matches!(status[..], [AuthenticatorStatus::Suspended { .. }]), "{status:?}");
    }
    let events = server.provider.store.history_of(citizen.id, None, 50).await.unwrap();
    let suspended = |kind: &EventKind| matches!(kind, EventKind::AuthenticatorSuspended { .. });
    assert_eq!(events.iter().filter(|row| suspended(&row.event().kind)).count(), 2);

    let mut fresh = server.browser();
    let login = fresh.visit(&portal.authorize(&[])).await;
    let refused = fresh.use_passkey(&login, &mut key).await;
    assert_eq!(refused.status, 422, "{}", refused.describe());
    let page = attempt(&server, &portal, &citizen.number, NEW).await;
    assert!(page.redirected("code").is_some(), "the new password alone: {}", page.describe());
}

#[tokio::test]
async fn only_ones_own_can_be_reported_lost_and_nothing_that_was_just_shown() {
    // ATK-098
    let server = house().await;
    let owner = server.citizen().create().await;
    let held = server.provider.store.enrolments(owner.id).await.unwrap();
    let theirs = held.iter().map(|held| held.authenticator.id).collect::<Vec<_>>();
    let citizen = server.citizen().create().await;
    let mut browser = server.browser();
    let page = name(&mut browser, &citizen.number).await;
    let sms = newest(&messages(&server, 1).await, Channel::Sms);
    let totp = citizen.code_at(server.now());
    let page = prove(&mut browser, &page, &[("sms-code", &sms), ("totp", &totp)]).await;
    assert_eq!(boxes(&page), Vec::<String>::new(), "whoever reads a code of it has it");
    let own = server.provider.store.enrolments(citizen.id).await.unwrap();
    let own = own.iter().map(|held| held.authenticator.id);
    let names: Vec<_> = own.chain(theirs).map(|id| format!("lost-{id}")).collect();
    let mut filled: Vec<_> = names.iter().map(|name| (name.as_str(), "yes")).collect();
    filled.extend([("new-password", NEW), ("new-password-again", NEW)]);
    let done = browser.submit(&page, &filled).await;
    assert!(done.has_id("to-login") && !done.has_id("suspended"), "{}", done.describe());
    for who in [&owner, &citizen] {
        let status = status_of(&server, who, AuthenticatorKind::Totp).await;
        assert_eq!(status, [AuthenticatorStatus::Active]);
    }
}
