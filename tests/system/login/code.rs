//! One-time codes.

use std::time::Duration;

use testkit::{Citizen, Client, Database, Page, Server, all_at_once};

use super::asked_for_code;
use super::throttle::wrong_code;

const STEP: Duration = Duration::from_secs(30);

async fn enter(server: &Server, portal: &Client, citizen: &Citizen, code: &str) -> Page {
    let (mut browser, page) = asked_for_code(server, portal, citizen).await;
    browser.submit(&page, &[("totp", code)]).await
}

fn accepted(page: &Page) -> bool {
    page.redirected("code").is_some()
}

#[tokio::test]
async fn a_code_counts_once_whoever_types_it() {
    // ATK-103
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let code = citizen.code_at(server.now());
    assert!(accepted(&enter(&server, &portal, &citizen, &code).await));
    for grouped in [code.clone(), format!("{} {}", &code[..3], &code[3..])] {
        let page = enter(&server, &portal, &citizen, &grouped).await;
        assert_eq!(page.status, 422, "{}", page.describe());
    }
}

#[tokio::test]
async fn the_neighbouring_steps_are_forgiven_but_never_an_older_one() {
    // ATK-103: one step either way; accepted steps only ever grow
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let now = server.now();
    let [older, before, present, after] =
        [now.minus(2 * STEP), now.minus(STEP), now, now.plus(STEP)].map(|at| citizen.code_at(at));
    assert!(!accepted(&enter(&server, &portal, &citizen, &older).await));
    assert!(accepted(&enter(&server, &portal, &citizen, &before).await));
    assert!(accepted(&enter(&server, &portal, &citizen, &after).await));
    for code in [&before, &present, &after] {
        assert!(!accepted(&enter(&server, &portal, &citizen, code).await), "used or overtaken");
    }
}

#[tokio::test]
async fn a_used_code_stays_used_after_a_restart() {
    // ATK-103
    let database = Database::new();
    let server = Server::start_on(&database.file).await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let code = citizen.code_at(server.now());
    assert!(accepted(&enter(&server, &portal, &citizen, &code).await));

    let server = server.restart().await;
    let page = enter(&server, &portal, &citizen, &code).await;
    assert_eq!(page.status, 422, "{}", page.describe());
    server.next_totp_step();
    let code = citizen.code_at(server.now());
    assert!(accepted(&enter(&server, &portal, &citizen, &code).await));
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_code_opens_nothing_and_the_page_can_be_used_again() {
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let (mut browser, page) = asked_for_code(&server, &portal, &citizen).await;
    for wrong in [wrong_code(&server, &citizen).as_str(), "", "12345", "abcdef", "1234567"] {
        let page = browser.submit(&page, &[("totp", wrong)]).await;
        assert_eq!(page.status, 422, "{wrong:?}: {}", page.describe());
        assert!(page.has_id("totp"));
    }
    let right = citizen.code_at(server.now());
    assert!(accepted(&browser.submit(&page, &[("totp", &right)]).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_code_typed_in_eight_browsers_at_once_opens_one() {
    // ATK-103
    let server = Server::start().await;
    let portal = server.client("portal").create().await;
    let citizen = server.citizen().create().await;
    let mut waiting = Vec::new();
    // Five guesses are free; the rest fail for whichever reason.
    for _ in 0..8 {
        waiting.push(asked_for_code(&server, &portal, &citizen).await);
    }
    let code = citizen.code_at(server.now());
    let opened = all_at_once(waiting.len(), |index| {
        let ((mut browser, page), code) = (waiting[index].clone(), code.clone());
        async move { browser.submit(&page, &[("totp", &*code)]).await.redirected("code").is_some() }
    })
    .await;
    assert_eq!(opened.iter().filter(|opened| **opened).count(), 1);
}
