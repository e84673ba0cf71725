use openidconnect::PkceCodeVerifier;

use super::super::fake_provider::SigningKey;
use super::super::requirements::AccountLevel;
use super::*;

const NOW: i64 = 1_800_000_000;

fn id(name: &str) -> SessionId {
    SessionId::from_cookie(name)
}

fn pending(state: &str) -> PendingLogin {
    PendingLogin {
        state: CsrfToken::new(state.into()),
        nonce: Nonce::new("n".into()),
        verifier: PkceCodeVerifier::new("v".repeat(43)),
        purpose: Purpose::Home,
    }
}

pub fn citizen(subject: &str, sid: Option<&str>) -> Citizen {
    let claims = serde_json::json!({
        "iss": "http://localhost:8080", "aud": "portal", "sub": subject, "iat": NOW, "exp": NOW + 300,
    });
    Citizen {
        subject: subject.into(),
        provider_session: sid.map(Into::into),
        id_token: SigningKey::generate("k1").sign("JWT", &claims).parse().unwrap(),
        access_token: AccessToken::new("at".into()),
        form_token: "form".into(),
        name: "Nguyễn Thị Ánh".into(),
        birthdate: Some("1990-03-08".into()),
        personal_number: Some("001190000123".into()),
        phone_number: None,
        assurance: Assurance::new(AccountLevel(2), AuthenticationLevel(2)),
        methods: vec!["pwd".into(), "otp".into()],
        authenticated_at: Some(NOW),
    }
}

fn signed_in(sessions: &Sessions, name: &str, subject: &str, sid: Option<&str>) {
    sessions.sign_in(&id("none"), id(name), citizen(subject, sid), NOW);
}

#[test]
fn a_pending_login_can_be_taken_once_and_only_in_its_own_session() {
    let sessions = Sessions::default();
    sessions.begin_login(None, pending("a"), id("mine"), NOW);
    assert!(sessions.take_pending(&id("theirs"), "a", NOW).is_none());
    assert!(sessions.take_pending(&id("mine"), "b", NOW).is_none());
    assert!(sessions.take_pending(&id("mine"), "a", NOW).is_some());
    assert!(sessions.take_pending(&id("mine"), "a", NOW).is_none());
}

#[test]
fn a_login_that_took_too_long_is_forgotten() {
    let sessions = Sessions::default();
    sessions.begin_login(None, pending("a"), id("s"), NOW);
    assert!(sessions.take_pending(&id("s"), "a", NOW + PENDING_SECONDS).is_none());
    assert!(sessions.take_pending(&id("s"), "a", NOW + PENDING_SECONDS - 1).is_some());
}

#[test]
fn signing_in_changes_the_handle_and_keeps_logins_open_in_other_tabs() {
    let sessions = Sessions::default();
    sessions.begin_login(None, pending("tab-1"), id("old"), NOW);
    sessions.begin_login(Some(&id("old")), pending("tab-2"), id("unused"), NOW);
    sessions.take_pending(&id("old"), "tab-1", NOW).unwrap();
    sessions.sign_in(&id("old"), id("new"), citizen("u1", None), NOW);
    assert!(sessions.citizen(&id("old"), NOW).is_none());
    assert!(sessions.citizen(&id("new"), NOW).is_some());
    assert!(sessions.take_pending(&id("new"), "tab-2", NOW).is_some());
}

#[test]
fn a_browser_keeps_a_bounded_number_of_open_logins() {
    let sessions = Sessions::default();
    sessions.begin_login(None, pending("0"), id("s"), NOW);
    for tab in 1..=MAX_PENDING {
        sessions.begin_login(Some(&id("s")), pending(&tab.to_string()), id("unused"), NOW);
    }
    assert!(sessions.take_pending(&id("s"), "0", NOW).is_none());
    assert!(sessions.take_pending(&id("s"), "1", NOW).is_some());
}

#[test]
fn a_session_ends_at_its_time() {
    let sessions = Sessions::default();
    signed_in(&sessions, "s", "u1", None);
    assert!(sessions.citizen(&id("s"), NOW + SIGNED_IN_SECONDS - 1).is_some());
    assert!(sessions.citizen(&id("s"), NOW + SIGNED_IN_SECONDS).is_none());
}

#[test]
fn a_flood_of_started_logins_throws_out_no_citizen() {
    let sessions = Sessions::default();
    signed_in(&sessions, "citizen", "u1", None);
    for visitor in 0..=MAX_SESSIONS {
        sessions.begin_login(None, pending("a"), id(&visitor.to_string()), NOW);
    }
    assert!(sessions.citizen(&id("citizen"), NOW).is_some());
    assert_eq!(sessions.table().sessions.len(), MAX_SESSIONS);
}

#[test]
fn a_logout_token_ends_the_sessions_it_names_and_no_others() {
    let sessions = Sessions::default();
    signed_in(&sessions, "phone", "u1", Some("s1"));
    signed_in(&sessions, "laptop", "u1", Some("s2"));
    signed_in(&sessions, "neighbour", "u2", Some("s1"));
    let who = LoggedOut::Session { sid: "s1".into(), subject: Some("u1".into()) };
    assert_eq!(sessions.end_by_token(&who, "j1", NOW + 300, NOW), Some(1));
    assert!(sessions.citizen(&id("phone"), NOW).is_none());
    assert!(sessions.citizen(&id("laptop"), NOW).is_some());
    assert!(sessions.citizen(&id("neighbour"), NOW).is_some());
    let everywhere = LoggedOut::Subject("u1".into());
    assert_eq!(sessions.end_by_token(&everywhere, "j2", NOW + 300, NOW), Some(1));
    assert!(sessions.citizen(&id("laptop"), NOW).is_none());
}

// Choosing another account at the provider ends the first one's session while the second logs in.
#[test]
fn a_logout_token_leaves_the_login_that_is_under_way() {
    let sessions = Sessions::default();
    signed_in(&sessions, "s", "u1", None);
    assert!(sessions.begin_login(Some(&id("s")), pending("a"), id("other"), NOW) == id("s"));
    let who = LoggedOut::Subject("u1".into());
    assert_eq!(sessions.end_by_token(&who, "j1", NOW + 300, NOW), Some(1));
    assert!(sessions.citizen(&id("s"), NOW).is_none());
    assert!(sessions.take_pending(&id("s"), "a", NOW).is_some());
}

// ATK-112: replay of a logout token at the relying party.
#[test]
fn a_logout_token_works_once() {
    let sessions = Sessions::default();
    let who = LoggedOut::Subject("u1".into());
    assert_eq!(sessions.end_by_token(&who, "j1", NOW + 300, NOW), Some(0));
    assert_eq!(sessions.end_by_token(&who, "j1", NOW + 300, NOW + 299), None);
}
