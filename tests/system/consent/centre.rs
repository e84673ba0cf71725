//! The security centre: what the holder takes back, and what nobody else can.

use flows::admin::lock_citizen;
use identity_core::account::{AccountState, Lock, LockReason, LockedBy};
use identity_core::authenticator::AuthenticatorStatus;
use identity_core::{AuthenticatorKind, EventKind};
use testkit::{Browser, Citizen, Client, Page, Server};

use super::Scene;

const HISTORY: &str = "/home/history";
const LIST: &str = "/home/security/authenticators";
const LOCK: &str = "/home/security/lock";

/// The handles of what the page offers under `prefix`, in order.
fn handles(page: &Page, prefix: &str) -> Vec<String> {
    let marker = format!("id=\"{prefix}-");
    let found = page.body.split(&marker).skip(1);
    found.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

impl Scene {
    /// Somebody else logs in as this citizen at the relying party, in a browser of their own.
    async fn intruder(&mut self) -> (Browser, String) {
        let mut theirs = self.server.browser();
        let asks = [("scope", "openid offline_access"), ("prompt", "consent")];
        let page = theirs.log_in(&self.server, &self.client.authorize(&asks), &self.citizen).await;
        let page = theirs.press(&page, "approve", &[]).await;
        let code = page.redirected("code").unwrap_or_else(|| panic!("{}", page.describe()));
        let tokens = self.client.redeem(&self.server, &code).await;
        self.pass(60);
        (theirs, format!("{} {}", tokens.access_token(), tokens.refresh_token()))
    }

    async fn status_of(&self, kind: AuthenticatorKind) -> Vec<AuthenticatorStatus> {
        let held = self.server.provider.store.enrolments(self.citizen.id).await.unwrap();
        let of_kind = held.iter().filter(|held| held.authenticator.kind == kind);
        of_kind.map(|held| held.authenticator.status).collect()
    }

    async fn events(&self) -> Vec<EventKind> {
        let rows = self.server.provider.store.history_of(self.citizen.id, None, 100).await;
        rows.unwrap().iter().map(|row| row.event().kind.clone()).collect()
    }

    /// The question about the newest use at a relying party.
    async fn dispute_newest_use(&mut self) -> Page {
        let page = self.home(HISTORY).await;
        let row = page.body.split("<tr role=\"row\">").find(|row| row.contains("Cổng asking"));
        let handle = row.unwrap().split("?use=").nth(1).unwrap().split('"').next().unwrap();
        self.home_at(&format!("/home/not-me?use={handle}")).await
    }

    /// Whether the citizen can log in from nothing.
    async fn gets_in(&self) -> bool {
        let mut fresh = self.server.browser();
        fresh.log_in(&self.server, "/home", &self.citizen).await.path() == "/home"
    }

    /// One of the citizen's own pages, wherever the query leads.
    async fn home_at(&mut self, address: &str) -> Page {
        self.browser.log_in(&self.server, address, &self.citizen).await
    }
}

#[tokio::test]
async fn not_me_ends_what_somebody_else_got_and_keeps_the_browser_it_is_said_in() {
    // ATK-074, ATK-139
    let mut scene = Scene::set().await;
    let (mut intruder, tokens) = scene.intruder().await;
    let (access, refresh) = tokens.split_once(' ').unwrap();
    assert!(scene.active(access).await);

    let question = scene.dispute_newest_use().await;
    assert_eq!(question.path(), "/home/not-me", "{}", question.describe());
    assert!(question.body.contains("Cổng asking"), "{}", question.describe());
    assert!(question.has_id("keeps"), "the password is all that opens: {}", question.describe());
    assert!(scene.active(access).await, "asking does nothing");

    let done = scene.browser.press(&question, "report", &[]).await;
    let case = done.text_of("case").to_owned();
    assert!(identity_core::CaseNumber::parse(&case).is_ok(), "{}", done.describe());
    assert!(!scene.active(access).await);
    assert_eq!(scene.client.refresh(&scene.server, refresh).await.error(), "invalid_grant");
    assert_eq!(intruder.visit("/home").await.path(), "/login");
    let page = scene.browser.visit(HISTORY).await;
    assert_eq!(page.path(), HISTORY, "this browser stays: {}", page.describe());
    assert!(page.body.contains(&case), "the holder finds the number again");
    let recorded = scene.events().await;
    let of_case = |kind: &&EventKind| matches!(kind, EventKind::UseDisputed { case: of, .. } if of.as_str() == case);
    assert_eq!(recorded.iter().filter(of_case).count(), 1);
    assert!(scene.gets_in().await, "the holder still does");
}

#[tokio::test]
async fn not_me_about_this_very_session_logs_this_browser_out_too() {
    let mut scene = Scene::set().await;
    let page = scene.home(HISTORY).await;
    let own = handles(&page, "not-me").into_iter().next().expect("the login itself");
    let question = scene.home_at(&format!("/home/not-me?use={own}")).await;
    let done = scene.browser.press(&question, "report", &[]).await;
    assert!(done.has_id("case"), "{}", done.describe());
    assert_eq!(scene.browser.visit("/home").await.path(), "/login");
}

#[tokio::test]
async fn what_was_used_is_suspended_where_another_way_is_left() {
    // ATK-139: the session that rests on it proves nothing with it any more
    let mut scene = Scene::set().await;
    let mut theirs = scene.server.browser();
    theirs.log_in(&scene.server, "/home", &scene.citizen).await;
    scene.pass(60);
    let page = scene.home("/home/sessions").await;
    let [other] = handles(&page, "not-me").try_into().expect("one other session");
    let question = scene.home_at(&format!("/home/not-me?session={other}")).await;
    // Password and code were used; the password alone would be left to whoever knows it.
    assert!(question.has_id("keeps") && !question.has_id("suspends"), "{}", question.describe());

    let page = scene.home(LIST).await;
    let [totp] = handles(&page, "manage").try_into().expect("one application");
    let page = scene.home_at(&format!("/home/security/authenticator?authenticator={totp}")).await;
    let page = scene.browser.press(&page, "report-lost", &[]).await;
    assert_eq!(page.path(), LIST, "{}", page.describe());
    let status = scene.status_of(AuthenticatorKind::Totp).await;
    assert!(matches!(status[..], [AuthenticatorStatus::Suspended { .. }]), "{status:?}");
    assert_eq!(theirs.visit("/home").await.path(), "/login", "edge case 12");
    let suspended = |kind: &EventKind| matches!(kind, EventKind::AuthenticatorSuspended { .. });
    assert_eq!(scene.events().await.iter().filter(|kind| suspended(kind)).count(), 1);
    let mut late = scene.server.browser();
    let page = late.visit("/login").await;
    let (number, password) = (&scene.citizen.number, &scene.citizen.password);
    let page = late.submit(&page, &[("username", number), ("password", password)]).await;
    assert_eq!(page.path(), "/home", "what is lost is not asked for: {}", page.describe());
}

#[tokio::test]
async fn the_last_way_in_is_neither_lost_nor_removed() {
    let mut scene = Scene::set().await;
    let brief = scene.server.citizen().password("tám-chữ8").create().await;
    scene.citizen = brief;
    let page = scene.home(LIST).await;
    let [totp] = handles(&page, "manage").try_into().expect("one application");
    let one = format!("/home/security/authenticator?authenticator={totp}");
    let page = scene.home_at(&one).await;
    assert!(page.has_id("last-way") && !page.has_id("remove"), "{}", page.describe());
    for act in ["lost", "remove"] {
        let mut form = page.form_with("rename");
        form.action = form.action.join(act).unwrap();
        scene.browser.post(form.action, &form.fields).await;
        let status = scene.status_of(AuthenticatorKind::Totp).await;
        assert_eq!(status, [AuthenticatorStatus::Active], "{act}");
    }
}

#[tokio::test]
async fn an_authenticator_gets_the_name_its_holder_gives_it() {
    let mut scene = Scene::set().await;
    let page = scene.home(LIST).await;
    let [totp] = handles(&page, "manage").try_into().expect("one application");
    let page = scene.home_at(&format!("/home/security/authenticator?authenticator={totp}")).await;
    let refused = scene.browser.press(&page, "rename", &[("label", "  ")]).await;
    assert_eq!(refused.status, 422, "{}", refused.describe());
    // ATK-122: shown as text
    let label = "Điện thoại <b>của</b> Lan";
    let page = scene.browser.press(&page, "rename", &[("label", label)]).await;
    assert_eq!(page.path(), LIST, "{}", page.describe());
    assert!(page.body.contains("Điện thoại &#60;b&#62;của"), "{}", page.describe());
    assert!(scene.gets_in().await, "the secret stays what it was");
}

#[tokio::test]
async fn nothing_of_another_person_can_be_disputed_lost_or_named() {
    // ATK-098 and scorecard 12: what is somebody else's looks as if it did not exist
    let mut scene = Scene::set().await;
    scene.intruder().await;
    let page = scene.home(HISTORY).await;
    let entry = handles(&page, "not-me").swap_remove(0);
    let page = scene.home("/home/sessions").await;
    let session = handles(&page, "not-me").swap_remove(0);
    let page = scene.home(LIST).await;
    let totp = handles(&page, "manage").swap_remove(0);

    let stranger = scene.server.citizen().create().await;
    let mut theirs = scene.server.browser();
    theirs.log_in(&scene.server, "/home", &stranger).await;
    let nothing = uuid_of_nobody();
    for (theirs_at, nobodys_at) in [
        (format!("/home/not-me?use={entry}"), "/home/not-me?use=999999".to_owned()),
        (format!("/home/not-me?session={session}"), format!("/home/not-me?session={nothing}")),
        (
            format!("/home/security/authenticator?authenticator={totp}"),
            format!("/home/security/authenticator?authenticator={nothing}"),
        ),
    ] {
        let seen = theirs.log_in(&scene.server, &theirs_at, &stranger).await;
        let nobodys = theirs.log_in(&scene.server, &nobodys_at, &stranger).await;
        assert_eq!((seen.status, nobodys.status), (404.try_into().unwrap(), seen.status));
        let masked = |page: &Page| {
            let id = page.text_of("request-id").to_owned();
            page.body.replace(&id, "ID").replace(page.url.query().unwrap_or_default(), "QUERY")
        };
        assert_eq!(masked(&seen), masked(&nobodys), "{theirs_at}");
    }
    let page = theirs.visit("/home/sessions").await;
    let csrf = page.form().fields.into_iter().find(|(name, _)| name == "csrf").unwrap();
    for field in [("use", &entry), ("session", &session)] {
        let fields = [csrf.clone(), (field.0.to_owned(), field.1.clone())];
        let url = page.url.join("/home/not-me").unwrap();
        assert_eq!(theirs.post(url, &fields).await.status, 404, "{}", field.0);
    }
    assert_eq!(scene.browser.visit("/home").await.path(), "/home", "nothing happened to them");
}

fn uuid_of_nobody() -> &'static str {
    "00000000-0000-7000-8000-000000000000"
}

#[tokio::test]
async fn taking_back_asks_for_a_recent_and_strong_login() {
    // ATK-095: who guessed a password must not be able to suspend what keeps them out
    let mut scene = Scene::set().await;
    let page = scene.home(HISTORY).await;
    let entry = handles(&page, "not-me").swap_remove(0);
    let page = scene.home(LIST).await;
    let totp = handles(&page, "manage").swap_remove(0);
    scene.pass(16 * 60);
    for address in [
        format!("/home/not-me?use={entry}"),
        format!("/home/security/authenticator?authenticator={totp}"),
        LOCK.to_owned(),
    ] {
        assert_eq!(scene.browser.visit(&address).await.path(), "/login", "{address}");
    }
    let page = scene.home_at(&format!("/home/not-me?use={entry}")).await;
    assert!(page.has_id("report"), "back at the question: {}", page.describe());
}

#[tokio::test]
async fn the_holder_locks_the_account_and_only_both_factors_open_it_again() {
    // Law on Identification art. 34.1a, 34.3; ATK-098
    let mut scene = Scene::set().await;
    let (_, tokens) = scene.intruder().await;
    let (access, _) = tokens.split_once(' ').unwrap();
    let page = scene.home(LOCK).await;
    let page = scene.browser.press(&page, "lock", &[]).await;
    assert_eq!(page.path(), "/locked", "{}", page.describe());
    assert!(!scene.active(access).await, "at once");
    assert_eq!(scene.browser.visit("/home").await.path(), "/login");

    let (server, client, citizen) = (&scene.server, &scene.client, &scene.citizen);
    let refused = right_password(server, client, citizen).await;
    assert_eq!(refused.status, 403);
    assert!(refused.has_id("to-unlock"), "{}", refused.describe());

    let mut half = server.browser();
    let page = half.visit("/unlock").await;
    let filled = [("username", citizen.number.as_str()), ("password", &citizen.password)];
    let page = half.submit(&page, &filled).await;
    assert_eq!(page.path(), "/login/totp", "{}", page.describe());
    for path in ["/home", "/home/security", "/home/sessions", LOCK] {
        let page = half.visit(path).await;
        assert_eq!(page.status, 403, "{path}: {}", page.describe());
        assert!(page.has_id("to-unlock"), "{path}: {}", page.describe());
    }
    let asked = half.visit(&client.authorize(&[])).await;
    assert!(asked.redirected("code").is_none(), "half a login opens nothing: {}", asked.describe());

    let page = half.log_in(server, "/unlock", citizen).await;
    assert_eq!(page.path(), "/unlock", "{}", page.describe());
    let page = half.press(&page, "unlock", &[]).await;
    assert_eq!(page.path(), "/home", "{}", page.describe());
    assert!(page.has_id("notice"));
    assert!(!scene.active(access).await, "what was taken back stays taken back");
}

async fn right_password(server: &Server, client: &Client, citizen: &Citizen) -> Page {
    let mut browser = server.browser();
    let page = browser.visit(&client.authorize(&[])).await;
    let filled = [("username", citizen.number.as_str()), ("password", &citizen.password)];
    browser.submit(&page, &filled).await
}

#[tokio::test]
async fn locks_of_others_are_not_the_holders_to_lift() {
    // policy [locks]: Law on Identification art. 34.3
    for reason in [
        LockReason::AuthorityRequest,
        LockReason::SuspectedMisuse,
        LockReason::BreachOfTerms,
        LockReason::CardRevokedOrHeld,
    ] {
        let scene = Scene::set().await;
        let now = scene.server.now();
        let lock = Lock { reason, by: LockedBy::Operator, since: now };
        lock_citizen(&scene.server.provider, scene.citizen.id, lock, now).await.unwrap();
        let mut browser = scene.server.browser();
        let page = browser.log_in_once(&scene, "/unlock").await;
        assert_eq!((page.path(), page.status.as_u16()), ("/login", 403), "{reason:?}");
        let found = scene.server.provider.store.subject(scene.citizen.id).await.unwrap().unwrap();
        let state = found.subject.account.state;
        assert!(matches!(state, AccountState::Locked { .. }), "{reason:?}");
    }
}

#[tokio::test]
async fn who_has_no_second_factor_is_told_so_before_and_stays_locked_after() {
    let mut scene = Scene::set().await;
    scene.citizen = scene.server.citizen().without_totp().create().await;
    let page = scene.home(LOCK).await;
    assert!(page.text_of("way-back").contains("công an"), "{}", page.describe());
    let page = scene.browser.press(&page, "lock", &[]).await;
    assert_eq!(page.path(), "/locked", "{}", page.describe());
    let mut browser = scene.server.browser();
    let page = browser.log_in_once(&scene, "/unlock").await;
    assert_eq!((page.path(), page.status.as_u16()), ("/login", 403), "{}", page.describe());
}

/// A browser that gives the right password once.
trait Once {
    async fn log_in_once(&mut self, scene: &Scene, path: &str) -> Page;
}

impl Once for Browser {
    async fn log_in_once(&mut self, scene: &Scene, path: &str) -> Page {
        let page = self.visit(path).await;
        let citizen = &scene.citizen;
        let filled = [("username", citizen.number.as_str()), ("password", &citizen.password)];
        self.submit(&page, &filled).await
    }
}
