//! Logging in with the citizen's app, and everything somebody else might try with it.

use std::time::Duration;

use flows::admin::lock_citizen;
use flows::app::browser::{Place, View, begin, look};
use flows::interaction::{AccountChoice, Errand, Interaction, Purpose};
use flows::proof::app::with_app;
use flows::proof::{Attempt, Occasion, Standing};
use identity_core::EventKind;
use identity_core::account::{Lock, LockReason, LockedBy};
use identity_core::event::LoginRefusalReason;
use identity_core::evidence::Presentation;
use identity_core::secret::SecretDigest;
use serde_json::{Value, json};
use testkit::app::Signer;
use testkit::{App, Citizen, Client, Server, all_at_once};

use super::screen::Screen;
use super::ways::session_of;

struct World {
    server: Server,
    portal: Client,
    lan: Citizen,
    app: App,
}

/// A person with a telephone.
async fn world() -> World {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let lan = server.citizen().create().await;
    let app = App::of(&server, &lan).await;
    World { server, portal, lan, app }
}

async fn resolve(server: &Server, app: &App, code: &str) -> testkit::app::Said {
    app.ask(server, "resolve", json!({ "code": code })).await
}

fn wrong(number: &str) -> String {
    let number: u8 = number.parse().unwrap();
    (if number == 99 { 10 } else { number + 1 }).to_string()
}

#[tokio::test]
async fn a_scan_a_number_and_a_pin_log_the_browser_in_at_level_2() {
    let World { server, portal, app, .. } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    let asked = resolve(&server, &app, &screen.code).await.ok();
    let question = &asked["question"];
    // ATK-107: who asks, for what, from where, in which browser.
    assert_eq!(question["relying_party"]["name"]["vi"], portal.party.name.vi);
    assert_eq!(question["relying_party"]["purpose"]["vi"], portal.party.agreement.purpose.vi);
    assert!(question["origin"].as_str().unwrap().starts_with("https://"), "{question}");
    assert_eq!(question["scopes"], json!(["openid"]));
    assert_eq!(question["browser"], "?");
    assert_eq!(question["expires_in"], 60);
    let number = screen.number().await;
    app.approve(&server, &screen.transaction, &number).await.ok();
    assert_eq!(screen.look().await["state"], "approved");
    let page = screen.collect().await;
    let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
    let claims = portal.redeem(&server, &code).await.id_claims();
    assert_eq!(claims["acr"], "urn:vn:eid:auth:2");
    assert_eq!(claims["amr"], json!(["pin", "swk", "user", "mfa"]));
}

#[tokio::test]
async fn without_the_pin_it_is_one_factor() {
    // L4: what the device did not verify is not claimed
    let World { server, portal, app, .. } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    resolve(&server, &app, &screen.code).await.ok();
    let number = screen.number().await;
    let answer = json!({ "transaction": screen.transaction, "number": number });
    app.ask_as(&server, "approve", answer, Signer::Device).await.ok();
    let code = screen.collect().await.redirected("code").expect("logged in");
    let claims = portal.redeem(&server, &code).await.id_claims();
    assert_eq!(claims["acr"], "urn:vn:eid:auth:1");
    assert_eq!(claims["amr"], json!(["swk", "user"]));
}

#[tokio::test]
async fn only_the_browser_that_showed_the_code_is_logged_in() {
    // ATK-107: a relayed picture logs in whoever relayed it, nobody else; and the app said which
    // browser that is.
    let World { server, portal, app, .. } = world().await;
    let mut theirs = Screen::open(&server, &portal).await;
    let mut victims = Screen::open(&server, &portal).await;
    theirs.approved_by(&server, &app).await;
    let transaction = theirs.transaction.clone();
    let page = victims.collect_as(&transaction).await;
    assert_eq!(page.status, 422, "{}", page.describe());
    victims.transaction = transaction;
    assert_eq!(victims.look().await["state"], "over", "not even told how it stands");
    assert!(theirs.collect().await.redirected("code").is_some());
}

#[tokio::test]
async fn an_approval_counts_once_whoever_brings_it() {
    // scorecard 10: parallel, and once more afterwards
    let World { server, portal, app, .. } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    screen.approved_by(&server, &app).await;
    let form = screen.form_of_approval();
    let sent = all_at_once(8, |_| {
        let (mut browser, (action, fields)) = (screen.browser.clone(), form.clone());
        async move { browser.post(action, &fields).await }
    })
    .await;
    let entered = sent.iter().filter(|page| page.status == 303).count();
    assert_eq!(entered, 1, "{:?}", sent.iter().map(|page| page.status).collect::<Vec<_>>());
    let again = screen.collect().await;
    assert_eq!(again.status, 422, "{}", again.describe());
}

#[tokio::test]
async fn a_code_is_good_while_it_is_shown_and_five_seconds_more() {
    let World { server, portal, app, .. } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    let first = screen.code.clone();
    assert_eq!(screen.look().await, json!({ "state": "code" }), "a picture is sent once");
    server.clock.advance(Duration::from_secs(5));
    screen.look().await;
    assert_ne!(screen.code, first, "another picture");
    server.clock.advance(Duration::from_millis(4_999));
    let second = screen.code.clone();
    assert_eq!(resolve(&server, &app, &first).await.status, 200);
    server.clock.advance(Duration::from_millis(1));
    assert_eq!(resolve(&server, &app, &first).await.error(), "code_expired");
    assert_eq!(resolve(&server, &app, &second).await.status, 200);
}

#[tokio::test]
async fn a_minute_after_the_first_picture_it_is_over() {
    let World { server, portal, app, .. } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    resolve(&server, &app, &screen.code).await.ok();
    let number = screen.number().await;
    server.clock.advance(Duration::from_mins(1));
    let late = app.approve(&server, &screen.transaction, &number).await;
    assert_eq!(late.error(), "over");
    assert_eq!(screen.look().await["state"], "over");
    assert_eq!(screen.collect().await.status, 422);
}

#[tokio::test]
async fn a_code_nobody_scans_is_exchanged_so_that_a_scan_always_leaves_time() {
    let World { server, portal, app, .. } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    let first = screen.transaction.clone();
    server.clock.advance(Duration::from_secs(30));
    screen.look().await;
    assert_ne!(screen.transaction, first);
    let asked = resolve(&server, &app, &screen.code).await.ok();
    assert_eq!(asked["question"]["expires_in"], 60);
}

#[tokio::test]
async fn an_approval_is_collected_soon_or_not_at_all() {
    let World { server, portal, app, .. } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    screen.approved_by(&server, &app).await;
    server.clock.advance(Duration::from_secs(91));
    assert_eq!(screen.collect().await.status, 422);
}

#[tokio::test]
async fn three_wrong_numbers_end_it() {
    // ATK-108
    let World { server, portal, app, .. } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    resolve(&server, &app, &screen.code).await.ok();
    let number = screen.number().await;
    for tries_left in [2, 1] {
        let said = app.approve(&server, &screen.transaction, &wrong(&number)).await;
        assert_eq!((said.status.as_u16(), said.error()), (422, "wrong_number"));
        assert_eq!(said.body["tries_left"], tries_left);
    }
    let last = app.approve(&server, &screen.transaction, &wrong(&number)).await;
    assert_eq!(last.error(), "over");
    let right = app.approve(&server, &screen.transaction, &number).await;
    assert_eq!(right.error(), "over", "the right one comes too late");
    assert_eq!(screen.look().await["state"], "over");
    assert_eq!(screen.collect().await.status, 422);
}

#[tokio::test]
async fn a_number_is_two_typed_digits_and_approval_without_one_is_none() {
    // ATK-108: no approve-only answer, no choice from a list
    let World { server, portal, app, .. } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    resolve(&server, &app, &screen.code).await.ok();
    for number in [json!(null), json!(""), json!("4"), json!("042"), json!(42), json!("4a")] {
        let answer = json!({ "transaction": screen.transaction, "number": number });
        let said = app.ask_as(&server, "approve", answer, Signer::Activation).await;
        assert_eq!(said.error(), "invalid_request", "{number}");
    }
    let number = screen.number().await;
    app.approve(&server, &screen.transaction, &number).await.ok();
}

#[tokio::test]
async fn what_was_not_scanned_cannot_be_approved_and_the_second_scanner_gets_nothing() {
    // ATK-094, ATK-107
    let World { server, portal, app, .. } = world().await;
    let other = server.citizen().create().await;
    let others = App::of(&server, &other).await;
    let mut screen = Screen::open(&server, &portal).await;
    for number in ["10", "55"] {
        let skipped = app.approve(&server, &screen.transaction, number).await;
        assert_eq!(skipped.error(), "code_expired");
    }
    resolve(&server, &app, &screen.code).await.ok();
    assert_eq!(resolve(&server, &others, &screen.code).await.error(), "already_scanned");
    let number = screen.number().await;
    let said = others.approve(&server, &screen.transaction, &number).await;
    assert_eq!(said.error(), "already_scanned");
    let denied = others.ask(&server, "deny", json!({ "transaction": screen.transaction })).await;
    assert_eq!(denied.error(), "already_scanned", "nor can strangers end it");
}

#[tokio::test]
async fn where_the_person_is_known_no_other_account_can_answer() {
    let World { server, portal, lan, app } = world().await;
    let other = server.citizen().create().await;
    let others = App::of(&server, &other).await;
    let mut browser = server.browser();
    let page = browser.visit(&portal.authorize(&[])).await;
    let filled = [("username", &*lan.number), ("password", &*lan.password)];
    browser.submit(&page, &filled).await;
    let step_up = portal.authorize(&[("acr_values", "urn:vn:eid:auth:2")]);
    let mut screen = Screen::of(browser, &step_up).await;
    assert_eq!(resolve(&server, &others, &screen.code).await.error(), "other_person");
    let nothing = others.ask(&server, "pending", json!({})).await.ok();
    assert_eq!(nothing["question"], Value::Null);
    // Their own telephone has it waiting, without a scan.
    let waiting = app.ask(&server, "pending", json!({})).await.ok();
    assert_eq!(waiting["question"]["transaction"], screen.transaction);
    assert_eq!(waiting["question"]["level"], 2);
    let number = screen.number().await;
    app.approve(&server, &screen.transaction, &number).await.ok();
    let page = screen.collect().await;
    let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
    let claims = portal.redeem(&server, &code).await.id_claims();
    assert_eq!(claims["acr"], "urn:vn:eid:auth:2");
}

#[tokio::test]
async fn a_tired_telephone_is_left_alone() {
    // ATK-108: three an hour wait by themselves; a scan always works
    let World { server, portal, lan, app } = world().await;
    let mut browser = server.browser();
    let page = browser.visit(&portal.authorize(&[])).await;
    browser.submit(&page, &[("username", &*lan.number), ("password", &*lan.password)]).await;
    let step_up = portal.authorize(&[("acr_values", "urn:vn:eid:auth:2")]);
    let mut waited = 0;
    for _ in 0..5 {
        let screen = Screen::of(browser.clone(), &step_up).await;
        let waiting = app.ask(&server, "pending", json!({})).await.ok();
        waited += u32::from(waiting["question"]["transaction"] == screen.transaction);
        server.clock.advance(Duration::from_secs(61));
    }
    assert_eq!(waited, 3);
    let screen = Screen::of(browser, &step_up).await;
    assert_eq!(resolve(&server, &app, &screen.code).await.status, 200);
}

#[tokio::test]
async fn a_browser_that_begins_without_end_gets_no_more_codes() {
    // ATK-142
    let World { server, portal, .. } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    let mut codes = 0;
    for _ in 0..30 {
        screen.transaction.clear();
        codes += u32::from(screen.look().await["state"] == "code");
    }
    assert_eq!(codes, 19, "and the one it began with");
}

#[tokio::test]
async fn denying_ends_it_for_both_sides_and_stays_in_the_history() {
    let World { server, portal, lan, app } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    resolve(&server, &app, &screen.code).await.ok();
    let number = screen.number().await;
    app.ask(&server, "deny", json!({ "transaction": screen.transaction })).await.ok();
    assert_eq!(screen.look().await["state"], "denied");
    assert_eq!(app.approve(&server, &screen.transaction, &number).await.error(), "over");
    assert_eq!(screen.collect().await.status, 422);
    let history = server.provider.store.history_of(lan.id, None, 9).await.unwrap();
    let mut events = history.iter().map(ledger::RecordedEvent::event);
    let denied = events.find(|event| match &event.kind {
        EventKind::LoginRefused { reason, .. } => *reason == LoginRefusalReason::DeniedByHolder,
        _ => false,
    });
    assert_eq!(denied.unwrap().client.as_ref(), Some(&portal.party.client_id));
}

#[tokio::test]
async fn a_device_taken_off_in_between_logs_nobody_in() {
    // ATK-139
    let World { server, portal, lan, app } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    screen.approved_by(&server, &app).await;
    app.ask(&server, "remove", json!({})).await.ok();
    assert_eq!(screen.collect().await.status, 422);
    assert_eq!(app.ask(&server, "pending", json!({})).await.error(), "device_unknown");
    server.next_totp_step();
    let next = App::of(&server, &lan).await;
    assert_eq!(next.ask(&server, "pending", json!({})).await.status, 200, "another may come");
}

#[tokio::test]
async fn another_device_takes_the_place_of_the_first_which_is_told() {
    let World { server, portal, lan, app } = world().await;
    server.next_totp_step();
    let next = App::of(&server, &lan).await;
    assert_eq!(app.ask(&server, "pending", json!({})).await.error(), "device_unknown");
    let mut screen = Screen::open(&server, &portal).await;
    assert_eq!(resolve(&server, &app, &screen.code).await.error(), "device_unknown");
    screen.approved_by(&server, &next).await;
    assert!(screen.collect().await.redirected("code").is_some());
}

#[tokio::test]
async fn a_locked_account_opens_for_no_telephone() {
    let World { server, portal, lan, app } = world().await;
    let mut screen = Screen::open(&server, &portal).await;
    screen.approved_by(&server, &app).await;
    let (reason, by) = (LockReason::HolderRequest, LockedBy::Operator);
    let lock = Lock { reason, by, since: server.now() };
    lock_citizen(&server.provider, lan.id, lock, server.now()).await.unwrap();
    let page = screen.collect().await;
    assert_eq!(page.status, 403, "{}", page.describe());
    let said = app.ask(&server, "pending", json!({})).await;
    assert_eq!(said.error(), "account_not_usable");
}

#[tokio::test]
async fn evidence_says_whether_a_picture_was_scanned_and_where_it_was_given() {
    // ADR 0019: a link that was followed is no barcode; L12: session and challenge
    let World { server, lan, app, .. } = world().await;
    for (scanned, presentation) in [(true, Presentation::Barcode), (false, Presentation::Direct)] {
        let now = server.now();
        let interaction = Interaction {
            purpose: Purpose::Home { path: "/home".to_owned(), errand: Errand::Look },
            browser: SecretDigest([u8::from(scanned); 32]),
            started_at: now,
            account: AccountChoice::Undecided,
            wished: None,
        };
        let place = || Place { browser: "?", origin: None };
        let begun = begin(&server.provider, &interaction, None, place(), now).await.unwrap();
        let View::Code(picture) = begun else { panic!("no picture") };
        let (id, code) =
            (picture.transaction, if scanned { picture.code } else { picture.in_link });
        resolve(&server, &app, &code).await.ok();
        let view = look(&server.provider, &interaction, None, id, place(), now).await.unwrap();
        let View::Number(number) = view else { panic!("not scanned") };
        app.approve(&server, &id.to_string(), &number.to_string()).await.ok();
        let attempt = Attempt {
            standing: Standing::Alone,
            admits: interaction.admits(),
            session: None,
            occasion: Occasion { client: None, transaction: Some("t-1") },
            browser: "?",
            now,
        };
        let handle = with_app(&server.provider, &attempt, &interaction, id).await.unwrap();
        let session = session_of(&server, &handle).await.session;
        let [evidence] = session.evidence.as_slice() else { panic!("one proof") };
        assert_eq!((evidence.subject, evidence.presentation), (lan.id, presentation));
        assert_eq!(evidence.transaction.as_deref(), Some("t-1"));
        assert!(evidence.device.is_some() && evidence.device_proof.is_some(), "{evidence:?}");
        let binding = evidence.binding.as_ref().expect("bound");
        assert_eq!(binding.session, session.id);
    }
}
