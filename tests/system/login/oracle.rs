//! What a stranger can tell from the answers.

use flows::admin::record_death;
use identity_core::authenticator::{AuthenticatorKind, AuthenticatorStatus};
use storage::Change;
use testkit::{Citizen, Page, Server};

use super::attempt;

const WRONG: &str = "một mật khẩu hoàn toàn khác";

#[tokio::test]
async fn nobody_can_tell_why_credentials_were_not_the_right_ones() {
    // ATK-098
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let disabled = server.citizen().create().await;
    disable_password(&server, &disabled).await;
    let locked = server.citizen().locked().create().await;
    let fresh = server.citizen().never_activated().create().await;
    let child = server.citizen().born("2013-05-17").create().await;
    let dead = server.citizen().create().await;
    record_death(&server.provider, dead.id, "registry".to_owned(), server.now()).await.unwrap();

    let model = attempt(&server, &portal, "067199999999", WRONG).await;
    assert_eq!(model.status, 422);
    let cases = [
        ("wrong password", &citizen, WRONG),
        ("right password, disabled", &disabled, disabled.password.as_str()),
        ("locked", &locked, WRONG),
        ("never activated", &fresh, WRONG),
        ("thirteen years old", &child, WRONG),
        ("deceased", &dead, WRONG),
    ];
    let model = masked(&model, "067199999999");
    for (case, who, password) in cases {
        let page = attempt(&server, &portal, &who.number, password).await;
        assert_eq!(masked(&page, &who.number), model, "{case}");
    }
}

#[tokio::test]
async fn every_attempt_costs_one_hash_whoever_was_named() {
    // ATK-098: the time an answer takes is that of one hash
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let disabled = server.citizen().create().await;
    disable_password(&server, &disabled).await;
    let names = [&citizen.number, &disabled.number, "067199999999", "+84999999999", "nobody"];
    for name in names {
        let before = server.provider.passwords.done();
        attempt(&server, &portal, name, WRONG).await;
        assert_eq!(server.provider.passwords.done() - before, 1, "{name}");
    }
}

async fn disable_password(server: &Server, citizen: &Citizen) {
    let enrolments = server.provider.store.enrolments(citizen.id).await.unwrap();
    let password = enrolments
        .iter()
        .find(|enrolment| enrolment.authenticator.kind == AuthenticatorKind::Password)
        .unwrap();
    let plan = [Change::SetAuthenticatorStatus {
        authenticator: password.authenticator.id,
        status: AuthenticatorStatus::Disabled { since: server.now() },
    }];
    server.provider.commit_uncontested(&plan, server.now()).await.unwrap();
}

/// Status, headers and body, without what differs between any two answers.
pub fn masked(page: &Page, name: &str) -> (u16, Vec<String>, String) {
    // The length varies with what is sealed in the page, which is random.
    const OF_THIS_REQUEST: [&str; 3] = ["date", "x-request-id", "content-length"];
    let mut headers: Vec<String> = page
        .headers
        .iter()
        .filter(|(name, _)| !OF_THIS_REQUEST.contains(&name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    let mut body = page.body.replace(name, "NAME");
    let fields = page.forms().into_iter().flat_map(|form| form.fields);
    for (name, value) in fields.filter(|(_, value)| !value.is_empty()) {
        assert!(value.len() > 20, "{name} is too short to be replaced safely");
        body = body.replace(&value, &name);
    }
    let challenge =
        body.split("challenge&#34;:&#34;").nth(1).and_then(|rest| rest.split('&').next());
    if let Some(challenge) = challenge.map(str::to_owned) {
        body = body.replace(&challenge, "challenge");
    }
    (page.status.as_u16(), headers, body)
}
