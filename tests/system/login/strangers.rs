//! What a stranger can tell from the other doors: unlocking, a forgotten password, the telephone, a passkey.
//! Whoever is named, the answers are alike and so is the work behind them.

use flows::admin::record_death;
use serde_json::json;
use testkit::{App, Browser, Citizen, Client, Page, Server, SoftKey};

use super::messages::house;
use super::oracle::masked;
use super::ways::give_codes;

const NOBODY: &str = "067199999999";
const WRONG: &str = "một mật khẩu hoàn toàn khác";

/// People whose accounts stand in every way an account can.
async fn crowd(server: &Server) -> Vec<(&'static str, Citizen)> {
    let dead = server.citizen().create().await;
    record_death(&server.provider, dead.id, "registry".to_owned(), server.now()).await.unwrap();
    let paper = server.citizen().create().await;
    give_codes(server, &paper).await;
    let holder = server.citizen().create().await;
    Browser::enrol_passkey(server, &holder, &mut SoftKey::new(&server.issuer)).await;
    let bound = server.citizen().create().await;
    App::of(server, &bound).await;
    vec![
        ("everything in order", server.citizen().create().await),
        ("a verified mailbox", server.citizen().with_verified_email().create().await),
        ("a password only", server.citizen().without_totp().create().await),
        ("level 1", server.citizen().level_one().without_totp().create().await),
        ("locked", server.citizen().locked().create().await),
        ("never activated", server.citizen().never_activated().create().await),
        ("a child", server.citizen().born("2013-05-17").create().await),
        ("deceased", dead),
        ("codes on paper", paper),
        ("a passkey", holder),
        ("a telephone", bound),
    ]
}

#[tokio::test]
async fn the_door_for_unlocking_says_no_more_than_any_other() {
    // ATK-098: who is locked is their business
    let server = Server::start().await;
    let mut model = None;
    let people = crowd(&server).await;
    let known = people.iter().map(|(case, who)| (*case, who.number.as_str()));
    for (case, number) in [("nobody", NOBODY)].into_iter().chain(known) {
        let mut browser = server.browser();
        let page = browser.visit("/unlock").await;
        let hashed = server.provider.passwords.done();
        let page = browser.submit(&page, &[("username", number), ("password", WRONG)]).await;
        assert_eq!(server.provider.passwords.done() - hashed, 1, "{case}");
        let seen = masked(&page, number);
        assert_eq!(seen, *model.get_or_insert(seen.clone()), "{case}");
    }
    assert_eq!(model.unwrap().0, 422);
}

/// Everything that somebody sees who names this person and then guesses.
async fn guessed(server: &Server, number: &str) -> Vec<(u16, Vec<String>, String)> {
    let mut browser = server.browser();
    let page = browser.visit("/recover").await;
    let page = browser.submit(&page, &[("username", number)]).await;
    let mut seen = vec![masked(&page, number)];
    for filled in [
        &[("sms-code", "000000"), ("email-code", "000000")][..],
        &[("sms-code", "000000"), ("totp", "000000")],
        &[("email-code", "000000"), ("recovery-code", "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")],
        &[("totp", "000000"), ("recovery-code", "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")],
        &[],
        &[("sms-code", "000000")],
    ] {
        let page = browser.submit(&page, filled).await;
        seen.push(masked(&page, number));
    }
    seen
}

#[tokio::test]
async fn a_forgotten_password_looks_the_same_whatever_the_person_has() {
    // ATK-098: pages, headers and waits; and nobody is worth a hash
    let server = house().await;
    let people = crowd(&server).await;
    let hashed = server.provider.passwords.done();
    let model = guessed(&server, NOBODY).await;
    let statuses: Vec<_> = model.iter().map(|(status, ..)| *status).collect();
    assert_eq!(statuses, [200, 422, 422, 422, 422, 422, 429]);
    for (case, who) in &people {
        assert_eq!(guessed(&server, &who.number).await, model, "{case}");
    }
    assert_eq!(server.provider.passwords.done(), hashed);
}

/// What a fresh browser is shown at `path` when its portal hints at this person.
async fn begun(server: &Server, portal: &Client, path: &str, hint: &str) -> (u16, String) {
    let mut browser = server.browser();
    let login = browser.visit(&portal.authorize(&[("login_hint", hint)])).await;
    let form = login.form();
    let (_, interaction) = form.fields.iter().find(|(name, _)| name == "interaction").unwrap();
    let page = browser.visit(&format!("{path}?interaction={interaction}")).await;
    assert_eq!(page.path(), path, "{}", page.describe());
    let (status, _, body) = masked(&page, "no name stands here");
    (status, body.replace(interaction, "INTERACTION"))
}

#[tokio::test]
async fn passkey_telephone_and_choice_begin_alike_for_every_name() {
    // ATK-098: nothing is asked for by name, so there is nothing to compare names with
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let people = crowd(&server).await;
    for path in ["/login/passkey", "/login/app", "/login/choose"] {
        let model = begun(&server, &portal, path, NOBODY).await;
        assert_eq!(model.0, 200);
        for (case, who) in &people {
            let seen = begun(&server, &portal, path, &who.number).await;
            assert_eq!(seen, model, "{path}: {case}");
        }
    }
}

#[tokio::test]
async fn a_telephone_that_was_taken_off_answers_like_one_that_never_was() {
    // ATK-098
    let server = Server::start().await;
    let lan = server.citizen().create().await;
    let removed = App::of(&server, &lan).await;
    removed.ask(&server, "remove", json!({})).await.ok();
    let mut never = App::new();
    never.handle = Some("0".repeat(removed.handle.as_ref().unwrap().len()));
    let mut said = Vec::new();
    for app in [&removed, &never] {
        for (action, content) in [
            ("pending", json!({})),
            ("resolve", json!({ "code": "vqr1_AAAA" })),
            ("approve", json!({ "transaction": "x", "number": "10" })),
        ] {
            let answer = app.ask(&server, action, content).await;
            said.push((action, answer.status, answer.body["error"].clone()));
        }
    }
    let (of_removed, of_never) = said.split_at(3);
    assert_eq!(of_removed, of_never);
}

/// The pages of the centre that act on one thing, and what names it there.
const ACTS: [(&str, &str, &str); 6] = [
    ("/home/security/authenticator/rename", "authenticator", "label"),
    ("/home/security/authenticator/lost", "authenticator", "x"),
    ("/home/security/authenticator/remove", "authenticator", "x"),
    ("/home/security/passkeys/rename", "passkey", "name"),
    ("/home/security/passkeys/remove", "passkey", "x"),
    ("/home/sessions/end", "session", "x"),
];

#[tokio::test]
async fn nothing_at_the_centre_tells_somebody_elses_from_nobodys() {
    // ATK-098, scorecard 12
    let server = Server::start().await;
    let owner = server.citizen().create().await;
    let mut theirs = server.browser();
    theirs.log_in(&server, "/home", &owner).await;
    server.next_totp_step();
    Browser::enrol_passkey(&server, &owner, &mut SoftKey::new(&server.issuer)).await;
    let enrolments = server.provider.store.enrolments(owner.id).await.unwrap();
    let sessions = server.provider.store.live_sessions(owner.id, server.now()).await.unwrap();
    let passkey = enrolments
        .iter()
        .find(|held| held.authenticator.kind == identity_core::AuthenticatorKind::Passkey);
    let passkey = passkey.unwrap().authenticator.id.to_string();
    let session = sessions[0].id.to_string();

    let stranger = server.citizen().create().await;
    let mut browser = server.browser();
    let page = browser.log_in(&server, "/home/sessions", &stranger).await;
    let csrf = csrf_of(&page);
    for (path, field, beside) in ACTS {
        let handle = if field == "session" { &session } else { &passkey };
        let mut seen = Vec::new();
        for named in [handle.as_str(), "00000000-0000-7000-8000-000000000000"] {
            let fields = [("csrf", csrf.as_str()), (field, named), (beside, "Tên mới")];
            let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let answer = browser.post(page.url.join(path).unwrap(), &fields).await;
            seen.push((answer.status, answer.location().map(|to| to.path().to_owned())));
        }
        assert_eq!(seen[0], seen[1], "{path}");
    }
    let after = server.provider.store.enrolments(owner.id).await.unwrap();
    assert_eq!(after.len(), enrolments.len());
    assert!(after.iter().all(|held| held.authenticator.usable(server.now())));
    assert_eq!(theirs.visit("/home").await.path(), "/home", "nothing happened to them");
}

fn csrf_of(page: &Page) -> String {
    let mut fields = page.forms().into_iter().flat_map(|form| form.fields);
    fields.find(|(name, _)| name == "csrf").expect("a form of ours").1
}
